"""How a warm parent and its processes are started: what they may read and import, their environment, and their cores."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from autograder.course.config import LEVELS, Jail

PASSED_ON = ("CUDA_", "LD_LIBRARY_PATH", "LANG", "LC_", "MKL_", "NVIDIA_", "OMP_", "OPENBLAS_", "TF_", "TZ", "XLA_")
Role = Literal["student", "model", "judge", "reader"]


@dataclass(frozen=True)
class Surroundings:
    """How a parent and its processes are started.

    Attributes:
        preload: packages that the parent imports, unless ``jail.cold`` is set.
        hidden: files and folders that no process in the jail may read, wherever they lie.
        slot: this worker's number among those that run at the same time, and how many there are.
        levels: levels of the jail, in the order in which they are tried.
        shown: readable files and folders, besides the system's and Python's own.
        path: further folders to import from.
        role: the user of the parent's processes, unless a launch names another role.
        furnish: called with the parent's folder before it starts; adds files there, and returns the paths that every role may
            read, and the paths that every role but a reader may read.
        environment: variables that the course sets for students' code.
        sockets: folder for the kernels' sockets, and the role that may connect to them; where it is None, the parent's own
            folder, and this process' user.
    """

    jail: Jail = field(default_factory=Jail)
    preload: tuple[str, ...] = ()
    hidden: tuple[Path, ...] = ()
    slot: tuple[int, int] = (0, 1)
    levels: tuple[str, ...] = LEVELS[:0:-1]
    shown: tuple[Path, ...] = ()
    path: tuple[Path, ...] = ()
    role: Role = "student"
    furnish: Callable[[Path], tuple[list[Path], list[Path]]] = lambda folder: ([], [])
    environment: Mapping[str, str] = field(default_factory=dict)
    sockets: tuple[Path, Role] | None = None

    def list_levels(self) -> list[str]:
        """Return the levels to try, best first; only ``off`` where the instructor asked for no jail."""
        return ["off"] if self.jail.minimum == "off" else list(self.levels)


def add_builder(preload: Sequence[str]) -> list[str]:
    """Return the packages to preload, with the builder where notebooks build models."""
    builds_models = any(name.split(".")[0] in ("keras", "tensorflow") for name in preload)
    return [*preload, *(["builder.serving"] if builds_models else [])]


def make_environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return a jailed process' environment: ``own``, and of the grader's only thread counts, devices, time zone and locale."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {
        **kept,
        **own,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def choose_cores(number: int, of: int) -> list[int]:
    """Return the cores of one worker, so that no submission slows its neighbours.

    Args:
        number: the worker's.
        of: how many workers there are.

    >>> len(choose_cores(0, 1)) == len(os.sched_getaffinity(0))
    True
    """
    cores = sorted(os.sched_getaffinity(0))
    share = max(1, len(cores) // of)
    first = number * share % len(cores)
    return cores[first : first + share]
