"""A soak that was stopped goes on: what passed is left out, what failed or was not run is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.tests.helpers import SOAK, resume

CONFTEST = """\
from autograder.tests.helpers import resume
resume.ROOT, resume.FOLDER = {root!r}, __import__("pathlib").Path({root!r}, "build")
def pytest_configure(config):
    resume.register(config)
"""
TESTS = """\
import os, pytest
def test_good(): pass
def test_bad(): assert os.path.exists("mended")
def test_left_out(): pytest.skip("not here")
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    root = tmp_path / "suite"
    root.mkdir()
    (root / "conftest.py").write_text(CONFTEST.format(root=str(root)))
    (root / "test_it.py").write_text(TESTS)
    (root / ".gitignore").write_text("build\n__pycache__\n.pytest_cache\n")
    git(root, "init", "-q")
    keep(root)
    return root


def git(root: Path, *arguments: str) -> None:
    own = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    subprocess.run(["git", *own, *arguments], cwd=root, check=True)


def keep(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "-qm", "Keep this")


def run(root: Path, *options: str) -> str:
    """The last line of pytest in a process of its own."""
    return start(root, *options).stdout.strip().splitlines()[-1]


def start(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a shell starts it."""
    free = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=root, env=free, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("git"), reason="git is not here")
@pytest.mark.parametrize("options", [[], ["-n", "2"]] if SOAK else [["-n", "2"]], ids=" ".join)
def test_what_passed_on_the_same_commit_is_left_out(suite: Path, options: list[str]) -> None:
    assert "1 failed, 1 passed, 1 skipped" in run(suite, *options)
    assert run(suite, *options).startswith("1 failed, 1 skipped"), "what failed is run again"
    [file] = (suite / "build").iterdir()
    assert resume.read_passed(file) == {"test_it.py::test_good"}
    (suite / "mended").touch()
    assert "2 passed, 1 skipped" in run(suite, *options), "files that are no commit's are run whole"
    keep(suite)
    assert "2 passed, 1 skipped" in run(suite, *options), "what passed on another commit counts no more"
    assert run(suite, *options).startswith("1 skipped")
    nothing_left = start(suite, *options, "-k", "good or bad")
    assert nothing_left.returncode == 0, f"`make` goes on with what comes next:\n{nothing_left.stdout}"
