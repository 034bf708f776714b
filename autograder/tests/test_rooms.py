"""The plan of the house: who may import whom, as `make lint` holds it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.tests.first_road import ROOT

BREAKS = {
    "an import that runs up": (
        "errors.py",
        "from autograder.printable import printable\nfrom autograder.cli import main\n",
        "is not allowed to import",
    ),
    "a file without a room": ("strays.py", "", "strays"),
    "a private name of another room": (
        "cli.py",
        "from autograder.files import _draft\n",
        "cli.py, line 1: imports autograder.files._draft",
    ),
    "a private name by way of its module": (
        "cli.py",
        "from autograder import files\nfiles._draft\n",
        "cli.py, line 2: uses autograder.files._draft",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("file", "added", "said"), BREAKS.values(), ids=BREAKS.keys())
def test_lint_refuses(file: str, added: str, said: str, tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "autograder",
        tmp_path / "autograder",
        ignore=shutil.ignore_patterns("submissions", "hostile", "__pycache__"),
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / "autograder" / file
    path.write_text(added + (path.read_text() if path.exists() else ""))
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 1, shown.stdout
    assert said in shown.stdout
