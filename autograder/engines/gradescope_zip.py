"""The zip that `otter run -a` and Gradescope take: one assignment, the judge, and the scripts that set both up."""

from __future__ import annotations

import ast
import io
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from autograder.course.config import CONFIG_FILE, Settings
from autograder.course.course import KEY_FILE, Assignment
from autograder.engines.otter import COURSE, OTTER_CONFIG
from autograder.errors import UsageError
from autograder.files import PACKAGE, write_whole

LOCK = PACKAGE.parent / "requirements.lock"
METADATA = ("pyproject.toml", "README.md", "LICENSE")  # of the checkout, which a wheel is built from
OUTSIDE = ("private_folder", "data_folder", "key", "minimum", "teams")  # settings that do not travel in this way
LEAST = "user"  # of the jail: containers seldom allow more, and this one holds nobody else's work
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: none of ours

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image: Python, and the packages the course was built with.
set -euo pipefail
base="${AUTOGRADER_BASE:-/autograder}"
export DEBIAN_FRONTEND=noninteractive

apt-get update
for version in 3.13 3.12 3.11 none; do
    apt-get install -y "python$version" "python$version-venv" && break
done
if [ "$version" = none ]; then
    echo "This image has no Python 3.11 to 3.13. Choose Ubuntu 22.04 or later as the base image, then build again."
    exit 1
fi
"python$version" -m venv "$base/venv"
"$base/venv/bin/python" -m pip install --no-cache-dir --require-hashes -r "$base/source/requirements.lock"
"$base/venv/bin/python" -m pip install --no-index --no-deps "$base"/source/autograder-*.whl
"""

RUN_AUTOGRADER = """\
#!/usr/bin/env bash
# Gradescope runs this for every submission.
base="${AUTOGRADER_BASE:-/autograder}"
exec "$base/venv/bin/python" "$base/source/run_otter.py" "$base"
"""

RUN_OTTER = """\
\"\"\"Grades base/submission and writes base/results/results.json in otter's format.\"\"\"

import sys
from pathlib import Path

from autograder.engines.otter import write_results

if __name__ == "__main__":
    write_results(Path(sys.argv[1]))
"""

SCRIPTS = {"setup.sh": SETUP, "run_autograder": RUN_AUTOGRADER, "run_otter.py": RUN_OTTER}


def build_zip(assignment: Assignment, otter_release: Path, target: Path) -> None:
    """Write the zip of one built assignment. It holds hidden checks, answers and the draw key: it is not for students.

    Args:
        otter_release: the folder ``release/otter/<assignment>``, for its public tests.
        target: the zip; the same course and key give the same bytes.

    Raises:
        UsageError: the assignment is not built, or the kit was installed without its list of packages.
    """
    if not LOCK.is_file():
        raise UsageError(f"{LOCK}: is missing. Build with a checkout of the kit, which has this file.")
    files = {name: text.encode() for name, text in SCRIPTS.items()}
    files["otter_config.json"] = (json.dumps(OTTER_CONFIG, indent=2) + "\n").encode()
    files["requirements.lock"] = LOCK.read_bytes()
    name, wheel = build_wheel()
    files[name] = wheel
    files |= _read_folder(otter_release / "tests", "tests")
    files |= {f"{COURSE}/{name}": content for name, content in _collect_course(assignment).items()}
    write_whole(target, _make_zip(files))


def _collect_course(assignment: Assignment) -> dict[str, bytes]:
    """Return a course with this one assignment: the files that the judge reads, and no other of the instructor."""
    course, name = assignment.course, assignment.name
    files = {
        CONFIG_FILE: _write_config(course.settings).encode(),
        KEY_FILE: course.key + b"\n",
        f"source/{name}/{name}.ipynb": assignment.source.read_bytes(),
        **_collect_solutions(assignment),
        **_read_folder(assignment.released.parent, f"release/nbgrader/{name}"),
        **_read_folder(assignment.tests, f"tests/{name}"),
    }
    if assignment.misconceptions.is_file():
        files[f"solutions/misconceptions/{name}.py"] = assignment.misconceptions.read_bytes()
    return files


def _collect_solutions(assignment: Assignment) -> dict[str, bytes]:
    """Return the reference, and every module of ``solutions/`` that it, the hidden tests or the misconceptions import."""
    folder = assignment.reference.parent
    unread = [assignment.reference, assignment.misconceptions, *assignment.tests.rglob("*.py")]
    found = {assignment.reference}
    while unread:
        path = unread.pop()
        imported = {folder / f"{name}.py" for name in _list_imported_solutions(path)} if path.is_file() else set()
        new = {module for module in imported if module.is_file()} - found
        found |= new
        unread += new
    return {f"solutions/{path.name}": path.read_bytes() for path in found}


def _list_imported_solutions(path: Path) -> Iterator[str]:
    """Yield the names of the modules that a file imports from ``solutions``."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("solutions."))


def _write_config(settings: Settings) -> str:
    """Return the checked settings as a grader_config.py; the instructor's own may hold passwords or read other files."""
    values = (
        f"c.{type(section).__name__}.{name} = {getattr(section, name)!r}"
        for section in (settings.course, settings.limits, settings.jail)
        for name in sorted(section.trait_names(config=True))
        if name not in OUTSIDE
    )
    return "\n".join(["c = get_config()", *values, f"c.Jail.minimum = {LEAST!r}", ""])


def _read_folder(folder: Path, name: str) -> dict[str, bytes]:
    """Return the files under ``folder`` by their path in the zip.

    Raises:
        UsageError: it does not exist.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is missing. Run `autograder build` first.", code="not-built")
    return {f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in _list_files(folder)}


def _list_files(folder: Path) -> Iterator[Path]:
    """Yield all files that are not hidden and not compiled."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_dir():
            yield from _list_files(path)
        else:
            yield path


@cache
def build_wheel() -> tuple[str, bytes]:
    """Build this package without its own tests, and return the wheel's name and content.

    It is built from a copy, because a checkout may be installed in place, in a process of its own, because setuptools changes the
    working directory, and without the network. It is packed anew, because setuptools keeps the machine's times and modes.

    Raises:
        UsageError: setuptools fails.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-wheel-") as folder:
        checkout = Path(folder, "checkout")
        shutil.copytree(PACKAGE, checkout / PACKAGE.name, ignore=shutil.ignore_patterns("tests", "__pycache__", ".*"))
        for name in METADATA:
            shutil.copy(PACKAGE.parent / name, checkout)
        command = [sys.executable, "-P", "-c", "from setuptools.build_meta import build_wheel; build_wheel('..')"]
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            reason = (done.stderr.splitlines() or ["no reason is given"])[-1]
            raise UsageError(f"{PACKAGE.parent}: setuptools cannot build the kit: {reason}")
        [wheel] = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return wheel.name, _make_zip({name: archive.read(name) for name in archive.namelist()})


def _make_zip(files: Mapping[str, bytes]) -> bytes:
    """Return a zip with sorted names and a fixed time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, so that the mode counts
            entry.external_attr = (0o100000 | _choose_mode(name)) << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _choose_mode(name: str) -> int:
    if name.endswith(KEY_FILE):
        return 0o600
    return 0o755 if name in ("setup.sh", "run_autograder") else 0o644
