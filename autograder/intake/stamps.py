"""The file timestamp.txt, in which nbgrader and Sakai note when something was handed in."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from autograder.files import read_regular, write_whole

STAMP_FILE = "timestamp.txt"
MAX_STAMP = 100  # bytes: the seconds that the parser needs grow with their square
# The characters of a time, as nbgrader and related programs write it; a zone must not be a path out of the system's list of zones.
STAMP = re.compile(r"(?!.*(?:\.\.|(?:^| )[/:]))[\w .:,+/-]+", re.ASCII)


def write_stamp(folder: Path, time: datetime) -> None:
    """Write the time of a submission into its folder, as nbgrader reads it."""
    write_whole(folder / STAMP_FILE, f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n")


def read_stamp(path: Path) -> bytes | None:
    """Return what a timestamp.txt holds, as far as a time could be that long; None where it cannot be read."""
    return read_regular(path, MAX_STAMP + 1)


def parse_stamp(stamp: bytes | None) -> datetime | None:
    """Parse the time in nbgrader's timestamp.txt, which a student can write to, or in Sakai's; None where it holds none.

    >>> parse_stamp(b"2025-03-09 10:30:00 America/New_York").isoformat()
    '2025-03-09T14:30:00+00:00'
    >>> parse_stamp(b"20261130102300000").isoformat()
    '2026-11-30T10:23:00+00:00'
    """
    from nbgrader.utils import parse_utc

    if stamp is None or len(stamp) > MAX_STAMP:
        return None
    try:
        text = stamp.decode("utf-8-sig").strip()
        if not STAMP.fullmatch(text):
            return None
        sakai = re.fullmatch(r"(\d{14})\d{3}", text)
        time = datetime.strptime(sakai[1], "%Y%m%d%H%M%S") if sakai else parse_utc(text)
    except Exception:  # the parser of dates raises anything for a text that is no date
        return None
    return to_plausible_utc(time.replace(tzinfo=UTC))


def to_plausible_utc(time: datetime) -> datetime | None:
    """Return ``time`` in UTC; None for a time at which nothing can have been handed in, such as a forged one."""
    try:
        utc = time.astimezone(UTC)
    except OverflowError:
        return None
    return utc if 1990 <= utc.year < 2200 else None
