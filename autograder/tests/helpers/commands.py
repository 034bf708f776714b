"""The commands, as a user starts them, and the line that wrong use ends with."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import traceback
from pathlib import Path

from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course

BIN = Path(sys.executable).parent


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRADER")}
    return {**kept, "COLUMNS": "400", "OMP_NUM_THREADS": "1", "PATH": f"{BIN}:{os.environ['PATH']}", **more}


def autograder(course: Course, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command in the course's folder, as if in a process of its own; that it can be one, `test_docs.py` shows."""
    given = list(map(str, arguments))
    others = {name: None for name in os.environ if name.startswith("AUTOGRADER")}
    with contextlib.chdir(course.root):
        done = CliRunner().invoke(main, given, env={**others, "COLUMNS": "400"})
    broken = done.exception is not None and not isinstance(done.exception, SystemExit)
    said = "".join(traceback.format_exception(done.exception)) if broken else ""
    return subprocess.CompletedProcess(given, done.exit_code, done.stdout, done.stderr + said)


def line(*arguments: str | Path) -> str:
    """The one line that wrong use ends with."""
    done = CliRunner().invoke(main, list(map(str, arguments)))
    assert done.exit_code == 2, done.output
    assert isinstance(done.exception, SystemExit), "no traceback"
    [only] = done.output.strip().splitlines()
    return only


def nbgrader(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    command = [str(BIN / "nbgrader"), *arguments]
    return subprocess.run(
        command, cwd=course.root, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def scores(course: Course, assignment: str = "tiny") -> dict[str, dict[str, float | None]]:
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score for notebook in submission.notebooks for grade in notebook.grades
            }
            for submission in gradebook.assignment_submissions(assignment)
        }


def run_in_turn(arguments: list[str]) -> None:
    """Run commands of `autograder`, with "then" between them, in this process; the first that fails ends it."""
    ends = [place for place, argument in enumerate(arguments) if argument == "then"]
    for start, end in zip([0, *(place + 1 for place in ends)], [*ends, len(arguments)], strict=True):
        try:
            main(arguments[start:end])
        except SystemExit as ended:
            if ended.code:
                raise


if __name__ == "__main__":
    run_in_turn(sys.argv[1:])
