"""`make soak` goes on where it was stopped: what passed on the very same files is not run again.

A soak takes hours. Each test that passed is noted in a file that is named after the commit; nothing is noted, and nothing left out,
while a tracked file differs from the commit or a new one lies beside them.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograder.tests.helpers import ROOT

FOLDER = ROOT / "build" / "soak"


def commit() -> str | None:
    """The commit whose files these are; None where they are no commit's."""
    git = ["git", "-C", str(ROOT)]
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    if changed.returncode or changed.stdout:
        return None
    return subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


class Resume:
    """A plugin that notes every test that passes, and leaves out those that had passed when it was made.

    Args:
        file: a line for each test that passed: seconds, tab, name.
    """

    def __init__(self, file: Path) -> None:
        self.before = read_passed(file)
        self._file = file
        self._seconds: dict[str, float] = {}
        self._others: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid
        self._seconds[name] = self._seconds.get(name, 0.0) + report.duration
        if not report.passed:
            self._others.add(name)
        if report.when == "teardown" and name not in self._others:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with open(self._file, "a", encoding="utf-8") as file:
                file.write(f"{self._seconds[name]:.1f}\t{name}\n")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a test process of xdist the same, although more tests pass meanwhile."""
        node.workerinput["passed_before"] = sorted(self.before)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        leave_out(self.before, config, items)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Take it for a success that everything had passed before."""
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.before:
            session.exitstatus = pytest.ExitCode.OK


class ResumeInProcess:
    """The plugin for a test process of xdist."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        leave_out(set(config.workerinput["passed_before"]), config, items)  # type: ignore[attr-defined]


def read_passed(file: Path) -> set[str]:
    """The names of the tests that passed."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {line.partition("\t")[2] for line in lines}


def leave_out(before: set[str], config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take tests that have passed before out of ``items``."""
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in before])
    items[:] = [item for item in items if item.nodeid not in before]


def register(config: pytest.Config) -> None:
    """Let a soak go on; a run of pytest that a test starts runs what it is told."""
    if hasattr(config, "workerinput"):
        if "passed_before" in config.workerinput:
            config.pluginmanager.register(ResumeInProcess())
    elif "PYTEST_CURRENT_TEST" not in os.environ and (now := commit()) is not None:
        config.pluginmanager.register(Resume(FOLDER / f"{now}.passed"))
