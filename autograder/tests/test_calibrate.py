"""`autograder calibrate`: thresholds that follow from measured scores, on trainings that cost nothing."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from autograder.course import Course
from autograder.errors import UsageError
from autograder.tests.first_road import ROOT
from autograder.tests.test_cli import BIN, autograder, environment, line
from autograder.thresholds import (
    choose_threshold,
    clear_learning,
    failure_bound,
    false_fail,
    read_records,
    tail_bound,
    tail_probability,
)

PLAN = '''\
"""A training that costs nothing: its score is drawn."""

import numpy as np

from autograder.calibrate import Experiment


def drawn(best, loss):
    return lambda budget, seed: best - loss / budget["epochs"] * np.random.default_rng(seed).exponential()


def experiments():
    return [
        Experiment(
            name="coins",
            data="coins",
            budgets=[{"epochs": 1}, {"epochs": 2}, {"epochs": 40}],
            right={"reference": drawn(0.95, LOSS), "another": drawn(0.97, LOSS)},
            wrong={"guesses": drawn(0.55, 0.01)},
            told={"half": drawn(0.7, 0.01)},
            guess_error=0.01,
        )
    ]
'''


def calibrated(course: Course, loss: float, seeds: int = 120) -> tuple[subprocess.CompletedProcess[str], Any]:
    (course.assignment("tiny").tests / "calibration.py").write_text(PLAN.replace("LOSS", str(loss)))
    done = autograder(course, "calibrate", "tiny", "--seeds", str(seeds), "--json", "record.json", "--workers", "2")
    assert "Traceback" not in done.stderr, done.stderr
    return done, json.loads((course.root / "record.json").read_text())["coins"]


@pytest.mark.slow
def test_a_threshold_follows_from_the_runs_and_other_records_stay(built: Course) -> None:
    done, record = calibrated(built, 0.01)
    assert done.returncode == 0
    exact = 0.95 - 0.01 * np.log(1000)  # below it is one score of a thousand
    assert exact - 0.05 < record["threshold"] <= exact
    assert 0.58 < record["clear_learning"] <= 0.60
    assert (record["n"], len(record["sample"]), record["budget"]) == (120, 120, {"epochs": 1})
    assert record["power"] == {"guesses": 1.0, "half": 1.0}
    fails = record["false_fail"]
    assert 0 < fails["one_try"] < 1e-3 and fails["one_try"] < fails["one_try_at_most"] < 1e-2
    assert (fails["seen"], fails["of"]) == (0, 60)
    assert abs(fails["three_tries_at_most"] - failure_bound(0, 120) ** 3) < 1e-6
    records = built.assignment("tiny").tests / "thresholds.json"
    kept = json.loads(records.read_text())
    records.write_text(json.dumps({**kept, "dice": kept["coins"]}))
    calibrated(built, 0.02)
    both = read_records(records)
    assert set(both) == {"coins", "dice"}
    assert both["dice"].threshold > both["coins"].threshold
    assert (
        both["dice"].compared(0.5)
        == f"a right solution gives {both['dice'].mean:.3f} ± {both['dice'].spread:.3f}; needed 0.500"
    )


@pytest.mark.slow
def test_runs_that_overlap_are_told_with_the_budget_that_would_do(built: Course) -> None:
    done, record = calibrated(built, 0.2)
    assert done.returncode == 1
    assert "tiny, coins: right and wrong runs overlap too much to grade with; {'epochs': 40} would do" in done.stdout
    assert record["gradable"] is False and record["would_do"] == {"epochs": 40}


SLOW = '''\
"""Trainings that take a while and say when they begin."""

import os
import time
from pathlib import Path

from autograder.calibrate import Experiment


def trained(best):
    def run(budget, seed):
        with open(Path(__file__).with_name("begun"), "a") as file:
            file.write(f"{best} {seed} {os.getpid()}\\n")
        time.sleep(0.2)
        return best - seed / 1000

    return run


def experiments():
    right, wrong = {"reference": trained(0.95)}, {"guesses": trained(0.5)}
    return [Experiment(name="slow", data="none", budgets=[{}], right=right, wrong=wrong, guess_error=0.01)]
'''


@pytest.mark.slow
def test_a_killed_run_leaves_no_trainer_and_goes_on_where_it_stopped(built: Course) -> None:
    tests = built.assignment("tiny").tests
    (tests / "calibration.py").write_text(SLOW)
    begun = tests / "begun"
    command = [str(BIN / "autograder"), "calibrate", "tiny", "--seeds", "20", "--workers", "2"]
    with subprocess.Popen(command, cwd=built.root, env=environment(), stdout=subprocess.DEVNULL) as running:
        wait_until(lambda: begun.exists() and len(begun.read_text().splitlines()) >= 8)
        running.kill()
    before = [line.split() for line in begun.read_text().splitlines()]
    wait_until(lambda: not any(psutil.pid_exists(int(pid)) for _, _, pid in before))
    done = autograder(built, *command[1:])
    assert done.returncode == 0, done.stderr
    runs = Counter((best, seed) for best, seed, _ in map(str.split, begun.read_text().splitlines()))
    assert len(runs) == 22
    # Twice at most: what two trainers were at, and what had ended but was not written down yet.
    assert sum(runs.values()) <= 22 + 2 + 2


def wait_until(holds: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)


def test_the_tail_is_predicted_and_no_sample_is_believed_beyond_its_size() -> None:
    """Of many samples of 150 scores: how the prediction for 1 in 1,000 is spread, and how often the bound holds."""
    threshold = 0.95 - 0.01 * np.log(1000)
    samples = [0.95 - np.random.default_rng(seed).exponential(0.01, 150) for seed in range(60)]
    predicted = [tail_probability(list(sample), threshold) for sample in samples]
    assert 0.5e-3 < np.median(predicted) < 2e-3
    bounds = [tail_bound(list(sample), threshold) for sample in samples[:20]]
    assert sum(bound >= 1e-3 for bound in bounds) >= 16


def test_a_heavy_tail_lowers_the_threshold() -> None:
    """One training in thirty that learns late: with a normal tail the threshold would stay where many of these fail."""
    generator = np.random.default_rng(5)
    usual = 0.95 - generator.exponential(0.005, 290)
    late = 0.85 - generator.exponential(0.02, 10)
    sample = [float(score) for score in generator.permutation(np.concatenate([usual, late]))]
    assert choose_threshold(sample, {}) < 0.82 < choose_threshold([float(score) for score in usual], {})


def test_what_else_a_threshold_heeds() -> None:
    sample = [float(score) for score in 0.95 - np.random.default_rng(2).exponential(0.004, 150)]
    alone = choose_threshold(sample, {})
    assert choose_threshold(sample, {"weaker": [0.9, 0.88]}) == 0.86 < alone
    assert clear_learning({"guesses": [0.51, 0.534], "others": [0.4]}, 0.01) == 0.58
    assert failure_bound(0, 138) ** 3 < 1e-5 < failure_bound(0, 137) ** 3
    found = false_fail(sample[:75], [*sample[75:], 0.5], 0.8)
    assert (found.seen, found.of) == (1, 76)


def test_wrong_use_gets_one_line(built: Course, tmp_path: Path) -> None:
    assert line("calibrate", "tiny", "--course", built.root).startswith(
        "autograder: tests/tiny/calibration.py: is missing"
    )
    plan = built.assignment("tiny").tests / "calibration.py"
    plan.write_text("def experiments():\n    return 1 / 0\n")
    assert "cannot be used: ZeroDivisionError: division by zero" in line("calibrate", "tiny", "--course", built.root)
    with pytest.raises(UsageError, match="holds no threshold records"):
        read_records(tmp_path / "thresholds.json")


def test_every_committed_record_keeps_what_is_promised() -> None:
    for record in read_records(ROOT / "tests/imdb_sentiment/thresholds.json").values():
        assert record.gradable
        assert record.false_fail.one_try < 1e-3
        assert record.false_fail.three_tries_at_most < 1e-5
        assert record.false_fail.seen <= 1
        assert {"untrained", "labels shuffled"} <= {name for name, power in record.power.items() if power == 1.0}
