"""IMDB sentiment, question 1: load and pad the reviews (4 points). Source: lecture, section on sentiment analysis."""

import numpy as np

from autograder.checks import agree, check
from solutions.imdb_sentiment import prepare, share_cut


def rows(reviews, vocab_size, length):
    """The array that is asked for, one number at a time."""
    array = np.zeros((len(reviews), length), dtype=int)
    for row, review in enumerate(reviews):
        for place in range(1, min(length, len(review)) + 1):
            word = review[-place]
            array[row, length - place] = word if word < vocab_size else 2
    return array


def drawn_reviews(draw, n, high, lengths):
    """n reviews of the given lengths, each with the start marker 1 in front and no 0, 2 or 3 in it."""
    return [[1, *(int(word) for word in draw.integers(4, high, size=lengths[i % len(lengths)] - 1))] for i in range(n)]


@check("q1", points=2, visible=True)
def test_pads_and_cuts_in_front(submission, draw):
    """prepare(reviews, vocab_size, length) gives one row per review, padded and cut in front, for any lengths"""
    for length in draw.distinct(5, 9, n=3):
        reviews = drawn_reviews(draw, 5, 40, [2, length - 1, length, length + 3, length + 7])
        expected = rows(reviews, 40, length)  # no word is rare here: only padding and cutting count
        agree(submission.prepare, reviews, 40, length, expected=expected, reference=prepare)


@check("q1", points=1)
def test_rare_words(submission, draw):
    """prepare turns every id from vocab_size on into 2, and keeps every review's words in their places"""
    for vocab_size in draw.distinct(10, 16, n=3):
        reviews = drawn_reviews(draw, 4, 24, [6])  # as long as the row: what happens to rare words cannot hide
        reviews[0][2:5] = [vocab_size, vocab_size - 1, vocab_size + 1]
        expected = rows(reviews, vocab_size, 6)
        agree(submission.prepare, reviews, vocab_size, 6, expected=expected, reference=prepare)


@check("q1", points=1)
def test_share_cut(submission, draw):
    """share_cut(reviews, length) is the share of the reviews that lose words"""
    for n in (7, 11, 13, 11, 13):  # no such share is a short decimal number
        length, longer = int(draw.integers(4, 13)), int(draw.integers(2, n - 2))
        fitting = [length - 2] * (n - 2 - longer)
        lengths = [length, length, *fitting, *(length + 1 + i for i in range(longer))]  # some fit exactly
        reviews = [drawn_reviews(draw, 1, 50, [size])[0] for size in draw.permutation(lengths)]
        agree(submission.share_cut, reviews, length, expected=longer / len(reviews), reference=share_cut)
