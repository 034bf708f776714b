"""Reading a zip that somebody else made: nothing is written under a name of its making, and nothing larger than agreed."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from autograder.errors import Ungradable
from autograder.people import printable

MAX_ENTRIES = 50_000
MAX_UNPACKED = 8 * 2**30
MAX_RATIO = 1_100  # deflate itself cannot reach it; only overlapping entries can
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    ValueError,
    OSError,
    RuntimeError,
)


@dataclass(frozen=True)
class Entry:
    """One regular file in a zip.

    Attributes:
        parts: its path in the zip, without the parts that would lead out of a folder.
        odd: the name as it stands in the zip, when parts of it had to go.
        modified: the time the zip gives for it, in this machine's zone; None when it is no date.
    """

    info: zipfile.ZipInfo
    parts: tuple[str, ...]
    odd: str | None
    modified: datetime | None


class Archive:
    """A zip, opened for reading; use it in a ``with`` block.

    Attributes:
        refused: entries that are links, special files or encrypted, one line each, filled by ``entries``.
    """

    def __init__(self, path: Path) -> None:
        """Open ``path``.

        Raises:
            Ungradable: it is no zip, is damaged, or says that it would fill the disk.
        """
        self.refused: list[str] = []
        self._left = MAX_UNPACKED
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGE as error:
            raise Ungradable(f"cannot be opened as a zip ({_reason(error)}). Download it again.") from error
        infos = self._zip.infolist()
        size = sum(info.file_size for info in infos)
        if len(infos) > MAX_ENTRIES:
            self._zip.close()
            raise Ungradable(
                f"holds {len(infos)} files; more than {MAX_ENTRIES} are not unpacked. Unpack it yourself and name the folder."
            )
        if size > MAX_UNPACKED or size > MAX_RATIO * max(path.stat().st_size, 1):
            self._zip.close()
            raise Ungradable(
                f"would unpack to {size / 2**30:.1f} GiB; that is not unpacked. Unpack it yourself and name the folder."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def entries(self) -> Iterator[Entry]:
        """The regular files, in the zip's order."""
        for info in self._zip.infolist():
            if info.is_dir() or info.filename.endswith("\\"):
                continue
            name = printable(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                self.refused.append(f"{name}: is a link or special file and was not read.")
            elif info.flag_bits & 1:
                self.refused.append(f"{name}: is encrypted. Ask for it without a password.")
            else:
                parts = safe_parts(info.filename)
                if parts:
                    odd = None if "/".join(parts) == info.filename else name
                    yield Entry(info, parts, odd, _date(info))

    def extract(self, entry: Entry, target: Path, max_bytes: int) -> None:
        """Write one entry to the file ``target``.

        Args:
            max_bytes: the copy of a larger file ends one byte later: enough for its reader to see that it is too large.

        Raises:
            Ungradable: the entry is damaged, or the whole zip unpacks to more than agreed.
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
            raise Ungradable(f"is damaged inside the zip ({_reason(error)}). Download the zip again.") from error
        if self._left <= 0:
            raise Ungradable(
                f"the zip unpacks to more than {MAX_UNPACKED // 2**30} GiB. Unpack it yourself and name the folder."
            )


def safe_parts(name: str) -> tuple[str, ...]:
    """The parts of a path in a zip, without drive, root, ``.`` and ``..``.

    >>> safe_parts("../C:\\\\work/./padding.ipynb")
    ('work', 'padding.ipynb')
    """
    parts = name.replace("\\", "/").split("/")
    return tuple(
        part for part in parts if part.strip() not in ("", ".", "..") and not (len(part) == 2 and part[1] == ":")
    )


def _date(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _reason(error: Exception) -> str:
    return printable(str(error))[:120] or type(error).__name__
