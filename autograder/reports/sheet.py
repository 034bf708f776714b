"""A CSV file that another program wrote: change single cells and keep every other byte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from autograder import files
from autograder.errors import UsageError
from autograder.printable import printable

_OTHER_FORMATS = {
    b"PK\x03\x04": "is an Excel workbook or a zip",
    b"\xd0\xcf\x11\xe0": "is an old Excel workbook",
    codecs.BOM_UTF16_LE: "is UTF-16 text",
    codecs.BOM_UTF16_BE: "is UTF-16 text",
    b"<": "is a web page",
}


@dataclass
class Sheet:
    """Rows of cells as they stand in the file, with their quotes.

    Attributes:
        raw: the cells of each row, undecoded.
        ends: the line break after each row.
        bom: whether the file starts with a byte order mark.
        titles: assignment -> title of its points' column, where the instructor named one.
    """

    path: Path
    delimiter: str
    bom: bool
    raw: list[list[str]]
    ends: list[str]
    titles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file whose first row is a header.

        Raises:
            UsageError: the file cannot be read, or is no CSV text in UTF-8.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}.") from error
        for start, what in _OTHER_FORMATS.items():
            if data.lstrip().startswith(start):
                raise UsageError(f"{path}: {what}. Download the grades as CSV.")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{path}: is not UTF-8 text. Download it again, and do not save it in Excel in between."
            ) from error
        delimiter = max(",;\t", key=lambda d: len(_split(text, d, 1)[0]) and len(_split(text, d, 1)[0][0]))
        raw, ends = _split(text, delimiter)
        if len(raw) < 2:
            raise UsageError(f"{path}: holds no rows. Download it again.")
        return cls(path, delimiter, data.startswith(codecs.BOM_UTF8), raw, ends)

    @property
    def header(self) -> list[str]:
        """The texts of the first row."""
        return [self.cell(0, column).strip() for column in range(len(self.raw[0]))]

    def cell(self, row: int, column: int | None) -> str:
        """Return the text of one cell; empty where the row ends before it."""
        if column is None or column >= len(self.raw[row]):
            return ""
        raw = self.raw[row][column]
        return raw[1 : raw.rindex('"')].replace('""', '"') if raw.startswith('"') and len(raw) > 1 else raw

    def set(self, row: int, column: int, text: str) -> None:
        """Change one cell; quote it if it was quoted or must be."""
        cells = self.raw[row]
        cells.extend([""] * (column + 1 - len(cells)))
        quoted = cells[column].startswith('"') or re.search(rf'["\r\n{re.escape(self.delimiter)}]', text)
        cells[column] = '"{}"'.format(text.replace('"', '""')) if quoted else text

    def write(self, target: Path) -> None:
        """Write the whole sheet; on an error nothing is written."""
        text = "".join(self.delimiter.join(cells) + end for cells, end in zip(self.raw, self.ends, strict=True))
        files.write_whole(target, codecs.BOM_UTF8 * self.bom + text.encode())

    def columns(self) -> str:
        """List the header's names for a message."""
        return ", ".join(f"'{printable(name)}'" for name in self.header if name)


def escape_formula(text: str) -> str:
    """Return a student's text so that no spreadsheet program takes it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _split(text: str, delimiter: str, rows: int | None = None) -> tuple[list[list[str]], list[str]]:
    """Split a text into rows (all, or the first ``rows``) of raw cells, and the line break after each."""
    d = re.escape(delimiter)
    scanner = re.compile(rf'("[^"]*(?:""[^"]*)*"[^{d}\r\n]*|[^{d}\r\n]*)({d}|\r\n|\n|\r|\Z)')
    raw: list[list[str]] = []
    ends: list[str] = []
    position, new = 0, True
    while position < len(text) or not new:
        match = scanner.match(text, position)
        assert match is not None  # the second alternative matches anything, an unclosed quote too
        if new:
            raw.append([])
        raw[-1].append(match[1])
        position, new = match.end(), match[2] != delimiter
        if new:
            ends.append(match[2])
            if len(raw) == rows:
                break
    return raw, ends
