"""Tensor shapes, question 1: from lists to X and y (3 points). Source: lecture, section 1."""

import numpy as np

from autograder.checks import agree, check
from solutions.tensor_shapes import make_x, make_y


def measured(draw, shape):
    """Values as a thermometer gives them, exact in float32: quarters, some below zero."""
    return draw.integers(-200, 800, size=shape) / 4


def array_alone(answer):
    """The answer, if it is an array as the stub says: the lists that were given have the right order already."""
    return answer if isinstance(answer, np.ndarray) else f"a {type(answer).__name__}"


@check("q1", points=1, visible=True)
def test_x_has_sequences_days_features(submission, draw):
    """make_x gives (n_sequences, n_observations, n_features): x[i][j][k] is feature k on day j of sequence i"""
    first, second = (draw.distinct(2, 7, n=3) for _ in range(2))  # no two axes equal: a swap cannot hide
    for shape in (first, second, (1, first[1], 1)):
        x = measured(draw, shape)
        agree(submission.make_x, x.tolist(), expected=x, reference=make_x, view=array_alone)


@check("q1", points=1, visible=True)
def test_y_has_rank_three(submission, draw):
    """make_y gives (n_sequences, 1, 1), one target for each sequence"""
    for n_sequences in (*draw.distinct(2, 9, n=3), 1):
        targets = measured(draw, n_sequences)
        agree(submission.make_y, targets.tolist(), expected=targets[:, None, None], reference=make_y)


def dtype_of(answer):
    return str(getattr(answer, "dtype", type(answer).__name__))


@check("q1", points=1, needs=(test_x_has_sequences_days_features, test_y_has_rank_three), visible=True)
def test_both_are_float32(submission, draw):
    """make_x and make_y give float32, whatever numbers the lists hold"""
    for _ in range(2):
        x = draw.integers(1, 130, size=draw.distinct(2, 7, n=3))
        # numpy makes int64 of whole numbers and float64 of halves: neither is what Keras computes with
        for function, reference, numbers in ((submission.make_x, make_x, x), (submission.make_y, make_y, x[:, 0, 0])):
            for given in (numbers.tolist(), (numbers / 2).tolist()):
                what = "the dtype of your answer is"
                agree(function, given, expected="float32", reference=reference, view=dtype_of, what=what)
