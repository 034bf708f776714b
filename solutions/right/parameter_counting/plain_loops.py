"""Counts one connection after the other, in loops, and uses no formula."""


def dense_params(units, features):
    count = 0
    for _ in range(units):
        for _ in range(features):
            count += 1
        count += 1
    return count


def embedding_params(input_dim, output_dim):
    count = 0
    for _ in range(input_dim):
        count += output_dim
    return count


def simple_rnn_parts(units, features):
    parts = [0, 0, 0]
    for _ in range(units):
        for _ in range(features):
            parts[0] += 1
        for _ in range(units):
            parts[1] += 1
        parts[2] += 1
    return parts


def simple_rnn_params(units, features):
    count = 0
    for part in simple_rnn_parts(units, features):
        count += part
    return count


def lstm_params(units, features):
    count = 0
    for _ in ("forget", "input", "output", "candidate"):
        count += simple_rnn_params(units, features)
    return count


def gru_params(units, features, reset_after=True):
    count = 0
    for _ in ("update", "reset", "candidate"):
        count += simple_rnn_params(units, features)
        if reset_after:
            count += units
    return count


def one_layer(kind, units, features):
    if kind == "SimpleRNN":
        return simple_rnn_params(units, features)
    if kind == "LSTM":
        return lstm_params(units, features)
    if kind == "GRU":
        return gru_params(units, features)
    return dense_params(units, features)


def bidirectional_params(kind, units, features):
    count = 0
    for _ in ("forwards", "backwards"):
        count += one_layer(kind, units, features)
    return count


def bidirectional_output(units, merge_mode="concat"):
    if merge_mode in ("sum", "mul", "ave"):
        return units
    return units + units


def stack_params(layers, input_shape):
    counts = []
    width = input_shape[len(input_shape) - 1]
    for layer in layers:
        if layer[0] == "Embedding":
            counts.append(embedding_params(layer[1], layer[2]))
            width = layer[2]
        if layer[0] == "Dropout":
            counts.append(0)
        if layer[0] == "Bidirectional":
            counts.append(bidirectional_params(layer[1], layer[2], width))
            width = bidirectional_output(layer[2])
        if layer[0] in ("SimpleRNN", "LSTM", "GRU", "Dense"):
            counts.append(one_layer(layer[0], layer[1], width))
            width = layer[1]
    return counts


def shared_params(units, features, length):
    return simple_rnn_params(units, features)


def unshared_params(units, features, length):
    count = 0
    for _ in range(length):
        count += simple_rnn_params(units, features)
    return count


def flattened_params(units, features, length):
    inputs = 0
    for _ in range(length):
        inputs += features
    return dense_params(units, inputs)


def optimizer_params(trainable, frozen, optimizer):
    count = 0
    for _ in range(trainable):
        if optimizer == "rmsprop":
            count += 1
        elif optimizer == "adam":
            count += 2
    for _ in ("iteration", "learning_rate"):
        count += 1
    return count


def printed_total(trainable, frozen, optimizer, fitted):
    total = trainable + frozen
    if not fitted:
        return total
    return total + optimizer_params(trainable, frozen, optimizer)


def weights_from_total(total, optimizer):
    weights = 0
    while printed_total(weights, 0, optimizer, True) < total:
        weights += 1
    return weights


def imdb_params(num_words, length, dimensions, units):
    count = 0
    layers = [("Embedding", num_words, dimensions), ("LSTM", units), ("Dense", 1)]
    for part in stack_params(layers, (length,)):
        count += part
    return count


def batches(sequences, batch_size):
    sizes = []
    while sequences > 0:
        sizes.append(min(sequences, batch_size))
        sequences -= batch_size
    return sizes


def steps_per_epoch(sequences, batch_size):
    return len(batches(sequences, batch_size))


def last_batch(sequences, batch_size):
    return batches(sequences, batch_size)[-1]


def left_out(sequences, batch_size):
    count = 0
    for size in batches(sequences, batch_size):
        if size != batch_size:
            count += size
    return count
