"""Turn an opened submission into a result: run it in the jail, judge it, and add up the points."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.intake.notebook import Opened
from autograder.judge.judge import Trial, judge, run_pytest
from autograder.judge.pictures import draw_pictures
from autograder.judge.results import Result
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.limits import Doubt
from autograder.sandbox.run import NotebookRun


def run_and_judge(opened: Opened, student: str, trial: Mapping[str, Any] | None = None) -> tuple[Result, list[Doubt]]:
    """Run a submission's cells and try every hidden check on it.

    Args:
        trial: the fields of a ``judge.Trial``, for a known answer.

    Returns:
        The result, and the doubts whether the machine is to blame for a part of it.

    Raises:
        UsageError: the fault is the course's, and stops every submission.
    """
    assignment = opened.assignment
    how = Trial(tuple(trial["questions"]), int(trial["repetition"])) if trial is not None else None
    limits = assignment.course.settings.limits
    with NotebookRun([cell.source for cell in opened.code], [], limits, opened.locked) as run:
        run.run_cells()
        verdicts = judge(assignment, StudentNotebook(run), opened.student_code, how)
    names = [info.name for _, infos in assignment.questions.values() for info in infos]
    checks = [verdicts.results[name] for name in names if name in verdicts.results]
    final = all(check.status != "error" for check in checks)
    result = Result(
        assignment=assignment.name,
        student=student,
        submission=opened.sha256,
        points=sum(check.points for check in checks) if final else None,
        max_points=assignment.max_points,
        seconds=0.0,
        checks=checks,
        notes=[*opened.notes, *dict.fromkeys(check.rationale for check in checks if check.status == "error")],
        faults=verdicts.faults,
        questions={question: title for question, (title, _) in assignment.questions.items()},
        facts={"jail": warm.parent().level, **verdicts.facts},
    )
    draw_pictures(result)
    return result, run.budget.doubts


# No test lies in this folder: pytest imports its own plugins, once for all judges that are forked from this process.
run_pytest(Path(__file__).parent, object())
