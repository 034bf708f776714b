"""One process in the jail, seen from outside: it is watched, interrupted, ended, and why it ended is found out."""

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

BY_US = "ended"  # how a process ended that had nothing more to do
MESSAGE = 1 << 17


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


def wait_for_end(process: Process, seconds: float) -> str | None:
    """Wait for a process that is about to end; None where it has not after ``seconds``.

    What it said last is lost when it is killed: so the one who ends it asks here before.
    """
    patience = time.monotonic() + seconds
    while (why := process.poll()) is None and time.monotonic() < patience:
        time.sleep(0.01)
    return why


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
        self._system_killed = count_memory_kills()
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
        if self._group is None and not usage.list_children_files(self.pid):
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
        if self._group.out_of_memory() if self._group else usage.measure_memory(self.pid) > limit:
            self.end("memory")
        elif self._home.is_dir() and self._written() > self._limits.scratch_mib << 20:
            self.end("scratch")

    def _written(self) -> int:
        folders = [self._home, *(usage.EVERYBODYS if self._writes_anywhere else ())]
        return usage.measure_files(self.pid, folders, self._home.stat().st_uid)

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
        return STARVED if why == f"signal {signal.SIGKILL:d}" and count_memory_kills() > self._system_killed else why

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
            remove_tree(folder)


def _pid(descriptor: int) -> int:
    """The process id behind a pidfd, in this process' own namespace."""
    for line in Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    raise OSError("the process has ended")
