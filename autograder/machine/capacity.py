"""Finds the cores and memory that this process may use, in the machine or its container, and says where they are too few."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

MIB_OF_A_WORKER = 2048  # with its warm parents and a training of the lecture's size


def suggest_workers() -> int:
    """Return how many workers the cores and the memory suffice for, at least one."""
    mib = find_memory_mib()
    return max(1, int(count_cores() if mib is None else min(count_cores(), mib / MIB_OF_A_WORKER)))


def count_cores(root: Path = Path("/")) -> float:
    """Return the number of cores that this process may run on, or what its control groups (version 1 or 2) allow if that is less.

    Args:
        root: the root of the file system.
    """
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(here), *_list_quotas(root)])


def _list_quotas(root: Path) -> Iterator[float]:
    """Yield how many cores each control group allows, where it sets a limit."""
    for folder in _list_groups(root, "cpu"):
        allowed = [word for line in _read_lines(folder / "cpu.max")[:1] for word in line.split()]
        allowed = allowed or [
            line for name in ("quota", "period") for line in _read_lines(folder / f"cpu.cfs_{name}_us")
        ]
        if len(allowed) == 2 and all(word.isdigit() for word in allowed):  # "max" or -1 mean no limit
            yield int(allowed[0]) / int(allowed[1])


def find_memory_mib(root: Path = Path("/")) -> int | None:
    """Return the MiB of memory of the machine, or what its control groups (version 1 or 2) allow if that is less; None if unknown.

    Args:
        root: the root of the file system.
    """
    known = [*_read_installed(root / "proc/meminfo"), *_list_limits(root)]
    return min(known) >> 20 if known else None


def count_memory_kills(root: Path = Path("/")) -> int:
    """Return how many processes the system killed because it was out of memory since it started; 0 where unknown.

    Args:
        root: the root of the file system.
    """
    return sum(int(line.split()[1]) for line in _read_lines(root / "proc/vmstat") if line.startswith("oom_kill "))


def _read_installed(meminfo: Path) -> Iterator[int]:
    for line in _read_lines(meminfo):
        if line.startswith("MemTotal:"):
            yield int(line.split()[1]) << 10


def _list_limits(root: Path) -> Iterator[int]:
    """Yield the limits of this process' control group and of those above it, in bytes."""
    for folder in _list_groups(root, "memory"):
        yield from _read_limit(folder)


def _list_groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of this process' control group and of those above it."""
    for line in _read_lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if not controllers or controller in controllers.split(","):
            top = root / "sys/fs/cgroup" / (controller if controllers else "")
            inside = Path(group.lstrip("/"))
            yield from {top, *(top / part for part in (inside, *inside.parents))}


def _read_limit(group: Path) -> Iterator[int]:
    for name in ("memory.max", "memory.limit_in_bytes"):
        for line in _read_lines(group / name):
            if line.isdigit():  # version 2 writes "max" for no limit
                yield int(line)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def describe_shortage(has_mib: int | None, needs_mib: int) -> str:
    """Return one line where there is less memory than grading needs, else an empty text."""
    if has_mib is None or has_mib >= needs_mib:
        return ""
    return (
        f"This container has {has_mib} MiB of memory, and grading needs {needs_mib}. On Gradescope choose more RAM"
        " under Settings > Autograder > Container Specifications and regrade;"
        " elsewhere lower c.Limits.memory_mib and build again."
    )
