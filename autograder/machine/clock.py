"""Counts the time in which a process could run: time spent waiting for a core on a busy machine counts towards no limit."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from autograder.machine import usage

SAMPLE = 0.1  # seconds between two samples
FAR = 10  # times the limit, in wall time, after which a process is stopped however busy the machine is


class Clock:
    """Counts the seconds in which a process could run.

    From each interval between two samples it subtracts the longest time that one thread waited for a core. Threads that wait for each
    other do not stop the clock: it counts at least the processor time of all of them, divided by the cores that they may use.

    Args:
        pid: the process whose descendants are sampled.
        cores: how many cores they may use.

    Attributes:
        seconds: in which the process could run, as of the last sample.
        waited: seconds in which it waited for a core, as of the last sample.
    """

    def __init__(self, pid: int, cores: int) -> None:
        self.seconds = self.waited = 0.0
        self._pid = pid
        self._cores = cores
        self._looked = time.monotonic()
        self._threads: dict[int, tuple[int, int]] = {}  # thread -> nanoseconds on a core, and waiting for one

    def look(self) -> None:
        """Take a sample, unless the last one is less than ``SAMPLE`` old."""
        now = time.monotonic()
        if now - self._looked >= SAMPLE:
            passed, self._looked = now - self._looked, now
            before, self._threads = self._threads, dict(list_threads(self._pid))
            new = [(thread, before.get(thread, (0, 0))) for thread in self._threads]
            ran = sum(self._threads[thread][0] - then[0] for thread, then in new)
            waited = max((self._threads[thread][1] - then[1] for thread, then in new), default=0)
            could_run = min(passed, max(passed - waited / 1e9, ran / 1e9 / self._cores, 0.0))
            self.seconds += could_run
            self.waited += passed - could_run


class Counted(Protocol):
    """A process that tells, as of its last ``poll``, how long it could run."""

    @property
    def seconds(self) -> float: ...

    @property
    def waited(self) -> float: ...

    def poll(self) -> str | None: ...


class Stopwatch:
    """Counts the seconds in which a process could run from now on."""

    def __init__(self, process: Counted) -> None:
        process.poll()
        self._process = process
        self._start, self._waited, self._began = process.seconds, process.waited, time.monotonic()

    @property
    def seconds(self) -> float:
        """The seconds, as of the process' last ``poll``."""
        return self._process.seconds - self._start

    @property
    def share_waited(self) -> float:
        """The share of the time spent waiting for a core; 0 for less than a second, which is too short to tell."""
        waited = self._process.waited - self._waited
        return waited / (waited + self.seconds) if waited + self.seconds >= 1 else 0.0

    def is_over(self, limit: float) -> bool:
        """Whether the process could run for ``limit`` seconds, or ``FAR`` times as long has passed."""
        return self.seconds > limit or time.monotonic() - self._began > FAR * limit


def list_threads(pid: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield, for each thread of each descendant, the nanoseconds on a core and waiting for one.

    Source: Documentation/scheduler/sched-stats.rst of Linux, ``/proc/<pid>/schedstat``.
    """
    for process in usage.list_descendants(pid):
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                with contextlib.suppress(OSError, ValueError):
                    ran, waited, _ = Path(f"/proc/{process}/task/{thread}/schedstat").read_text().split()
                    yield int(thread), (int(ran), int(waited))
