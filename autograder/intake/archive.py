"""Read a zip that somebody else made: never use its names for paths, never unpack beyond the limits."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.errors import Ungradable
from autograder.printable import printable

MAX_ENTRIES = 50_000
# Bytes of a zip's own list of its files: Python reads it whole, and needs twenty times as much.
MAX_DIRECTORY = 16 * 2**20
MAX_PART, MAX_NAME = 255, 4096  # characters of a file's name and of its path; no system takes longer ones
MAX_UNPACKED = 8 * 2**30
MAX_RATIO = 1_100  # deflate itself cannot reach it; only overlapping entries can
# With any other method Python unpacks a piece whole, however large it becomes.
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    ValueError,
    OverflowError,
    OSError,
    RuntimeError,
)


@dataclass(frozen=True)
class Entry:
    """One regular file in a zip.

    Attributes:
        parts: its path in the zip, without the parts that would lead out of a folder.
        odd: the name as it stands in the zip, when it would lead out of a folder.
        modified: the time the zip gives for it, in this machine's zone; None when it is no date.
    """

    info: zipfile.ZipInfo
    parts: tuple[str, ...]
    odd: str | None
    modified: datetime | None


class _Bounded:
    """A file for zipfile: reads at most ``MAX_DIRECTORY`` bytes at once, and is open only while it reads, for a class has many zips."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._path.stat().st_size}[whence]
        if start + offset < 0:
            raise ValueError("a place before its beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        if size > MAX_DIRECTORY:
            raise zipfile.BadZipFile(f"its list of files has {size / 2**20:.0f} MiB")
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read(size)
        self._at += len(data)
        return data


class Archive:
    """A zip whose list of files has been read.

    Attributes:
        refused: a line for each entry that is not read -> its path; filled by ``entries``.
        folders: the paths of folders that have an entry of their own; filled by ``entries``.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path``.

        Raises:
            Ungradable: it is no zip, is damaged, or would fill the disk by its own account.
        """
        self.refused: dict[str, tuple[str, ...]] = {}
        self.folders: list[tuple[str, ...]] = []
        self._left = MAX_UNPACKED
        try:
            self._zip = zipfile.ZipFile(_Bounded(path))
        except _DAMAGE as error:
            raise Ungradable(f"cannot be opened as a zip ({_explain(error)}). Download it again.") from error
        infos = self._zip.infolist()
        size = sum(info.file_size for info in infos)
        if len(infos) > MAX_ENTRIES:
            raise Ungradable(
                f"holds {len(infos)} files; more than {MAX_ENTRIES} are not unpacked. Unpack it yourself and name the folder."
            )
        if size > MAX_UNPACKED or size > MAX_RATIO * max(path.stat().st_size, 1):
            raise Ungradable(
                f"would unpack to {size / 2**30:.1f} GiB; that is not unpacked. Unpack it yourself and name the folder."
            )

    def entries(self) -> Iterator[Entry]:
        """Yield the regular files, in the zip's order."""
        for info in self._zip.infolist():
            path = _read_name(info)
            parts = safe_parts(path)
            if not parts or path.endswith(("/", "\\")):
                self.folders.append(parts)
                continue
            name = printable(path[:MAX_PART])
            if why := _explain_refusal(info, parts):
                self.refused[f"{name}: {why}"] = parts
            else:
                yield Entry(info, parts, name if _leads_out(path) else None, _read_date(info))

    def extract(self, entry: Entry, target: Path, max_bytes: int) -> None:
        """Write one entry to the file ``target``.

        Args:
            max_bytes: the copy of a larger file ends one byte later, so that its reader sees that it is too large.

        Raises:
            Ungradable: the entry is damaged, or the whole zip unpacks to more than ``MAX_UNPACKED``.
        """
        left = min(max_bytes + 1, self._left)
        try:
            with self._zip.open(entry.info) as source, target.open("wb") as copy:
                while left > 0 and (block := source.read(min(left, 2**20))):
                    copy.write(block)
                    left -= len(block)
                    self._left -= len(block)
        except _DAMAGE as error:
            if getattr(error, "errno", None):
                raise  # this machine's disk, not the zip
            raise Ungradable(f"is damaged inside the zip ({_explain(error)}). Download the zip again.") from error
        if self._left <= 0:
            raise Ungradable(
                f"the zip unpacks to more than {MAX_UNPACKED // 2**30} GiB. Unpack it yourself and name the folder."
            )


def _read_name(info: zipfile.ZipInfo) -> str:
    """Return the name in the zip. A Mac writes UTF-8 without saying so, and Python then decodes it as cp437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _explain_refusal(info: zipfile.ZipInfo, parts: tuple[str, ...]) -> str | None:
    """Say why an entry is not read; None where it is."""
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "is a link or special file and was not read."
    if info.flag_bits & 1:
        return "is encrypted. Ask for it without a password."
    if info.compress_type not in METHODS:
        return "is compressed in an unusual way and was not read. Ask for an ordinary zip."
    if len(info.filename) > MAX_NAME or max(map(len, parts)) > MAX_PART:
        return "has a name that is longer than any system takes, and was not read."
    return None


def safe_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a path in a zip, without drive, root, ``.`` and ``..``.

    >>> safe_parts("../C:\\\\work/./padding.ipynb")
    ('work', 'padding.ipynb')
    """
    parts = name.replace("\\", "/").split("/")
    return tuple(
        part for part in parts if part.strip() not in ("", ".", "..") and not (len(part) == 2 and part[1] == ":")
    )


def _leads_out(name: str) -> bool:
    """Whether a path in a zip would leave the folder that it is unpacked in. Windows' own zips have backslashes between folders.

    >>> [_leads_out(name) for name in ("work\\\\x.ipynb", "./x.ipynb", "/x.ipynb", "a\\\\..\\\\x.ipynb", "C:\\\\x.ipynb")]
    [False, False, True, True, True]
    """
    parts = name.replace("\\", "/").split("/")
    return parts[0] == "" or any(part.strip() == ".." or (len(part) == 2 and part[1] == ":") for part in parts)


def _read_date(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _explain(error: Exception) -> str:
    return printable(str(error))[:120] or type(error).__name__
