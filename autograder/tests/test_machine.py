"""What a container allows counts, not what its host has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.machine import capacity, leftovers, usage
from autograder.machine.capacity import count_cores, describe_shortage, find_memory_mib, suggest_workers
from autograder.machine.last_words import MOST, LastWords


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


WITHOUT_LINUX = """\
import importlib, os, pkgutil, signal, socket, sys
import jupyter_client.manager, numpy, pydantic, traitlets.config  # before anything is taken away: libraries see to themselves

for name in ("fcntl", "resource"):
    sys.modules[name] = None  # importing it raises
for module, names in {
    os: "memfd_create pidfd_open sched_getaffinity getuid O_PATH O_DIRECTORY O_NOFOLLOW",
    signal: "pidfd_send_signal SIGKILL SIGXCPU SIGBUS",
    socket: "AF_UNIX SOCK_SEQPACKET send_fds recv_fds",
}.items():
    for name in names.split():
        delattr(module, name)
sys.platform = "win32"
from autograder import errors, machine, sandbox
for room in (machine, sandbox):
    for found in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        importlib.import_module(found.name)
print(machine.capacity.suggest_workers() >= 1)
try:
    sandbox.warm.parent()
except errors.UsageError as error:
    print(error)
"""


@pytest.mark.slow
def test_where_there_is_no_linux_everything_is_imported_and_one_line_says_so() -> None:
    """Otherwise nbgrader and otter, which import these rooms on macOS and Windows, would end with a missing attribute."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_LINUX], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == ("True\nstudent code is run on Linux alone. On Windows use WSL 2, on macOS a container.\n")


def test_the_last_words_of_a_flood_are_its_end() -> None:
    words = LastWords()
    for piece in (b"flood " * 5_000, b"the end"):
        words.told.write(piece)
        words.listen()
    assert len(words.text()) == MOST and words.text().endswith("flood the end")
    words.close()


def test_files_count_however_deep_they_lie(tmp_path: Path) -> None:
    """Deeper than Python may recurse, and than a path may be long."""
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    try:
        before = usage.measure_files(os.getpid(), [tmp_path], os.getuid())
        assert before >= 3_000 * usage.BLOCK
        with open(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=folder), "wb") as file:
            file.write(bytes(4 << 20))
        held = len(os.listdir("/proc/self/fd"))
        assert usage.measure_files(os.getpid(), [tmp_path], os.getuid()) >= before + (4 << 20)
        assert len(os.listdir("/proc/self/fd")) == held
    finally:
        os.close(folder)
        leftovers.remove_tree(str(tmp_path / "d"))
    assert not (tmp_path / "d").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root has other users")
def test_files_count_wherever_their_user_can_go(tmp_path: Path) -> None:
    for name, mode in (("open", 0o711), ("closed", 0o700)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own").mkdir(0o700)
        (tmp_path / name / "own/file").write_bytes(bytes(1 << 20))
        for path in (tmp_path / name / "own", tmp_path / name / "own/file"):
            os.chown(path, 1500, 1500)
        (tmp_path / name).chmod(mode)
    no_children = os.getpid() + (1 << 22)  # above any number that a process may have
    assert usage.measure_files(no_children, [tmp_path], 1500) == usage.BLOCK + (1 << 20)
