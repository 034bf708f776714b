"""Drift: files of the release that differ from what the source gives."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbgrader.utils import find_all_files

from autograder.course.course import Assignment, Course


def find_drift(assignment: Assignment, staged: Path, engines: Iterable[str]) -> Iterator[str]:
    """Yield a line for every file of one assignment's release that differs from the fresh build under ``staged``."""
    root = assignment.course.root
    for engine in engines:
        fresh, present = staged / engine / assignment.name, root / "release" / engine / assignment.name
        for name in sorted(_files(fresh) | _files(present)):
            yield from explain_drift(fresh / name, present / name, root)


def explain_drift(fresh: Path, present: Path, root: Path) -> Iterator[str]:
    """Yield one line if the file ``present`` differs from ``fresh``; the line names it relative to ``root``."""
    name = present.relative_to(root).as_posix()
    if not present.exists():
        yield f"{name}: is missing. Run `autograder build`."
    elif not fresh.exists():
        yield f"{name}: comes from nothing in source/. Remove it, or run `autograder build`."
    elif not filecmp.cmp(fresh, present, shallow=False):
        yield f"{name}: is not what a build gives now. Run `autograder build`."


def list_strangers(course: Course, engines: Iterable[str]) -> list[str]:
    """Return a line for every released assignment without a source."""
    folders = [path for engine in engines for path in sorted((course.root / "release" / engine).glob("*"))]
    names = [p.relative_to(course.root).as_posix() for p in folders if p.name not in course.assignments]
    return [f"{name}: comes from nothing in source/. Remove it." for name in names]


def _files(folder: Path) -> set[Path]:
    """Return the files under a folder, without hidden ones."""
    return {Path(path).relative_to(folder) for path in find_all_files(str(folder), [".*"])}
