"""Read nbgrader's gradebook: students, and grades with manual points and late penalties, final only where nbgrader has them final."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nbgrader.api import Comment as CommentOnCell
from nbgrader.api import Grade as GradeOfCell
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import selectinload, undefer

from autograder.course.course import Course
from autograder.course.nbgrader_settings import course_directory
from autograder.errors import UsageError
from autograder.files import keep_private
from autograder.obstacles import code_of, in_one_line
from autograder.printable import printable_text


@dataclass(frozen=True)
class Student:
    """A student of nbgrader's gradebook."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    lms_id: str | None = None

    @property
    def full_name(self) -> str:
        """First and last name, as far as they are known."""
        return " ".join(filter(None, (self.first_name, self.last_name)))


@contextlib.contextmanager
def open_gradebook(directory: CourseDirectory) -> Iterator[Gradebook]:
    """Open nbgrader's gradebook; its file is for the graders' eyes only.

    Raises:
        UsageError: it is locked or damaged, or may not be written.
    """
    try:
        keep_gradebook_private(directory)
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            yield gradebook
    except (SQLAlchemyError, OSError) as error:
        text = f"{_place(directory)}: cannot be used: {in_one_line(error, 'run this again')}"
        raise UsageError(text, code=code_of(error)) from error


def keep_gradebook_private(directory: CourseDirectory) -> None:
    """Make the gradebook's file if it is missing, and take the rights from others: it names all students with their points."""
    if (file := gradebook_file(directory)) is not None:
        keep_private(file)


def gradebook_file(directory: CourseDirectory) -> Path | None:
    """Return the gradebook's file; None where it is on a database server."""
    url = make_url(directory.db_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def gradebook_place(course: Course) -> str:
    """Return where the gradebook is, for messages: the file, or the database's address without its password."""
    return _place(course_directory(course))


def _place(directory: CourseDirectory) -> str:
    file = gradebook_file(directory)
    return str(file) if file is not None else make_url(directory.db_url).render_as_string(hide_password=True)


def list_students(gradebook: Gradebook) -> list[Student]:
    """List the students that a gradebook knows."""
    return [Student(s.id, s.first_name, s.last_name, s.email, s.lms_user_id) for s in gradebook.students]


@dataclass(frozen=True)
class Mark:
    """One question in the gradebook.

    Attributes:
        points: those that a person gave, else the judge's, plus extra credit; None where neither gave any.
        by_person: whether a person gave the points.
    """

    question: str
    points: float | None
    max_points: float
    extra: float = 0.0
    by_person: bool = False


@dataclass(frozen=True)
class Comment:
    """A comment on one cell, by a person; or by nbgrader, on an answer that was left as released."""

    cell: str
    text: str
    by_person: bool


@dataclass(frozen=True)
class Grade:
    """One student's grade for one assignment.

    Attributes:
        points: after the late penalty; None when nothing was handed in or a question could not be graded.
        status: ``graded`` is final; ``needs a person`` waits for formgrader; ``not graded`` has a question without any points.
    """

    student: str
    assignment: str
    points: float | None
    max_points: float
    late_penalty: float
    status: Literal["graded", "needs a person", "not graded", "not submitted"]
    marks: tuple[Mark, ...] = ()
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True)
class Grades:
    """The gradebook of one course.

    Attributes:
        assignments: in the order of the course; others after them.
        grades: one for every student and assignment.
    """

    students: list[Student]
    assignments: list[str]
    grades: dict[tuple[str, str], Grade]


def read_grades(course: Course, assignments: Sequence[str] | None = None) -> Grades:
    """Read the grades of ``assignments``, or of all.

    Raises:
        UsageError: there is no gradebook, it cannot be used, or it does not know an assignment.
    """
    with _open_existing(course) as gradebook:
        in_book = sorted(assignment.name for assignment in gradebook.assignments)
        known = [name for name in course.assignments if name in in_book]
        known += [name for name in in_book if name not in known]
        if unknown := [name for name in assignments or () if name not in known]:
            raise UsageError(
                f"the gradebook of {course.root} has no assignment '{unknown[0]}'. It has: {', '.join(known) or 'none'}."
            )
        wanted = [name for name in known if assignments is None or name in assignments]
        students = list_students(gradebook)
        grades: dict[tuple[str, str], Grade] = {}
        for name in wanted:
            maximum = float(gradebook.find_assignment(name).max_score)
            grades |= {
                (student.id, name): Grade(student.id, name, None, maximum, 0.0, "not submitted") for student in students
            }
            grades |= {(s.student_id, name): _read_grade(s, name, maximum) for s in _read_submissions(gradebook, name)}
    return Grades(sorted(students, key=lambda s: s.id), wanted, grades)


def read_grade(course: Course, student: str, assignment: str) -> Grade | None:
    """Read the grade of one submission; None where the gradebook has none.

    Raises:
        UsageError: there is no gradebook, or it cannot be read.
    """
    with _open_existing(course) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return None
        return _read_grade(submission, assignment, float(submission.max_score))


def _read_submissions(gradebook: Gradebook, assignment: str) -> list[Any]:
    """Read all submissions with their cells and comments at once: one by one this takes seconds for a class of 300."""
    notebooks = selectinload(SubmittedAssignment.notebooks)
    options = [
        notebooks.selectinload(SubmittedNotebook.grades).selectinload(GradeOfCell.cell),
        notebooks.selectinload(SubmittedNotebook.comments).selectinload(CommentOnCell.cell),
        undefer(SubmittedAssignment.score),
        undefer(SubmittedAssignment.needs_manual_grade),
        undefer(SubmittedAssignment.late_submission_penalty),
    ]
    ours = SubmittedAssignment.assignment == gradebook.find_assignment(assignment)
    return list(gradebook.db.query(SubmittedAssignment).options(*options).filter(ours))


@contextlib.contextmanager
def _open_existing(course: Course) -> Iterator[Gradebook]:
    """Open the gradebook of a course that has one."""
    directory = course_directory(course)
    file = gradebook_file(directory)
    if file is not None and not file.is_file():
        raise UsageError(f"{file}: there is no gradebook yet. Run `autograder grade` first.")
    with open_gradebook(directory) as gradebook:
        yield gradebook


def _read_grade(submission: Any, assignment: str, maximum: float) -> Grade:
    cells = [grade for notebook in submission.notebooks for grade in notebook.grades]
    missing = not cells or any(c.cell_type == "code" and c.auto_score is None and c.manual_score is None for c in cells)
    penalty = float(submission.late_submission_penalty or 0.0)
    points = None if missing else max(0.0, float(submission.score) - penalty)
    status: Literal["graded", "needs a person", "not graded"] = (
        "not graded" if missing else "needs a person" if submission.needs_manual_grade else "graded"
    )
    said = [comment for notebook in submission.notebooks for comment in notebook.comments]
    return Grade(
        submission.student_id,
        assignment,
        points,
        maximum,
        penalty,
        status,
        tuple(map(_read_mark, cells)),
        tuple(
            Comment(c.name, text, c.manual_comment is not None)
            for c in said
            if (text := printable_text(c.comment or "").strip())
        ),
    )


def _read_mark(cell: Any) -> Mark:
    given = cell.auto_score if cell.manual_score is None else cell.manual_score
    extra = float(cell.extra_credit or 0.0)
    points = None if given is None else float(given) + extra
    return Mark(cell.name, points, float(cell.cell.max_score or 0.0), extra, cell.manual_score is not None)
