"""Drift: files of the release that are not what their source gives."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbgrader.utils import find_all_files

from autograder.course.course import Assignment, Course


def drift(assignment: Assignment, staged: Path, engines: Iterable[str]) -> Iterator[str]:
    """A line for every file of one assignment's release that differs from the freshly built ones under ``staged``."""
    root = assignment.course.root
    for engine in engines:
        fresh, present = staged / engine / assignment.name, root / "release" / engine / assignment.name
        for name in sorted(_files(fresh) | _files(present)):
            yield from explain_drift(fresh / name, present / name, root)


def explain_drift(fresh: Path, present: Path, root: Path) -> Iterator[str]:
    """One line where the file ``present`` is not byte for byte ``fresh``; it is named relative to ``root``."""
    name = present.relative_to(root).as_posix()
    if not present.exists():
        yield f"{name}: is missing. Run `autograder build`."
    elif not fresh.exists():
        yield f"{name}: comes from nothing in source/. Remove it, or run `autograder build`."
    elif not filecmp.cmp(fresh, present, shallow=False):
        yield f"{name}: is not what a build gives now. Run `autograder build`."


def strangers(course: Course, engines: Iterable[str]) -> list[str]:
    """A line for every released assignment that has no source any more."""
    folders = [path for engine in engines for path in sorted((course.root / "release" / engine).glob("*"))]
    names = [p.relative_to(course.root).as_posix() for p in folders if p.name not in course.assignments]
    return [f"{name}: comes from nothing in source/. Remove it." for name in names]


def _files(folder: Path) -> set[Path]:
    """The files under a folder, but for an editor's hidden ones."""
    return {Path(path).relative_to(folder) for path in find_all_files(str(folder), [".*"])}
