"""Parameter counting, question 8: the IMDB model and its batches (5 points). Source: lecture, IMDB reviews."""

import functools

import numpy as np
from keras import Input, Sequential, callbacks, layers

from autograder.checks import agree, check
from solutions.parameter_counting import imdb_params, last_batch, left_out, steps_per_epoch


def batchings(draw):
    """Pairs (sequences, batch_size): three that leave a rest, three that leave none, one with fewer sequences than a batch.

    One rest is a single sequence and one lacks a single sequence, so that rounding to the nearest shows both ways. None
    is half a batch, where filled and empty places would be the same number.
    """
    sizes = draw.distinct(5, 16, n=7)
    some, few = (int(draw.choice([rest for rest in range(2, size) if 2 * rest != size])) for size in sizes[:2])
    full = draw.distinct(2, 9, n=5)
    return [
        (full[0] * sizes[0] + some, sizes[0]),
        (few, sizes[1]),
        (full[1] * sizes[2] + 1, sizes[2]),
        (full[2] * sizes[3] + sizes[3] - 1, sizes[3]),
        (full[3] * sizes[4], sizes[4]),
        (full[4] * sizes[5], sizes[5]),
        (sizes[6], sizes[6]),
    ]


@functools.cache
def small_model():
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile(run_eagerly=True)  # a few steps: tracing them would take longer
    return model


def keras_batches(sequences, batch_size):
    """Rows of every batch that Keras feeds to a model in one pass."""
    rows = []
    count = callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: rows.append(len(logs["outputs"])))
    small_model().predict(np.zeros((sequences, 1)), batch_size=batch_size, callbacks=[count], verbose=0)
    return rows


@check("q8", points=1, visible=True)
def test_counts_the_imdb_model(submission, draw):
    """imdb_params(num_words, length, dimensions, units) equals what Keras counts for the model, for any sizes"""
    for _ in range(4):
        length, dimensions, units = draw.distinct(3, 20, n=3)
        num_words = int(draw.integers(30, 80))
        model = Sequential(
            [Input((length,)), layers.Embedding(num_words, dimensions), layers.LSTM(units), layers.Dense(1)]
        )
        agree(
            submission.imdb_params,
            num_words,
            length,
            dimensions,
            units,
            expected=model.count_params(),
            reference=imdb_params,
            squeeze=True,
        )


@check("q8", points=2, visible=True)
def test_steps_of_one_pass(submission, draw):
    """steps_per_epoch(sequences, batch_size) equals the number of batches that Keras makes, with and without a rest"""
    for sequences, batch_size in batchings(draw):
        expected = len(keras_batches(sequences, batch_size))
        agree(
            submission.steps_per_epoch,
            sequences,
            batch_size,
            expected=expected,
            reference=steps_per_epoch,
            squeeze=True,
        )


@check("q8", points=1, visible=True)
def test_rows_of_the_last_batch(submission, draw):
    """last_batch(sequences, batch_size) equals the rows in the last batch that Keras makes, with and without a rest"""
    for sequences, batch_size in batchings(draw):
        expected = keras_batches(sequences, batch_size)[-1]
        agree(submission.last_batch, sequences, batch_size, expected=expected, reference=last_batch, squeeze=True)


@check("q8", points=1, visible=True)
def test_rows_that_fill_no_batch(submission, draw):
    """left_out(sequences, batch_size) equals the rows of Keras' batches that are smaller than batch_size"""
    for sequences, batch_size in batchings(draw):
        expected = sum(rows for rows in keras_batches(sequences, batch_size) if rows < batch_size)
        agree(submission.left_out, sequences, batch_size, expected=expected, reference=left_out, squeeze=True)
