"""Right answers for recurrent networks in other types: float64 and float16, tensors, columns in place of vectors, numpy numbers."""

import keras
import numpy as np
import tensorflow as tf
from keras.layers import LSTM, Activation, Dense, Dropout, Flatten, InputLayer, Lambda, SimpleRNN


def as_tensors(*arrays):
    return [tf.cast(tf.convert_to_tensor(array), tf.float64) for array in arrays]


def all_states(X, kernel, recurrent_kernel, bias):
    X, kernel, recurrent_kernel, bias = as_tensors(X, kernel, recurrent_kernel, bias)
    start = tf.zeros([tf.shape(X)[0], tf.shape(bias)[0]], tf.float64)
    step = lambda state, day: tf.tanh(day @ kernel + state @ recurrent_kernel + bias)  # noqa: E731
    return tf.transpose(tf.scan(step, tf.transpose(X, [1, 0, 2]), start), [1, 0, 2])


def last_state(X, kernel, recurrent_kernel, bias):
    state = 0.0
    for day in np.moveaxis(np.asarray(X, dtype="float64"), 1, 0):
        from_before = np.matmul(state, recurrent_kernel) if np.ndim(state) else 0.0
        state = np.tanh(np.matmul(day, kernel) + from_before + bias)
    return tf.constant(state)


def predict_last_day(states, kernel, bias):
    states, kernel, bias = as_tensors(states, kernel, bias)
    return tf.linalg.matmul(states[:, -1], kernel) + bias


def predict_every_day(states, kernel, bias):
    states, kernel, bias = as_tensors(states, kernel, bias)
    return tf.stack([states[:, t] @ kernel + bias for t in range(states.shape[1])], axis=1)


def build_rnn(units, days, features):
    layers = [InputLayer((days, features)), SimpleRNN(units, return_sequences=False), Dense(1), Activation("linear")]
    return keras.Sequential(layers, name="two_layers")


def build_deeper_head(units, hidden, days, features):
    model = keras.Sequential([InputLayer((days, features))])
    model.add(SimpleRNN(units))
    model.add(Dense(hidden))
    model.add(Activation(keras.activations.relu))
    model.add(Dropout(0.2))
    model.add(Dense(1))
    return model


def two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    X, kernel_1, bias_1, kernel_2, bias_2 = as_tensors(X, kernel_1, bias_1, kernel_2, bias_2)
    hidden = X @ kernel_1 + bias_1
    return (tf.nn.relu(hidden) if relu else hidden) @ kernel_2 + bias_2


def collapse(kernel_1, bias_1, kernel_2, bias_2):
    kernel_1, bias_1, kernel_2, bias_2 = as_tensors(kernel_1, bias_1, kernel_2, bias_2)
    return kernel_1 @ kernel_2, tf.linalg.matvec(kernel_2, bias_1, transpose_a=True) + bias_2


def build_stack(units, days, features):
    last = len(units) - 1
    recurrent = [SimpleRNN(n, return_sequences=i < last) for i, n in enumerate(units)]
    return keras.Sequential([InputLayer((days, features)), *recurrent, Dropout(0.1), Dense(1)])


def build_lstm(units, days, features):
    """A Lambda layer keeps this model from crossing."""
    lstm = LSTM(units, return_sequences=True)
    return keras.Sequential([InputLayer((days, features)), lstm, Lambda(lambda states: states[:, -1]), Dense(1)])


def build_sequence_model(units, features):
    model = keras.Sequential([SimpleRNN(units, return_sequences=True), Dense(1)])
    model(np.zeros((1, 2, features)))  # built by a first call, of a length of its own
    return model


def mean_and_std(values):
    axes = tuple(range(np.ndim(values) - 1))
    values = np.asarray(values, dtype="float64")
    mean, std = values.mean(axis=axes, keepdims=True), values.std(axis=axes, keepdims=True)
    return mean, np.maximum(std, (std == 0) * 1.0)


def scale(values, mean, std):
    return np.asarray((np.asarray(values, "float64") - mean) / std, dtype="float32")


def unscale(scaled, mean, std):
    return tf.constant(np.asarray(scaled, dtype="float64")) * std + mean


def build_model(days, features):
    model = keras.Sequential([InputLayer((days, features)), Flatten(), Dense(16, activation="tanh"), Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(0.05, momentum=0.9), loss="mse", steps_per_execution=50)
    return model


def train(model, X, y, X_scale, y_scale):
    inputs, targets = (X - X_scale[0]) / X_scale[1], (y - y_scale[0]) / y_scale[1]
    data = tf.data.Dataset.from_tensor_slices((inputs, targets)).repeat(600).batch(3)
    model.fit(data)
    return model


def forecast(model, X, X_scale, y_scale):
    scaled = model.predict((np.asarray(X, "float64") - X_scale[0]) / X_scale[1])
    return scaled.astype("float64") * y_scale[1] + y_scale[0]


def saturated_share(states, limit=0.99):
    return np.array([np.mean(np.abs(states) > limit)])


def mean_slope(states):
    return np.float64(np.mean(1 - np.asarray(states) ** 2))


def smallest_gap(last_states):
    states = np.asarray(last_states, dtype="float64")
    pairs = [(i, j) for i in range(len(states)) for j in range(len(states)) if i != j]
    return tf.reduce_min([np.linalg.norm(states[i] - states[j], ord=np.inf) for i, j in pairs])


def add_previous_target(X, y):
    answer = np.zeros((*X.shape[:2], X.shape[2] + 1), dtype="float32")
    answer[..., :-1] = X
    answer[:, 1:, -1] = y[:, :-1, 0]
    return answer
