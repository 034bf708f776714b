"""A submission that uses up a resource costs its own question, and its student is told which limit it was."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.judge.failures import CheckFailed
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.bombs import MODEST, NAMED, PAYLOAD, RESOURCES, SMALL, WIDE
from autograder.tests.helpers.jail import ON, cells, configured, first, keep_parent
from autograder.tests.helpers.tiny_course import MAX_POINTS, RIGHT, make_course, submit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def small(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    lines = [f"Limits.{name} = {value}" for name, value in SMALL.items()]
    return configured(built_once, tmp_path_factory.mktemp("small") / "course", *lines)


@pytest.fixture(scope="module")
def two_judges(small: Course) -> Iterator[Grader]:
    with Grader(small, workers=2) as started:
        yield started


def test_every_sample_has_a_limit() -> None:
    assert set(RESOURCES) == set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_a_bomb_costs_its_own_question_and_its_limit_is_named(
    name: str, small: Course, two_judges: Grader, tmp_path: Path
) -> None:
    attack = dataclasses.replace(RESOURCES[name], answers={**RESOURCES[name].answers, "q2": RIGHT["q2"]})
    jobs = [
        Job(attack.submit(small, tmp_path / "bomb.ipynb", **PAYLOAD), "tiny"),
        Job(submit(small, tmp_path / "neighbour.ipynb", **RIGHT), "tiny"),
    ]
    futures = [two_judges.start(job) for job in jobs]
    bomb, neighbour = (two_judges.finish(job, future).result for job, future in zip(jobs, futures, strict=True))
    assert neighbour.points == MAX_POINTS, f"the neighbour lost points: {neighbour.checks} {neighbour.notes}"
    assert bomb.question_points() == {"q1": (0.0, 2.0), "q2": (3.0, 3.0)}, f"{bomb.checks} {bomb.notes} {bomb.faults}"
    said = f"{first(bomb).rationale} {first(bomb).hint}"
    assert NAMED[name] in said, f"the student is not told which limit it was: {said}"


WITHOUT_A_SCRATCH = ("forks_children", "takes_all_memory", "fills_the_disk_with_many", "makes_files_without")


@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith(WITHOUT_A_SCRATCH)])
def test_a_bomb_is_stopped_where_there_are_no_namespaces(name: str, usual_parent_afterwards: None) -> None:
    """There the folder of a submission is one of the machine's own, and limits are kept by whoever watches."""
    parent = keep_parent(dataclasses.replace(ON, levels=("landlock",)))
    if parent.level != "landlock":
        pytest.skip(f"this machine has no Landlock: {parent.refused}")
    with NotebookRun(cells(RESOURCES[name], PAYLOAD), [], Limits(**(SMALL | {"seconds_per_call": 20.0}))) as run:
        run.run_cells()
        with pytest.raises(CheckFailed):
            StudentNotebook(run).count_words("a b")
        assert StudentNotebook(run).value("__name__") == "__main__", "the next question gets no answer"


def test_processor_time_is_named(in_a_jail: None) -> None:
    """Where it is used up before the time of the call is; on a machine with much else to do that cannot be told beforehand."""
    limits = Limits(seconds_per_call=120.0, cpu_seconds=1.0)
    with NotebookRun(cells(RESOURCES["uses_up_the_processor"], PAYLOAD), [], limits) as run:
        run.run_cells()
        with pytest.raises(CheckFailed) as failure:
            StudentNotebook(run).count_words("a b")
    assert "used up its 1 s of processor time" in failure.value.rationale, "the student is not told which limit it was"


#: What goes off under wider limits, the zombies last: they stay.
WIDER = [name for name in NAMED if NAMED[name] and name not in ("makes_files_without_content", "leaves_zombies")]
WIDER += ["leaves_zombies"]


@pytest.mark.parametrize("names", [[name] for name in WIDER] if SOAK else [WIDER], ids=" ".join if SOAK else ["all"])
def test_under_wider_limits_the_same_bombs_go_off(names: list[str], in_a_jail: None) -> None:
    defined = [f"{code(name)}\nbombs[{name!r}] = count_words" for name in names]
    calls = "def go_off(name): return bombs[name]('a b')"
    with NotebookRun(["bombs = {}", *defined, calls], [], Limits(**WIDE)) as run:
        run.run_cells()
        gone_off = {name: StudentNotebook(run).go_off(name) for name in names}
    assert gone_off == dict.fromkeys(names, 0), "one does not do what it says, or another limit stops it"


def test_without_a_jail_files_without_content_have_no_limit(without_a_jail: None) -> None:
    with NotebookRun(cells(RESOURCES["makes_files_without_content"], MODEST), [], Limits(**WIDE)) as run:
        run.run_cells()
        assert StudentNotebook(run).count_words("a b") == 0


def test_what_is_written_to_the_terminal_gets_there_without_a_jail() -> None:
    bomb = f"{code('writes_to_the_terminal_without_end')}\ncount_words('a b')"
    done = subprocess.run([sys.executable, "-c", bomb], capture_output=True, timeout=60, check=True)
    assert len(done.stdout) == len(done.stderr) == int(MODEST["output"]) << 16


def code(name: str) -> str:
    """The cells of a modest bomb."""
    return "\n".join(cells(RESOURCES[name], MODEST))


def test_the_tiny_course_is_what_these_tests_take_it_for(tmp_path: Path) -> None:
    assert make_course(tmp_path / "course").settings.limits.memory_mib == SMALL["memory_mib"]
