"""How long a process could run: on a busy machine it waits for a core, and no limit counts that time."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from autograder.machine import usage

SAMPLE = 0.1  # seconds between two looks
FAR = 10  # times a limit, in wall time, after which it counts whatever the machine was short of


class Clock:
    """Counts the seconds in which a process could run.

    Of each interval between two looks the longest wait of one thread for a core is left out. Threads that wait for each other do not
    stop the clock: it is never slower than the processor time of all of them, spread over the cores that they may use.

    Args:
        pid: whose descendants are looked at.
        cores: how many they may use.

    Attributes:
        seconds, waited: in which it could run, and in which others had the cores; at the last look.
    """

    def __init__(self, pid: int, cores: int) -> None:
        self.seconds = self.waited = 0.0
        self._pid = pid
        self._cores = cores
        self._looked = time.monotonic()
        self._threads: dict[int, tuple[int, int]] = {}  # thread -> nanoseconds on a core, and waiting for one

    def look(self) -> None:
        """Bring ``seconds`` up to date, unless the last look was a moment ago."""
        now = time.monotonic()
        if now - self._looked >= SAMPLE:
            passed, self._looked = now - self._looked, now
            before, self._threads = self._threads, dict(_threads(self._pid))
            new = [(thread, before.get(thread, (0, 0))) for thread in self._threads]
            ran = sum(self._threads[thread][0] - then[0] for thread, then in new)
            waited = max((self._threads[thread][1] - then[1] for thread, then in new), default=0)
            could_run = min(passed, max(passed - waited / 1e9, ran / 1e9 / self._cores, 0.0))
            self.seconds += could_run
            self.waited += passed - could_run


class Counted(Protocol):
    """A process whose seconds are counted, at its last ``poll``."""

    @property
    def seconds(self) -> float: ...

    @property
    def waited(self) -> float: ...

    def poll(self) -> str | None: ...


class Stopwatch:
    """Counts from now on the seconds in which a process could run."""

    def __init__(self, process: Counted) -> None:
        process.poll()
        self._process = process
        self._start, self._waited, self._began = process.seconds, process.waited, time.monotonic()

    @property
    def seconds(self) -> float:
        """As of the process' last ``poll``."""
        return self._process.seconds - self._start

    @property
    def share_waited(self) -> float:
        """The part of the time in which others had the cores; of less than a second it says nothing, and is 0."""
        waited = self._process.waited - self._waited
        return waited / (waited + self.seconds) if waited + self.seconds >= 1 else 0.0

    def is_over(self, limit: float) -> bool:
        """Whether the process could run for so long, or ``FAR`` times as long has passed."""
        return self.seconds > limit or time.monotonic() - self._began > FAR * limit


def _threads(pid: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """For each thread of each descendant the nanoseconds that it was on a core and waited for one.

    Source: Documentation/scheduler/sched-stats.rst of Linux, ``/proc/<pid>/schedstat``.
    """
    for process in usage.list_descendants(pid):
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                with contextlib.suppress(OSError, ValueError):
                    ran, waited, _ = Path(f"/proc/{process}/task/{thread}/schedstat").read_text().split()
                    yield int(thread), (int(ran), int(waited))
