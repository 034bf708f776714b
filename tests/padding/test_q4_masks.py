"""Padding, question 4: masks (3 points). Source: lecture, section on padding and masks.

The law is that padding must not matter: what a mask leaves over equals what the sentence gives without any padding.
"""

import numpy as np

from autograder.checks import agree, check
from solutions.padding import last_real_state, masked_mean, padding_mask


def padded(draw, n_features):
    """Sequences alone, and the same ones with padding before, after, and on both sides, as (alone, states, mask).

    The padded steps hold numbers as large as the real ones, as the states of a layer without a mask do.
    """
    lengths = [int(length) for length in draw.permutation([1, *draw.distinct(2, 6, n=3)])]
    n_observations = 7
    before = [n_observations - lengths[0], 0, 1, 0]  # padding in front, behind, on both sides or behind, behind
    alone = [draw.normal(loc=1, size=(length, n_features)) for length in lengths]
    states = draw.normal(loc=-1, size=(4, n_observations, n_features))
    mask = np.zeros((4, n_observations), dtype=bool)
    for i, sequence in enumerate(alone):
        states[i, before[i] : before[i] + lengths[i]] = sequence
        mask[i, before[i] : before[i] + lengths[i]] = True
    return alone, states, mask


def with_empty_row(draw, expected, states, mask):
    """The same with one more row that has no real step; what is expected there is zeros."""
    expected = np.concatenate([expected, np.zeros((1, states.shape[2]))])
    states = np.concatenate([states, draw.normal(loc=2, size=(1, *states.shape[1:]))])
    mask = np.concatenate([mask, np.zeros((1, mask.shape[1]), dtype=bool)])
    order = draw.permutation(len(mask))
    return expected[order], states[order], mask[order]


@check("q4", points=1, visible=True)
def test_marks_the_words(submission, draw):
    """padding_mask is True where a word stands and False on padding, wherever the padding is"""
    words_only, padding_only = np.ones((1, 7), dtype=bool), np.zeros((1, 7), dtype=bool)
    for full_rows in (0, 1, 1):
        _, _, mask = padded(draw, 2)
        rows = np.concatenate([mask, padding_only])[draw.permutation(5)]
        expected = np.concatenate([words_only] * full_rows + [rows] + [words_only] * full_rows)
        indices = draw.integers(1, 4, size=expected.shape)  # small ones, so that index 1 is among them
        agree(submission.padding_mask, np.where(expected, indices, 0), expected=expected * 1, reference=padding_mask)


@check("q4", points=1, visible=True)
def test_averages_the_real_steps(submission, draw):
    """masked_mean is the mean of the sentence without its padding; a row without words gives zeros"""
    for n_features in draw.distinct(2, 6, n=3):
        alone, states, mask = padded(draw, n_features)
        means = np.array([sequence.mean(axis=0) for sequence in alone])
        expected, states, mask = with_empty_row(draw, means, states, mask)
        agree(submission.masked_mean, states, mask, expected=expected, reference=masked_mean)


@check("q4", points=1)
def test_takes_the_last_real_step(submission, draw):
    """last_real_state is the last state of the sentence without its padding; a row without words gives zeros"""
    for n_features in draw.distinct(2, 6, n=3):
        alone, states, mask = padded(draw, n_features)
        last = np.array([sequence[-1] for sequence in alone])
        expected, states, mask = with_empty_row(draw, last, states, mask)
        agree(submission.last_real_state, states, mask, expected=expected, reference=last_real_state)
