"""The warm parent, seen from outside: started once per process, asked for one process after the other, replaced when it dies.

A worker has two: one for what students made, and one, which can see the course's checks, for readers and judges. What runs on the
other side is `inside/zygote.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from autograder.course.config import LEVELS, Jail, Limits
from autograder.errors import UsageError
from autograder.machine import usage
from autograder.machine.capacity import memory_kills
from autograder.machine.cgroup import Group
from autograder.machine.clock import Clock
from autograder.machine.last_words import LastWords
from autograder.machine.leftovers import own_folder, remove
from autograder.machine.users import own_users
from autograder.sandbox.limits import STARVED

INSIDE = Path(__file__).parent / "inside"
PACKAGES = list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))
FLAGS = ("-s", "-S", "-P")  # no user folder, no .pth file, no script folder on the path
PASSED_ON = ("CUDA_", "LD_LIBRARY_PATH", "LANG", "LC_", "MKL_", "NVIDIA_", "OMP_", "OPENBLAS_", "TF_", "TZ", "XLA_")
CHANNELS = ("shell", "iopub", "stdin", "control")
START_SECONDS = 120.0
BY_US = "ended"  # how a process ended that had nothing more to do
MESSAGE = 1 << 17
Role = Literal["student", "model", "judge", "reader"]


@dataclass(frozen=True)
class Surroundings:
    """What the processes of one parent are started with.

    Attributes:
        preload: packages that the parent imports, unless it is to be cold.
        hidden: files and folders that nothing in the jail may read, wherever they lie.
        slot: number of this worker among those that work at the same time, and how many there are.
        levels: of the jail, in the order in which they are tried.
        shown: files and folders that may be read, besides the system's and Python's own.
        path: further folders to import from.
        role: whose user the parent's processes are, unless a launch says otherwise.
        furnish: called with the parent's folder before it starts; puts more there, and returns what everybody in the jail may
            read, and what everybody but a reader.
        environment: variables that the course sets for students' code.
        sockets: folder for the kernels' sockets, and the role that may connect to them; a folder of its own, and this process'
            user, where there is none.
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

    def to_try(self) -> list[str]:
        """Levels of the jail, best first; none at all where the instructor asked for none."""
        return ["off"] if self.jail.minimum == "off" else list(self.levels)


class Process(Protocol):
    """A process in the jail, and all that it started: see ``JailedProcess``."""

    @property
    def seconds(self) -> float: ...
    @property
    def waited(self) -> float: ...
    @property
    def last_words(self) -> str: ...
    def poll(self) -> str | None: ...
    def interrupt(self) -> None: ...
    def end(self, over: str = BY_US) -> None: ...
    def close(self) -> None: ...


def why_it_ended(process: Process, seconds: float) -> str | None:
    """Wait for a process that is about to end; None where it has not after ``seconds``.

    What it said last is lost when it is killed: so the one who ends it asks here before.
    """
    patience = time.monotonic() + seconds
    while (why := process.poll()) is None and time.monotonic() < patience:
        time.sleep(0.01)
    return why


class Parent(Protocol):
    """What starts processes in the jail: see ``WarmParent``."""

    @property
    def level(self) -> str: ...
    @property
    def refused(self) -> dict[str, str]: ...
    def new_sockets(self) -> int: ...
    def socket_prefix(self, number: int) -> str: ...
    def launch_kernel(
        self, number: int, connection: Mapping[str, Any], files: Sequence[Path], limits: Limits
    ) -> Process: ...
    def launch(
        self,
        serve: str,
        given: Mapping[str, Any],
        sockets: Sequence[socket.socket],
        files: Sequence[Path],
        limits: Limits,
        role: Role | None = None,
    ) -> Process: ...
    def is_alive(self) -> bool: ...
    def close(self) -> None: ...


class WarmParent:
    """One parent in a jail of its own; ``launch_kernel`` forks a student's process from it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.folder, self._lock = own_folder()
        self.folder.chmod(0o711)
        (self.folder / "root").mkdir(mode=0o700)
        self._kernels, connects = surroundings.sockets or (self.folder / "sockets", surroundings.role)
        self._connects = connects if surroundings.sockets else None
        self._kernels.mkdir(mode=0o700, exist_ok=True)
        self._sockets = os.open(self._kernels, os.O_PATH)
        self._public, self._private = surroundings.furnish(self.folder)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = open(self.folder / "errors", "w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, *FLAGS, str(INSIDE / "zygote.py"), ":".join(PACKAGES), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(surroundings.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd="/",
                start_new_session=True,  # a terminal that closes must not end it before those that it keeps
            )
        self._send(self._plan())
        self._said: dict[str, Any] | None = None

    def _admit(self, path: str, mode: int) -> None:
        """Let the user that connects to kernels use a file of ours, where that is another one."""
        if self._connects is not None and os.getuid() == 0:
            admit(path, getattr(own_users(), self._connects), mode)

    def new_sockets(self) -> int:
        """A folder for one more kernel's sockets, by its number."""
        number = next(_numbers)
        folder = f"/proc/self/fd/{self._sockets}/{number}"
        os.mkdir(folder, mode=0o700)
        self._admit(folder, 0o710)
        return number

    def socket_prefix(self, number: int) -> str:
        """How the paths of these sockets begin: short, since a socket's path may have 107 characters, a folder's far more."""
        return f"/proc/self/fd/{self._sockets}/{number}/s"

    def _plan(self) -> dict[str, Any]:
        python = (sys.prefix, sys.base_prefix, *PACKAGES)
        given = (*self.surroundings.shown, *self._public, *self._private)
        return {
            "levels": self.surroundings.to_try(),
            "folder": str(self.folder),
            "root": str(self.folder / "root"),
            "shown": sorted({*python, *map(os.path.realpath, python), *map(str, given)}),
            "path": [str(path) for path in self.surroundings.path],
            "hidden": [str(path) for path in self.surroundings.hidden],
            "uid": getattr(own_users(), self.surroundings.role),
            "role": self.surroundings.role,
            "leave_files": [own_users().student, own_users().model] if self.surroundings.role == "student" else [],
            "hidden_from": {"reader": [str(path) for path in self._private]},
            "preload": [] if self.surroundings.jail.cold else _with_builder(self.surroundings.preload),
            "cores": _cores(*self.surroundings.slot),
        }

    def _send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        told = json.dumps(message).encode()
        if len(told) > MESSAGE:
            raise OSError("a message that is too long for the warm parent")
        socket.send_fds(self.control, [told], descriptors)

    def _ready(self) -> dict[str, Any]:
        """What the parent said when it was ready.

        Raises:
            OSError: it ended while it started.
        """
        if self._said is None:
            self.control.settimeout(START_SECONDS)
            answer = self.control.recv(MESSAGE)
            if not answer:
                code = self.process.wait()
                self._errors.seek(0)
                last = (self._errors.read().strip().splitlines() or [""])[-1]
                raise OSError(f"the warm parent ended with exit code {code} while it started: {last}")
            self._said = json.loads(answer)
        return self._said

    @property
    def level(self) -> str:
        """How much of the jail this machine enforces: one of ``config.LEVELS``."""
        return str(self._ready()["level"])

    @property
    def refused(self) -> dict[str, str]:
        """Level -> why this machine does not have it."""
        return dict(self._ready()["refused"])

    def launch_kernel(
        self, number: int, connection: Mapping[str, Any], files: Sequence[Path], limits: Limits
    ) -> JailedProcess:
        """Fork one student's process, with a kernel in it.

        Args:
            number: from ``new_sockets``.
            connection: jupyter_client's connection info.
            files: files and folders that are copied into the process' own folder.

        Raises:
            OSError: it could not be started, or the parent has ended.
        """
        ports = {f"{name}_port": int(connection[f"{name}_port"]) for name in CHANNELS}
        given = {"connection": {**connection, **ports}, "channels": CHANNELS}
        with contextlib.ExitStack() as stack:
            sockets: list[socket.socket] = []
            for name in CHANNELS:
                path = f"{self.socket_prefix(number)}-{ports[f'{name}_port']}"
                sockets.append(stack.enter_context(_listening(path)))
                self._admit(path, 0o660)
            process = self.launch("agent:serve", given, sockets, files, limits)
        process.leftovers.append(str(self._kernels / str(number)))
        return process

    def launch(
        self,
        serve: str,
        given: Mapping[str, Any],
        sockets: Sequence[socket.socket],
        files: Sequence[Path],
        limits: Limits,
        role: Role | None = None,
    ) -> JailedProcess:
        """Fork one process into the jail.

        Args:
            serve: what it runs, as ``module:function``; called with ``given`` and the descriptors of ``sockets``.
            files: files and folders that are copied into the process' own folder.
            role: whose user it becomes, and what is hidden from it; the parent's role where none is given.

        Raises:
            OSError: it could not be started, or the parent has ended.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(START_SECONDS)
        words = LastWords()
        home = self.folder / f"home-{next(_numbers)}"
        with contextlib.ExitStack() as stack:
            stack.enter_context(theirs)
            stack.enter_context(words.told)
            if self.level != "namespaces":
                home.mkdir(mode=0o700)
            archive = [stack.enter_context(_archive(files))] if files else []
            message = {
                "serve": serve,
                "given": dict(given),
                "sockets": len(sockets),
                "home": str(home),
                "uid": getattr(own_users(), role or self.surroundings.role),
                "role": role or self.surroundings.role,
                "environment": _environment(self.surroundings.environment),
                "scratch_mib": limits.scratch_mib,
                "limits": {
                    "core": 1,  # none at all; at 0 the system still pipes one to a program of root's that collects them
                    "cpu": int(limits.cpu_seconds),
                    "fsize": limits.scratch_mib << 20,
                    "nofile": limits.open_files,
                    "nproc": limits.processes,
                },
            }
            passed: list[Any] = [theirs, words.told, *sockets, *archive]
            self._send(message, [each.fileno() for each in passed])
        word, descriptors, _, _ = socket.recv_fds(ours, MESSAGE, 1)
        if not descriptors:
            raise OSError(word.decode() or "the warm parent ended")
        cores = len(_cores(*self.surroundings.slot))
        return JailedProcess(descriptors[0], ours, words, home, limits, cores, writes_anywhere=self.level == "user")

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the parent, and with it every process it forked."""
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30.0)  # where nothing else holds them together, it has all its descendants to end
        self.process.kill()
        self.process.wait()
        self._errors.close()
        os.close(self._sockets)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


class JailedProcess:
    """A process in the jail and all that it started.

    Attributes:
        pid: of its keeper, which ends after it.
        leftovers: folders that are removed with it.
        writes_anywhere: whether it may write wherever its user may, not in ``home`` alone.
    """

    def __init__(
        self,
        keeper: int,
        status: socket.socket,
        words: LastWords,
        home: Path,
        limits: Limits,
        cores: int,
        writes_anywhere: bool,
    ) -> None:
        self._keeper = keeper
        self._status = status
        self._words = words
        self._system_killed = memory_kills()
        self._home = home
        self.leftovers = [str(home)]
        self._limits = limits
        self._writes_anywhere = writes_anywhere
        self._over = ""  # the limit for which this side ended it
        self._ended: str | None = None
        self._closed = False
        self.pid = _pid(keeper)
        self._group = Group.make(limits.memory_mib, limits.processes)
        if self._group is not None and not self._group.add(self.pid):
            self._group.remove()
            self._group = None
        if self._group is None and not usage.children_files(self.pid):
            raise OSError("this system does not say which processes a process has started, so none can be counted")
        self._clock = Clock(self.pid, cores)
        status.send(b"counted" if self._group else b"watched")

    def poll(self) -> str | None:
        """None while it runs; then why it ended: the name of a limit, ``BY_US``, ``exit N`` or ``signal N``."""
        if self._ended is None and not self._closed:
            self._words.listen()
            if select.select([self._keeper], [], [], 0)[0]:
                self._ended = self._why()
            else:
                self._clock.look()
                self._watch()
        return self._ended

    @property
    def seconds(self) -> float:
        """In which it could run, at the last ``poll``."""
        return self._clock.seconds

    @property
    def waited(self) -> float:
        """Seconds in which others had the cores, at the last ``poll``."""
        return self._clock.waited

    @property
    def last_words(self) -> str:
        """The end of its standard error where it crashed or left, else nothing. Not trusted: it may be a student's."""
        return (
            self._words.text() if (self._ended or "").startswith(("exit", "signal")) and self._ended != "exit 0" else ""
        )

    def _watch(self) -> None:
        """The limits that nothing in the system keeps here, or only by ending one process of several."""
        limit = self._limits.memory_mib << 20
        if self._group.out_of_memory() if self._group else usage.memory(self.pid) > limit:
            self.end("memory")
        elif self._home.is_dir() and self._written() > self._limits.scratch_mib << 20:
            self.end("scratch")

    def _written(self) -> int:
        folders = [self._home, *(usage.EVERYBODYS if self._writes_anywhere else ())]
        return usage.written(self.pid, folders, self._home.stat().st_uid)

    def _why(self) -> str:
        if self._over:
            return self._over
        if self._group is not None and self._group.out_of_memory():
            return "memory"
        try:
            said = json.loads(self._status.recv(MESSAGE, socket.MSG_DONTWAIT))
            (kind, number), *_ = said.items()
            why = f"{kind} {int(number)}"
        except (OSError, ValueError, AttributeError):  # the keeper was ended before it could say anything
            why = f"signal {signal.SIGKILL:d}"
        return STARVED if why == f"signal {signal.SIGKILL:d}" and memory_kills() > self._system_killed else why

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._signal(signal.SIGINT)

    def end(self, over: str = BY_US) -> None:
        """End it at once, with all that it started.

        Args:
            over: the limit that it went over.
        """
        self._over = self._over or over
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._ended is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._keeper, number)

    def close(self) -> None:
        """End it and leave nothing of it behind. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self.end()
        select.select([self._keeper], [], [], 10.0)
        self.poll()
        os.close(self._keeper)
        self._status.close()
        self._words.close()
        if self._group is not None:
            self._group.remove()
        for folder in self.leftovers:
            remove(folder)


def _with_builder(preload: Sequence[str]) -> list[str]:
    """What to import beforehand; where notebooks build models, so does what rebuilds them."""
    return [*preload, *(["builder"] if any(name.split(".")[0] in ("keras", "tensorflow") for name in preload) else [])]


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return a jailed process' environment: ``own``, and of the grader's only thread counts, device choice and locale."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return {
        **kept,
        **own,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _cores(number: int, of: int) -> list[int]:
    """The cores that are this judge's, so that no submission slows its neighbours.

    >>> len(_cores(0, 1)) == len(os.sched_getaffinity(0))
    True
    """
    cores = sorted(os.sched_getaffinity(0))
    share = max(1, len(cores) // of)
    first = number * share % len(cores)
    return cores[first : first + share]


def admit(path: str | Path, group: int, mode: int) -> None:
    """Let one group use a file, which stays ours."""
    os.chown(path, -1, group)
    os.chmod(path, mode)


def _archive(paths: Sequence[Path]) -> IO[bytes]:
    """A tar file of files and folders, however many: a message takes only so many open files."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    with tarfile.open(fileobj=file, mode="w", dereference=True) as archive:
        for path in paths:
            archive.add(path, path.name)
    file.seek(0)
    return file


def _listening(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    return listening


def _pid(descriptor: int) -> int:
    """The process id behind a pidfd, in this process' own namespace."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise OSError("the process has ended")


_numbers = itertools.count()  # of folders: parents that follow one another may share one for sockets
_parent: Parent | None = None
_usual = Surroundings()
_make: Callable[[], Parent] = lambda: WarmParent(_usual)  # noqa: E731
_minimum = _usual.jail.minimum


def settle(surroundings: Surroundings) -> None:
    """Set what students' processes are started with from here on, and begin to start the parent."""
    _use(lambda: WarmParent(surroundings), surroundings.jail.minimum)
    _start()


def reset() -> None:
    """End this process' parent, and forget what students' processes were to be started with."""
    _use(lambda: WarmParent(_usual), _usual.jail.minimum)


def adopt(parent: Parent) -> None:
    """Let another process start students' processes for this one; it keeps to what the configuration asks for."""
    _use(lambda: parent, LEVELS[0])


def _use(make: Callable[[], Parent], minimum: str) -> None:
    global _make, _minimum
    release()
    _make, _minimum = make, minimum


def _start() -> Parent:
    global _parent
    if sys.platform != "linux":
        raise UsageError("student code is run on Linux alone. On Windows use WSL 2, on macOS a container.")
    if _parent is None or not _parent.is_alive():
        release()
        _parent = _make()
    return _parent


def release() -> None:
    """End this process' parent, if it has one; the next kernel gets a new one."""
    global _parent
    if _parent is not None:
        _parent.close()
        _parent = None


def parent() -> Parent:
    """The parent of this process.

    Raises:
        UsageError: the machine enforces less than the configuration asks for.
        OSError: it could not be started.
    """
    started = _start()
    ensure_level(started, _minimum)
    return started


def ensure_level(started: Parent, minimum: str) -> None:
    """Raise UsageError where the machine enforces less than ``minimum``."""
    if LEVELS.index(started.level) < LEVELS.index(minimum):
        why = "; ".join(f"{level}: {reason}" for level, reason in started.refused.items())
        raise UsageError(
            f"this machine's jail is '{started.level}', and c.Jail.minimum asks for '{minimum}' ({why})."
            " Run `autograder doctor`; or grade notebooks that you trust with --jail=off.",
            code="weak-jail",
        )


atexit.register(release)
