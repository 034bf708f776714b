"""A stack counted from its first layer on by recursion; whole numbers only, no library."""


def dense_params(units, features):
    return units + units * features


def embedding_params(input_dim, output_dim):
    return dense_params(output_dim, input_dim - 1)


def simple_rnn_parts(units, features):
    return features * units, units**2, units


def simple_rnn_params(units, features):
    return dense_params(units, features + units)


def lstm_params(units, features):
    return dense_params(4 * units, features + units)


def gru_params(units, features, reset_after=True):
    return dense_params(3 * units, features + units) + 3 * units * bool(reset_after)


COUNTS = dict(Dense=dense_params, SimpleRNN=simple_rnn_params, LSTM=lstm_params, GRU=gru_params)


def bidirectional_params(kind, units, features):
    return COUNTS[kind](units, features) << 1


def bidirectional_output(units, merge_mode="concat"):
    return {"concat": 2 * units}.get(merge_mode, units)


def stack_params(layers, input_shape):
    if not layers:
        return []
    first, *above = layers
    kind, n = first[0], input_shape[-1]
    if kind == "Dropout":
        count, out = 0, n
    elif kind == "Embedding":
        count, out = first[1] * first[2], first[2]
    elif kind == "Bidirectional":
        count, out = bidirectional_params(first[1], first[2], n), 2 * first[2]
    else:
        count, out = COUNTS[kind](first[1], n), first[1]
    return [count] + stack_params(above, (None, out))


def shared_params(units, features, length):
    return sum(simple_rnn_parts(units, features))


def unshared_params(units, features, length):
    if length == 0:
        return 0
    return shared_params(units, features, 1) + unshared_params(units, features, length - 1)


def flattened_params(units, features, length):
    return units if length == 0 else units * features + flattened_params(units, features, length - 1)


def optimizer_params(trainable, frozen, optimizer):
    return {"sgd": 2, "rmsprop": trainable + 2, "adam": 2 * (trainable + 1)}[optimizer]


def printed_total(trainable, frozen, optimizer, fitted):
    return sum((trainable, frozen, optimizer_params(trainable, frozen, optimizer) if fitted else 0))


def weights_from_total(total, optimizer):
    if optimizer == "sgd":
        return total - 2
    if optimizer == "rmsprop":
        return total // 2 - 1
    return total // 3


def imdb_params(num_words, length, dimensions, units):
    return sum(stack_params([("Embedding", num_words, dimensions), ("LSTM", units), ("Dense", 1)], [length]))


def steps_per_epoch(sequences, batch_size):
    return 1 if sequences <= batch_size else 1 + steps_per_epoch(sequences - batch_size, batch_size)


def last_batch(sequences, batch_size):
    return (sequences - 1) % batch_size + 1


def left_out(sequences, batch_size):
    return sequences if sequences < batch_size else left_out(sequences - batch_size, batch_size)
