"""Calibration plans: the class that authors write them with, and loading one. Every judge imports this module: keep it light."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.course.config import DATA_VARIABLE
from autograder.errors import UsageError
from autograder.judge.misconceptions import load_by_path
from autograder.judge.thresholds import STEP, TRIES

PLAN = "calibration.py"  # in the folder of the assignment's hidden tests
Run = Callable[[Mapping[str, Any], int], float]


@dataclass(frozen=True)
class Experiment:
    """One graded training on one source of data; ``experiments()`` in ``tests/<assignment>/calibration.py`` returns a list of them.

    A run takes a budget and a seed, trains, and returns a score: a finite number, higher is better. The seed of Python, numpy and
    Keras is set before each run, as for a submission's training.

    Attributes:
        name: the name of the record.
        data: the source of data, in words.
        budgets: limits of one training, smallest first; grading uses the first.
        right: name -> run of a solution that must pass; the first is the reference.
        wrong: name -> run of a solution that must fail.
        told: name -> run of a solution whose scores are only recorded.
        guess_error: standard error of the score of a guess.
        step: thresholds are multiples of this.
        tries: number of trainings in the hidden test, each with its own seed and data; the best counts.
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
        """Return every solution by its name."""
        return {**self.right, **self.wrong, **self.told}


def load_experiments(private: Path, data_folder: Path | None, plan: Path) -> list[Experiment]:
    """Return the experiments of a plan; this process gets the environment of a judge.

    Raises:
        UsageError: the plan does not run, or returns something else.
    """
    from autograder.judge.judge import prepare

    prepare(private, {DATA_VARIABLE: str(data_folder)} if data_folder is not None else {})
    try:
        found = load_by_path(plan, f"calibration_of_{plan.parent.name}").experiments()
        if fault := _find_fault(found):
            raise UsageError(f"{plan}: {fault}")
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{plan}: cannot be used: {type(error).__name__}: {error}") from error
    experiments: list[Experiment] = found
    return experiments


def _find_fault(experiments: Any) -> str:
    """Return the first fault of a plan with its repair; empty if there is none."""
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
