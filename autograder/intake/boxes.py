"""What the instructor named, as lists of files: a folder and a zip look alike from here on."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
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
from autograder.printable import list_some, printable

IGNORED_FOLDERS = {"__MACOSX", "__pycache__", ".git", ".ipynb_checkpoints", ".venv"}
MAX_ZIP_BYTES = 512 * 2**20
MAX_LIST_BYTES = 32 * 2**20  # of a platform's list of who handed in
MAX_DEPTH = 40  # folders in folders
NEAR = 3  # folders in folders in which a student's own may lie
MOST_NAMES = 50  # of empty folders
MOST_LINES = 5  # about one zip, or about one folder at the top
IGNORED_FILES = {"Thumbs.db", "desktop.ini"}
NOTEBOOK_NAME = re.compile(r"(?P<stem>.*)\.ipynb(?P<more>\.txt|\.json)?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class File:
    """One file, wherever it lies.

    Attributes:
        parts: its path inside what holds it; letters with marks are written in one way, outside nbgrader's tree.
        origin: what the instructor would call it.
        fetch: its path on this disk; a file in a zip is unpacked now, and Ungradable raised when that fails.
    """

    parts: tuple[str, ...]
    origin: str
    modified: datetime
    fetch: Callable[[], Path]

    @property
    def suffix(self) -> str:
        """In small letters; that of a notebook also where a browser has put another behind it."""
        return ".ipynb" if NOTEBOOK_NAME.fullmatch(self.parts[-1]) else Path(self.parts[-1]).suffix.lower()


@dataclass(frozen=True)
class Box:
    """A folder, a zip or a single file that the instructor named.

    Attributes:
        name: of the folder, or of the zip without its suffix: the student's name when nothing inside says more.
        tree: whether the first folder of every path is the student's, as in nbgrader's ``submitted/``.
        zipped: whether it is a zip.
        single: whether it is one file that was named itself.
        beside: whether it is a folder that was named beside others, of which one holds one student's notebook and nothing else.
    """

    name: str
    files: list[File] = field(repr=False)
    tree: bool = False
    zipped: bool = False
    single: bool = False
    beside: bool = False


class Reader:
    """Opens what the instructor names.

    Attributes:
        notes: oddities that cost nobody anything.
        problems: files that could not be read.
        unread: for such a line, where in its box the file is, and in which tree or zip.
    """

    def __init__(self, course: Course, unpacked: Path) -> None:
        """
        Args:
            unpacked: where files out of zips go, each into a folder of its own.
        """
        self.course_root = course.root.resolve()
        self.submitted = course.tree("submitted").resolve()
        self.max_bytes = course.settings.limits.notebook_mib * 2**20
        self.notes: list[str] = []
        self.problems: list[str] = []
        self.unread: dict[str, tuple[tuple[str, ...], Box]] = {}
        self._unpacked, self._number = unpacked, count(1)
        self._boxes: dict[Path, Box] = {}  # of every zip that was opened

    def open(self, path: Path) -> Box:
        """The files of one path.

        Raises:
            UsageError: there is nothing at this path.
            Ungradable: it is a zip that cannot be read, a link or a special file.
        """
        if self._leads_elsewhere(path):
            raise Ungradable("is a link and was not followed. Name what it leads to.")
        if not path.exists():
            raise UsageError(f"{printable(str(path))}: does not exist.")
        if not path.is_dir() and not path.is_file():
            raise Ungradable("is a special file and was not read.")
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
            self.problems += walked.lines
            self.notes += walked.empty
        else:
            beside = full.with_name(STAMP_FILE)
            paths = [full, beside] if tree and is_regular(beside) else [full]
        files = [_on_disk(p, base, full, path) for p in paths]
        hidden = [line for file in files if not full.is_file() for line in _hidden(file.parts, file.origin)]
        self.notes += _first(hidden, printable(str(path)))
        name = base.name
        if not tree:  # there, names are ids
            files = [replace(file, parts=tuple(map(_composed, file.parts))) for file in files]
            name = _composed(name)
        box = Box(name, [f for f in files if full.is_file() or not _ignored(f.parts)], tree=tree, single=full.is_file())
        self.unread |= {line: (path.relative_to(base).parts, box) for line, path in unread.items()}
        return box

    def refuse(self, path: Path, why: str) -> None:
        """Note that something the instructor named could not be read."""
        line = f"{printable(str(path))}: {why}"
        self.problems.append(line)
        whole = Path(os.path.abspath(path))
        if whole != self.submitted and whole.is_relative_to(self.submitted):
            self.unread[line] = whole.relative_to(self.submitted).parts, Box(self.submitted.name, [], tree=True)
        elif NOTEBOOK_NAME.fullmatch(whole.name):
            self.unread[line] = (whole.name,), Box(whole.parent.name, [])

    def unzip(self, path: Path, origin: str) -> Box:
        """The files of one zip.

        Args:
            origin: what the instructor would call the zip.

        Raises:
            Ungradable: it is no zip, is damaged, or says that it would fill the disk.
        """
        if path in self._boxes:
            return self._boxes[path]
        archive = Archive(path)
        fallback = _modified(path)
        files, odd, hidden = [], [], []
        for entry in archive.entries():
            name = f"{origin}:{printable('/'.join(entry.parts))}"
            if _ignored(entry.parts):
                hidden += _hidden(entry.parts, name)
            else:
                files.append(
                    File(
                        tuple(map(_composed, entry.parts)),
                        name,
                        entry.modified or fallback,
                        partial(self._extract, archive, entry, name),
                    )
                )
                if entry.odd:
                    odd.append(
                        f"the name '{entry.odd}' leads out of a folder; read as '{printable('/'.join(entry.parts))}'."
                    )
        self.notes += _first([f"{origin}: {line}" for line in odd], origin) + _first(hidden, origin)
        refused = {f"{origin}:{line}": parts for line, parts in archive.refused.items()}
        self.problems += _first(list(refused), origin)
        self.notes += _empty(
            archive.folders, [(*f.parts[:-1],) for f in files] + [p[:-1] for p in refused.values()], f"{origin}:"
        )
        self._boxes[path] = Box(_composed(path.stem), files, zipped=True)
        self.unread |= {line: (parts, self._boxes[path]) for line, parts in refused.items()}
        return self._boxes[path]

    def _extract(self, archive: Archive, entry: Entry, origin: str) -> Path:
        name = Path(entry.parts[-1])
        suffix = name.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,10}", name.suffix) else ""
        target = self._unpacked / f"{next(self._number):05}" / f"{folder_name(name.stem)}{suffix}"
        target.parent.mkdir()
        most = {".zip": MAX_ZIP_BYTES, ".yml": MAX_LIST_BYTES}.get(suffix, self.max_bytes)
        try:
            archive.extract(entry, target, most)
        except Ungradable as error:
            raise Ungradable(f"{origin}: {error}") from error
        return target

    def _leads_elsewhere(self, path: Path) -> bool:
        """Whether a path is a link, or passes one that lies in the tree of hand-ins."""
        whole = Path(os.path.abspath(path))
        links = (part for part in (whole, *whole.parents) if part.is_symlink())
        if os.path.realpath(path) == str(self.submitted):
            return False  # the instructor's own
        return path.is_symlink() or any(
            Path(os.path.realpath(link.parent)).is_relative_to(self.submitted) for link in links
        )


@dataclass(frozen=True)
class Walked:
    """What lies under a folder.

    Attributes:
        files: the regular ones.
        lines: about what was not read, a few for each folder at the top.
        unread: the file that such a line is about.
        empty: a line about folders that hold nothing, if there are any.
    """

    files: list[Path]
    lines: list[str]
    unread: dict[str, Path]
    empty: list[str]


def walk(folder: Path) -> Walked:
    """Find the regular files under ``folder``, and name what is not read there.

    A link could lead to somebody else's work, and a pipe has no end.
    """
    found: list[Path] = []
    lines: dict[str, list[str]] = defaultdict(list)
    unread: dict[str, Path] = {}
    seen: list[tuple[str, ...]] = []
    holding: list[tuple[str, ...]] = []
    for top, folders, names in os.walk(folder):
        below = Path(top).relative_to(folder).parts
        links = [name for name in folders if Path(top, name).is_symlink()]
        folders[:] = sorted(set(folders) - IGNORED_FOLDERS - set(links))
        seen.append(below)
        for name in sorted([*names, *links]):
            path = Path(top, name)
            if is_regular(path):
                found.append(path)
            elif not _ignored((name,)):
                about = f"{printable(str(path))}: is a link or special file and was not read."
                lines[below[0] if below else name].append(about)
                unread[about] = path
        if any(not _ignored((name,)) for name in (*names, *links)):
            holding.append(below)
        if len(below) >= MAX_DEPTH and folders:
            lines[below[0]].append(f"{printable(top)[:300]}: what lies deeper than {MAX_DEPTH} folders was not read.")
            holding.append(below)
            folders.clear()
    told = [line for name, some in lines.items() for line in _first(some, printable(str(folder / name)))]
    return Walked(found, told, unread, _empty(seen, holding, f"{folder}/"))


def _empty(folders: Iterable[tuple[str, ...]], holding: Iterable[tuple[str, ...]], where: str) -> list[str]:
    """A line about folders that hold no file, as a student's may; not about those in a folder that holds some beside them.

    Args:
        holding: the folders that files lie in.
        where: what stands before their paths.
    """
    near = {parts for parts in folders if 0 < len(parts) <= NEAR}
    if not near:
        return []
    direct = {parts[: NEAR + 1] for parts in holding}
    above = {parts[:n] for parts in direct for n in range(len(parts) + 1)}
    empty = {parts for parts in near - above if not IGNORED_FOLDERS.intersection(parts)}
    first = sorted(p for p in empty if p[:-1] not in empty and (len(p) == 1 or p[:-1] not in direct))
    names = [printable("/".join(parts))[:100] for parts in first]
    return [f"{where}{list_some(names, MOST_NAMES)}: empty; nothing was handed in there."] if names else []


def _first(lines: list[str], about: str) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - MOST_LINES
    return lines[:MOST_LINES] + ([f"{about}: {more} more lines like these."] if more > 0 else [])


def _modified(path: Path) -> datetime:
    """When a file was changed last; the start of 1970 where its file system says something absurd."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _on_disk(path: Path, base: Path, full: Path, named: Path) -> File:
    origin = (
        named
        if path == full
        else (named if full.is_dir() else named.parent) / path.relative_to(full if full.is_dir() else full.parent)
    )
    return File(
        path.relative_to(base).parts,
        printable(str(origin)),
        _modified(path),
        lambda: path,
    )


def _composed(text: str) -> str:
    """A name as most systems write it: a Mac takes an "ü" apart."""
    return unicodedata.normalize("NFC", text)


def _hidden(parts: tuple[str, ...], origin: str) -> list[str]:
    """Say so where a notebook is passed over for its name; a Mac's notes about other files ("._") are none."""
    name = parts[-1]
    if IGNORED_FOLDERS.intersection(parts[:-1]) or not name.startswith(".") or name.startswith("._"):
        return []
    return [f"{origin}: was not read, because its name begins with a dot."] if NOTEBOOK_NAME.fullmatch(name) else []


def _ignored(parts: tuple[str, ...]) -> bool:
    """Whether an operating system or editor put this file there."""
    return (
        bool(IGNORED_FOLDERS.intersection(parts[:-1]))
        or parts[-1] in IGNORED_FILES
        or parts[-1].startswith((".", "~$"))
    )
