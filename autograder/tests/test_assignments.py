"""The tests of each assignment, tested by `autograder verify`, with SOAK=1.

That the hidden tests tell right answers from wrong ones, `test_samples.py` shows with few submissions.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course.cells import list_functions
from autograder.course.course import find_course
from autograder.release.wrong_answers import read_wrong_answers
from autograder.tests.helpers import ROOT, SOAK
from autograder.tests.helpers.commands import BIN, environment
from autograder.tests.helpers.first_road import sample_course

COURSE = find_course(ROOT)
#: Misconceptions of a question that trains: different ones lead to the same accuracy, so that none is named.
NAMELESS = {"imdb_sentiment": ("q6",)}
MUTANTS = 60  # an assignment should have at least as many


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_course(tmp_path_factory).root


@pytest.mark.slow
@pytest.mark.skipif(not SOAK, reason="takes minutes for each assignment: SOAK=1 runs it")
@pytest.mark.parametrize("name", COURSE.assignments)
def test_right_answers_pass_and_wrong_ones_are_caught_and_named(name: str, built_course: Path, tmp_path: Path) -> None:
    course = tmp_path / "course"
    shutil.copytree(built_course, course)
    command = [str(BIN / "autograder"), "verify", name, "--full", "--json", "verified.json", "--workers", "2"]
    done = subprocess.run(
        command,
        cwd=course,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-2000:]}"
    found: dict[str, Any] = json.loads((course / "verified.json").read_text())
    assert found["right"]["total"] >= 4 and found["right"]["passed"] == found["right"]["total"]
    wrong, mutants = found["misconceptions"], found["mutants"]
    assert wrong["total"] >= len(COURSE.assignment(name).questions) and wrong["caught"] == wrong["total"]
    nameless = sum(question in NAMELESS.get(name, ()) for question in _misconceptions(name))
    assert wrong["named"] >= 0.95 * (wrong["total"] - nameless)
    assert mutants["survivors"] == [] and mutants["killed"] + mutants["equivalent"] == mutants["total"]
    assert mutants["total"] - mutants["equivalent"] >= MUTANTS
    assert found["points_sd"] <= 0.05


def _misconceptions(name: str) -> list[str]:
    """The question of each misconception."""
    assignment = COURSE.assignment(name)
    questions = {
        f: q for q, names in list_functions(nbformat.read(assignment.source, as_version=4)).items() for f in names
    }
    return [questions[answer.function] for answer in read_wrong_answers(assignment.misconceptions)]


@pytest.mark.parametrize("name", COURSE.assignments)
def test_every_question_has_at_least_four_misconceptions(name: str) -> None:
    known = Counter(_misconceptions(name))
    assert {q: known[q] for q in COURSE.assignment(name).questions if known[q] < 4} == {}
