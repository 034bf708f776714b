"""How far a long command is: a bar on a terminal, and now and then a line where the output goes to a file."""

from __future__ import annotations

import os
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

MOST_LINES = 100  # of one task; a class has a line for each submission, and a thousand mutants one for every ten


def open_console() -> Console:
    """Where a command tells what it does. In a file nothing is wrapped: each line there is read by a person or a program later."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 10_000
    return console


def progress(console: Console, *more: ProgressColumn) -> Progress:
    """A bar with what is done, of how many, and for how long; further columns stand behind."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = Progress if console.is_interactive else Lines
    return shown(*columns, *more, console=console, disable=not console.is_interactive)


class Lines(Progress):
    """Progress as lines that appear at once: one when a task begins, and one for each step or share of its steps."""

    def add_task(self, description: str, *args: Any, **options: Any) -> TaskID:
        task = super().add_task(description, *args, **options)
        self._tell(task)
        return task

    def update(self, task_id: TaskID, **options: Any) -> None:
        super().update(task_id, **options)
        if options.get("advance") or "last" in options:
            self._tell(task_id)

    def advance(self, task_id: TaskID, advance: float = 1) -> None:
        self.update(task_id, advance=advance)

    def _tell(self, task_id: TaskID) -> None:
        task = self._tasks[task_id]
        done, total = int(task.completed), int(task.total or 0)
        if task.visible and (done == total or done % (total // MOST_LINES + 1) == 0):
            last = str(task.fields.get("last", ""))
            line = f"{task.description} {done} of {total}" + (f": {last}" if last else "")
            self.console.print(Text(line), soft_wrap=True)
