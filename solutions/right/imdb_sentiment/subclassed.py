"""Right answers with models of a class of one's own, tensors, and data sets in place of arrays."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers


class Reader(keras.Model):
    def __init__(self, vocab_size, embedding_dim, units):
        super().__init__()
        self.embedding = layers.Embedding(vocab_size, embedding_dim)
        self.recurrent = layers.LSTM(units)
        self.head = layers.Dense(1, activation="sigmoid")

    def call(self, words):
        return self.head(self.recurrent(self.embedding(words)))


def prepare(reviews, vocab_size, length):
    words = tf.ragged.constant([list(review)[-length:] for review in reviews], dtype=tf.int32)
    words = tf.where(words < vocab_size, words, 2)
    return tf.reverse(tf.reverse(words, [1]).to_tensor(shape=(None, length)), [1])


def share_cut(reviews, length):
    return tf.reduce_mean(tf.cast([len(review) > length for review in reviews], tf.float32))


def lecture_model(vocab_size, length, embedding_dim=50, units=64):
    model = Reader(vocab_size, embedding_dim, units)
    model(np.zeros((1, length), dtype=int))
    return model


def fit_and_validate(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    split = int(np.floor(len(x) * (1 - validation_share) + 1e-9))
    fit_data = tf.data.Dataset.from_tensor_slices((x[:split], y[:split])).shuffle(split).batch(batch_size)
    val_data = tf.data.Dataset.from_tensor_slices((x[split:], y[split:])).batch(batch_size)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(fit_data, epochs=epochs, validation_data=val_data, verbose=0)
    return [model, history.history]


def epoch_to_keep(history):
    return min(range(len(history["val_loss"])), key=history["val_loss"].__getitem__) + 1


def accuracy(probabilities, labels):
    metric = keras.metrics.BinaryAccuracy()
    metric.update_state(np.reshape(labels, (-1, 1)), probabilities)
    return metric.result()


def progress_bar(correct, batch_size=32):
    metric = keras.metrics.Mean()
    shown = []
    for batch in tf.data.Dataset.from_tensor_slices(np.asarray(correct, dtype="float32")).batch(batch_size):
        metric.update_state(batch)
        shown.append(float(metric.result()))
    return np.mean(shown), shown[-1]


def encode(sentence, word_index, vocab_size):
    text = tf.strings.lower(sentence)
    text = tf.strings.regex_replace(text, r"""[!"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~\t\n]""", " ")
    words = [word.decode() for word in tf.strings.split(text).numpy()]
    lookup = {word: rank + 3 for word, rank in word_index.items() if rank + 3 < vocab_size}
    return tf.constant([1] + [lookup.get(word, 2) for word in words])


def probability(model, review, length):
    batch = tf.constant([([0] * length + list(review))[-length:]])
    return model.predict(batch, verbose=0)


class Pair(keras.Model):
    def __init__(self, vocab_size):
        super().__init__()
        self.steps = [
            layers.Embedding(vocab_size, 48),
            layers.LSTM(48, return_sequences=True),
            layers.LSTM(32),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]

    def call(self, words):
        for step in self.steps:
            words = step(words)
        return words


def build_model(vocab_size, length):
    return Pair(vocab_size)


def train(model, x, y, epochs):
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(64)
    model.fit(data, epochs=epochs, verbose=0)
    return model
