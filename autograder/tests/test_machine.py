"""What a container allows counts, not what its host has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.machine import capacity
from autograder.machine.capacity import count_cores, describe_shortage, find_memory_mib, suggest_workers


def lay_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/meminfo": "MemTotal:       8388608 kB\nMemFree: 1 kB\n"}, 8192),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "805306368\n"}, 768),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "805306368\n"}, 768),
        (
            {
                "proc/meminfo": "MemTotal: 1048576 kB\n",
                "proc/self/cgroup": "0::/\n",
                "sys/fs/cgroup/memory.max": "max\n",
            },
            1024,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/x\n1:cpu:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "1610612736\n",
            },
            1536,
        ),
    ],
)
def test_memory_is_the_least_of_machine_and_control_groups(
    tmp_path: Path, files: dict[str, str], expected: int | None
) -> None:
    assert find_memory_mib(lay_out(tmp_path, files)) == expected


def test_enough_memory_needs_no_line() -> None:
    assert describe_shortage(4096, 4096) == ""
    assert describe_shortage(None, 4096) == ""


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, 16),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, 16),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 0.5),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "250000 100000\n"}, 2.5),
        (
            {
                "proc/self/cgroup": "4:memory:/x\n1:cpu,cpuacct:/y\n",
                "sys/fs/cgroup/cpu/y/cpu.cfs_quota_us": "150000\n",
                "sys/fs/cgroup/cpu/y/cpu.cfs_period_us": "100000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            1.5,
        ),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "9900000 100000\n"}, 16),
    ],
)
def test_cores_are_the_least_of_machine_and_control_groups(
    tmp_path: Path, files: dict[str, str], expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert count_cores(lay_out(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("has", "mib", "workers"), [(16.0, 65536, 16), (16.0, 8192, 4), (0.5, 8192, 1), (2.5, None, 2), (8.0, 512, 1)]
)
def test_workers_follow_cores_and_memory(
    has: float, mib: int | None, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "count_cores", lambda: has)
    monkeypatch.setattr(capacity, "find_memory_mib", lambda: mib)
    assert suggest_workers() == workers
