"""`autograder doctor`: what it finds is found by trying, and it can find fault."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.course.config import LEVELS
from autograder.course.course import Course
from autograder.doctor import make_attempts
from autograder.grading.worker import Worker
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.parent import INSIDE
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings

pytestmark = pytest.mark.slow


def test_the_jail_of_this_machine_holds(built: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    file = tmp_path / "findings.json"
    (built.root / "data").mkdir()
    for name in ("words.txt", "reviews.npz"):
        (built.root / "data" / name).touch()
    with open(built.root / "grader_config.py", "a") as config:
        config.write("c.Autograder.data_folder = 'data'\n")
    done = CliRunner().invoke(main, ["doctor", "--course", str(built.root), "--json", str(file)])
    found = json.loads(file.read_text())
    assert done.exit_code == 0, done.output
    assert found["sound"] is True
    assert found["level"] in LEVELS[1:]
    assert all(attempt["refused"] for attempt in found["attempts"])
    tried = {attempt["what"] for attempt in found["attempts"]}
    assert {f"read {built.root / 'tests'}", "open a TCP connection", "signal the judge"} <= tried
    assert {
        "find shared memory of System V",
        "start more threads than it may",
        "make a file that is larger than it may",
    } <= tried
    assert {"read /proc/kallsyms", f"write in {sys.prefix}", f"write in {INSIDE}"} <= tried
    machine = found["machine"]
    assert machine["data"] == f"{built.root}/data: 2 files" and f"click {version('click')}" in machine["packages"]
    assert "mypy" not in machine["packages"], "what only developers need"
    for who in ("a notebook", "a reader", "a judge"):
        assert who in done.output and len([a for a in found["attempts"] if a["who"] == who]) > 12


def test_without_a_jail_it_says_what_was_let_through(built: Course) -> None:
    built.settings.jail.minimum = "off"
    worker = Worker(built)
    through = {attempt.what for attempt in make_attempts(built, worker) if not attempt.refused}
    worker.close()
    with NotebookRun(["answer = 42"], [], built.settings.limits) as run:  # nothing of the worker's is left
        run.run_cells()
        assert StudentNotebook(run).value("answer") == 42
    walls = {
        "find shared memory of System V",
        "read /proc/version",
        "open a TCP connection",
        "send to a Unix socket",
        f"write in {sys.prefix}",
    }
    assert {f"read {built.root / 'tests'}", f"write in {built.root}"} | walls <= through


def test_a_machine_without_any_jail_gets_one_line(built: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Surroundings, "list_levels", lambda self: [])
    done = CliRunner().invoke(main, ["doctor", "--course", str(built.root)])
    assert done.exit_code == 2
    assert done.output.startswith("autograder: this machine's jail is 'off'")
    monkeypatch.undo()
    warm.release()
