"""Forked processes, and all that descends from them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Set
from typing import Any


def in_child(function: Callable[..., int], *arguments: Any) -> None:
    """Run ``function`` in a forked process and end there with its exit code; the parent's own code is never returned to."""
    code = 1
    try:
        code = function(*arguments)
    finally:
        os._exit(code)


def reap() -> set[int]:
    """Take leave of children that ended."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.add(pid)
    return ended


def end_children(spared: Set[int] = frozenset()) -> None:
    """End every descendant but those of ``spared`` children, however fast they make new ones.

    Whoever is stopped makes none: all are, until no other is seen, and only then killed. One whose parent is gone has become a
    child of this process, so none is out of sight.
    """
    while seen := descendants(os.getpid(), spared):
        stopped: set[int] = set()
        while fresh := seen - stopped:
            send(fresh, signal.SIGSTOP)
            stopped |= fresh
            seen = descendants(os.getpid(), spared)
        send(stopped, signal.SIGKILL)
        for _ in range(100):  # those whose parents were among them become ours a moment later
            for each in stopped:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each, os.WNOHANG)
            if not descendants(os.getpid(), spared) & stopped:
                break
            time.sleep(0.01)


def send(pids: Set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def descendants(pid: int, spared: Set[int]) -> set[int]:
    """All descendants of a process, without the ``spared`` ones and theirs."""
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
