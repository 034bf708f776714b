"""What a command that was killed could not take away; the next one finds and removes it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

PREFIX = "autograder-jail-"  # of folders among the system's temporary ones
GROUP = "autograder"  # begins the name of a control group
AGE = 60.0  # seconds; a younger folder may not be locked yet


def make_own_folder() -> tuple[Path, int]:
    """A temporary folder of this process, and the lock on it, which is free again when this process ends, however it ends."""
    remove_folders(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


@cache
def remove_folders(place: str) -> None:
    """Remove the folders of processes that have ended, once in the life of this one."""
    for folder in Path(place).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # somebody else's, in use, or gone already
            found = os.lstat(folder)
            if found.st_uid == os.getuid() and time.time() - found.st_mtime > AGE:
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove_tree(str(folder))
                finally:
                    os.close(lock)


def remove_tree(folder: str) -> None:
    """Remove a folder, however deep it is: Python's own function follows no path that is too long for the system."""
    if os.path.lexists(folder):
        subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)


def name_own_group(number: int) -> str:
    """The name of a control group, by which others know when its owner has ended."""
    return f"{GROUP}-{os.getpid()}-{_started(os.getpid())}-{number}"


@cache
def remove_groups(parent: Path) -> None:
    """Remove the control groups of processes that have ended, once in the life of this one; the system keeps those in use."""
    for folder in parent.glob(f"{GROUP}-*-*-*"):
        with contextlib.suppress(OSError, ValueError):
            _, pid, started, _ = folder.name.split("-")
            if _started(int(pid)) != started:
                folder.rmdir()


def _started(pid: int) -> str:
    """When a process started, in ticks of the system; empty where there is none."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    return said.rpartition(")")[2].split()[19]  # its name, in brackets, may hold anything
