"""The data files that a course uses: where a judge finds them, and which they are.

A course names one folder. What Keras has downloaded for its own data sets is at hand too, whatever folder is named.
"""

from __future__ import annotations

import os
from pathlib import Path

from autograder.course.config import DATA_VARIABLE
from autograder.course.course import Course

KERAS_VARIABLE = "KERAS_HOME"


def find_data_folder(course: Course) -> Path | None:
    """Find the folder named by c.Autograder.data_folder, or else by AUTOGRADER_DATA; None where neither names one."""
    folder = course.settings.course.data_folder
    named = course.root / folder if folder else os.environ.get(DATA_VARIABLE)
    return Path(named).resolve() if named else None


def data_environment(course: Course) -> dict[str, str]:
    """Return the variables of the environment that tell a judge where data lie."""
    named, keras = find_data_folder(course), _find_keras_home()
    cached = {KERAS_VARIABLE: str(keras)} if keras is not None else {}
    return cached | ({DATA_VARIABLE: str(named)} if named is not None else {})


def list_data(course: Course) -> list[tuple[str, int, int]]:
    """List the data files that hidden checks may read, what Keras has unpacked aside.

    Returns:
        Path, size in bytes, and time of the last change in nanoseconds.
    """
    named, keras = find_data_folder(course), _find_keras_home()
    found = {*(named.rglob("*") if named else ()), *((keras / "datasets").glob("*") if keras else ())}
    files = sorted(path for path in found if path.is_file())
    return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]


def _find_keras_home() -> Path | None:
    """Find Keras' folder, where it holds data sets."""
    home = Path(os.environ.get(KERAS_VARIABLE) or Path.home() / ".keras")
    return home if (home / "datasets").is_dir() else None
