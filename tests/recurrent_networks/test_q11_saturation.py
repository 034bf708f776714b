"""Recurrent networks, question 11: why the unscaled run cannot learn (4 points). Source: lecture, the fit, measured."""

import itertools

import numpy as np

from autograder.checks import agree, check
from solutions.recurrent_networks import mean_slope, saturated_share, smallest_gap


@check("q11", points=1, visible=True)
def test_share_of_saturated_states(submission, draw):
    """saturated_share is the share of states further than the limit from zero, on both sides; the limit is 0.99 by default"""
    for shape, given in (((2, 4, 3), []), ((3, 2, 5), [0.9]), ((4, 3, 2), [0.5]), ((5, 4), [0.5])):
        limit = given[0] if given else 0.99
        size = np.prod(shape)
        above, below = draw.distinct(2, size // 3, 2)
        states = [
            draw.uniform(limit + 0.001, 1, above),
            draw.uniform(-1, -limit - 0.001, below),
            draw.uniform(0.93, 0.98, 2) * limit,  # close to the limit, and further from zero than a smaller one
            [limit, -limit] if limit == 0.5 else [],  # not further than the limit; 0.5 is exact in any type
        ]
        rest = size - sum(map(len, states))
        mixed = draw.permutation(np.concatenate([*states, draw.uniform(-0.9, 0.9, rest) * limit])).reshape(shape)
        share = (above + below) / size  # counted while it was drawn
        agree(submission.saturated_share, mixed, *given, expected=share, reference=saturated_share, squeeze=True)


@check("q11", points=1, visible=True)
def test_slope_of_tanh_at_the_states(submission, draw):
    """mean_slope is the mean slope of tanh where it takes the values of the states"""
    for axes in (3, 2, 3):
        a = draw.uniform(-2.5, 1.5, draw.distinct(2, 6, axes))
        step = 1e-4
        slope = np.mean((np.tanh(a + step) - np.tanh(a - step)) / (2 * step))  # a slope as it is defined
        agree(submission.mean_slope, np.tanh(a), expected=slope, reference=mean_slope, squeeze=True)


@check("q11", points=2, visible=True)
def test_gap_between_the_closest_cities(submission, draw):
    """smallest_gap is the distance of the two cities whose states are most alike, wherever they stand, even if it is 0"""
    for closest, sign in (((1, 3), 1), ((0, 2), -1), ((2, 4), 0), ((1, 4), 0)):  # never neighbours
        cities, units = draw.distinct_pairs(5, 8, 1)[0]
        states = draw.uniform(-0.9, 0.9, (cities, units))
        apart = draw.uniform(0.01, 0.02, units)
        apart[draw.integers(units)] = -0.05  # the largest difference is negative, whichever of the two is subtracted
        states[max(closest)] = states[min(closest)] + sign * apart
        gap = min(np.linalg.norm(one - other, np.inf) for one, other in itertools.combinations(states, 2))
        agree(submission.smallest_gap, states, expected=gap, reference=smallest_gap, squeeze=True)
    two = draw.uniform(-0.9, 0.9, (2, 3))
    gap = np.abs(two[0] - two[1]).max()
    agree(submission.smallest_gap, two, expected=gap, reference=smallest_gap, squeeze=True)
