"""Recurrent networks: one state by hand, models in Keras, and a training run that learns. Source: lecture, simple RNN.

n_x is the number of features on one day, n_h the number of units: the size of the state y(t).
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from keras import Model, Sequential
from keras.layers import LSTM, Dense, Input, SimpleRNN
from keras.optimizers import Adam

Array = np.ndarray


def all_states(X: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> Array:
    """The states y(1), ..., y(T) of a simple RNN: y(t) = tanh(X(t) kernel + y(t-1) recurrent_kernel + bias).

    Args:
        X: (n_sequences, n_observations, n_x).
        kernel: (n_x, n_h).
        recurrent_kernel: (n_h, n_h).
        bias: (n_h,).
    Returns:
        (n_sequences, n_observations, n_h). Every sequence starts from a state of zeros, which is not returned.

    >>> X = np.array([[[1.0], [0.0], [-1.0]]])  # one sequence, three days, one feature
    >>> all_states(X, np.array([[0.5]]), np.array([[0.8]]), np.array([0.1])).round(3).tolist()
    [[[0.537], [0.485], [-0.012]]]
    """
    state = np.zeros((len(X), len(bias)))
    states = []
    for t in range(X.shape[1]):
        state = np.tanh(X[:, t] @ kernel + state @ recurrent_kernel + bias)
        states.append(state)
    return np.stack(states, axis=1)


def last_state(X: Array, kernel: Array, recurrent_kernel: Array, bias: Array) -> Array:
    """The state y(T) after the last day: what Keras' SimpleRNN returns.

    Args:
        X, kernel, recurrent_kernel, bias: as for ``all_states``.
    Returns:
        (n_sequences, n_h).

    >>> X = np.array([[[1.0], [0.0], [-1.0]]])  # one sequence, three days, one feature
    >>> last_state(X, np.array([[0.5]]), np.array([[0.8]]), np.array([0.1])).round(3).tolist()
    [[-0.012]]
    """
    return all_states(X, kernel, recurrent_kernel, bias)[:, -1]


def predict_last_day(states: Array, kernel: Array, bias: Array) -> Array:
    """A Dense layer without activation, applied to the last state of each sequence.

    Args:
        states: (n_sequences, n_observations, n_h), all states of an RNN.
        kernel: (n_h, n_outputs).
        bias: (n_outputs,).
    Returns:
        (n_sequences, n_outputs).

    >>> states = np.array([[[0.1, 0.2], [0.5, -0.5]]])  # one sequence, two days, two units
    >>> predict_last_day(states, np.array([[10.0], [20.0]]), np.array([1.0])).tolist()
    [[-4.0]]
    """
    return states[:, -1] @ kernel + bias


def predict_every_day(states: Array, kernel: Array, bias: Array) -> Array:
    """The same Dense layer, applied to the state of every day.

    Args:
        states, kernel, bias: as for ``predict_last_day``.
    Returns:
        (n_sequences, n_observations, n_outputs).

    >>> states = np.array([[[0.1, 0.2], [0.5, -0.5]]])  # one sequence, two days, two units
    >>> predict_every_day(states, np.array([[10.0], [20.0]]), np.array([1.0])).tolist()
    [[[6.0], [-4.0]]]
    """
    return states @ kernel + bias


def build_rnn(units: int, days: int, features: int) -> Model:
    """SimpleRNN(units), then Dense(1): one number for each sequence.

    Args:
        units: n_h.
        days: observations of one sequence.
        features: n_x.

    >>> model = build_rnn(2, 4, 3)
    >>> model.predict(np.zeros((5, 4, 3)), verbose=0).shape, model.count_params()
    ((5, 1), 15)
    """
    return Sequential([Input((days, features)), SimpleRNN(units), Dense(1)])


def build_deeper_head(units: int, hidden: int, days: int, features: int) -> Model:
    """SimpleRNN(units), a Dense layer of ``hidden`` units with relu, then Dense(1).

    Args:
        units, days, features: as for ``build_rnn``.
        hidden: units of the Dense layer in between.

    >>> model = build_deeper_head(2, 20, 4, 3)
    >>> model.predict(np.zeros((5, 4, 3)), verbose=0).shape, model.count_params()
    ((5, 1), 93)
    """
    return Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden, activation="relu"), Dense(1)])


def two_dense_layers(X: Array, kernel_1: Array, bias_1: Array, kernel_2: Array, bias_2: Array, relu: bool) -> Array:
    """Two Dense layers, one after the other.

    Args:
        X: (n, n_x).
        kernel_1, bias_1: (n_x, n_hidden) and (n_hidden,).
        kernel_2, bias_2: (n_hidden, n_outputs) and (n_outputs,).
        relu: whether the first layer has a relu. The second one never has an activation.
    Returns:
        (n, n_outputs).

    >>> layers = np.array([[1.0, -1.0], [1.0, -1.0]]), np.array([0.5, 0.5]), np.array([[2.0], [1.0]]), np.array([1.0])
    >>> two_dense_layers(np.array([[1.0, 2.0]]), *layers, relu=False).tolist()
    [[5.5]]
    >>> two_dense_layers(np.array([[1.0, 2.0]]), *layers, relu=True).tolist()
    [[8.0]]
    """
    hidden = X @ kernel_1 + bias_1
    if relu:
        hidden = np.maximum(hidden, 0)
    return hidden @ kernel_2 + bias_2


def collapse(kernel_1: Array, bias_1: Array, kernel_2: Array, bias_2: Array) -> tuple[Array, Array]:
    """The one Dense layer that does what two without activation do.

    Args:
        kernel_1, bias_1, kernel_2, bias_2: as for ``two_dense_layers``.
    Returns:
        (kernel, bias) of shapes (n_x, n_outputs) and (n_outputs,).

    >>> layers = np.array([[1.0, -1.0], [1.0, -1.0]]), np.array([0.5, 0.5]), np.array([[2.0], [1.0]]), np.array([1.0])
    >>> kernel, bias = collapse(*layers)
    >>> kernel.tolist(), bias.tolist()
    ([[1.0], [1.0]], [2.5])
    """
    return kernel_1 @ kernel_2, bias_1 @ kernel_2 + bias_2


def build_stack(units: Sequence[int], days: int, features: int) -> Model:
    """One SimpleRNN for each number in ``units``, in that order, then Dense(1).

    Args:
        units: units of each recurrent layer, the first one first; at least one number.
        days, features: as for ``build_rnn``.

    >>> model = build_stack([5, 2], 4, 3)
    >>> model.predict(np.zeros((5, 4, 3)), verbose=0).shape, model.count_params()
    ((5, 1), 64)
    """
    model = Sequential([Input((days, features))])
    for n in units[:-1]:
        model.add(SimpleRNN(n, return_sequences=True))  # the next layer reads a sequence
    model.add(SimpleRNN(units[-1]))
    model.add(Dense(1))
    return model


def build_lstm(units: int, days: int, features: int) -> Model:
    """LSTM(units), then Dense(1).

    Args:
        units, days, features: as for ``build_rnn``.

    >>> model = build_lstm(2, 4, 3)
    >>> model.predict(np.zeros((5, 4, 3)), verbose=0).shape, model.count_params()
    ((5, 1), 51)
    """
    return Sequential([Input((days, features)), LSTM(units), Dense(1)])


def build_sequence_model(units: int, features: int) -> Model:
    """SimpleRNN(units) that returns y(t) for every t, and one Dense(1) applied to each.

    Args:
        units, features: as for ``build_rnn``. The number of days is left open.

    >>> model = build_sequence_model(2, 3)
    >>> model.predict(np.zeros((5, 7, 3)), verbose=0).shape, model.count_params()
    ((5, 7, 1), 15)
    """
    return Sequential([Input((None, features)), SimpleRNN(units, return_sequences=True), Dense(1)])


def mean_and_std(values: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each feature, over all sequences and days.

    Args:
        values: (..., n_features), features last.
    Returns:
        Two arrays of shape (n_features,). The deviation is numpy's (divided by n, not n - 1), and 1 for a feature
        that never changes, so that nothing is divided by zero.

    >>> mean, std = mean_and_std(np.array([[1.0, 7.0], [5.0, 7.0]]))
    >>> mean.tolist(), std.tolist()
    ([3.0, 7.0], [2.0, 1.0])
    """
    values = np.asarray(values)
    axes = tuple(range(values.ndim - 1))
    std = values.std(axis=axes)
    return values.mean(axis=axes), np.where(std == 0, 1, std)


def scale(values: Array, mean: Array, std: Array) -> Array:
    """Values in units of the standard deviation, measured from the mean.

    Args:
        values: (..., n_features).
        mean, std: (n_features,).

    >>> scale(np.array([[50.0], [90.0]]), np.array([70.0]), np.array([20.0])).tolist()
    [[-1.0], [1.0]]
    """
    return (values - mean) / std


def unscale(scaled: Array, mean: Array, std: Array) -> Array:
    """The inverse of ``scale``.

    Args:
        scaled: (..., n_features).
        mean, std: (n_features,).

    >>> unscale(np.array([[0.0], [0.5]]), np.array([70.0]), np.array([20.0])).tolist()
    [[70.0], [80.0]]
    """
    return scaled * std + mean


def repeated(X: Array, y: Array, times: int) -> tf.data.Dataset:
    """The same batch ``times`` times. Every epoch of ``fit`` has a cost of its own, many times that of one step on three rows.

    So 1000 steps are one epoch over this data set, and not 1000 epochs over three rows.

    >>> len(list(repeated(np.zeros((3, 4, 3)), np.zeros((3, 1)), 5)))
    5
    """
    return tf.data.Dataset.from_tensors((X, y)).repeat(times)


def build_model(days: int, features: int) -> Model:
    """Any model that predicts one number for each sequence; its weights exist when it is returned.

    Args:
        days, features: as for ``build_rnn``.

    >>> build_model(4, 3).predict(np.zeros((5, 4, 3)), verbose=0).shape
    (5, 1)
    """
    return build_rnn(8, days, features)


def train(model: Model, X: Array, y: Array, X_scale: tuple[Array, Array], y_scale: tuple[Array, Array]) -> Model:
    """Fits ``model`` to predict scaled targets from scaled inputs.

    Args:
        model: as ``build_model`` returns it.
        X: (n_sequences, days, features), in the lecture's units.
        y: (n_sequences, 1), in the lecture's units.
        X_scale, y_scale: mean and standard deviation of X and of y, as ``mean_and_std`` returns them.
    Returns:
        The trained model.

    >>> X, y = np.array([[[0.0]], [[2.0]]]), np.array([[10.0], [30.0]])  # two sequences of one day
    >>> scales = mean_and_std(X), mean_and_std(y)
    >>> model = train(build_model(1, 1), X, y, *scales)
    >>> forecast(model, X, *scales).round().tolist()
    [[10.0], [30.0]]
    """
    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(scale(X, *X_scale), scale(y, *y_scale), 1000), epochs=1, verbose=0)
    return model


def forecast(model: Model, X: Array, X_scale: tuple[Array, Array], y_scale: tuple[Array, Array]) -> Array:
    """What a trained model predicts, in the unit of the targets.

    Args:
        model: reads scaled inputs and predicts scaled targets.
        X: (n_sequences, days, features), in the lecture's units; any number of sequences.
        X_scale, y_scale: mean and standard deviation of the data that the model was trained on.
    Returns:
        (n_sequences, 1).

    >>> model = build_model(1, 1)
    >>> model.set_weights([0 * weight for weight in model.get_weights()])  # it predicts 0 for every sequence
    >>> scales = (np.array([1.0]), np.array([2.0])), (np.array([70.0]), np.array([20.0]))
    >>> forecast(model, np.array([[[5.0]], [[9.0]]]), *scales).tolist()
    [[70.0], [70.0]]
    """
    return unscale(model.predict(scale(X, *X_scale), verbose=0), *y_scale)


def saturated_share(states: Array, limit: float = 0.99) -> float:
    """Share of the numbers in ``states``, between 0 and 1, that are further than ``limit`` from zero.

    Args:
        states: array of any shape, every number between -1 and 1.
        limit: a positive number below 1.

    >>> saturated_share(np.array([0.999, -0.995, 0.5, 0.2]))
    0.5
    """
    return float(np.mean(np.abs(states) > limit))


def mean_slope(states: Array) -> float:
    """Mean slope of tanh at the points where it took the values ``states``: 1 - y * y.

    Args:
        states: array of any shape: values of tanh, not what went into it.

    >>> mean_slope(np.array([0.0, 0.5]))
    0.875
    """
    return float(np.mean(1 - np.square(states)))


def smallest_gap(last_states: Array) -> float:
    """How far apart the two cities with the most similar states are.

    Args:
        last_states: (n_sequences, n_h), at least two sequences.
    Returns:
        The distance of two cities is the largest absolute difference over the units; the smallest distance over all pairs.

    >>> smallest_gap(np.array([[0.75, 0.0], [-0.5, 0.25], [0.5, 0.125]]))
    0.25
    """
    cities = range(len(last_states))
    return float(min(np.max(np.abs(last_states[i] - last_states[j])) for i in cities for j in cities if i < j))


def add_previous_target(X: Array, y: Array) -> Array:
    """X with one more feature: the target of the day before.

    Args:
        X: (n_sequences, n_observations, n_x).
        y: (n_sequences, n_observations, 1): y[s, t] is known only after day t.
    Returns:
        (n_sequences, n_observations, n_x + 1): the features of X, then the target of the previous day in the same
        sequence; 0 on the first day of every sequence.

    >>> add_previous_target(np.array([[[8.0], [3.0], [-2.0]]]), np.array([[[30.0], [90.0], [210.0]]])).tolist()
    [[[8.0, 0.0], [3.0, 30.0], [-2.0, 90.0]]]
    """
    previous = np.zeros(y.shape)
    previous[:, 1:] = y[:, :-1]
    return np.concatenate([X, previous], axis=-1)
