"""Reference solution of the assignment tensor_shapes: from lists and recordings to X and y.

Every X is ``(n_sequences, n_observations, n_features)`` and every y ``(n_sequences, output_length, n_features)``.
Source: lecture "Natural Language Processing with Recurrent Neural Networks", section 1.
"""

from collections.abc import Sequence

import numpy as np

# The axes behind sequences and observations, by the rank of one observation.
OBSERVATION_AXES = {
    0: [],
    1: ["features"],
    2: ["height", "width"],
    3: ["height", "width", "channels"],
}

Shape = Sequence[int | None]


def make_x(sequences: Sequence) -> np.ndarray:
    """The input tensor of a recurrent network.

    Args:
        sequences: n_sequences lists, each of n_observations lists, each of n_features numbers.
    Returns:
        (n_sequences, n_observations, n_features), float32.

    >>> make_x([[[7, 1, 3], [8, 2, 5]]]).shape
    (1, 2, 3)
    """
    return np.array(sequences, dtype=np.float32)


def make_y(targets: Sequence) -> np.ndarray:
    """The target tensor when one number per sequence is predicted.

    Args:
        targets: n_sequences numbers.
    Returns:
        (n_sequences, 1, 1), float32: one observation with one feature for each sequence.

    >>> make_y([3, 5]).tolist()
    [[[3.0]], [[5.0]]]
    """
    return np.array(targets, dtype=np.float32).reshape(-1, 1, 1)


def describe_axes(x: Sequence) -> dict[str, int | None]:
    """The name and the size of every axis of an input tensor.

    Args:
        x: sequences of observations, as an array or as lists. An observation is a number, a vector or an image. The
            sequences may differ in length (ragged); none is empty, and all observations have the same shape.
    Returns:
        Axis name -> size; the number of observations is None where it differs from sequence to sequence.

    >>> describe_axes([[[1, 2, 3], [4, 5, 6]], [[7, 8, 9]]])
    {'sequences': 2, 'observations': None, 'features': 3}
    """
    return {"sequences": len(x), "observations": common_length(x), **axes_of_an_observation(x)}


def common_length(x: Sequence) -> int | None:
    """The number of observations that all sequences have; None where they differ."""
    lengths = {len(sequence) for sequence in x}
    return lengths.pop() if len(lengths) == 1 else None


def axes_of_an_observation(x: Sequence) -> dict[str, int]:
    """The axes behind sequences and observations, read from the first observation: all have its shape."""
    shape = np.shape(x[0][0])
    return dict(zip(OBSERVATION_AXES[len(shape)], shape, strict=True))


def make_y_sequence(sequences: Sequence, targets: Sequence, feature: int) -> np.ndarray:
    """The target tensor when a whole sequence is predicted: for every day, the feature on the day after it.

    Args:
        sequences: (n_sequences, n_observations, n_features), as lists or as an array.
        targets: n_sequences numbers, the feature on the day after the last observation.
        feature: position of the predicted feature, counted from 0.
    Returns:
        (n_sequences, n_observations, 1).

    >>> make_y_sequence([[[1, 20], [2, 30]], [[3, 40], [4, 50]]], [70, 90], feature=1).tolist()
    [[[30], [70]], [[50], [90]]]
    """
    days = np.asarray(sequences)[:, 1:, feature]
    last_day = np.reshape(targets, (-1, 1))
    return np.concatenate([days, last_day], axis=1)[:, :, np.newaxis]


def cut_next_day(recordings: np.ndarray, n_observations: int) -> tuple[np.ndarray, np.ndarray]:
    """Cuts recordings into windows; the day after a window is its target.

    Args:
        recordings: (n_recordings, n_days, n_features), with n_days > n_observations.
        n_observations: days in one window. Windows start one day apart (stride 1).
    Returns:
        X (n_windows, n_observations, n_features) and y (n_windows, 1, n_features). All windows of the first
        recording come before those of the second, the earlier ones first.

    >>> X, y = cut_next_day([[[1], [2], [3], [4]]], 2)
    >>> X.tolist(), y.tolist()
    ([[[1], [2]], [[2], [3]]], [[[3]], [[4]]])
    """
    x, y = [], []
    for recording in np.asarray(recordings):
        for start in range(len(recording) - n_observations):
            next_day = start + n_observations
            x.append(recording[start:next_day])
            y.append(recording[next_day : next_day + 1])
    return np.array(x), np.array(y)


def cut(
    recordings: np.ndarray,
    n_observations: int,
    offsets: Sequence[int],
    inputs: Sequence[int],
    outputs: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Cuts recordings into windows with any days after the window as targets.

    Args:
        recordings: (n_recordings, n_days, n_features).
        n_observations: days in one window. Windows start one day apart (stride 1).
        offsets: the predicted days, counted from 1 for the day after the window's last day, in increasing order.
        inputs: positions of the features in X, counted from 0.
        outputs: positions of the features in y, counted from 0.
    Returns:
        X (n_windows, n_observations, len(inputs)) and y (n_windows, len(offsets), len(outputs)), for every window
        whose last predicted day still lies in its recording. Recordings in their order, then the earlier windows first.

    >>> recording = [[day, 10 * day] for day in range(1, 7)]
    >>> X, y = cut([recording], 2, offsets=[1, 3], inputs=[0], outputs=[1])
    >>> X.tolist(), y.tolist()
    ([[[1], [2]], [[2], [3]]], [[[30], [50]], [[40], [60]]])
    """
    x, y = [], []
    for recording in np.asarray(recordings):
        for start in range(len(recording) - n_observations - max(offsets) + 1):
            last_day = start + n_observations - 1
            x.append(recording[start : last_day + 1][:, list(inputs)])
            y.append(recording[[last_day + offset for offset in offsets]][:, list(outputs)])
    return np.array(x), np.array(y)


def cut_with_classes(
    recordings: np.ndarray, classes: Sequence[int], n_observations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cuts recordings into windows; the class of the recording is the target of each of its windows.

    Args:
        recordings: (n_recordings, n_days, n_features), with n_days >= n_observations.
        classes: n_recordings whole numbers.
        n_observations: days in one window. Windows start one day apart (stride 1).
    Returns:
        X (n_windows, n_observations, n_features) and y (n_windows, 1, 1). A window needs no day after it, so each
        recording gives n_days - n_observations + 1 of them.

    >>> X, y = cut_with_classes([[[1], [2], [3]], [[4], [5], [6]]], [8, 9], 2)
    >>> X.tolist(), y.tolist()
    ([[[1], [2]], [[2], [3]], [[4], [5]], [[5], [6]]], [[[8]], [[8]], [[9]], [[9]]])
    """
    x, y = [], []
    for recording, class_number in zip(np.asarray(recordings), classes, strict=True):
        for start in range(len(recording) - n_observations + 1):
            x.append(recording[start : start + n_observations])
            y.append([[class_number]])
    return np.array(x), np.array(y)


def fits(input_shape: Shape, shape: Sequence[int]) -> bool:
    """Whether an array of this shape is what a model declares to take.

    Args:
        input_shape: the model's, batch axis included. None stands for any size, a number for exactly this size.
        shape: an array's.

    >>> fits((None, 5, 2), (7, 5, 2)), fits((None, 5, 2), (7, 5, 3))
    (True, False)
    """
    if len(input_shape) != len(shape):
        return False
    return all(expected is None or expected == size for expected, size in zip(input_shape, shape, strict=True))


def input_shape_for(shapes: Sequence[Sequence[int]]) -> tuple[int | None, ...]:
    """The input shape of one model that takes arrays of all these shapes, as narrow as possible.

    Args:
        shapes: shapes of at least two arrays, all of the same rank, the batch axis first.
    Returns:
        One entry per axis. The batch axis is always None; another axis is None only where the shapes differ.

    >>> input_shape_for([(7, 5, 2), (7, 6, 2)])
    (None, None, 2)
    """
    sizes = [set(axis) for axis in zip(*shapes, strict=True)]
    return (None, *(axis.pop() if len(axis) == 1 else None for axis in sizes[1:]))


def mean_absolute_error(y: np.ndarray, prediction: np.ndarray) -> float:
    """Mean distance between targets and predictions, each target compared with its own prediction only.

    Args:
        y: (n_sequences, output_length, n_features), any unit.
        prediction: the predictions in the same order, with as many numbers as y; of the shape of y or with axes of
            length 1 left out, as ``model.predict`` gives (n, 1) where y is (n, 1, 1).
    Returns:
        The mean of the absolute differences, in the unit of y; 0 for a perfect model.

    >>> mean_absolute_error([[[1]], [[5]]], [[2], [2]])
    2.0
    """
    y = np.asarray(y, dtype=float)
    return float(np.mean(np.abs(y - np.reshape(prediction, y.shape))))
