"""Measures memory and files of a student's process and its descendants, where no control group or file system counts them.

The figures are upper bounds: memory shared by several processes counts for each, and what cannot be measured counts at its maximum.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

EVERYBODYS = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm")))  # folders open to every user
LONG = 1_000  # characters of a path; the system allows 4,095
BLOCK = 1 << 15  # least bytes that a file counts for: allows as many files as the scratch at the level `namespaces`
SOCKET, PIPE = 1 << 18, 1 << 16  # bytes that may wait in one, by Linux's defaults
#: Lines about memory in a process' status: in use, swapped out, page tables, huge pages.
OF_STATUS = ("RssAnon:", "VmSwap:", "VmPTE:", "HugetlbPages:")
DELETED = b" (deleted)"
MAPPED = re.compile(rb"(\w+)-(\w+) \S+ \S+ (\w+):(\w+) (\d+) +(/.*) \(deleted\)")
SHARED_MEMORY = b"/dev/zero"  # how the system names shared memory without a file


def list_descendants(pid: int) -> Iterator[int]:
    """Yield all descendants of a process."""
    for children in list_children_files(pid):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield int(child)
                yield from list_descendants(int(child))


def list_children_files(pid: int) -> list[Path]:
    """Return the files that list the children of a process, one per thread; none where the system has no such files."""
    with contextlib.suppress(OSError):
        return list(Path(f"/proc/{pid}/task").glob("*/children"))
    return []


def measure_memory(pid: int) -> int:
    """Return the bytes of memory that the descendants of a process hold, with data waiting in their sockets and pipes."""
    total, waiting = 0, {}
    for place, status in _list_processes(pid):
        shared = 0
        for line in status.splitlines():
            if line.startswith(OF_STATUS):
                total += int(line.split()[1]) << 10
            elif line.startswith("RssShmem:"):
                shared = int(line.split()[1]) << 10
        # A process may keep pages of shared memory and drop them from its own count, so mapped memory counts whole.
        total += max(shared, sum(size for _, size, name in _list_mapped(place) if name == SHARED_MEMORY))
        for found in _list_open_files(place):
            if stat.S_ISSOCK(found.st_mode) or stat.S_ISFIFO(found.st_mode):
                waiting[found.st_dev, found.st_ino] = SOCKET if stat.S_ISSOCK(found.st_mode) else PIPE
    return total + sum(waiting.values())


def measure_files(pid: int, folders: Iterable[Path], user: int) -> int:
    """Return the bytes of a user's files under folders, and of deleted files that the user's processes still hold.

    Args:
        pid: the parent of the user's processes.
    """
    files: dict[tuple[int, int], int] = {}
    for found in _walk(folders, user):
        if found.st_uid == user:
            files[found.st_dev, found.st_ino] = max(found.st_blocks * 512, BLOCK)
    for process, _ in _list_processes(pid):
        for file, extent, path in _list_mapped(process):
            if path != SHARED_MEMORY:
                files[file] = max(extent, files.get(file, 0))
        for found in _list_open_files(process):
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                files[found.st_dev, found.st_ino] = max(found.st_blocks * 512, BLOCK)
    return sum(files.values())


def _walk(folders: Iterable[Path], user: int) -> Iterator[os.stat_result]:
    """Yield everything under folders while a user writes to them, but for what lies where that user cannot go.

    They may be deeper than Python may recurse and than a path may be long: where a path would grow beyond ``LONG``, the next ones begin
    at a folder that is held open.
    """
    waiting: list[tuple[int | None, str]] = [(None, os.path.realpath(folder)) for folder in folders]
    while waiting:
        start, path = waiting.pop()
        if start is not None and not path:  # all that begins there was seen
            os.close(start)
            continue
        try:
            opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=start)
        except OSError:
            continue
        if is_start := len(path) > LONG:
            waiting.append((opened, ""))
            start, path = opened, "."
        with contextlib.suppress(OSError), os.scandir(opened) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    yield found
                    if stat.S_ISDIR(found.st_mode) and _can_enter(found, user):
                        waiting.append((start, f"{path}/{entry.name}"))
        if not is_start:
            os.close(opened)


def _can_enter(folder: os.stat_result, user: int) -> bool:
    """Whether a user, whose only group has the same number, may go into a folder."""
    if user in (0, folder.st_uid):
        return True
    return bool(folder.st_mode & (stat.S_IXGRP if folder.st_gid == user else stat.S_IXOTH))


def _list_processes(pid: int) -> Iterator[tuple[str, str]]:
    """Yield, for each descendant, the folder in ``/proc`` of a running thread, and its status.

    The first thread may have ended; its status then tells nothing about the process.
    """
    for each in list_descendants(pid):
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{each}/task"):
                status = Path(f"/proc/{each}/task/{thread}/status").read_text(errors="replace")
                if "RssAnon:" in status:
                    yield f"/proc/{each}/task/{thread}", status
                    break


def _list_open_files(process: str) -> Iterator[os.stat_result]:
    """Yield the open files of a process, where this process may see them."""
    with contextlib.suppress(OSError), os.scandir(f"{process}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                yield entry.stat()


def _list_mapped(process: str) -> list[tuple[tuple[int, int], int, bytes]]:
    """Return the deleted files that a process has mapped, as (device, inode), bytes and name, where this process may see them."""
    found = []
    with contextlib.suppress(OSError):
        for line in Path(f"{process}/maps").read_bytes().split(b"\n"):
            if line.endswith(DELETED) and (match := MAPPED.match(line)):
                start, end, major, minor = (int(number, 16) for number in match.groups()[:4])
                found.append(((os.makedev(major, minor), int(match[5])), end - start, match[6]))
    return found
