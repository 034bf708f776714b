"""`autograder calibrate`: trains right and known-wrong solutions over many seeds, and writes the threshold record that follows."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder import store
from autograder.config import DATA_VARIABLE
from autograder.course import Assignment, Course
from autograder.errors import UsageError
from autograder.inside.jail import end_with_parent
from autograder.journal import Journal, digest
from autograder.misconceptions import load_by_path
from autograder.progress import progress
from autograder.source import short
from autograder.thresholds import (
    ONE_TRY,
    THREE_TRIES,
    Record,
    Runs,
    choose_threshold,
    clear_learning,
    false_fail,
)

PLAN, RECORDS = "calibration.py", "thresholds.json"
FOLDER = "calibrated"  # what was trained already
SEEDS = 300  # of the reference
SHARE = 20  # of the seeds, for each other solution: one in so many
PILOT = 30  # seeds of the reference at a larger budget
Run = Callable[[Mapping[str, Any], int], float]


@dataclass(frozen=True)
class Experiment:
    """One graded training on one source of data; ``tests/<assignment>/calibration.py`` returns them from ``experiments()``.

    A run takes a budget and a seed, trains, and returns a score, higher for better.

    Attributes:
        name: the record's.
        data: the source of data, in words.
        budgets: what one training may take, the smallest first: it is the one that is graded with.
        right: solutions that must pass; the first is the reference.
        wrong: solutions that must not.
        told: solutions whose scores are only recorded.
        guess_error: standard error of the score of somebody who guesses.
    """

    name: str
    data: str
    budgets: Sequence[Mapping[str, Any]]
    right: Mapping[str, Run]
    wrong: Mapping[str, Run]
    guess_error: float
    told: Mapping[str, Run] = field(default_factory=dict)

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
        UsageError: the assignment has no plan, or the plan cannot be read.
    """
    assignment = course.assignment(name)
    if json_file is not None:
        store.ensure_writable(json_file)
    folder = course.settings.course.data_folder
    place = (course.private, course.root / folder if folder else None, _plan(assignment))
    experiments = load_experiments(*place)
    journal = Journal(course.root / FOLDER / assignment.name, _state(assignment), keep)
    found = {}
    with ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_become_runner, initargs=place
    ) as pool:
        for experiment in experiments:
            found[experiment.name] = _calibrated(experiment, Trainings(pool, journal), seeds, console)
    path = assignment.tests / RECORDS
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    new = {name: record.model_dump(exclude_none=True) for name, record in found.items()}
    store.write_whole(path, json.dumps(known | new, indent=1) + "\n")
    if json_file is not None:
        store.write_whole(json_file, json.dumps(new, indent=1) + "\n")
    console.print(table(found))
    for record_name, record in found.items():
        if not record.gradable:
            would = f"; {record.would_do} would do" if record.would_do else "; no budget of the plan would do"
            said = f"{name}, {record_name}: right and wrong runs overlap too much to grade with{would}"
            console.print(Text(said), soft_wrap=True)
    console.print(f"records  {path}", soft_wrap=True)
    return all(record.gradable for record in found.values())


def _plan(assignment: Assignment) -> Path:
    plan = assignment.tests / PLAN
    if not plan.is_file():
        raise UsageError(
            f"{short(assignment, plan)}: is missing. It says which trainings to measure; see docs/quality.md."
        )
    return plan


def _state(assignment: Assignment) -> str:
    """Everything that a score depends on but for solution, budget and seed."""
    files = [*assignment.tests.glob("*.py"), assignment.reference, *Path(__file__).parent.glob("*.py")]
    return digest(device(), repr(_versions()), str(os.environ.get(DATA_VARIABLE)), files=files)


def load_experiments(private: Path, data_folder: Path | None, plan: Path) -> list[Experiment]:
    """The experiments of a plan, in a process that is made a judge for it.

    Raises:
        UsageError: the plan does not run.
    """
    from autograder.judge import prepare

    prepare(private, data_folder)
    try:
        experiments: list[Experiment] = load_by_path(plan, f"calibration_of_{plan.parent.name}").experiments()
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{plan}: cannot be used: {type(error).__name__}: {error}") from error
    return experiments


_experiments: dict[str, Experiment] = {}  # of this worker process


def _become_runner(private: Path, data_folder: Path | None, plan: Path) -> None:
    end_with_parent()
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"  # as one of several judges on a machine
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"  # several share a GPU
    _experiments.update({experiment.name: experiment for experiment in load_experiments(private, data_folder, plan)})


def _run(experiment: str, solution: str, budget: Mapping[str, Any], seed: int) -> tuple[float, float]:
    """Score and processor seconds of one run."""
    started = time.process_time()
    score = float(_experiments[experiment].runs()[solution](budget, seed))
    return round(score, 4), time.process_time() - started


@dataclass(frozen=True)
class Trainings:
    """Trains in parallel, and keeps what it has found."""

    pool: ProcessPoolExecutor
    journal: Journal

    def run(
        self, experiment: str, budget: Mapping[str, Any], wanted: Sequence[tuple[str, int]], done: Callable[[], None]
    ) -> dict[str, Runs]:
        """Solution -> its runs, for pairs of solution and seed; ``done`` is called after each."""
        keys = [json.dumps([experiment, solution, dict(budget), seed]) for solution, seed in wanted]
        missing = [i for i, key in enumerate(keys) if key not in self.journal]
        for _ in range(len(wanted) - len(missing)):
            done()
        started = {self.pool.submit(_run, experiment, wanted[i][0], dict(budget), wanted[i][1]): i for i in missing}
        for future in as_completed(started):
            self.journal.add(keys[started[future]], future.result())
            done()
        scores: dict[str, list[tuple[float, float]]] = {}
        for key, (solution, _) in zip(keys, wanted, strict=True):
            scores.setdefault(solution, []).append(self.journal[key])
        return {solution: _runs(measured) for solution, measured in scores.items()}


def _runs(measured: Sequence[tuple[float, float]]) -> Runs:
    return Runs(sample=[score for score, _ in measured], seconds=round(float(np.mean([s for _, s in measured])), 1))


def _calibrated(experiment: Experiment, trainings: Trainings, seeds: int, console: Console) -> Record:
    first, *larger = experiment.budgets
    record = _measured(experiment, first, trainings, seeds, console)
    for budget in [] if record.gradable else larger:
        if _measured(experiment, budget, trainings, PILOT, console).gradable:
            return record.model_copy(update={"would_do": dict(budget)})
    return record


def _measured(
    experiment: Experiment, budget: Mapping[str, Any], trainings: Trainings, seeds: int, console: Console
) -> Record:
    reference = next(iter(experiment.right))
    few = max(2, seeds // SHARE)
    solutions = experiment.runs()
    wanted = [(name, seed) for name in solutions for seed in range(1, 1 + (seeds if name == reference else few))]
    with progress(console) as bar:
        task = bar.add_task(f"training, {experiment.name}", total=len(wanted))
        runs = trainings.run(experiment.name, budget, wanted, lambda: bar.advance(task))
    return derived(experiment, budget, runs)


def derived(experiment: Experiment, budget: Mapping[str, Any], runs: Mapping[str, Runs]) -> Record:
    """The record that follows from the scores of every solution."""
    reference, *others = experiment.right
    sample = runs[reference].sample
    half = (len(sample) + 1) // 2
    threshold = choose_threshold(sample[:half], {name: runs[name].sample for name in others})
    learning = clear_learning({name: runs[name].sample for name in experiment.wrong}, experiment.guess_error)
    power = {
        name: float(np.mean(np.array(runs[name].sample) < threshold)) for name in (*experiment.wrong, *experiment.told)
    }
    return Record(
        data=experiment.data,
        threshold=threshold,
        clear_learning=learning,
        gradable=threshold > learning,
        n=len(sample),
        sample=sample,
        mean=round(float(np.mean(sample)), 4),
        spread=round(float(np.std(sample, ddof=1)), 4),
        seconds=runs[reference].seconds,
        false_fail=false_fail(sample[:half], sample[half:], threshold),
        power=power,
        other_right={name: runs[name] for name in others},
        known_wrong={name: runs[name] for name in experiment.wrong},
        told={name: runs[name] for name in experiment.told},
        budget=dict(budget),
        device=device(),
        versions=_versions(),
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


def _versions() -> dict[str, str]:
    import importlib.metadata

    packages = {name: importlib.metadata.version(name) for name in ("tensorflow", "keras", "numpy")}
    return {"python": platform.python_version(), **packages}


def table(records: Mapping[str, Record]) -> Table:
    """One line per record."""
    caption = (
        "false fail: predicted for one try of a right solution (wanted below "
        f"{ONE_TRY:g}), 95 % bound for three tries (wanted below {THREE_TRIES:g}), and seen in runs that chose nothing"
    )
    shown = Table("data", "right", "needed", "wrong below", "one try", "three tries", "seen", caption=caption)
    for name, record in records.items():
        fails = record.false_fail
        best = max(max(runs.sample) for runs in record.known_wrong.values())
        row = (
            name,
            f"{record.mean:.3f} ± {record.spread:.3f}",
            f"{record.threshold:.2f}",
            f"{best:.3f}",
            f"{fails.one_try:.1e}",
            f"{fails.three_tries_at_most:.1e}",
            f"{fails.seen}/{fails.of}",
        )
        shown.add_row(*row)
    return shown
