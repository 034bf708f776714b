"""A pool of processes that work in parallel for a command, and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from pebble import ProcessPool


class WorkerPool:
    """A pool for a ``with`` statement: an exception in it, Ctrl-C included, ends the processes at once.

    Args:
        initializer, arguments: called first in each process; it should ``detach_from_terminal``.
    """

    def __init__(self, workers: int, initializer: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        context = multiprocessing.get_context("spawn")  # never fork a process that may hold TensorFlow's threads
        self._pool = ProcessPool(max_workers=workers, context=context, initializer=initializer, initargs=arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop() if error is not None else self._pool.close()
        self._pool.join()


def detach_from_terminal() -> None:
    """Leave Ctrl-C and the terminal to the command, which stops the pool."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def forget_models() -> None:
    """Free the memory that Keras keeps for every model built here; a process that builds hundreds would run out of it."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
