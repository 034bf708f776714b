"""The warm parent, seen from the judge: started once per process, asked for one student's process after the other, replaced when it dies.

What runs on the other side is `inside/zygote.py`.
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
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.cgroup import Group
from autograder.config import LEVELS, Jail, Limits
from autograder.errors import UsageError

INSIDE = Path(__file__).parent / "inside"
FLAGS = ("-s", "-S", "-P")  # no user folder, no .pth file, no script folder on the path
PASSED_ON = ("CUDA_", "LD_LIBRARY_PATH", "LANG", "LC_", "MKL_", "NVIDIA_", "OMP_", "OPENBLAS_", "TF_", "TZ", "XLA_")
CHANNELS = ("shell", "iopub", "stdin", "control")
FIRST_UID, UIDS = 65520, 14  # numbers that distributions leave to nobody
START_SECONDS = 120.0
MESSAGE = 1 << 17
BLOCK = 1 << 15  # bytes that any file counts for: as many files as in a scratch with namespaces


@dataclass(frozen=True)
class Surroundings:
    """What the students' processes of one judge are started with.

    Attributes:
        preload: packages that the parent imports, unless it is to be cold.
        hidden: files and folders that nothing in the jail may read, wherever they lie.
        slot: number of this judge among those that work at the same time, and how many there are.
        levels: of the jail, in the order in which they are tried.
    """

    jail: Jail = field(default_factory=Jail)
    preload: tuple[str, ...] = ()
    hidden: tuple[Path, ...] = ()
    slot: tuple[int, int] = (0, 1)
    levels: tuple[str, ...] = LEVELS[:0:-1]

    def to_try(self) -> list[str]:
        """Levels of the jail, best first; none at all where the instructor asked for none."""
        return ["off"] if self.jail.minimum == "off" else list(self.levels)


class WarmParent:
    """One parent in a jail of its own; ``launch_kernel`` forks a student's process from it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.folder = Path(tempfile.mkdtemp(prefix="autograder-"))
        self.folder.chmod(0o711)
        for name in ("root", "sockets"):
            (self.folder / name).mkdir(mode=0o700)
        self._sockets = os.open(self.folder / "sockets", os.O_PATH)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.packages = list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))
        self._errors = open(self.folder / "errors", "w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, *FLAGS, str(INSIDE / "zygote.py"), ":".join(self.packages), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd="/",
            )
        self._send(self._plan())
        self._said: dict[str, Any] | None = None
        self._numbers = itertools.count()

    @property
    def sockets(self) -> str:
        """The folder for sockets, by a name that is short: a socket's path may have 107 characters, a folder's far more."""
        return f"/proc/self/fd/{self._sockets}"

    def _plan(self) -> dict[str, Any]:
        python = (sys.prefix, sys.base_prefix, *self.packages)
        return {
            "levels": self.surroundings.to_try(),
            "folder": str(self.folder),
            "root": str(self.folder / "root"),
            "shown": sorted({*python, *map(os.path.realpath, python)}),
            "hidden": [str(path) for path in self.surroundings.hidden],
            "uid": FIRST_UID + self.surroundings.slot[0] % UIDS,
            "preload": [] if self.surroundings.jail.cold else _with_builder(self.surroundings.preload),
            "cores": _cores(*self.surroundings.slot),
        }

    def _send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        socket.send_fds(self.control, [json.dumps(message).encode()], descriptors)

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

    def launch_kernel(self, connection: Mapping[str, Any], files: Sequence[Path], limits: Limits) -> JailedProcess:
        """Fork one student's process, with a kernel in it.

        Args:
            connection: jupyter_client's connection info, with ipc sockets in ``folder``.
            files: copied into the process' own folder.

        Raises:
            OSError: it could not be started, or the parent has ended.
        """
        given = {"connection": dict(connection), "channels": CHANNELS}
        with contextlib.ExitStack() as stack:
            sockets = [
                stack.enter_context(_listening(f"{connection['ip']}-{connection[f'{name}_port']}")) for name in CHANNELS
            ]
            return self.launch("agent:serve", given, sockets, files, limits)

    def launch(
        self,
        serve: str,
        given: Mapping[str, Any],
        sockets: Sequence[socket.socket],
        files: Sequence[Path],
        limits: Limits,
    ) -> JailedProcess:
        """Fork one process into the jail.

        Args:
            serve: what it runs, as ``module:function``; called with ``given`` and the descriptors of ``sockets``.
            files: copied into the process' own folder.

        Raises:
            OSError: it could not be started, or the parent has ended.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(START_SECONDS)
        home = self.folder / f"home-{next(self._numbers)}"
        with contextlib.ExitStack() as stack:
            stack.enter_context(theirs)
            if self.level != "namespaces":
                home.mkdir(mode=0o700)
            opened = [stack.enter_context(open(path, "rb")) for path in files]
            message = {
                "serve": serve,
                "given": dict(given),
                "sockets": len(sockets),
                "files": [path.name for path in files],
                "home": str(home),
                "environment": _environment(),
                "scratch_mib": limits.scratch_mib,
                "limits": {
                    "core": 0,
                    "cpu": int(limits.cpu_seconds),
                    "fsize": limits.scratch_mib << 20,
                    "nofile": limits.open_files,
                    "nproc": limits.processes,
                },
            }
            self._send(
                message, [theirs.fileno(), *(each.fileno() for each in sockets), *(each.fileno() for each in opened)]
            )
        word, descriptors, _, _ = socket.recv_fds(ours, MESSAGE, 1)
        if not descriptors:
            raise OSError(word.decode() or "the warm parent ended")
        return JailedProcess(descriptors[0], ours, home, limits)

    def close(self) -> None:
        """End the parent, and with it every process it forked."""
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5.0)
        self.process.kill()
        self.process.wait()
        self._errors.close()
        os.close(self._sockets)
        shutil.rmtree(self.folder, ignore_errors=True)


class JailedProcess:
    """A process in the jail and all that it started.

    Attributes:
        pid: of its keeper, which ends after it.
    """

    def __init__(self, keeper: int, status: socket.socket, home: Path, limits: Limits) -> None:
        self._keeper = keeper
        self._status = status
        self._home = home
        self._limits = limits
        self._over = ""  # the limit for which this side ended it
        self._ended: str | None = None
        self.pid = _pid(keeper)
        self._group = Group.make(limits.memory_mib, limits.processes)
        if self._group is not None and not self._group.add(self.pid):
            self._group.remove()
            self._group = None
        status.send(b"go")

    def poll(self) -> str | None:
        """None while it runs; then why it ended: the name of a limit, ``exit N`` or ``signal N``."""
        if self._ended is None:
            if select.select([self._keeper], [], [], 0)[0]:
                self._ended = self._why()
            else:
                self._watch()
        return self._ended

    def _watch(self) -> None:
        """The limits that nothing in the system keeps here, or only by ending one process of several."""
        limit = self._limits.memory_mib << 20
        if self._group.out_of_memory() if self._group else _memory(self.pid) > limit:
            self.end("memory")
        elif self._home.is_dir() and _size(self._home) > self._limits.scratch_mib << 20:
            self.end("scratch")

    def _why(self) -> str:
        if self._over:
            return self._over
        if self._group is not None and self._group.out_of_memory():
            return "memory"
        try:
            said = json.loads(self._status.recv(MESSAGE, socket.MSG_DONTWAIT))
            (kind, number), *_ = said.items()
            return f"{kind} {int(number)}"
        except (OSError, ValueError, AttributeError):  # the keeper was ended before it could say anything
            return f"signal {signal.SIGKILL}"

    def interrupt(self) -> None:
        """Ctrl-C."""
        self._signal(signal.SIGINT)

    def end(self, over: str = "") -> None:
        """End it at once, with all that it started.

        Args:
            over: the limit that it went over.
        """
        self._over = self._over or over
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._keeper, number)

    def close(self) -> None:
        """End it and leave nothing of it behind."""
        self.end()
        select.select([self._keeper], [], [], 10.0)
        self.poll()
        os.close(self._keeper)
        self._status.close()
        if self._group is not None:
            self._group.remove()
        shutil.rmtree(self._home, ignore_errors=True)


def _with_builder(preload: Sequence[str]) -> list[str]:
    """What to import beforehand; where notebooks build models, so does what rebuilds them."""
    return [*preload, *(["builder"] if any(name.split(".")[0] in ("keras", "tensorflow") for name in preload) else [])]


def _environment() -> dict[str, str]:
    """The environment of a student's process: nothing of the grader's but thread counts, device choice and locale."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
    return kept | {
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NLP_DATA": "stand-in",
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


def _memory(pid: int) -> int:
    """Bytes of memory that a process and its descendants hold by themselves; what a fork shares counts each time."""
    total = 0
    for each in tree(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{each}/status").read_text().splitlines():
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1]) << 10
    return total


def tree(pid: int) -> Iterator[int]:
    """All descendants of a process."""
    with contextlib.suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield int(child)
                yield from tree(int(child))


def _size(folder: Path) -> int:
    """Bytes of all files under a folder that somebody else is writing to; an empty one takes a block too."""
    total = 0
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            with contextlib.suppress(OSError):
                total += max(os.lstat(f"{place}/{name}").st_blocks * 512, BLOCK)
    return total


_surroundings = Surroundings()
_parent: WarmParent | None = None


def settle(surroundings: Surroundings) -> None:
    """Set what students' processes are started with from here on, and begin to start the parent."""
    global _surroundings
    release()
    _surroundings = surroundings
    _start()


def _start() -> WarmParent:
    global _parent
    if sys.platform != "linux":
        raise UsageError("student code is run on Linux alone. On Windows use WSL 2, on macOS a container.")
    if _parent is None or _parent.process.poll() is not None:
        release()
        _parent = WarmParent(_surroundings)
    return _parent


def release() -> None:
    """End this process' parent, if it has one; the next kernel gets a new one."""
    global _parent
    if _parent is not None:
        _parent.close()
        _parent = None


def parent() -> WarmParent:
    """The parent of this process.

    Raises:
        UsageError: the machine enforces less than the configuration asks for.
        OSError: it could not be started.
    """
    started = _start()
    minimum = _surroundings.jail.minimum
    if LEVELS.index(started.level) < LEVELS.index(minimum):
        why = "; ".join(f"{level}: {reason}" for level, reason in started.refused.items())
        raise UsageError(
            f"this machine's jail is '{started.level}', and c.Jail.minimum asks for '{minimum}' ({why})."
            " Run `autograder doctor`; or grade notebooks that you trust with --jail=off."
        )
    return started


atexit.register(release)
