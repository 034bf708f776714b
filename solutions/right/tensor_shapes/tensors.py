"""Right answers with TensorFlow: tensors instead of arrays, float32 throughout."""

import numpy as np
import tensorflow as tf


def make_x(sequences):
    return tf.constant(sequences, dtype=tf.float32)


def make_y(targets):
    return tf.cast(tf.reshape(targets, (len(targets), 1, 1)), tf.float32)


def describe_axes(x):
    ragged = tf.ragged.constant([[0] * len(sequence) for sequence in x])
    observation = tf.convert_to_tensor(x[0][0])
    lengths = ragged.row_lengths()
    same = bool(tf.reduce_all(lengths == lengths[0]))
    axes = {"sequences": int(ragged.nrows()), "observations": int(lengths[0]) if same else None}
    names = ["features"] if observation.ndim == 1 else ["height", "width", "channels"]
    axes.update(zip(names, observation.shape))
    return axes


def make_y_sequence(sequences, targets, feature):
    x = tf.constant(sequences, dtype=tf.float32)
    last = tf.reshape(tf.constant(targets, dtype=tf.float32), (-1, 1))
    return tf.expand_dims(tf.concat([x[:, 1:, feature], last], axis=1), axis=-1)


def cut_next_day(recordings, n_observations):
    recordings = tf.constant(recordings, dtype=tf.float32)
    n_windows = recordings.shape[1] - n_observations
    x = tf.stack([recordings[:, start : start + n_observations] for start in range(n_windows)], axis=1)
    y = tf.stack([recordings[:, start + n_observations] for start in range(n_windows)], axis=1)
    features = recordings.shape[2]
    return tf.reshape(x, (-1, n_observations, features)), tf.reshape(y, (-1, 1, features))


def cut(recordings, n_observations, offsets, inputs, outputs):
    x, y = [], []
    for recording in recordings:
        seen = tf.cast(tf.gather(recording, list(inputs), axis=1), tf.float32)
        predicted = tf.cast(tf.gather(recording, list(outputs), axis=1), tf.float32)
        for start in range(len(recording) - n_observations - max(offsets) + 1):
            x.append(seen[start : start + n_observations])
            y.append(tf.gather(predicted, [start + n_observations + offset - 1 for offset in offsets]))
    return tf.stack(x), tf.stack(y)


def cut_with_classes(recordings, classes, n_observations):
    windows = [tf.signal.frame(recording, n_observations, 1, axis=0) for recording in recordings]
    y = tf.repeat(tf.constant(classes), [len(w) for w in windows])
    return tf.concat(windows, axis=0), y[:, tf.newaxis, tf.newaxis]


def fits(input_shape, shape):
    return tf.TensorShape(input_shape).is_compatible_with(tf.TensorShape(shape))


def input_shape_for(shapes):
    common = tf.TensorShape(shapes[0])
    for shape in shapes[1:]:
        common = common.most_specific_compatible_shape(tf.TensorShape(shape))
    return (None, *common.as_list()[1:])


def mean_absolute_error(y, prediction):
    return tf.reduce_mean(tf.abs(y - tf.cast(tf.reshape(prediction, np.shape(y)), y.dtype)))
