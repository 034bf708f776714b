"""How a judge without rights starts and ends student code: it asks the worker that started it, and gets sockets, never a process.

``Broker`` answers in the worker, ``RemoteParent`` and ``RemoteProcess`` ask in the judge; they stand there in place of ``WarmParent``
and ``JailedProcess``. A judge can ask for nothing but another process in the jail, with the limits and the
files of the submission that it judges.
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
from autograder.errors import UsageError
from autograder.sandbox import warm
from autograder.sandbox.jailed_process import BY_US, Process
from autograder.sandbox.parent import Role

MESSAGE = 1 << 16
SECONDS = 30.0
MOST_PROCESSES = 64  # of one submission, one after the other; more is a fault of ours
MODEL = "builder.serving:serve"  # what a judge may have started besides a kernel


class Broker:
    """Starts and ends the processes of one submission.

    Args:
        files: copied into the folder of each kernel.
    """

    def __init__(self, files: Sequence[Path], limits: Limits) -> None:
        self.files = files
        self.limits = limits
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.settimeout(SECONDS)  # a judge that asks and does not listen must not keep its worker
        self._processes: list[Process] = []

    def answer(self) -> bool:
        """Answer one request; False where the judge has ended."""
        message, descriptors, _, _ = socket.recv_fds(self.ours, MESSAGE, 2)
        if not message:
            return False
        given = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        try:
            reply = self._reply(json.loads(message), given)
        except UsageError as error:
            reply = {"usage": str(error)}
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
        self._processes.append(process)
        if len(self._processes) > MOST_PROCESSES:
            raise OSError("too many processes for one submission")
        return {"process": len(self._processes) - 1}

    def _process(self, request: Mapping[str, Any]) -> Process:
        return self._processes[int(request["process"])]

    def watch(self) -> None:
        """Keep the limits of every process, also while the judge asks for nothing."""
        for process in self._processes:
            process.poll()

    def last_words(self) -> str:
        """What the processes that ended by themselves wrote to their standard error at the end; not trusted."""
        return "\n".join(dict.fromkeys(words for process in self._processes if (words := process.last_words)))

    def close(self) -> None:
        """End every process of the submission."""
        with ExitStack() as stack:
            for process in self._processes:
                stack.callback(process.close)
        self.ours.close()
        self.theirs.close()


class RemoteParent:
    """The warm parent, as a judge sees it."""

    def __init__(self, broker: socket.socket, level: str, sockets: Path) -> None:
        self._broker = broker
        self.level = level
        self.refused: dict[str, str] = {}
        self._sockets = os.open(sockets, os.O_PATH)

    def ask(self, request: Mapping[str, Any], sockets: Sequence[socket.socket] = ()) -> dict[str, Any]:
        """What the worker answers.

        Raises:
            UsageError: the machine or the course is not as it must be.
            OSError: what was asked for could not be done.
        """
        socket.send_fds(self._broker, [json.dumps(request).encode()], [each.fileno() for each in sockets])
        reply: dict[str, Any] = json.loads(self._broker.recv(MESSAGE))
        if "usage" in reply:
            raise UsageError(reply["usage"])
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
        """See ``WarmParent.launch_kernel``; files and limits are the worker's to choose."""
        return self._started({"do": "kernel", "number": number, "connection": dict(connection)})

    def launch(
        self,
        serve: str,
        given: Mapping[str, Any],
        sockets: Sequence[socket.socket],
        files: Sequence[Path],
        limits: Limits,
        role: Role | None = None,
    ) -> RemoteProcess:
        """See ``WarmParent.launch``; files, limits and role are the worker's to choose."""
        return self._started({"do": "launch", "serve": serve, "given": dict(given)}, sockets)

    def _started(self, request: Mapping[str, Any], sockets: Sequence[socket.socket] = ()) -> RemoteProcess:
        return RemoteProcess(self, int(self.ask(request, sockets)["process"]))

    def is_alive(self) -> bool:
        return True  # the worker starts another one where it has died

    def close(self) -> None:
        """Let the worker start another one for the next process."""
        self.ask({"do": "release"})


class RemoteProcess:
    """A process in the jail, as a judge sees it."""

    last_words = ""  # its worker has them

    def __init__(self, parent: RemoteParent, number: int) -> None:
        self._parent = parent
        self._number = number
        self.seconds = self.waited = 0.0  # as ``sandbox.clock.Clock`` counts them, at the last poll

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
