"""Tensor shapes, question 8: an error that broadcasts (4 points). Source: lecture, section 1."""

import numpy as np

from autograder.checks import agree, check
from solutions.tensor_shapes import mean_absolute_error


def compare(submission, draw, y_shape, prediction_shape):
    """Predictions whose distances are set first, so that their mean is known; then perfect ones."""
    y = draw.uniform(40, 130, size=y_shape).astype(np.float32)
    distance = draw.uniform(1, 9, size=y_shape).astype(np.float32)
    sign = np.resize([1, -1], y_shape)  # some too high and some too low: without the absolute value they cancel
    prediction = (y + sign * distance).reshape(prediction_shape)
    for wrong_by, answer in ((float(np.mean(distance)), prediction), (0.0, y.reshape(prediction_shape))):
        agree(
            submission.mean_absolute_error,
            y,
            answer,
            expected=wrong_by,
            reference=mean_absolute_error,
            squeeze=True,  # a mean of shape (1,) is as good as a number
            atol=1e-3,  # float32 differences of numbers around 100
        )


@check("q8", points=2, visible=True)
def test_one_number_per_sequence(submission, draw):
    """mean_absolute_error compares y (n, 1, 1) with predictions (n, 1): 0 if perfect, else the mean distance"""
    for n in draw.distinct(3, 12, n=3):
        compare(submission, draw, (n, 1, 1), (n, 1))


@check("q8", points=1)
def test_several_days_or_features(submission, draw):
    """mean_absolute_error works when a model predicts several days, or several features, of each sequence"""
    for _ in range(2):
        n, several = draw.distinct(2, 6, n=2)
        compare(submission, draw, (n, several, 1), (n, several))
        compare(submission, draw, (n, 1, several), (n, several))


@check("q8", points=1)
def test_predictions_of_the_same_shape(submission, draw):
    """mean_absolute_error works when the predictions already have the shape of y, whatever it is"""
    for _ in range(2):
        n, days, features = draw.distinct(2, 6, n=3)
        compare(submission, draw, (n, days, features), (n, days, features))
        compare(submission, draw, (n, days, 1), (n, days, 1))
