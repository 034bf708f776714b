"""Right answers with arrays and the functional API: float outputs, numpy throughout, a Bidirectional LSTM with dropout."""

import re

import keras
import numpy as np
from keras import layers


def prepare(reviews, vocab_size, length):
    x = np.zeros((len(reviews), length), dtype="float32")
    for row, review in zip(x, reviews, strict=True):
        words = np.asarray(review, dtype="int64")[-length:]
        words[words >= vocab_size] = 2
        if len(words):
            row[-len(words) :] = words
    return x


def share_cut(reviews, length):
    return np.mean(np.array([len(review) for review in reviews]) > length)


def lecture_model(vocab_size, length, embedding_dim=50, units=64):
    words = keras.Input(shape=(None,), dtype="int32")
    vectors = layers.Embedding(vocab_size, embedding_dim, mask_zero=True)(words)
    state = layers.LSTM(units, dropout=0.1)(vectors)
    logit = layers.Dense(1)(state)
    return keras.Model(words, layers.Activation("sigmoid")(logit))


def fit_and_validate(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
    )
    history = model.fit(x, y.reshape(-1, 1), batch_size, epochs, validation_split=validation_share)
    return model, history


def epoch_to_keep(history):
    return np.argmin(np.array(history["val_loss"])) + 1


def accuracy(probabilities, labels):
    return np.mean(np.round(probabilities).squeeze(axis=1).astype(int) == labels)


def progress_bar(correct, batch_size=32):
    running = np.cumsum(correct) / np.arange(1, len(correct) + 1)
    steps = list(range(batch_size, len(correct) + 1, batch_size))
    if len(correct) % batch_size:
        steps.append(len(correct))
    return np.array([running[np.array(steps) - 1].mean(), running[-1]])


def encode(sentence, word_index, vocab_size):
    words = re.sub(r"[^\w\s']|_", " ", sentence.lower()).split()
    ids = np.array([word_index.get(word, -1) + 3 for word in words])
    return np.concatenate([[1], np.where(ids >= vocab_size, 2, ids)])  # unknown: -1 + 3 is 2


def probability(model, review, length):
    batch = keras.utils.pad_sequences([review], maxlen=length)
    return float(np.squeeze(model(batch)))


def build_model(vocab_size, length):
    words = keras.Input(shape=(length,))
    vectors = layers.Embedding(vocab_size, 32)(words)
    state = layers.Bidirectional(layers.LSTM(32))(vectors)
    state = layers.Dropout(0.3)(state)
    return keras.Model(words, layers.Dense(1, activation="sigmoid")(state))


def train(model, x, y, epochs):
    model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    model.fit(x, y, epochs=epochs, batch_size=32, validation_split=0.1, callbacks=[stop], verbose=2)
    return model
