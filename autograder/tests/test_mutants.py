"""Mutants of a reference: every kind of fault is put in, nothing that Python does not run, and nothing twice."""

from __future__ import annotations

import ast

import pytest

from autograder.mutants import Mutant, mutants

MODULE = '''\
"""A reference."""

import numpy as np
from keras import Sequential
from keras.layers import LSTM, Dense, Embedding

OFFSET = 3
Shape = list[int | None]


def ids(words: list[str], ranks: dict[str, int] = {}) -> list[int]:
    """Ids of words: 1 + 2.

    >>> ids(["a"], {"a": 1})
    [4]
    """
    return [ranks[word] + OFFSET for word in words if word in ranks]  # 1 for the first


def last(x: np.ndarray, n: int) -> np.ndarray:
    if n < 1 and len(x):
        return x.copy()
    total = x[-n:, :].sum(axis=1)
    total += _half(n)
    return total


def _half(n):
    return n / 2


def model(vocab_size, units):
    layers = [Embedding(vocab_size, 8, mask_zero=True), LSTM(units), Dense(1, activation="sigmoid")]
    return Sequential(layers)


def train(net, x, y):
    net.compile(optimizer="adam", loss="mse")
    net.fit(x, y, epochs=3, batch_size=128, validation_split=0.2, verbose=0)
    return net
'''
ASKED = ["ids", "last", "model", "train"]
#: operator -> what the changed line becomes
EXPECTED = [
    ("constant", "OFFSET = 4"),
    ("filter left out", "return [ranks[word] + OFFSET for word in words]"),
    ("arithmetic", "return [ranks[word] - OFFSET for word in words if word in ranks]"),
    ("comparison", "return [ranks[word] + OFFSET for word in words if word not in ranks]"),
    ("operand left out", "return [ranks[word] for word in words if word in ranks]"),
    ("comparison", "if n <= 1 and len(x):"),
    ("and, or", "if n < 1 or len(x):"),
    ("one branch always", "if True:"),
    ("view, not copy", "return x"),
    ("sign", "total = x[n:, :].sum(axis=1)"),
    ("slice", "total = x[:, :].sum(axis=1)"),
    ("off by one", "total = x[-n + 1:, :].sum(axis=1)"),
    ("axis", "total = x[-n:, :].sum(axis=0)"),
    ("function", "total = x[-n:, :].mean(axis=1)"),
    ("statement left out", "pass"),
    ("assigned, not added", "total = _half(n)"),
    ("arithmetic", "return n * 2"),
    (
        "argument order",
        'layers = [Embedding(8, vocab_size, mask_zero=True), LSTM(units), Dense(1, activation="sigmoid")]',
    ),
    (
        "vocabulary size",
        'layers = [Embedding(vocab_size + 1, 8, mask_zero=True), LSTM(units), Dense(1, activation="sigmoid")]',
    ),
    ("constant", 'layers = [Embedding(vocab_size, 8, mask_zero=False), LSTM(units), Dense(1, activation="sigmoid")]'),
    (
        "layer swapped",
        'layers = [Embedding(vocab_size, 8, mask_zero=True), GRU(units), Dense(1, activation="sigmoid")]',
    ),
    ("units", 'layers = [Embedding(vocab_size, 8, mask_zero=True), LSTM(units + 1), Dense(1, activation="sigmoid")]'),
    ("layer left out", 'layers = [Embedding(vocab_size, 8, mask_zero=True), Dense(1, activation="sigmoid")]'),
    ("option", "layers = [Embedding(vocab_size, 8, mask_zero=True), LSTM(units), Dense(1, activation='relu')]"),
    (
        "weights frozen",
        'layers = [Embedding(vocab_size, 8, mask_zero=True), LSTM(units, trainable=False), Dense(1, activation="sigmoid")]',
    ),
    (
        "layer's setting",
        'layers = [Embedding(vocab_size, 8, mask_zero=True), LSTM(units, return_sequences=True), Dense(1, activation="sigmoid")]',
    ),
    ("option", "net.compile(optimizer='sgd', loss=\"mse\")"),
    (
        "labels shuffled",
        "net.fit(x, np.random.permutation(y), epochs=3, batch_size=128, validation_split=0.2, verbose=0)",
    ),
    (
        "features shifted",
        "net.fit(np.roll(x, 1, axis=0), y, epochs=3, batch_size=128, validation_split=0.2, verbose=0)",
    ),
    ("epochs", "net.fit(x, y, epochs=1, batch_size=128, validation_split=0.2, verbose=0)"),
    ("batch size", "net.fit(x, y, epochs=3, batch_size=2 * 128, validation_split=0.2, verbose=0)"),
    ("validated on what is trained on", "net.fit(x, y, epochs=3, batch_size=128, validation_data=(x, y), verbose=0)"),
    ("argument left out", "net.fit(x, y, epochs=3, batch_size=128, verbose=0)"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Mutant]:
    path = tmp_path_factory.mktemp("mutants") / "reference.py"
    path.write_text(MODULE)
    return mutants(path, ASKED)


@pytest.mark.parametrize(("operator", "becomes"), EXPECTED, ids=[becomes for _, becomes in EXPECTED])
def test_each_kind_of_fault_is_put_in(made: list[Mutant], operator: str, becomes: str) -> None:
    assert (operator, becomes) in {(mutant.operator, mutant.becomes) for mutant in made}


def test_no_mutant_is_the_reference_or_another_one(made: list[Mutant]) -> None:
    meanings = [ast.dump(ast.parse(mutant.module)) for mutant in made]
    assert len(set(meanings)) == len(meanings) and ast.dump(ast.parse(MODULE)) not in meanings


def test_a_layer_that_is_not_imported_is_found_all_the_same(made: list[Mutant]) -> None:
    [swapped] = [mutant for mutant in made if "GRU(units)" in mutant.becomes]
    assert "LSTM(units)" in swapped.was and '__import__("keras").layers.GRU(units)' in swapped.answer


def test_words_types_and_what_has_no_effect_stay(made: list[Mutant]) -> None:
    for mutant in made:
        assert '"""Ids of words: 1 + 2.' in mutant.module and "Shape = list[int | None]" in mutant.module
        assert "words: list[str], ranks: dict[str, int]" in mutant.module
        assert mutant.module.count("verbose=0") == 1 or "fit" in mutant.was


def test_a_fault_belongs_to_what_uses_it(made: list[Mutant]) -> None:
    asked = {mutant.function: mutant.asked for mutant in made}
    assert asked == {
        "OFFSET": ("ids",),
        "ids": ("ids",),
        "last": ("last",),
        "_half": ("last",),
        "model": ("model",),
        "train": ("train",),
    }
    for mutant in made:
        assert bool(mutant.answer) == (mutant.function in ASKED)
        assert mutant.answer in mutant.module


def test_names_are_lines_without_comments(made: list[Mutant]) -> None:
    names = [mutant.name for mutant in made]
    assert "_half: arithmetic: return n / 2 -> return n * 2" in names
    assert not any("1 for the first" in name for name in names)
    assert len(set(names)) == len(names)
