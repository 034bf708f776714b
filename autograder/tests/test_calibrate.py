"""`autograder calibrate`: thresholds that follow from measured scores, on trainings that cost nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
import pytest

from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.judge.thresholds import read_record, read_records
from autograder.quality import trainings
from autograder.quality.experiment import load_experiments
from autograder.quality.tails import (
    bound_failures,
    choose_clear_learning,
    choose_threshold,
    estimate_power,
    find_broken_promises,
    find_tail_quantile,
    predict_failures,
    predict_tail,
)
from autograder.tests.helpers import ROOT
from autograder.tests.helpers.calibration_plan import plan
from autograder.tests.helpers.commands import BIN, autograder, environment, line


class Measured(NamedTuple):
    """Two commands on one course: many seeds, then few and another plan."""

    course: Course
    many: subprocess.CompletedProcess[str]
    few: subprocess.CompletedProcess[str]
    records: dict[str, Any]


@pytest.fixture(scope="module")
def measured(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = tmp_path_factory.mktemp("measured") / "course"
    shutil.copytree(built_once.root, folder)
    course = find_course(folder)
    many, records = calibrated(course, plan(coins=0.01), seeds=200)
    few, others = calibrated(course, plan(rare=0.01, noisy=0.2), seeds=60)
    return Measured(course, many, few, records | others)


def calibrated(course: Course, text: str, seeds: int) -> tuple[subprocess.CompletedProcess[str], Any]:
    (course.assignment("tiny").tests / "calibration.py").write_text(text)
    done = autograder(course, "calibrate", "tiny", "--seeds", str(seeds), "--json", "record.json", "--workers", "1")
    assert "Traceback" not in done.stderr, done.stderr
    return done, json.loads((course.root / "record.json").read_text())


@pytest.mark.slow
def test_a_threshold_follows_from_the_runs_and_other_records_stay(measured: Measured) -> None:
    record = measured.records["coins"]
    assert measured.many.returncode == 0
    exact = 0.95 - 0.01 * np.log(1000)  # below it is one score of a thousand
    assert exact - 0.05 < record["threshold"] <= exact
    assert 0.58 < record["clear_learning"] <= 0.60
    assert (record["n"], len(record["sample"]), record["budget"]) == (200, 200, {"epochs": 1})
    assert [each["threshold"] for each in record["power"].values()] == [1.0, 1.0]
    assert record["power"]["half"]["clear_learning"] == 0.0  # no mistake that the lower limit is for
    fails = record["false_fail"]
    assert 0 < fails["one_try"] < 1e-3 and fails["one_try_at_most"] == pytest.approx(bound_failures(0, 200), rel=0.1)
    assert (fails["seen"], fails["of"]) == (0, 200)
    assert fails["all_tries_at_most"] == pytest.approx(bound_failures(0, 200) ** 3, rel=0.1)
    kept = read_records(measured.course.assignment("tiny").tests / "thresholds.json")
    assert set(kept) == {"coins", "noisy", "rare"}
    coins = kept["coins"]
    assert coins.threshold == record["threshold"]
    assert coins.compared(0.5) == f"a right solution gives {coins.mean:.3f} ± {coins.spread:.3f}; needed 0.500"


@pytest.mark.slow
def test_runs_that_overlap_are_told_with_the_budget_that_would_do(measured: Measured) -> None:
    assert measured.few.returncode == 1
    said = "tiny, noisy: cannot be graded with: right and wrong runs overlap too much; {'epochs': 40} would tell them apart"
    assert said in measured.few.stdout and measured.records["noisy"]["would_do"] == {"epochs": 40}
    with pytest.raises(UsageError, match="cannot be graded with: right and wrong runs overlap too much"):
        read_record(measured.course.assignment("tiny").tests / "thresholds.json", "noisy")


@pytest.mark.slow
def test_a_promise_that_so_few_runs_cannot_keep_is_told(measured: Measured) -> None:
    record = measured.records["rare"]
    assert "would_do" not in record
    [why] = record["why_not"]
    assert why == "60 runs cannot promise that 3 tries fail less than once in 100,000: that takes 138 without a failure"
    assert f"tiny, rare: cannot be graded with: {why}" in measured.few.stdout


SLOW = '''\
"""Trainings that take a while and say when they begin."""

import os
import time
from pathlib import Path

from autograder.checks import Experiment


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
    command = [str(BIN / "autograder"), "calibrate", "tiny", "--seeds", "20", "--workers", "1"]
    with subprocess.Popen(command, cwd=built.root, env=environment(), stdout=subprocess.DEVNULL) as running:
        wait_until(lambda: begun.exists() and len(begun.read_text().splitlines()) >= 8)
        running.kill()
    before = [line.split() for line in begun.read_text().splitlines()]
    wait_until(lambda: not any(psutil.pid_exists(int(pid)) for _, _, pid in before))
    done = autograder(built, *command[1:])
    assert "20 runs cannot promise" in done.stdout, done.stderr
    runs = Counter((best, seed) for best, seed, _ in map(str.split, begun.read_text().splitlines()))
    assert len(runs) == 22
    # Twice at most: what the trainer was at, and what had ended but was not written down yet.
    assert sum(runs.values()) <= 22 + 1 + 2


def wait_until(holds: Callable[[], bool], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.05)


def test_the_tail_is_predicted() -> None:
    """Of many samples of 150 scores: how the prediction for 1 in 1,000 is spread, and where it puts the threshold."""
    exact = 0.95 - 0.01 * np.log(1000)
    samples = [list(0.95 - np.random.default_rng(seed).exponential(0.01, 150)) for seed in range(60)]
    assert 0.5e-3 < np.median([predict_tail(sample, exact) for sample in samples]) < 2e-3
    assert abs(np.median([find_tail_quantile(sample, 1e-3) for sample in samples]) - exact) < 0.01
    for sample in samples:
        threshold = choose_threshold(sample, {})
        assert predict_tail(sample, threshold) < 1e-3 <= predict_tail(sample, threshold + 0.0101)


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
    weaker = [float(score) for score in 0.88 - np.random.default_rng(3).exponential(0.01, 15)]
    both = choose_threshold(sample, {"weaker": weaker})
    assert both < min(weaker) < alone
    assert choose_threshold(sample, {"weaker": weaker}, tries=5) > both
    assert predict_tail(weaker, both) ** 3 < 1e-5 < predict_tail(weaker, both + 0.0101) ** 3
    assert choose_threshold([-score for score in range(10, 40)], {}, step=1.0) < -40
    assert choose_clear_learning({"guesses": [0.51, 0.534], "others": [0.4]}, 0.01) == 0.58
    assert choose_clear_learning({"guesses": [-9.2, -7.5]}, 0.1, step=1.0) == -7.0
    assert bound_failures(0, 138) ** 3 < 1e-5 < bound_failures(0, 137) ** 3


def test_failures_that_were_not_predicted_are_seen() -> None:
    """One run in 15 collapses to where nobody learned: no tail fitted to the others knows of it."""
    sample = [float(score) for score in 0.95 - np.random.default_rng(2).exponential(0.004, 300)]
    sound = choose_threshold(sample, {})
    assert (
        predict_failures(sample, sound, {}).seen == 0
        and find_broken_promises(predict_failures(sample, sound, {}), sound, 0.6) == []
    )
    collapsed = [0.5 if i % 15 == 7 else score for i, score in enumerate(sample)]
    fails = predict_failures(collapsed, sound, {})
    assert fails.of == 300 and fails.one_try_at_most > 20 / 300
    assert any("cannot promise" in line for line in find_broken_promises(fails, sound, 0.6))
    first_fold = [0.5 if i % 10 == 0 and i < 100 else score for i, score in enumerate(sample)]
    fails = predict_failures(first_fold, choose_threshold(first_fold, {}), {})
    assert fails.seen == 10  # the other nine folds know nothing of them
    assert any("10 of 300 runs fail" in line for line in find_broken_promises(fails, 0.9, 0.6))


def test_power_is_that_of_three_tries() -> None:
    found = estimate_power([0.5] * 9 + [0.8], threshold=0.7, learning=0.55)
    assert found.threshold == found.clear_learning == pytest.approx(0.9**3, rel=0.01)
    assert 0.15 < found.threshold_at_least < 0.25  # a run of ten: by Clopper and Pearson as often as 0.39
    assert estimate_power([0.5] * 10, 0.7, 0.55).threshold_at_least == pytest.approx((0.05**0.1) ** 3, rel=0.05)


BAD_PLANS = [
    ("return 1 / 0", "cannot be used: ZeroDivisionError: division by zero"),
    ("return None", "experiments() must return a list of Experiment, at least one."),
    ("return []", "experiments() must return a list of Experiment, at least one."),
    ("return [E(), E()]", "two experiments are called 'coins'."),
    ("return [E(name='a/b')]", "an experiment is called 'a/b'."),
    ("return [E(right={})]", "experiment 'coins' has no right. Name at least one."),
    ("return [E(wrong={})]", "experiment 'coins' has no wrong. Name at least one."),
    ("return [E(budgets=[])]", "experiment 'coins' has no budgets. Name at least one."),
    ("return [E(budgets=[{'n': {1}}])]", "experiment 'coins' has a budget that JSON cannot hold"),
    ("return [E(wrong={'reference': run})]", "experiment 'coins' has two solutions called 'reference'."),
]
BAD_RUNS = [
    ("return None", "TypeError: float() argument must be"),
    ("return float('nan')", "returned nan. A score is a finite number, higher for better."),
    ("return 1 / (seed - 3)", "ZeroDivisionError: division by zero"),
]
ANY_PLAN = """\
from autograder.checks import Experiment


def run(budget, seed):
    {run}


def E(**given):
    usual = dict(name="coins", data="d", budgets=[{{}}], right={{"reference": run}}, wrong={{"guess": run}}, guess_error=0.1)
    return Experiment(**usual | given)


def experiments():
    {experiments}
"""


@pytest.mark.parametrize(("experiments", "told"), BAD_PLANS)
def test_a_bad_plan_gets_one_line(tmp_path: Path, experiments: str, told: str) -> None:
    plan = tmp_path / "calibration.py"
    plan.write_text(ANY_PLAN.format(run="return 0.5", experiments=experiments))
    with pytest.raises(UsageError) as error:
        load_experiments(tmp_path, None, plan)
    assert str(error.value).startswith(f"{plan}: ") and told in str(error.value)


@pytest.mark.parametrize(("run", "told"), BAD_RUNS)
def test_a_run_that_breaks_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str, told: str) -> None:
    plan = tmp_path / "calibration.py"
    plan.write_text(ANY_PLAN.format(run=run, experiments="return [E()]"))
    [experiment] = load_experiments(tmp_path, None, plan)
    monkeypatch.setitem(trainings.LOADED, "coins", experiment)
    with pytest.raises(UsageError) as error:
        trainings.train("coins", "reference", {}, 3)
    assert str(error.value).startswith("calibration.py: run 'reference' of experiment 'coins', seed 3: ")
    assert told in str(error.value)


@pytest.mark.slow
def test_a_run_that_breaks_ends_the_others(built: Course) -> None:
    plan = built.assignment("tiny").tests / "calibration.py"
    plan.write_text(ANY_PLAN.format(run="return 1 / (seed - 3)", experiments="return [E()]"))
    done = autograder(built, "calibrate", "tiny", "--seeds", "20", "--workers", "1")
    [said] = done.stderr.splitlines()
    assert done.returncode == 2
    assert said.startswith(
        "autograder: calibration.py: run 'reference' of experiment 'coins', seed 3: ZeroDivisionError"
    )


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once_and_keeps_what_was_found(built: Course) -> None:
    tests = built.assignment("tiny").tests
    (tests / "calibration.py").write_text(SLOW)
    begun = tests / "begun"
    command = [str(BIN / "autograder"), "calibrate", "tiny", "--seeds", "200", "--workers", "2"]
    with subprocess.Popen(
        command,
        cwd=built.root,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:
        wait_until(lambda: begun.exists() and len(begun.read_text().splitlines()) >= 8)
        os.killpg(running.pid, signal.SIGINT)
        running.wait(60)
    tried = begun.read_text().splitlines()
    assert len(tried) < 100  # of 210
    [kept] = (built.root / "calibrated/tiny/slow").iterdir()
    assert len(kept.read_text().splitlines()) >= len(tried) - 4


def test_wrong_use_gets_one_line(built: Course, tmp_path: Path) -> None:
    said = line("calibrate", "tiny", "--course", built.root)
    assert said.startswith("autograder: tests/tiny/calibration.py: is missing")
    (built.assignment("tiny").tests / "thresholds.json").write_text("{")
    assert "holds no threshold records" in line("calibrate", "tiny", "--course", built.root)


def test_a_record_changed_by_hand_is_not_graded_with(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    records = json.loads((ROOT / "tests/imdb_sentiment/thresholds.json").read_text())
    for damage in ({"threshold": float("nan")}, {"n": 5}, {"sample": [0.9, float("inf")], "n": 2}, {"more": 1}):
        path.write_text(json.dumps({"IMDB": records["IMDB"] | damage}))
        with pytest.raises(UsageError, match="holds no threshold records"):
            read_record(path, "IMDB")
    for text in ("", "[]", "null", "3"):
        path.write_text(text)
        with pytest.raises(UsageError, match="holds no threshold records"):
            read_record(path, "IMDB")
    path.write_text(json.dumps({"IMDB": records["IMDB"]}))
    assert read_record(path, "IMDB").n == len(records["IMDB"]["sample"])
    with pytest.raises(UsageError, match="has no record 'stand-in', only: IMDB"):
        read_record(path, "stand-in")
    with pytest.raises(UsageError, match="is missing"):
        read_record(tmp_path / "none.json", "IMDB")


COMMITTED = [
    (path, name) for path in sorted((ROOT / "tests").glob("*/thresholds.json")) for name in json.loads(path.read_text())
]


@pytest.mark.parametrize(("path", "name"), COMMITTED, ids=[f"{path.parent.name}, {name}" for path, name in COMMITTED])
def test_every_committed_record_follows_from_its_scores_and_keeps_what_is_promised(path: Path, name: str) -> None:
    record = read_record(path, name)
    others = {name: runs.sample for name, runs in record.other_right.items()}
    threshold, learning, tries = record.threshold, record.clear_learning, record.tries
    assert threshold == choose_threshold(record.sample, others, record.step, tries)
    assert record.false_fail == predict_failures(record.sample, threshold, others, record.step, tries)
    assert record.false_fail.one_try < 1e-3 and record.false_fail.all_tries_at_most < 1e-5
    assert learning > max(max(runs.sample) for runs in record.known_wrong.values())
    assert record.why_not == find_broken_promises(record.false_fail, threshold, learning, tries) == []
    for solution, runs in (record.known_wrong | record.told).items():
        assert record.power[solution] == estimate_power(runs.sample, threshold, learning, tries)
    assert all(record.power[solution].clear_learning == 1.0 for solution in record.known_wrong)


def test_what_the_notebooks_promise_is_what_was_measured() -> None:
    """The limits that students read in recurrent_networks, question 10; those of sentiment are held in its own test."""
    [record] = read_records(ROOT / "tests/recurrent_networks/thresholds.json").values()
    assert (record.threshold, record.clear_learning) == (-2.0, -7.0)
    text = (ROOT / "source/recurrent_networks/recurrent_networks.ipynb").read_text()
    assert "should be below 7 (half of the points) and below 2 (the other half)" in text
