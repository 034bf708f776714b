"""Recurrent networks, question 2: from the state to the prediction (3 points). Source: lecture, simple RNN."""

import numpy as np
from keras.layers import Dense

from autograder.checks import agree, check
from solutions.recurrent_networks import predict_every_day, predict_last_day


def draw_cases(draw):
    """Four cases with all sizes different; half of them predict one number, as the lecture does, the others several."""
    return [draw_case(draw, one_output) for one_output in (True, False, True, False)]


def draw_case(draw, one_output):
    sequences, days, units, outputs = draw.distinct(2, 6, 4)
    if one_output:
        outputs = 1
    sizes = (sequences, days, units), (units, outputs), (outputs,)
    return [draw.uniform(-0.9, 0.9, size).astype("float32") for size in sizes]


def keras_dense(states, *weights):
    """What Keras' own layer gives for the same weights."""
    layer = Dense(len(weights[-1]))
    layer.build(states.shape)
    layer.set_weights(weights)
    return np.asarray(layer(states))


@check("q2", points=2, visible=True)
def test_last_day_equals_keras(submission, draw):
    """predict_last_day gives what Dense gives for the last state"""
    for states, *weights in draw_cases(draw):
        expected = keras_dense(states[:, -1], *weights)
        agree(submission.predict_last_day, states, *weights, expected=expected, reference=predict_last_day)


@check("q2", points=1, visible=True)
def test_every_day_equals_keras(submission, draw):
    """predict_every_day gives what Dense gives for every state"""
    for states, *weights in draw_cases(draw):
        expected = keras_dense(states, *weights)
        agree(submission.predict_every_day, states, *weights, expected=expected, reference=predict_every_day)
