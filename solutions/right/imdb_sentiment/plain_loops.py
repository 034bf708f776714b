"""Right answers in plain Python, loop by loop; a GRU instead of an LSTM where the architecture is free."""

import numpy as np
from keras import Input, Sequential, layers


def prepare(reviews, vocab_size, length):
    rows = []
    for review in reviews:
        row = []
        for word in review:
            row.append(2 if word >= vocab_size else int(word))
        row = row[max(0, len(row) - length) :]
        while len(row) < length:
            row.insert(0, 0)
        rows.append(row)
    return np.array(rows)


def share_cut(reviews, length):
    cut = 0
    for review in reviews:
        if len(review) > length:
            cut += 1
    return cut / len(reviews)


def lecture_model(vocab_size, length, embedding_dim=50, units=64):
    model = Sequential()
    model.add(Input(shape=(length,)))
    model.add(layers.Embedding(input_dim=vocab_size, output_dim=embedding_dim))
    model.add(layers.LSTM(units))
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def fit_and_validate(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    held_out = round(validation_share * len(x))
    x_fit, y_fit = x[: len(x) - held_out], y[: len(y) - held_out]
    x_val, y_val = x[len(x) - held_out :], y[len(y) - held_out :]
    model.compile(loss="binary_crossentropy", optimizer="Adam", metrics=["accuracy"])
    history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        one = model.fit(x_fit, y_fit, batch_size=batch_size, epochs=1, validation_data=(x_val, y_val), verbose=0)
        for name in history:
            history[name].append(one.history[name][0])
    return model, history


def epoch_to_keep(history):
    best = 1
    for epoch, loss in enumerate(history["val_loss"], start=1):
        if loss < history["val_loss"][best - 1]:
            best = epoch
    return best


def accuracy(probabilities, labels):
    right = 0
    for row, label in zip(probabilities, labels, strict=True):
        if (row[0] > 0.5) == bool(label):
            right += 1
    return right / len(labels)


def progress_bar(correct, batch_size=32):
    right, seen, shown = 0, 0, []
    for start in range(0, len(correct), batch_size):
        for one in correct[start : start + batch_size]:
            right += one
            seen += 1
        shown.append(right / seen)
    return sum(shown) / len(shown), right / seen


def encode(sentence, word_index, vocab_size):
    text = ""
    for letter in sentence.lower():
        text += " " if letter in '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n' else letter
    ids = [1]
    for word in text.split():
        if word in word_index and word_index[word] + 3 < vocab_size:
            ids.append(word_index[word] + 3)
        else:
            ids.append(2)
    return ids


def probability(model, review, length):
    row = [0] * max(0, length - len(review)) + list(review)[-length:]
    return model.predict(np.array([row]), verbose=0)[0][0]


def build_model(vocab_size, length):
    return Sequential(
        [
            Input(shape=(length,)),
            layers.Embedding(vocab_size, 32),
            layers.GRU(48),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def train(model, x, y, epochs):
    model.compile(loss="binary_crossentropy", optimizer="adam")
    model.fit(x, y, batch_size=64, epochs=epochs)
    return model
