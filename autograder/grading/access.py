"""The files that the processes of a submission may and may not read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from autograder.course.course import Course
from autograder.files import PACKAGE


def list_hidden(course: Course) -> list[Path]:
    """List what no student's process may read, wherever it lies: all of the course, and the samples among this package's tests.

    If Python itself lies in the course, as a virtual environment may, everything beside it is listed one by one.
    """
    python = [Path(os.path.realpath(prefix)) for prefix in (sys.prefix, sys.base_prefix)]
    secret = [course.root.resolve(), course.private.resolve(), PACKAGE.resolve() / "tests"]
    return [path for folder in dict.fromkeys(secret) if folder.exists() for path in _list_beside(folder, python)]


def _list_beside(folder: Path, needed: list[Path]) -> list[Path]:
    """Return a folder; where it holds needed ones, everything else in it."""
    if not any(path.is_relative_to(folder) for path in needed):
        return [folder]
    return [path for path in folder.iterdir() if not any(other.is_relative_to(path) for other in needed)]


def list_released_files(released: Path) -> list[Path]:
    """List the files and folders that were released beside the notebook; the student's code may read them."""
    return [p for p in released.parent.iterdir() if p != released]
