"""What this process may use of the machine or container that it runs in, and the line that an instructor reads when it is too little."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MIB_OF_A_WORKER = 2048  # with its warm parents and a training of the lecture's size


def suggest_workers() -> int:
    """As many workers as this process has whole cores and memory for, and at least one."""
    mib = find_memory_mib()
    return max(1, int(count_cores() if mib is None else min(count_cores(), mib / MIB_OF_A_WORKER)))


def count_cores(root: Path = Path("/")) -> float:
    """The least of the cores that this process may run on, and the share of them that its control groups (version 1 or 2) allow.

    Args:
        root: the root of the file system.
    """
    return min([float(len(os.sched_getaffinity(0))), *_quotas(root)])


def _quotas(root: Path) -> Iterator[float]:
    for folder in _groups(root, "cpu"):
        allowed = [word for line in _lines(folder / "cpu.max")[:1] for word in line.split()]
        allowed = allowed or [line for name in ("quota", "period") for line in _lines(folder / f"cpu.cfs_{name}_us")]
        if len(allowed) == 2 and all(word.isdigit() for word in allowed):  # "max", or -1, where there is no limit
            yield int(allowed[0]) / int(allowed[1])


def find_memory_mib(root: Path = Path("/")) -> int | None:
    """The least of what the machine has and what its control groups (version 1 or 2) allow; None if neither is known.

    Args:
        root: the root of the file system.
    """
    known = [*_installed(root / "proc/meminfo"), *_allowed(root)]
    return min(known) >> 20 if known else None


def count_memory_kills(root: Path = Path("/")) -> int:
    """How many processes the system has killed for want of memory since it started; 0 where it does not say.

    Args:
        root: the root of the file system.
    """
    return sum(int(line.split()[1]) for line in _lines(root / "proc/vmstat") if line.startswith("oom_kill "))


def _installed(meminfo: Path) -> Iterator[int]:
    for line in _lines(meminfo):
        if line.startswith("MemTotal:"):
            yield int(line.split()[1]) << 10


def _allowed(root: Path) -> Iterator[int]:
    """The limits of this process's control group and of those above it, in bytes."""
    for folder in _groups(root, "memory"):
        yield from _limit(folder)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's control group and of those above it."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / (controller if controllers else "")
            inside = Path(group.lstrip("/"))
            yield from {top, *(top / part for part in (inside, *inside.parents))}


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


def describe_shortage(has_mib: int | None, needs_mib: int) -> str:
    """One line when there is less memory than grading needs, else nothing."""
    if has_mib is None or has_mib >= needs_mib:
        return ""
    return (
        f"This container has {has_mib} MiB of memory, and grading needs {needs_mib}. On Gradescope choose more RAM"
        " under Settings > Autograder > Container Specifications and regrade;"
        " elsewhere lower c.Limits.memory_mib and build again."
    )
