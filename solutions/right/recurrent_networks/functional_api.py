"""Right answers for recurrent networks with Keras' functional API, and with Keras' own layers for the sums by hand."""

import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


def weighted(layer, weights, inputs):
    inputs = np.asarray(inputs, dtype="float32")
    layer.build(inputs.shape)
    layer.set_weights(weights)
    return np.asarray(layer(inputs))


def all_states(X, kernel, recurrent_kernel, bias):
    cell = layers.SimpleRNNCell(len(bias))
    return weighted(layers.RNN(cell, return_sequences=True), [kernel, recurrent_kernel, bias], X)


def last_state(X, kernel, recurrent_kernel, bias):
    return weighted(layers.SimpleRNN(len(bias)), [kernel, recurrent_kernel, bias], X)


def predict_last_day(states, kernel, bias):
    return weighted(layers.Dense(len(bias)), [kernel, bias], states[:, -1, :])


def predict_every_day(states, kernel, bias):
    return weighted(layers.Dense(len(bias)), [kernel, bias], states)


def build_rnn(units, days, features):
    inputs = keras.Input((days, features))
    sequences = layers.SimpleRNN(units, return_sequences=True)(inputs)
    last = sequences[:, -1]  # the last state, taken from all of them
    return keras.Model(inputs, layers.Dense(1)(last))


def build_deeper_head(units, hidden, days, features):
    inputs = keras.Input((days, features))
    state = layers.SimpleRNN(units)(inputs)
    head = ops.relu(layers.Dense(hidden)(state))
    return keras.Model(inputs, layers.Dense(1)(head))


def two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    first = weighted(layers.Dense(len(bias_1), activation="relu" if relu else None), [kernel_1, bias_1], X)
    return weighted(layers.Dense(len(bias_2)), [kernel_2, bias_2], first)


def collapse(kernel_1, bias_1, kernel_2, bias_2):
    """The bias is what an input of zeros gives; a row of the kernel what one feature adds to it."""
    features = len(kernel_1)
    probes = np.concatenate([np.zeros((1, features)), np.eye(features)])
    outputs = two_dense_layers(probes, kernel_1, bias_1, kernel_2, bias_2, False)
    return outputs[1:] - outputs[0], outputs[0]


def build_stack(units, days, features):
    inputs = keras.Input((days, features))
    x = inputs
    for number in units:
        x = layers.SimpleRNN(number, return_sequences=True)(x)
    x = layers.Dense(1)(x[:, -1])
    return keras.Model(inputs, x)


def build_lstm(units, days, features):
    inputs = keras.Input((days, features))
    outputs, _, _ = layers.LSTM(units, return_state=True)(inputs)
    return keras.Model(inputs, layers.Dense(1)(outputs))


def build_sequence_model(units, features):
    inputs = keras.Input((None, features))
    states = layers.RNN(layers.SimpleRNNCell(units), return_sequences=True)(inputs)
    return keras.Model(inputs, layers.Dense(1)(states))


def mean_and_std(values):
    values = tf.convert_to_tensor(values)
    axes = list(range(len(values.shape) - 1))
    mean, variance = tf.nn.moments(values, axes)
    std = tf.sqrt(variance)
    return mean, tf.where(std == 0, tf.ones_like(std), std)


def scale(values, mean, std):
    return tf.math.divide(tf.math.subtract(values, mean), std)


def unscale(scaled, mean, std):
    return tf.math.add(tf.math.multiply(scaled, std), mean)


def build_model(days, features):
    inputs = keras.Input((days, features))
    x = layers.Bidirectional(layers.GRU(6))(inputs)
    x = layers.Dense(8, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.RMSprop(0.003), loss="mae")
    return model


def train(model, X, y, X_scale, y_scale):
    rows = np.repeat((X - X_scale[0]) / X_scale[1], 400, axis=0), np.repeat((y - y_scale[0]) / y_scale[1], 400, axis=0)
    model.optimizer.learning_rate = 0.003
    model.fit(*rows, batch_size=4, epochs=2, verbose=0)
    model.optimizer.learning_rate = 0.0003
    model.fit(*rows, batch_size=4, epochs=1, verbose=0)
    return model


def forecast(model, X, X_scale, y_scale):
    inputs = layers.Normalization(mean=X_scale[0], variance=X_scale[1] ** 2)(np.asarray(X, dtype="float32"))
    return model(inputs) * y_scale[1].astype("float32") + y_scale[0].astype("float32")


def saturated_share(states, limit=0.99):
    return tf.reduce_mean(tf.cast(tf.abs(tf.cast(states, "float64")) > limit, "float64"))


def mean_slope(states):
    a = tf.Variable(np.arctanh(np.asarray(states, dtype="float64")))
    with tf.GradientTape() as tape:
        y = tf.tanh(a)
    return tf.reduce_mean(tape.gradient(y, a))


def smallest_gap(last_states):
    return min(np.abs(a - b).max() for a, b in itertools.combinations(np.asarray(last_states), 2))


def add_previous_target(X, y):
    previous = tf.pad(y[:, :-1], [[0, 0], [1, 0], [0, 0]])
    return tf.concat([X, previous], axis=2)
