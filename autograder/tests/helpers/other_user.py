"""Running tests as somebody else: an ordinary user, or root with a Python that others may read."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.course.course import Course

ORDINARY = 1500  # a user id that no account here has


def systems_python(folder: Path) -> Path:
    """A virtual environment with the packages of this one, on a Python that every user may run."""
    found = Path("/usr/bin/python3")
    asked = [str(found), "-c", "import sys; print(*sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=False).stdout if found.exists() else ""
    if version.split() != [str(part) for part in sys.version_info[:2]]:
        pytest.skip(f"there is no /usr/bin/python3 of this version ({version.strip() or 'none'})")
    packages = Path(sysconfig.get_path("purelib"))
    for name in ("bin", f"lib/python{'.'.join(version.split())}"):
        (folder / name).mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    (folder / "bin" / "python").symlink_to(found)
    alembic = folder / "bin" / "alembic"  # nbgrader calls it by its name
    alembic.write_text(f'#!/bin/sh\nexec {folder}/bin/python -m alembic.config "$@"\n')
    alembic.chmod(0o755)
    (folder / f"lib/python{'.'.join(version.split())}" / "site-packages").symlink_to(packages)
    return folder / "bin" / "python"


AS_ORDINARY = f"setpriv --reuid {ORDINARY} --regid {ORDINARY} --clear-groups --inh-caps=-all".split()


@contextmanager
def lent(built_once: Course | None, uid: int) -> Iterator[tuple[Path, list[str]]]:
    """A folder of one user, with the course in it if there is one, and the beginning of a command that runs Python as that user."""
    if os.getuid() != 0:
        pytest.skip("only root can run a test as another user")
    if uid and shutil.which("setpriv") is None:
        pytest.skip("setpriv is missing")
    folder = Path(tempfile.mkdtemp(prefix="autograder-tests-"))
    try:
        folder.chmod(0o755)
        python = systems_python(folder / "python")
        (folder / "own").mkdir(0o700)
        if built_once is not None:
            shutil.copytree(built_once.root, folder / "own" / "course")
        for path in [folder / "own", *(folder / "own").rglob("*")]:
            os.chown(path, uid, uid)
        yield folder / "own", [*(AS_ORDINARY if uid else []), str(python)]
    finally:
        shutil.rmtree(folder)


def run_python(command: Sequence[str], home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as ``lent`` says, with its own scripts first on the path."""
    path = f"{Path(command[-1]).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(home), "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    done = [*command, *arguments]
    return subprocess.run(done, cwd=home, env=environment, capture_output=True, text=True, timeout=500, check=False)
