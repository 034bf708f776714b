"""`autograder export`: write the grades into the file that a learning platform exported, or as one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder import files
from autograder.course.course import Course
from autograder.course.gradebook import Grades, read_grades
from autograder.errors import UsageError
from autograder.grading import store
from autograder.printable import printable
from autograder.reports.columns import read_named_columns, remember_columns
from autograder.reports.fill import ExportReport, Feedback, Filling, format_points
from autograder.reports.lms import LAYOUTS, Layout, is_titled
from autograder.reports.sheet import Sheet, escape_formula
from autograder.reports.text import summarise_result

COLUMNS = [
    "assignment",
    "student",
    "last_name",
    "first_name",
    "email",
    "lms_user_id",
    "points",
    "max_points",
    "late_penalty",
    "status",
    "feedback",
    "comments",
]


def export(
    course: Course,
    to: str,
    template: Path | None,
    target: Path,
    assignments: list[str] | None = None,
    feedback: Feedback | None = None,
    hold_pending: bool = False,
    columns: Sequence[str] = (),
) -> ExportReport:
    """Write the grades of ``assignments`` (default: all) to ``target``.

    Args:
        to: a platform of ``LAYOUTS``, or ``csv``.
        template: the file that the platform exported; everything but the grades stays as it is, byte for byte.
        feedback: (student, assignment) -> text; by default a summary of the kept results.
        columns: ``assignment=title`` for columns with another title (the title alone where there is one assignment); they are
            kept in grader_config.py.
        hold_pending: leave out submissions that still wait for a person; otherwise write their points so far and name them.

    Raises:
        UsageError: the gradebook, the template or a column is missing, the target cannot be written, or the template is of
            another kind.
    """
    files.ensure_writable(target)
    grades = read_grades(course, assignments)
    kept, unreadable = _kept_feedback(course, grades)
    feedback = feedback or kept
    if to == "csv":
        if columns:
            raise UsageError("--column: names a column of the platform's file, but --to csv fills none. Leave it out.")
        report = _write_table(grades, target, feedback)
        report.notes += unreadable
        return report
    if template is None:
        raise UsageError(
            f"--to {to} needs --template FILE: the file of grades that {to.capitalize()} exports, whose ids it wants back."
        )
    if target.exists() and template.exists() and target.samefile(template):
        raise UsageError(
            f"{target}: is the template. Name another file with --output, so that the export stays as it was."
        )
    sheet = Sheet.read(template)
    named = read_named_columns(columns, grades.assignments)
    sheet.titles = {**course.settings.course.columns, **named}
    layout = LAYOUTS[to](sheet, grades.assignments)
    missing = [name for name in grades.assignments if name not in layout.points]
    _check_columns(sheet, layout, named)
    if missing and (assignments or not layout.points):
        raise UsageError(
            f"{template}: has no column for '{missing[0]}'. It has {sheet.columns()}. Name the column like the assignment, or say"
            " which one it is with --column."
        )
    report = Filling(sheet, layout, grades, feedback, hold_pending).fill()
    report.notes += unreadable
    report.notes += [f"{name}: has no column in {template.name}." for name in missing]
    sheet.write(target)
    report.notes += remember_columns(course, named)
    return report


def _check_columns(sheet: Sheet, layout: Layout, named: Mapping[str, str]) -> None:
    """Raise UsageError where a named column is missing, or where two assignments share one."""
    for name, title in named.items():
        if name not in layout.points or not is_titled(sheet.header[layout.points[name]], title):
            raise UsageError(f"{sheet.path}: has no column '{printable(title)}' for points. It has {sheet.columns()}.")
    holders: dict[int, str] = {}
    for name, column in layout.points.items():
        if (other := holders.setdefault(column, name)) != name:
            raise UsageError(
                f"{sheet.path}: the column '{printable(sheet.header[column])}' is that of '{other}' and of '{name}'. Name another with"
                " --column, or correct c.Autograder.columns in grader_config.py."
            )


def _kept_feedback(course: Course, grades: Grades) -> tuple[Feedback, list[str]]:
    """Return the feedback on each submission, and a line for each kept result that cannot be read."""
    details = course.settings.course.show_details
    results, unreadable = store.load_all(course)
    shown = (result.for_students(details) for result in results)
    found = {(result.student, result.assignment): result for result in shown}
    kept = {of: summarise_result(result, grades.grades.get(of)) for of, result in found.items()}
    return (lambda student, assignment: kept.get((student, assignment), "")), unreadable


def _write_table(grades: Grades, target: Path, feedback: Feedback) -> ExportReport:
    """Write one row per student and assignment."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for student in grades.students:
        for name in grades.assignments:
            grade = grades.grades[student.id, name]
            about = [student.id, student.last_name, student.first_name, student.email, student.lms_id]
            points = "" if grade.points is None else format_points(grade.points)
            numbers = [points, format_points(grade.max_points), format_points(grade.late_penalty)]
            comments = "\n".join(f"{c.cell}: {c.text}" for c in grade.comments if c.by_person)
            texts = [escape_formula(text or "") for text in (*about, feedback(student.id, name), comments)]
            writer.writerow([name, *texts[:-2], *numbers, grade.status, *texts[-2:]])
    files.write_whole(target, text.getvalue())
    return ExportReport(written=len(grades.students) * len(grades.assignments))
