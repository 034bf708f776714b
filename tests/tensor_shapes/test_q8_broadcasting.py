"""Tensor shapes, question 8: an error that broadcasts (4 points). Source: lecture, section 1."""

import numpy as np

from autograder.checks import agree, check
from solutions.tensor_shapes import mean_absolute_error


def compare(submission, draw, y_shape, prediction_shape):
    """Predictions whose errors are set first, so that their mean distance is known; then perfect ones."""
    for sign in (1, -1):  # mostly too high, then mostly too low, and one the other way: errors that cancel show
        y = draw.uniform(-5, 5, size=y_shape).astype(np.float32)  # close to zero: a sign of its own can be lost
        errors = sign * draw.uniform(3, 9, size=y_shape).astype(np.float32)
        errors.flat[0] /= -3
        for wrong_by in (errors, np.zeros_like(errors)):
            prediction = (y + wrong_by).reshape(prediction_shape)
            agree_on_the_mean(submission, y, prediction, float(np.abs(wrong_by).mean()))


def agree_on_the_mean(submission, y, prediction, expected):
    agree(
        submission.mean_absolute_error,
        y,
        prediction,
        expected=expected,
        reference=mean_absolute_error,
        squeeze=True,  # a mean of shape (1,) is as good as a number
        atol=1e-3,  # float32
    )


@check("q8", points=2, visible=True)
def test_one_number_per_sequence(submission, draw):
    """mean_absolute_error compares y (n, 1, 1) with predictions (n, 1): 0 if perfect, else the mean distance"""
    for n in draw.distinct(3, 12, n=3):
        compare(submission, draw, (n, 1, 1), (n, 1))


@check("q8", points=1)
def test_several_days_or_features(submission, draw):
    """mean_absolute_error works when a model predicts several days, or several features, of each sequence"""
    first, second, *many = draw.distinct(2, 7, n=4)
    for n, several in zip((first, second), many, strict=True):
        compare(submission, draw, (n, several, 1), (n, several))
        compare(submission, draw, (n, 1, several), (n, several))


@check("q8", points=1)
def test_predictions_of_the_same_shape(submission, draw):
    """mean_absolute_error works when the predictions already have the shape of y, whatever it is"""
    first, second, days, features = draw.distinct(2, 6, n=4)
    for n in (first, second):
        compare(submission, draw, (n, days, features), (n, days, features))
        compare(submission, draw, (n, days, 1), (n, days, 1))
