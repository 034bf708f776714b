"""Recurrent networks, question 11: why the unscaled run cannot learn (4 points). Source: lecture, the fit, measured."""

import itertools

import numpy as np

from autograder.checks import agree, check
from solutions.recurrent_networks import mean_slope, saturated_share, smallest_gap


@check("q11", points=1, visible=True)
def test_share_of_saturated_states(submission, draw):
    """saturated_share is the share of states further than the limit from zero, on both sides"""
    for limit in (0.99, 0.9, 0.5):
        above, below, inside = draw.distinct(3, 12, 3)
        states = [
            draw.uniform(limit + 0.001, 1, above),
            draw.uniform(-1, -limit - 0.001, below),
            draw.uniform(-limit, limit, inside) * 0.98,
        ]
        mixed = draw.permutation(np.concatenate(states)).reshape(1, -1, 1)
        share = (above + below) / mixed.size  # counted while it was drawn
        agree(submission.saturated_share, mixed, limit, expected=share, reference=saturated_share, squeeze=True)


@check("q11", points=1, visible=True)
def test_slope_of_tanh_at_the_states(submission, draw):
    """mean_slope is the mean slope of tanh where it takes the values of the states"""
    for _ in range(3):
        a = draw.uniform(-2.5, 1.5, draw.distinct(2, 6, 3))
        step = 1e-4
        slope = np.mean((np.tanh(a + step) - np.tanh(a - step)) / (2 * step))  # a slope as it is defined
        agree(submission.mean_slope, np.tanh(a), expected=slope, reference=mean_slope, squeeze=True)


@check("q11", points=2, visible=True)
def test_gap_between_the_closest_cities(submission, draw):
    """smallest_gap is the distance of the two cities whose states are most alike, wherever they stand"""
    for _ in range(3):
        cities, units = draw.distinct_pairs(4, 7, 1)[0]
        states = draw.uniform(-0.9, 0.9, (cities, units))
        states[-1] = states[0] + draw.uniform(0.02, 0.05, units)  # the closest pair are no neighbours
        gap = min(np.linalg.norm(one - other, np.inf) for one, other in itertools.combinations(states, 2))
        agree(submission.smallest_gap, states, expected=gap, reference=smallest_gap, squeeze=True)
