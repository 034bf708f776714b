"""Tensor shapes, question 3: predicting a whole sequence (3 points). Source: lecture, section 1."""

import math

from autograder.checks import agree, check
from solutions.tensor_shapes import make_y_sequence


def recording_of(draw, *shape):
    """Quarters, some below zero, none of them twice."""
    return (draw.permutation(math.prod(shape)).reshape(shape) - 20) / 4


def compare_with_the_next_days(submission, recording, feature):
    """X is all but the last day of a recording; what must come out is all but its first day."""
    agree(
        submission.make_y_sequence,
        recording[:, :-1].tolist(),
        recording[:, -1, feature].tolist(),
        feature,
        expected=recording[:, 1:, [feature]],
        reference=make_y_sequence,
    )


@check("q3", points=2, visible=True)
def test_each_day_is_followed_by_its_target(submission, draw):
    """make_y_sequence gives, for every day of a sequence, the pollution on the day after it: (n, n_observations, 1)"""
    for _ in range(3):
        n_sequences, n_days = draw.distinct(4, 8, n=2)
        compare_with_the_next_days(submission, recording_of(draw, n_sequences, n_days, 3), feature=2)


@check("q3", points=1)
def test_any_feature_any_length(submission, draw):
    """make_y_sequence predicts whichever feature is asked for, for sequences of any length"""
    several, more, n_features = draw.distinct(4, 7, n=3)
    for n_sequences, n_days in ((several, 2), (1, 3), (more, 6)):  # the first leaves sequences of a single day
        recording = recording_of(draw, n_sequences, n_days, n_features)
        for feature in (0, 1, n_features - 1):
            compare_with_the_next_days(submission, recording, feature)
