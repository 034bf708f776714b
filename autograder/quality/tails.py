"""Statistics of thresholds: the lower tail of measured scores, bounds, and the threshold that follows.

Training scores are skewed: most are close to the best, some are far below. So nothing here assumes a normal distribution.
The lower tail is fitted by a generalized Pareto distribution (Pickands, 1975) with probability-weighted moments (Hosking and Wallis,
1987). The bound of Clopper and Pearson (1934) assumes no distribution.

The two formulas of that distribution are written out: ``scipy.stats.genpareto`` gives nan for a tail of equal scores (scale 0) and for
quantiles above the tail, which more than 7 tries ask for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judge.thresholds import STEP, TRIES, FalseFail, Power

ONE_TRY, ALL_TRIES = (
    1e-3,
    1e-5,
)  # highest probability that the reference fails one try; that any right solution fails all
SAFE = 4.0  # standard errors of a guess, between the best wrong run and the start of clear learning
CONFIDENCE = 0.95
FOLDS = 10
SURPRISE = 0.01  # a count of failures less likely than this does not agree with the prediction


def predict_tail(sample: Sequence[float], threshold: float) -> float:
    """Return the probability that a score is below ``threshold``, by the fitted lower tail of the sample.

    >>> scores = 0.9 - np.random.default_rng(1).exponential(0.01, size=400)
    >>> 0.3e-3 < predict_tail(scores, 0.83) < 3e-3  # exp(-7) is 0.9e-3
    True
    """
    edge, share, shape, scale = _describe_tail(sample)
    if threshold >= edge:
        return float(np.mean(np.asarray(sample) < threshold))
    beyond = (edge - threshold) / scale if scale > 0 else math.inf
    tail = math.exp(-beyond) if shape == 0 else (1 + shape * beyond) ** (-1 / shape)
    return float(share * tail)


def find_tail_quantile(sample: Sequence[float], probability: float) -> float:
    """Return the score that one run falls below with this small probability, by the same fitted tail.

    >>> scores = 0.9 - np.random.default_rng(1).exponential(0.01, size=400)
    >>> round(predict_tail(scores, find_tail_quantile(scores, 1e-3)), 9)
    0.001
    """
    edge, share, shape, scale = _describe_tail(sample)
    rest = probability / share
    beyond = -math.log(rest) if shape == 0 else (rest**-shape - 1) / shape
    return float(edge - scale * beyond)


def _describe_tail(sample: Sequence[float]) -> tuple[float, float, float, float]:
    """Return (upper end, share of the scores in it, shape, scale) of a sample's lower tail."""
    scores = np.sort(np.asarray(sample, dtype=float))
    n = len(scores)
    lowest = min(max(10, n // 5), n - 1)
    edge = scores[lowest]
    return float(edge), lowest / n, *_fit_tail(np.sort(edge - scores[:lowest]))


def _fit_tail(excess: Any) -> tuple[float, float]:
    """Return (shape, scale) of a generalized Pareto distribution; a shape below 0, which would end the tail, counts as 0."""
    m = len(excess)
    weights = 1 - (np.arange(1, m + 1) - 0.35) / m
    first, second = float(np.mean(excess)), float(np.mean(weights * excess))
    if first <= 0 or first <= 2 * second:
        return 0.0, first
    shape = 2 - first / (first - 2 * second)
    return (shape, 2 * first * second / (first - 2 * second)) if shape > 0 else (0.0, first)


def bound_failures(failures: int, runs: int) -> float:
    """Return the upper 95 % bound of Clopper and Pearson for the probability of a failure.

    >>> round(bound_failures(0, 299), 4)
    0.01
    """
    from scipy.stats import binomtest

    return float(binomtest(failures, runs, alternative="less").proportion_ci(CONFIDENCE).high)


def choose_threshold(
    reference: Sequence[float], other_right: Mapping[str, Sequence[float]], step: float = STEP, tries: int = TRIES
) -> float:
    """Return the highest threshold that is low enough for all right solutions.

    The reference is predicted to fail it less than once in 1,000 tries, and every other right solution to fail it in all of its
    tries less than once in 100,000.
    """
    others = (find_tail_quantile(sample, ALL_TRIES ** (1 / tries)) for sample in other_right.values())
    highest = min([find_tail_quantile(reference, ONE_TRY), *others])
    return round((math.ceil(round(highest / step, 6)) - 1) * step, 6)


def choose_clear_learning(known_wrong: Mapping[str, Sequence[float]], guess_error: float, step: float = STEP) -> float:
    """Return a score that is well above every known-wrong run.

    Args:
        guess_error: standard error of the score of a guess.
    """
    best = max(max(sample) for sample in known_wrong.values())
    return round(math.ceil(round((best + SAFE * guess_error) / step, 6)) * step, 6)


def predict_failures(
    reference: Sequence[float],
    threshold: float,
    other_right: Mapping[str, Sequence[float]],
    step: float = STEP,
    tries: int = TRIES,
) -> FalseFail:
    """Return how often the reference fails a threshold that was chosen from all of these scores."""
    at_most = bound_failures(sum(score < threshold for score in reference), len(reference))
    seen = 0
    for fold in range(FOLDS):
        rest = [score for i, score in enumerate(reference) if i % FOLDS != fold]
        without_it = choose_threshold(rest, other_right, step, tries)
        seen += sum(score < without_it for score in reference[fold::FOLDS])
    return FalseFail(
        one_try=_round(predict_tail(reference, threshold)),
        one_try_at_most=_round(at_most),
        all_tries_at_most=_round(at_most**tries),
        seen=seen,
        of=len(reference),
    )


def estimate_power(sample: Sequence[float], threshold: float, learning: float, tries: int = TRIES) -> Power:
    """Return how surely a solution with these scores is refused."""
    found = []
    for limit in (threshold, learning):
        reached = sum(score >= limit for score in sample)
        found += [(1 - reached / len(sample)) ** tries, (1 - bound_failures(reached, len(sample))) ** tries]
    names = ("threshold", "threshold_at_least", "clear_learning", "clear_learning_at_least")
    return Power(**{name: _round(value) for name, value in zip(names, found, strict=True)})


def find_broken_promises(fails: FalseFail, threshold: float, learning: float, tries: int = TRIES) -> list[str]:
    """Return the reasons why nothing can be graded with a threshold, a line each."""
    from scipy.stats import binomtest

    broken = []
    if threshold <= learning:
        broken.append("right and wrong runs overlap too much")
    if binomtest(fails.seen, fails.of, ONE_TRY, alternative="greater").pvalue < SURPRISE:
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


def _round(value: float) -> float:
    """Round to two significant digits."""
    return float(f"{value:.2g}")
