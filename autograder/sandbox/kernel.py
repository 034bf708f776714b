"""One student's process: starts it through the provisioner, runs cells in it and asks it for answers, under time limits."""

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
from autograder.sandbox.inside.frames import MAX_BUFFERS, load_json
from autograder.sandbox.inside.wire import REPLY, REQUEST
from autograder.sandbox.jailed_process import Process
from autograder.sandbox.limits import TimeBudget, find_message_limit_mib

START_SECONDS = 60.0
GRACE_SECONDS = 3.0  # in which an interrupted cell may end by itself


class DidNotFinish(Exception):
    """A cell or call did not finish.

    Args:
        share_waited: the share of the time in which it waited for a core.
    """

    def __init__(self, text: str, share_waited: float) -> None:
        super().__init__(text)
        self.share_waited = share_waited


class KernelDied(DidNotFinish):
    """The process ended: student code ended it, it crashed, or it exceeded a limit.

    Args:
        why: from ``JailedProcess.poll``.
    """

    def __init__(self, why: str, share_waited: float) -> None:
        super().__init__(why, share_waited)
        self.why = why


class OutOfTime(DidNotFinish):
    """A cell or call exceeded its time limit.

    Args:
        seconds: the limit.
        killed: whether the process had to be killed to stop it.
    """

    def __init__(self, seconds: float, share_waited: float, killed: bool) -> None:
        super().__init__(f"ran longer than {seconds:g} s", share_waited)
        self.seconds = seconds
        self.killed = killed


@dataclass(frozen=True)
class CellError:
    """The exception of a cell, as the student would see it."""

    type: str
    text: str

    def __str__(self) -> str:
        return f"{self.type}: {self.text}" if self.text else self.type


class KernelReply(BaseModel):
    """The parts of a student's message that are read; a message of another form is ignored."""

    header: dict[str, Any]
    parent_header: dict[str, Any]
    content: dict[str, Any]
    buffers: list[Any] = []


class OurSpec(KernelSpecManager):  # type: ignore[misc]
    """Runs every notebook on the grader's own Python, whatever kernel its metadata names."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        seam = {"kernel_provisioner": {"provisioner_name": "autograder", "config": {}}}
        return KernelSpec(argv=["set by the provisioner"], display_name="Python 3", language="python", metadata=seam)


class OurManager(KernelManager):  # type: ignore[misc]
    """Starts and ends a kernel, and reads none of its messages."""

    def _connect_control_socket(self) -> None:
        """Do nothing: a kernel is ended by signals."""


class Kernel:
    """A running kernel.

    Args:
        files: files and folders to copy into its folder.
        budget: the submission's time, from which each wait is subtracted.

    Attributes:
        printed: bytes of output since the present cell began.

    Raises:
        UsageError: the machine enforces less of the jail than the configuration asks for.
        OSError: the kernel could not be started.
    """

    def __init__(self, files: Sequence[Path], limits: Limits, budget: TimeBudget | None = None) -> None:
        self.limits = limits
        self.budget = budget or TimeBudget(limits.seconds_per_submission)
        self.printed = 0
        self.channels: list[Channel] = []
        self.manager = OurManager(kernel_name="submission", kernel_spec_manager=OurSpec())
        self.manager.start_kernel(files=files, limits=limits)
        self.process: Process = self.manager.provisioner.process
        self.session = self.manager.session
        self.session.unpack = lambda text: load_json(text, "utf-8")
        try:
            self.shell, self.iopub = self._connect("shell", "DEALER"), self._connect("iopub", "SUB")
            self._wait(self._send("kernel_info_request", {}), "kernel_info_reply", START_SECONDS)
        except (DidNotFinish, OSError) as error:
            self.stop()
            warm.release()  # a parent whose children do not start is useless
            raise OSError("the kernel did not start") from error

    def _connect(self, name: str, kind: Literal["DEALER", "SUB"]) -> Channel:
        path = f"{self.manager.ip}-{getattr(self.manager, f'{name}_port')}"
        channel = Channel(path, kind, find_message_limit_mib(self.limits) << 20, MAX_BUFFERS)
        self.channels.append(channel)
        return channel

    def _send(
        self, kind: str, content: dict[str, Any], buffers: Sequence[bytes] = (), metadata: dict[str, Any] | None = None
    ) -> str:
        """Send a message on the shell channel, and return its id."""
        message = self.session.msg(kind, content, metadata=metadata)
        self.shell.send([*self.session.serialize(message), *buffers])
        return str(message["header"]["msg_id"])

    def run_cell(self, source: str, seconds: float, locked: bool = False) -> CellError | None:
        """Run one cell, and return its exception, or None.

        Args:
            locked: whether the cell is the release's, not the student's.

        Raises:
            OutOfTime, KernelDied: the cell did not finish.
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
        """Send one request to the agent, and return its reply and buffers, which are not trusted.

        Raises:
            OutOfTime, KernelDied: no reply came.
        """
        reply = self._wait(self._send(REQUEST, request, buffers), REPLY, seconds)
        return reply.content, reply.buffers

    def _wait(self, message_id: str, kind: str, seconds: float) -> KernelReply:
        """Wait for a reply, and return it.

        Time counts while the student's process could run; after ten times the limit in wall time it is out of time anyway.

        Raises:
            OutOfTime, KernelDied: no reply came.
        """
        watch = Stopwatch(self.process)
        try:
            return self._wait_for_reply(message_id, kind, seconds, watch)
        finally:
            self.budget.left -= watch.seconds

    def _wait_for_reply(self, message_id: str, kind: str, seconds: float, watch: Stopwatch) -> KernelReply:
        left, interrupted, share = seconds, False, 0.0
        while True:
            for reply in self._receive_replies():
                if reply.parent_header.get("msg_id") == message_id and reply.header.get("msg_type") == kind:
                    if interrupted:
                        raise OutOfTime(seconds, share, killed=False)
                    return reply
            if (why := self.process.poll()) is not None and not interrupted:
                raise KernelDied(why, watch.share_waited)
            if self.printed > self.limits.output_mib << 20:
                self.process.end("output")
            over = watch.is_over(left)
            if interrupted and (over or why is not None):  # some libraries abort on an interrupt
                self.stop()
                raise OutOfTime(seconds, share, killed=True)
            if over:
                share = watch.share_waited
                self.manager.interrupt_kernel()
                watch, left, interrupted = Stopwatch(self.process), GRACE_SECONDS, True

    def _receive_replies(self) -> list[KernelReply]:
        """Return the replies that have arrived; measure and drop output, so that a flood cannot fill the memory."""
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
        """Return the reply in a message, or an empty list where it holds none."""
        try:
            _, signed = self.session.feed_identities(frames)
            return [KernelReply.model_validate(self.session.deserialize(signed))]
        except Exception:  # the student's process may send anything
            return []

    def stop(self) -> None:
        """End the process and all its descendants."""
        for channel in self.channels:
            channel.close()
        self.manager.shutdown_kernel(now=True)
