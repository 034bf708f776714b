"""The calibration plan of question 6: `autograder calibrate imdb_sentiment`.

Each run splits the reviews and renames the words anew, as the grader does. Post-padding without a mask and a tenth of the data cannot
be distinguished from right runs: the grader pads and splits itself, and at these lengths they only learn later. Their scores are
recorded, and so are those of a bag of words on the real reviews, where it is no mistake.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras import layers

from autograder.checks import Experiment, has_gpu, on_a_gpu
from solutions.imdb_sentiment import build_model, train
from solutions.reviews import Budget, Split, fresh_split, load_imdb

BUDGETS = {
    "stand-in": [
        {"reviews": 4_000, "epochs": 3, "held_out": 2_000, "vocab_size": 1_000, "length": 60},
        {"reviews": 8_000, "epochs": 4, "held_out": 4_000, "vocab_size": 1_000, "length": 60},
    ],
    "IMDB": [
        {"reviews": 10_000, "epochs": 3, "held_out": 4_000, "vocab_size": 5_000, "length": 100},
        {"reviews": 25_000, "epochs": 3, "held_out": 10_000, "vocab_size": 10_000, "length": 200},
    ],
    on_a_gpu("IMDB"): [{"reviews": 25_000, "epochs": 3, "held_out": 10_000, "vocab_size": 10_000, "length": 500}],
}
Build = Callable[[int, int], Any]
Train = Callable[[Any, Any, Any, int], Any]
Prepare = Callable[[Split], Split]


def experiments() -> list[Experiment]:
    """One experiment, for the data that are found: the real reviews in a folder or in Keras' cache, else the stand-in.

    A GPU has records of its own, for the real reviews at the lecture's full size.
    """
    data = load_imdb()
    name = on_a_gpu(data.kind) if has_gpu() else data.kind
    budgets = BUDGETS.get(name, BUDGETS[data.kind])

    def run(build: Build = build_model, fit: Train = train, prepare: Prepare = lambda split: split) -> Any:
        def accuracy(budget: Mapping[str, Any], seed: int) -> float:
            """Accuracy on reviews that were held out."""
            split = prepare(fresh_split(data, Budget(**budget), np.random.default_rng([seed, 2026])))
            model = fit(build(budget["vocab_size"], budget["length"]), split.x, split.y, budget["epochs"])
            says_positive = model.predict(split.x_held_out, verbose=0).ravel() > 0.5
            return float(np.mean(says_positive == split.y_held_out))

        return accuracy

    bag = {"bag of words": run(stack(layers.GlobalAveragePooling1D), trainer(rate=3e-3, batch_size=64))}
    made_up = data.kind == "stand-in"
    return [
        Experiment(
            name=name,
            data=data.source,
            budgets=budgets,
            right={
                "reference": run(),
                "GRU": run(stack(lambda: layers.GRU(64))),
                "Bidirectional LSTM": run(stack(lambda: layers.Bidirectional(layers.LSTM(64)))),
                "two LSTMs": run(stack(lambda: layers.LSTM(64, return_sequences=True), lstm_64)),
                "LSTM with dropout 0.5": run(stack(lstm_64, lambda: layers.Dropout(0.5))),
                "Embedding 16, LSTM 32": run(stack(lambda: layers.LSTM(32), dim=16)),
                "learning rate 0.0005": run(fit=trainer(rate=5e-4)),
                "learning rate 0.003, batches of 64": run(fit=trainer(rate=3e-3, batch_size=64)),
                "a fifth kept for validation": run(fit=trainer(validation=0.2)),
            },
            wrong={
                "untrained": run(fit=untrained),
                "labels shuffled": run(fit=labels_shuffled),
                "ids as numbers, no Embedding": run(build=ids_as_numbers),
                **(bag if made_up else {}),
            },
            told={
                "post-padding without a mask": run(prepare=padded_behind),
                "a tenth of the data": run(fit=a_tenth),
                **({} if made_up else bag),
            },
            guess_error=0.5 / math.sqrt(budgets[0]["held_out"]),
        )
    ]


def stack(*hidden: Callable[[], Any], dim: int = 50) -> Build:
    """A model with the given layers between Embedding and Dense."""

    def build(vocab_size: int, length: int) -> Any:
        body = [layer() for layer in hidden]
        embedding = layers.Embedding(vocab_size, dim)
        return keras.Sequential([keras.Input((length,)), embedding, *body, layers.Dense(1, activation="sigmoid")])

    return build


def trainer(rate: float = 1e-3, batch_size: int = 128, validation: float = 0.0) -> Train:
    """A train function with other settings than the reference's."""

    def fit(model: Any, x: Any, y: Any, epochs: int) -> Any:
        model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=validation, verbose=0)
        return model

    return fit


def lstm_64() -> Any:
    return layers.LSTM(64)


def ids_as_numbers(vocab_size: int, length: int) -> Any:
    body = [layers.Reshape((length, 1)), layers.Rescaling(1 / vocab_size), lstm_64()]
    return keras.Sequential([keras.Input((length,)), *body, layers.Dense(1, activation="sigmoid")])


def untrained(model: Any, x: Any, y: Any, epochs: int) -> Any:
    return model


def labels_shuffled(model: Any, x: Any, y: Any, epochs: int) -> Any:
    return train(model, x, np.random.permutation(y), epochs)


def a_tenth(model: Any, x: Any, y: Any, epochs: int) -> Any:
    return train(model, x[: len(x) // 10], y[: len(y) // 10], epochs)


def padded_behind(split: Split) -> Split:
    """The padding moved behind the words."""
    return Split(_turned(split.x), split.y, _turned(split.x_held_out), split.y_held_out)


def _turned(x: np.ndarray) -> np.ndarray:
    return np.stack([np.roll(row, -np.count_nonzero(row == 0)) for row in x])
