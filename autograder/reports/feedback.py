"""The feedback page: for each question what was asked and seen, the points, and a person's points and comments."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from markupsafe import Markup
from nbformat import NotebookNode

from autograder import files
from autograder.course.cells import grade_id, is_grade, is_solution, is_task
from autograder.course.course import Course
from autograder.course.gradebook import Grade, Mark, read_grade
from autograder.errors import UsageError
from autograder.files import read_regular
from autograder.grading import store
from autograder.intake.stamps import STAMP_FILE, parse_stamp, read_stamp
from autograder.judge.results import Result, StudentView
from autograder.printable import printable_text
from autograder.reports.pages import render, show_picture

SECRET_FILE = "submission_secret.txt"
MAX_SECRET = 1000  # bytes; nbgrader's have 64


def write_feedback(course: Course, result: Result) -> Path:
    """Write the feedback page of one submission where nbgrader's release_feedback looks for it.

    Raises:
        UsageError: the gradebook cannot be read.
    """
    path = page_path(course, result.student, result.assignment)
    files.write_whole(path, render_current_page(course, _with_what_counts(course, result)), shown=True)
    write_files_beside(course, result.student, result.assignment)
    return path


def page_path(course: Course, student: str, assignment: str) -> Path:
    """The path of a submission's feedback page, whether it exists or not."""
    return course.tree("feedback") / student / assignment / f"{assignment}.html"


def write_files_beside(course: Course, student: str, assignment: str) -> None:
    """Write the two files that release_feedback reads beside a page; if one is missing, it stops for the whole class."""
    path = page_path(course, student, assignment)
    handed_in = course.tree("submitted") / student / assignment
    stamp = read_stamp(handed_in / STAMP_FILE)
    files.write_whole(path.with_name(STAMP_FILE), stamp if stamp and parse_stamp(stamp) else "")
    secret = read_regular(handed_in / SECRET_FILE, MAX_SECRET + 1)
    known = secret and len(secret) <= MAX_SECRET and secret.isascii()
    made = _nobodys_secret(course, student, assignment)
    files.write_whole(path.with_name(SECRET_FILE), secret if secret and known else made)


def _nobodys_secret(course: Course, student: str, assignment: str) -> str:
    """Make a secret for a submission that did not come through nbgrader's exchange."""
    about = f"feedback\0{student}\0{assignment}"
    return hmac.new(course.key, about.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _with_what_counts(course: Course, result: Result) -> Result:
    """Return the result; for a file that could not be graded, return the earlier result, whose points still count, with both notes."""
    if result.checks:
        return result
    try:
        earlier = store.load(course, result.student, result.assignment)
    except UsageError:
        return result
    if earlier is None or not earlier.checks:
        return result
    return earlier.model_copy(update={"notes": [*result.notes, *earlier.notes]})


def render_current_page(course: Course, result: Result) -> str:
    """Render the page of a result with what the gradebook holds now.

    Raises:
        UsageError: the gradebook cannot be read.
    """
    grade = read_grade(course, result.student, result.assignment) if result.checks else None
    seen = result.for_students(course.settings.course.show_details)
    return render_page(seen, grade, _graded_cells(course, result) if grade else ())


def render_page(result: StudentView, grade: Grade | None = None, cells: Sequence[NotebookNode] = ()) -> str:
    """Render the page as HTML.

    Args:
        grade: from the gradebook: a person's points and comments, extra credit and a late penalty.
        cells: the cells that a person can grade or comment on, in the notebook's order, with the student's text.
    """
    if grade is not None and result.points is None and not any(check.status == "error" for check in result.checks):
        grade = None  # this result did not reach the gradebook, which holds an older one's grade
    questions = _questions(result, grade, cells)
    points, max_points = result.points, result.max_points
    if grade is not None:
        points, max_points = grade.points, sum(mark.max_points for mark in grade.marks if mark.points is not None)
    return render(
        "feedback.html",
        result=result,
        questions=questions,
        points=points,
        max_points=max_points,
        percent=min(100, round(100 * (points or 0) / max_points)) if max_points else 0,
        lines=_about_total(grade) if grade else [],
        show_picture=show_picture,
    )


def _about_total(grade: Grade) -> list[str]:
    """List what the points at the top do not say themselves."""
    waiting = sum(mark.max_points for mark in grade.marks if mark.points is None and grade.points is not None)
    late = grade.late_penalty
    return [
        *([f"{waiting:g} more points await a person, who reads your own words"] if waiting else []),
        *([f"{late:g} {'point was' if late == 1 else 'points were'} taken off: handed in late"] if late else []),
    ]


def _questions(result: StudentView, grade: Grade | None, cells: Sequence[NotebookNode]) -> list[dict[str, Any]]:
    """List the questions that the judge or a person grades, in the notebook's order, each with its comments."""
    judged = result.question_points()
    marks = {mark.question: mark for mark in grade.marks} if grade else {}
    of_cell = _questions_of_cells(cells)
    order = list(dict.fromkeys([*of_cell.values(), *judged, *marks]))
    comments = grade.comments if grade else ()
    unanswered = {comment.cell for comment in comments if not comment.by_person}
    texts = {grade_id(cell): cell for cell in cells}
    return [
        {
            "name": name,
            "title": result.questions.get(name, ""),
            "points": _points(judged.get(name), marks.get(name)),
            "max_points": marks[name].max_points if name in marks else judged[name][1],
            "about": _about_points(judged.get(name), marks.get(name)),
            "checks": [check for check in result.checks if check.question == name],
            "answer": _shown(texts.get(name)) if name not in judged and name not in unanswered else "",
            "comments": [comment.text for comment in comments if of_cell.get(comment.cell, comment.cell) == name],
        }
        for name in order
        if name in judged or name in marks
    ]


def _points(judged: tuple[float, float] | None, mark: Mark | None) -> float | None:
    if mark is not None and mark.points is not None:
        return mark.points
    return judged[0] if judged else None


def _about_points(judged: tuple[float, float] | None, mark: Mark | None) -> str:
    """Say where the points of a question come from, if not from the judge alone."""
    if mark is None:
        return ""
    said = []
    if judged is None:
        said.append("graded by a person" if mark.by_person else "awaits a person" if mark.points is None else "")
    elif mark.by_person:
        said.append(f"given by a person; the checks below give {judged[0]:g}")
    if mark.extra:
        said.append(f"{mark.extra:g} of it extra credit")
    return "; ".join(filter(None, said))


def _questions_of_cells(cells: Sequence[NotebookNode]) -> dict[str, str]:
    """Map each cell to the question that it answers: itself, or the next cell with points."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for cell in cells:
        waiting.append(grade_id(cell))
        if is_grade(cell) or is_task(cell):
            found |= dict.fromkeys(waiting, grade_id(cell))
            waiting = []
    last = list(found.values())[-1:]
    return found | dict.fromkeys(waiting, *last) if last else found


def _graded_cells(course: Course, result: Result) -> list[NotebookNode]:
    """Read the cells that nbgrader knows from the recorded submission, or from the release where none was recorded."""
    recorded = course.tree("autograded") / result.student / result.assignment / f"{result.assignment}.ipynb"
    path = recorded if recorded.is_file() else course.assignment(result.assignment).released
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if grade_id(cell) and (is_grade(cell) or is_solution(cell) or is_task(cell))]


def _shown(cell: NotebookNode | None) -> Markup:
    """Return a student's text as HTML: a block that ``intake/harmless.py`` wrote as it is, anything else as it was typed."""
    if cell is None or cell.cell_type != "markdown" or not is_solution(cell):
        return Markup()
    if cell.source.startswith("<div>\n"):
        return Markup(cell.source)
    return Markup('<p class="typed">{}</p>').format(printable_text(cell.source))
