"""One process in the jail, seen from outside: watches its limits, interrupts and ends it, and finds out why it ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import Protocol

from autograder.course.config import Limits
from autograder.machine import usage
from autograder.machine.capacity import count_memory_kills
from autograder.machine.cgroup import Group
from autograder.machine.clock import Clock
from autograder.machine.last_words import LastWords
from autograder.machine.leftovers import remove_tree
from autograder.sandbox.limits import STARVED

BY_US = "ended"  # how a process ended that the grader no longer needed
MESSAGE = 1 << 17  # bytes
PAUSES = 4  # times as long as files are measured, they are not


class Process(Protocol):
    """A process in the jail, and all that it started: see ``JailedProcess``."""

    @property
    def seconds(self) -> float: ...
    @property
    def waited(self) -> float: ...
    def poll(self) -> str | None: ...
    def interrupt(self) -> None: ...
    def end(self, over: str = BY_US) -> None: ...
    def close(self) -> None: ...


def wait_for_end(process: Process, seconds: float) -> str | None:
    """Wait for a process that is about to end, and return why it ended; None where it runs on after ``seconds``.

    Call this before ending a process: killing it would hide why it ended by itself.
    """
    patience = time.monotonic() + seconds
    while (why := process.poll()) is None and time.monotonic() < patience:
        time.sleep(0.01)
    return why


class JailedProcess:
    """A process in the jail, with all its descendants.

    Args:
        keeper: pidfd of its keeper, which ends after it.
        status: socket to the keeper.
        cores: how many cores it may use.
        writes_anywhere: whether it may write wherever its user may, not in ``home`` alone.

    Attributes:
        pid: the keeper's process id.
        group: the control group that counts its memory and processes; None where they are watched instead.
        leftovers: folders to remove with the process.

    Raises:
        OSError: the system cannot count its descendants.
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
        self._system_killed = count_memory_kills()
        self._home = home
        self.leftovers = [str(home)]
        self._limits = limits
        self._writes_anywhere = writes_anywhere
        self._files_next = 0.0  # when files are measured again
        self._over = ""  # the limit for which the grader ended it
        self._ended: str | None = None
        self._closed = False
        self.pid = _find_pid(keeper)
        self.group = Group.make(limits.memory_mib, limits.processes)
        if self.group is not None and not self.group.add(self.pid):
            self.group.remove()
            self.group = None
        if self.group is None and not usage.list_children_files(self.pid):
            raise OSError("this system does not list the children of a process, so limits cannot be kept")
        self._clock = Clock(self.pid, cores)
        status.send(b"counted" if self.group else b"watched")

    def poll(self) -> str | None:
        """Return None while it runs, then why it ended: the name of a limit, ``BY_US``, ``exit N`` or ``signal N``."""
        if self._ended is None and not self._closed:
            self._words.listen()
            if select.select([self._keeper], [], [], 0)[0]:
                self._ended = self._find_reason()
            else:
                self._clock.look()
                self._watch()
        return self._ended

    @property
    def seconds(self) -> float:
        """Seconds in which it could run, as of the last ``poll``."""
        return self._clock.seconds

    @property
    def waited(self) -> float:
        """Seconds in which it waited for a core, as of the last ``poll``."""
        return self._clock.waited

    @property
    def last_words(self) -> str:
        """The end of its standard error where it crashed or exited with an error; not trusted: student code may write it."""
        crashed = (self._ended or "").startswith(("exit", "signal")) and self._ended != "exit 0"
        return self._words.text() if crashed else ""

    def _watch(self) -> None:
        """Keep the limits that the system does not keep here, or keeps by ending only one of several processes."""
        limit = self._limits.memory_mib << 20
        if self.group.out_of_memory() if self.group else usage.measure_memory(self.pid) > limit:
            self.end("memory")
        elif (
            time.monotonic() >= self._files_next
            and self._home.is_dir()
            and self._measure_files() > self._limits.scratch_mib << 20
        ):
            self.end("scratch")

    def _measure_files(self) -> int:
        """Return the bytes that it has written; where everybody's folders hold much it takes seconds, so the next time is later."""
        folders = [self._home, *(usage.EVERYBODYS if self._writes_anywhere else ())]
        began = time.monotonic()
        found = usage.measure_files(self.pid, folders, self._home.stat().st_uid)
        ended = time.monotonic()
        self._files_next = ended + PAUSES * (ended - began)
        return found

    def _find_reason(self) -> str:
        """Return why it ended, as ``poll`` does."""
        if self._over:
            return self._over
        if self.group is not None and self.group.out_of_memory():
            return "memory"
        try:
            said = json.loads(self._status.recv(MESSAGE, socket.MSG_DONTWAIT))
            (kind, number), *_ = said.items()
            why = f"{kind} {int(number)}"
        except (OSError, ValueError, AttributeError):  # the keeper was killed before it could send anything
            why = f"signal {signal.SIGKILL:d}"
        return STARVED if why == f"signal {signal.SIGKILL:d}" and count_memory_kills() > self._system_killed else why

    def interrupt(self) -> None:
        """Interrupt it, as Ctrl-C does."""
        self._signal(signal.SIGINT)

    def end(self, over: str = BY_US) -> None:
        """Kill it at once, with all its descendants.

        Args:
            over: the limit that it exceeded.
        """
        self._over = self._over or over
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._ended is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._keeper, number)

    def close(self) -> None:
        """End it, and remove its folders and its control group. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self.end()
        select.select([self._keeper], [], [], 10.0)
        self.poll()
        os.close(self._keeper)
        self._status.close()
        self._words.close()
        if self.group is not None:
            self.group.remove()
        for folder in self.leftovers:
            remove_tree(folder)


def _find_pid(descriptor: int) -> int:
    """Return the process id behind a pidfd, in this process' own namespace."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise OSError("the process has already ended")
