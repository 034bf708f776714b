"""What a student's process sends to its judge is bounded as a whole, in whatever pieces it comes."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from autograder.course.config import Limits
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.channel import COMMAND, GREETING, LONG, MORE, Channel, TooMuch
from autograder.sandbox.run import NotebookRun

MIB = 1 << 20


def long(flags: int, size: int) -> bytes:
    return bytes((flags | LONG,)) + size.to_bytes(8, "big")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s")


def received(channel: Channel, number: int) -> list[list[bytes]]:
    messages: list[list[bytes]] = []
    until = time.monotonic() + 20
    while len(messages) < number and time.monotonic() < until:
        channel.flush()
        messages += channel.receive()
    return messages


def test_messages_go_to_libzmq_and_come_back(path: str) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.linger = 0
        router.bind(f"ipc://{path}")
        channel = Channel(path, "DEALER", 64 * MIB, 100)
        sent = [[b"", b"a", b"b" * 255, b"c" * 256, b"d" * 20 * MIB], [b"e"], [b""]]

        def echo() -> None:
            for _ in sent:
                router.send_multipart(router.recv_multipart())

        thread = threading.Thread(target=echo)
        thread.start()
        for message in sent:
            channel.send(message)
        assert received(channel, len(sent)) == sent
        thread.join()
        channel.close()


def test_what_is_published_arrives(path: str) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.linger = 0
        publisher.bind(f"ipc://{path}")
        channel = Channel(path, "SUB", MIB, 100)
        until = time.monotonic() + 20
        while not publisher.poll(10) and time.monotonic() < until:
            channel.flush()
            channel.receive()
        assert publisher.recv() == b"\x01"
        publisher.send_multipart([b"topic", b"text"])
        assert received(channel, 1) == [[b"topic", b"text"]]
        channel.close()


@pytest.fixture
def raw(path: str) -> Iterator[tuple[Channel, socket.socket]]:
    """A channel, and the other side of it without any library."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        channel = Channel(path, "DEALER", MIB, 100)
        other, _ = listening.accept()
        with other:
            yield channel, other
        channel.close()


@pytest.mark.parametrize(
    "told",
    [
        bytes((MORE, 0)) * 101,
        (bytes((MORE, 200)) + bytes(200)) * 101,
        long(0, MIB + 1),
        long(COMMAND, 1 << 63),
        long(MORE, MIB // 2) + bytes(MIB // 2) + long(0, MIB // 2 + 1),
    ],
)
def test_more_than_agreed_is_not_received(raw: tuple[Channel, socket.socket], told: bytes) -> None:
    channel, other = raw
    sender = threading.Thread(target=other.sendall, args=(GREETING + told,))
    sender.start()
    with pytest.raises(TooMuch):
        received(channel, 1)
    assert channel.closed
    sender.join()


def test_no_call_waits_for_the_other_side(raw: tuple[Channel, socket.socket]) -> None:
    channel, other = raw
    other.sendall(GREETING + bytes((COMMAND, 6)) + b"\x05READY" + long(0, 1000) + b"half")
    channel.receive()
    channel.send([bytes(64 * MIB)])
    channel.flush()
    assert channel.has_more_to_send
    assert channel.receive() == []
    other.sendall(bytes(996))
    assert received(channel, 1) == [[b"half" + bytes(996)]]
    other.close()
    channel.receive()
    assert channel.closed
    assert not channel.has_more_to_send


FLOOD = """\
import os, socket

def connections():
    for name in os.listdir("/proc/self/fd"):
        try:
            found = socket.socket(fileno=os.dup(int(name)))
            found.getpeername()
            if found.family == socket.AF_UNIX and found.getsockname():
                yield found
        except OSError:
            pass

def flood(piece, times):
    for found in connections():
        found.setblocking(True)
        for _ in range(times):
            try:
                found.sendall(piece)
            except OSError:
                break
    return 1

def small(): return flood(b"\\1\\0" * (1 << 19), 2048)
def large(): return flood(b"\\3" + (1 << 22).to_bytes(8, "big") + bytes(1 << 22), 512)
def one(): return flood(b"\\2" + (1 << 40).to_bytes(8, "big") + bytes(1 << 22), 512)
def answer(): return 42
"""


@pytest.fixture(scope="module")
def own_parent() -> None:
    """Start processes as nobody before has set it."""
    warm.reset()


@pytest.mark.parametrize("kind", ["small", "large", "one"])
def test_a_message_without_end_ends_the_process_and_not_its_judge(kind: str, own_parent: None) -> None:
    """Two gibibytes of frames of one message fill nothing here; the cell that sends them fails, and the next one is answered."""
    Path("/proc/self/clear_refs").write_text("5")  # the largest size so far is forgotten
    with NotebookRun([FLOOD, f"{kind}()"], [], Limits(seconds_per_cell=60.0)) as run:
        before = peak()
        run.run_cells()
        stopped = run.outcomes[1]
        assert stopped is not None
        assert stopped.reason == "sent the grader more than 128 MiB at once and was stopped"
        assert StudentNotebook(run).answer() == 42
    assert peak() - before < 512 << 10


def peak() -> int:
    """KiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])
