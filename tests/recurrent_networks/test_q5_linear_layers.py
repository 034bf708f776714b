"""Recurrent networks, question 5: two linear layers are one (4 points). Source: lecture, simple RNN."""

import numpy as np
from keras import Sequential
from keras.layers import Dense, Input

from autograder.checks import agree, check
from solutions.recurrent_networks import collapse, two_dense_layers


def draw_case(draw, square=False):
    """Inputs and the weights of two layers. With square kernels every product has a shape that fits, and only values can tell."""
    n, features, hidden, outputs = draw.distinct(3, 8, 4)
    if square:
        features = outputs = hidden
    sizes = (n, features), (features, hidden), (hidden,), (hidden, outputs), (outputs,)
    return [draw.uniform(-0.8, 0.8, size).astype("float32") for size in sizes]


def keras_outputs(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """What two Dense layers of Keras give for the same weights."""
    model = Sequential(
        [Input(X.shape[1:]), Dense(len(bias_1), activation="relu" if relu else None), Dense(len(bias_2))]
    )
    model.set_weights([kernel_1, bias_1, kernel_2, bias_2])
    return np.asarray(model(X))


def outputs_of_one_layer(X, answer):
    """What the collapsed layer gives, or the answer itself where it is no layer for X."""
    try:
        kernel, bias = (np.asarray(part, dtype="float64") for part in answer)
        return X @ kernel + np.reshape(bias, -1)
    except (TypeError, ValueError):
        return f"a layer that takes no inputs of {X.shape[1]} features"


@check("q5", points=2, visible=True)
def test_two_layers_equal_keras(submission, draw):
    """two_dense_layers gives what two Dense layers of Keras give, with and without the relu"""
    for relu in (True, False, True, False):
        case = [*draw_case(draw), relu]
        agree(submission.two_dense_layers, *case, expected=keras_outputs(*case), reference=two_dense_layers)


@check("q5", points=2, visible=True)
def test_one_layer_does_what_two_do(submission, draw):
    """collapse gives one layer with the outputs of the two linear ones"""
    for square in (False, True, False):
        X, *layers = draw_case(draw, square)
        agree(
            submission.collapse,
            *layers,
            expected=keras_outputs(X, *layers, relu=False),
            reference=collapse,
            view=lambda answer, X=X: outputs_of_one_layer(X, answer),
            what="your layer gave",
        )
