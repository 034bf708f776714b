"""Removes folders and control groups that a killed command left behind; the next command does it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

PREFIX = "autograder-jail-"  # of our folders among the system's temporary files
GROUP = "autograder"  # begins our control groups' names
AGE = 60.0  # seconds; a younger folder may not be locked yet


def make_own_folder() -> tuple[Path, int]:
    """Make a temporary folder of this process, and lock it; the system frees the lock when this process ends, however it ends."""
    import fcntl

    remove_folders(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


@cache
def remove_folders(place: str) -> None:
    """Remove the folders of processes that have ended; once per process."""
    import fcntl

    for folder in Path(place).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, in use, or already gone
            found = os.lstat(folder)
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > AGE:
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove_tree(str(folder))
                finally:
                    os.close(lock)


def remove_tree(folder: str) -> None:
    """Remove a folder of any depth: ``shutil.rmtree`` fails on paths that are too long for the system."""
    if os.path.lexists(folder):
        subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)


def name_own_group(number: int) -> str:
    """Return a name for a control group, from which other commands can tell whether its owner has ended."""
    return f"{GROUP}-{os.getpid()}-{_read_start(os.getpid())}-{number}"


@cache
def remove_groups(parent: Path) -> None:
    """Remove the control groups of processes that have ended; once per process. The system keeps groups in use."""
    for folder in parent.glob(f"{GROUP}-*-*-*"):
        with contextlib.suppress(OSError, ValueError):
            _, pid, started, _ = folder.name.split("-")
            if _read_start(int(pid)) != started:
                folder.rmdir()


def _read_start(pid: int) -> str:
    """Return when a process started, in ticks of the system; empty where there is no such process."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    return said.rpartition(")")[2].split()[19]  # the name before it, in brackets, may hold anything
