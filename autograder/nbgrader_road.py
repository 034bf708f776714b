"""nbgrader's `autograde`, with the judge in the place of its own execution: three preprocessors, named in the configuration.

The submission is repaired on its way into `autograded/`, the judge's verdict on the file that was handed in is written into its check
cells, and the points go into the gradebook from the verdict itself. A line on stderr or a duplicated cell changes nothing.
"""

from __future__ import annotations

import atexit
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import is_grade

from autograder import store
from autograder.course import Course, find_course
from autograder.engines.harmless import harmless
from autograder.errors import Ungradable
from autograder.feedback_text import question_text
from autograder.grading import Grader
from autograder.notebook import open_notebook
from autograder.results import Result

verdicts: dict[tuple[str, str], Result] = {}  # (student, assignment) -> what `autograder grade` has judged already


@cache
def _course(root: str) -> Course:
    return find_course(Path(root))


@cache
def _grader(root: str) -> Grader:
    """One judge for this nbgrader process, started when the first submission needs it."""
    grader = Grader(_course(root)).__enter__()
    atexit.register(grader.__exit__, None, None, None)
    return grader


class _OnSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Knows the file that was handed in, whichever pass nbgrader is in."""

    def submitted(self, resources: dict[str, Any]) -> tuple[str, str, Path]:
        """(student, assignment, path of the notebook in ``submitted/``)."""
        about = resources["nbgrader"]
        path = self.course.tree("submitted") / about["student"] / about["assignment"] / f"{about['notebook']}.ipynb"
        return about["student"], about["assignment"], path

    @property
    def course(self) -> Course:
        return _course(str(self.config.CourseDirectory.root))


class RepairSubmission(_OnSubmission):
    """Puts the student's cells into the released notebook, so that every cell nbgrader looks for is there once.

    What formgrader shows of it is harmless to whoever opens it.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        _, assignment, path = self.submitted(resources)
        opened = open_notebook(path, self.course, assignment)
        repaired = harmless(opened.notebook, nbformat.read(opened.assignment.released, as_version=4))
        for cell in repaired.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        return repaired, resources


class JudgeSubmission(_OnSubmission):
    """Writes the judge's verdict into the check cells, as text and as the number that nbgrader reads partial credit from."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        student, assignment, path = self.submitted(resources)
        result = verdicts.get((student, assignment))
        if result is None:
            result = _grader(str(self.course.root)).grade(path, assignment, student)
        if not result.checks:
            raise Ungradable(" ".join(result.notes))
        shown = result.for_students(self.course.settings.course.show_details)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = _outputs(shown, cell)
        resources["verdict"] = result
        store.save(self.course, result)
        return nb, resources


def _outputs(result: Result, cell: NotebookNode) -> list[NotebookNode]:
    question = cell.metadata.get("nbgrader", {}).get("grade_id")
    if not is_grade(cell) or question not in result.questions:
        return []
    points, _ = result.question_points()[question]
    text = new_output("stream", name="stdout", text=question_text(result, question) + "\n")
    return [text, new_output("execute_result", data={"text/plain": f"{points:g}"}, execution_count=None)]


class SaveVerdict(SaveAutoGrades):  # type: ignore[misc]
    """Saves the verdict's points; a question that we could not grade gets none and waits for a person, never a silent zero."""

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        result: Result = resources["verdict"]
        question = cell.metadata["nbgrader"]["grade_id"]
        if question not in result.questions:
            return
        about = resources["nbgrader"]
        grade = self.gradebook.find_grade(question, about["notebook"], about["assignment"], about["student"])
        ours = any(check.status == "error" for check in result.checks if check.question == question)
        grade.auto_score = None if ours else result.question_points()[question][0]
        grade.needs_manual_grade = ours or grade.manual_score is not None
        self.gradebook.db.commit()
