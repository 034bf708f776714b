"""The reviews: where they come from, and that knowing all of them does not help to look up what is graded."""

from __future__ import annotations

import inspect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from autograder.errors import UsageError
from autograder.tests.helpers import ROOT
from autograder.tests.helpers.data import REAL, needs_real_reviews
from solutions import reviews
from solutions.reviews import FIRST_WORD, Budget, ImdbData, fresh_split, load_imdb, make_stand_in, pad_reviews

SMALL = Budget(reviews=300, epochs=1, held_out=200, vocab_size=1_000, length=60)
Pattern = tuple[int, ...]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder as Keras' home, and no folder named: only the stand-in is left."""
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_without_any_file_there_is_the_stand_in_and_it_says_so(nowhere: Path) -> None:
    found = load_imdb()
    assert (found.kind, found.source) == ("stand-in", "generated stand-in")
    assert (len(found.x_train), len(found.x_test)) == (5000, 2000)


def test_the_notebook_makes_the_same_stand_in() -> None:
    notebook = nbformat.read(ROOT / "source/imdb_sentiment/imdb_sentiment.ipynb", as_version=4)
    [cell] = [cell for cell in notebook.cells if cell.id == "data"]
    assert inspect.getsource(make_stand_in) in cell.source


def test_in_the_stand_in_only_the_order_of_the_opinions_tells_the_label() -> None:
    (x, y), _, word_index = make_stand_in()
    opinions = {word_index[word] + 3: word in "brilliant wonderful funny" for word in ("brilliant", "boring", "awful")}
    assert {word_index[word] for word in word_index} == set(range(1, len(word_index) + 1))
    counts = {label: [sum(word in opinions for word in x[i]) for i in np.flatnonzero(y == label)] for label in (0, 1)}
    assert abs(np.mean(counts[0]) - np.mean(counts[1])) < 0.03, "a bag of words sees the same in both"
    praise = word_index["brilliant"] + 3
    where = {
        label: [x[i].index(praise) / len(x[i]) for i in np.flatnonzero(y == label) if praise in x[i]]
        for label in (0, 1)
    }
    assert np.mean(where[1]) > np.mean(where[0]) + 0.2, "praise comes late in a positive review"


@pytest.mark.parametrize("missing", [reviews.REVIEWS, reviews.WORD_INDEX])
def test_a_named_folder_without_a_file_is_one_clear_line(tmp_path: Path, missing: str) -> None:
    for name in {reviews.REVIEWS, reviews.WORD_INDEX} - {missing}:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match=f"{missing}: is missing. Put it there, or name no data folder"):
        load_imdb(tmp_path)


def test_another_file_of_that_name_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / reviews.REVIEWS, x_train=np.array([{"a": 1}], dtype=object))
    (tmp_path / reviews.WORD_INDEX).write_text("{}")
    with pytest.raises(UsageError, match="is not Keras' original file"):
        load_imdb(tmp_path)


@needs_real_reviews
@pytest.mark.slow
def test_the_real_reviews_are_what_keras_loads(nowhere: Path) -> None:
    (nowhere / "datasets").mkdir()
    for name in (reviews.REVIEWS, reviews.WORD_INDEX):
        shutil.copy(REAL / name, nowhere / "datasets")
    found = load_imdb()
    assert found.source == "IMDB (25,000 + 25,000 reviews)"
    words = {rank + 3: word for word, rank in found.word_index.items()}
    first = [words.get(word, "?") for word in found.x_train[0]]
    assert first[:8] == ["?", "this", "film", "was", "just", "brilliant", "casting", "location"]
    program = (
        "import json, keras; (x, y), (a, b) = keras.datasets.imdb.load_data();"
        "print(json.dumps([[*x[:200], *a[-200:]], y.tolist(), b.tolist()]))"
    )
    environment = os.environ | {"KERAS_HOME": str(nowhere)}  # read when Keras is imported
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    ours = [[*found.x_train[:200], *found.x_test[-200:]], found.y_train.tolist(), found.y_test.tolist()]
    assert json.loads(done.stdout) == ours


def reviews_of(kind: str) -> ImdbData:
    if kind == "IMDB":
        if not (REAL / reviews.REVIEWS).is_file():
            pytest.skip(f"the real reviews are not there: {REAL / reviews.REVIEWS}")
        return load_imdb(REAL)
    (x_train, y_train), (x_test, y_test), word_index = make_stand_in()
    return ImdbData(x_train, y_train, x_test, y_test, word_index, "stand-in")


def pattern(row: Any) -> Pattern:
    """Which words of a review are equal, whatever they are called: what is left of it when the words are renamed.

    Ids below 4 keep their meaning, and say as much.
    """
    names: dict[int, int] = {}
    return tuple(int(w) if w < FIRST_WORD else FIRST_WORD + names.setdefault(int(w), len(names)) for w in row)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["stand-in", "IMDB"])
def test_who_knows_every_review_cannot_look_one_up(kind: str) -> None:
    """A notebook may carry the patterns of all reviews with their labels; renaming alone would not stop it."""
    known, draw = reviews_of(kind), np.random.default_rng(3)
    rows = pad_reviews([*known.x_train, *known.x_test], SMALL.vocab_size, SMALL.length)
    patterns = {pattern(row) for row in rows}
    names = np.concatenate([np.arange(FIRST_WORD), draw.permutation(np.arange(FIRST_WORD, SMALL.vocab_size))])
    assert all(pattern(names[row]) in patterns for row in rows[:200]), "the attack works on renamed reviews"
    split = fresh_split(known, SMALL, draw)
    found = sum(pattern(row) in patterns for row in split.x_held_out)
    assert found <= 0.02 * len(split.x_held_out), "but for a few very short ones"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["stand-in", "IMDB"])
def test_a_fresh_split_is_the_same_for_the_same_draws_and_another_for_others(kind: str) -> None:
    known = reviews_of(kind)
    one, again, other = (fresh_split(known, SMALL, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert all(
        np.array_equal(getattr(one, name), getattr(again, name)) for name in ("x", "y", "x_held_out", "y_held_out")
    )
    assert not np.array_equal(one.x, other.x)
    assert one.x.shape == (300, 60) and one.x_held_out.shape == (200, 60) and one.x.dtype == np.int32
    assert one.x.min() == 0 and one.x.max() < SMALL.vocab_size
    assert 0.35 < one.y.mean() < 0.65 and 0.35 < one.y_held_out.mean() < 0.65


def test_the_notebook_states_the_record() -> None:
    """The two numbers of either kind of reviews stand in the text, in the stub, and those of the stand-in in the visible check."""
    record = json.loads((ROOT / "tests/imdb_sentiment/thresholds.json").read_text(encoding="utf-8"))
    notebook = nbformat.read(ROOT / "source/imdb_sentiment/imdb_sentiment.ipynb", as_version=4)
    text, stub, check = (
        next(c.source for c in notebook.cells if c.id == name) for name in ("q6-text", "q6-solution", "q6")
    )
    made_up, real = record["stand-in"], record["IMDB"]
    for number in ("clear_learning", "threshold"):
        assert f"| **{made_up[number]}** | **{real[number]}** |" in text
        assert f"{made_up[number]} on fresh reviews of the stand-in, {real[number]} on real ones" in stub
        assert f"assert reached >= {made_up[number]}, " in check
    reached = (f"{kind['mean']:.3f}, {kind['spread']:.3f}, {kind['n']}" for kind in (made_up, real))
    assert f"| {' | '.join(reached)} |" in text
    budgets = [kind["budget"] for kind in (made_up, real)]
    assert f"| `length` | {budgets[0]['length']} | {budgets[1]['length']} |" in text
    assert f"| reviews to train on | {budgets[0]['reviews']:,} | {budgets[1]['reviews']:,} |" in text
    assert f"| `vocab_size` | {budgets[0]['vocab_size']:,} | {budgets[1]['vocab_size']:,} |" in text
