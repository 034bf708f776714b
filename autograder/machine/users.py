"""Unprivileged user numbers: each process that starts a jail reserves a block that no other process on this machine uses.

Two students' processes with the same number could change each other's memory and use up each other's limit of processes, also
across commands. So a block is reserved by a lock, which the system frees when its owner ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autograder.errors import UsageError

BLOCKS = 1024
FIRST = (65536, 61184)  # distributions assign neither to anybody; containers often have no number above 65535
PLACES = ("/run", "/tmp")
LOCK = "autograder-users"


@dataclass(frozen=True)
class Users:
    """One user number for each role, so that no process can touch those of another role."""

    student: int
    model: int
    judge: int
    reader: int


@cache
def own_users() -> Users:
    """Reserve the block of this process, until it ends; return the same block at every call.

    An unprivileged user cannot change to another one; there the numbers only name the user inside the jail.

    Raises:
        UsageError: no block is free, or this process may not lock one.
    """
    number = _lock_block() if os.getuid() == 0 else 0
    size = len(Users.__dataclass_fields__)
    first = next((first for first in FIRST if _is_mapped(first, BLOCKS * size)), FIRST[-1])
    return Users(*range(first + size * number, first + size * (number + 1)))


def _lock_block() -> int:
    """Lock a free block, and return its number."""
    import fcntl

    file = _open_lock()
    for number in range(BLOCKS):
        with contextlib.suppress(BlockingIOError):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
            return number  # the file stays open until this process ends: closing it would free the lock
    raise UsageError(f"all {BLOCKS} blocks of user numbers are in use on this machine. Grade with fewer --workers.")


def _open_lock() -> int:
    for place in PLACES:
        path = Path(place, LOCK)
        with contextlib.suppress(OSError):
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            if os.fstat(file).st_uid == 0:
                return file
            os.close(file)
    raise UsageError(
        f"{' or '.join(f'{place}/{LOCK}' for place in PLACES)}: cannot be opened. Make one of them writable."
    )


def _is_mapped(first: int, count: int) -> bool:
    """Whether this process' user namespace contains all of these numbers."""
    return any(start <= first and first + count <= start + length for start, length in _list_mapped())


def _list_mapped() -> Iterator[tuple[int, int]]:
    """Yield the first number and the length of each range of user numbers in this process' user namespace."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        inside, _, length = map(int, line.split())
        yield inside, length
