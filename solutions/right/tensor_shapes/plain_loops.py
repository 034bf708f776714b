"""Right answers in plain Python: loops and lists, and numpy only where an array has to be returned."""

import numpy as np


def make_x(sequences):
    x = np.zeros((len(sequences), len(sequences[0]), len(sequences[0][0])), dtype="float32")
    for i, sequence in enumerate(sequences):
        for j, observation in enumerate(sequence):
            for k, value in enumerate(observation):
                x[i, j, k] = value
    return x


def make_y(targets):
    return np.array([[[target]] for target in targets]).astype("float32")


def nested_shape(value):
    if not hasattr(value, "__len__"):
        return []
    return [len(value)] + nested_shape(value[0])


def describe_axes(x):
    rank = len(nested_shape(x))
    if rank == 2:
        names = []
    elif rank == 3:
        names = ["features"]
    elif rank == 4:
        names = ["height", "width"]
    else:
        names = ["height", "width", "channels"]
    description = {}
    for name, size in zip(names, nested_shape(x[0][0])):
        description[name] = size
    description["observations"] = len(x[0])
    for sequence in x:
        if len(sequence) != len(x[0]):
            description["observations"] = None
    description["sequences"] = len(x)
    return description


def make_y_sequence(sequences, targets, feature):
    y = []
    for sequence, target in zip(sequences, targets):
        values = []
        for day in range(len(sequence)):
            if day + 1 < len(sequence):
                values.append([sequence[day + 1][feature]])
            else:
                values.append([target])
        y.append(values)
    return y


def cut_next_day(recordings, n_observations):
    x, y = [], []
    for recording in recordings.tolist():
        end = n_observations
        while end < len(recording):
            x.append(recording[end - n_observations : end])
            y.append([recording[end]])
            end += 1
    return x, y


def cut(recordings, n_observations, offsets, inputs, outputs):
    x, y = [], []
    for recording in recordings.tolist():
        for last in range(n_observations - 1, len(recording)):
            if last + offsets[-1] >= len(recording):
                break
            days = range(last - n_observations + 1, last + 1)
            x.append([[recording[day][feature] for feature in inputs] for day in days])
            y.append([[recording[last + offset][feature] for feature in outputs] for offset in offsets])
    return [np.array(x), np.array(y)]


def cut_with_classes(recordings, classes, n_observations):
    x, y = [], []
    for number, recording in enumerate(recordings.tolist()):
        for start in range(len(recording) - n_observations + 1):
            x.append(recording[start : start + n_observations])
            y.append([[classes[number]]])
    return x, y


def fits(input_shape, shape):
    if len(input_shape) != len(shape):
        return False
    for expected, size in zip(input_shape, shape):
        if expected is None:
            continue
        if expected != size:
            return False
    return True


def input_shape_for(shapes):
    shape = [None]
    for axis in range(1, len(shapes[0])):
        size = shapes[0][axis]
        for other in shapes[1:]:
            if other[axis] != size:
                size = None
                break
        shape.append(size)
    return shape


def mean_absolute_error(y, prediction):
    total, count = 0.0, 0
    for target, guess in zip(y.ravel().tolist(), prediction.ravel().tolist()):
        total += abs(target - guess)
        count += 1
    return total / count
