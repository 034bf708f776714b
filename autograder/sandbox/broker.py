"""Starts and ends student code for a judge without rights: the judge asks its worker, and gets sockets, never a process.

``Broker`` answers in the worker. In the judge ``RemoteParent`` and ``RemoteProcess`` ask, in place of ``WarmParent`` and
``JailedProcess``. A judge can only ask for another process in the jail, with the limits and the files of the submission that it
judges.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from autograder.course.config import Limits
from autograder.errors import UsageError, known_code
from autograder.sandbox import warm
from autograder.sandbox.jailed_process import BY_US, JailedProcess, Process
from autograder.sandbox.surroundings import Role

MESSAGE = 1 << 16
SECONDS = 30.0
MOST_PROCESSES = 64  # of one submission; more would be an error of ours
MODEL = "builder.serving:serve"  # the only process besides a kernel that a judge may ask for


class Broker:
    """Starts and ends the processes of one submission.

    Args:
        files: files and folders to copy into the folder of each kernel.
    """

    def __init__(self, files: Sequence[Path], limits: Limits) -> None:
        self.files = files
        self.limits = limits
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.settimeout(SECONDS)  # a judge that asks and does not read must not block its worker
        self._processes: list[JailedProcess] = []

    def answer(self) -> bool:
        """Answer one request; return False where the judge has ended."""
        message, descriptors, _, _ = socket.recv_fds(self.ours, MESSAGE, 2)
        if not message:
            return False
        given = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        try:
            reply = self._reply(json.loads(message), given)
        except UsageError as error:
            reply = {"usage": str(error), "code": error.code}
        except OSError as error:
            reply = {"failed": str(error)}
        finally:
            for each in given:
                each.close()
        self.ours.send(json.dumps(reply).encode())
        return True

    def _reply(self, request: Mapping[str, Any], given: Sequence[socket.socket]) -> dict[str, Any]:
        match request["do"]:
            case "sockets":
                return {"number": warm.parent().new_sockets()}
            case "kernel":
                number = int(request["number"])
                return self._keep(warm.parent().launch_kernel(number, request["connection"], self.files, self.limits))
            case "launch" if request["serve"] == MODEL:
                return self._keep(warm.parent().launch(MODEL, request["given"], given, [], self.limits, role="model"))
            case "release":
                warm.release()
            case "poll":
                process = self._process(request)
                return {"ended": process.poll(), "seconds": process.seconds, "waited": process.waited}
            case "interrupt":
                self._process(request).interrupt()
            case "end":
                self._process(request).end(str(request["over"]))
            case "close":
                self._process(request).close()
            case _:
                raise OSError("no such request")
        return {}

    def _keep(self, process: Process) -> dict[str, Any]:
        assert isinstance(process, JailedProcess)  # the worker's own parent has forked it
        self._processes.append(process)
        if len(self._processes) > MOST_PROCESSES:
            raise OSError("too many processes for one submission")
        return {"process": len(self._processes) - 1}

    def _process(self, request: Mapping[str, Any]) -> JailedProcess:
        return self._processes[int(request["process"])]

    def watch(self) -> None:
        """Keep the limits of every process, also while the judge sends no request."""
        for process in self._processes:
            process.poll()

    def last_words(self) -> str:
        """Return the end of the standard error of processes that ended by themselves; not trusted."""
        return "\n".join(dict.fromkeys(words for process in self._processes if (words := process.last_words)))

    def close(self) -> None:
        """End every process of the submission."""
        with ExitStack() as stack:
            for process in self._processes:
                stack.callback(process.close)
        self.ours.close()
        self.theirs.close()


class RemoteParent:
    """The warm parent, as a judge uses it."""

    def __init__(self, broker: socket.socket, level: str, sockets: Path) -> None:
        self._broker = broker
        self.level = level
        self.refused: dict[str, str] = {}
        self._sockets = os.open(sockets, os.O_PATH)

    def ask(self, request: Mapping[str, Any], sockets: Sequence[socket.socket] = ()) -> dict[str, Any]:
        """Send a request to the worker, and return its answer.

        Raises:
            UsageError: the instructor has to change the course or the machine.
            OSError: the worker could not do it.
        """
        socket.send_fds(self._broker, [json.dumps(request).encode()], [each.fileno() for each in sockets])
        reply: dict[str, Any] = json.loads(self._broker.recv(MESSAGE))
        if "usage" in reply:
            raise UsageError(reply["usage"], code=known_code(reply.get("code"), "usage"))
        if "failed" in reply:
            raise OSError(reply["failed"])
        return reply

    def new_sockets(self) -> int:
        return int(self.ask({"do": "sockets"})["number"])

    def socket_prefix(self, number: int) -> str:
        return f"/proc/self/fd/{self._sockets}/{number}/s"

    def launch_kernel(
        self, number: int, connection: Mapping[str, Any], files: Sequence[Path], limits: Limits
    ) -> RemoteProcess:
        """Ask for a kernel, as ``WarmParent.launch_kernel``; the worker chooses files and limits."""
        return self._ask_for_process({"do": "kernel", "number": number, "connection": dict(connection)})

    def launch(
        self,
        serve: str,
        given: Mapping[str, Any],
        sockets: Sequence[socket.socket],
        files: Sequence[Path],
        limits: Limits,
        role: Role | None = None,
    ) -> RemoteProcess:
        """Ask for a process, as ``WarmParent.launch``; the worker chooses files, limits and role."""
        return self._ask_for_process({"do": "launch", "serve": serve, "given": dict(given)}, sockets)

    def _ask_for_process(self, request: Mapping[str, Any], sockets: Sequence[socket.socket] = ()) -> RemoteProcess:
        return RemoteProcess(self, int(self.ask(request, sockets)["process"]))

    def is_alive(self) -> bool:
        return True  # the worker replaces one that has died

    def close(self) -> None:
        """Let the worker use a new parent for the next process."""
        self.ask({"do": "release"})


class RemoteProcess:
    """A process in the jail, as a judge uses it."""

    def __init__(self, parent: RemoteParent, number: int) -> None:
        self._parent = parent
        self._number = number
        self.seconds = self.waited = 0.0  # as ``Clock`` counts them, as of the last poll

    def _ask(self, do: str, **more: str) -> dict[str, Any]:
        return self._parent.ask({"do": do, "process": self._number, **more})

    def poll(self) -> str | None:
        reply = self._ask("poll")
        self.seconds, self.waited = float(reply["seconds"]), float(reply["waited"])
        return None if reply["ended"] is None else str(reply["ended"])

    def interrupt(self) -> None:
        self._ask("interrupt")

    def end(self, over: str = BY_US) -> None:
        self._ask("end", over=over)

    def close(self) -> None:
        self._ask("close")
