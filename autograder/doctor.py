"""`autograder doctor`: find out what this machine enforces, by trying to break out of the jail, and what it has."""

from __future__ import annotations

import ctypes
import importlib.metadata
import inspect
import json
import os
import platform
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder import files
from autograder.course.config import LEVELS
from autograder.course.course import KEY_FILE, Course
from autograder.course.data import data_environment, list_data
from autograder.grading.worker import Worker
from autograder.judge.submission import StudentNotebook
from autograder.machine.capacity import count_cores, find_memory_mib
from autograder.machine.cgroup import Group
from autograder.sandbox import probe, warm
from autograder.sandbox.parent import INSIDE, PACKAGES
from autograder.sandbox.run import NotebookRun

HOLDS = {
    "namespaces": "own files, processes, network and memory segments; a user without rights; a filter of system calls; limits",
    "landlock": "only named files; no network; a filter of system calls; limits",
    "user": "a user of its own without rights; no network; a filter of system calls; limits",
    "off": "nothing: student code runs as you",
}


@dataclass(frozen=True)
class Attempt:
    """One thing that a process in the jail tried.

    Attributes:
        who: a student's notebook, a reader or a judge.
        refused: what the system said; empty where it was let through.
    """

    who: str
    what: str
    refused: str


@dataclass(frozen=True)
class Findings:
    """What `autograder doctor` found.

    Attributes:
        level: of the jail; one of ``config.LEVELS``.
        missing: better level -> why this machine does not have it.
        memory_kept_by: who ends a submission that takes too much memory.
    """

    level: str
    missing: dict[str, str]
    memory_kept_by: str
    attempts: list[Attempt]
    machine: dict[str, str]

    @property
    def sound(self) -> bool:
        """Whether the system refused every attempt."""
        return all(attempt.refused for attempt in self.attempts)


def examine(course: Course) -> Findings:
    """Start the best jail there is, and try from inside what hostile code would try.

    Raises:
        UsageError: this machine allows no jail at all.
    """
    settings = course.settings
    settings.jail.minimum = LEVELS[1]
    worker = Worker(course)
    group = Group.make(settings.limits.memory_mib, settings.limits.processes)
    if group is not None:
        group.remove()
    try:
        worker.ready()
        parent = warm.parent()
        return Findings(
            level=parent.level,
            missing=parent.refused,
            memory_kept_by="a control group" if group is not None else "a watcher, several times a second",
            attempts=list(make_attempts(course, worker)),
            machine=_describe_machine(course),
        )
    finally:
        worker.close()


def make_attempts(course: Course, worker: Worker) -> Iterator[Attempt]:
    """Try, as a notebook, a reader and a judge, to read hidden files, to reach the network and to change what others use.

    On the level ``user`` students may read what ``/proc`` says of the machine, as docs/security.md states, so it is not tried.
    """
    parent, limits = warm.parent(), course.settings.limits
    secret = [course.private / "tests", course.private / "solutions", course.root / KEY_FILE]
    if parent.level != "user":
        secret += [Path("/proc", name) for name in ("version", "cmdline", "kallsyms")]
    folders = [course.root, Path(sys.prefix), Path(sys.base_prefix), *map(Path, PACKAGES), INSIDE]
    name = f"autograder-doctor-{os.getpid()}"
    with (
        socket.socket() as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix,
        make_shared_memory() as key,
        NotebookRun([inspect.getsource(probe)], [], limits) as run,
    ):
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(tcp.getsockname())
        unix.bind(f"\0{name}")
        run.run_cells()
        paths = [str(path) for path in secret if path.exists()]
        port, outside = tcp.getsockname()[1], list(dict.fromkeys(map(str, folders)))
        arguments = [paths, port, name, os.getpid(), outside, key, limits.processes, limits.scratch_mib]
        for what, refused in StudentNotebook(run).make_attempts(*arguments):
            yield Attempt("a notebook", str(what), str(refused))
        job = {"probe": inspect.getsource(probe), "arguments": arguments}
        roles: tuple[Literal["reader", "judge"], ...] = ("reader", "judge")
        for role in roles:
            answer = worker.ask(role, "autograder.grading.confined:attempt", job, limits=limits)
            for what, refused in answer["outcomes"]:
                yield Attempt(f"a {role}", str(what), str(refused))


@contextmanager
def make_shared_memory() -> Iterator[int]:
    """Make a segment of System V's shared memory that every user may write to, and give its key."""
    key = int.from_bytes(os.urandom(3)) + 1
    everybody_may, remove = 0o3666, 0  # IPC_CREAT, IPC_EXCL and rw-rw-rw-; IPC_RMID
    libc = ctypes.CDLL(None)
    segment = libc.shmget(
        key, ctypes.c_size_t(1), everybody_may
    )  # -1 where the machine has none: then none can be found
    try:
        yield key
    finally:
        if segment >= 0:
            libc.shmctl(segment, remove, None)


def _describe_machine(course: Course) -> dict[str, str]:
    """What the table says of the machine, line by line."""
    cards = sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))
    mib = find_memory_mib()
    return {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}, {count_cores():g} cores",
        "memory": "unknown"
        if mib is None
        else f"{mib} MiB; one submission may use {course.settings.limits.memory_mib}",
        "GPU": ", ".join(cards) or "none",
        "Python": f"{platform.python_version()} in {sys.prefix}",
        "packages": ", ".join(_list_versions()),
        "data": _describe_data(course),
    }


def _list_versions() -> Iterator[str]:
    """List name and version of every installed package that this one depends on."""
    try:
        requirements = importlib.metadata.requires("autograder") or []
    except importlib.metadata.PackageNotFoundError:  # it is on the path, and was never installed
        requirements = []
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[^\w.-]", requirement)[0]
        with suppress(importlib.metadata.PackageNotFoundError):
            yield f"{name} {importlib.metadata.version(name)}"


def _describe_data(course: Course) -> str:
    """Say in which folders a judge finds data, and how many files they hold."""
    folders = data_environment(course).values()
    number = len(list_data(course))
    return (
        f"{' and '.join(folders)}: {number} file{'' if number == 1 else 's'}" if folders else "no data folder is named"
    )


def doctor(course: Course, json_file: Path | None, console: Console) -> bool:
    """Print the findings and write them to ``json_file`` if it is given; return whether the jail holds what it promises."""
    findings = examine(course)
    if json_file is not None:
        files.write_whole(json_file, json.dumps(asdict(findings) | {"sound": findings.sound}, indent=2) + "\n")
    shown = Table("the machine", "", show_header=False)
    for name, value in findings.machine.items():
        shown.add_row(name, Text(value))
    shown.add_row("jail", f"{findings.level}: {HOLDS[findings.level]}")
    for level, reason in findings.missing.items():
        shown.add_row("", Text(f"not '{level}': {reason}"))
    shown.add_row("memory kept by", findings.memory_kept_by)
    console.print(shown)
    tried = Table("who", "tried to", "and the system said")
    for attempt in findings.attempts:
        said = Text(attempt.refused) if attempt.refused else Text("nothing: it was let through", "red")
        tried.add_row(attempt.who, attempt.what, said)
    console.print(tried)
    return findings.sound
