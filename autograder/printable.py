"""Text of strangers' made safe to show in a terminal or a log."""

from __future__ import annotations

import re
from collections.abc import Sequence


def printable(text: str) -> str:
    """Replace every character that a terminal would not show as itself (control, line break, bidirectional) for text in one line."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def list_some(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and how many more there are.

    >>> list_some(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def printable_text(text: str) -> str:
    """Replace what could move a cursor, colour a terminal or turn the reading direction; tabs and line breaks stay."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", text)
