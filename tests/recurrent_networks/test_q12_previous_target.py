"""Recurrent networks, question 12: the previous target as a feature (3 points). Source: lecture, the flu example."""

import numpy as np

from autograder.checks import agree, check
from solutions.recurrent_networks import add_previous_target


def draw_case(draw):
    """Small features and large targets, no two of them equal, so that each target can be recognised in the answer."""
    sequences, days, features = draw.distinct(2, 6, 3)
    X = draw.uniform(-1, 1, (sequences, days, features))
    y = draw.permutation(np.arange(100, 100 + sequences * days)).reshape(sequences, days, 1).astype("float64")
    return X, y


@check("q12", points=2, visible=True)
def test_the_day_before_is_the_last_feature(submission, draw):
    """add_previous_target puts the target of the day before after the features, and 0 on the first day"""
    for _ in range(3):
        X, y = draw_case(draw)
        expected = [[[*X[s, t], y[s, t - 1, 0] if t else 0] for t in range(X.shape[1])] for s in range(len(X))]
        agree(submission.add_previous_target, X, y, expected=np.array(expected), reference=add_previous_target)


def places_of(number, answer):
    """Where a number stands in an answer: one row (sequence, day) for each time; the answer itself if it has no such axes."""
    try:
        array = np.asarray(answer, dtype="float64")
    except (TypeError, ValueError):
        return answer
    return np.argwhere(np.isclose(array, number))[:, :2] if array.ndim == 3 else array


@check("q12", points=1)
def test_no_target_is_known_before_its_time(submission, draw):
    """A target stands on the next day of its own sequence and nowhere else"""
    for _ in range(3):
        X, y = draw_case(draw)
        sequence, day = int(draw.integers(len(X))), int(draw.integers(X.shape[1] - 1))
        agree(
            submission.add_previous_target,
            X,
            y,
            expected=np.array([[sequence, day + 1]]),
            view=lambda answer, number=y[sequence, day, 0]: places_of(number, answer),
            what=f"target [{sequence}, {day}] stands at (sequence, day)",
        )
