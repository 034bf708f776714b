"""What a student's process and all that it started hold, where neither a control group nor a file system of its own counts it.

Nothing here is exact: what several processes share counts for each of them, and what cannot be measured counts as much as it can be.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

EVERYBODYS = tuple(map(Path, ("/tmp", "/var/tmp", "/dev/shm")))  # folders in which every user may write
BLOCK = 1 << 15  # bytes that any file counts for: as many files as in a scratch with namespaces
SOCKET, PIPE = 1 << 18, 1 << 16  # bytes that may wait in one, as Linux sets them out
#: What a process says of its memory: in use, swapped out, tables of pages, huge pages.
OF_STATUS = ("RssAnon:", "VmSwap:", "VmPTE:", "HugetlbPages:")
DELETED = b" (deleted)"
MAPPED = re.compile(rb"(\w+)-(\w+) \S+ \S+ (\w+):(\w+) (\d+) +(/.*) \(deleted\)")
SHARED_MEMORY = b"/dev/zero"  # what the system calls memory that is shared and has no file


def list_descendants(pid: int) -> Iterator[int]:
    """All descendants of a process."""
    for children in list_children_files(pid):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield int(child)
                yield from list_descendants(int(child))


def list_children_files(pid: int) -> list[Path]:
    """The files that name the children of a process, one for each thread; none where the system has no such files."""
    with contextlib.suppress(OSError):
        return list(Path(f"/proc/{pid}/task").glob("*/children"))
    return []


def measure_memory(pid: int) -> int:
    """Bytes of memory that the descendants of a process hold, with what waits in their sockets and pipes."""
    total, waiting = 0, {}
    for place, status in _processes(pid):
        shared = 0
        for line in status.splitlines():
            if line.startswith(OF_STATUS):
                total += int(line.split()[1]) << 10
            elif line.startswith("RssShmem:"):
                shared = int(line.split()[1]) << 10
        # A process may drop the pages of shared memory from its own count and keep them: what it has mapped counts whole.
        total += max(shared, sum(size for _, size, name in _mapped(place) if name == SHARED_MEMORY))
        for found in _open_files(place):
            if stat.S_ISSOCK(found.st_mode) or stat.S_ISFIFO(found.st_mode):
                waiting[found.st_dev, found.st_ino] = SOCKET if stat.S_ISSOCK(found.st_mode) else PIPE
    return total + sum(waiting.values())


def measure_files(pid: int, folders: Iterable[Path], user: int) -> int:
    """Bytes of the files of ``user`` under folders that he may be writing to, and of deleted ones that his processes still hold.

    Args:
        pid: the parent of his processes.
    """
    files: dict[tuple[int, int], int] = {}
    for found in _under(folders):
        if found.st_uid == user:
            files[found.st_dev, found.st_ino] = max(found.st_blocks * 512, BLOCK)
    for process, _ in _processes(pid):
        for file, extent, path in _mapped(process):
            if path != SHARED_MEMORY:
                files[file] = max(extent, files.get(file, 0))
        for found in _open_files(process):
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                files[found.st_dev, found.st_ino] = max(found.st_blocks * 512, BLOCK)
    return sum(files.values())


def _under(folders: Iterable[Path]) -> Iterator[os.stat_result]:
    """Everything in folders that somebody else is writing to; not by recursion, since they may be as deep as a path is long."""
    waiting = [str(folder) for folder in folders]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    yield entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)


def _processes(pid: int) -> Iterator[tuple[str, str]]:
    """For each descendant the folder in ``/proc`` of a thread that runs, and its status.

    The first thread may have ended; it says nothing of its process then.
    """
    for each in list_descendants(pid):
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{each}/task"):
                status = Path(f"/proc/{each}/task/{thread}/status").read_text(errors="replace")
                if "RssAnon:" in status:
                    yield f"/proc/{each}/task/{thread}", status
                    break


def _open_files(process: str) -> Iterator[os.stat_result]:
    """What a process has open, where this one may know it."""
    with contextlib.suppress(OSError), os.scandir(f"{process}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                yield entry.stat()


def _mapped(process: str) -> list[tuple[tuple[int, int], int, bytes]]:
    """Deleted files that a process has mapped, as (device, inode), bytes and name, where this one may know it."""
    found = []
    with contextlib.suppress(OSError):
        for line in Path(f"{process}/maps").read_bytes().split(b"\n"):
            if line.endswith(DELETED) and (match := MAPPED.match(line)):
                start, end, major, minor = (int(number, 16) for number in match.groups()[:4])
                found.append(((os.makedev(major, minor), int(match[5])), end - start, match[6]))
    return found
