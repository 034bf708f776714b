"""The tests of each assignment, tested: what its hidden checks say of every known answer, right or wrong.

The right answers go through the whole grader in `test_samples.py`; here they meet other inputs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import Assignment, find_course
from autograder.inline import misconception_sources
from autograder.source import asked
from autograder.tests.conftest import SOAK
from autograder.tests.first_road import ROOT

pytestmark = pytest.mark.slow
COURSE = find_course(ROOT)
QUICK = (
    "tensor_shapes",
)  # without a model: every wrong answer meets every check; elsewhere every second one meets its own
TRAINED = {"imdb_sentiment": "q6"}  # a minute for each wrong answer: a sample has one of them, `make soak` has all
Rows = list[dict[str, Any]]


def matrix(assignment: str, folder: Path, key: str, options: Sequence[str]) -> Rows:
    target = folder / "rows.json"
    command = [
        sys.executable,
        "-m",
        "autograder.tests.matrix",
        assignment,
        "--course",
        str(ROOT),
        "--json",
        str(target),
    ]
    environment = os.environ | {"AUTOGRADER_KEY": key}
    done = subprocess.run(
        [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=3600, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows: Rows = json.loads(target.read_text(encoding="utf-8"))
    return rows


def points(row: dict[str, Any]) -> float:
    return float(sum(check["points"] for check in row["checks"].values()))


def lost(row: dict[str, Any]) -> set[str]:
    return {check["question"] for check in row["checks"].values() if check["points"] < check["max_points"]}


def named(row: dict[str, Any]) -> set[str]:
    return {check["misconception"] for check in row["checks"].values() if check["misconception"]}


def trains(assignment: Assignment, row: dict[str, Any]) -> bool:
    """Whether only the accuracy of a training can show this mistake: others lead to the same one, so none is named."""
    return (assignment.name, row["question"]) in TRAINED.items()


@pytest.mark.parametrize("name", COURSE.assignments)
def test_right_answers_earn_everything_and_an_empty_notebook_nothing(name: str, tmp_path: Path) -> None:
    kinds = ["reference", "right", "stub"] if SOAK else ["reference", "stub"]
    rows = matrix(name, tmp_path, "another key than that of the samples", ["--kind", *kinds])
    assert {row["kind"] for row in rows} == set(kinds)
    for row in rows:
        assert row["faults"] == []
        assert points(row) == (0.0 if row["kind"] == "stub" else COURSE.assignment(name).max_points), row["name"]
        assert named(row) == set()


@pytest.mark.parametrize("name", COURSE.assignments)
def test_every_question_has_at_least_four_misconceptions(name: str) -> None:
    assignment = COURSE.assignment(name)
    questions = {f: q for q, names in asked(nbformat.read(assignment.source, as_version=4)).items() for f in names}
    known = Counter(questions[function] for function, _, _ in misconception_sources(assignment.misconceptions))
    assert {question: known[question] for question in assignment.questions if known[question] < 4} == {}


@pytest.mark.parametrize("name", COURSE.assignments)
def test_wrong_answers_are_caught_in_their_own_question_and_named(name: str, tmp_path: Path) -> None:
    assignment = COURSE.assignment(name)
    some = [] if SOAK or name in QUICK else ["--own", "--every", "2", "--without", TRAINED.get(name, "")]
    rows = matrix(name, tmp_path, "a key for wrong answers", ["--kind", "wrong", *some])
    assert {row["question"] for row in rows} >= set(assignment.questions) - {TRAINED.get(name)}
    for row in rows:
        assert row["faults"] == [], row["name"]
        assert lost(row) == {row["question"]}, row["name"]
        assert named(row) <= {_title(row)}, row["name"]
    nameable = [row for row in rows if not trains(assignment, row)]
    assert sum(bool(named(row)) for row in nameable) >= 0.95 * len(nameable)


def _title(row: dict[str, Any]) -> str:
    return str(row["name"].split(": ", 1)[1].rstrip("."))
