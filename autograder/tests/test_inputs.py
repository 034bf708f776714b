"""Files that people really handed in and that failed once: each comes out as its README says, by the command and by nbgrader."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course, find_course
from autograder.engines import otter
from autograder.tests.helpers import ROOT, SOAK
from autograder.tests.helpers.commands import nbgrader, scores
from autograder.tests.helpers.jail import configured

INPUTS = ROOT.parent / "shared" / "inputs"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not INPUTS.is_dir(), reason="../shared/inputs, files of a course that failed, is not here"),
]
POINTS = {"answer_raises_lone_surrogate": 4, "helper_raises_not_implemented": 4}  # of 7; the others have all
NAMES = sorted(path.stem for path in INPUTS.glob("*.ipynb"))
ARCHIVES = ("gradescope_group_of_two.zip", "moodle_name_with_underscore.zip")
#: What is tried on the other roads; with SOAK everything: a file that is hard to read, and words that are hard to write.
HARD = ("utf16", "answer_raises_lone_surrogate")
TREE = {"Bob": 7, "bob": 7, "doe, jane": 7, "timestamp_with_bom": 7, "two_files": 0, "safari": 7}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("inputs") / "course"
    shutil.copytree(INPUTS / "course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    done = CliRunner().invoke(main, ["build", "--course", str(root)])
    assert done.exit_code == 0, done.output
    return find_course(root)


def grade(course: Course, *named: Path) -> tuple[dict[str, Any], str]:
    """Student -> the result as JSON; and what the command printed."""
    file = course.root.parent / "grades.jsonl"
    arguments = ["grade", *map(str, named), "--course", str(course.root), "--assignment", "basics", "--json", str(file)]
    done = CliRunner().invoke(main, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return {line["student"]: line for line in lines}, " ".join(done.output.split())


@pytest.fixture(scope="module")
def fresh(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The same course, in which nothing has been handed in."""
    return configured(course, tmp_path_factory.mktemp("fresh") / "course")


@pytest.fixture(scope="module")
def graded(course: Course, fresh: Course) -> dict[str, Any]:
    """All notebooks and the zips of two systems, in one run."""
    return grade(course, *sorted(INPUTS.glob("*.ipynb")), *(INPUTS / name for name in ARCHIVES))[0]


def test_every_notebook_gets_its_points_and_is_entered(course: Course, graded: dict[str, Any]) -> None:
    assert len(NAMES) > 10
    assert {name: graded[name]["points"] for name in NAMES} == {name: POINTS.get(name, 7) for name in NAMES}
    entered = {student: of["q1"] + of["q2"] for student, of in scores(course, "basics").items() if student in NAMES}  # type: ignore[operator]
    assert entered == {name: POINTS.get(name, 7) for name in NAMES}


def test_the_reason_is_the_error_and_where_it_is(graded: dict[str, Any]) -> None:
    [error] = [c["rationale"] for c in graded["answer_raises_lone_surrogate"]["checks"] if c["status"] == "failed"]
    assert "raised ValueError" in error and "longer than" not in error
    [error] = [c["rationale"] for c in graded["helper_raises_not_implemented"]["checks"] if c["status"] == "failed"]
    assert "raise NotImplementedError('later')" in error and "not filled in" not in error


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("prose_split_in_two_with_same_marks", ("FIRST HALF", "SECOND HALF")),
        ("prose_with_pasted_picture", ("data:image/png;base64,iVBOR",)),
        ("prose_in_own_cell_below", ("My answer stands here.",)),
    ],
)
def test_a_person_sees_all_of_an_answer_in_prose(
    course: Course, graded: dict[str, Any], name: str, held: tuple[str, ...]
) -> None:
    notebook = nbformat.read(course.tree("autograded") / name / "basics/basics.ipynb", as_version=4)
    [answer] = [c.source for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "explain"]
    assert all(part in answer for part in held)
    assert scores(course, "basics")[name]["explain"] is None, "it waits for a person"


def test_a_gradescope_group_and_a_moodle_name_with_an_underscore(graded: dict[str, Any]) -> None:
    found = {student: result for student, result in graded.items() if student not in NAMES}
    assert len(found) == 3 and {result["points"] for result in found.values()} == {7}
    assert "Ana_Lucia_Perez" in found


def test_ids_of_nbgraders_tree_stay(fresh: Course) -> None:
    shutil.copytree(INPUTS / "nbgrader_tree/submitted", fresh.tree("submitted"))
    for _ in range(2):
        found, said = grade(fresh, fresh.tree("submitted"))
        assert {name: result["points"] for name, result in found.items()} == TREE
        for name in ("safari", "two_files", "only_timestamp"):
            assert name in said.split("┏")[0]
    assert set(scores(fresh, "basics")) >= set(TREE)


def test_a_picture_attached_inside_a_solution_is_in_no_release(fresh: Course, tmp_path: Path) -> None:
    root = tmp_path / "course"
    shutil.copytree(INPUTS / "course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(INPUTS / "leak/source", root / "source", dirs_exist_ok=True)
    done = CliRunner().invoke(main, ["build", "--course", str(root)])
    assert done.exit_code == 0, done.output
    released = [path for path in (root / "release").rglob("*.ipynb") if "solutions" not in path.parts]
    assert len(released) > 1
    for path in released:
        held = [name for cell in nbformat.read(path, as_version=4).cells for name in cell.get("attachments", {})]
        assert held == ["fine.png"] and "key.png" not in path.read_text()


@pytest.mark.parametrize("name", NAMES if SOAK else HARD)
def test_gradescope_gives_the_same(course: Course, name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(course.root / "release/gradescope/basics.zip") as archive:
        archive.extractall(tmp_path / "source")
    for folder in ("submission", "results"):
        (tmp_path / folder).mkdir()
    shutil.copy(INPUTS / f"{name}.ipynb", tmp_path / "submission/basics.ipynb")
    otter.write_results(tmp_path)
    told = json.loads((tmp_path / "results/results.json").read_text(encoding="utf-8"))
    assert sum(float(test["score"]) for test in told["tests"]) == POINTS.get(name, 7)


def test_nbgraders_own_command_gives_the_same(course: Course, graded: dict[str, Any]) -> None:
    """With SOAK to everybody; the others are left out by nbgrader's own setting."""
    before = scores(course, "basics")
    chosen = graded if SOAK else [*HARD, "helper_raises_not_implemented"]
    others = ",".join(name for name in graded if name not in chosen)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        for name in chosen:
            gradebook.remove_submission("basics", name)
    done = nbgrader(course, "autograde", "basics", "--force", f"--CourseDirectory.student_id_exclude={others}")
    assert done.returncode == 0, done.stderr[-2000:]
    assert scores(course, "basics") == before
