"""Padding, question 2: pad and truncate (5 points). Source: lecture, section on padding.

The law is Keras' own pad_sequences.
"""

import numpy as np
from keras.utils import pad_sequences

from autograder.checks import agree, check
from solutions.padding import pad

BOTH = ("pre", "post")


def lists(draw, lengths):
    """Lists of whole numbers from 0 on, of the given lengths in a drawn order; where there is room, a 0 is among them."""
    rows = [[int(i) for i in draw.integers(1, 99, size=int(length))] for length in draw.permutation(lengths)]
    for row in rows:
        if len(row) > 2:
            row[int(draw.integers(len(row)))] = 0  # a number like any other, not a mark for padding
    return rows


def follow(submission, sequences, *args, view=None, **kwargs):
    """Compare one call with Keras, which must be told to keep the numbers behind the point."""
    expected = pad_sequences(sequences, *args, dtype="float64", **kwargs)
    expected = expected if view is None else view(expected)
    agree(submission.pad, sequences, *args, expected=expected, reference=pad, view=view, **kwargs)


def in_order(rows):
    """Each row's numbers from the smallest to the largest: where the filling stands is another check's question."""
    try:
        return np.sort(np.asarray(rows, dtype=float), axis=1)
    except (TypeError, ValueError):  # no numbers, or rows of several lengths: compared as they are
        return rows


@check("q2", points=1, visible=True)
def test_fills_short_sequences(submission, draw):
    """pad fills short sequences with value, before or after them as padding says, up to maxlen or the longest one"""
    for padding in BOTH:
        for value in draw.distinct(-9, -1, n=2):
            length = int(draw.integers(6, 9))
            # Lengths just below and far below maxlen: a cut meant for long sequences shows on the former.
            follow(submission, lists(draw, [1, 2, length - 2, length - 1]), length, padding=padding, value=value)
            first, *middle, longest = sorted(lists(draw, [2, 3, length - 1, length]), key=len)
            follow(submission, [first, longest, *middle], padding=padding, value=value)
    follow(submission, lists(draw, [2, 3, 7]))  # the defaults: pre, 0


@check("q2", points=2, visible=True)
def test_cuts_long_sequences(submission, draw):
    """pad cuts long sequences to maxlen at the end that truncating names, whatever padding says"""
    for padding in BOTH:
        length = int(draw.integers(3, 6))
        longer = [length, length + 1, 2 * length + 1, length + 4]  # none shorter: where the filling goes cannot matter
        follow(submission, lists(draw, longer), length, padding=padding)  # truncating keeps its default
        for truncating in BOTH:
            follow(submission, lists(draw, longer), length, padding=padding, truncating=truncating)


@check("q2", points=1, visible=True)
def test_keeps_empty_sequences(submission, draw):
    """pad makes a row of padding out of an empty sequence"""
    for padding in ("pre", "post", "pre"):
        length = int(draw.integers(3, 7))
        sequences = lists(draw, [length, 0, length, 0, length])  # nothing to fill but the empty ones
        follow(submission, sequences, length, padding=padding)
        follow(submission, sequences, padding=padding, value=int(draw.integers(-9, -1)))


@check("q2", points=1)
def test_changes_no_number(submission, draw):
    """pad changes no number: 0.7 stays 0.7, and a large index stays what it is"""
    for padding in BOTH:
        length = int(draw.integers(3, 7))
        whole_first = [float(draw.integers(1, 9)), *(draw.integers(1, 99, size=length - 1) / 10 + 0.05).tolist()]
        large = [int(index) for index in draw.integers(70_000, 88_000, size=length)]
        negative = (draw.uniform(0.1, 0.9, size=length) - 2).tolist()
        # No single number tells the dtype: not the first one, not the last one, not the filling.
        follow(submission, [whole_first, negative, large], length, padding=padding)
        follow(submission, [large, whole_first, negative], length, padding=padding)
        follow(submission, [large, large[1:]], padding=padding, view=in_order)
        follow(submission, [whole_first, negative[1:]], padding=padding, view=in_order)
        value = float(draw.integers(1, 9) / 10 + 0.05)
        follow(submission, [large, large[1:]], length, padding=padding, value=value, view=in_order)
