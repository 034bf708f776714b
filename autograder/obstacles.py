"""What stands in the way of a command although nobody's code is wrong: a full disk, a locked gradebook, missing rights."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.errors import Ungradable, UsageError
from autograder.files import PACKAGE
from autograder.printable import printable

MOST = 300  # characters of an error's own text
#: What stops every submission, as libraries name it, and what to do.
OBSTACLES = {
    "database is locked": "another program holds the gradebook. Close it (formgrader, a second command)",
    "file is not a database|disk image is malformed": (
        "the gradebook is damaged. Put a copy of it back, or move it away and run `autograder build`"
    ),
    "no such table|no such column": (
        "the gradebook was made by another version of nbgrader. Copy it, run `nbgrader db upgrade`"
    ),
    "No space left on device|disk is full|Disk quota exceeded|File too large": "the disk is full. Make room",
    "Permission denied|Operation not permitted|readonly database|Read-only file system|unable to open database": (
        "you have no rights here. See whose it is"
    ),
}


def obstacle(error: BaseException, kinds: Sequence[str] = ("OSError", "DatabaseError")) -> str:
    """What the machine, and no program, has against it, and what to do; empty where that is not it.

    Args:
        kinds: of exceptions to look at; others may quote such a text.
    """
    for cause in _causes(error):
        if any(kind.__name__ in kinds for kind in type(cause).__mro__):
            said = str(getattr(cause, "orig", None) or cause)
            if told := next((told for pattern, told in OBSTACLES.items() if re.search(pattern, said)), ""):
                return told
    return ""


def in_one_line(error: BaseException, again: str, root: Path | None = None) -> str:
    """Why something failed, for the instructor.

    Args:
        again: what to do once an obstacle is out of the way, such as "grade again".
        root: the course; a line of its own code that failed is named.
    """
    if isinstance(error, UsageError | Ungradable):
        return str(error)
    if told := obstacle(error):
        return f"{_file(error)}{told}, then {again}."
    text = " ".join(str(getattr(error, "orig", None) or error).split())[:MOST]
    kind = type(error).__name__
    said = text if kind == "NbGraderException" and text else f"{kind}: {text}" if text else kind
    return printable(said + _place(error, root))


def _file(error: BaseException) -> str:
    """The file that the system would not let us use."""
    named = next((cause.filename for cause in _causes(error) if isinstance(cause, OSError) and cause.filename), None)
    return f"{printable(str(named))}: " if named is not None else ""


def _place(error: BaseException, root: Path | None) -> str:
    """Where the course's own code failed, such as its plugin for late submissions."""
    if root is None:
        return ""
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    ours = PACKAGE, Path(re.__file__).parent  # either may lie in the course
    own = [
        f"{path.relative_to(root)}, line {line}"
        for path, line in frames
        if path.is_relative_to(root) and not any(map(path.is_relative_to, ours))
    ]
    return f" ({own[-1]})" if own else ""


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what raised it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = getattr(cause, "orig", None) or cause.__cause__ or cause.__context__
