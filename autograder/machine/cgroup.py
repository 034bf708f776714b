"""Control groups: limit memory and number of processes of one student's process and all its descendants together."""

from __future__ import annotations

import contextlib
import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from autograder.machine.leftovers import name_own_group, remove_groups

MOUNTED = Path("/sys/fs/cgroup")
_numbers = itertools.count()


@dataclass(frozen=True)
class Group:
    """One control group, as its folder in one hierarchy (version 2) or in several (version 1)."""

    folders: tuple[Path, ...]

    @classmethod
    def make(cls, memory_mib: int, processes: int) -> Self | None:
        """Make a group with these limits; None where this user may not, or where memory cannot be counted."""
        name = name_own_group(next(_numbers))
        limit = {"memory.max": memory_mib << 20, "memory.swap.max": 0, "memory.oom.group": 1, "pids.max": processes}
        older = {
            "memory.limit_in_bytes": memory_mib << 20,
            "memory.memsw.limit_in_bytes": memory_mib << 20,
            "pids.max": processes,
        }
        for parents, needed, values in (
            ((_find_own(""),), "memory.max", limit),
            ((MOUNTED,), "memory.max", limit),  # the root's own group may not be divided, but the topmost one may
            ((_find_own("memory"), _find_own("pids")), "memory.limit_in_bytes", older),
        ):
            groups = [parent for parent in parents if (parent / "cgroup.procs").exists()]
            for parent in groups:
                remove_groups(parent)
            group = cls(tuple(parent / name for parent in groups))
            if group._set_up(needed, values):
                return group
        return None

    def _set_up(self, needed: str, values: dict[str, int]) -> bool:
        """Make the folders and set the limits; return whether ``needed`` is among them."""
        try:
            for folder in self.folders:
                folder.mkdir()
            for file, value in values.items():
                for folder in self.folders:
                    if (folder / file).exists():
                        (folder / file).write_text(str(value))
            done = any((folder / needed).exists() for folder in self.folders)
        except OSError:
            done = False
        if not done:
            self.remove()
        return done

    def add(self, pid: int) -> bool:
        """Put a process, and with it its future children, into the group; return whether that was allowed."""
        try:
            for folder in self.folders:
                (folder / "cgroup.procs").write_text(str(pid))
        except OSError:
            return False
        return True

    def out_of_memory(self) -> bool:
        """Whether the system killed a process of the group because the group had used up its memory."""
        for name in ("memory.events", "memory.oom_control"):
            for folder in self.folders:
                with contextlib.suppress(OSError):
                    lines = dict(line.split() for line in (folder / name).read_text().splitlines())
                    return int(lines.get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Remove the group, whose processes have ended or are ending."""
        for folder in self.folders:
            for _ in range(50):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    pass
                except OSError:  # a process is still ending
                    time.sleep(0.02)
                    continue
                break


def _find_own(controller: str) -> Path:
    """Return the folder of this process' own group in a hierarchy; an empty name means the unified one."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, place = line.split(":", 2)
        if controller in controllers.split(",") and (controller or not controllers):
            own = MOUNTED / controller / place.lstrip("/")
            return own if own.is_dir() else MOUNTED / controller
    return MOUNTED / controller
