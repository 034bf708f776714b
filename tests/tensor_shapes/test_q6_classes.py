"""Tensor shapes, question 6: one class per sequence (3 points). Source: lecture, section 1."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.checks import agree, check
from solutions.tensor_shapes import cut_with_classes


def part(answer, index):
    """X or y of the pair. A single array would be unpacked along its first axis without complaint: hence the assert."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, "cut_with_classes must return two arrays: X, y"
    return answer[index]


def x_of(answer):
    return part(answer, 0)


def y_of(answer):
    return part(answer, 1)


def recordings_classes_and_window(draw):
    """Recordings of quarters, none of them twice, their classes, and a window that fits several times."""
    n_recordings = int(draw.integers(4, 6))
    n_observations, n_features = draw.distinct(2, 5, n=2)
    shape = (n_recordings, n_observations + draw.integers(5, 9), n_features)
    recordings = (draw.permutation(np.prod(shape)).reshape(shape) - 20) / 4
    classes = draw.distinct(0, 9, n=n_recordings - 1)
    return recordings, [classes[0], *classes], n_observations  # two recordings of one class stay two recordings


def windows(recording, n_days):
    """numpy's own windows, with the days put back before the features."""
    return np.swapaxes(sliding_window_view(recording, n_days, axis=0), 1, 2)


@check("q6", points=1, visible=True)
def test_x_holds_every_window(submission, draw):
    """cut_with_classes cuts X into every window that fits into a recording, the last day included"""
    for _ in range(3):
        arguments = recordings, _, n_observations = recordings_classes_and_window(draw)
        x = np.concatenate([windows(recording, n_observations) for recording in recordings])
        agree(submission.cut_with_classes, *arguments, expected=x, reference=cut_with_classes, view=x_of)


@check("q6", points=1, visible=True)
def test_y_names_the_class_of_the_recording(submission, draw):
    """cut_with_classes gives as y, for each window, the class of the recording it was cut from: (n_windows, 1, 1)"""
    for _ in range(3):
        arguments = recordings, classes, n_observations = recordings_classes_and_window(draw)
        n_windows = [len(windows(recording, n_observations)) for recording in recordings]
        y = np.concatenate([np.full((n, 1, 1), c) for n, c in zip(n_windows, classes, strict=True)])
        agree(submission.cut_with_classes, *arguments, expected=y, reference=cut_with_classes, view=y_of)


@check("q6", points=1)
def test_a_whole_recording_is_one_sequence(submission, draw):
    """cut_with_classes leaves the recordings whole when a window is as long as they are"""
    for _ in range(2):
        recordings, classes, _ = recordings_classes_and_window(draw)
        alone = recordings[:1, :, :1], classes[:1]  # one recording of one feature
        for x, labels in ((recordings, classes), alone):
            arguments = x, labels, x.shape[1]
            agree(submission.cut_with_classes, *arguments, expected=x, reference=cut_with_classes, view=x_of)
            y = np.reshape(labels, (-1, 1, 1))
            agree(submission.cut_with_classes, *arguments, expected=y, reference=cut_with_classes, view=y_of)
