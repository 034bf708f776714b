"""Copies the parts of a course that readers and judges may see, so that their users can read them whatever the file modes are."""

from __future__ import annotations

import compileall
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from traitlets.config import Config

from autograder.course.config import Autograder, Jail, Limits, Settings
from autograder.course.course import Course
from autograder.machine.users import own_users

SECTIONS = {"Autograder": Autograder, "Limits": Limits, "Jail": Jail}
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__")


class CourseCopy:
    """A copy of the released notebooks for all roles, and of solutions and hidden tests for judges alone; nothing else.

    Attributes:
        public: root of the course in the jail.
        private: holds ``solutions/`` and ``tests/``.
    """

    public: Path
    private: Path

    def __init__(self, course: Course) -> None:
        self.course = course
        self._copied: list[tuple[str, int, int]] = []

    def make(self, folder: Path) -> None:
        """Make the copy in two new folders under ``folder``."""
        self.public, self.private = folder / "public", folder / "private"
        self.public.mkdir(mode=0o755)
        self.private.mkdir(mode=0o750)
        self.refresh()

    def refresh(self) -> None:
        """Copy again where a file has changed, so that a running worker never grades with older checks."""
        state = [(str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(self._files())]
        if state == self._copied:
            return
        for folder in (self.public, self.private):
            for path in folder.iterdir():
                shutil.rmtree(path)
        for name in self.course.assignments:
            released = self.course.assignment(name).released
            if released.is_file():
                (self.public / "source" / name).mkdir(parents=True)
                (
                    self.public / "source" / name / f"{name}.ipynb"
                ).touch()  # names the assignment; a reader needs no more
                shutil.copytree(released.parent, self.public / "release" / "nbgrader" / name, ignore=LEFT_OUT)
        for name in ("solutions", "tests"):
            if (self.course.private / name).is_dir():
                shutil.copytree(self.course.private / name, self.private / name, ignore=LEFT_OUT)
        compileall.compile_dir(self.private, quiet=2, workers=1)
        _set_modes(self.public, 0o755, 0o644, None)
        _set_modes(self.private, 0o750, 0o640, own_users().judge if os.getuid() == 0 else None)
        self._copied = state

    def _files(self) -> Iterator[Path]:
        for name in self.course.assignments:
            yield from _list_files(self.course.assignment(name).released.parent)
        for name in ("solutions", "tests"):
            yield from _list_files(self.course.private / name)

    def settings(self) -> dict[str, dict[str, Any]]:
        """Return the configuration as data, with the folders of the copy."""
        settings = self.course.settings
        sections = zip(SECTIONS, (settings.course, settings.limits, settings.jail), strict=True)
        told = {name: {key: getattr(s, key) for key in s.trait_names(config=True)} for name, s in sections}
        told["Autograder"] |= {"private_folder": str(self.private), "key": self.course.key.decode()}
        return told

    def in_the_course(self, text: str) -> str:
        """Replace the paths of the copy in a message by the paths that the instructor knows."""
        return text.replace(str(self.private), str(self.course.private)).replace(
            str(self.public), str(self.course.root)
        )


def restore_course(root: str, settings: Mapping[str, Mapping[str, Any]]) -> Course:
    """Make the course from ``CourseCopy.settings``."""
    config = Config({name: dict(values) for name, values in settings.items()})
    course, limits, jail = (SECTIONS[name](config=config) for name in SECTIONS)
    return Course(Path(root), Settings(config, course, limits, jail))  # type: ignore[arg-type]


def _list_files(folder: Path) -> Iterable[Path]:
    """Return the files under a folder, without bytecode."""
    return (p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _set_modes(folder: Path, folders: int, files: int, group: int | None) -> None:
    """Set the modes of everything under a folder, and the group that may read it; the owner stays."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(folders if path.is_dir() else files)
        if group is not None:
            os.chown(path, -1, group)
