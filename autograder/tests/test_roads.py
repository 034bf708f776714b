"""The same submission earns the same points on every road: nbgrader, otter and Gradescope say what `autograder grade` says.

A sample with a misconception in each question and one that is no notebook, and an empty one of the assignment that has data, on the
road whose zip holds a whole course; with SOAK=1 in the environment all of them on every road.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.course.course import Course
from autograder.tests.helpers import SOAK
from autograder.tests.helpers import first_road as road
from autograder.tests.helpers.commands import BIN
from autograder.tests.helpers.first_road import EMPTY, MISCONCEPTIONS, SAMPLES, question_points, sample

pytestmark = pytest.mark.slow
ASSIGNMENTS = sorted({assignment for assignment, _ in SAMPLES})
WHOLE = [name for name in ASSIGNMENTS if SOAK or name == road.WHOLE]
TWO = (MISCONCEPTIONS, "not_graded_no_notebook")
Lines = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return road.sample_course(tmp_path_factory)


@pytest.fixture(scope="session")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return road.first_road(tmp_path_factory)


def chosen(assignment: str) -> list[str]:
    """The outcomes to try on the other roads."""
    if SOAK:
        return [outcome for name, outcome in SAMPLES if name == assignment]
    return list(TWO if assignment == road.WHOLE else [EMPTY])


@pytest.mark.parametrize("assignment", WHOLE)
def test_nbgrader_autograde(course: Course, lines: Lines, assignment: str, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    shutil.copytree(course.root, folder)
    for outcome in chosen(assignment):
        target = folder / "submitted" / outcome / assignment
        target.mkdir(parents=True)
        shutil.copy(sample(assignment, outcome), target)
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    command = [str(BIN / "nbgrader"), "autograde", assignment]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, f"what cannot be graded is told, and nothing else fails:\n{done.stderr}"
    found = gradebook_points(folder, assignment)
    for outcome in chosen(assignment):
        line = lines[assignment, outcome]
        if line["points"] is None:
            assert set(found.get(outcome, {}).values()) <= {None}, "no grade is not a zero"
            assert f"{outcome}/{assignment}" in done.stderr
        else:
            assert found[outcome] == question_points(line), outcome


def gradebook_points(folder: Path, assignment: str) -> dict[str, dict[str, float | None]]:
    """Student -> points of each question that a program grades."""
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
                if grade.name.startswith("q")
            }
            for submission in gradebook.assignment_submissions(assignment)
        }


@pytest.mark.parametrize("assignment", WHOLE)
def test_otter_run(course: Course, lines: Lines, assignment: str, tmp_path: Path) -> None:
    for outcome in chosen(assignment):
        archive, target = course.root / "release" / "gradescope" / f"{assignment}.zip", tmp_path / outcome
        target.mkdir()
        command = [BIN / "otter", "run", "--no-logo", "-a", archive, "-o", target, sample(assignment, outcome)]
        done = subprocess.run(
            [str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        if outcome == "not_graded_no_notebook":  # otter reads it before it asks the plugin, and says no more than that
            assert done.returncode == 1
            assert not (target / "results.json").exists()
        else:
            assert done.returncode == 0, done.stderr
            agrees(json.loads((target / "results.json").read_text(encoding="utf-8")), lines[assignment, outcome])


@pytest.mark.parametrize("assignment", ASSIGNMENTS if SOAK else [road.DATA])
def test_gradescope_script(course: Course, lines: Lines, assignment: str, tmp_path: Path) -> None:
    """The folder of a Gradescope container, as its settings lay it out."""
    with zipfile.ZipFile(course.root / "release" / "gradescope" / f"{assignment}.zip") as archive:
        archive.extractall(tmp_path / "source")
    (tmp_path / "venv").symlink_to(BIN.parent)
    (tmp_path / "results").mkdir()
    for outcome in chosen(assignment):
        shutil.rmtree(tmp_path / "submission", ignore_errors=True)
        (tmp_path / "submission").mkdir()
        shutil.copy(sample(assignment, outcome), tmp_path / "submission")
        environment = os.environ | {"AUTOGRADER_BASE": str(tmp_path)}
        script = ["bash", str(tmp_path / "source" / "run_autograder")]
        done = subprocess.run(script, env=environment, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        results = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
        agrees(results, lines[assignment, outcome])


def agrees(results: dict[str, Any], line: dict[str, Any]) -> None:
    """Gradescope's results hold the points and the words of the first road, and so the same inputs were drawn."""
    if line["points"] is None:
        (entry,) = results["tests"]
        assert (entry["score"], entry["max_score"]) == (0, line["max_points"])
        assert f"{line['assignment']}.ipynb: " in entry["output"]
        return
    found = [(test["score"], test["max_score"]) for test in results["tests"]]
    assert found == [(check["points"], check["max_points"]) for check in line["checks"]]
    for test, check in zip(results["tests"], line["checks"], strict=True):
        assert check["rationale"] in test["output"]
