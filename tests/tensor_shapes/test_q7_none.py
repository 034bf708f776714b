"""Tensor shapes, question 7: what None stands for (4 points). Source: lecture, section 1."""

import tensorflow as tf

from autograder.checks import agree, check
from solutions.tensor_shapes import fits, input_shape_for


def compare_fits(submission, draw, cases):
    """TensorFlow says which shapes agree with a shape that holds None; in a drawn order, so that no count of calls tells."""
    pairs = [(input_shape, shape) for input_shape, *shapes in cases for shape in shapes]
    for i in draw.permutation(len(pairs)):
        input_shape, shape = pairs[i]
        expected = tf.TensorShape(input_shape).is_compatible_with(shape)
        agree(submission.fits, input_shape, shape, expected=expected, reference=fits)


@check("q7", points=1, visible=True)
def test_any_number_of_sequences(submission, draw):
    """fits says that (None, 4, 3) takes any number of sequences, but exactly 4 observations with exactly 3 features"""
    cases = []
    for _ in range(2):
        n, days, features, more = draw.distinct(2, 40, n=4)
        shape = (None, days, features)
        cases.append((shape, (1, days, features), (n, days, features), (more, days, features)))
        cases.append((shape, (n, days - 1, features), (n, days + 1, features), (n, features, days)))
        cases.append((shape, (n, days, features - 1), (n, days, features + 1)))
        cases.append(((n, days, features), (n, days, features)))  # without None, shapes are just compared
    compare_fits(submission, draw, cases)


@check("q7", points=1)
def test_other_axes_and_ranks(submission, draw):
    """fits reads None on any axis, holds to every number, and lets no other number of axes pass"""
    cases = []
    for _ in range(2):
        n, days, features, more = draw.distinct(2, 40, n=4)
        cases.append(((None, None, features), (n, days, features), (1, more, features), (n, days, more)))
        cases.append(((n, None, features), (n, days, features), (more, days, features), (1, n, features)))
        cases.append(((None, days, None), (n, days, features), (n, days, more), (n, more, features)))
        cases.append(((None, 1, features), (n, 1, features), (n, days, features)))
        cases.append(((n, days, features), (n, days, features), (more, days, features)))
        cases.append(((None, None, None, 3), (n, days, more, 3), (1, 1, 1, 3), (n, days, more, 1), (n, days, 3)))
        cases.append(((None, days, features), (n, days), (days, features), (n, days, features, 1)))
        cases.append(((None, days, features), (1, n, days, features)))
    compare_fits(submission, draw, cases)


def compare_input_shapes(submission, draw, cases):
    """Each case is the shape to be found, then the shapes of the arrays; in a drawn order."""
    for i in draw.permutation(len(cases)):
        expected, *shapes = cases[i]
        agree(submission.input_shape_for, shapes, expected=expected, reference=input_shape_for)


def any_axes(draw, rank):
    """Arrays that differ along any of their axes or none, one of them from the others, wherever it stands."""
    common, odd = draw.distinct(2, 40, n=rank), draw.distinct(41, 60, n=rank)
    differs = [False, *(bool(one) for one in draw.integers(2, size=rank - 1))]
    arrays = [tuple(common) for _ in range(3)]
    arrays[int(draw.integers(3))] = tuple(b if d else a for a, b, d in zip(common, odd, differs, strict=True))
    return (None, *(None if d else a for a, d in zip(common[1:], differs[1:], strict=True))), *arrays


@check("q7", points=1, visible=True)
def test_open_where_the_arrays_differ(submission, draw):
    """input_shape_for leaves the batch axis open, and another axis where the arrays differ"""
    cases = [any_axes(draw, 3) for _ in range(2)]
    for _ in range(2):
        n, more, days, other, features, others = draw.distinct(2, 40, n=6)
        cases.append(((None, days, features), (n, days, features), (more, days, features)))
        for odd_one in range(3):  # wherever it stands: whoever looks at two of the arrays only misses it once
            ragged = [(n, days, features), (more, days, features), (more, days, features)]
            ragged[odd_one] = (n, other, features)
            cases.append(((None, None, features), *ragged))
        cases.append(((None, days, None), (n, days, features), (more, days, others)))
    compare_input_shapes(submission, draw, cases)


@check("q7", points=1)
def test_batch_always_open(submission, draw):
    """input_shape_for leaves the batch axis open even when all arrays are equally large, whatever their rank"""
    cases = [any_axes(draw, rank) for rank in (2, 3, 4, 5, 4, 5)]  # the rank does not tell what is open
    for _ in range(2):
        short, days, long = sorted(draw.distinct(2, 40, n=3))
        n, features, height, width, other = draw.distinct(2, 40, n=5)
        ragged = (n, days, features), (n, long, features), (n, short, features)  # first, longest, last: three mistakes
        cases.append(((None, None, features), *ragged))
        videos = (n, days, height, width, 3), (n, days, other, width, 3), (n, days, height, width, 1)
        cases.append(((None, days, None, width, None), *videos))
        cases.append(((None, days), (n, days), (n, days)))
    compare_input_shapes(submission, draw, cases)
