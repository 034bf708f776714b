"""The end of what a process in the jail writes to its standard error: why it crashed, where nothing else says so."""

from __future__ import annotations

import contextlib
import os
from typing import IO

MOST = 1 << 14  # bytes that are kept: Python's report of a crash names every extension module
AT_ONCE, PIECES = 1 << 16, 16  # what is read of a flood before there is something else to do


class LastWords:
    """A pipe, and the end of what came through it.

    Attributes:
        told: the end to write to.
    """

    def __init__(self) -> None:
        heard, told = os.pipe()
        os.set_blocking(heard, False)
        self.told: IO[bytes] = os.fdopen(told, "wb", buffering=0)
        self._heard: IO[bytes] = os.fdopen(heard, "rb", buffering=0)
        self._end = b""

    def listen(self) -> None:
        """Take what has come."""
        with contextlib.suppress(OSError):
            for _ in range(PIECES):
                if not (piece := self._heard.read(AT_ONCE)):
                    return
                self._end = (self._end + piece)[-MOST:]

    def text(self) -> str:
        """The end, as text."""
        return self._end.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Take what has come, and nothing more."""
        self.listen()
        self._heard.close()
