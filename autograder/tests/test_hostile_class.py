"""A class with one submission of each hostile kind in it: every other student's row is that of the class without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from autograder.course.course import Course, find_course
from autograder.grade import grade
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.attacks import Attack, attacks, hand_in
from autograder.tests.helpers.bombs import PAYLOAD
from autograder.tests.helpers.canaries import canaries
from autograder.tests.helpers.commands import nbgrader, scores
from autograder.tests.helpers.hostile_configs import ATTACKS as MODELS
from autograder.tests.helpers.hostile_configs import FORGING
from autograder.tests.helpers.hostile_files import BOMBS
from autograder.tests.helpers.other_user import ORDINARY, lent, run_python
from autograder.tests.helpers.stock import surroundings
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, submit

pytestmark = pytest.mark.slow

HONEST = {"ann": RIGHT, "mia": {"q1": WRONG["q1"], "q2": RIGHT["q2"]}, "zoe": RIGHT}  # graded between the others
SMALL = ("Limits.memory_mib = 1200", "Limits.scratch_mib = 32", "Limits.processes = 64", "Limits.cpu_seconds = 20")
LIVE = "<script>document.title = 'ran'</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> $\\href{javascript:1}{x}$"


SLOW = "resources__blocks_every_signal_in_native_code__is_named"  # ends by its limit, after seconds


def hostile() -> Iterator[Attack]:
    """One of each kind; everything where time plays no part."""
    seen = set()
    for attack in attacks():
        if attack.kind != "training" and (SOAK or (attack.kind not in seen and attack.name != SLOW)):
            seen.add(attack.kind)
            yield attack


@pytest.fixture
def small(built: Course) -> Course:
    with (built.root / "grader_config.py").open("a") as file:
        file.writelines(
            f"c.{line}\n" for line in (*SMALL, "Limits.seconds_per_cell = 6", "Limits.seconds_per_call = 3")
        )
    return find_course(built.root)


def honest_in(folder: Path, course: Course) -> None:
    for student, answers in HONEST.items():
        submit(course, folder / student / "tiny/tiny.ipynb", **answers)


def hostile_in(folder: Path, course: Course, given: dict[str, str]) -> list[str]:
    """Hand in one of each kind: programs, files that are hard to read, texts that are live, models that are no models."""
    students = []
    for attack in hostile():
        students.append(f"h-{attack.name}"[:60])
        hand_in(course.assignment("tiny").released, folder / students[-1] / "tiny/tiny.ipynb", attack, given=given)
    for number, bomb in enumerate([*BOMBS.values()][:: 1 if SOAK else 3]):
        students.append(f"r-{number}")
        path = folder / students[-1] / "tiny/tiny.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(bomb)
    students.append("t-live")
    path = submit(course, folder / students[-1] / "tiny/tiny.ipynb", **RIGHT)
    notebook = json.loads(path.read_text())
    next(cell for cell in notebook["cells"] if cell["id"] == "explain")["source"] = LIVE
    path.write_text(json.dumps(notebook))
    students.append("m-model")
    configs = [json.dumps(config) for config in list(MODELS.values())[::8]]
    sends = f"{FORGING}\nleft = {configs!r}\ndef count_words(sentence): return forged(left.pop() if left else '{{}}')"
    submit(course, folder / students[-1] / "tiny/tiny.ipynb", q1=sends, q2=RIGHT["q2"])
    return students


def rows(results: list[Any]) -> dict[str, Any]:
    return {
        result.student: (result.points, [(c.check, c.status, c.points, c.misconception) for c in result.checks])
        for result in results
        if result.student in HONEST
    }


def test_the_others_rows_are_those_of_the_class_without(small: Course, tmp_path: Path) -> None:
    honest_in(tmp_path / "without", small)
    quiet = Console(file=(tmp_path / "said").open("w"), width=200)
    expected = rows(grade(small, [tmp_path / "without"], "tiny", None, 1, quiet))
    assert [points for points, _ in expected.values()] == [5.0, 3.0, 5.0]

    with canaries(tmp_path / "canaries") as watched, surroundings(tmp_path / "beside") as beside:
        given = {**beside, **watched.given, **PAYLOAD, "root": str(small.root)}
        honest_in(tmp_path / "with", small)
        students = hostile_in(tmp_path / "with", small, given)
        results = grade(small, [tmp_path / "with"], "tiny", None, 1, quiet)
        assert watched.heard() == [] and watched.left() == [] and watched.daemons() == []
    assert rows(results) == expected
    others = {result.student: result for result in results if result.student not in HONEST}
    assert set(others) == set(students), "each has a line of its own"
    assert all(result.points is not None or result.notes for result in others.values())
    earned = {name: r.points for name, r in others.items() if name[0] in "hr" and (r.points or 0) > 0}
    assert {name: points for name, points in earned.items() if name.startswith("r-")} == {}
    shown = (small.root / "autograded/t-live/tiny/tiny.ipynb").read_text()
    assert "<script" not in shown and "](javascript" not in shown and "<img src=x" not in shown


def test_the_same_by_nbgrader_autograde(small: Course, tmp_path: Path) -> None:
    honest_in(small.root / "submitted", small)
    with canaries(tmp_path / "canaries") as watched, surroundings(tmp_path / "beside") as beside:
        given = {**beside, **watched.given, **PAYLOAD, "root": str(small.root)}
        hostile_in(small.root / "submitted", small, given)
        nbgrader(small, "autograde", "tiny")
        assert watched.heard() == [] and watched.left() == [] and watched.daemons() == []
    earned = {student: sum(filter(None, found.values())) for student, found in scores(small).items()}
    assert {student: earned[student] for student in HONEST} == {"ann": 5.0, "mia": 3.0, "zoe": 5.0}


@pytest.mark.skipif(not SOAK, reason="takes minutes: SOAK=1 runs it")
def test_the_same_as_an_ordinary_user() -> None:
    this = f"{__file__}::{test_the_others_rows_are_those_of_the_class_without.__name__}"
    with lent(None, ORDINARY) as (folder, python):
        own = ["-p", "no:cacheprovider", "--basetemp", str(folder / "pytest")]
        done = run_python(python, folder, "-m", "pytest", *own, this)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-5000:]
