"""The warm parent, seen from outside: it starts processes in the jail by forking them from one that has imported the packages.

A worker has two: one for student code and students' models, and one, which can see the course's checks, for readers and judges.
`inside/zygote.py` runs on the other side.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from autograder.course.config import Limits
from autograder.errors import UsageError
from autograder.machine.last_words import LastWords
from autograder.machine.leftovers import make_own_folder
from autograder.machine.users import own_users
from autograder.sandbox.jailed_process import MESSAGE, JailedProcess, Process
from autograder.sandbox.surroundings import Role, Surroundings, add_builder, choose_cores, make_environment

INSIDE = Path(__file__).parent / "inside"
PACKAGES = list(dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]))
FLAGS = ("-s", "-S", "-P")  # no user folder, no .pth file, no script folder on the path
CHANNELS = ("shell", "iopub", "stdin", "control")
START_SECONDS = 120.0


class Parent(Protocol):
    """An object that starts processes in the jail: see ``WarmParent``."""

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
    """One warm parent; ``launch`` and ``launch_kernel`` fork processes from it.

    Raises:
        UsageError: this is not Linux.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        if sys.platform != "linux":
            raise UsageError("student code is run on Linux alone. On Windows use WSL 2, on macOS a container.")
        self.surroundings = surroundings
        self.folder, self._lock = make_own_folder()
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
                env=make_environment(surroundings.environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd="/",
                start_new_session=True,  # a closing terminal must not end it before its processes
            )
        self._send(self._make_plan())
        self._told: dict[str, Any] | None = None  # what it sends when it is ready

    def _admit(self, path: str, mode: int) -> None:
        """Let the role that connects to kernels use a file of ours, where it has a user of its own."""
        if self._connects is not None and os.getuid() == 0:
            let_group_use(path, getattr(own_users(), self._connects), mode)

    def new_sockets(self) -> int:
        """Make a folder for one more kernel's sockets, and return its number."""
        number = next(_numbers)
        folder = f"/proc/self/fd/{self._sockets}/{number}"
        os.mkdir(folder, mode=0o700)
        self._admit(folder, 0o710)
        return number

    def socket_prefix(self, number: int) -> str:
        """Return how the paths of these sockets begin; short, since a socket's path may have 107 characters alone."""
        return f"/proc/self/fd/{self._sockets}/{number}/s"

    def _make_plan(self) -> dict[str, Any]:
        """Return the plan that the parent starts with."""
        python = (sys.prefix, sys.base_prefix, *PACKAGES)
        given = (*self.surroundings.shown, *self._public, *self._private)
        return {
            "levels": self.surroundings.list_levels(),
            "folder": str(self.folder),
            "root": str(self.folder / "root"),
            "shown": sorted({*python, *map(os.path.realpath, python), *map(str, given)}),
            "path": [str(path) for path in self.surroundings.path],
            "hidden": [str(path) for path in self.surroundings.hidden],
            "uid": getattr(own_users(), self.surroundings.role),
            "role": self.surroundings.role,
            "leave_files": [own_users().student, own_users().model] if self.surroundings.role == "student" else [],
            "hidden_from": {"reader": [str(path) for path in self._private]},
            "preload": [] if self.surroundings.jail.cold else add_builder(self.surroundings.preload),
            "cores": choose_cores(*self.surroundings.slot),
        }

    def _send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        told = json.dumps(message).encode()
        if len(told) > MESSAGE:
            raise OSError("the message to the warm parent is too long")
        socket.send_fds(self.control, [told], descriptors)

    def _wait_until_ready(self) -> dict[str, Any]:
        """Return what the parent sends when it is ready.

        Raises:
            OSError: it ended while it started.
        """
        if self._told is None:
            self.control.settimeout(START_SECONDS)
            answer = self.control.recv(MESSAGE)
            if not answer:
                code = self.process.wait()
                self._errors.seek(0)
                last = (self._errors.read().strip().splitlines() or [""])[-1]
                raise OSError(f"the warm parent ended with exit code {code} while it started: {last}")
            self._told = json.loads(answer)
        return self._told

    @property
    def level(self) -> str:
        """The level of the jail that this machine enforces: one of ``config.LEVELS``."""
        return str(self._wait_until_ready()["level"])

    @property
    def refused(self) -> dict[str, str]:
        """Level -> why this machine does not enforce it."""
        return dict(self._wait_until_ready()["refused"])

    def launch_kernel(
        self, number: int, connection: Mapping[str, Any], files: Sequence[Path], limits: Limits
    ) -> JailedProcess:
        """Fork one student's process, which runs a kernel.

        Args:
            number: from ``new_sockets``.
            connection: jupyter_client's connection info.
            files: files and folders to copy into the process' own folder.

        Raises:
            OSError: the process could not be started, or the parent has ended.
        """
        ports = {f"{name}_port": int(connection[f"{name}_port"]) for name in CHANNELS}
        given = {"connection": {**connection, **ports}, "channels": CHANNELS}
        with contextlib.ExitStack() as stack:
            sockets: list[socket.socket] = []
            for name in CHANNELS:
                path = f"{self.socket_prefix(number)}-{ports[f'{name}_port']}"
                sockets.append(stack.enter_context(_listen(path)))
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
            serve: the function that it runs, as ``module:function``; called with ``given`` and the descriptors of ``sockets``.
            files: files and folders to copy into the process' own folder.
            role: decides its user and what is hidden from it; the parent's role where None.

        Raises:
            OSError: the process could not be started, or the parent has ended.
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
            archive = [stack.enter_context(_make_archive(files))] if files else []
            message = {
                "serve": serve,
                "given": dict(given),
                "sockets": len(sockets),
                "home": str(home),
                "uid": getattr(own_users(), role or self.surroundings.role),
                "role": role or self.surroundings.role,
                "environment": make_environment(self.surroundings.environment),
                "scratch_mib": limits.scratch_mib,
                "limits": {
                    "core": 1,  # no core dump; at 0 the system still pipes one to a collecting program of root's
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
        cores = len(choose_cores(*self.surroundings.slot))
        return JailedProcess(descriptors[0], ours, words, home, limits, cores, writes_anywhere=self.level == "user")

    def is_alive(self) -> bool:
        """Whether the parent can still fork."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the parent, and every process that it forked."""
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30.0)  # without namespaces it has to end all its descendants itself
        self.process.kill()
        self.process.wait()
        self._errors.close()
        os.close(self._sockets)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def let_group_use(path: str | Path, group: int, mode: int) -> None:
    """Let one group use a file, of which this process' user stays the owner."""
    os.chown(path, -1, group)
    os.chmod(path, mode)


def _make_archive(paths: Sequence[Path]) -> IO[bytes]:
    """Return a tar file of any number of files and folders; a message carries only a few descriptors."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    with tarfile.open(fileobj=file, mode="w", dereference=True) as archive:
        for path in paths:
            archive.add(path, path.name)
    file.seek(0)
    return file


def _listen(path: str) -> socket.socket:
    """Return a socket that listens at a path."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    return listening


_numbers = itertools.count()  # of folders: one parent after the other may use the same folder for sockets
