"""What the instructor named, as lists of files: a folder and a zip look alike from here on."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from autograder.archive import Archive, Entry
from autograder.course import Course
from autograder.errors import Ungradable, UsageError
from autograder.people import folder_name, printable

IGNORED_FOLDERS = {"__MACOSX", "__pycache__", ".git", ".ipynb_checkpoints", ".venv"}
MAX_ZIP_BYTES = 512 * 2**20
IGNORED_FILES = {"Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class File:
    """One file, wherever it lies.

    Attributes:
        parts: its path inside what holds it.
        origin: what the instructor would call it.
        fetch: its path on this disk; a file in a zip is unpacked now, and Ungradable raised when that fails.
    """

    parts: tuple[str, ...]
    origin: str
    modified: datetime
    fetch: Callable[[], Path]

    @property
    def suffix(self) -> str:
        return Path(self.parts[-1]).suffix.lower()


@dataclass(frozen=True)
class Box:
    """A folder, a zip or a single file that the instructor named.

    Attributes:
        name: of the folder, or of the zip without its suffix: the student's name when nothing inside says more.
        tree: whether the first folder of every path is the student's, as in nbgrader's ``submitted/``.
        zipped: whether it is a zip.
        single: whether it is one file that was named itself.
    """

    name: str
    files: list[File] = field(repr=False)
    tree: bool = False
    zipped: bool = False
    single: bool = False


class Reader:
    """Opens what the instructor names.

    Attributes:
        notes: oddities that cost nobody anything.
        problems: files that could not be read.
    """

    def __init__(self, course: Course, unpacked: Path, stack: ExitStack) -> None:
        """
        Args:
            unpacked: where files out of zips go, each into a folder of its own.
            stack: closes the zips in the end.
        """
        self.course_root = course.root.resolve()
        self.submitted = course.tree("submitted").resolve()
        self.max_bytes = course.settings.limits.notebook_mib * 2**20
        self.notes: list[str] = []
        self.problems: list[str] = []
        self._unpacked, self._stack, self._number = unpacked, stack, count(1)

    def open(self, path: Path) -> Box:
        """The files of one path.

        Raises:
            UsageError: there is nothing at this path.
            Ungradable: it is a zip that cannot be read.
        """
        if not path.exists():
            raise UsageError(f"{path}: does not exist.")
        if path.suffix.lower() == ".zip" and path.is_file():
            return self.unzip(path, printable(path.name))
        full = path.resolve()
        if full == self.course_root and self.submitted.is_dir():
            return self.open(self.submitted)  # the course's other folders hold no submissions
        tree = full.is_relative_to(self.submitted)
        base = self.submitted if tree else full if full.is_dir() else full.parent
        beside = full.with_name("timestamp.txt")
        paths = self._walk(full) if full.is_dir() else iter([full, beside] if tree and beside.is_file() else [full])
        files = [_on_disk(p, base, full, path) for p in paths]
        return Box(
            base.name, [f for f in files if full.is_file() or not _ignored(f.parts)], tree=tree, single=full.is_file()
        )

    def unzip(self, path: Path, origin: str, modified: datetime | None = None) -> Box:
        """The files of one zip.

        Args:
            origin: what the instructor would call the zip.
            modified: the time of every file in it, where the zip's own are a student's and not to be trusted.

        Raises:
            Ungradable: it is no zip, is damaged, or says that it would fill the disk.
        """
        archive = self._stack.enter_context(Archive(path))
        fallback = modified or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        files = []
        for entry in archive.entries():
            if not _ignored(entry.parts):
                name = f"{origin}:{printable('/'.join(entry.parts))}"
                files.append(
                    File(
                        entry.parts,
                        name,
                        modified or entry.modified or fallback,
                        partial(self._extract, archive, entry, name),
                    )
                )
                if entry.odd:
                    self.notes.append(
                        f"{origin}: the name '{entry.odd}' leads out of a folder; read as '{printable('/'.join(entry.parts))}'."
                    )
        self.problems += [f"{origin}:{line}" for line in archive.refused]
        return Box(path.stem, files, zipped=True)

    def _extract(self, archive: Archive, entry: Entry, origin: str) -> Path:
        name = Path(entry.parts[-1])
        suffix = name.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", name.suffix) else ""
        target = self._unpacked / f"{next(self._number):05}" / f"{folder_name(name.stem)}{suffix}"
        target.parent.mkdir()
        try:
            archive.extract(entry, target, MAX_ZIP_BYTES if suffix == ".zip" else self.max_bytes)
        except Ungradable as error:
            raise Ungradable(f"{origin}: {error}") from error
        return target

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Regular files under ``folder``; a link could lead to somebody else's work and is named instead."""
        for top, folders, names in os.walk(folder):
            links = [name for name in folders if Path(top, name).is_symlink()]
            folders[:] = sorted(set(folders) - IGNORED_FOLDERS - set(links))
            for name in sorted([*names, *links]):
                path = Path(top, name)
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path
                elif not _ignored((name,)):
                    self.problems.append(f"{printable(str(path))}: is a link or special file and was not read.")


def _on_disk(path: Path, base: Path, full: Path, named: Path) -> File:
    origin = (
        named
        if path == full
        else (named if full.is_dir() else named.parent) / path.relative_to(full if full.is_dir() else full.parent)
    )
    return File(
        path.relative_to(base).parts,
        printable(str(origin)),
        datetime.fromtimestamp(path.stat().st_mtime, UTC),
        lambda: path,
    )


def _ignored(parts: tuple[str, ...]) -> bool:
    """Whether an operating system or editor put this file there."""
    return (
        bool(IGNORED_FOLDERS.intersection(parts[:-1]))
        or parts[-1] in IGNORED_FILES
        or parts[-1].startswith((".", "~$"))
    )
