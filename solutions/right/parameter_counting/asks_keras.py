"""Builds the layers and models in Keras and reads the numbers there."""

import keras
import numpy as np
import tensorflow as tf


def asked(layer, *shape):
    layer.build((None, *shape))
    return layer.count_params()


def dense_params(units, features):
    return asked(keras.layers.Dense(units), features)


def embedding_params(input_dim, output_dim):
    return asked(keras.layers.Embedding(input_dim, output_dim), 3)


def simple_rnn_parts(units, features):
    layer = keras.layers.SimpleRNN(units)
    layer.build((None, 5, features))
    return tuple(tf.size(weights) for weights in layer.get_weights())


def simple_rnn_params(units, features):
    return asked(keras.layers.SimpleRNN(units), 5, features)


def lstm_params(units, features):
    return asked(keras.layers.LSTM(units), 5, features)


def gru_params(units, features, reset_after=True):
    return asked(keras.layers.GRU(units, reset_after=reset_after), 5, features)


def inner(kind, units, **settings):
    return {"SimpleRNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}[kind](
        units, **settings
    )


def bidirectional_params(kind, units, features):
    return asked(keras.layers.Bidirectional(inner(kind, units)), 5, features)


def bidirectional_output(units, merge_mode="concat"):
    layer = keras.layers.Bidirectional(keras.layers.GRU(units), merge_mode=merge_mode)
    return layer(np.zeros((1, 2, 3), "float32")).shape[-1]


def stack_params(layers, input_shape):
    x = inputs = keras.Input(input_shape)
    made = []
    for kind, *sizes in layers:
        if kind == "Bidirectional":
            layer = keras.layers.Bidirectional(inner(*sizes, return_sequences=True))
        elif kind in ("SimpleRNN", "LSTM", "GRU"):
            layer = inner(kind, *sizes, return_sequences=True)
        else:
            layer = {"Dense": keras.layers.Dense, "Dropout": keras.layers.Dropout, "Embedding": keras.layers.Embedding}[
                kind
            ](*sizes)
        x = layer(x)
        made.append(layer)
    keras.Model(inputs, x)
    return [layer.count_params() for layer in made]


def shared_params(units, features, length):
    return asked(keras.layers.SimpleRNN(units), length, features)


def unshared_params(units, features, length):
    return sum(asked(keras.layers.SimpleRNN(units), 1, features) for _ in range(length))


def flattened_params(units, features, length):
    model = keras.Sequential([keras.Input((length, features)), keras.layers.Flatten(), keras.layers.Dense(units)])
    return model.count_params()


def optimizer_params(trainable, frozen, optimizer):
    made = keras.optimizers.get(optimizer)
    made.build([keras.Variable(np.zeros(trainable))])
    return sum(int(np.prod(variable.shape)) for variable in made.variables)


def printed_total(trainable, frozen, optimizer, fitted):
    return trainable + frozen + fitted * optimizer_params(trainable, frozen, optimizer)


def weights_from_total(total, optimizer):
    fixed = optimizer_params(1, 0, optimizer)
    each = optimizer_params(2, 0, optimizer) - fixed
    return (total - (fixed - each)) / (1 + each)


def imdb_params(num_words, length, dimensions, units):
    model = keras.Sequential(
        [
            keras.Input((length,)),
            keras.layers.Embedding(num_words, dimensions),
            keras.layers.LSTM(units),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    return model.count_params()


def batched(sequences, batch_size, **settings):
    return [len(batch) for batch in tf.data.Dataset.range(sequences).batch(batch_size, **settings)]


def steps_per_epoch(sequences, batch_size):
    return tf.data.Dataset.range(sequences).batch(batch_size).cardinality()


def last_batch(sequences, batch_size):
    return batched(sequences, batch_size)[-1]


def left_out(sequences, batch_size):
    return sequences - sum(batched(sequences, batch_size, drop_remainder=True))
