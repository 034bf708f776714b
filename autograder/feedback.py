"""The page a student reads: per question what was asked, what was seen, what it cost, and what to think about."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import nbformat

from autograder import store
from autograder.course import Course
from autograder.intake import read_regular
from autograder.pages import draw, render
from autograder.results import Result
from autograder.stamps import MAX_STAMP, STAMP_FILE, noted_time

SECRET_FILE = "submission_secret.txt"
MAX_SECRET = 1000  # bytes; nbgrader's have 64


def write_feedback(course: Course, result: Result) -> Path:
    """Write the feedback page of one submission where nbgrader's release_feedback looks for it."""
    path = course.tree("feedback") / result.student / result.assignment / f"{result.assignment}.html"
    manual = _awaiting_a_person(course, result) if result.checks else ""
    seen = result.for_students(course.settings.course.show_details)
    store.write_whole(path, feedback_page(seen, manual), shown=True)
    handed_in = course.tree("submitted") / result.student / result.assignment
    stamp = read_regular(handed_in / STAMP_FILE, MAX_STAMP + 1)
    store.write_whole(path.with_name(STAMP_FILE), stamp if stamp and noted_time(stamp) else "")
    secret = read_regular(handed_in / SECRET_FILE, MAX_SECRET + 1)
    known = secret and len(secret) <= MAX_SECRET and secret.isascii()
    store.write_whole(path.with_name(SECRET_FILE), secret if secret and known else _nobodys_secret(course, result))
    return path


def _nobodys_secret(course: Course, result: Result) -> str:
    """For work that did not come through nbgrader's exchange: release_feedback stops the whole class where one is missing."""
    about = f"feedback\0{result.student}\0{result.assignment}"
    return hmac.new(course.key, about.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def feedback_page(result: Result, manual: str = "") -> str:
    """The page as HTML.

    Args:
        manual: a line about questions that a person grades.
    """
    questions = [
        {
            "name": name,
            "title": result.questions[name],
            "points": points,
            "max_points": max_points,
            "checks": [check for check in result.checks if check.question == name],
        }
        for name, (points, max_points) in result.question_points().items()
    ]
    percent = round(100 * (result.points or 0) / result.max_points) if result.max_points else 0
    return render("feedback.html", result=result, questions=questions, percent=percent, manual=manual, draw=draw)


def _awaiting_a_person(course: Course, result: Result) -> str:
    released = nbformat.read(course.assignment(result.assignment).released, as_version=4)
    marks = [cell.metadata.get("nbgrader", {}) for cell in released.cells]
    by_hand = [mark for mark in marks if mark.get("grade") and mark.get("solution")]
    points = sum(mark.get("points", 0) for mark in by_hand)
    return f"{points:g} more points await a person, who reads your own words" if by_hand else ""
