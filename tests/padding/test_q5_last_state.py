"""Padding, question 5: what padding does to the last state (4 points). Source: lecture, sections on padding and LSTM.

The law is Keras' own Embedding -> SimpleRNN with the same fresh weights, with and without mask_zero.
"""

import numpy as np
from keras import Input, Sequential
from keras.layers import Embedding, SimpleRNN

from autograder.checks import NOT_REBUILT, CheckFailed, agree, await_person, check, fail
from solutions.padding import build_masked, padding_error, rnn_last_state

ENDS = "pre", "post"


def fresh_weights(draw):
    """table, w_x, w_h, b: sizes all different, small enough that tanh does not saturate, a bias that is not zero."""
    rows, n_features, units = draw.distinct(4, 10, n=3)
    table = draw.normal(scale=0.7, size=(rows, n_features))
    w_x = draw.normal(scale=0.4, size=(n_features, units))
    w_h = draw.normal(scale=0.5 / np.sqrt(units), size=(units, units))
    return table, w_x, w_h, draw.normal(scale=0.4, size=units)


def padded(draw, vocab_size, n_sequences, padding):
    """Sentences of different lengths from 1 on, one of them without padding, as (lists, array)."""
    lengths = draw.permutation([9, 1, *draw.distinct(2, 8, n=n_sequences - 2)])
    sentences = [draw.integers(1, vocab_size + 1, size=length) for length in lengths]
    x = np.zeros((n_sequences, 9), dtype=int)
    for row, sentence in zip(x, sentences, strict=True):
        row[slice(9 - len(sentence), 9) if padding == "pre" else slice(len(sentence))] = sentence
    return sentences, x


def keras_states(x, table, w_x, w_h, b, mask_zero=False, every=False):
    """Last state of a row of indices, or every state, as Keras computes it."""
    layers = [Embedding(*table.shape, mask_zero=mask_zero), SimpleRNN(len(b), return_sequences=every)]
    model = Sequential([Input((None,)), *layers])
    model.set_weights([table, w_x, w_h, b])
    return np.asarray(model(x))


@check("q5", points=1, visible=True)
def test_reads_the_padding(submission, draw):
    """rnn_last_state without a mask equals Keras' Embedding -> SimpleRNN with the same weights"""
    for padding in ENDS:
        for n_sequences in draw.distinct(3, 5, n=2):
            weights = fresh_weights(draw)
            _, x = padded(draw, len(weights[0]) - 1, n_sequences, padding)
            expected = keras_states(x, *weights)
            agree(submission.rnn_last_state, x, *weights, expected=expected, reference=rnn_last_state)


@check("q5", points=1, visible=True)
def test_skips_the_padding(submission, draw):
    """rnn_last_state with mask_zero=True equals Keras' layers with mask_zero=True: the state waits while zeros pass"""
    for padding in ENDS:
        for n_sequences in draw.distinct(3, 5, n=2):
            weights = fresh_weights(draw)
            _, x = padded(draw, len(weights[0]) - 1, n_sequences, padding)
            expected = keras_states(x, *weights, mask_zero=True)
            agree(submission.rnn_last_state, x, *weights, mask_zero=True, expected=expected, reference=rnn_last_state)


@check("q5", points=1, visible=True)
def test_measures_the_error(submission, draw):
    """padding_error is the largest difference between the last state and the state of the sentence without its zeros"""
    for n_sequences in draw.distinct(5, 8, n=3):  # many rows: in some the largest difference is negative
        weights = fresh_weights(draw)
        sentences, x = padded(draw, len(weights[0]) - 1, n_sequences, "post")
        states = keras_states(x, *weights, every=True)
        alone = np.concatenate([keras_states(sentence[np.newaxis], *weights) for sentence in sentences])
        expected = np.abs(states[:, -1] - alone).max(axis=1)
        agree(submission.padding_error, states, x, expected=expected, reference=padding_error, squeeze=True)


def table_rows(model, rows, n_features):
    """How many of the rows that are needed the model's table of word vectors has."""
    if not model.crossed:  # the shapes of its weights are not known here, only their number
        return min(rows, model.trainable_params // n_features)
    shapes = [weight.shape for weight in model.weights]
    other_width = max((s[1] for s in shapes if len(s) == 2 and s[0] >= rows - 1), default=0)  # tells wrong ones apart
    return max((min(rows, s[0]) for s in shapes if len(s) == 2 and s[1] == n_features), default=-other_width)


def zeros_around(model, x, rows, n_features):
    """What the model does, as a list.

    Its output shape; rows of its table, -1 where its input has one length; whether outputs stay when zeros come before, behind and on
    both sides; whether they move when the words change places.
    """
    if not hasattr(model, "predict"):
        return model
    open_length = model.output_shape == () or not model.crossed or model.input_shape[1:] == (None,)
    zeros = np.zeros_like(x)
    before, behind, around = np.hstack([zeros, x]), np.hstack([x, zeros]), np.hstack([zeros, x, zeros, zeros])
    try:
        alone, turned = model.predict(x), model.predict(x[:, ::-1])
        outputs = [model.predict(padded_x) for padded_x in (before, behind, around)]
    except CheckFailed:
        raise
    except Exception as error:  # an answer that Keras refuses is the answer's fault
        fail(f"your model cannot read word indices of any number of columns: {type(error).__name__}")
    table = table_rows(model, rows, n_features) if open_length else -1
    if not alone.size or any(output.shape != alone.shape for output in outputs):
        return [list(alone.shape), table, False, False, False, False]
    # Fresh weights give small states, so what counts as equal is measured against them.
    size = np.abs(alone).max()
    stays = [bool(np.abs(output - alone).max() <= 1e-3 * size) for output in outputs]
    moves = bool(np.abs(turned - alone).max() > 1e-3 * size)
    if not model.crossed and table == rows and all(stays) and moves:
        await_person(NOT_REBUILT)
    return [list(alone.shape), table, *stays, moves]


@check("q5", points=1)
def test_builds_a_model_that_ignores_zeros(submission, draw):
    """build_masked gives a model whose state depends on the words and their order, and on no zero around them"""
    for vocab_size, n_features in draw.distinct_pairs(17, 24, n=3):
        n_sequences, units = draw.distinct(3, 7, n=2)
        # Different words in a row. None is the last of the vocabulary, because an index beyond the table fails on some
        # devices only; whether that word has a row shows in the table's shape.
        x = np.array([draw.distinct(1, vocab_size - 1, n=5) for _ in range(n_sequences)])
        agree(
            submission.build_masked,
            vocab_size,
            n_features,
            units,
            expected=[[n_sequences, units], vocab_size + 1, True, True, True, True],
            reference=build_masked,
            view=lambda model, x=x, rows=vocab_size + 1, n=n_features: zeros_around(model, x, rows, n),
            what=f"your model's output shape for {n_sequences} sentences, the rows of its table of word vectors, and whether it "
            "keeps its output with zeros in front, behind, on both sides, and changes it with the order of the words:",
        )
