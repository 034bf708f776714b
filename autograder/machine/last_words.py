"""Keeps the end of a jailed process' standard error: often the only trace of why it crashed."""

from __future__ import annotations

import contextlib
import os
from typing import IO

MOST = 1 << 14  # bytes kept: Python's report of a crash names every extension module
AT_ONCE, PIECES = 1 << 16, 16  # bytes of one read, and reads in one go, so that a flood does not block the caller


class LastWords:
    """A pipe, and the last bytes that came through it.

    Attributes:
        told: the end for writing.
    """

    def __init__(self) -> None:
        heard, told = os.pipe()
        os.set_blocking(heard, False)
        self.told: IO[bytes] = os.fdopen(told, "wb", buffering=0)
        self._heard: IO[bytes] = os.fdopen(heard, "rb", buffering=0)
        self._end = b""

    def listen(self) -> None:
        """Read what has arrived."""
        with contextlib.suppress(OSError):
            for _ in range(PIECES):
                if not (piece := self._heard.read(AT_ONCE)):
                    return
                self._end = (self._end + piece)[-MOST:]

    def text(self) -> str:
        """Return the last bytes as text."""
        return self._end.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Read what has arrived, and close the pipe."""
        self.listen()
        self._heard.close()
