"""Right answers for recurrent networks with plain loops over numbers, lists as results, and an ordinary fit over epochs."""

import math

import keras
import numpy as np


def dot(left, right):
    return sum(a * b for a, b in zip(left, right, strict=True))


def column(matrix, index):
    return [row[index] for row in matrix]


def dense(values, kernel, bias):
    return [float(dot(values, column(kernel, unit)) + bias[unit]) for unit in range(len(bias))]


def all_states(X, kernel, recurrent_kernel, bias):
    units = range(len(bias))
    answer = []
    for sequence in X:
        before = [0.0] * len(bias)
        days = []
        for day in sequence:
            total = [
                dot(day, column(kernel, unit)) + dot(before, column(recurrent_kernel, unit)) + bias[unit]
                for unit in units
            ]
            before = [math.tanh(number) for number in total]
            days.append(before)
        answer.append(days)
    return answer


def last_state(X, kernel, recurrent_kernel, bias):
    return [days[-1] for days in all_states(X, kernel, recurrent_kernel, bias)]


def predict_last_day(states, kernel, bias):
    return [dense(days[-1], kernel, bias) for days in states]


def predict_every_day(states, kernel, bias):
    return [[dense(day, kernel, bias) for day in days] for days in states]


def build_rnn(units, days, features):
    model = keras.Sequential()
    model.add(keras.Input(shape=(days, features)))
    model.add(keras.layers.SimpleRNN(units, activation="tanh"))
    model.add(keras.layers.Dense(1, activation="linear"))
    return model


def build_deeper_head(units, hidden, days, features):
    model = keras.Sequential()
    model.add(keras.layers.SimpleRNN(units, input_shape=(days, features)))
    model.add(keras.layers.Dense(hidden))
    model.add(keras.layers.ReLU())
    model.add(keras.layers.Dense(1))
    return model


def two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    answer = []
    for row in X:
        hidden = dense(row, kernel_1, bias_1)
        if relu:
            hidden = [max(0.0, number) for number in hidden]
        answer.append(dense(hidden, kernel_2, bias_2))
    return answer


def collapse(kernel_1, bias_1, kernel_2, bias_2):
    outputs = range(len(bias_2))
    kernel = [[float(dot(row, column(kernel_2, output))) for output in outputs] for row in kernel_1]
    return [kernel, dense(bias_1, kernel_2, bias_2)]


def build_stack(units, days, features):
    model = keras.Sequential([keras.Input((days, features))])
    for position, number in enumerate(units):
        last = position == len(units) - 1
        model.add(keras.layers.SimpleRNN(int(number), return_sequences=not last))
    model.add(keras.layers.Dense(1))
    return model


def build_lstm(units, days, features):
    model = keras.Sequential()
    model.add(keras.layers.LSTM(units))
    model.add(keras.layers.Dense(1))
    model.build((None, days, features))
    return model


def build_sequence_model(units, features):
    model = keras.Sequential([keras.Input((None, features))])
    model.add(keras.layers.SimpleRNN(units, return_sequences=True))
    model.add(keras.layers.TimeDistributed(keras.layers.Dense(1)))
    return model


def mean_and_std(values):
    rows = np.reshape(values, (-1, np.shape(values)[-1])).tolist()
    means, deviations = [], []
    for index in range(len(rows[0])):
        numbers = column(rows, index)
        mean = math.fsum(numbers) / len(numbers)
        deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))
        means.append(mean)
        deviations.append(deviation if deviation > 0 else 1.0)
    return [means, deviations]


def scale(values, mean, std):
    flat = np.reshape(values, (-1, len(mean)))
    rows = [[(row[i] - mean[i]) / std[i] for i in range(len(mean))] for row in flat]
    return np.reshape(rows, np.shape(values))


def unscale(scaled, mean, std):
    flat = np.reshape(scaled, (-1, len(mean)))
    rows = [[row[i] * std[i] + mean[i] for i in range(len(mean))] for row in flat]
    return np.reshape(rows, np.shape(scaled))


def build_model(days, features):
    return build_rnn(10, days, features)


def train(model, X, y, X_scale, y_scale):
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mean_squared_error", metrics=["mae"])
    model.fit(scale(X, *X_scale), scale(y, *y_scale), epochs=150, verbose=2)  # an epoch is one step here
    return model


def forecast(model, X, X_scale, y_scale):
    return [unscale(model.predict(scale(city[None], *X_scale)), *y_scale)[0] for city in X]


def saturated_share(states, limit=0.99):
    numbers = np.ravel(states).tolist()
    return len([number for number in numbers if number > limit or number < -limit]) / len(numbers)


def mean_slope(states):
    numbers = np.ravel(states).tolist()
    return sum((1 - number) * (1 + number) for number in numbers) / len(numbers)


def smallest_gap(last_states):
    smallest = math.inf
    for i in range(len(last_states)):
        for j in range(i):
            gap = max(abs(a - b) for a, b in zip(last_states[i], last_states[j], strict=True))
            smallest = min(smallest, gap)
    return smallest


def add_previous_target(X, y):
    answer = []
    for days, targets in zip(X.tolist(), y.tolist(), strict=True):
        answer.append([day + ([0.0] if t == 0 else targets[t - 1]) for t, day in enumerate(days)])
    return answer
