"""Measures the accuracy thresholds of imdb_sentiment, question 6, and writes tests/imdb_sentiment/thresholds.json.

    OMP_NUM_THREADS=1 python benchmarks/imdb_thresholds.py                        # the stand-in, about 5 minutes
    OMP_NUM_THREADS=1 python benchmarks/imdb_thresholds.py --data FOLDER          # the real reviews, about 6 minutes

Each run deals the reviews and names the words anew, as the grader does. Beside the reference it measures other right
models, because they must pass too, and known-wrong runs, because they must not. Post-padding without a mask is not among
these: the grader pads, and at these lengths it only learns later.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402  after the path and the log level
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

from autograder.data import Budget, ImdbData, Split, fresh_split, load_imdb, make_stand_in  # noqa: E402
from solutions.imdb_sentiment import build_model, train  # noqa: E402

RECORD = ROOT / "tests" / "imdb_sentiment" / "thresholds.json"
BUDGETS = {
    "stand-in": Budget(reviews=4_000, epochs=3, held_out=2_000, vocab_size=1_000, length=60),
    "IMDB": Budget(reviews=10_000, epochs=3, held_out=4_000, vocab_size=5_000, length=100),
}
SEEDS = {"stand-in": 12, "IMDB": 6}  # of the reference
RIGHT_SEEDS = {"stand-in": 2, "IMDB": 1}  # of every other right model
WRONG_SEEDS = {"stand-in": 8, "IMDB": 3}  # of every known-wrong run: the best of them counts
RULE = (
    "clear_learning: best known-wrong run + 4 standard errors of a guess on the held-out reviews, rounded up to 0.01. "
    "threshold: the lower of (mean - 4 spread of the reference) and (weakest other right run - 0.02), "
    "rounded down to 0.01."
)
Build = Callable[[int, int], Any]
Train = Callable[[Any, Any, Any, int], Any]


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


OTHER_RIGHT: dict[str, tuple[Build, Train]] = {
    "GRU": (stack(lambda: layers.GRU(64)), train),
    "Bidirectional LSTM": (stack(lambda: layers.Bidirectional(layers.LSTM(64))), train),
    "two LSTMs": (stack(lambda: layers.LSTM(64, return_sequences=True), lstm_64), train),
    "LSTM with dropout 0.5": (stack(lstm_64, lambda: layers.Dropout(0.5)), train),
    "Embedding 16, LSTM 32": (stack(lambda: layers.LSTM(32), dim=16), train),
    "learning rate 0.0005": (build_model, trainer(rate=5e-4)),
    "learning rate 0.003, batches of 64": (build_model, trainer(rate=3e-3, batch_size=64)),
    "a fifth kept for validation": (build_model, trainer(validation=0.2)),
}
KNOWN_WRONG: dict[str, tuple[Build, Train]] = {
    "untrained": (build_model, untrained),
    "labels shuffled": (build_model, labels_shuffled),
    "ids as numbers, no Embedding": (ids_as_numbers, train),
}
BAG = {"bag of words": (stack(layers.GlobalAveragePooling1D), trainer(rate=3e-3, batch_size=64))}


def accuracy(build: Build, fit: Train, split: Split, budget: Budget, seed: int) -> tuple[float, float]:
    """Accuracy on the held-out reviews, and the processor seconds of building and training."""
    keras.utils.set_random_seed(seed)
    start = time.process_time()
    model = fit(build(budget.vocab_size, budget.length), split.x, split.y, budget.epochs)
    seconds = time.process_time() - start
    says_positive = model.predict(split.x_held_out, verbose=0).ravel() > 0.5
    return float(np.mean(says_positive == split.y_held_out)), seconds


def runs(name: str, build: Build, fit: Train, data: ImdbData, budget: Budget, seeds: range) -> dict[str, Any]:
    """One model over several seeds, each with a split of its own."""
    sample, seconds = [], []
    for seed in seeds:
        split = fresh_split(data, budget, np.random.default_rng([seed, 2026]))
        found, spent = accuracy(build, fit, split, budget, seed)
        sample.append(round(found, 4))
        seconds.append(spent)
        print(f"{name:36s} seed {seed:2d}  accuracy {found:.4f}  {spent:5.1f} s", flush=True)
    return {"sample": sample, "seconds": round(float(np.mean(seconds)), 1)}


def measure(data: ImdbData, n: int) -> dict[str, Any]:
    """The record of one data source."""
    budget = BUDGETS[data.kind]
    reference = runs("reference", build_model, train, data, budget, range(1, n + 1))
    few, several = range(1, 1 + RIGHT_SEEDS[data.kind]), range(1, 1 + WRONG_SEEDS[data.kind])
    right = {name: runs(name, *how, data, budget, few) for name, how in OTHER_RIGHT.items()}
    known_wrong = KNOWN_WRONG | (
        BAG if data.kind == "stand-in" else {}
    )  # on the real reviews a bag of words is not wrong
    wrong = {name: runs(name, *how, data, budget, several) for name, how in known_wrong.items()}
    sample = reference["sample"]
    mean, spread = float(np.mean(sample)), float(np.std(sample, ddof=1))
    best_wrong = max(max(found["sample"]) for found in wrong.values())
    weakest_right = min(min(found["sample"]) for found in right.values())
    return {
        "data": data.source,
        "threshold": math.floor(100 * min(mean - 4 * spread, weakest_right - 0.02)) / 100,
        "clear_learning": math.ceil(100 * (best_wrong + 4 * 0.5 / math.sqrt(budget.held_out))) / 100,
        "rule": RULE,
        "n": n,
        "sample": sample,
        "mean": round(mean, 4),
        "spread": round(spread, 4),
        "seconds": reference["seconds"],
        "other_right": right,
        "known_wrong": wrong,
        "budget": asdict(budget),
        "device": f"CPU, one thread, {platform.machine()}",
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "date": date.today().isoformat(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the thresholds of imdb_sentiment.")
    parser.add_argument(
        "--data", type=Path, help="folder with imdb.npz and imdb_word_index.json; without it, the stand-in"
    )
    parser.add_argument("--seeds", type=int, help="runs of the reference")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if options.data:
        data = load_imdb(options.data)
    else:
        (x_train, y_train), (x_test, y_test), word_index = make_stand_in()
        data = ImdbData(x_train, y_train, x_test, y_test, word_index, "stand-in")
    record = measure(data, options.seeds or SEEDS[data.kind])
    known = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    RECORD.write_text(json.dumps(known | {data.kind: record}, indent=2) + "\n", encoding="utf-8")
    print(f"{data.source}: threshold {record['threshold']}, clear learning {record['clear_learning']}; see {RECORD}")


if __name__ == "__main__":
    main()
