"""The packages that a course uses: what its released notebooks, hidden tests and solutions import, and in which versions."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.course.course import Assignment, Course

OWN = {"autograder", "solutions", "tests"}  # the kit, and the course's folders
KERAS = {"keras", "tensorflow"}  # Keras computes with TensorFlow, and TensorFlow brings Keras


def list_preload(course: Course) -> list[str]:
    """List the modules worth importing once for all submissions: those that the released notebooks import."""
    released = [course.assignment(name).released for name in course.assignments]
    names = {name for path in released if path.is_file() for name in _imported_by_notebook(path)}
    return sorted(name for name in names if name.split(".")[0] not in sys.stdlib_module_names)


def list_packages(course: Course, assignments: Sequence[str] | None = None) -> list[str]:
    """List the packages that ``assignments`` (default: all) use, by the names under which they are imported.

    What stands in the course's own folders is no package.
    """
    wanted = [course.assignment(name) for name in (course.assignments if assignments is None else assignments)]
    modules = [path for path in _shared_modules(course) if path.is_file()]
    names: set[str] = set()
    for assignment in wanted:
        if assignment.released.is_file():
            names.update(_imported_by_notebook(assignment.released))
        modules += _modules(assignment)
    for path in modules:
        names.update(_imported(path.read_text(encoding="utf-8", errors="replace")))
    packages = {name.split(".")[0] for name in names}
    packages -= {*sys.stdlib_module_names, *OWN, *(path.stem for path in modules)}
    return sorted(packages | KERAS if packages & KERAS else packages)


def find_versions(packages: Iterable[str]) -> dict[str, str]:
    """Find the installed version of each package; one that is not installed has none."""
    versions = {name: _find_version(name) for name in packages}
    return {name: version for name, version in versions.items() if version is not None}


def course_versions(course: Course, assignments: Sequence[str] | None = None) -> dict[str, str]:
    """Return the versions of Python and of the packages that ``assignments`` (default: all) use."""
    return {"python": platform.python_version(), **find_versions(list_packages(course, assignments))}


@functools.cache  # to look through all that is installed takes a second
def _find_version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        pass
    distributions = importlib.metadata.packages_distributions().get(package, [])  # such as scikit-learn for sklearn
    return importlib.metadata.version(distributions[0]) if distributions else None


def _shared_modules(course: Course) -> list[Path]:
    """The modules of ``solutions/`` that are no assignment's reference."""
    return [path for path in (course.private / "solutions").glob("*.py") if path.stem not in course.assignments]


def _modules(assignment: Assignment) -> list[Path]:
    own = (assignment.reference, assignment.misconceptions)
    return [*(path for path in own if path.is_file()), *assignment.tests.rglob("*.py")]


def _imported_by_notebook(path: Path) -> Iterator[str]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            yield from _imported("".join(cell["source"]))


def _imported(source: str) -> Iterator[str]:
    """Yield the names of the modules that a source text imports; none where it is no Python, as a cell with a magic."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
