"""Thresholds of graded trainings: how one follows from measured scores, and the record that a hidden test reads.

Scores of trainings are skewed: most are close to the best, some are far below. So nothing here assumes a normal distribution.
The lower tail is fitted by a generalized Pareto distribution (Pickands, 1975) with probability-weighted moments (Hosking and Wallis,
1987); beside it stands the bound of Clopper and Pearson (1934), which assumes nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, FiniteFloat, model_validator

from autograder.errors import UsageError

STEP = 0.01  # thresholds are rounded to it
TRIES = 3  # that a hidden test usually gives a training, each under a seed and data of its own
ONE_TRY, ALL_TRIES = 1e-3, 1e-5  # what the reference may fail one try with, and any right solution all of them
SAFE = 4.0  # standard errors of a guess, between the best wrong run and the start of clear learning
CONFIDENCE = 0.95
FOLDS = 10
SURPRISE = 0.01  # a count of failures less likely than this does not agree with the prediction
METHOD = (
    "generalized Pareto distribution of the lowest fifth (at least 10 runs), by probability-weighted moments, its shape never below "
    "0. Bounds: Clopper-Pearson, 95 %; for all tries to the power of their number. Seen: each tenth of the runs by a threshold chosen without it."
)


class Runs(BaseModel):
    """Scores of one solution, one per seed, and the mean processor seconds of a run."""

    model_config = ConfigDict(extra="forbid")
    sample: list[FiniteFloat]
    seconds: float


class FalseFail(BaseModel):
    """How often the reference would fail.

    Attributes:
        one_try: probability by the fitted tail.
        one_try_at_most, all_tries_at_most: 95 % bounds that assume no distribution.
        seen, of: failures among all runs, each judged by a threshold that was chosen without it.
    """

    model_config = ConfigDict(extra="forbid")
    one_try: FiniteFloat
    one_try_at_most: FiniteFloat
    all_tries_at_most: FiniteFloat
    seen: int
    of: int


class Power(BaseModel):
    """How often all tries of a solution that is not right end below a limit: by the share of its runs, and the 95 % lower bound."""

    model_config = ConfigDict(extra="forbid")
    threshold: FiniteFloat
    threshold_at_least: FiniteFloat
    clear_learning: FiniteFloat
    clear_learning_at_least: FiniteFloat


class ThresholdRecord(BaseModel):
    """One measured threshold.

    Attributes:
        threshold: the score that full points need.
        clear_learning: the score that no known-wrong run reaches.
        why_not: why it cannot be graded with, a line each; empty where it can.
        would_do: a larger budget that tells right and wrong runs apart, where this one does not and one was found.
        sample, mean, spread: of the reference.
        power: of each known-wrong or told solution.
        told: runs that are neither right nor wrong here, for the feedback to mention.
        tries: that a hidden test gives.
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
        """What stands beside a student's score: "a right solution gives 0.872 ± 0.006; needed 0.830"."""
        return f"a right solution gives {self.mean:.3f} ± {self.spread:.3f}; needed {needed:.3f}"

    def cited(self) -> str:
        """The record in a line, for an appeal."""
        packages = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.data}: {self.compared(self.threshold)}; n = {self.n}, {self.date}, {self.device}, {packages}"


def read_records(path: Path) -> dict[str, ThresholdRecord]:
    """Name -> record, from a file that ``autograder calibrate`` wrote.

    Raises:
        UsageError: there is none, it was changed by hand, or it is of another version.
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
    """The record of that name, fit to grade with.

    Raises:
        UsageError: there is none, or nothing can be graded with it.
    """
    records = read_records(path)
    if name not in records:
        known = ", ".join(records) or "none"
        raise UsageError(f"{path}: has no record '{name}', only: {known}. Run `autograder calibrate` with these data.")
    if why_not := records[name].why_not:
        raise UsageError(f"{path}, '{name}': cannot be graded with: {why_not[0]}. Change the plan and calibrate again.")
    return records[name]


def has_gpu() -> bool:
    """Whether TensorFlow trains on a GPU here."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def on_a_gpu(data: str) -> str:
    """What the experiment, and so the record, of these data on a GPU is called."""
    return f"{data} on a GPU"


def tail_probability(sample: Sequence[float], threshold: float) -> float:
    """Probability that a score is below ``threshold``, by the fitted lower tail of the sample.

    >>> scores = 0.9 - np.random.default_rng(1).exponential(0.01, size=400)
    >>> 0.3e-3 < tail_probability(scores, 0.83) < 3e-3  # exp(-7) is 0.9e-3
    True
    """
    edge, share, shape, scale = _lower_tail(sample)
    if threshold >= edge:
        return float(np.mean(np.asarray(sample) < threshold))
    beyond = (edge - threshold) / scale if scale > 0 else math.inf
    tail = math.exp(-beyond) if shape == 0 else (1 + shape * beyond) ** (-1 / shape)
    return float(share * tail)


def tail_quantile(sample: Sequence[float], probability: float) -> float:
    """The score below which one falls with a small probability, by the same fitted tail.

    >>> scores = 0.9 - np.random.default_rng(1).exponential(0.01, size=400)
    >>> round(tail_probability(scores, tail_quantile(scores, 1e-3)), 9)
    0.001
    """
    edge, share, shape, scale = _lower_tail(sample)
    rest = probability / share
    beyond = -math.log(rest) if shape == 0 else (rest**-shape - 1) / shape
    return float(edge - scale * beyond)


def _lower_tail(sample: Sequence[float]) -> tuple[float, float, float, float]:
    """(where it begins, share of the scores in it, shape, scale) of a sample's lower tail."""
    scores = np.sort(np.asarray(sample, dtype=float))
    n = len(scores)
    lowest = min(max(10, n // 5), n - 1)
    edge = scores[lowest]
    return float(edge), lowest / n, *_fitted(np.sort(edge - scores[:lowest]))


def _fitted(excess: Any) -> tuple[float, float]:
    """(shape, scale) of a generalized Pareto distribution; a shape below 0, which has an end, is taken for 0."""
    m = len(excess)
    weights = 1 - (np.arange(1, m + 1) - 0.35) / m
    first, second = float(np.mean(excess)), float(np.mean(weights * excess))
    if first <= 0 or first <= 2 * second:
        return 0.0, first
    shape = 2 - first / (first - 2 * second)
    return (shape, 2 * first * second / (first - 2 * second)) if shape > 0 else (0.0, first)


def failure_bound(failures: int, runs: int) -> float:
    """Upper 95 % bound of Clopper and Pearson for a probability, after so many failures in so many runs.

    >>> round(failure_bound(0, 299), 4)
    0.01
    """
    from scipy.stats import beta

    return 1.0 if failures >= runs else float(beta.ppf(CONFIDENCE, failures + 1, runs - failures))


def choose_threshold(
    reference: Sequence[float], other_right: Mapping[str, Sequence[float]], step: float = STEP, tries: int = TRIES
) -> float:
    """The highest threshold that the reference is predicted to fail less than once in 1,000 tries, and every other right
    solution with all of its tries less than once in 100,000."""
    others = (tail_quantile(sample, ALL_TRIES ** (1 / tries)) for sample in other_right.values())
    highest = min([tail_quantile(reference, ONE_TRY), *others])
    return round((math.ceil(round(highest / step, 6)) - 1) * step, 6)


def clear_learning(known_wrong: Mapping[str, Sequence[float]], guess_error: float, step: float = STEP) -> float:
    """The score that no known-wrong run comes near.

    Args:
        guess_error: standard error of the score of somebody who guesses.
    """
    best = max(max(sample) for sample in known_wrong.values())
    return round(math.ceil(round((best + SAFE * guess_error) / step, 6)) * step, 6)


def false_fail(
    reference: Sequence[float],
    threshold: float,
    other_right: Mapping[str, Sequence[float]],
    step: float = STEP,
    tries: int = TRIES,
) -> FalseFail:
    """What a threshold that was chosen from all of these scores means for the reference."""
    at_most = failure_bound(sum(score < threshold for score in reference), len(reference))
    seen = 0
    for fold in range(FOLDS):
        rest = [score for i, score in enumerate(reference) if i % FOLDS != fold]
        without_it = choose_threshold(rest, other_right, step, tries)
        seen += sum(score < without_it for score in reference[fold::FOLDS])
    return FalseFail(
        one_try=_significant(tail_probability(reference, threshold)),
        one_try_at_most=_significant(at_most),
        all_tries_at_most=_significant(at_most**tries),
        seen=seen,
        of=len(reference),
    )


def power(sample: Sequence[float], threshold: float, learning: float, tries: int = TRIES) -> Power:
    """How surely a solution with these scores is refused."""
    found = []
    for limit in (threshold, learning):
        reached = sum(score >= limit for score in sample)
        found += [(1 - reached / len(sample)) ** tries, (1 - failure_bound(reached, len(sample))) ** tries]
    names = ("threshold", "threshold_at_least", "clear_learning", "clear_learning_at_least")
    return Power(**{name: _significant(value) for name, value in zip(names, found, strict=True)})


def broken_promises(fails: FalseFail, threshold: float, learning: float, tries: int = TRIES) -> list[str]:
    """Why a threshold cannot be graded with, a line each."""
    from scipy.stats import binom

    broken = []
    if threshold <= learning:
        broken.append("right and wrong runs overlap too much")
    if binom.sf(fails.seen - 1, fails.of, ONE_TRY) < SURPRISE:
        broken.append(
            f"{fails.seen} of {fails.of} runs fail thresholds chosen without them, so nothing predicts how low a right one falls"
        )
    if fails.all_tries_at_most >= ALL_TRIES:
        enough = math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - ALL_TRIES ** (1 / tries)))
        broken.append(
            f"{fails.of} runs cannot promise that {tries} tries fail less than once in {1 / ALL_TRIES:,.0f}:"
            f" that takes {enough} without a failure"
        )
    return broken


def _significant(value: float) -> float:
    return float(f"{value:.2g}")
