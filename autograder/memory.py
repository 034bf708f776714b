"""How much memory this machine or container has, and the line that an instructor reads when it is too little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def memory_mib(root: Path = Path("/")) -> int | None:
    """The least of what the machine has and what its control groups (version 1 or 2) allow; None if neither is known.

    Args:
        root: the root of the file system.
    """
    known = [*_installed(root / "proc/meminfo"), *_allowed(root)]
    return min(known) >> 20 if known else None


def _installed(meminfo: Path) -> Iterator[int]:
    for line in _lines(meminfo):
        if line.startswith("MemTotal:"):
            yield int(line.split()[1]) << 10


def _allowed(root: Path) -> Iterator[int]:
    """The limits of this process's control group and of those above it, in bytes."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers in ("", "memory"):
            top = root / "sys/fs/cgroup" / controllers
            inside = Path(group.lstrip("/"))
            for folder in {top, *(top / part for part in (inside, *inside.parents))}:
                yield from _limit(folder)


def _limit(group: Path) -> Iterator[int]:
    for name in ("memory.max", "memory.limit_in_bytes"):
        for line in _lines(group / name):
            if line.isdigit():  # version 2 says "max" where there is no limit
                yield int(line)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def shortage(has_mib: int | None, needs_mib: int) -> str:
    """One line when there is less memory than grading needs, else nothing."""
    if has_mib is None or has_mib >= needs_mib:
        return ""
    return (
        f"This container has {has_mib} MiB of memory, and grading needs {needs_mib}. On Gradescope choose more RAM"
        " under Settings > Autograder > Container Specifications and regrade;"
        " elsewhere lower c.Limits.memory_mib and build again."
    )
