"""Find the regular files under a folder, and describe everything else there in lines."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.files import is_regular
from autograder.printable import list_some, printable

IGNORED_FOLDERS = {"__MACOSX", "__pycache__", ".git", ".ipynb_checkpoints", ".venv"}
IGNORED_FILES = {"Thumbs.db", "desktop.ini"}
NOTEBOOK_NAME = re.compile(r"(?P<stem>.*)\.ipynb(?P<more>\.txt|\.json)?", re.IGNORECASE | re.DOTALL)
MAX_DEPTH = 40  # folders in folders
NEAR = 3  # folders in folders in which a student's own may lie
MOST_NAMES = 50  # of empty folders
MOST_LINES = 5  # about one zip, or about one folder at the top


@dataclass(frozen=True)
class Walked:
    """What lies under a folder.

    Attributes:
        files: the regular ones.
        lines: about what was not read, a few for each folder at the top.
        unread: such a line -> the file that it is about.
        empty: one line about the folders that hold nothing, if there are any.
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
            elif not is_ignored((name,)):
                about = f"{printable(str(path))}: is a link or special file and was not read."
                lines[below[0] if below else name].append(about)
                unread[about] = path
        if any(not is_ignored((name,)) for name in (*names, *links)):
            holding.append(below)
        if len(below) >= MAX_DEPTH and folders:
            lines[below[0]].append(f"{printable(top)[:300]}: what lies deeper than {MAX_DEPTH} folders was not read.")
            holding.append(below)
            folders.clear()
    told = [line for name, some in lines.items() for line in limit_lines(some, printable(str(folder / name)))]
    return Walked(found, told, unread, describe_empty(seen, holding, f"{folder}/"))


def describe_empty(folders: Iterable[tuple[str, ...]], holding: Iterable[tuple[str, ...]], where: str) -> list[str]:
    """Describe in one line the folders that hold no file, as a student's may, unless files lie beside them.

    Args:
        holding: the folders that files lie in.
        where: is put before their paths.
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


def limit_lines(lines: list[str], about: str) -> list[str]:
    """Return the first lines, and one that says how many more there are."""
    more = len(lines) - MOST_LINES
    return lines[:MOST_LINES] + ([f"{about}: {more} more lines like these."] if more > 0 else [])


def describe_hidden(parts: tuple[str, ...], origin: str) -> list[str]:
    """Describe a notebook that is passed over because of its name; a Mac's notes about other files ("._") are no notebooks."""
    name = parts[-1]
    if IGNORED_FOLDERS.intersection(parts[:-1]) or not name.startswith(".") or name.startswith("._"):
        return []
    return [f"{origin}: was not read, because its name begins with a dot."] if NOTEBOOK_NAME.fullmatch(name) else []


def is_ignored(parts: tuple[str, ...]) -> bool:
    """Whether an operating system or editor put this file there."""
    return (
        bool(IGNORED_FOLDERS.intersection(parts[:-1]))
        or parts[-1] in IGNORED_FILES
        or parts[-1].startswith((".", "~$"))
    )
