"""One student's process: started through the provisioner, asked to run cells and to answer the judge, under limits of time."""

from __future__ import annotations

import re
import select
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from pydantic import BaseModel

from autograder.course.config import Limits
from autograder.machine.clock import Stopwatch
from autograder.sandbox import warm
from autograder.sandbox.channel import Channel, TooMuch
from autograder.sandbox.inside.wire import MAX_BUFFERS, REPLY, REQUEST, load_json
from autograder.sandbox.jailed_process import Process
from autograder.sandbox.limits import TimeBudget, find_message_limit_mib

START_SECONDS = 60.0
GRACE_SECONDS = 3.0  # for an interrupted cell to end by itself


class KernelDied(Exception):
    """The process ended: the student's code ended it, it crashed, or it went over a limit; see ``JailedProcess.poll``.

    Args:
        share_waited: the part of the time in which others had the cores.
    """

    def __init__(self, why: str, share_waited: float) -> None:
        super().__init__(why)
        self.why = why
        self.share_waited = share_waited


class OutOfTime(Exception):
    """A cell or call ran over its limit.

    Args:
        share_waited: the part of the time in which others had the cores.
        killed: whether the process had to be killed to stop it.
    """

    def __init__(self, seconds: float, share_waited: float, killed: bool) -> None:
        super().__init__(f"ran longer than {seconds:g} s")
        self.seconds = seconds
        self.share_waited = share_waited
        self.killed = killed


@dataclass(frozen=True)
class CellError:
    """What a cell raised, as the student would see it."""

    type: str
    text: str

    def __str__(self) -> str:
        return f"{self.type}: {self.text}" if self.text else self.type


class KernelReply(BaseModel):
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


class OurManager(KernelManager):  # type: ignore[misc]
    """Starts and ends a kernel, and listens to nothing that it sends."""

    def _connect_control_socket(self) -> None:
        """Connect nothing: a kernel is ended by signals."""


class Kernel:
    """A running kernel.

    Args:
        files: copied into its folder.
        budget: what each wait for it is taken from.

    Raises:
        UsageError: the machine enforces less of the jail than the configuration asks for.
        OSError: it could not be started.
    """

    def __init__(self, files: Sequence[Path], limits: Limits, budget: TimeBudget | None = None) -> None:
        self.limits = limits
        self.budget = budget or TimeBudget(limits.seconds_per_submission)
        self.printed = 0  # bytes, since the current cell began
        self.channels: list[Channel] = []
        self.manager = OurManager(kernel_name="submission", kernel_spec_manager=OurSpec())
        self.manager.start_kernel(files=files, limits=limits)
        self.process: Process = self.manager.provisioner.process
        self.session = self.manager.session
        self.session.unpack = lambda text: load_json(text, "utf-8")
        try:
            self.shell, self.iopub = self._connected("shell", "DEALER"), self._connected("iopub", "SUB")
            self._wait(self._send("kernel_info_request", {}), "kernel_info_reply", START_SECONDS)
        except (OutOfTime, KernelDied, OSError) as error:
            self.stop()
            warm.release()  # a parent whose children do not start is no use
            raise OSError("the kernel did not start") from error

    def _connected(self, name: str, kind: Literal["DEALER", "SUB"]) -> Channel:
        path = f"{self.manager.ip}-{getattr(self.manager, f'{name}_port')}"
        channel = Channel(path, kind, find_message_limit_mib(self.limits) << 20, MAX_BUFFERS)
        self.channels.append(channel)
        return channel

    def _send(
        self, kind: str, content: dict[str, Any], buffers: Sequence[bytes] = (), metadata: dict[str, Any] | None = None
    ) -> str:
        """Send a message on the shell channel; its id."""
        message = self.session.msg(kind, content, metadata=metadata)
        self.shell.send([*self.session.serialize(message), *buffers])
        return str(message["header"]["msg_id"])

    def run_cell(self, source: str, seconds: float, locked: bool = False) -> CellError | None:
        """Run one cell; what it raised, or None.

        Args:
            locked: whether it is the release's, not the student's.

        Raises:
            OutOfTime, KernelDied: it did not come to an end.
        """
        self.printed = 0
        request = {"code": source, "silent": False, "store_history": True, "user_expressions": {}}
        request |= {"allow_stdin": False, "stop_on_error": False}
        message_id = self._send("execute_request", request, metadata={"locked": locked})
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
        reply = self._wait(self._send(REQUEST, request, buffers), REPLY, seconds)
        return reply.content, reply.buffers

    def _wait(self, message_id: str, kind: str, seconds: float) -> KernelReply:
        """The reply. Time counts while the student's process could run, and ten times as much whatever it could.

        Raises:
            OutOfTime, KernelDied: no reply came.
        """
        watch = Stopwatch(self.process)
        try:
            return self._waited_for(message_id, kind, seconds, watch)
        finally:
            self.budget.left -= watch.seconds

    def _waited_for(self, message_id: str, kind: str, seconds: float, watch: Stopwatch) -> KernelReply:
        left, interrupted, share = seconds, False, 0.0
        while True:
            for reply in self._replies():
                if reply.parent_header.get("msg_id") == message_id and reply.header.get("msg_type") == kind:
                    if interrupted:
                        raise OutOfTime(seconds, share, killed=False)
                    return reply
            if (why := self.process.poll()) is not None and not interrupted:
                raise KernelDied(why, watch.share_waited)
            if self.printed > self.limits.output_mib << 20:
                self.process.end("output")
            over = watch.is_over(left)
            if interrupted and (over or why is not None):  # some libraries abort when they are interrupted
                self.stop()
                raise OutOfTime(seconds, share, killed=True)
            if over:
                share = watch.share_waited
                self.manager.interrupt_kernel()
                watch, left, interrupted = Stopwatch(self.process), GRACE_SECONDS, True

    def _replies(self) -> list[KernelReply]:
        """Replies that have come; output is read, measured and let go, so that a flood of it cannot fill anything."""
        living = [channel for channel in self.channels if not channel.closed]
        ready, writable, _ = select.select(living, [each for each in living if each.has_more_to_send], [], 0.2)
        for channel in writable:
            channel.flush()
        try:
            if self.iopub in ready:
                self.printed += sum(len(frame) for message in self.iopub.receive() for frame in message)
            messages = self.shell.receive() if self.shell in ready else []
        except TooMuch:
            self.process.end("answer")
            return []
        return [reply for message in messages for reply in self._read(message)]

    def _read(self, frames: list[bytes]) -> list[KernelReply]:
        """The reply that a message is, if it is one."""
        try:
            _, signed = self.session.feed_identities(frames)
            return [KernelReply.model_validate(self.session.deserialize(signed))]
        except Exception:  # whatever is wrong with a message, it is the student's process that sent it
            return []

    def stop(self) -> None:
        """End the process and everything it started."""
        for channel in self.channels:
            channel.close()
        self.manager.shutdown_kernel(now=True)
