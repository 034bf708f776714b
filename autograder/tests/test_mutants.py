"""Mutants of a reference: every kind of fault is put in, nothing that Python does not run, and nothing twice."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from libcst import matchers as m

from autograder.quality.mutants import OPERATORS, Mutant, list_mutants
from autograder.quality.rewriting import Replacement

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
    return list_mutants(path, ASKED)


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
    asked = {mutant.function: mutant.affected for mutant in made}
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


#: A line as somebody may write it, the fault, and what the line becomes.
ODD = [
    ("keras.layers.LSTM(8)", "layer swapped", "keras.layers.GRU(8)"),
    ("[keras.layers.Dense(8), keras.layers.Dense(n)]", "layer left out", "[keras.layers.Dense(n)]"),
    ("[layers.Dense(8), n]", "layer added", "[layers.Dense(8), layers.Dense(8), n]"),
    ("LSTM(units=n)", "units", "LSTM(units=n + 1)"),
    ("Embedding(input_dim=n, output_dim=4)", "vocabulary size", "Embedding(input_dim=n - 1, output_dim=4)"),
    ("Embedding(input_dim=n, output_dim=4)", "units", "Embedding(input_dim=n, output_dim=4 + 1)"),
    ("np.maximum(\n a * b\n + c,\n n,\n)", "argument order", "(a * b\n+ c),"),
    ("re.sub('abc'\n 'def', '', t)", "argument order", "re.sub('', ('abc'\n'def'), t)"),
    ("g(\n t.lower()\n .strip(),\n 1)", "argument order", "1,\n(t.lower()\n.strip()))"),
    ("LSTM(\n n\n if n\n else 3)", "units", "else 3) + 1)"),
    ("x[\n n\n or 1:\n]", "off by one", "(n\nor 1) + 1:"),
    ("x[n or 1:]", "off by one", "x[(n or 1) - 1:]"),
    ("range(n if a else b)", "off by one", "range((n if a else b) + 1)"),
    ("(a if n else b or c) * 2", "one branch always", "(b or c) * 2"),
    ("(lambda: n)(a + b)", "operand left out", "(lambda: n)(a)"),
    ("model.compile(optimizer='rmsprop')", "option", "model.compile(optimizer='sgd')"),
    ("model.compile(loss='sparse_categorical_crossentropy')", "option", "model.compile(loss='mse')"),
    ("Adam(learning_rate=n, beta_1=0.8)", "optimizer", "SGD(learning_rate=n)"),
    ("keras.optimizers.RMSprop(n)", "optimizer", "keras.optimizers.SGD(n)"),
    ("BinaryCrossentropy(from_logits=True)", "loss", "MeanSquaredError()"),
    ("m.fit(x=x, y=y, epochs=n)", "labels shuffled", "m.fit(x=x, y=np.random.permutation(y), epochs=n)"),
    ("m.fit(x=x, y=y, epochs=n)", "features shifted", "m.fit(x=np.roll(x, 1, axis=0), y=y, epochs=n)"),
    ("m.fit(y=y, x=x)", "a tenth of the data", "m.fit(y=y[: len(y) // 10], x=x[: len(x) // 10])"),
    ("m.fit(x, y, 128, 3)", "epochs", "m.fit(x, y, 128, 1)"),
    ("m.fit(x, y, validation_data=held)", "validated on what is trained on", "m.fit(x, y, validation_data=(x, y))"),
]


def of(code: str, tmp_path: Path, asked: tuple[str, ...] = ("f",)) -> list[Mutant]:
    path = tmp_path / "reference.py"
    path.write_text(code)
    return list_mutants(path, asked)


@pytest.mark.parametrize(("written", "operator", "becomes"), ODD, ids=[f"{line[0]}-{line[1]}" for line in ODD])
def test_it_does_not_matter_how_a_line_is_written(written: str, operator: str, becomes: str, tmp_path: Path) -> None:
    found = {
        (mutant.operator, mutant.becomes) for mutant in of(f"def f(n):\n    x = {written}\n    return x\n", tmp_path)
    }
    whole = becomes if "\n" in written else f"x = {becomes}"
    assert any(operator == kind and whole in text for kind, text in found), found


#: A function's body in which the brackets stand close, and a line of one of its mutants.
CLOSE = [
    ("if(n > 1):\n        n = 2\n    return n", "if True:"),
    ("if n:\n        n = 2\n    elif(n == 2):\n        n = 3\n    return n", "elif False:"),
    ("return(n + m)", "return(n)"),
    ("return(n if m else 3)", "return n"),
    ("return[n for n in m if(n)]", "return[n for n in m]"),
    ("return n if(not m)else 3", "return n if(m)else 3"),
]


@pytest.mark.parametrize(("body", "becomes"), CLOSE)
def test_brackets_without_spaces_cost_no_mutant(body: str, becomes: str, tmp_path: Path) -> None:
    assert becomes in {mutant.becomes for mutant in of(f"def f(n, m):\n    {body}\n", tmp_path)}


def test_an_operator_that_cannot_cope_costs_only_its_own_mutants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(node: object) -> Iterator[Replacement]:
        raise ValueError(node)
        yield

    monkeypatch.setattr("autograder.quality.mutants.OPERATORS", ((m.Integer(), breaks), *OPERATORS))
    assert "return n + 4" in {mutant.becomes for mutant in of("def f(n):\n    return n + 3\n", tmp_path)}


CONSTANTS = """\
START, UNKNOWN = 1, 2
C: int = 3
D = E = 4
Names = dict[str, int]


async def wait():
    return C + 1


def f(n):
    names: Names = {}
    return START + E


def g(n):
    return UNKNOWN + wait()
"""


def test_constants_of_every_spelling_get_faults(tmp_path: Path) -> None:
    found = of(CONSTANTS, tmp_path, ("f", "g"))
    assert {mutant.function: mutant.affected for mutant in found} == {
        "START, UNKNOWN": ("f", "g"),
        "C": ("g",),
        "D, E": ("f",),
        "wait": ("g",),
        "f": ("f",),
        "g": ("g",),
    }
    assert {"START, UNKNOWN = 1, 3", "C: int = 4", "D = E = 5"} <= {mutant.becomes for mutant in found}


def test_equal_faults_in_equal_lines_have_names_of_their_own(tmp_path: Path) -> None:
    found = of("def f(n):\n    n += 3\n    n += 3\n    return n\n", tmp_path)
    once, again = (mutant for mutant in found if mutant.becomes == "n += 4")
    assert once.name == "f: constant: n += 3 -> n += 4" and again.name == f"{once.name} (2)"
    assert once.module != again.module


def test_what_is_said_in_words_gets_no_fault(tmp_path: Path) -> None:
    body = '    if n < 0:\n        raise ValueError(f"{n} is below", 0)\n    print("n is", n + 1)\n    return n\n'
    for mutant in of(f"def f(n):\n{body}", tmp_path):
        assert 'raise ValueError(f"{n} is below", 0)\n    print("n is", n + 1)\n' in mutant.module


def test_what_a_fault_needs_is_imported(tmp_path: Path) -> None:
    code = '"""GRU and np.roll are only words here."""\nfrom keras.layers import LSTM\n\n\n'
    code += "def f(m, x, y):\n    m.add(LSTM(4))\n    m.fit(x, y)\n    return m\n"
    answers = [mutant.answer for mutant in of(code, tmp_path)]
    assert any('__import__("numpy").roll(x, 1, axis=0)' in answer for answer in answers)
    assert any('__import__("keras").layers.GRU(4)' in answer for answer in answers)
