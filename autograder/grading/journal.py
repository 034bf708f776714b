"""The results of a long command, kept line by line, so that it goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder import files
from autograder.course.course import Course
from autograder.course.data import list_data
from autograder.course.packages import course_versions


class Journal:
    """Results that hold for one state of everything they depend on; those of other states are removed from the folder.

    Args:
        state: digest of everything that a result depends on.
        keep: whether to read and write the file at all.
    """

    def __init__(self, folder: Path, state: str, keep: bool = True) -> None:
        self._file = folder / f"{state}.jsonl" if keep else None
        self._known: dict[str, Any] = {}
        if self._file is None:
            return
        for other in folder.glob("*.jsonl"):
            if other != self._file:
                other.unlink()
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.is_file() else []
        files.write_whole(self._file, "".join(f"{line}\n" for line in lines if self._read(line)))

    def _read(self, line: str) -> bool:
        """Whether a line is whole; the last one may have been cut short."""
        try:
            key, value = json.loads(line)
        except (ValueError, TypeError):
            return False
        self._known[key] = value
        return True

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def __getitem__(self, key: str) -> Any:
        return self._known[key]

    def add(self, key: str, value: Any) -> None:
        """Keep a result that JSON can hold."""
        self._known[key] = value
        if self._file is not None:
            with open(self._file, "a", encoding="utf-8") as file:
                file.write(json.dumps([key, value]) + "\n")

    def remove(self) -> None:
        """Forget everything."""
        self._known.clear()
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def digest(*parts: str | bytes, files: Iterable[Path] = ()) -> str:
    """Return a digest of texts, and of the names and contents of the files that exist."""
    found = hashlib.sha256()
    for part in parts:
        found.update((part.encode() if isinstance(part, str) else part) + b"\0")
    for path in sorted(path for path in files if path.is_file()):
        found.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()[:32]


def digest_course(course: Course, asked: str, files: Iterable[Path]) -> str:
    """Tell one state of a course from another: by ``asked``, ``files``, and whatever else every result of it depends on."""
    return digest(
        course.key, f"{asked} {course_versions(course)} {list_data(course)}", files=[*package_files(), *files]
    )


def package_files() -> list[Path]:
    """List this package's own modules, on which every result depends."""
    return [path for path in files.PACKAGE.rglob("*.py") if not path.is_relative_to(files.PACKAGE / "tests")]
