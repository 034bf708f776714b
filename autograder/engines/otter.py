"""The otter road: otter and Gradescope read a zip and want a `results.json`; the judge decides what it says.

Under `otter run` that happens in ``JudgePlugin``; on Gradescope `run_otter.py` calls ``write_results``, which starts no kernel of
otter's and lets otter read nothing of the student's.
"""

from __future__ import annotations

import json
import traceback
from pathlib import Path

from otter.plugins import AbstractOtterPlugin
from otter.run import AutograderConfig
from otter.test_files import GradingResults, TestCase
from otter.test_files.abstract_test import TestCaseResult
from otter.test_files.ottr_test import OttrTestFile

from autograder.course.course import Course, find_course
from autograder.errors import Ungradable
from autograder.grading.grader import Grader
from autograder.intake.walk import NOTEBOOK_NAME, walk
from autograder.judge.results import OUR_FAULT, Result, StudentView
from autograder.machine.capacity import describe_shortage, find_memory_mib
from autograder.printable import printable
from autograder.reports.text import describe_check

COURSE = "course"  # folder in the zip, and so in otter's "source", that holds the one assignment
OTTER_CONFIG = {
    "plugins": ["autograder.engines.otter.JudgePlugin"],
    "show_hidden": True,
    "show_all_public": True,  # and no case is hidden: every entry is visible to the student
    "force_public_test_summary": False,
    "print_summary": False,  # the plugin's report takes its place
}
BLANK = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
UNFINISHED = (
    "The container ended the grading before there was a result: it ran out of memory, or out of time. "
    "For the instructor: see the Autograder settings on Gradescope, then regrade."
)


class JudgePlugin(AbstractOtterPlugin):  # type: ignore[misc]
    """The plugin that keeps otter away from the student's files, and replaces otter's results by the judge's."""

    def before_grading(self, config: AutograderConfig) -> None:
        """Move the submitted files away before otter reads them, and leave a blank notebook in their place.

        Otter would run the notebook without a time limit, import modules that lie beside it, and unpickle its log.
        """
        submitted = Path(self.submission_path)
        self.base = submitted.parent.parent
        self.handed_in = self.base / "handed_in"
        self.handed_in.mkdir()
        for path in sorted(submitted.parent.iterdir()):
            if path.name != "tests":  # otter's own copy, made a moment ago
                path.rename(self.handed_in / path.name)
        submitted.write_text(json.dumps(BLANK) if submitted.suffix == ".ipynb" else "", encoding="utf-8")

    def after_grading(self, results: GradingResults) -> None:
        """Let the judge grade; not earlier, so that no process of the student's runs while otter reads a pickle."""
        self.result, shown = grade_submission(self.handed_in, self.base / "source")
        fill_results(results, shown)

    def generate_report(self) -> str:
        """Return what the instructor reads on the screen."""
        return format_report(self.result)


def write_results(base: Path) -> None:
    """Grade what lies in ``base``/submission and write ``base``/results/results.json, valid from the first moment."""
    unfinished = _not_graded("", f"{OUR_FAULT} {UNFINISHED}", "our-fault")
    _write(base, unfinished.for_students(details=False))
    (base / "source").chmod(0o700)  # keeps student code out where the jail is no more than an unprivileged user
    result, shown = grade_submission(base / "submission", base / "source")
    _write(base, shown)
    print(format_report(result))


def _write(base: Path, shown: StudentView) -> None:
    results = GradingResults([])
    fill_results(results, shown)
    content = json.dumps(results.to_gradescope_dict(AutograderConfig(OTTER_CONFIG)), indent=2)
    target = base / "results" / "results.json"
    partial = target.with_suffix(".partial")
    partial.write_text(content, encoding="utf-8")
    partial.replace(target)


def grade_submission(handed_in: Path, source: Path) -> tuple[Result, StudentView]:
    """Grade the notebook in ``handed_in``; if that is not possible, the result says why.

    Args:
        source: the unpacked zip.

    Returns:
        The result, for the instructor, and what students may see of it.
    """
    name, max_points, details = "", 0.0, False
    try:
        course = find_course(source / COURSE)
        details = course.settings.course.show_details
        (name,) = course.assignments
        max_points = course.assignment(name).max_points
        if line := describe_shortage(find_memory_mib(), course.settings.limits.memory_mib):
            result = _not_graded(name, f"{OUR_FAULT} {line}", "our-fault", max_points)
        else:
            result = _judge(course, name, find_notebook(handed_in))
            result.notes += walk(handed_in).lines
    except Ungradable as error:
        result = _not_graded(name, str(error), error.code, max_points)
    except Exception as error:  # otherwise otter would end without a results.json
        traceback.print_exc()
        result = _not_graded(name, f"{OUR_FAULT} ({type(error).__name__})", "our-fault", max_points)
    return result, result.for_students(details)


def _judge(course: Course, name: str, notebook: Path) -> Result:
    with Grader(course) as grader:
        return grader.grade(notebook, name)


def _not_graded(assignment: str, reason: str, code: str, max_points: float = 0.0) -> Result:
    return Result(
        assignment=assignment,
        student="",
        submission="",
        points=None,
        max_points=max_points,
        seconds=0,
        notes=[reason],
        code=code,
    )


def find_notebook(folder: Path) -> Path:
    """Return the one notebook that was handed in.

    Raises:
        Ungradable: there is none, or more than one.
    """
    files = walk(folder).files
    notebooks = [path for path in files if NOTEBOOK_NAME.fullmatch(path.name)]
    if len(notebooks) == 1:
        return notebooks[0]
    named = ", ".join(str(path.relative_to(folder))[:100] for path in (notebooks or files)[:8])
    names = printable(named) or "nothing"
    what = f"{len(notebooks)} notebooks ({names})" if notebooks else f"no notebook, but {names}"
    code = "several-notebooks" if notebooks else "no-notebook"
    raise Ungradable(f"You handed in {what}. Hand in exactly one .ipynb file, the one that Jupyter saved.", code=code)


def fill_results(results: GradingResults, shown: StudentView) -> None:
    """Replace otter's results by the judge's."""
    entries = {
        check.check: JudgedTest(
            f"{check.question}: {check.title}", check.points, check.max_points, describe_check(check)
        )
        for check in shown.checks
    }
    if not entries:
        entries = {"": JudgedTest("This submission was not graded", 0.0, shown.max_points, "\n".join(shown.notes))}
    results.results = entries
    facts = {"submission": shown.submission} if shown.submission else {}
    lines = [f"{name}: {fact}" for name, fact in (facts | shown.facts).items()]
    results.set_output("\n".join([*shown.notes, *lines]))


class JudgedTest(OttrTestFile):  # type: ignore[misc]
    """One line of otter's results, with points and text from the judge; nothing is run."""

    def __init__(self, name: str, points: float, max_points: float, text: str) -> None:
        case = TestCase(name=name, body="", hidden=False, points=max_points, success_message=None, failure_message=None)
        super().__init__(name, "", [case])
        self.test_case_results = [TestCaseResult(case, text, passed=points == max_points)]
        self.text = text
        self.update_score(points)

    def summary(self, public_only: bool = False) -> str:
        return self.text


def format_report(result: Result) -> str:
    """Return what only the instructor reads: the points of each question, every note, and our own faults in full."""
    points = "not graded" if result.points is None else f"{result.points:g} / {result.max_points:g} points"
    questions = [f"{question}: {got:g} / {of:g}" for question, (got, of) in result.question_points().items()]
    return "\n".join([f"{result.assignment}: {points}", *questions, *result.notes, *result.faults, *result.remarks])
