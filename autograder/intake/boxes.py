"""Open what the instructor named as boxes of files: a folder and a zip look alike from here on."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path

from autograder.course.course import Course
from autograder.errors import Ungradable, UsageError
from autograder.files import is_regular
from autograder.intake.archive import Archive, Entry
from autograder.intake.people import folder_name
from autograder.intake.stamps import STAMP_FILE
from autograder.intake.walk import NOTEBOOK_NAME, describe_empty, describe_hidden, is_ignored, limit_lines, walk
from autograder.printable import printable

MAX_ZIP_BYTES = 512 * 2**20
MAX_LIST_BYTES = 32 * 2**20  # of a platform's list of who handed in


@dataclass(frozen=True)
class File:
    """One file, on this disk or in a zip.

    Attributes:
        parts: its path inside the box; outside nbgrader's tree, letters with accents are written in one way (NFC).
        origin: what the instructor would call it.
        fetch: returns its path on this disk; a file in a zip is unpacked now, and Ungradable raised where that fails.
        unzip: opens a zip at a path, with its origin: see ``Unpacker.unzip``.
    """

    parts: tuple[str, ...]
    origin: str
    modified: datetime
    fetch: Callable[[], Path]
    unzip: Callable[[Path, str], Box]

    @property
    def suffix(self) -> str:
        """Its suffix in small letters; .ipynb also where a browser has added another one."""
        return ".ipynb" if NOTEBOOK_NAME.fullmatch(self.parts[-1]) else Path(self.parts[-1]).suffix.lower()

    def open_zip(self) -> Box:
        """Open the file as a zip.

        Raises:
            Ungradable: as ``Unpacker.unzip``, or it cannot be unpacked itself.
        """
        return self.unzip(self.fetch(), self.origin)


@dataclass(frozen=True)
class Box:
    """A folder, a zip or a single file that the instructor named.

    Attributes:
        name: of the folder, or of the zip without its suffix: the student's name when nothing inside says more.
        tree: whether the first folder of every path is the student's, as in nbgrader's ``submitted/``.
        zipped: whether it is a zip.
        single: whether it is one file that the instructor named itself.
        beside: whether it is a folder that was named beside others, one of which holds one student's notebook and nothing else.
    """

    name: str
    files: list[File] = field(repr=False)
    tree: bool = False
    zipped: bool = False
    single: bool = False
    beside: bool = False


@dataclass
class Remarks:
    """Lines for the instructor about what was collected.

    Attributes:
        notes: about oddities that cost nobody anything.
        problems: about files that could not be read, or of which nobody knows whose they are.
    """

    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Unpacker:
    """Opens what the instructor names, and the zips in it.

    Attributes:
        unread: line about a problem -> the path of the file in its box, and the box.
    """

    def __init__(self, course: Course, folder: Path, remarks: Remarks) -> None:
        """
        Args:
            folder: receives the files out of zips, each in a folder of its own.
        """
        self.course_root = course.root.resolve()
        self.submitted = course.tree("submitted").resolve()
        self.max_bytes = course.settings.limits.notebook_mib * 2**20
        self.remarks = remarks
        self.unread: dict[str, tuple[tuple[str, ...], Box]] = {}
        self._folder, self._number = folder, count(1)
        self._boxes: dict[Path, Box] = {}  # of every zip that was opened

    def open(self, path: Path) -> Box:
        """Open one path.

        Raises:
            UsageError: there is nothing at this path.
            Ungradable: it is a zip that cannot be read, a link or a special file.
        """
        if self._leads_elsewhere(path):
            raise Ungradable("is a link and was not followed. Name what it leads to.", code="link")
        if not path.exists():
            raise UsageError(f"{printable(str(path))}: does not exist.", code="no-submission")
        if not path.is_dir() and not path.is_file():
            raise Ungradable("is a special file and was not read.", code="link")
        if path.suffix.lower() == ".zip" and path.is_file():
            return self.unzip(path, printable(path.name))
        full = path.resolve()
        if full == self.course_root and self.submitted.is_dir():
            return self.open(self.submitted)  # the course's other folders hold no submissions
        tree = full.is_relative_to(self.submitted)
        base = self.submitted if tree else full if full.is_dir() else full.parent
        unread: dict[str, Path] = {}
        if full.is_dir():
            walked = walk(full)
            paths, unread = walked.files, walked.unread
            self.remarks.problems += walked.lines
            self.remarks.notes += walked.empty
        else:
            beside = full.with_name(STAMP_FILE)
            paths = [full, beside] if tree and is_regular(beside) else [full]
        files = [self._on_disk(p, base, full, path) for p in paths]
        hidden = [line for file in files if not full.is_file() for line in describe_hidden(file.parts, file.origin)]
        self.remarks.notes += limit_lines(hidden, printable(str(path)))
        name = base.name
        if not tree:  # there, names are ids
            files = [replace(file, parts=tuple(map(_composed, file.parts))) for file in files]
            name = _composed(name)
        box = Box(
            name, [f for f in files if full.is_file() or not is_ignored(f.parts)], tree=tree, single=full.is_file()
        )
        self.unread |= {line: (path.relative_to(base).parts, box) for line, path in unread.items()}
        return box

    def refuse(self, path: Path, why: str) -> None:
        """Report that a path the instructor named could not be read."""
        line = f"{printable(str(path))}: {why}"
        self.remarks.problems.append(line)
        whole = Path(os.path.abspath(path))
        if whole != self.submitted and whole.is_relative_to(self.submitted):
            self.unread[line] = whole.relative_to(self.submitted).parts, Box(self.submitted.name, [], tree=True)
        elif NOTEBOOK_NAME.fullmatch(whole.name):
            self.unread[line] = (whole.name,), Box(whole.parent.name, [])

    def unzip(self, path: Path, origin: str) -> Box:
        """Open one zip; a second call returns the same box.

        Args:
            origin: what the instructor would call the zip.

        Raises:
            Ungradable: it is no zip, is damaged, or would fill the disk.
        """
        if path in self._boxes:
            return self._boxes[path]
        archive = Archive(path)
        fallback = _modified(path)
        files, odd, hidden = [], [], []
        for entry in archive.entries():
            name = f"{origin}:{printable('/'.join(entry.parts))}"
            if is_ignored(entry.parts):
                hidden += describe_hidden(entry.parts, name)
            else:
                files.append(
                    File(
                        tuple(map(_composed, entry.parts)),
                        name,
                        entry.modified or fallback,
                        partial(self._extract, archive, entry, name),
                        self.unzip,
                    )
                )
                if entry.odd:
                    odd.append(
                        f"the name '{entry.odd}' leads out of a folder; read as '{printable('/'.join(entry.parts))}'."
                    )
        self.remarks.notes += limit_lines([f"{origin}: {line}" for line in odd], origin) + limit_lines(hidden, origin)
        refused = {f"{origin}:{line}": parts for line, parts in archive.refused.items()}
        self.remarks.problems += limit_lines(list(refused), origin)
        self.remarks.notes += describe_empty(
            archive.folders, [(*f.parts[:-1],) for f in files] + [p[:-1] for p in refused.values()], f"{origin}:"
        )
        self._boxes[path] = Box(_composed(path.stem), files, zipped=True)
        self.unread |= {line: (parts, self._boxes[path]) for line, parts in refused.items()}
        return self._boxes[path]

    def _extract(self, archive: Archive, entry: Entry, origin: str) -> Path:
        name = Path(entry.parts[-1])
        suffix = name.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", name.suffix) else ""
        target = self._folder / f"{next(self._number):05}" / f"{folder_name(name.stem)}{suffix}"
        target.parent.mkdir()
        most = {".zip": MAX_ZIP_BYTES, ".yml": MAX_LIST_BYTES}.get(suffix, self.max_bytes)
        try:
            archive.extract(entry, target, most)
        except Ungradable as error:
            raise Ungradable(f"{origin}: {error}") from error
        return target

    def _on_disk(self, path: Path, base: Path, full: Path, named: Path) -> File:
        """Describe a file below ``base`` that was found at or under ``full``, which the instructor called ``named``."""
        folder, called = (full, named) if full.is_dir() else (full.parent, named.parent)
        origin = named if path == full else called / path.relative_to(folder)
        return File(path.relative_to(base).parts, printable(str(origin)), _modified(path), lambda: path, self.unzip)

    def _leads_elsewhere(self, path: Path) -> bool:
        """Whether a path is a link, or passes one that lies in the tree of hand-ins."""
        whole = Path(os.path.abspath(path))
        links = (part for part in (whole, *whole.parents) if part.is_symlink())
        if os.path.realpath(path) == str(self.submitted):
            return False  # the instructor's own
        return path.is_symlink() or any(
            Path(os.path.realpath(link.parent)).is_relative_to(self.submitted) for link in links
        )


def _modified(path: Path) -> datetime:
    """Return when a file was last changed; the start of 1970 where its file system gives an impossible time."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _composed(text: str) -> str:
    """Return a name as most systems write it: a Mac writes an "ü" as two characters."""
    return unicodedata.normalize("NFC", text)
