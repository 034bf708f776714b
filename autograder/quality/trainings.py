"""Run the trainings of a calibration plan in parallel, each with its own seed; keep the scores of finished ones."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import UsageError
from autograder.grading.journal import Journal
from autograder.grading.pool import WorkerPool, detach_from_terminal, forget_models
from autograder.judge.thresholds import Runs
from autograder.quality.experiment import PLAN, Experiment, load_experiments
from autograder.sandbox.inside.jail import end_with_parent

LOADED: dict[str, Experiment] = {}  # in this worker process, by name


def _become_runner(private: Path, data_folder: Path | None, plan: Path) -> None:
    """Prepare this worker process for the trainings of one plan."""
    end_with_parent()
    if (parent := multiprocessing.parent_process()) is None or os.getppid() != parent.pid:
        os._exit(1)  # the parent ended before the line above
    detach_from_terminal()
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ[name] = "1"  # one thread, as in a judge
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"  # several share a GPU
    LOADED.update({experiment.name: experiment for experiment in load_experiments(private, data_folder, plan)})


def train(experiment: str, solution: str, budget: Mapping[str, Any], seed: int) -> tuple[float, float]:
    """Run one training and return its score and CPU seconds.

    Raises:
        UsageError: the run raised an exception, or its score is not a finite number.
    """
    started = time.process_time()
    where = f"{PLAN}: run '{solution}' of experiment '{experiment}', seed {seed}"
    try:
        _set_seed(seed)
        score = float(LOADED[experiment].runs()[solution](budget, seed))
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
    """A pool of processes that train one experiment's solutions, and a journal of their scores.

    Args:
        place: the arguments of ``load_experiments``.
        where: what a record says of the machine that they run on.
    """

    def __init__(
        self, place: tuple[Path, Path | None, Path], workers: int, journal: Journal, where: Mapping[str, Any]
    ) -> None:
        super().__init__(workers, _become_runner, place)
        self.where = where
        self._journal = journal

    def run(
        self, experiment: str, budget: Mapping[str, Any], wanted: Sequence[tuple[str, int]], done: Callable[[], None]
    ) -> dict[str, Runs]:
        """Return solution -> its runs, for pairs of solution and seed; call ``done`` after each run.

        Raises:
            UsageError: a run failed; finished runs are kept.
        """
        keys = [json.dumps([experiment, solution, dict(budget), seed]) for solution, seed in wanted]
        missing = [i for i, key in enumerate(keys) if key not in self._journal]
        for _ in range(len(wanted) - len(missing)):
            done()
        started = {
            self._pool.schedule(train, args=(experiment, wanted[i][0], dict(budget), wanted[i][1])): i for i in missing
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
