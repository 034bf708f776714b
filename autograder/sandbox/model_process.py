"""The process that rebuilds a submission's models, seen from the judge: started with the first model, asked over one stream.

`inside/builder` runs on the other side, in the jail and without student code. Its replies are data, decoded and limited like a
student's answers.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.course.config import Limits
from autograder.machine.clock import Stopwatch
from autograder.sandbox import warm
from autograder.sandbox.inside.frames import FrameError, receive_frame, send_frame
from autograder.sandbox.inside.wire import WireError, decode, encode
from autograder.sandbox.jailed_process import Process, wait_for_end
from autograder.sandbox.limits import Stopped, TimeBudget, explain_end

Array = np.ndarray[Any, Any]
MAX_STARTS = 4  # of one submission
LOOK_EVERY, SECONDS_TO_END = 0.1, 10.0
UNREADABLE = Stopped(
    "gave something that cannot be read", code="unreadable"
)  # a reply that an intact process never sends


class ModelReply(BaseModel):
    """The reply to one request, validated on arrival: a student may have taken the process over.

    Attributes:
        status: ``gone`` where the process has dropped the model.
        value: the decoded value.
        type: the type of an error, whose text is ``text``.
    """

    model_config = ConfigDict(strict=True)
    status: Literal["ok", "refused", "error", "gone"]
    value: Any = None
    type: str = Field("", max_length=100)
    text: str = Field("", max_length=2_000)


class ModelProcess:
    """One process for all models of a submission; it is replaced when it dies.

    Args:
        limits: the submission's.
        budget: the submission's time.

    Attributes:
        starts: how many processes were started.
        process: the one that runs, or None before the first request.
    """

    def __init__(self, limits: Limits, budget: TimeBudget) -> None:
        self.limits = limits
        self.budget = budget
        self.starts = 0
        self.process: Process | None = None
        self._life: Stopwatch  # since the process was started
        self._stream: socket.socket | None = None

    def ask(self, request: dict[str, Any], arrays: Mapping[str, Sequence[Array]]) -> ModelReply | Stopped:
        """Send one request, and return the reply, or why there is none: the process ended, took too long, or sent nonsense.

        Args:
            arrays: name -> arrays to add to the request.
        """
        buffers: list[bytes] = []
        request = request | {name: [encode(each, buffers) for each in those] for name, those in arrays.items()}
        if (refused := self._ensure_process()) is not None:
            return refused
        assert self._stream is not None
        try:
            with self._watch():
                send_frame(self._stream, request, buffers)
                reply, parts = receive_frame(self._stream, self.limits.answer_mib << 20)
        except FrameError:
            self.close()
            return Stopped(f"gave more than {self.limits.answer_mib} MiB", code="too-large")
        except (OSError, EOFError):
            return self._explain_loss()
        try:
            return ModelReply.model_validate(reply | {"value": decode(reply.get("value"), parts)})
        except (WireError, ValidationError):
            self.close()
            return UNREADABLE

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _ensure_process(self) -> Stopped | None:
        """Start the process unless it runs; return why not where the submission has used up its time or starts."""
        if self.process is not None:
            return None
        if self.starts >= MAX_STARTS or self.budget.left <= 0:
            return Stopped("was not asked: the time or the restarts of this submission were used up", code="time-limit")
        self.starts += 1
        try:
            self._start()
        except OSError:  # the parent has died
            warm.release()
            self._start()
        assert self.process is not None
        self._life = Stopwatch(self.process)
        return None

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self.process = warm.parent().launch(
                    "builder.serving:serve", {}, [theirs], [], self.limits, role="model"
                )
            except BaseException:
                ours.close()
                raise
        self._stream = ours

    @contextmanager
    def _watch(self) -> Iterator[None]:
        """Keep this side's limits while the body runs, and end the process when the submission's time is used up."""
        process, done = self.process, threading.Event()
        assert process is not None
        stopwatch = Stopwatch(process)

        def watch() -> None:
            while not done.wait(LOOK_EVERY):
                if process.poll() is not None:
                    return
                if stopwatch.is_over(self.budget.left):
                    process.end("time")

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            self.budget.left -= stopwatch.seconds

    def _explain_loss(self) -> Stopped:
        """Close the process, and return why it has ended."""
        assert self.process is not None
        why = wait_for_end(self.process, SECONDS_TO_END) or "time"
        self.budget.note(why, self._life.share_waited)
        self.close()
        too_long = Stopped("took longer than a submission may take and was stopped", code="time-limit")
        return too_long if why == "time" else explain_end(why, self.limits)

    def close(self) -> None:
        """End the process; the next request starts a new one."""
        if self._stream is not None:
            self._stream.close()
        if self.process is not None:
            self.process.close()
        self._stream = self.process = None
