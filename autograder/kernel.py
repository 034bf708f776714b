"""One student's process: started through the provisioner, asked to run cells and to answer the judge, under wall-time limits."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from pydantic import BaseModel

from autograder import warm
from autograder.config import Limits
from autograder.inside.wire import REPLY, REQUEST

START_SECONDS = 60.0
GRACE_SECONDS = 3.0  # for an interrupted cell to end by itself


class KernelDied(Exception):
    """The process ended: the student's code ended it, it crashed, or it went over a limit; see ``warm.JailedProcess.poll``."""


class OutOfTime(Exception):
    """A cell or call ran over its limit. ``killed`` says whether the process had to be killed to stop it."""

    def __init__(self, seconds: float, killed: bool) -> None:
        super().__init__(f"ran longer than {seconds:g} s")
        self.seconds = seconds
        self.killed = killed


@dataclass(frozen=True)
class CellError:
    """What a cell raised, as the student would see it."""

    type: str
    text: str

    def __str__(self) -> str:
        return f"{self.type}: {self.text}" if self.text else self.type


class Reply(BaseModel):
    """A message from the student's process, as far as it is looked at; one that is otherwise is no reply."""

    header: dict[str, Any]
    parent_header: dict[str, Any]
    content: dict[str, Any]
    buffers: list[Any] = []


class OurSpec(KernelSpecManager):  # type: ignore[misc]
    """Every notebook runs on the grader's own Python, whatever kernel its metadata names."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        seam = {"kernel_provisioner": {"provisioner_name": "autograder", "config": {}}}
        return KernelSpec(argv=["set by the provisioner"], display_name="Python 3", language="python", metadata=seam)


class Kernel:
    """A running kernel.

    Args:
        files: copied into its folder.

    Raises:
        UsageError: the machine enforces less of the jail than the configuration asks for.
        OSError: it could not be started.
    """

    def __init__(self, files: Sequence[Path], limits: Limits) -> None:
        self.limits = limits
        self.printed = 0  # bytes, since the current cell began
        self.manager = KernelManager(kernel_name="submission", kernel_spec_manager=OurSpec())
        self.manager.start_kernel(files=files, limits=limits)
        context = zmq.Context()
        context.setsockopt(zmq.MAXMSGSIZE, 2 * (limits.answer_mib << 20))
        context.setsockopt(zmq.RCVHWM, 4)  # messages that wait here; what the other side sends beyond that waits there
        self.client: BlockingKernelClient = self.manager.client(context=context)
        self.client.start_channels(stdin=False, hb=False)
        self.poller = zmq.Poller()
        for channel in (self.client.shell_channel, self.client.iopub_channel):
            self.poller.register(channel.socket, zmq.POLLIN)
        try:
            self._wait(self.client.kernel_info(), "kernel_info_reply", START_SECONDS)
        except (OutOfTime, KernelDied) as error:
            self.stop()
            warm.release()  # a parent whose children do not start is no use
            raise OSError("the kernel did not start") from error

    def run_cell(self, source: str, seconds: float) -> CellError | None:
        """Run one cell; what it raised, or None.

        Raises:
            OutOfTime, KernelDied: it did not come to an end.
        """
        self.printed = 0
        message_id = self.client.execute(source, allow_stdin=False, stop_on_error=False)
        content = self._wait(message_id, "execute_reply", seconds).content
        if content.get("status") != "error":
            return None
        text = re.sub(r"\(\d+\.py, line (\d+)\)", r"(line \1 of the cell)", str(content.get("evalue"))[:500])
        return CellError(str(content.get("ename"))[:100], text)

    def ask(self, request: dict[str, Any], buffers: list[bytes], seconds: float) -> tuple[dict[str, Any], list[Any]]:
        """Send one request to the agent; its reply and buffers, not trusted.

        Raises:
            OutOfTime, KernelDied: no reply came.
        """
        session = self.client.session
        message = session.msg(REQUEST, request)
        session.send(self.client.shell_channel.socket, message, buffers=buffers)
        reply = self._wait(message["header"]["msg_id"], REPLY, seconds)
        return reply.content, reply.buffers

    def _wait(self, message_id: str, kind: str, seconds: float) -> Reply:
        deadline, interrupted = time.monotonic() + seconds, False
        while True:
            for reply in self._replies():
                if reply.parent_header.get("msg_id") == message_id and reply.header.get("msg_type") == kind:
                    if interrupted:
                        raise OutOfTime(seconds, killed=False)
                    return reply
            if (why := self.manager.provisioner.process.poll()) is not None:
                raise KernelDied(why)
            if self.printed > self.limits.output_mib << 20:
                self.manager.provisioner.process.end("output")
            if time.monotonic() > deadline and interrupted:
                self.stop()
                raise OutOfTime(seconds, killed=True)
            if time.monotonic() > deadline:
                self.manager.interrupt_kernel()
                deadline, interrupted = time.monotonic() + GRACE_SECONDS, True

    def _replies(self) -> list[Reply]:
        """Replies that have come; output is read, measured and let go, so that a flood of it cannot fill anything."""
        ready = dict(self.poller.poll(200))
        if self.client.iopub_channel.socket in ready:
            for _ in range(1000):
                try:
                    self.printed += sum(map(len, self.client.iopub_channel.socket.recv_multipart(zmq.NOBLOCK)))
                except zmq.Again:
                    break
        if self.client.shell_channel.socket in ready:
            try:
                return [Reply.model_validate(self.client.get_shell_msg(timeout=0))]
            except Exception:  # whatever is wrong with a message, it is the student's process that sent it
                return []
        return []

    def stop(self) -> None:
        """End the process and everything it started."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.client.context.destroy(linger=0)
