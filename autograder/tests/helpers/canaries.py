"""What a hostile submission would like to reach, planted where it can do no harm: secrets, listeners, a process."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.course.course import KEY_FILE, Course
from autograder.course.nbgrader_settings import course_directory

TOKEN = re.compile(r"canary-[a-z]+-[0-9a-f]{16}")
HOLDER = "import sys, time; secret = sys.stdin.read(); print('ready', flush=True); time.sleep(900)"


def token(place: str) -> str:
    """A secret that names the place where it lies."""
    return f"canary-{place}-{secrets.token_hex(8)}"


def planted(course: Course) -> set[str]:
    """Secrets in everything of a course that is hidden, and in another student's submission."""
    tokens = {place: token(place) for place in ("check", "reference", "key", "gradebook", "submission")}
    for name, place in (("tests/tiny/test_q1_words.py", "check"), ("solutions/tiny.py", "reference")):
        path = course.root / name
        path.write_text(f"{path.read_text()}\n# {tokens[place]}\n")
    (course.root / KEY_FILE).write_text(tokens["key"])
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        gradebook.update_or_create_student(tokens["gradebook"])
    submission = course.root / "submitted" / "eve" / "tiny" / "tiny.ipynb"
    submission.parent.mkdir(parents=True, exist_ok=True)
    submission.write_text(tokens["submission"])
    return set(tokens.values())


class Canaries:
    """A process that holds secrets, and listeners that keep what they hear.

    Attributes:
        folder: of the socket files; what a submission leaves there is removed with it.
        mark: a name that nothing else on this machine has.
        tokens: the secrets of the process: in its environment, on its command line, in its memory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = f"canary_{secrets.token_hex(6)}"
        self.tokens = {place: token(place) for place in ("environment", "arguments", "memory")}
        self._heard: list[bytes] = []
        self._over = threading.Event()
        self._bind()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.victim = subprocess.Popen(
            [sys.executable, "-S", "-c", HOLDER, self.tokens["arguments"]],
            env={"SECRET": self.tokens["environment"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.victim.stdin is not None and self.victim.stdout is not None
        self.victim.stdin.write(self.tokens["memory"])
        self.victim.stdin.close()
        self.victim.stdout.readline()

    def _bind(self) -> None:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp, stream, datagram, abstract_stream, abstract_datagram = (
            socket.socket(family, kind)
            for family, kind in (
                (socket.AF_INET, socket.SOCK_DGRAM),
                *[(socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_DGRAM)] * 2,
            )
        )
        udp.bind(("127.0.0.1", 0))
        for listening, name in ((stream, "stream"), (datagram, "datagram")):
            listening.bind(str(self.folder / name))
            (self.folder / name).chmod(0o777)
        abstract_stream.bind(f"\0{self.mark}-stream")
        abstract_datagram.bind(f"\0{self.mark}-datagram")
        for listening in (stream, abstract_stream):
            listening.listen()
        self.ports = {"tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1]}
        self._streams, self._datagrams = (tcp, stream, abstract_stream), (udp, datagram, abstract_datagram)

    def _listen(self) -> None:
        with selectors.DefaultSelector() as ready:
            for listening in (*self._streams, *self._datagrams):
                listening.setblocking(False)
                ready.register(listening, selectors.EVENT_READ)
            while not self._over.is_set():
                for key, _ in ready.select(0.1):
                    with contextlib.suppress(OSError):  # whoever spoke has gone
                        self._hear(key.fileobj)  # type: ignore[arg-type]

    def _hear(self, listening: socket.socket) -> None:
        if listening in self._datagrams:
            self._heard.append(listening.recv(4096))
            return
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(3.0)
            self._heard.append(b"connection")
            self._heard.append(connection.recv(4096))

    def heard(self) -> list[bytes]:
        """What has come in since the last time."""
        self._over.wait(0.3)
        heard, self._heard = self._heard, []
        return heard

    @property
    def given(self) -> dict[str, str]:
        """What stands for the placeholders of a sample."""
        return {
            "folder": str(self.folder),
            "mark": self.mark,
            "daemon": self.mark[-14:],
            "victim": str(self.victim.pid),
            "tcp": str(self.ports["tcp"]),
            "udp": str(self.ports["udp"]),
            "stream_file": str(self.folder / "stream"),
            "datagram_file": str(self.folder / "datagram"),
            "abstract": self.mark,
            "ipc_key": str(int(self.mark[-7:], 16)),
            "stop": str(int(signal.SIGSTOP)),
        }

    def left(self) -> list[str]:
        """Files with the mark as their name in places that every process can write to."""
        places = (Path("/tmp"), Path("/dev/shm"), self.folder)
        return [str(path) for place in places for path in place.glob(f"*{self.mark}*")]

    def daemons(self) -> list[int]:
        """Living processes of this machine that have given themselves the mark as their name."""
        found = []
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                before, _, after = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")
                if before.endswith(f"({self.mark[-14:]}") and after.split()[0] not in "ZX":
                    found.append(int(name))
        return found

    def close(self) -> None:
        """End and remove all of it, and what was left with its mark."""
        for pid in self.daemons():
            os.kill(pid, signal.SIGKILL)
        for path in self.left():
            os.unlink(path)
        self._over.set()
        self._thread.join()
        for listening in (*self._streams, *self._datagrams):
            listening.close()
        self.victim.kill()
        self.victim.wait()
        assert self.victim.stdout is not None
        self.victim.stdout.close()


@contextlib.contextmanager
def canaries(folder: Path) -> Iterator[Canaries]:
    """Canaries for one test or module."""
    folder.mkdir(parents=True, exist_ok=True)
    planted = Canaries(folder)
    try:
        yield planted
    finally:
        planted.close()
