"""The course of the five assignments, built once per test run, and what `autograder grade` says of samples."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course.course import KEY_FILE, Course, find_course
from autograder.release.build import build
from autograder.tests.helpers import ROOT, SOAK
from autograder.tests.helpers.samples import committed, write_class

COURSE = ("grader_config.py", "nbgrader_config.py", "source", "solutions", "tests")
KEY = "a key for the samples"
WHOLE = "tensor_shapes"  # an assignment that trains nothing: to grade its samples takes half a minute
DATA = "imdb_sentiment"  # an assignment that has data
MISCONCEPTIONS, EMPTY, HARD_CODED = (
    "partial_one_misconception_per_question",
    "failed_empty_stubs",
    "partial_hard_coded_visible_answers",
)
AGAIN = "again"  # a student who hands in what the one with the misconceptions does
MORE_OF_THE_SAME = ("full_points_written_another_way_tensors", "full_points_written_another_way_vectorised")
ENDLESS = 20 if SOAK else 10  # seconds that a loop may take


def is_chosen(assignment: str, outcome: str) -> bool:
    """Whether a sample is graded without SOAK: each kind of one assignment, and of each other right answers with a wrong one."""
    if SOAK or outcome == HARD_CODED:
        return True
    if assignment == WHOLE:
        return outcome not in MORE_OF_THE_SAME
    return (assignment, outcome) in ((DATA, EMPTY), ("padding", MISCONCEPTIONS))


SAMPLES = [(assignment, outcome) for assignment, outcome, _ in committed() if is_chosen(assignment, outcome)]
NAMES = [f"{assignment}__{outcome}" for assignment, outcome in SAMPLES]


def sample(assignment: str, outcome: str) -> Path:
    """The notebook of a sample."""
    return next(path for a, o, path in committed() if (a, o) == (assignment, outcome))


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder that ``make`` fills; in the first test process that asks, while the others wait."""
    base = factory.getbasetemp().parent if os.environ.get("PYTEST_XDIST_WORKER") else factory.getbasetemp()
    folder = base / name
    with open(base / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = base / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(folder)
    return folder


def sample_course(factory: pytest.TempPathFactory) -> Course:
    """A copy of the course with a release, a key, and a short limit for the endless loops; for tests that only read it."""
    return find_course(once(factory, "sample-course", make_course))


def make_course(folder: Path) -> None:
    folder.mkdir()
    for name in COURSE:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder)
    with open(folder / "grader_config.py", "a") as config:
        config.write(f"c.Limits.seconds_per_cell = {ENDLESS}\n")
    (folder / KEY_FILE).write_text(KEY)
    build(find_course(folder), report=lambda line: None)


def first_road(factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """(assignment, outcome) -> the JSON line of each of `SAMPLES`, and of one of them handed in again."""
    course = sample_course(factory).root

    def grade(folder: Path) -> None:
        shutil.copytree(course, folder / "course")
        write_class(folder / "class", SAMPLES)
        shutil.copytree(folder / "class" / MISCONCEPTIONS / WHOLE, folder / "class" / AGAIN / WHOLE)
        program = str(Path(sys.executable).parent / "autograder")
        command = [program, "grade", str(folder / "class"), "--course", str(folder / "course")]
        environment = os.environ | {"AUTOGRADER_KEY": KEY}  # where a search of the environment would find it
        done = subprocess.run(
            [*command, "--json", str(folder / "grades.jsonl")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, f"some samples cannot be graded, and nothing else is wrong:\n{done.stderr}"

    lines = (once(factory, "first-road", grade) / "grades.jsonl").read_text(encoding="utf-8").splitlines()
    return {(line["assignment"], line["student"]): line for line in map(json.loads, lines)}


def question_points(line: dict[str, Any]) -> dict[str, float]:
    """Question -> points, from a JSON line."""
    totals: dict[str, float] = {}
    for check in line["checks"]:
        totals[check["question"]] = totals.get(check["question"], 0.0) + check["points"]
    return totals
