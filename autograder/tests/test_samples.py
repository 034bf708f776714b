"""Sample submissions earn, through `autograder grade`, what their names say: of four assignments a share, with SOAK=1 all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
import pytest

from autograder.course.cells import list_stubs
from autograder.course.course import Course, find_course
from autograder.errors import Ungradable
from autograder.grading.grader import Grader
from autograder.judge.results import OUR_FAULT
from autograder.tests.helpers import ROOT, SOAK
from autograder.tests.helpers import first_road as road
from autograder.tests.helpers.first_road import MISCONCEPTIONS, NAMES, SAMPLES, question_points, sample
from autograder.tests.helpers.samples import SEARCHER, committed, differences, expected, misconceptions, write_class
from autograder.tests.helpers.tiny_course import open_file

SEARCHES = "failed_searches_for_answers"
ASSIGNMENTS = sorted({assignment for assignment, _ in SAMPLES})
WHOLE = [name for name in ASSIGNMENTS if SOAK or name == road.WHOLE]  # of which every sample is graded
#: In these questions a training decides, and different mistakes lead to the same accuracy: no name is given.
NAMELESS = {("imdb_sentiment", "q6")}
Lines = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return road.sample_course(tmp_path_factory)


@pytest.fixture(scope="session")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return road.first_road(tmp_path_factory)


def test_every_assignment_has_its_samples() -> None:
    assert set(ASSIGNMENTS) == set(find_course(ROOT).assignments)
    for assignment in ASSIGNMENTS:
        outcomes = [outcome for name, outcome, _ in committed() if name == assignment]
        assert len(outcomes) >= 15
        assert {outcome.split("_")[0] for outcome in outcomes} == {"full", "partial", "failed", "not"}


def test_samples_hold_no_outputs() -> None:
    for _, outcome, path in committed():
        if outcome != "not_graded_no_notebook":
            notebook = json.loads(path.read_text(encoding="utf-8"))
            assert not [cell for cell in notebook["cells"] if cell.get("outputs") or cell.get("execution_count")], path


@pytest.mark.slow
def test_samples_are_those_of_the_release() -> None:
    """After a change of a source or an answer: python -m autograder.tests.helpers.samples"""
    assert differences(find_course(ROOT)) == []


def test_a_class_is_written_as_students_hand_in(tmp_path: Path) -> None:
    write_class(tmp_path)
    notebooks = sorted(path.relative_to(tmp_path).parts for path in tmp_path.rglob("*.ipynb"))
    assert len(notebooks) == 6 * len(ASSIGNMENTS)
    assert ("full_points", "padding", "padding.ipynb") in notebooks


@pytest.mark.slow
@pytest.mark.parametrize(("assignment", "outcome"), SAMPLES, ids=NAMES)
def test_points_are_what_the_name_says(course: Course, lines: Lines, assignment: str, outcome: str) -> None:
    line, points = lines[assignment, outcome], expected(course.assignment(assignment), outcome)
    assert OUR_FAULT not in " ".join(line["notes"])
    if points is None:
        assert line["points"] is None
        assert len(line["notes"]) == 1
        assert line["notes"][0].startswith(f"{assignment}.ipynb: is ")
    else:
        assert question_points(line) == points
        assert line["points"] == sum(points.values())


@pytest.mark.slow
@pytest.mark.parametrize("assignment", [assignment for assignment, outcome in SAMPLES if outcome == MISCONCEPTIONS])
def test_every_planted_misconception_is_named(course: Course, lines: Lines, assignment: str) -> None:
    named: dict[str, set[str]] = {}
    for check in lines[assignment, MISCONCEPTIONS]["checks"]:
        named.setdefault(check["question"], set()).update({check["misconception"]} - {None})
    planted = misconceptions(course.assignment(assignment))
    for question, title in planted.items():
        assert named[question] == (set() if (assignment, question) in NAMELESS else {title.rstrip(".")}), question


@pytest.mark.slow
@pytest.mark.parametrize("assignment", WHOLE)
def test_students_read_why(lines: Lines, assignment: str) -> None:
    """What is said of a question whose cell does not parse, never ends, or is not filled in."""
    for outcome, words in (
        ("partial_syntax_error", "SyntaxError"),
        ("partial_endless_loop", f"ran longer than {road.ENDLESS} s and was stopped"),
        ("failed_empty_stubs", "is not filled in yet"),
    ):
        failed = [check for check in lines[assignment, outcome]["checks"] if check["status"] == "failed"]
        assert failed
        assert all(words in check["rationale"] for check in failed), outcome


@pytest.mark.slow
@pytest.mark.parametrize("assignment", WHOLE)
def test_a_search_finds_nothing(lines: Lines, assignment: str) -> None:
    for check in lines[assignment, SEARCHES]["checks"]:
        assert check["status"] in ("failed", "skipped")
        assert check["status"] == "skipped" or "found nothing in " in check["rationale"], check["rationale"]


@pytest.fixture(scope="module")
def elsewhere(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader of a course with another key, whose reference was released by mistake."""
    folder = tmp_path_factory.mktemp("elsewhere") / "course"
    shutil.copytree(course.root, folder)
    careless = find_course(folder)
    careless.settings.course.key = "another key"
    shutil.copy(
        careless.assignment(road.WHOLE).reference, careless.assignment(road.WHOLE).released.parent / "notes.txt"
    )
    with Grader(careless) as grader:
        yield grader


@pytest.mark.slow
def test_a_search_would_find_what_lies_in_its_folder(course: Course, elsewhere: Grader) -> None:
    """The same notebook earns every point where the reference was released by mistake: the search is a real one."""
    found = elsewhere.grade(sample(road.WHOLE, SEARCHES), road.WHOLE)
    assert found.points == course.assignment(road.WHOLE).max_points


PLANTS = {
    "nothing": "",
    "module": "import sys, types; sys.modules['m'] = types.ModuleType('m'); exec(TEXT, sys.modules['m'].__dict__)",
    "memory": "kept = {'a': [TEXT]}",
    "dict": "kept = [{}]; exec(TEXT, kept[0])",
    "environment": "import os; os.environ['HINT'] = TEXT",
    "key": "import os; os.environ['AUTOGRADER_KEY'] = 'k'",
    "arguments": "import sys; sys.argv.append(TEXT)",
    "cached source": "import linecache; linecache.cache['x'] = (1, None, TEXT.splitlines(True), 'x')",
    "import path": "import pathlib, sys; sys.path.append('lib'); pathlib.Path('lib').mkdir(); pathlib.Path('lib/m.py').write_text(TEXT)",
    "hidden check": "import pathlib; pathlib.Path('t.py').write_text('def test_a(sub' + 'mission, draw): pass')",
    "frame": "def f(expected):\n    globals()['SEARCH'] = Search(['count_zigs', 'count_zags'])\nf([1, 2])",
}


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS)
def test_the_search_looks_everywhere(tmp_path: Path, plant: str) -> None:
    """What would be found if it were there, one place at a time."""
    secret = "TEXT = ''.join(['def ', 'count_zigs(x): return 7\\n', 'def ', 'count_zags(x): return 8\\n', '# a line that is long enough'])"
    ask = dedent("""
        SEARCH = globals().get("SEARCH") or Search(["count_zigs", "count_zags"])
        print("found", sorted(set(SEARCH.found)))
    """)
    fewer = "" if SOAK or plant == "nothing" else "sys.path.clear()"  # not Python's own thousands of files each time
    program = "\n".join([SEARCHER.read_text(encoding="utf-8"), fewer, secret, PLANTS[plant], "del TEXT", ask])
    command = [sys.executable, "-S", "-P", "-s", "-c", f"exec({program!r})"]
    clean = {"PATH": "/usr/bin:/bin"}  # nothing of the tests' own environment is what is looked for
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (done.stdout.strip() == "found []") == (plant == "nothing"), done.stdout


@pytest.mark.slow
def test_graded_twice_and_with_another_key(lines: Lines, elsewhere: Grader) -> None:
    first, again = lines[road.WHOLE, MISCONCEPTIONS], lines[road.WHOLE, road.AGAIN]
    assert {**again, "seconds": 0, "student": ""} == {**first, "seconds": 0, "student": ""}

    other = json.loads(elsewhere.grade(sample(road.WHOLE, MISCONCEPTIONS), road.WHOLE).json_line())
    assert question_points(other) == question_points(first)
    assert [check["misconception"] for check in other["checks"]] == [
        check["misconception"] for check in first["checks"]
    ]
    for one, two in zip(first["checks"], other["checks"], strict=True):
        assert one["status"] != "failed" or one["rationale"] != two["rationale"], "the same inputs again"


@pytest.mark.slow
def test_how_it_was_saved_does_not_change_the_inputs(course: Course) -> None:
    """Fresh inputs are drawn from the answers alone, not from ids, line ends or the order of an editor's fields."""
    saved = ("full_points", "full_points_saved_by_colab", "full_points_saved_by_vscode")
    for assignment in ASSIGNMENTS:
        code = {open_file(sample(assignment, outcome), course, assignment).student_code for outcome in saved}
        assert len(code) == 1


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_another_assignments_notebook_is_told_apart_where_only_one_is_known(assignment: str, tmp_path: Path) -> None:
    """As on Gradescope, where a course has one assignment. All import numpy, and some functions are namesakes."""
    shutil.copytree(ROOT / "source" / assignment, tmp_path / "source" / assignment)
    shutil.copytree(ROOT / "release" / "nbgrader" / assignment, tmp_path / "release" / "nbgrader" / assignment)
    shutil.copy(ROOT / "grader_config.py", tmp_path)
    course = find_course(tmp_path)
    for other in ASSIGNMENTS:
        if other != assignment:
            with pytest.raises(Ungradable, match=f"holds no answer to '{assignment}'"):
                open_file(sample(other, "full_points"), course, assignment)
    one_answer = nbformat.read(sample(assignment, "full_points"), as_version=4)
    one_answer.cells = [cell for cell in one_answer.cells if list_stubs(cell)][:1]
    nbformat.write(one_answer, tmp_path / "short.ipynb")
    assert open_file(tmp_path / "short.ipynb", course, assignment).assignment.name == assignment
