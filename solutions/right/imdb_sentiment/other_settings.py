"""Right answers as people shorten them: arguments by name, Keras' own helpers, two LSTMs, RMSprop, labels as a column."""

import keras
import numpy as np
from keras.layers import LSTM, Dense, Dropout, Embedding, Input
from keras.models import Sequential
from keras.utils import pad_sequences


def prepare(reviews, vocab_size, length):
    x = pad_sequences(reviews, maxlen=length).astype(np.int64)
    x[x >= vocab_size] = 2
    return x.tolist()


def share_cut(reviews, length):
    return len([review for review in reviews if len(review) > length]) / float(len(reviews))


def lecture_model(vocab_size, length, embedding_dim=50, units=64):
    model = Sequential()
    model.add(Embedding(vocab_size, embedding_dim))
    model.add(Dropout(0.2))
    model.add(LSTM(units))
    model.add(Dense(units=1, activation=keras.activations.sigmoid))
    model.build((None, length))
    return model


def fit_and_validate(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    model.compile(keras.optimizers.Adam(), "binary_crossentropy", metrics=["accuracy", "mae"])
    history = model.fit(x, y, epochs=epochs, batch_size=batch_size, validation_split=validation_share, shuffle=True)
    return model, history.history


def epoch_to_keep(history):
    losses = list(history["val_loss"])
    return losses.index(min(losses)) + 1


def accuracy(probabilities, labels):
    verdicts = [1 if p > 0.5 else 0 for p in probabilities.flatten()]
    return sum(v == int(label) for v, label in zip(verdicts, labels, strict=True)) / len(verdicts)


def progress_bar(correct, batch_size=32):
    n = len(correct)
    ends = [min(n, (step + 1) * batch_size) for step in range(-(-n // batch_size))]
    return [np.mean([np.mean(correct[:end]) for end in ends]), np.mean(correct)]


def encode(sentence, word_index, vocab_size):
    table = {ord(mark): " " for mark in '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'}
    words = sentence.translate(table).lower().split()
    known = [word_index.get(word, vocab_size) + 3 for word in words]
    return np.array([1] + [number if number < vocab_size else 2 for number in known], dtype=np.int32)


def probability(model, review, length):
    return model.predict(pad_sequences([list(review)], length), verbose=0).item()


def build_model(vocab_size, length):
    model = Sequential()
    model.add(Input((length,)))
    model.add(Embedding(vocab_size + 1, 64, mask_zero=True))
    model.add(LSTM(32, return_sequences=True))
    model.add(LSTM(32))
    model.add(Dense(1, activation="sigmoid"))
    return model


def train(model, x, y, epochs):
    model.compile(keras.optimizers.RMSprop(2e-3), loss="binary_crossentropy", metrics=["accuracy"])
    for _ in range(epochs):
        model.fit(x, np.reshape(y, (-1, 1)), batch_size=50, verbose=0)
    return model
