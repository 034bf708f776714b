"""Threshold records: what `autograder calibrate` measured, as hidden tests read it; `quality/tails.py` derives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator

from autograder.errors import UsageError

STEP = 0.01  # thresholds are rounded to it
TRIES = 3  # usual number of trainings per submission, each with its own seed and data
METHOD = (
    "generalized Pareto distribution of the lowest fifth (at least 10 runs), by probability-weighted moments, its shape never below "
    "0. Bounds: Clopper-Pearson, 95 %; for all tries to the power of their number. Seen: each tenth of the runs by a threshold chosen without it."
)


class Runs(BaseModel):
    """The scores of one solution, one per seed, and the mean CPU seconds of a run."""

    model_config = ConfigDict(extra="forbid")
    sample: list[FiniteFloat]
    seconds: float


class FalseFail(BaseModel):
    """How often the reference would fail a threshold.

    Attributes:
        one_try: probability by the fitted tail.
        one_try_at_most, all_tries_at_most: 95 % bounds that assume no distribution.
        seen, of: failures among all runs, each compared with a threshold that was chosen without it.
    """

    model_config = ConfigDict(extra="forbid")
    one_try: FiniteFloat
    one_try_at_most: FiniteFloat
    all_tries_at_most: FiniteFloat
    seen: int
    of: int


class Power(BaseModel):
    """The probability that all tries of a wrong solution stay below a limit: by the share of its runs, and its lower 95 % bound."""

    model_config = ConfigDict(extra="forbid")
    threshold: FiniteFloat
    threshold_at_least: FiniteFloat
    clear_learning: FiniteFloat
    clear_learning_at_least: FiniteFloat


class ThresholdRecord(BaseModel):
    """One measured threshold.

    Attributes:
        threshold: the score needed for full points.
        clear_learning: the score that no known-wrong run reaches.
        why_not: reasons why it must not be used for grading, a line each; empty if it may.
        would_do: a larger budget that separates right from wrong runs, if this one does not and one was found.
        sample, mean, spread: of the reference.
        power: of each known-wrong or told solution.
        told: runs that count as neither right nor wrong; feedback may mention them.
        tries: number of trainings that a hidden test runs.
    """

    model_config = ConfigDict(extra="forbid")
    data: str
    threshold: FiniteFloat
    clear_learning: FiniteFloat
    why_not: list[str] = []
    would_do: dict[str, Any] | None = None
    n: int
    sample: list[FiniteFloat]
    mean: FiniteFloat
    spread: FiniteFloat
    seconds: float
    false_fail: FalseFail
    method: str = METHOD
    power: dict[str, Power]
    other_right: dict[str, Runs]
    known_wrong: dict[str, Runs]
    told: dict[str, Runs] = {}
    step: FiniteFloat = STEP
    tries: int = TRIES
    budget: dict[str, Any]
    device: str
    versions: dict[str, str]
    date: str

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.n != len(self.sample):
            raise ValueError(f"n is {self.n}, and the sample has {len(self.sample)} scores")
        return self

    def compared(self, needed: float) -> str:
        """Return the comparison shown beside a student's score: "a right solution gives 0.872 ± 0.006; needed 0.830"."""
        return f"a right solution gives {self.mean:.3f} ± {self.spread:.3f}; needed {needed:.3f}"

    def cited(self) -> str:
        """Return the record in one line, for an appeal."""
        packages = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.data}: {self.compared(self.threshold)}; n = {self.n}, {self.date}, {self.device}, {packages}"


def read_records(path: Path) -> dict[str, ThresholdRecord]:
    """Return name -> record from a file that ``autograder calibrate`` wrote.

    Raises:
        UsageError: the file is missing, was changed by hand, or has another version.
    """
    if not path.is_file():
        raise UsageError(f"{path}: is missing. Run `autograder calibrate` for its assignment.")
    try:
        return {
            name: ThresholdRecord.model_validate(entry) for name, entry in json.loads(path.read_text("utf-8")).items()
        }
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{path}: holds no threshold records, was changed by hand, or is of another version. "
            "Remove it and run `autograder calibrate` for its assignment."
        ) from error


def read_record(path: Path, name: str) -> ThresholdRecord:
    """Return the record of that name, which may be used for grading.

    Raises:
        UsageError: the record is missing, or must not be used for grading.
    """
    records = read_records(path)
    if name not in records:
        known = ", ".join(records) or "none"
        raise UsageError(f"{path}: has no record '{name}', only: {known}. Run `autograder calibrate` with these data.")
    if why_not := records[name].why_not:
        raise UsageError(f"{path}, '{name}': cannot be graded with: {why_not[0]}. Change the plan and calibrate again.")
    return records[name]


def has_gpu() -> bool:
    """Tell whether TensorFlow trains on a GPU here."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def on_a_gpu(data: str) -> str:
    """Return the name of the experiment, and of its record, for these data on a GPU."""
    return f"{data} on a GPU"
