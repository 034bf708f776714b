"""When something was handed in, as the file says that nbgrader and Sakai put beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from autograder.files import read_regular, write_whole

STAMP_FILE = "timestamp.txt"
MAX_STAMP = 100  # bytes of a time: the time that its parser needs grows with the square of them
# What a time is written with, as nbgrader and the programs around it do; a zone is no path out of the system's list of zones.
STAMP = re.compile(r"(?!.*(?:\.\.|(?:^| )[/:]))[\w .:,+/-]+", re.ASCII)


def write_stamp(folder: Path, time: datetime) -> None:
    """Write the time of a submission into its folder, as nbgrader reads it."""
    write_whole(folder / STAMP_FILE, f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n")


def read_stamp(path: Path) -> bytes | None:
    """Return what a timestamp.txt holds, as far as a time could be that long; None where it cannot be read."""
    return read_regular(path, MAX_STAMP + 1)


def parse_stamp(stamp: bytes | None) -> datetime | None:
    """The time in the timestamp.txt of nbgrader, which a student can write to, or of Sakai; None when it says none.

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
    except Exception:  # whatever the parser of dates says to what is no date
        return None
    return plausible(time.replace(tzinfo=UTC))


def plausible(time: datetime) -> datetime | None:
    """``time`` in UTC; None when nothing can have been handed in then, as a forged time may say."""
    try:
        utc = time.astimezone(UTC)
    except OverflowError:
        return None
    return utc if 1990 <= utc.year < 2200 else None
