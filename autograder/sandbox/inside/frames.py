"""JSON and raw buffers over a stream, as the processes of the grader send them to each other; whatever arrives is counted before it is read.

Both sides load this module, and it needs Python alone.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

MAX_BUFFERS = 1 << 16
MAX_MARKS = 6_000_000  # brackets, commas and colons of a JSON text: each value has about three
_COUNTS = struct.Struct("<QQ")  # of a frame: bytes of JSON, number of buffers
_SIZE = struct.Struct("<Q")  # bytes of one buffer


class FrameError(ValueError):
    """A frame, or a JSON text, that does not follow the format or is larger than allowed."""


def load_json(text: bytes, encoding: str = "ascii", most_marks: int = MAX_MARKS) -> Any:
    """Return the value of a JSON text, which is not trusted.

    Two bytes may become an object of a hundred bytes, so the number of objects is counted before the text is parsed.

    Raises:
        FrameError: it is not JSON, or would take too much memory.
    """
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")
    if plain.count(b'"') > 2 * most_marks:
        raise FrameError("too many texts")
    outside = b"".join(plain.split(b'"')[::2])
    if sum(map(outside.count, (b"[", b"{", b",", b":"))) > most_marks:
        raise FrameError("too many values")
    try:
        return json.loads(text.decode(encoding))
    except (ValueError, RecursionError) as error:
        raise FrameError("not JSON") from error


def send_frame(stream: socket.socket, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
    """Send one JSON object and its raw buffers over a stream socket."""
    text = json.dumps(content).encode()
    sizes = b"".join(_SIZE.pack(len(buffer)) for buffer in buffers)
    stream.sendall(_COUNTS.pack(len(text), len(buffers)) + sizes + text)
    for buffer in buffers:
        stream.sendall(buffer)


def receive_frame(
    stream: socket.socket, most_bytes: int, deadline: float | None = None, most_marks: int = MAX_MARKS
) -> tuple[dict[str, Any], list[memoryview]]:
    """Return the next JSON object and its raw buffers; neither is trusted.

    Args:
        most_bytes: limit of the whole frame; a larger one is refused before it is read.
        deadline: time on the monotonic clock by which the whole frame must have arrived.
        most_marks: limit of its JSON, see ``load_json``.

    Raises:
        EOFError: the other side has closed the stream.
        TimeoutError: nothing arrived within the timeout of the stream, or the deadline has passed.
        FrameError: the frame is larger than allowed, or holds no JSON object.
    """
    length, number = _COUNTS.unpack(_receive(stream, _COUNTS.size, deadline))
    if number > MAX_BUFFERS:
        raise FrameError("too many buffers")
    sizes = [size for (size,) in _SIZE.iter_unpack(_receive(stream, _SIZE.size * number, deadline))]
    if length + sum(sizes) > most_bytes:
        raise FrameError(f"more than {most_bytes} bytes")
    content = load_json(bytes(_receive(stream, length, deadline)), most_marks=most_marks)
    if not isinstance(content, dict):
        raise FrameError("not a JSON object")
    return content, [_receive(stream, size, deadline) for size in sizes]


def _receive(stream: socket.socket, size: int, deadline: float | None) -> memoryview:
    data = memoryview(bytearray(size))
    done = 0
    while done < size:
        if deadline is not None:
            stream.settimeout(max(0.001, deadline - time.monotonic()))
        read = stream.recv_into(data[done:])
        if not read:
            raise EOFError("the other side has closed the stream")
        done += read
    return data
