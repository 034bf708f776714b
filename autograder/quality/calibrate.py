"""`autograder calibrate`: train right and known-wrong solutions over many seeds, and write the resulting threshold records."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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
from autograder.course.packages import course_versions
from autograder.course.source import short
from autograder.errors import UsageError
from autograder.grading.journal import Journal, digest, package_files
from autograder.judge.thresholds import Runs, ThresholdRecord, read_records
from autograder.progress import progress
from autograder.quality.experiment import PLAN, Experiment, load_experiments
from autograder.quality.tails import (
    ALL_TRIES,
    ONE_TRY,
    choose_clear_learning,
    choose_threshold,
    estimate_power,
    find_broken_promises,
    predict_failures,
)
from autograder.quality.trainings import Trainings

RECORDS = "thresholds.json"
FOLDER = "calibrated"  # scores of finished trainings
SEEDS = 300  # of the reference
SHARE = 20  # every other solution runs with one seed in so many
PILOT = 30  # seeds of the reference at a larger budget


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
        keep: continue an interrupted calibration.

    Returns:
        Whether every threshold may be used for grading.

    Raises:
        UsageError: the assignment has no plan, the plan cannot be used, one of its runs fails, or older records are damaged.
    """
    assignment = course.assignment(name)
    if json_file is not None:
        files.ensure_writable(json_file)
    path = assignment.tests / RECORDS
    known = read_records(path) if path.is_file() else {}
    folder = course.settings.course.data_folder
    place = (course.private, course.root / folder if folder else None, _find_plan(assignment))
    with _silence_stderr():  # TensorFlow prints there when imported
        experiments = load_experiments(*place)
        where = describe_machine(assignment)
    state = _digest_inputs(assignment, where)
    new = {}
    for experiment in experiments:
        journal = Journal(course.root / FOLDER / assignment.name / experiment.name, state, keep)
        with Trainings(place, workers, journal, where) as trainings:
            new[experiment.name] = _calibrate_one(experiment, trainings, seeds, console)
    files.write_whole(path, _as_json(known | new))
    if json_file is not None:
        files.write_whole(json_file, _as_json(new))
    console.print(_make_table(new))
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
def _silence_stderr() -> Iterator[None]:
    """Discard everything that this process and its libraries write to stderr."""
    kept, silence = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(silence)


def _find_plan(assignment: Assignment) -> Path:
    plan = assignment.tests / PLAN
    if not plan.is_file():
        raise UsageError(
            f"{short(assignment, plan)}: is missing. It says which trainings to measure; see docs/quality.md."
        )
    return plan


def _digest_inputs(assignment: Assignment, where: Mapping[str, Any]) -> str:
    """Return a digest of everything a score depends on, except solution, budget and seed."""
    files = [*assignment.tests.glob("*.py"), *assignment.reference.parent.glob("*.py"), *package_files()]
    return digest(repr(where), str(os.environ.get(DATA_VARIABLE)), files=files)


def _calibrate_one(experiment: Experiment, trainings: Trainings, seeds: int, console: Console) -> ThresholdRecord:
    first, *larger = experiment.budgets
    record = _measure(experiment, first, trainings, seeds, console)
    for budget in larger if record.threshold <= record.clear_learning else []:
        pilot = _measure(experiment, budget, trainings, PILOT, console)
        if pilot.threshold > pilot.clear_learning:
            return record.model_copy(update={"would_do": dict(budget)})
    return record


def _measure(
    experiment: Experiment, budget: Mapping[str, Any], trainings: Trainings, seeds: int, console: Console
) -> ThresholdRecord:
    reference = next(iter(experiment.right))
    few = max(2, seeds // SHARE)
    solutions = experiment.runs()
    wanted = [(name, seed) for name in solutions for seed in range(1, 1 + (seeds if name == reference else few))]
    with progress(console) as bar:
        task = bar.add_task(f"training, {experiment.name}", total=len(wanted))
        runs = trainings.run(experiment.name, budget, wanted, lambda: bar.advance(task))
    return derive_record(experiment, budget, runs, trainings.where)


def derive_record(
    experiment: Experiment, budget: Mapping[str, Any], runs: Mapping[str, Runs], where: Mapping[str, Any]
) -> ThresholdRecord:
    """Return the record that follows from the scores of every solution."""
    reference, *others = experiment.right
    sample = runs[reference].sample
    other_right = {name: runs[name].sample for name in others}
    threshold = choose_threshold(sample, other_right, experiment.step, experiment.tries)
    known_wrong = {name: runs[name].sample for name in experiment.wrong}
    learning = choose_clear_learning(known_wrong, experiment.guess_error, experiment.step)
    fails = predict_failures(sample, threshold, other_right, experiment.step, experiment.tries)
    not_right = (*experiment.wrong, *experiment.told)
    return ThresholdRecord(
        data=experiment.data,
        threshold=threshold,
        clear_learning=learning,
        why_not=find_broken_promises(fails, threshold, learning, experiment.tries),
        n=len(sample),
        sample=sample,
        mean=round(float(np.mean(sample)), 4),
        spread=round(float(np.std(sample, ddof=1)), 4),
        seconds=runs[reference].seconds,
        false_fail=fails,
        power={name: estimate_power(runs[name].sample, threshold, learning, experiment.tries) for name in not_right},
        other_right={name: runs[name] for name in others},
        known_wrong={name: runs[name] for name in experiment.wrong},
        told={name: runs[name] for name in experiment.told},
        step=experiment.step,
        tries=experiment.tries,
        budget=dict(budget),
        **where,
        date=date.today().isoformat(),
    )


def describe_machine(assignment: Assignment) -> dict[str, Any]:
    """Return a record's ``device`` and ``versions``: the GPU or CPU that the trainings run on, and the packages that they use."""
    versions, cards = course_versions(assignment.course, [assignment.name]), []
    if "tensorflow" in versions:
        import tensorflow as tf

        cards = [
            tf.config.experimental.get_device_details(card).get("device_name", "GPU")
            for card in tf.config.list_physical_devices("GPU")
        ]
    return {"device": ", ".join(cards) or f"CPU, one thread, {platform.machine()}", "versions": versions}


def _make_table(records: Mapping[str, ThresholdRecord]) -> Table:
    """Return a table with one line per record."""
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
