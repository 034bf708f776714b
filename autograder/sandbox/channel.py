"""One channel to a kernel, read by ourselves: libzmq takes all frames of a message into memory before anybody may look at one.

It speaks ZMTP 3.0 (https://rfc.zeromq.org/spec/23/), as far as a kernel's client needs it.
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
CHUNK, CHUNKS = 1 << 17, 4  # bytes that are read in one go, and how often before the caller looks at the clock
CONNECT_SECONDS = 10.0


class TooMuch(Exception):
    """A message is larger than agreed, or has more frames."""


class Channel:
    """A connection over which messages of several frames come and go; no call waits for the other side.

    Args:
        kind: ``DEALER``, or ``SUB`` for everything that is published.
        most_bytes: of one message, whatever its frames.
        most_frames: of one message.

    Attributes:
        closed: whether the other side has closed it, or said too much.
    """

    def __init__(self, path: str, kind: Literal["DEALER", "SUB"], most_bytes: int, most_frames: int) -> None:
        self.closed = False
        self._most_bytes, self._most_frames = most_bytes, most_frames
        self._greeted = self._ready = False
        self._read = bytearray()  # what is no whole frame yet
        self._frames: list[bytes] = []  # of the message that is coming
        self._size = 0  # bytes of these
        self._waiting: deque[memoryview] = deque()
        self._held: list[bytes] = []  # until the other side is ready: libzmq takes nothing before
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(CONNECT_SECONDS)
        self._socket.connect(path)
        self._socket.setblocking(False)
        ready = b"\x05READY" + _property(b"Socket-Type", kind.encode()) + _property(b"Identity", b"")
        self._queue([GREETING, _head(ready, COMMAND), ready])
        if kind == "SUB":
            self.send([EVERYTHING])

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def has_more_to_send(self) -> bool:
        return bool(self._waiting) and not self.closed

    def send(self, frames: Sequence[bytes]) -> None:
        """Queue a message; ``flush`` sends what the other side takes."""
        for place, frame in enumerate(frames, 1):
            self._held += [_head(frame, MORE if place < len(frames) else 0), frame]
        if self._ready:
            self._release()

    def _release(self) -> None:
        self._ready = True
        self._queue(self._held)
        self._held = []

    def _queue(self, parts: Iterable[bytes]) -> None:
        self._waiting.extend(memoryview(part) for part in parts if part)

    def flush(self) -> None:
        """Send what can be sent now."""
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
        """The messages that have come; of a flood some, the others when it is called again.

        Raises:
            TooMuch: one of them, whole or not, is more than agreed. Nothing more can be received.
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
        """Move every whole frame from what was read to the message that is coming, and that to ``messages`` when it is whole."""
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
            if flags & COMMAND:  # the first says that it is ready; of the others none matters
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


def _head(body: bytes, flags: int) -> bytes:
    """What stands before a frame: its flags and its size."""
    return struct.pack(">BQ", flags | LONG, len(body)) if len(body) > 255 else bytes((flags, len(body)))


def _property(name: bytes, value: bytes) -> bytes:
    return bytes((len(name),)) + name + struct.pack(">I", len(value)) + value
