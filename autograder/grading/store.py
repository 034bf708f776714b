"""The results that are kept between commands, one file for each submission."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.files import lock, write_whole
from autograder.judge.results import Result

FOLDER = "results"  # in no tree that nbgrader clears, copies or shows to students
LOCK = ".lock"  # held while a command writes to trees and gradebook


def result_path(course: Course, student: str, assignment: str) -> Path:
    return course.root / FOLDER / student / f"{assignment}.json"


def save(course: Course, result: Result) -> None:
    """Keep a result, whole or not at all."""
    path = result_path(course, result.student, result.assignment)
    write_whole(path, result.model_dump_json())


@contextlib.contextmanager
def write_alone(course: Course) -> Iterator[None]:
    """Wait until no other command or thread writes to the course's trees and gradebook, and keep the others waiting.

    It cannot be nested.
    """
    with lock(course.root / FOLDER / LOCK, wait=True):
        yield


def load_all(course: Course) -> tuple[list[Result], list[str]]:
    """Load every kept result, by student and assignment; return with them a line for each file that cannot be read."""
    results, unreadable = [], []
    for path in sorted((course.root / FOLDER).glob("*/*.json")):
        try:
            results.append(_read(path))
        except UsageError as error:
            unreadable.append(str(error))
    return results, unreadable


def load(course: Course, student: str, assignment: str) -> Result | None:
    """Load the kept result of one submission; None where there is none.

    Raises:
        UsageError: the file is damaged.
    """
    path = result_path(course, student, assignment)
    return _read(path) if path.is_file() else None


def _read(path: Path) -> Result:
    try:
        return Result.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: is no result of this version. Grade the submission again.", code="unreadable-result"
        ) from error
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read ({error.strerror}). See whose it is.", code="unreadable-result"
        ) from error
