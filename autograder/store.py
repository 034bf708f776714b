"""Where results are kept between commands: one JSON file per student and assignment, out of students' reach."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from autograder.course import Course
from autograder.errors import UsageError
from autograder.results import Result

FOLDER = "results"  # in no tree that nbgrader clears, copies or shows to students


def result_path(course: Course, student: str, assignment: str) -> Path:
    return course.root / FOLDER / student / f"{assignment}.json"


def save(course: Course, result: Result) -> None:
    """Keep a result, whole or not at all."""
    path = result_path(course, result.student, result.assignment)
    write_whole(path, result.model_dump_json())


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def ensure_writable(path: Path) -> None:
    """See that ``path`` can be written, before work is done whose result would be lost.

    Raises:
        UsageError: it cannot.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        draft.touch()
        draft.unlink()
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}). Name another file.") from error


def load_all(course: Course) -> Iterator[Result]:
    """Every kept result, by student and assignment.

    Raises:
        UsageError: a file is damaged.
    """
    for path in sorted((course.root / FOLDER).glob("*/*.json")):
        yield _read(path)


def load(course: Course, student: str, assignment: str) -> Result | None:
    """The kept result of one submission, if there is one.

    Raises:
        UsageError: the file is damaged.
    """
    path = result_path(course, student, assignment)
    return _read(path) if path.is_file() else None


def _read(path: Path) -> Result:
    try:
        return Result.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise UsageError(f"{path}: is no result of this version. Grade the submission again.") from error
