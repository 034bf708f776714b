"""What the machine may have ended is tried again, and costs nobody points; what a crash said last reaches the instructor."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.judge.results import OUR_FAULT, Result
from autograder.machine.capacity import count_memory_kills
from autograder.reports.feedback import render_page
from autograder.sandbox.limits import STARVED, Doubt, TimeBudget
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers.load import busy
from autograder.tests.helpers.tiny_course import MAX_POINTS, RIGHT, WRONG, submit

DIES = """\
import os, signal, time
if time.time() < {until}:
    time.sleep({until} - time.time())
    os.kill(os.getpid(), signal.SIGKILL)
"""
SAYS = "a tensor that burst"
CRASHES = f"import os\nos.write(2, b'lost {'x' * 100_000} {SAYS}')\nos.abort()"


@pytest.fixture(scope="module")
def grader(built_once: Course) -> Iterator[Grader]:
    with Grader(built_once) as grader:
        yield grader


def graded(grader: Grader, folder: Path, **answers: str) -> Result:
    return grader.grade(submit(grader.course, folder / "tiny.ipynb", **answers), "tiny", "ada")


@pytest.mark.slow
def test_whoever_lost_a_process_from_outside_is_graded_once_more(grader: Grader, tmp_path: Path) -> None:
    assert graded(grader, tmp_path, **RIGHT).remarks == []  # the worker is up, and takes a moment from here on
    dies = DIES.format(until=time.time() + 4)
    result = graded(grader, tmp_path, q1=f"{dies}\n{RIGHT['q1']}", q2=RIGHT["q2"])
    assert (result.points, result.faults) == (MAX_POINTS, [])
    assert "second try" in result.remarks[0] and "killed a process" in result.remarks[0]


@pytest.mark.slow
def test_whoever_kills_the_process_each_time_loses_the_points(grader: Grader, tmp_path: Path) -> None:
    result = graded(
        grader, tmp_path, q1=DIES.format(until=time.time() + 3600).replace("time.sleep", "min"), q2=RIGHT["q2"]
    )
    assert result.question_points() == {"q1": (0.0, 2.0), "q2": (3.0, 3.0)}
    assert result.graded, result.notes


@pytest.fixture
def one_core() -> Iterator[None]:
    """As if this machine had one core, which is busy sooner."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.slow
def test_a_limit_on_a_machine_that_is_far_too_busy_costs_no_points(
    built: Course, tmp_path: Path, one_core: None
) -> None:
    built.settings.limits.seconds_per_cell = 0.3
    with Grader(built) as grader:
        assert graded(grader, tmp_path, **WRONG).graded, "a wrong answer is wrong on any machine"
        with busy(6):
            result = graded(grader, tmp_path, q1="while True: pass", q2=RIGHT["q2"])
    assert result.points is None and OUR_FAULT in result.notes
    assert [c.status for c in result.checks if c.question == "q1"] == ["error", "error"]
    assert result.question_points()["q2"] == (3.0, 3.0), "what passed has its points"
    assert any("waited for a core" in line and "Grade it again" in line for line in result.remarks), result.remarks


@pytest.mark.slow
def test_what_a_crash_said_last_reaches_the_instructor_alone(grader: Grader, tmp_path: Path) -> None:
    result = graded(grader, tmp_path, q1=CRASHES, q2=RIGHT["q2"])
    assert result.question_points() == {"q1": (0.0, 2.0), "q2": (3.0, 3.0)}
    (said,) = result.remarks
    assert SAYS in said and "Fatal Python error: Aborted" in said and len(said) < 2000
    assert SAYS in result.json_line()
    assert SAYS not in render_page(result.for_students(details=True))


@pytest.mark.slow
def test_a_flood_of_standard_error_stops_nobody() -> None:
    cell = f"import os, sys\nos.write(sys.stderr.fileno(), bytes({2 << 20}))"
    with NotebookRun(
        [cell, "import subprocess, sys; subprocess.run(['ls', '/none'], stderr=sys.stderr)"], [], Limits()
    ) as run:
        run.run_cells()
        assert run.outcomes == {0: None, 1: None}


@pytest.mark.slow
def test_a_process_that_the_system_killed_for_want_of_memory_is_not_the_students(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kills = iter(range(1000))
    monkeypatch.setattr("autograder.sandbox.jailed_process.count_memory_kills", lambda: next(kills))
    with NotebookRun(["import os; os.kill(os.getpid(), 9)"], [], Limits()) as run:
        run.run_cells()
    outcome = run.outcomes[0]
    assert outcome is not None and outcome.reason == "was ended by the system, which was out of memory"
    assert [doubt.short for doubt in run.budget.doubts] == [True]


ABORT, KILL, SEGV = (f"signal {number:d}" for number in (signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV))


@pytest.mark.parametrize(
    ("end", "share", "doubts"),
    [
        ("time", 0.1, []),
        ("time", 0.9, [True]),
        (ABORT, 0.5, []),
        (ABORT, 0.9, [True]),
        (KILL, 0.1, [False]),
        (KILL, 0.9, [True]),
        (STARVED, 0.0, [True]),
        (SEGV, 0.9, []),
        ("memory", 0.9, []),
        ("exit 0", 0.9, []),
    ],
)
def test_which_ends_leave_a_doubt(end: str, share: float, doubts: list[bool]) -> None:
    budget = TimeBudget(60.0)
    budget.note(end, share)
    assert [doubt.short for doubt in budget.doubts] == doubts
    assert all(isinstance(doubt, Doubt) and doubt.what for doubt in budget.doubts)


def test_the_system_says_how_many_it_killed(tmp_path: Path) -> None:
    assert count_memory_kills(tmp_path) == 0
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text("nr_free_pages 12\noom_kill 3\noom_kill_x 9\n")
    assert count_memory_kills(tmp_path) == 3
