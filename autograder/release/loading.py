"""Check in a separate process that a judge can load an assignment: its reference, misconceptions and hidden tests.

A file that cannot be imported would be an error in every submission, and nobody would be graded.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.config import DATA_VARIABLE
from autograder.course.course import Assignment, Course, find_course
from autograder.course.source import short
from autograder.judge.judge import prepare, run_pytest
from autograder.judge.misconceptions import load_by_path, load_misconceptions

SECONDS = 1800  # limit for everything; importing TensorFlow takes a minute on a busy machine
Tell = Callable[[str], None]


def find_loading_faults(course: Course, assignments: Iterable[Assignment]) -> list[str]:
    """Return a line for each file that a judge cannot load; it names the file, the line and the repair."""
    names = [assignment.name for assignment in assignments]
    with tempfile.TemporaryDirectory(prefix="autograder-loading-") as folder:
        said = Path(folder) / "said"
        said.touch()
        command = [sys.executable, "-P", "-m", "autograder.release.loading", str(course.root), str(said), *names]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "CUDA_VISIBLE_DEVICES": ""}
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
            ended = f"ends Python with exit status {done.returncode}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            ended = f"takes longer than {SECONDS} s"
        told = [json.loads(line) for line in said.read_text(encoding="utf-8").splitlines()]
    reading = next((each["reading"] for each in reversed(told) if "reading" in each), "the assignments")
    lines = [each["fault"] for each in told if "fault" in each]
    if ended:
        lines.append(f"{reading}: to import it {ended}. A module may define things, and do nothing else.")
    return list(dict.fromkeys(lines))


def _load(assignment: Assignment, reading: Tell) -> Iterator[str]:
    """Load what a judge loads and yield a line for each fault; call ``reading`` with each file."""
    for path, load in (
        (assignment.reference, lambda: _load_reference(assignment)),
        (assignment.misconceptions, lambda: load_misconceptions(assignment.misconceptions)),
    ):
        reading(short(assignment, path))
        try:
            load()
        except (Exception, SystemExit) as error:
            yield _describe_error(assignment, path, error)
    reading(short(assignment, assignment.tests))
    collected = _Collected(assignment, reading)
    run_pytest(assignment.tests, collected, "--collect-only")
    checks = [check.name for _, group in assignment.questions.values() for check in group]
    if not collected.faults and (missing := [name for name in checks if name not in collected.names]):
        yield (
            f"{short(assignment, assignment.tests)}: pytest does not find the check {missing[0]}. Is its file skipped, or its"
            " name bound anew?"
        )
    yield from collected.faults
    for name, module in list(sys.modules.items()):  # a file of this name may be among the next assignment's
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(assignment.tests):
            del sys.modules[name]


def _load_reference(assignment: Assignment) -> None:
    """Load the reference as hidden tests import it, if its name is an identifier."""
    if assignment.name.isidentifier():
        importlib.import_module(f"solutions.{assignment.name}")
    else:
        load_by_path(assignment.reference, f"reference_of_{assignment.name}")


class _Collected:
    """A pytest plugin that keeps the faults of collected hidden tests, a line each."""

    def __init__(self, assignment: Assignment, reading: Tell) -> None:
        self.assignment = assignment
        self.reading = reading
        self.faults: list[str] = []
        self.names: set[str] = set()

    @pytest.fixture
    def submission(self) -> None: ...

    @pytest.fixture
    def draw(self) -> None: ...

    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        self.file = collector.path
        self.reading(short(self.assignment, collector.path))

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep a fault that ends all collection, such as a module that calls exit."""
        self.faults.append(_describe_error(self.assignment, self.file, excinfo.value))

    def pytest_exception_interact(self, node: pytest.Collector, call: pytest.CallInfo[Any]) -> None:
        error = call.excinfo.value if call.excinfo is not None else None
        if isinstance(error, pytest.Collector.CollectError):
            error = error.__cause__ or error
        if error is not None:
            self.faults.append(_describe_error(self.assignment, node.path, error))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        items = [item for item in session.items if isinstance(item, pytest.Function)]
        for item in items:
            known = {"request", *item._fixtureinfo.name2fixturedefs, *_list_parameters(item)}
            for name in item._fixtureinfo.names_closure:
                if name not in known:
                    line = item.function.__code__.co_firstlineno
                    self.faults.append(
                        f"{short(self.assignment, item.path)}, line {line}: {item.originalname} asks for '{name}', and there is"
                        " no fixture of that name. A check may ask for submission, draw, and fixtures of its own file."
                    )
        self.names = {item.originalname for item in items}


def _list_parameters(item: pytest.Function) -> Iterable[str]:
    """Return the parameters of a parametrised check."""
    return item.callspec.params if hasattr(item, "callspec") else ()


def _describe_error(assignment: Assignment, path: Path, error: BaseException) -> str:
    """Describe an exception at import in one line: the last place in the course's own files, and the repair."""
    own = [path, assignment.reference.parent, assignment.tests]
    frames = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((Path(error.filename), error.lineno))
    places = [(file, line) for file, line in frames if any(file.is_relative_to(folder) for folder in own)]
    file, line = places[-1] if places else (path, None)
    text = (str(error).splitlines() or ["no reason is given"])[0].replace(f"{assignment.course.private}/", "")
    repair = ""
    if isinstance(error, ModuleNotFoundError):
        repair = f" Install '{str(error.name).split('.')[0]}' where autograder runs, or correct the import."
    where = f"{short(assignment, file)}{f', line {line}' if line else ''}"
    return f"{where}: cannot be imported: {type(error).__name__}: {text.rstrip('.')}.{repair}"


def main(root: str, said: str, names: list[str]) -> None:
    """Load assignments of the course at ``root``, and write JSON lines to the file ``said``."""
    course = find_course(Path(root))
    folder = course.settings.course.data_folder
    prepare(course.private, {DATA_VARIABLE: str((course.root / folder).resolve())} if folder else {})
    with open(said, "w", encoding="utf-8") as file:

        def tell(**what: str) -> None:
            file.write(json.dumps(what) + "\n")
            file.flush()

        for name in names:
            for fault in _load(course.assignment(name), lambda path: tell(reading=path)):
                tell(fault=fault)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
