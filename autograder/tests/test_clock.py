"""A busy machine costs no points: time in which a submission waits for a core is not counted, and nobody can make others' work count so."""

from __future__ import annotations

import time

import pytest

from autograder.course.config import Limits
from autograder.judge.submission import StudentNotebook
from autograder.machine import clock
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers.load import busy

pytestmark = pytest.mark.slow
LIMIT = 2.0
WORKS = """\
import time

def work(seconds):
    start = time.process_time()
    while time.process_time() - start < seconds:
        pass
    return "done"
"""


def test_time_in_which_others_had_the_cores_is_not_counted() -> None:
    limits = Limits(seconds_per_cell=1.0, seconds_per_call=1.0, seconds_per_submission=3.0)
    with NotebookRun([WORKS, "done = work(0.4)"], [], limits) as run, busy(3):
        began = time.monotonic()
        run.run_cells()
        assert run.outcomes == {0: None, 1: None}
        assert [StudentNotebook(run).work(0.4) for _ in range(2)] == ["done", "done"]
        assert time.monotonic() - began > 3.0, "the machine was not busy: this says nothing"


@pytest.mark.parametrize("cell", ["while True: pass", "import time; time.sleep(600)"])
def test_whoever_could_run_is_stopped(cell: str) -> None:
    with NotebookRun([cell], [], Limits(seconds_per_cell=LIMIT)) as run:
        run.run_cells()
    outcome = run.outcomes[0]
    assert outcome is not None and outcome.reason == "ran longer than 2 s and was stopped"


#: Per second that passes: what each thread was on a core, and waited for one; and how much counts, on two cores.
SECONDS: dict[str, tuple[list[tuple[float, float]], float]] = {
    "sleeps": ([(0.0, 0.0)], 1.0),
    "computes": ([(1.0, 0.0)], 1.0),
    "computes, while others have the core": ([(0.25, 0.75)], 0.25),
    "waits for a thread of its own, which has to wait": ([(0.0, 0.0), (0.4, 0.6)], 0.4),
    "nine that wait for each other": ([(2 / 9, 7 / 9)] * 9, 1.0),
    "nine that wait for each other, on half a machine": ([(1 / 9, 8 / 9)] * 9, 0.5),
    "says that it has waited for years": ([(0.0, 1e9)], 0.0),
    "has ended": ([], 1.0),
}


@pytest.mark.parametrize("name", SECONDS)
def test_what_counts_of_a_second(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, counted = SECONDS[name]
    now = 100.0
    monkeypatch.setattr("autograder.machine.clock.time.monotonic", lambda: now)
    made = clock.Clock(1, cores=2)
    for second in range(1, 4):
        said = {n: tuple(int(1e9 * second * part) for part in thread) for n, thread in enumerate(threads)}
        monkeypatch.setattr(clock, "list_threads", lambda _, said=said: said.items())
        now += 1.0
        made.look()
        made.look()  # a moment later: nothing to add
        assert made.seconds == pytest.approx(second * counted, abs=1e-6)


ABORTS = """\
import os, signal
signal.signal(signal.SIGINT, lambda *_: os.abort())
while True: pass
"""


def test_whoever_aborts_when_interrupted_has_run_too_long() -> None:
    """TensorFlow does so: "crashed the interpreter" would send the student looking for another fault."""
    with NotebookRun([ABORTS], [], Limits(seconds_per_cell=LIMIT)) as run:
        run.run_cells()
    outcome = run.outcomes[0]
    assert outcome is not None and outcome.reason == "ran longer than 2 s and was stopped"
