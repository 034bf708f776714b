"""Tensor shapes, question 4: windows and the next day (4 points). Source: lecture, section 1."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.checks import agree, check
from solutions.tensor_shapes import cut_next_day


def part(answer, index):
    """X or y of the pair. A single array would be unpacked along its first axis without complaint: hence the assert."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "cut_next_day must return two arrays: X, y"
    return answer[index]


def x_of(answer):
    return part(answer, 0)


def y_of(answer):
    return part(answer, 1)


def recordings_and_window(draw):
    """Recordings of quarters, none of them twice, and a window length that leaves several windows."""
    n_recordings, n_observations, n_features = draw.distinct(2, 5, n=3)
    n_days = n_observations + draw.integers(6, 9)
    shape = (n_recordings, n_days, n_features)
    return (draw.permutation(np.prod(shape)).reshape(shape) - 20) / 4, n_observations


def windows(recordings, n_days):
    """numpy's own windows, with the days put back before the features and the recordings joined."""
    return np.concatenate([np.swapaxes(sliding_window_view(r, n_days, axis=0), 1, 2) for r in recordings])


@check("q4", points=2, visible=True)
def test_x_holds_the_windows(submission, draw):
    """cut_next_day cuts X into windows of consecutive days, one starting on each day that leaves a next day"""
    for _ in range(3):
        recordings, n_observations = recordings_and_window(draw)
        x = windows(recordings[:, :-1], n_observations)  # without the last day, which can only be a target
        agree(submission.cut_next_day, recordings, n_observations, expected=x, reference=cut_next_day, view=x_of)


@check("q4", points=1, visible=True)
def test_y_holds_the_day_after(submission, draw):
    """cut_next_day gives as y all features of the day after each window: (n_windows, 1, n_features)"""
    for _ in range(3):
        recordings, n_observations = recordings_and_window(draw)
        y = windows(recordings[:, n_observations:], 1)
        agree(submission.cut_next_day, recordings, n_observations, expected=y, reference=cut_next_day, view=y_of)


@check("q4", points=1)
def test_short_recordings_and_windows(submission, draw):
    """cut_next_day cuts windows of a single day, a single recording, and recordings that leave room for one window"""
    for _ in range(2):
        recordings, n_observations = recordings_and_window(draw)
        shortest = recordings[:, : n_observations + 1]
        alone = recordings[:1, :, :1]  # one recording of one feature
        for given, length in ((shortest, n_observations), (alone, n_observations), (recordings, 1)):
            x, y = windows(given[:, :-1], length), windows(given[:, length:], 1)
            agree(submission.cut_next_day, given, length, expected=x, reference=cut_next_day, view=x_of)
            agree(submission.cut_next_day, given, length, expected=y, reference=cut_next_day, view=y_of)
