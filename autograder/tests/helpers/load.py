"""Other work on this machine, for tests of what a busy machine does to grades."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Other work on every core of this machine."""
    command = [sys.executable, "-S", "-c", "while True: pass"]
    count = processes * len(os.sched_getaffinity(0))
    others = [
        subprocess.Popen(command, start_new_session=True) for _ in range(count)
    ]  # Linux shares cores among sessions
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
