"""`autograder calibrate`: trains right and known-wrong solutions over many seeds, and writes the threshold record that follows."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder import files
from autograder.course.config import DATA_VARIABLE
from autograder.course.course import Assignment, Course
from autograder.course.source import short
from autograder.errors import UsageError
from autograder.grading.journal import Journal, digest, package_files, versions
from autograder.grading.pool import WorkerPool, detach_from_terminal, forget_models
from autograder.judge.misconceptions import load_by_path
from autograder.judge.thresholds import (
    ALL_TRIES,
    ONE_TRY,
    STEP,
    TRIES,
    Runs,
    ThresholdRecord,
    broken_promises,
    choose_threshold,
    clear_learning,
    false_fail,
    power,
    read_records,
)
from autograder.progress import progress
from autograder.sandbox.inside.jail import end_with_parent

PLAN, RECORDS = "calibration.py", "thresholds.json"
FOLDER = "calibrated"  # what was trained already
SEEDS = 300  # of the reference
SHARE = 20  # of the seeds, for each other solution: one in so many
PILOT = 30  # seeds of the reference at a larger budget
Run = Callable[[Mapping[str, Any], int], float]


@dataclass(frozen=True)
class Experiment:
    """One graded training on one source of data; ``tests/<assignment>/calibration.py`` returns them from ``experiments()``.

    A run takes a budget and a seed, trains, and returns a score: a finite number, higher for better. Before each the seed is set,
    for Python, numpy and Keras, as it is for a submission's training.

    Attributes:
        name: the record's.
        data: the source of data, in words.
        budgets: what one training may take, the smallest first: it is the one that is graded with.
        right: solutions that must pass; the first is the reference.
        wrong: solutions that must not.
        told: solutions whose scores are only recorded.
        guess_error: standard error of the score of somebody who guesses.
        step: thresholds are multiples of it.
        tries: that the hidden test gives, each under a seed and data of its own; the best counts.
    """

    name: str
    data: str
    budgets: Sequence[Mapping[str, Any]]
    right: Mapping[str, Run]
    wrong: Mapping[str, Run]
    guess_error: float
    told: Mapping[str, Run] = field(default_factory=dict)
    step: float = STEP
    tries: int = TRIES

    def runs(self) -> dict[str, Run]:
        """Every solution by its name."""
        return {**self.right, **self.wrong, **self.told}


def calibrate(
    course: Course,
    name: str,
    json_file: Path | None,
    workers: int,
    console: Console,
    seeds: int = SEEDS,
    keep: bool = True,
) -> bool:
    """Measure the thresholds of one assignment and write ``tests/<assignment>/thresholds.json``; other records in it stay.

    Args:
        seeds: runs of the reference.
        json_file: receives the new records as JSON.
        keep: go on where an interrupted run stopped.

    Returns:
        Whether every threshold can be graded with, at the budget that is graded with.

    Raises:
        UsageError: the assignment has no plan, the plan cannot be used, one of its runs breaks, or older records are damaged.
    """
    assignment = course.assignment(name)
    if json_file is not None:
        files.ensure_writable(json_file)
    path = assignment.tests / RECORDS
    known = read_records(path) if path.is_file() else {}
    folder = course.settings.course.data_folder
    place = (course.private, course.root / folder if folder else None, _plan(assignment))
    with _without_stderr():  # on which TensorFlow greets whoever imports it
        experiments = load_experiments(*place)
        state = _state(assignment)
    new = {}
    for experiment in experiments:
        journal = Journal(course.root / FOLDER / assignment.name / experiment.name, state, keep)
        with Trainings(place, workers, journal) as trainings:
            new[experiment.name] = _calibrated(experiment, trainings, seeds, console)
    files.write_whole(path, _as_json(known | new))
    if json_file is not None:
        files.write_whole(json_file, _as_json(new))
    console.print(accuracy_table(new))
    for record_name, record in new.items():
        for line in record.why_not:
            would = f"; {record.would_do} would tell them apart" if record.would_do else ""
            console.print(Text(f"{name}, {record_name}: cannot be graded with: {line}{would}"), soft_wrap=True)
    console.print(Text(f"records  {path}"), soft_wrap=True)
    return not any(record.why_not for record in new.values())


def _as_json(records: Mapping[str, ThresholdRecord]) -> str:
    shown = {name: record.model_dump(exclude_none=True) for name, record in records.items()}
    return json.dumps(shown, indent=1) + "\n"


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Nothing that this process, its libraries included, writes to stderr is seen."""
    kept, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silence)


def _plan(assignment: Assignment) -> Path:
    plan = assignment.tests / PLAN
    if not plan.is_file():
        raise UsageError(
            f"{short(assignment, plan)}: is missing. It says which trainings to measure; see docs/quality.md."
        )
    return plan


def _state(assignment: Assignment) -> str:
    """Everything that a score depends on but for solution, budget and seed."""
    files = [*assignment.tests.glob("*.py"), *assignment.reference.parent.glob("*.py"), *package_files()]
    return digest(device(), repr(versions()), str(os.environ.get(DATA_VARIABLE)), files=files)


def load_experiments(private: Path, data_folder: Path | None, plan: Path) -> list[Experiment]:
    """The experiments of a plan, in a process that is made a judge for it.

    Raises:
        UsageError: the plan does not run.
    """
    from autograder.judge.judge import prepare

    prepare(private, {DATA_VARIABLE: str(data_folder)} if data_folder is not None else {})
    try:
        found = load_by_path(plan, f"calibration_of_{plan.parent.name}").experiments()
        if fault := _fault(found):
            raise UsageError(f"{plan}: {fault}")
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{plan}: cannot be used: {type(error).__name__}: {error}") from error
    experiments: list[Experiment] = found
    return experiments


def _fault(experiments: Any) -> str:
    """What is wrong with a plan; empty where nothing is."""
    if not isinstance(experiments, list) or not all(isinstance(e, Experiment) for e in experiments) or not experiments:
        return "experiments() must return a list of Experiment, at least one."
    if twice := [name for name, n in Counter(e.name for e in experiments).items() if n > 1]:
        return f"two experiments are called '{twice[0]}'. Give each a name of its own."
    for each in experiments:
        if not re.fullmatch(r"[\w -]+", each.name):
            return f"an experiment is called '{each.name}'. A name is letters, digits, spaces and hyphens."
        if missing := [part for part in ("budgets", "right", "wrong") if not getattr(each, part)]:
            return f"experiment '{each.name}' has no {missing[0]}. Name at least one."
        names = Counter([*each.right, *each.wrong, *each.told])
        if twice := [name for name, n in names.items() if n > 1]:
            return f"experiment '{each.name}' has two solutions called '{twice[0]}'. Give each a name of its own."
        try:
            json.dumps([dict(budget) for budget in each.budgets])
        except (TypeError, ValueError) as error:
            return f"experiment '{each.name}' has a budget that JSON cannot hold: {error}. Use plain numbers and texts."
    return ""


_experiments: dict[str, Experiment] = {}  # of this worker process


def _become_runner(private: Path, data_folder: Path | None, plan: Path) -> None:
    end_with_parent()
    if (parent := multiprocessing.parent_process()) is None or os.getppid() != parent.pid:
        os._exit(1)  # it ended before we asked to end with it
    detach_from_terminal()
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"  # as one of several judges on a machine
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"  # several share a GPU
    _experiments.update({experiment.name: experiment for experiment in load_experiments(private, data_folder, plan)})


def _run(experiment: str, solution: str, budget: Mapping[str, Any], seed: int) -> tuple[float, float]:
    """Score and processor seconds of one run.

    Raises:
        UsageError: the run broke, or its score is no finite number.
    """
    started = time.process_time()
    where = f"{PLAN}: run '{solution}' of experiment '{experiment}', seed {seed}"
    try:
        _set_seed(seed)
        score = float(_experiments[experiment].runs()[solution](budget, seed))
    except Exception as error:
        raise UsageError(f"{where}: {type(error).__name__}: {error}") from error
    finally:
        forget_models()
    if not np.isfinite(score):
        raise UsageError(f"{where}: returned {score}. A score is a finite number, higher for better.")
    return round(score, 4), time.process_time() - started


def _set_seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed)


class Trainings(WorkerPool):
    """Trains one experiment's solutions in parallel, and keeps what it has found.

    Args:
        place: what ``load_experiments`` takes.
    """

    def __init__(self, place: tuple[Path, Path | None, Path], workers: int, journal: Journal) -> None:
        super().__init__(workers, _become_runner, place)
        self._journal = journal

    def run(
        self, experiment: str, budget: Mapping[str, Any], wanted: Sequence[tuple[str, int]], done: Callable[[], None]
    ) -> dict[str, Runs]:
        """Solution -> its runs, for pairs of solution and seed; ``done`` is called after each.

        Raises:
            UsageError: a run broke; what was found before is kept.
        """
        keys = [json.dumps([experiment, solution, dict(budget), seed]) for solution, seed in wanted]
        missing = [i for i, key in enumerate(keys) if key not in self._journal]
        for _ in range(len(wanted) - len(missing)):
            done()
        started = {
            self._pool.schedule(_run, args=(experiment, wanted[i][0], dict(budget), wanted[i][1])): i for i in missing
        }
        for future in as_completed(started):
            self._journal.add(keys[started[future]], future.result())
            done()
        scores: dict[str, list[tuple[float, float]]] = {}
        for key, (solution, _) in zip(keys, wanted, strict=True):
            scores.setdefault(solution, []).append(self._journal[key])
        return {solution: _runs(measured) for solution, measured in scores.items()}


def _runs(measured: Sequence[tuple[float, float]]) -> Runs:
    return Runs(sample=[score for score, _ in measured], seconds=round(float(np.mean([s for _, s in measured])), 1))


def _calibrated(experiment: Experiment, trainings: Trainings, seeds: int, console: Console) -> ThresholdRecord:
    first, *larger = experiment.budgets
    record = _measured(experiment, first, trainings, seeds, console)
    for budget in larger if record.threshold <= record.clear_learning else []:
        pilot = _measured(experiment, budget, trainings, PILOT, console)
        if pilot.threshold > pilot.clear_learning:
            return record.model_copy(update={"would_do": dict(budget)})
    return record


def _measured(
    experiment: Experiment, budget: Mapping[str, Any], trainings: Trainings, seeds: int, console: Console
) -> ThresholdRecord:
    reference = next(iter(experiment.right))
    few = max(2, seeds // SHARE)
    solutions = experiment.runs()
    wanted = [(name, seed) for name in solutions for seed in range(1, 1 + (seeds if name == reference else few))]
    with progress(console) as bar:
        task = bar.add_task(f"training, {experiment.name}", total=len(wanted))
        runs = trainings.run(experiment.name, budget, wanted, lambda: bar.advance(task))
    return derived(experiment, budget, runs)


def derived(experiment: Experiment, budget: Mapping[str, Any], runs: Mapping[str, Runs]) -> ThresholdRecord:
    """The record that follows from the scores of every solution."""
    reference, *others = experiment.right
    sample = runs[reference].sample
    other_right = {name: runs[name].sample for name in others}
    threshold = choose_threshold(sample, other_right, experiment.step, experiment.tries)
    known_wrong = {name: runs[name].sample for name in experiment.wrong}
    learning = clear_learning(known_wrong, experiment.guess_error, experiment.step)
    fails = false_fail(sample, threshold, other_right, experiment.step, experiment.tries)
    not_right = (*experiment.wrong, *experiment.told)
    return ThresholdRecord(
        data=experiment.data,
        threshold=threshold,
        clear_learning=learning,
        why_not=broken_promises(fails, threshold, learning, experiment.tries),
        n=len(sample),
        sample=sample,
        mean=round(float(np.mean(sample)), 4),
        spread=round(float(np.std(sample, ddof=1)), 4),
        seconds=runs[reference].seconds,
        false_fail=fails,
        power={name: power(runs[name].sample, threshold, learning, experiment.tries) for name in not_right},
        other_right={name: runs[name] for name in others},
        known_wrong={name: runs[name] for name in experiment.wrong},
        told={name: runs[name] for name in experiment.told},
        step=experiment.step,
        tries=experiment.tries,
        budget=dict(budget),
        device=device(),
        versions=versions(),
        date=date.today().isoformat(),
    )


def device() -> str:
    """What the trainings ran on."""
    import tensorflow as tf

    cards = [
        tf.config.experimental.get_device_details(card).get("device_name", "GPU")
        for card in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join(cards) or f"CPU, one thread, {platform.machine()}"


def accuracy_table(records: Mapping[str, ThresholdRecord]) -> Table:
    """One line per record."""
    caption = (
        f"fails: of a right solution, predicted for one try (wanted below {ONE_TRY:g}), 95 % bound for all tries (wanted "
        f"below {ALL_TRIES:g}), and seen among runs that chose nothing"
    )
    headers = ("data", "right", "needed", "clear learning", "wrong below", "fails once", "all tries", "seen")
    shown = Table(*headers, box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for name, record in records.items():
        fails = record.false_fail
        best = max(max(runs.sample) for runs in record.known_wrong.values())
        row = (
            name,
            f"{record.mean:.3f} ± {record.spread:.3f}",
            f"{record.threshold:g}",
            f"{record.clear_learning:g}",
            f"{best:.3f}",
            f"{fails.one_try:.1e}",
            f"{fails.all_tries_at_most:.1e}",
            f"{fails.seen}/{fails.of}",
        )
        shown.add_row(*row)
    return shown
