"""Obstacles that stop a command although nobody's code is wrong: a full disk, a locked gradebook, missing rights."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from autograder.errors import Ungradable, UsageError
from autograder.files import PACKAGE
from autograder.printable import printable

MOST = 300  # characters of an error's own text


class Obstacle(NamedTuple):
    """What is in the way, as one of ``errors.CODES``, and a text that says it and what to do."""

    code: str
    text: str


#: How libraries say what stops every submission -> what it is.
OBSTACLES = {
    "database is locked": Obstacle(
        "locked-gradebook", "another program holds the gradebook. Close it (formgrader, a second command)"
    ),
    "file is not a database|disk image is malformed": Obstacle(
        "damaged-gradebook",
        "the gradebook is damaged. Put a copy of it back, or move it away and run `autograder build`",
    ),
    "no such table|no such column": Obstacle(
        "old-gradebook",
        "the gradebook was made by another version of nbgrader. Copy it, run `nbgrader db upgrade`",
    ),
    "No space left on device|disk is full|Disk quota exceeded|File too large": Obstacle(
        "full-disk", "the disk is full. Make room"
    ),
    "Permission denied|Operation not permitted|readonly database|Read-only file system|unable to open database": Obstacle(
        "no-rights", "you have no rights here. See whose it is"
    ),
}


def find_obstacle(error: BaseException, kinds: Sequence[str] = ("OSError", "DatabaseError")) -> Obstacle | None:
    """Return what the machine has against a command; None where the error has another cause.

    Args:
        kinds: of exceptions to look at; others may quote such a text.
    """
    for cause in _causes(error):
        if any(kind.__name__ in kinds for kind in type(cause).__mro__):
            said = str(getattr(cause, "orig", None) or cause)
            if found := next((found for pattern, found in OBSTACLES.items() if re.search(pattern, said)), None):
                return found
    return None


def code_of(error: BaseException) -> str:
    """Return the code of an error, one of ``errors.CODES``."""
    if isinstance(error, UsageError | Ungradable):
        return error.code
    found = find_obstacle(error)
    return found.code if found else "our-fault"


def in_one_line(error: BaseException, again: str, root: Path | None = None) -> str:
    """Return why something failed, in one line for the instructor.

    Args:
        again: what to do once an obstacle is out of the way, such as "grade again".
        root: the course; a line of its own code that failed is named.
    """
    if isinstance(error, UsageError | Ungradable):
        return str(error)
    if found := find_obstacle(error):
        return f"{_refused_file(error)}{found.text}, then {again}."
    text = " ".join(str(getattr(error, "orig", None) or error).split())[:MOST]
    kind = type(error).__name__
    said = text if kind == "NbGraderException" and text else f"{kind}: {text}" if text else kind
    return printable(said + _place(error, root))


def _refused_file(error: BaseException) -> str:
    """Return the name of the file that the system would not let us use, with a colon."""
    named = next((cause.filename for cause in _causes(error) if isinstance(cause, OSError) and cause.filename), None)
    return f"{printable(str(named))}: " if named is not None else ""


def _place(error: BaseException, root: Path | None) -> str:
    """Return where the course's own code failed, such as its plugin for late submissions."""
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
    """Yield the error, and the errors that led to it."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = getattr(cause, "orig", None) or cause.__cause__ or cause.__context__
