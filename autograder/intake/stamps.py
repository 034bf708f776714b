"""When something was handed in, as the file says that nbgrader and Sakai put beside it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from autograder.intake.boxes import plausible

STAMP_FILE = "timestamp.txt"
MAX_STAMP = 100  # bytes of a time: the time that its parser needs grows with the square of them
# What a time is written with, as nbgrader and the programs around it do; a zone is no path out of the system's list of zones.
STAMP = re.compile(r"(?!.*(?:\.\.|(?:^| )[/:]))[\w .:,+/-]+", re.ASCII)


def noted_time(stamp: bytes | None) -> datetime | None:
    """The time in the timestamp.txt of nbgrader, which a student can write to, or of Sakai; None when it says none.

    >>> noted_time(b"2025-03-09 10:30:00 America/New_York").isoformat()
    '2025-03-09T14:30:00+00:00'
    >>> noted_time(b"20261130102300000").isoformat()
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
