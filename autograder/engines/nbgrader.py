"""nbgrader's `autograde`, with the judge in the place of its own execution: an exporter and two preprocessors, named in the configuration.

nbgrader never reads what a student handed in. The exporter gives it the opened and repaired notebook; a preprocessor writes the
judge's verdict on the file that was handed in into the check cells; the points go into the gradebook from the verdict itself.
A line on stderr or a duplicated cell changes nothing.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder.course.cells import grade_id, is_grade
from autograder.course.course import Course, find_course
from autograder.course.registration import why_unbuilt
from autograder.engines.entering import OneSubmission, enter_all
from autograder.errors import Ungradable, UsageError
from autograder.grading.grader import Grader
from autograder.grading.job import Graded, Job
from autograder.intake.harmless import with_printable_code
from autograder.intake.notebook import Opened
from autograder.judge.results import Result, StudentView
from autograder.reports.text import describe_question


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """The exporter, which reads a submission as the judge sees it: every cell that nbgrader looks for is there once, and no output of the student's.

    nbgrader makes one for each run of its command. The preprocessors below have it as their parent, and find the verdict here.

    Attributes:
        course: as it is when the command begins.
        graded: the verdict on the submission that is being entered, from the first of nbgrader's two passes over it to the second.
    """

    graded: Graded | None = None

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        converter = self.parent
        if isinstance(converter, OneSubmission):
            self.course = converter.course
            return
        self.course = find_course(Path(self.config.CourseDirectory.root))
        _ensure_built(self.course, converter)
        converter.convert_notebooks = self._judge_and_enter_all

    def _judge_and_enter_all(self) -> None:
        """Do what nbgrader's own command was called for; the judge starts when the first submission needs it."""
        with contextlib.ExitStack() as self._open:
            self._grader: Grader | None = None
            enter_all(self.parent, self.course)

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kw: Any) -> Any:
        about = (resources or {})["nbgrader"]
        student, assignment = about["student"], about["assignment"]
        submitted = self.course.tree("submitted") / student / assignment / f"{about['notebook']}.ipynb"
        if not Path(filename).exists() or not submitted.exists() or not Path(filename).samefile(submitted):
            return super().from_filename(filename, resources, **kw)  # from autograded/, where we have written it
        found = self._find_verdict(Job(submitted, assignment, student))
        if found.opened is None or not found.result.checks:
            raise Ungradable(" ".join(found.result.notes), code=found.result.code or "our-fault")
        self.graded = found
        shown = with_printable_code(Opened.from_data(found.opened, self.course).notebook)
        return self.from_notebook_node(shown, resources, **kw)

    def _find_verdict(self, job: Job) -> Graded:
        """Return the verdict that `autograder grade` hands on; under nbgrader's own command, judge the submission now."""
        if isinstance(self.parent, OneSubmission):
            return self.parent.graded
        if self._grader is None:
            self._grader = self._open.enter_context(Grader(self.course))
        return self._grader.grade_job(job)


def _ensure_built(course: Course, converter: Autograde) -> None:
    """Stop nbgrader's command with one line where nothing can be graded for its assignment."""
    try:
        why = why_unbuilt(course, converter.coursedir, converter.coursedir.assignment_id)
    except UsageError as error:
        why = str(error)
    if why:
        converter.log.error("%s", why)
        raise NbGraderException(why)


class JudgeSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """The preprocessor that writes the verdict into the check cells: as text, and as the number that nbgrader takes for partial credit."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        result: Result = self.parent.graded.result
        shown = result.for_students(self.parent.course.settings.course.show_details)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = _make_outputs(shown, cell)
        return nb, resources


def _make_outputs(result: StudentView, cell: NotebookNode) -> list[NotebookNode]:
    question = grade_id(cell)
    if not is_grade(cell) or question not in result.questions:
        return []
    points, _ = result.question_points()[question]
    text = new_output("stream", name="stdout", text=describe_question(result, question) + "\n")
    return [text, new_output("execute_result", data={"text/plain": f"{points:g}"}, execution_count=None)]


class SaveVerdict(SaveAutoGrades):  # type: ignore[misc]
    """The preprocessor that saves the verdict's points. A question that we could not grade gets none and waits for a person."""

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        result: Result = self.parent.graded.result
        question = grade_id(cell)
        if question not in result.questions:
            return
        about = resources["nbgrader"]
        grade = self.gradebook.find_grade(question, about["notebook"], about["assignment"], about["student"])
        ours = any(check.status == "error" for check in result.checks if check.question == question)
        grade.auto_score = None if ours else result.question_points()[question][0]
        grade.needs_manual_grade = ours or grade.manual_score is not None
        self.gradebook.db.commit()
