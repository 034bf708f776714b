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
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from autograder.errors import UsageError

STEP = 0.01  # thresholds are rounded to it
ONE_TRY, THREE_TRIES = 1e-3, 1e-5  # what a right solution may fail with, at most
MARGIN = 0.02  # between a threshold and the weakest run of another right solution
SAFE = 4.0  # standard errors of a guess, between the best wrong run and the start of clear learning
CONFIDENCE = 0.95
RESAMPLES = 1000
METHOD = (
    "generalized Pareto distribution of the lowest fifth (at least 10 runs), by probability-weighted moments, its shape never below "
    "0; 95 % bound by 1,000 resamples. Three tries: the cube of the 95 % Clopper-Pearson bound."
)


class Runs(BaseModel):
    """Scores of one solution, one per seed, and the mean processor seconds of a run."""

    model_config = ConfigDict(extra="forbid")
    sample: list[float]
    seconds: float


class FalseFail(BaseModel):
    """How often a right solution would fail: predicted for one try, bounded for three, and seen in runs that chose nothing.

    Attributes:
        one_try, one_try_at_most: probability by the fitted tail, and its 95 % bound.
        three_tries_at_most: bound for three tries under fresh seeds.
        seen, of: failures among the runs from which the threshold was not chosen.
    """

    model_config = ConfigDict(extra="forbid")
    one_try: float
    one_try_at_most: float
    three_tries_at_most: float
    seen: int
    of: int


class Record(BaseModel):
    """One measured threshold.

    Attributes:
        threshold: the score that full points need.
        clear_learning: the score that no known-wrong run reaches.
        gradable: whether right and wrong runs are far enough apart; else ``would_do`` names a budget, if one was found.
        sample, mean, spread: of the reference.
        power: known-wrong or told run -> share of its runs below the threshold.
        told: runs that are neither right nor wrong here, for the feedback to mention.
    """

    model_config = ConfigDict(extra="forbid")
    data: str
    threshold: float
    clear_learning: float
    gradable: bool
    would_do: dict[str, Any] | None = None
    n: int
    sample: list[float]
    mean: float
    spread: float
    seconds: float
    false_fail: FalseFail
    method: str = METHOD
    power: dict[str, float]
    other_right: dict[str, Runs]
    known_wrong: dict[str, Runs]
    told: dict[str, Runs] = {}
    budget: dict[str, Any]
    device: str
    versions: dict[str, str]
    date: str

    def compared(self, needed: float) -> str:
        """What stands beside a student's score: "a right solution gives 0.872 ± 0.006; needed 0.830"."""
        return f"a right solution gives {self.mean:.3f} ± {self.spread:.3f}; needed {needed:.3f}"

    def cited(self) -> str:
        """The record in a line, for an appeal."""
        return f"{self.date}, {self.device}, n = {self.n}, mean {self.mean:.4f}, spread {self.spread:.4f}"


def read_records(path: Path) -> dict[str, Record]:
    """Name -> record, from a file that ``autograder calibrate`` wrote.

    Raises:
        UsageError: there is none, or it is of another version.
    """
    try:
        return {name: Record.model_validate(entry) for name, entry in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, ValidationError) as error:
        raise UsageError(
            f"{path}: holds no threshold records. Run `autograder calibrate` for its assignment."
        ) from error


def tail_probability(sample: Sequence[float], threshold: float) -> float:
    """Probability that a score is below ``threshold``, by the fitted lower tail of the sample.

    >>> scores = 0.9 - np.random.default_rng(1).exponential(0.01, size=400)
    >>> 0.3e-3 < tail_probability(scores, 0.83) < 3e-3  # exp(-7) is 0.9e-3
    True
    """
    scores = np.sort(np.asarray(sample, dtype=float))
    n = len(scores)
    lowest = min(max(10, n // 5), n - 1)
    edge = scores[lowest]
    if threshold >= edge:
        return float(np.mean(scores < threshold))
    shape, scale = _fitted(np.sort(edge - scores[:lowest]))
    beyond = (edge - threshold) / scale if scale > 0 else math.inf
    tail = math.exp(-beyond) if shape == 0 else (1 + shape * beyond) ** (-1 / shape)
    return float(lowest / n * tail)


def _fitted(excess: Any) -> tuple[float, float]:
    """(shape, scale) of a generalized Pareto distribution; a shape below 0, which has an end, is taken for 0."""
    m = len(excess)
    weights = 1 - (np.arange(1, m + 1) - 0.35) / m
    first, second = float(np.mean(excess)), float(np.mean(weights * excess))
    if first <= 0 or first <= 2 * second:
        return 0.0, first
    shape = 2 - first / (first - 2 * second)
    return (shape, 2 * first * second / (first - 2 * second)) if shape > 0 else (0.0, first)


def tail_bound(sample: Sequence[float], threshold: float, seed: int = 0) -> float:
    """The probability of ``tail_probability`` that 95 % of resampled samples stay below."""
    generator = np.random.default_rng(seed)
    resamples = generator.choice(np.asarray(sample, dtype=float), (RESAMPLES, len(sample)))
    found = [tail_probability(list(scores), threshold) for scores in resamples]
    return float(np.quantile(found, CONFIDENCE))


def failure_bound(failures: int, runs: int) -> float:
    """Upper 95 % bound of Clopper and Pearson for a probability, after so many failures in so many runs.

    >>> round(failure_bound(0, 299), 4)
    0.01
    """
    from scipy.stats import beta

    return 1.0 if failures >= runs else float(beta.ppf(CONFIDENCE, failures + 1, runs - failures))


def choose_threshold(reference: Sequence[float], other_right: Mapping[str, Sequence[float]]) -> float:
    """The highest threshold that the reference fails with a predicted probability below 1e-3, and that every other right run
    passes with a margin."""
    weakest = min([min(sample) for sample in other_right.values()], default=1.0) - MARGIN
    steps = math.floor(round(weakest / STEP, 6))
    while steps > 0 and tail_probability(reference, steps * STEP) >= ONE_TRY:
        steps -= 1
    return round(steps * STEP, 4)


def clear_learning(known_wrong: Mapping[str, Sequence[float]], guess_error: float) -> float:
    """The score that no known-wrong run comes near.

    Args:
        guess_error: standard error of the score of somebody who guesses.
    """
    best = max(max(sample) for sample in known_wrong.values())
    return round(math.ceil(round((best + SAFE * guess_error) / STEP, 6)) * STEP, 4)


def false_fail(chosen_from: Sequence[float], others: Sequence[float], threshold: float) -> FalseFail:
    """What a threshold means for a right solution.

    Args:
        chosen_from: scores from which the threshold was chosen.
        others: further scores of the same solution.
    """
    scores = [*chosen_from, *others]
    failed = sum(score < threshold for score in scores)
    return FalseFail(
        one_try=_significant(tail_probability(scores, threshold)),
        one_try_at_most=_significant(tail_bound(scores, threshold)),
        three_tries_at_most=_significant(failure_bound(failed, len(scores)) ** 3),
        seen=sum(score < threshold for score in others),
        of=len(others),
    )


def _significant(value: float) -> float:
    return float(f"{value:.2g}")
