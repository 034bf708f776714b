"""Parameter counting: how many numbers a recurrent model learns. Source: lecture, simple RNN and IMDB.

n_x is the number of features at one time step, n_h the number of units: the size of the state y(t).
"""

import math
from collections.abc import Sequence


def dense_params(units: int, features: int) -> int:
    """Weights of Dense(units): one per input feature and one bias for every unit.

    Args:
        units: n_h, outputs of the layer.
        features: n_x, length of the last axis of its input.

    >>> dense_params(4, 3)
    16
    """
    return units * (features + 1)


def embedding_params(input_dim: int, output_dim: int) -> int:
    """Weights of Embedding(input_dim, output_dim): a table of one row per index, without a bias.

    Args:
        input_dim: rows of the table. Whoever built the model has already counted the row of the padding.
        output_dim: numbers in one row.

    >>> embedding_params(9, 2)
    18
    """
    return input_dim * output_dim


def simple_rnn_parts(units: int, features: int) -> tuple[int, int, int]:
    """Sizes of the three weight arrays of SimpleRNN(units): kernel, recurrent kernel, bias.

    Args:
        units: n_h, size of the state.
        features: n_x, features per time step.

    >>> simple_rnn_parts(4, 3)
    (12, 16, 4)
    """
    return features * units, units * units, units


def simple_rnn_params(units: int, features: int) -> int:
    """Weights of SimpleRNN(units): n_h (n_h + n_x + 1).

    Args:
        units: n_h, size of the state.
        features: n_x, features per time step. The number of time steps plays no part.

    >>> simple_rnn_params(4, 3)
    32
    """
    return units * (units + features + 1)


def lstm_params(units: int, features: int) -> int:
    """Weights of LSTM(units): three gates and the candidate, each n_h (n_h + n_x + 1).

    Args:
        units: n_h, size of the state.
        features: n_x, features per time step. The number of time steps plays no part.

    >>> lstm_params(4, 3)
    128
    """
    return 4 * units * (units + features + 1)


def gru_params(units: int, features: int, reset_after: bool = True) -> int:
    """Weights of GRU(units): two gates and the candidate.

    Args:
        units: n_h, size of the state.
        features: n_x, features per time step.
        reset_after: True, Keras' default, keeps a second bias, for the product with the state; False is the textbook's
            GRU with one.
    Source: Keras' documentation of GRU.

    >>> gru_params(4, 3), gru_params(4, 3, reset_after=False)
    (108, 96)
    """
    biases = 2 if reset_after else 1
    return 3 * units * (units + features + biases)


def plain_params(kind: str, units: int, features: int) -> int:
    """Weights of a Dense, SimpleRNN, LSTM or GRU layer, with Keras' defaults, by the name of its class."""
    counts = {"Dense": dense_params, "SimpleRNN": simple_rnn_params, "LSTM": lstm_params, "GRU": gru_params}
    return counts[kind](units, features)


def bidirectional_params(kind: str, units: int, features: int) -> int:
    """Weights of a Bidirectional layer: one layer reads forwards, a second one with weights of its own backwards.

    Args:
        kind: "SimpleRNN", "LSTM" or "GRU".
        units: n_h of one direction.
        features: n_x; both directions read the same features.

    >>> bidirectional_params("SimpleRNN", 4, 3)
    64
    """
    return 2 * plain_params(kind, units, features)


def bidirectional_output(units: int, merge_mode: str = "concat") -> int:
    """Features that a Bidirectional layer hands on: both states side by side, or the two merged into one.

    Args:
        units: n_h of one direction.
        merge_mode: "concat" (Keras' default), "sum", "mul" or "ave".

    >>> bidirectional_output(4), bidirectional_output(4, "sum")
    (8, 4)
    """
    return 2 * units if merge_mode == "concat" else units


def layer_params(layer: tuple, features: int) -> int:
    """Weights of one layer of a stack, written as for ``stack_params``, that reads so many features."""
    kind, *sizes = layer
    if kind == "Embedding":
        return embedding_params(*sizes)
    if kind == "Bidirectional":
        return bidirectional_params(*sizes, features)
    if kind == "Dropout":
        return 0
    return plain_params(kind, *sizes, features)


def layer_output(layer: tuple, features: int) -> int:
    """Features that one layer of a stack hands on."""
    kind, *sizes = layer
    if kind == "Dropout":
        return features
    return bidirectional_output(sizes[-1]) if kind == "Bidirectional" else sizes[-1]


def stack_params(layers: Sequence[tuple], input_shape: tuple) -> list[int]:
    """Weights of each layer of a stack: the column Param # of Keras' summary.

    Args:
        layers: one tuple per layer, the name of its class first: ("Embedding", input_dim, output_dim),
            ("SimpleRNN", units), ("LSTM", units), ("GRU", units), ("Bidirectional", kind, units), ("Dense", units),
            ("Dropout", rate).
        input_shape: (length, features), or (length,) before an Embedding. The length plays no part and may be None.

    >>> stack_params([("SimpleRNN", 4), ("Dense", 2)], (None, 3))
    [32, 10]
    """
    features = input_shape[-1]
    column = []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = layer_output(layer, features)
    return column


def shared_params(units: int, features: int, length: int) -> int:
    """Weights of SimpleRNN(units) on sequences of some length: every step uses the same ones.

    Args:
        units: n_h, size of the state.
        features: n_x, features per time step.
        length: time steps of a sequence.

    >>> shared_params(4, 3, length=10)
    32
    """
    return simple_rnn_params(units, features)


def unshared_params(units: int, features: int, length: int) -> int:
    """Weights of the same network if each of its steps had a kernel, a recurrent kernel and a bias of its own.

    Args:
        units: n_h, size of the state.
        features: n_x, features per time step.
        length: time steps of a sequence.

    >>> unshared_params(4, 3, length=10)
    320
    """
    return length * simple_rnn_params(units, features)


def flattened_params(units: int, features: int, length: int) -> int:
    """Weights of Flatten() and Dense(units): to a Dense layer every day's features are features of their own.

    Args:
        units: outputs of the Dense layer.
        features: n_x, features per time step.
        length: time steps of a sequence.

    >>> flattened_params(4, 3, length=10)
    124
    """
    return dense_params(units, length * features)


# Running means that an optimizer keeps for each weight it trains: SGD none, RMSprop one of the squared gradient, Adam
# that and one of the gradient. All three keep two single numbers besides, the iteration and the learning rate.
OPTIMIZER_COPIES = {"sgd": 0, "rmsprop": 1, "adam": 2}


def optimizer_params(trainable: int, frozen: int, optimizer: str) -> int:
    """Numbers that a Keras optimizer keeps for a model: the line Optimizer params of the summary after a fit.

    Args:
        trainable: weights of the model that are trained.
        frozen: weights that are not; the optimizer keeps nothing for them.
        optimizer: "sgd", "rmsprop" or "adam", with Keras' defaults.
    Source: measured with Keras 3.15.

    >>> optimizer_params(32, 5, "rmsprop")
    34
    """
    return OPTIMIZER_COPIES[optimizer] * trainable + 2


def printed_total(trainable: int, frozen: int, optimizer: str, fitted: bool) -> int:
    """The number that Keras prints after Total params for a compiled model.

    Args:
        trainable, frozen, optimizer: as for ``optimizer_params``.
        fitted: whether the model has been fitted. The optimizer makes its variables at the first step.

    >>> printed_total(32, 5, "rmsprop", fitted=True), printed_total(32, 5, "rmsprop", fitted=False)
    (71, 37)
    """
    weights = trainable + frozen
    return weights + optimizer_params(trainable, frozen, optimizer) if fitted else weights


def weights_from_total(total: int, optimizer: str) -> int:
    """Weights of a fitted model, all of them trainable, from the number that Keras prints after Total params.

    Args:
        total: the printed number.
        optimizer: "sgd", "rmsprop" or "adam", with Keras' defaults.

    >>> weights_from_total(98, "adam")
    32
    """
    return (total - 2) // (OPTIMIZER_COPIES[optimizer] + 1)


def imdb_params(num_words: int, length: int, dimensions: int, units: int) -> int:
    """Weights of the lecture's IMDB model: Embedding(num_words, dimensions), LSTM(units), Dense(1).

    Args:
        num_words: rows of the embedding.
        length: words per padded review; plays no part.
        dimensions: numbers per word.
        units: n_h of the LSTM.

    >>> imdb_params(20, 7, 3, 4)
    193
    """
    return embedding_params(num_words, dimensions) + lstm_params(units, dimensions) + dense_params(1, units)


def steps_per_epoch(sequences: int, batch_size: int) -> int:
    """Batches that one pass over the data takes, the last and smaller one included.

    Args:
        sequences: rows of X.
        batch_size: rows per batch.

    >>> steps_per_epoch(10, 4)
    3
    """
    return math.ceil(sequences / batch_size)


def last_batch(sequences: int, batch_size: int) -> int:
    """Sequences in the last batch of a pass: what the full batches before it leave, at least one.

    Args:
        sequences: rows of X.
        batch_size: rows per batch.

    >>> last_batch(10, 4), last_batch(8, 4)
    (2, 4)
    """
    return sequences - (steps_per_epoch(sequences, batch_size) - 1) * batch_size


def left_out(sequences: int, batch_size: int) -> int:
    """Sequences of one pass that a stateful model cannot take: those that fill no batch.

    Keras 3.15 feeds a smaller last batch even to a model made with batch_shape; only stateful=True fixes the size.

    Args:
        sequences: rows of X.
        batch_size: rows that every batch must have.

    >>> left_out(10, 4)
    2
    """
    return sequences % batch_size
