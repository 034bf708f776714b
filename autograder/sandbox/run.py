"""Runs a submission: its cells in order in a process of its own, which is started again when student code kills it."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder.course.config import Limits
from autograder.sandbox import warm
from autograder.sandbox.kernel import CellError, DidNotFinish, Kernel, KernelDied, OutOfTime
from autograder.sandbox.limits import Stopped, TimeBudget, explain_end, explain_error
from autograder.sandbox.model_process import ModelProcess

MAX_RESTARTS = 8


class NotebookRun:
    """The run of one submission's notebook.

    Args:
        cells: source texts of the cells to run.
        files: released files and folders to copy into the notebook's folder.
        limits: of time and size. Time counts while the grader waits for the submission's processes and they could run.
        locked: indices of the cells that are the release's, not the student's.
    """

    def __init__(
        self, cells: Sequence[str], files: Sequence[Path], limits: Limits, locked: Container[int] = ()
    ) -> None:
        self.cells = list(cells)
        self.locked = locked
        self.limits = limits
        self.outcomes: dict[int, Stopped | None] = {}
        self.budget = TimeBudget(limits.seconds_per_submission)
        self.models = ModelProcess(limits, self.budget)
        self.restarts = 0
        self.kernel: Kernel | None = None
        self.files = list(files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.kernel is not None:
            self.kernel.stop()
        self.models.close()

    def run_cells(self) -> None:
        """Run every cell; note a cell that raises, hangs or ends the process, and go on with the next one."""
        while len(self.outcomes) < len(self.cells):
            if not self._ensure_kernel():
                break
            self._run_one(len(self.outcomes))
        for index in range(len(self.outcomes), len(self.cells)):
            self.outcomes[index] = Stopped(
                "was not run: the time or the restarts of this submission were used up", code="time-limit"
            )

    def ask(
        self, request: dict[str, Any], buffers: list[bytes], seconds: float
    ) -> tuple[dict[str, Any], list[Any]] | Stopped:
        """Send one request to the student's process; return its reply, or why there is none."""
        if not self._ensure_kernel():
            return Stopped(
                "was not called: the time or the restarts of this submission were used up", code="time-limit"
            )
        assert self.kernel is not None
        try:
            return self.kernel.ask(request, buffers, self._limit_to_budget(seconds))
        except DidNotFinish as error:
            return self._note_stop(error)

    def _run_cell(self, index: int) -> CellError | None:
        assert self.kernel is not None
        seconds = self._limit_to_budget(self.limits.seconds_per_cell)
        return self.kernel.run_cell(self.cells[index], seconds, index in self.locked)

    def _run_one(self, index: int) -> None:
        try:
            error = self._run_cell(index)
            if error is not None:
                hint = explain_error(error.type, error.text, self.limits)
                self.outcomes[index] = Stopped(f"stopped with {error}", hint)
            else:
                self.outcomes[index] = None
        except DidNotFinish as error:
            self.outcomes[index] = self._note_stop(error)

    def _note_stop(self, error: DidNotFinish) -> Stopped:
        """Return why a cell or call did not finish; drop the process where it has ended."""
        if isinstance(error, KernelDied):
            end, stopped, ended = error.why, explain_end(error.why, self.limits), True
        else:
            assert isinstance(error, OutOfTime)
            end, stopped, ended = "time", _took_too_long(error), error.killed
        self.budget.note(end, error.share_waited)
        if self.kernel is not None and ended:
            self.kernel.stop()
            self.kernel = None
            self.restarts += 1
        return stopped

    def _limit_to_budget(self, seconds: float) -> float:
        return max(1.0, min(seconds, self.budget.left))

    def _ensure_kernel(self) -> bool:
        """Have a process in which all earlier cells have run, without those that ended it; return whether there is one."""
        if self.kernel is not None:
            return self.budget.left > 0
        while self.restarts <= MAX_RESTARTS and self.budget.left > 0:
            self.kernel = self._start_kernel()
            if self._replay():
                return True
        return False

    def _start_kernel(self) -> Kernel:
        """Start a kernel; where its parent has died, start it from a new one."""
        try:
            return Kernel(self.files, self.limits, self.budget)
        except OSError:
            warm.release()
            return Kernel(self.files, self.limits, self.budget)

    def _replay(self) -> bool:
        """Run the earlier cells again; return whether the process survived them."""
        for index, outcome in list(self.outcomes.items()):
            if outcome is not None and not outcome.reason.startswith("stopped with"):
                continue
            try:
                self._run_cell(index)
            except DidNotFinish as error:
                self._note_stop(error)
                self.outcomes[index] = Stopped("did not come to its end when it was run a second time")
                if self.kernel is None:
                    return False
        return True

    def why_missing(self, name: str) -> str:
        """Return what stopped the cell that should define ``name``; empty where nothing did."""
        defines = re.compile(rf"^(def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", re.MULTILINE)
        for index, source in enumerate(self.cells):
            if (outcome := self.outcomes.get(index)) is not None and defines.search(source):
                return outcome.reason
        return ""


def _took_too_long(error: OutOfTime) -> Stopped:
    return Stopped(
        f"ran longer than {error.seconds:.0f} s and was stopped",
        "Is there a loop whose condition never becomes false?",
        code="time-limit",
    )
