"""One channel to a kernel, with limits on message size: libzmq reads all frames of a message into memory before one can be checked.

It implements ZMTP 3.0 (https://rfc.zeromq.org/spec/23/), as far as a kernel's client needs it.
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Literal

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
MORE, LONG, COMMAND = 1, 2, 4  # flags of a frame
EVERYTHING = b"\x01"  # a subscription to every topic
CHUNK, CHUNKS = 1 << 17, 4  # bytes of one read, and reads before the caller checks the clock
CONNECT_SECONDS = 10.0


class TooMuch(Exception):
    """A message is larger than allowed, or has too many frames."""


class Channel:
    """A connection for messages of several frames; no call waits for the other side.

    Args:
        kind: ``DEALER``, or ``SUB`` for everything that is published.
        most_bytes: limit of one message, over all its frames.
        most_frames: limit of one message.

    Attributes:
        closed: whether the connection was closed, or a message exceeded a limit.
    """

    def __init__(self, path: str, kind: Literal["DEALER", "SUB"], most_bytes: int, most_frames: int) -> None:
        self.closed = False
        self._most_bytes, self._most_frames = most_bytes, most_frames
        self._greeted = self._ready = False
        self._read = bytearray()  # bytes of an incomplete frame
        self._frames: list[bytes] = []  # of the incomplete message
        self._size = 0  # bytes of these frames
        self._waiting: deque[memoryview] = deque()
        self._held: list[bytes] = []  # sent when the other side is ready: libzmq accepts nothing before
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(CONNECT_SECONDS)
        self._socket.connect(path)
        self._socket.setblocking(False)
        ready = b"\x05READY" + _make_property(b"Socket-Type", kind.encode()) + _make_property(b"Identity", b"")
        self._queue([GREETING, _make_head(ready, COMMAND), ready])
        if kind == "SUB":
            self.send([EVERYTHING])

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def has_more_to_send(self) -> bool:
        return bool(self._waiting) and not self.closed

    def send(self, frames: Sequence[bytes]) -> None:
        """Queue a message; ``flush`` sends as much as the other side accepts."""
        for place, frame in enumerate(frames, 1):
            self._held += [_make_head(frame, MORE if place < len(frames) else 0), frame]
        if self._ready:
            self._release()

    def _release(self) -> None:
        self._ready = True
        self._queue(self._held)
        self._held = []

    def _queue(self, parts: Iterable[bytes]) -> None:
        self._waiting.extend(memoryview(part) for part in parts if part)

    def flush(self) -> None:
        """Send as much as can be sent without waiting."""
        try:
            while self._waiting:
                part = self._waiting.popleft()
                if rest := part[self._socket.send(part) :]:
                    self._waiting.appendleft(rest)
        except BlockingIOError:
            self._waiting.appendleft(part)
        except OSError:
            self.closed = True

    def receive(self) -> list[list[bytes]]:
        """Return messages that have arrived; of a flood some now, and others in the next call.

        Raises:
            TooMuch: a message, complete or not, exceeds a limit. Nothing more can be received.
        """
        messages: list[list[bytes]] = []
        try:
            for _ in range(CHUNKS):
                chunk = self._socket.recv(CHUNK)
                if not chunk:
                    self.closed = True
                    break
                self._read += chunk
                self._take_frames(messages)
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True
        return messages

    def _take_frames(self, messages: list[list[bytes]]) -> None:
        """Move complete frames from the bytes read to the incomplete message, and complete messages to ``messages``."""
        start = 0
        if not self._greeted and len(self._read) >= len(GREETING):
            self._greeted, start = True, len(GREETING)
        while self._greeted and len(self._read) >= start + 2:
            flags = self._read[start]
            begin = start + (9 if flags & LONG else 2)
            if len(self._read) < begin:
                break
            size = int.from_bytes(self._read[start + 1 : begin], "big")
            if self._size + size > self._most_bytes or len(self._frames) >= self._most_frames:
                self.closed = True
                raise TooMuch
            if len(self._read) < begin + size:
                break
            start = begin + size
            if flags & COMMAND:  # the first command means ready; the others do not matter
                self._release()
                continue
            self._frames.append(bytes(self._read[begin:start]))
            self._size += size
            if not flags & MORE:
                messages.append(self._frames)
                self._frames, self._size = [], 0
        del self._read[:start]

    def close(self) -> None:
        self.closed = True
        self._socket.close()


def _make_head(body: bytes, flags: int) -> bytes:
    """Return the head of a frame: its flags and its size."""
    return struct.pack(">BQ", flags | LONG, len(body)) if len(body) > 255 else bytes((flags, len(body)))


def _make_property(name: bytes, value: bytes) -> bytes:
    """Return one property of the READY command."""
    return bytes((len(name),)) + name + struct.pack(">I", len(value)) + value
