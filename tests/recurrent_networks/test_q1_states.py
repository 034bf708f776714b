"""Recurrent networks, question 1: the states by hand (5 points). Source: lecture, simple RNN."""

import numpy as np
from keras.layers import SimpleRNN

from autograder.checks import agree, check
from solutions.recurrent_networks import all_states, last_state


def draw_case(draw, days=None):
    """Small weights, so that no tanh saturates; a bias that is not zero, as Keras' is before training; few days by default."""
    sequences, few, features, units = draw.distinct(2, 6, 4)
    sizes = (sequences, days or few, features), (features, units), (units, units), (units,)
    return [draw.uniform(-0.7, 0.7, size).astype("float32") for size in sizes]


def keras_states(X, *weights):
    """What Keras' own layer gives for the same weights."""
    layer = SimpleRNN(len(weights[-1]), return_sequences=True)
    layer.build(X.shape)
    layer.set_weights(weights)
    return np.asarray(layer(X))


@check("q1", points=2, visible=True)
def test_last_state_equals_keras(submission, draw):
    """last_state gives what Keras' SimpleRNN gives for the same weights, for any sizes"""
    for days in (None, 9, None):  # nine are more than in any example
        X, *weights = draw_case(draw, days)
        expected = keras_states(X, *weights)[:, -1]
        agree(submission.last_state, X, *weights, expected=expected, reference=last_state)


@check("q1", points=2, visible=True)
def test_all_states_equal_keras(submission, draw):
    """all_states gives what Keras' SimpleRNN gives with return_sequences=True"""
    for days in (None, 9, None):
        X, *weights = draw_case(draw, days)
        agree(submission.all_states, X, *weights, expected=keras_states(X, *weights), reference=all_states)


@check("q1", points=1)
def test_one_city_on_one_day(submission, draw):
    """last_state also takes a single sequence, and a single day, where the state before is zero"""
    for days in (1, 1, 3):
        X, *weights = draw_case(draw)
        one = np.resize(X[:1], (1, days, X.shape[2]))
        expected = keras_states(one, *weights)[:, -1]
        agree(submission.last_state, one, *weights, expected=expected, reference=last_state)
