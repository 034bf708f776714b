"""Recurrent networks, question 9: scaling (4 points). Source: lecture, the air pollution example, measured."""

import numpy as np

from autograder.checks import agree, check
from solutions.recurrent_networks import mean_and_std, scale, unscale


def draw_values(draw, shape):
    """Features of different size and spread, as temperature, wind and pollution are; the first of several is below one."""
    level = draw.uniform(10, 100, shape[-1])
    spread = draw.uniform(2, 20, shape[-1])
    if shape[-1] > 1:
        level[0], spread[0] = 0.5, 0.2
    return (level + spread * draw.standard_normal(shape)).astype("float32")


@check("q9", points=2, visible=True)
def test_mean_and_deviation_of_each_feature(submission, draw):
    """mean_and_std gives each feature's mean and deviation over all sequences and days, of inputs and of targets"""
    sequences, days, features = draw.distinct(3, 7, 3)
    with_days = (sequences, days, features), (days, sequences, features)
    without_days = (sequences + 2, features), (days + 2, features), (sequences, 1)
    for shape in (*with_days, *without_days):
        values = draw_values(draw, shape)
        columns = values.reshape(-1, shape[-1]).astype("float64")
        expected = columns.mean(axis=0), columns.std(axis=0)
        agree(submission.mean_and_std, values, expected=expected, reference=mean_and_std, squeeze=True, rtol=1e-3)


@check("q9", points=1, visible=True)
def test_scale_and_unscale(submission, draw):
    """scale and unscale use the mean and the deviation they are given, and one undoes the other"""
    for axes in (3, 2):  # inputs and targets
        *sizes, features = draw.distinct(2, 6, axes)
        scaled = draw.uniform(-2, 2, (*sizes, features))
        mean, std = draw.uniform(10, 100, features), draw.uniform(2, 20, features)
        values = mean + std * scaled  # that many deviations from the mean: the definition
        agree(submission.scale, values, mean, std, expected=scaled, reference=scale)
        agree(submission.unscale, scaled, mean, std, expected=values, reference=unscale)


@check("q9", points=1, needs=test_mean_and_deviation_of_each_feature)
def test_a_feature_that_never_changes(submission, draw):
    """mean_and_std gives the deviation 1 for a feature that never changes"""
    for _ in range(2):
        sequences, days, features = draw.distinct(3, 7, 3)
        values = draw_values(draw, (sequences, days, features))
        same = int(draw.integers(1, features))
        values[..., same] = draw.integers(1, 50)  # a whole number, so that its mean is exact in float32
        columns = values.reshape(-1, features).astype("float64")
        expected = columns.mean(axis=0), np.where(np.arange(features) == same, 1, columns.std(axis=0))
        close = {"rtol": 1e-3, "atol": 0}  # a deviation of 1e-8 is another mistake than one of 0
        agree(submission.mean_and_std, values, expected=expected, reference=mean_and_std, squeeze=True, **close)
