"""Running a submission: its cells in order in a process of its own, and that process brought back when student code kills it."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder.course.config import Limits
from autograder.sandbox import warm
from autograder.sandbox.kernel import CellError, Kernel, KernelDied, OutOfTime
from autograder.sandbox.limits import Stopped, TimeBudget, explain_end, explain_error
from autograder.sandbox.model_process import ModelProcess

MAX_RESTARTS = 8


class NotebookRun:
    """The process of one submission.

    Args:
        cells: source texts of the cells to run.
        files: released files and folders that stand beside the notebook; copied into its folder.
        limits: of time and size. Time counts while the submission's processes are waited for and could run.
        locked: the places of those cells that are the release's, not the student's.
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
        """Run every cell; a cell that raises, hangs or ends the process is noted and the next one runs."""
        while len(self.outcomes) < len(self.cells):
            if not self._bring_up():
                break
            self._run_one(len(self.outcomes))
        for index in range(len(self.outcomes), len(self.cells)):
            self.outcomes[index] = Stopped("was not run: the time or the restarts of this submission were used up")

    def ask(
        self, request: dict[str, Any], buffers: list[bytes], seconds: float
    ) -> tuple[dict[str, Any], list[Any]] | Stopped:
        """One question to the student's process; its reply, or why there is none."""
        if not self._bring_up():
            return Stopped("was not called: the time or the restarts of this submission were used up")
        assert self.kernel is not None
        try:
            return self.kernel.ask(request, buffers, self._within(seconds))
        except (OutOfTime, KernelDied) as error:
            return self._stopped(error)

    def _run_cell(self, index: int) -> CellError | None:
        assert self.kernel is not None
        seconds = self._within(self.limits.seconds_per_cell)
        return self.kernel.run_cell(self.cells[index], seconds, index in self.locked)

    def _run_one(self, index: int) -> None:
        try:
            error = self._run_cell(index)
            if error is not None:
                hint = explain_error(error.type, error.text, self.limits)
                self.outcomes[index] = Stopped(f"stopped with {error}", hint)
            else:
                self.outcomes[index] = None
        except (OutOfTime, KernelDied) as error:
            self.outcomes[index] = self._stopped(error)

    def _stopped(self, error: OutOfTime | KernelDied) -> Stopped:
        """Why a cell or a call came to no end; the process is gone where that ended it."""
        if isinstance(error, OutOfTime):
            end, stopped = "time", _took_too_long(error)
        else:
            end, stopped = error.why, explain_end(error.why, self.limits)
        self.budget.note(end, error.share_waited)
        if self.kernel is not None and (isinstance(error, KernelDied) or error.killed):
            self.kernel.stop()
            self.kernel = None
            self.restarts += 1
        return stopped

    def _within(self, seconds: float) -> float:
        return max(1.0, min(seconds, self.budget.left))

    def _bring_up(self) -> bool:
        """Have a process in which every cell run so far has run again, without those that ended it."""
        if self.kernel is not None:
            return self.budget.left > 0
        while self.restarts <= MAX_RESTARTS and self.budget.left > 0:
            self.kernel = self._started()
            if self._replay():
                return True
        return False

    def _started(self) -> Kernel:
        """A kernel; where the parent that it should come from has died, from a new one."""
        try:
            return Kernel(self.files, self.limits, self.budget)
        except OSError:
            warm.release()
            return Kernel(self.files, self.limits, self.budget)

    def _replay(self) -> bool:
        for index, outcome in list(self.outcomes.items()):
            if outcome is not None and not outcome.reason.startswith("stopped with"):
                continue
            try:
                self._run_cell(index)
            except (OutOfTime, KernelDied) as error:
                self._stopped(error)
                self.outcomes[index] = Stopped("did not come to its end when it was run a second time")
                if self.kernel is None:
                    return False
        return True

    def why_missing(self, name: str) -> str:
        """What became of the cell that should define ``name``; empty when nothing stopped it."""
        defines = re.compile(rf"^(def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", re.MULTILINE)
        for index, source in enumerate(self.cells):
            if (outcome := self.outcomes.get(index)) is not None and defines.search(source):
                return outcome.reason
        return ""


def _took_too_long(error: OutOfTime) -> Stopped:
    return Stopped(
        f"ran longer than {error.seconds:.0f} s and was stopped", "Is there a loop whose condition never becomes false?"
    )
