"""Forks processes, and ends all their descendants."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Set
from typing import Any


def in_child(function: Callable[..., int], *arguments: Any) -> None:
    """Run ``function`` in a forked process, and end it with the exit code returned; never return to the parent's code."""
    code = 1
    try:
        code = function(*arguments)
    finally:
        os._exit(code)


def reap() -> set[int]:
    """Collect the children that have ended; return their process ids."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.add(pid)
    return ended


def end_children(spared: Set[int] = frozenset()) -> None:
    """End every descendant but the ``spared`` children and theirs, however fast they fork.

    A stopped process cannot fork. So all are stopped first, until no new one is found, and only then killed. A process whose
    parent has ended becomes a child of this one (see ``jail.adopt_orphans``), so none is missed.
    """
    while seen := find_descendants(os.getpid(), spared):
        stopped: set[int] = set()
        while fresh := seen - stopped:
            send_signal(fresh, signal.SIGSTOP)
            stopped |= fresh
            seen = find_descendants(os.getpid(), spared)
        send_signal(stopped, signal.SIGKILL)
        for _ in range(100):  # orphans of those just killed become our children a moment later
            for each in stopped:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each, os.WNOHANG)
            if not find_descendants(os.getpid(), spared) & stopped:
                break
            time.sleep(0.01)


def send_signal(pids: Set[int], number: signal.Signals) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def find_descendants(pid: int, spared: Set[int]) -> set[int]:
    """Return all descendants of a process, without the ``spared`` ones and theirs."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{each}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{each}/task/{task}/children") as file:
                    fresh = {int(child) for child in file.read().split()} - found - spared
                    found |= fresh
                    waiting += fresh
    return found
