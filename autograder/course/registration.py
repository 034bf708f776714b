"""Compare released assignments with nbgrader's gradebook: what may still change there, and what the instructor must know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.coursedir import CourseDirectory

from autograder.course.cells import grade_id, is_grade, is_locked, is_solution, is_task
from autograder.course.course import Course
from autograder.course.gradebook import gradebook_place, open_gradebook
from autograder.errors import UsageError


def point_changes(directory: CourseDirectory, assignment: str, released: NotebookNode) -> list[str]:
    """List a line for every cell whose points differ from the gradebook's after submissions have come in.

    Raises:
        UsageError: cells were added or removed after nbgrader has graded a submission; it cannot register that.
    """
    with open_gradebook(directory) as gradebook:
        try:
            known = gradebook.find_notebook(assignment, assignment)
        except MissingEntry:
            return []
        if known.submissions:
            _refuse_other_cells(assignment, known, released)
        if not known.submissions and not _handed_in(directory, assignment):
            return []
        old = {cell.name: float(cell.max_score) for cell in known.grade_cells}
    return list(_differences(assignment, old, _points(released)))


def why_unbuilt(course: Course, directory: CourseDirectory, name: str) -> str:
    """Say why an assignment cannot be graded, such as a draft in ``source/`` or points changed since the build; empty if it can."""
    with open_gradebook(directory) as gradebook:
        try:
            cells = gradebook.find_notebook(name, name).grade_cells
        except MissingEntry:
            return f"{gradebook_place(course)}: does not know {name} yet. Run `autograder build` first."
        known = {cell.name: float(cell.max_score) for cell in cells}
    try:
        assignment = course.assignment(name)
        assignment.require_release()
        questions = assignment.questions
    except UsageError as error:
        return str(error)
    for question, (_, checks) in questions.items():
        points = sum(check.points for check in checks)
        if known.get(question) != points:
            offered = f"{known[question]:g}" if question in known else "no"
            return (
                f"tests/{name}: the checks of {question} add up to {points:g} points, and what was built offers {offered} points."
                " Run `autograder build` first."
            )
    return ""


def _handed_in(directory: CourseDirectory, assignment: str) -> bool:
    """Whether any submission lies in submitted/, graded or not."""
    pattern = directory.format_path(directory.submitted_directory, "*", assignment)
    return any(Path(directory.root).glob(str(Path(pattern).relative_to(directory.root))))


def _refuse_other_cells(assignment: str, known: Any, released: NotebookNode) -> None:
    old = {cell.name for cell in (*known.source_cells, *known.grade_cells, *known.solution_cells, *known.task_cells)}
    kinds = (is_grade, is_solution, is_locked, is_task)
    new = {grade_id(cell) for cell in released.cells if any(kind(cell) for kind in kinds)}
    if old != new:
        raise UsageError(
            f"source/{assignment}/{assignment}.ipynb: cells were added or removed ({', '.join(sorted(old ^ new))}), but"
            " submissions have been graded. Undo that, or release it under another name."
        )


def _points(released: NotebookNode) -> dict[str, float]:
    cells = [cell for cell in released.cells if is_grade(cell)]
    return {grade_id(cell): float(cell.metadata.nbgrader.points) for cell in cells}


def _differences(assignment: str, old: dict[str, float], new: dict[str, float]) -> Iterator[str]:
    for cell in sorted(old.keys() & new.keys()):
        if old[cell] != new[cell]:
            yield (
                f"source/{assignment}/{assignment}.ipynb, cell '{cell}': offers {new[cell]:g} points instead of"
                f" {old[cell]:g}, and submissions have come in. Grade them again, so that all are treated alike."
            )
