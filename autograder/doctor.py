"""`autograder doctor`: what this machine enforces and has, found out by trying it from inside."""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import platform
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder import files
from autograder.course.config import LEVELS
from autograder.course.course import KEY_FILE, Course
from autograder.grading.grader import Worker
from autograder.judge.submission import StudentNotebook
from autograder.machine.capacity import count_cores, find_memory_mib
from autograder.machine.cgroup import Group
from autograder.sandbox import warm
from autograder.sandbox.parent import INSIDE, PACKAGES
from autograder.sandbox.run import NotebookRun

HOLDS = {
    "namespaces": "own files, processes, network and memory segments; a user without rights; a filter of system calls; limits",
    "landlock": "only named files; no network; a filter of system calls; limits",
    "user": "a user of its own without rights; no network; a filter of system calls; limits",
    "off": "nothing: student code runs as you",
}

#: Runs in the jail, as a student's notebook and as a reader and a judge. Each function comes back only if it was let through, and then
#: leaves nothing changed.
PROBE = """\
import ctypes, errno, os, signal, socket, threading

libc = ctypes.CDLL(None, use_errno=True)


def called(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def reads(path):
    return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)


def sends(kind, port):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.connect(("127.0.0.1", port))
        probe.send(b"out")


def sends_to_a_unix_socket(name):
    ours, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.sendto(b"out", "\\0" + name)


def calls_what_is_newer_than_the_filter():
    libc.syscall(467, -1, 0, 0, 0, 0)  # open_tree_attr, which came with Linux 6.15
    if ctypes.get_errno() == errno.ENOSYS:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def writes(folder):
    path = os.path.join(folder, "written by a notebook")
    open(path, "w").close()
    os.remove(path)


def signals(pid):
    os.kill(pid, 0)


def mounts():
    os.mkdir("mounted")
    called("mount", b"none", b"mounted", b"tmpfs", ctypes.c_ulong(0), None)
    called("umount", b"mounted")


def traces():
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        called("ptrace", 16, child, None, None)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def enters_a_namespace():
    child = os.fork()
    if child == 0:
        os._exit(libc.unshare(0x10000000) != 0)
    if os.waitpid(child, 0)[1]:
        raise PermissionError(1, os.strerror(1))


def starts_more_threads_than(number):  # they count as processes do, and take hardly any memory
    stop, started = threading.Event(), []
    try:
        for _ in range(number + 1):
            started.append(threading.Thread(target=stop.wait))
            started[-1].start()
    except RuntimeError as error:
        started.pop()
        raise OSError(str(error))
    finally:
        stop.set()
        for thread in started:
            thread.join()


def writes_more_than(mib):
    with open("large", "wb") as file:
        try:
            file.truncate((mib << 20) + 1)
        finally:
            os.remove("large")


def finds_shared_memory(key):
    called("shmget", key, ctypes.c_size_t(1), 0)


def attempts(paths, port, name, pid, folders, key, processes, scratch_mib):
    tried = {f"read {path}": (reads, path) for path in paths}
    tried["open a TCP connection"] = (sends, socket.SOCK_STREAM, port)
    tried["send a UDP packet"] = (sends, socket.SOCK_DGRAM, port)
    tried["send to a Unix socket"] = (sends_to_a_unix_socket, name)
    tried["signal the judge"] = (signals, pid)
    tried |= {f"write in {folder}": (writes, folder) for folder in folders}
    tried["join another user's group"] = (os.setgroups, [0])
    tried["mount a file system"] = (mounts,)
    tried["make a user namespace"] = (enters_a_namespace,)
    tried["trace a process"] = (traces,)
    tried["make a system call that the filter does not know"] = (calls_what_is_newer_than_the_filter,)
    tried["find shared memory of System V"] = (finds_shared_memory, key)
    tried["start more threads than it may"] = (starts_more_threads_than, processes)
    tried["make a file that is larger than it may"] = (writes_more_than, scratch_mib)
    outcomes = []
    for what, (function, *arguments) in tried.items():
        try:
            function(*arguments)
            outcomes.append((what, ""))
        except OSError as error:
            outcomes.append((what, error.strerror or str(error)))
    return outcomes
"""


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
    """What was found.

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
        """Whether nothing was let through."""
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
            attempts=list(attempts(course, worker)),
            machine=_machine(course),
        )
    finally:
        worker.close()


def attempts(course: Course, worker: Worker) -> Iterator[Attempt]:
    """What a notebook, a reader and a judge tried that reads what is hidden, reaches out, or changes what others use.

    On the level ``user`` it may read what ``/proc`` says of the machine; docs/security.md says so.
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
        shared_memory() as key,
        NotebookRun([PROBE], [], limits) as run,
    ):
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(tcp.getsockname())
        unix.bind(f"\0{name}")
        run.run_cells()
        paths = [str(path) for path in secret if path.exists()]
        port, outside = tcp.getsockname()[1], list(dict.fromkeys(map(str, folders)))
        arguments = [paths, port, name, os.getpid(), outside, key, limits.processes, limits.scratch_mib]
        for what, refused in StudentNotebook(run).attempts(*arguments):
            yield Attempt("a notebook", str(what), str(refused))
        probe = {"probe": PROBE, "arguments": arguments}
        roles: tuple[Literal["reader", "judge"], ...] = ("reader", "judge")
        for role in roles:
            for what, refused in worker.ask(role, "autograder.grading.confined:attempt", probe, limits=limits)[
                "outcomes"
            ]:
                yield Attempt(f"a {role}", str(what), str(refused))


@contextmanager
def shared_memory() -> Iterator[int]:
    """A segment of System V's shared memory that everybody on the machine may write to, by its key."""
    key, everybody_may, remove = (
        int.from_bytes(os.urandom(3)) + 1,
        0o3666,
        0,
    )  # IPC_CREAT, IPC_EXCL and rw-rw-rw-; IPC_RMID
    libc = ctypes.CDLL(None)
    segment = libc.shmget(
        key, ctypes.c_size_t(1), everybody_may
    )  # -1 where the machine has none: nothing is to be found then
    try:
        yield key
    finally:
        if segment >= 0:
            libc.shmctl(segment, remove, None)


def _machine(course: Course) -> dict[str, str]:
    from autograder.data import load_imdb

    packages = ("tensorflow", "keras", "numpy", "gensim", "nbgrader", "otter-grader")
    cards = sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))
    mib = find_memory_mib()
    folder = course.settings.course.data_folder
    return {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}, {count_cores():g} cores",
        "memory": "unknown"
        if mib is None
        else f"{mib} MiB; one submission may use {course.settings.limits.memory_mib}",
        "GPU": ", ".join(cards) or "none",
        "Python": f"{platform.python_version()} in {sys.prefix}",
        "packages": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages),
        "reviews": load_imdb(course.root / folder if folder else None).source,
    }


def doctor(course: Course, json_file: Path | None, console: Console) -> bool:
    """Print the findings, and write them as JSON if asked to; whether the jail holds what it promises."""
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
