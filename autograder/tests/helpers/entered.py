"""Grading with the command, and all that is kept of a submission afterwards."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course
from autograder.course.nbgrader_settings import course_directory
from autograder.grading import store
from autograder.tests.helpers.tiny_course import RIGHT, submit


def grade(course: Course, *students: str) -> Result:
    """Hand in for each, and grade."""
    for student in students:
        submit(course, course.root.parent / f"class/{student}/tiny.ipynb", **RIGHT)
    done = CliRunner().invoke(main, ["grade", str(course.root.parent / "class"), "--course", str(course.root)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done


def left(course: Course, student: str) -> dict[str, Any]:
    """All that is kept of a submission, the times and modes of files aside."""
    with Gradebook(course_directory(course).db_url) as gradebook:
        submission = gradebook.find_submission("tiny", student)
        grades = {grade.name: grade.auto_score for grade in submission.notebooks[0].grades}
        kept: dict[str, Any] = {
            "grades": grades,
            "time": submission.timestamp,
            "late": submission.late_submission_penalty,
        }
    for tree in (course.tree("autograded"), course.tree("feedback"), course.root / store.FOLDER):
        files = [path for path in (tree / student).rglob("*") if path.is_file()]
        kept |= {str(path.relative_to(course.root)): path.read_bytes() for path in files}
    return kept
