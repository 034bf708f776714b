"""The formulas written in other ways, with answers as floats, numpy numbers, arrays of one number, and tensors."""

import numpy as np
import tensorflow as tf

CELLS = {"SimpleRNN": np.array([1, 1]), "LSTM": np.array([4, 1]), "GRU": np.array([3, 2])}  # updates, biases of each


def dense_params(units, features):
    return np.array([units * features + units])


def embedding_params(input_dim, output_dim):
    return float(input_dim) * output_dim


def simple_rnn_parts(units, features):
    return np.array([units * features, units**2, units], dtype="float32")


def simple_rnn_params(units, features):
    return tf.reduce_sum(tf.constant([units * features, units**2, units]))


def cell(kind, units, features):
    updates, biases = CELLS[kind]
    return updates * (np.ones((units, features)).size + np.ones((units, units)).size + biases * units)


def lstm_params(units, features):
    return cell("LSTM", units, features)


def gru_params(units, features, reset_after=True):
    return np.float64(cell("GRU", units, features) - (0 if reset_after else 3 * units))


def bidirectional_params(kind, units, features):
    return np.multiply(2, cell(kind, units, features))


def bidirectional_output(units, merge_mode="concat"):
    return tf.constant(float(units)) * (2 if merge_mode == "concat" else 1)


def stack_params(layers, input_shape):
    *_, n = input_shape
    found = np.zeros(len(layers))
    for i, (kind, *rest) in enumerate(layers):
        match [kind, *rest]:
            case ["Embedding", rows, columns]:
                found[i], n = rows * columns, columns
            case ["Bidirectional", inside, units]:
                found[i], n = 2 * cell(inside, units, n), 2 * units
            case ["Dense", units]:
                found[i], n = (n + 1) * units, units
            case ["Dropout", _]:
                pass
            case [_, units]:
                found[i], n = cell(kind, units, n), units
    return found


def shared_params(units, features, length):
    return tf.constant([cell("SimpleRNN", units, features)])


def unshared_params(units, features, length):
    return np.repeat(cell("SimpleRNN", units, features), length).sum()


def flattened_params(units, features, length):
    return np.full((1, 1), units + units * features * length)


def optimizer_params(trainable, frozen, optimizer):
    return 2.0 + ["sgd", "rmsprop", "adam"].index(optimizer) * trainable


def printed_total(trainable, frozen, optimizer, fitted):
    return np.where(fitted, optimizer_params(trainable, frozen, optimizer), 0) + trainable + frozen


def weights_from_total(total, optimizer):
    return np.float32(total - 2) / (["sgd", "rmsprop", "adam"].index(optimizer) + 1)


def imdb_params(num_words, length, dimensions, units):
    return np.sum(stack_params([("Embedding", num_words, dimensions), ("LSTM", units), ("Dense", 1)], (None,)))


def steps_per_epoch(sequences, batch_size):
    return np.ceil(sequences / batch_size)


def last_batch(sequences, batch_size):
    return np.array([batch.size for batch in np.split(np.arange(sequences), range(batch_size, sequences, batch_size))])[
        -1
    ]


def left_out(sequences, batch_size):
    return np.mod([sequences], batch_size)
