"""The reviews that `imdb_sentiment` learns from: the real IMDB files where they are found, else a generated stand-in.

Hidden tests and the calibration plan import this module; it is never released.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from autograder.checks import UsageError

Array = np.ndarray[Any, Any]
REVIEWS, WORD_INDEX = "imdb.npz", "imdb_word_index.json"
REVIEWS_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"  # pinned in Keras' own source too
LEFT_OUT = 0.1  # share of a real review's words that the grader leaves out
FIRST_WORD = 4  # 0 is padding, 1 the start, 2 an unknown word, 3 is never used


@dataclass(frozen=True, eq=False)  # equal means the same object, so that it can be a cache's key
class ImdbData:
    """Reviews in the form of ``keras.datasets.imdb.load_data()``, all words kept.

    Attributes:
        x_train, x_test: object arrays of lists of word ids (1 = start, 2 = unknown word, id = rank + 3).
        y_train, y_test: int arrays, 1 = positive.
        word_index: word -> rank, 1 for the most frequent one.
        kind: which threshold record applies.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    word_index: dict[str, int]
    kind: Literal["IMDB", "stand-in"]

    @property
    def source(self) -> str:
        """Name of these data, as the feedback page shows it."""
        if self.kind == "stand-in":
            return "generated stand-in"
        return f"IMDB ({len(self.x_train):,} + {len(self.x_test):,} reviews)"


def make_stand_in(n_train: int = 5000, n_test: int = 2000, seed: int = 113) -> tuple[Any, Any, dict[str, int]]:
    """Made-up reviews in the form of Keras' IMDB: ((x_train, y_train), (x_test, y_test), word_index).

    A review is filler with 1 to 3 opinions of one kind and then 1 to 3 of the other kind in it. Whoever reads to
    the end knows the verdict: the last opinions count. Both kinds occur equally often in positive and in negative
    reviews, so that a bag of words, which does not know the order, can only guess.
    """
    rng = np.random.default_rng(seed)
    common, praise, blame = (
        (
            "the and a of to is it in i this that was as for with movie but film on not you are his have be one he all "
            "at by an they who so from like her or just about out if has some there what more when very up my no would "
            "she only really had can well even see their story plot acting cast music scenes first end"
        ),
        "brilliant wonderful funny charming superb moving clever lovely gripping perfect",
        "boring awful stupid dull terrible weak silly poor lazy annoying",
    )
    syllables = [first + second for first in "bdfgklmnprst" for second in "aeiou"]
    names = ["".join(syllables[(i // base) % 60] for base in (1, 60, 7)) for i in range(3000)]  # rare words
    words = list(dict.fromkeys(f"{common} {praise} {blame}".split() + names))
    word_index = {word: rank for rank, word in enumerate(words, start=1)}

    opinions = [[word_index[word] + 3 for word in text.split()] for text in (blame, praise)]
    fillers = np.array([word_index[word] + 3 for word in words if word not in f"{praise} {blame}".split()])
    often = np.cumsum(1 / np.arange(1, len(fillers) + 1) ** 1.2)  # as in any language, a few words make most of a text

    def some_filler(low: int, high: int) -> list[int]:
        numbers = rng.random(rng.integers(low, high)) * often[-1]
        return [int(word) for word in fillers[np.searchsorted(often, numbers)]]

    def review(label: int) -> list[int]:
        sequence = [1]
        for kind in (1 - label, label):
            for opinion in rng.choice(opinions[kind], size=rng.integers(1, 4)):
                sequence += [*some_filler(2, 24), int(opinion)]
        return sequence + some_filler(0, 16)

    y = rng.integers(0, 2, size=n_train + n_test)
    x = np.empty(len(y), dtype=object)
    for i, label in enumerate(y):
        x[i] = review(label)
    return (x[:n_train], y[:n_train]), (x[n_train:], y[n_train:]), word_index


def load_imdb(data_dir: Path | None = None) -> ImdbData:
    """Read the reviews from the first place that has them: a named folder, Keras' cache, the stand-in. Download nothing.

    Args:
        data_dir: folder with imdb.npz and imdb_word_index.json; None means the folder that AUTOGRADER_DATA names. The grader
            sets this variable to the course's data folder.

    Raises:
        UsageError: a folder was named, and a file in it is missing or is not the original.
    """
    folder = find_imdb(data_dir)
    return _stand_in() if folder is None else _read_folder(folder)


def find_imdb(data_dir: Path | None = None) -> Path | None:
    """Return the folder that ``load_imdb`` reads; None for the stand-in."""
    named = data_dir or os.environ.get("AUTOGRADER_DATA")
    if named:
        return Path(named)
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    cached = home / "datasets"
    return cached if (cached / REVIEWS).is_file() and (cached / WORD_INDEX).is_file() else None


@cache
def _stand_in() -> ImdbData:
    (x_train, y_train), (x_test, y_test), word_index = make_stand_in()
    return ImdbData(x_train, y_train, x_test, y_test, word_index, "stand-in")


@cache
def _read_folder(folder: Path) -> ImdbData:
    """Read the real reviews, with Keras' start marker and offset, in Keras' order; check the file before unpickling it."""
    for name in (REVIEWS, WORD_INDEX):
        if not (folder / name).is_file():
            raise UsageError(f"{folder / name}: is missing. Put it there, or name no data folder to use the stand-in.")
    if hashlib.sha256((folder / REVIEWS).read_bytes()).hexdigest() != REVIEWS_SHA256:
        raise UsageError(f"{folder / REVIEWS}: is not Keras' original file (its sha256 differs). Download it again.")
    with np.load(folder / REVIEWS, allow_pickle=True) as file:
        keras_order = np.random.RandomState(113)
        train = _shuffled(file["x_train"], file["y_train"], keras_order)
        test = _shuffled(file["x_test"], file["y_test"], keras_order)
    word_index = json.loads((folder / WORD_INDEX).read_text(encoding="utf-8"))
    return ImdbData(*train, *test, word_index, "IMDB")


def _shuffled(reviews: Array, labels: Array, generator: np.random.RandomState) -> tuple[Array, Array]:
    """Shuffle as Keras does, put start marker 1 in front, and move ids up by 3."""
    order = np.arange(len(reviews))
    generator.shuffle(order)
    shifted = np.empty(len(order), dtype=object)
    for place, i in enumerate(order):
        shifted[place] = [1, *(word + 3 for word in reviews[i])]
    return shifted, labels[order]


@dataclass(frozen=True)
class Budget:
    """How much one graded training may see.

    Attributes:
        reviews: reviews trained on, each seen at most ``epochs`` times.
        held_out: reviews predicted by the judge.
        vocab_size: ids run from 0 to vocab_size - 1; rarer words are 2.
        length: words per review, padded and cut in front.
    """

    reviews: int
    epochs: int
    held_out: int
    vocab_size: int
    length: int


@dataclass(frozen=True)
class Split:
    """One fresh training set and the held-out reviews; the labels of the latter never leave the judge."""

    x: Array
    y: Array
    x_held_out: Array
    y_held_out: Array


def fresh_split(data: ImdbData, budget: Budget, draw: np.random.Generator) -> Split:
    """Split reviews anew into training and held-out ones and rename the words: no look-up and no ready-made vector helps.

    Students have the stand-in, since the notebook makes it, and may have the real reviews; the pattern of equal words in a
    review would identify it under any names. So stand-in reviews are generated anew, and real ones lose one word in ten.

    Args:
        draw: keyed; the same split and names for the same draws.
    Returns:
        int32 arrays (n, length) and labels (n,); ids below 4 keep their meaning, all others are permuted.
    """
    reviews, y = (_generated if data.kind == "stand-in" else _thinned)(data, budget, draw)
    names = np.arange(budget.vocab_size, dtype=np.int32)
    names[FIRST_WORD:] = draw.permutation(names[FIRST_WORD:])
    x = names[pad_reviews(reviews, budget.vocab_size, budget.length)]
    return Split(x[: budget.reviews], y[: budget.reviews], x[budget.reviews :], y[budget.reviews :])


def _generated(_data: ImdbData, budget: Budget, draw: np.random.Generator) -> tuple[list[list[int]], Array]:
    """Generate stand-in reviews that nobody has seen."""
    (x, y), (x_held_out, y_held_out), _word_index = make_stand_in(
        budget.reviews, budget.held_out, seed=int(draw.integers(2**63))
    )
    return [*x, *x_held_out], np.concatenate([y, y_held_out])


def _thinned(data: ImdbData, budget: Budget, draw: np.random.Generator) -> tuple[list[list[int]], Array]:
    """Draw real reviews from both of Keras' parts and drop one word in ten; the start marker stays."""
    reviews, labels = [*data.x_train, *data.x_test], np.concatenate([data.y_train, data.y_test])
    chosen = draw.permutation(len(reviews))[: budget.reviews + budget.held_out]
    thinned = []
    for i in chosen:
        start, *words = reviews[i]
        kept = draw.random(len(words)) >= LEFT_OUT
        thinned.append([start, *(word for word, stays in zip(words, kept, strict=True) if stays)])
    return thinned, labels[chosen]


def pad_reviews(reviews: list[list[int]], vocab_size: int, length: int) -> Array:
    """Return reviews as one array (n, length), padded and cut in front; ids from ``vocab_size`` on become 2."""
    x = np.zeros((len(reviews), length), dtype=np.int32)
    for row, review in zip(x, reviews, strict=True):
        end = np.asarray(review[-length:])
        row[length - len(end) :] = np.where(end < vocab_size, end, 2)
    return x
