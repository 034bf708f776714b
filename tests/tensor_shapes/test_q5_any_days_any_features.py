"""Tensor shapes, question 5: any days, any features (6 points). Source: lecture, section 1."""

import numpy as np

from autograder.checks import agree, check
from solutions.tensor_shapes import cut


def part(answer, index):
    """X or y of the pair. A single array would be unpacked along its first axis without complaint: hence the assert."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "cut must return two arrays: X, y"
    return answer[index]


def x_of(answer):
    return part(answer, 0)


def y_of(answer):
    return part(answer, 1)


def compare(submission, draw, offsets, inputs, outputs, n_features, sizes=None):
    """Cuts recordings of quarters, none of them twice; what must come out is read from them by position.

    ``sizes``: recordings, days of a window, and windows of each recording (from 3 on: with 2, other strides look like an end).
    """
    n_recordings, n_observations, n_windows = sizes or (*draw.distinct(2, 4, n=2), int(draw.integers(3, 6)))
    shape = (n_recordings, n_windows + n_observations + max(offsets) - 1, n_features)
    recordings = (draw.permutation(np.prod(shape)).reshape(shape) - 20) / 4
    recording, start, day = np.ix_(range(n_recordings), range(n_windows), range(n_observations))
    day_after = np.reshape(offsets, (1, 1, -1)) + n_observations - 1
    x = recordings[recording, start + day][..., inputs].reshape(-1, n_observations, len(inputs))
    y = recordings[recording, start + day_after][..., outputs].reshape(-1, len(offsets), len(outputs))
    arguments = (recordings, n_observations, offsets, inputs, outputs)
    agree(submission.cut, *arguments, expected=x, reference=cut, view=x_of)
    agree(submission.cut, *arguments, expected=y, reference=cut, view=y_of)


@check("q5", points=2, visible=True)
def test_the_next_days(submission, draw):
    """cut gives the next day, the next 8 days, or any number of next days as y, and only windows that leave them"""
    for n_next in (1, 8, int(draw.integers(2, 8))):
        compare(submission, draw, list(range(1, n_next + 1)), [0, 1, 2], [2], n_features=3)
    compare(submission, draw, [1, 2], [0, 1, 2], [2], n_features=3, sizes=(1, 1, 1))  # one window in all


@check("q5", points=2)
def test_later_and_chosen_days(submission, draw):
    """cut gives days +8 to +16, or five chosen days, as y: those days and no others"""
    chosen = [sorted(draw.distinct(2, 15, n=5)) for _ in range(2)]
    chosen = [[*days[:4], days[4] + 2] for days in chosen]  # the gap before the last: never consecutive days
    for offsets in (list(range(8, 17)), list(range(3, 8)), *chosen):
        compare(submission, draw, offsets, [0, 1, 2], [2], n_features=3)


@check("q5", points=2)
def test_chosen_features(submission, draw):
    """cut puts the asked-for features into X and y: several inputs, two outputs, outputs not among the inputs"""
    offsets = [1, 2, 3, 5]
    for _ in range(2):
        inputs = [int(i) for i in 2 + draw.permutation(4)]  # in no order, and without features 0 and 1
        compare(submission, draw, offsets, inputs[:3], [0, 1], n_features=6)
        compare(submission, draw, offsets, inputs[:2], [1], n_features=6)
        compare(submission, draw, offsets, inputs[:1], [0], n_features=6)
        compare(submission, draw, offsets, inputs, [1, 0], n_features=6)
