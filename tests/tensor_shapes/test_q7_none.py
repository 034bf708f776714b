"""Tensor shapes, question 7: what None stands for (4 points). Source: lecture, section 1."""

import tensorflow as tf

from autograder.checks import agree, check
from solutions.tensor_shapes import fits, input_shape_for


def compare_fits(submission, input_shape, *shapes):
    """TensorFlow says which shapes agree with a shape that holds None."""
    for shape in shapes:
        expected = tf.TensorShape(input_shape).is_compatible_with(shape)
        agree(submission.fits, input_shape, shape, expected=expected, reference=fits)


@check("q7", points=1, visible=True)
def test_any_number_of_sequences(submission, draw):
    """fits says that (None, 4, 3) takes any number of sequences, but exactly 4 observations with exactly 3 features"""
    for _ in range(2):
        n, days, features, more = draw.distinct(2, 40, n=4)
        shape = (None, days, features)
        compare_fits(submission, shape, (1, days, features), (n, days, features), (more, days, features))
        compare_fits(submission, shape, (n, days - 1, features), (n, days + 1, features), (n, features, days))
        compare_fits(submission, shape, (n, days, features - 1), (n, days, features + 1))
        compare_fits(submission, (n, days, features), (n, days, features))  # without None, shapes are just compared


@check("q7", points=1)
def test_other_axes_and_ranks(submission, draw):
    """fits reads None on any axis, holds to every number, and lets no other number of axes pass"""
    for _ in range(2):
        n, days, features, more = draw.distinct(2, 40, n=4)
        compare_fits(submission, (None, None, features), (n, days, features), (1, more, features), (n, days, more))
        compare_fits(submission, (n, None, features), (n, days, features), (more, days, features), (1, n, features))
        compare_fits(submission, (None, days, None), (n, days, features), (n, days, more), (n, more, features))
        compare_fits(submission, (None, 1, features), (n, 1, features), (n, days, features))
        compare_fits(submission, (n, days, features), (n, days, features), (more, days, features))
        video = (None, None, None, 3)
        compare_fits(submission, video, (n, days, more, 3), (1, 1, 1, 3), (n, days, more, 1), (n, days, 3))
        shape = (None, days, features)
        compare_fits(submission, shape, (n, days), (days, features), (n, days, features, 1), (1, n, days, features))


@check("q7", points=1, visible=True)
def test_open_where_the_arrays_differ(submission, draw):
    """input_shape_for leaves the batch axis open, and another axis where the arrays differ"""
    for _ in range(2):
        n, more, days, other, features, others = draw.distinct(2, 40, n=6)
        same = [(n, days, features), (more, days, features)]
        agree(submission.input_shape_for, same, expected=(None, days, features), reference=input_shape_for)
        for odd_one in range(3):  # wherever it stands: whoever looks at two of the arrays only misses it once
            ragged = [(n, days, features), (more, days, features), (more, days, features)]
            ragged[odd_one] = (n, other, features)
            agree(submission.input_shape_for, ragged, expected=(None, None, features), reference=input_shape_for)
        two_sensors = [(n, days, features), (more, days, others)]
        agree(submission.input_shape_for, two_sensors, expected=(None, days, None), reference=input_shape_for)


@check("q7", points=1)
def test_batch_always_open(submission, draw):
    """input_shape_for leaves the batch axis open even when all arrays are equally large, whatever their rank"""
    for _ in range(2):
        short, days, long = sorted(draw.distinct(2, 40, n=3))
        n, features, height, width, other = draw.distinct(2, 40, n=5)
        ragged = [
            (n, days, features),
            (n, long, features),
            (n, short, features),
        ]  # first, longest, last: three mistakes
        agree(submission.input_shape_for, ragged, expected=(None, None, features), reference=input_shape_for)
        videos = [(n, days, height, width, 3), (n, days, other, width, 3), (n, days, height, width, 1)]
        expected = (None, days, None, width, None)
        agree(submission.input_shape_for, videos, expected=expected, reference=input_shape_for)
        numbers = [(n, days), (n, days)]
        agree(submission.input_shape_for, numbers, expected=(None, days), reference=input_shape_for)
