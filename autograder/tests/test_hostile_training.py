"""Hostile submissions that aim at the graded training: each satisfies a check that trusts what it is told, and earns nothing here."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.judge.results import OUR_FAULT
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.attacks import Attack, attacks
from autograder.tests.helpers.first_road import sample_course
from solutions.reviews import make_stand_in

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("keras_beforehand")]
QUICK = (
    "training__smuggles_trained_weights__earns_nothing",
    "training__counts_words_in_predict__earns_nothing",
    "training__counts_words_in_a_model_that_cannot_be_rebuilt__awaits_a_person",
)
CHOSEN = [attack for attack in attacks("training") if SOAK or attack.name in QUICK]
HONEST = """\
def build_model(vocab_size, length):
    stack = [keras.Input((length,)), keras.layers.Embedding(vocab_size, 8), keras.layers.LSTM(16)]
    return keras.Sequential([*stack, keras.layers.Dense(1, activation="sigmoid")])


def train(model, x, y, epochs):
    return model"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return sample_course(tmp_path_factory)


@pytest.fixture(scope="module")
def grader(course: Course) -> Iterator[Grader]:
    with Grader(course) as started:
        yield started


@pytest.fixture(scope="module")
def weights() -> str:
    """What a model has learnt from the reviews that the notebook itself makes, as text."""
    import keras

    (reviews, labels), _, _ = make_stand_in(n_train=4000, n_test=1000, seed=5)
    rows = np.zeros((len(reviews), 60), dtype="int32")
    for row, review in zip(rows, reviews, strict=True):
        end = [word if word < 1000 else 2 for word in review[-60:]]
        row[60 - len(end) :] = end
    keras.utils.set_random_seed(1)
    stack = [keras.Input((60,)), keras.layers.Embedding(1000, 8), keras.layers.LSTM(16)]
    model = keras.Sequential([*stack, keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.fit(rows, labels, batch_size=128, epochs=4, verbose=0)
    file = io.BytesIO()
    np.savez(file, *model.get_weights())
    return base64.b64encode(file.getvalue()).decode()


def notebook(course: Course, answer: str) -> NotebookNode:
    """The released notebook of the sentiment assignment, with an answer to the question that trains."""
    released = nbformat.read(course.assignment("imdb_sentiment").released, as_version=4)
    for cell in released.cells:
        if cell.id == "q6-solution":
            cell.source = answer
    return released


def satisfies_the_notebook(submitted: NotebookNode) -> str:
    """What the notebook's own check says, run where the answer runs; empty when it is satisfied."""
    wanted = ("setup", "data", "q6-solution", "q6")
    cells = [cell.source for cell in submitted.cells if cell.id in wanted]
    with NotebookRun(cells, [], Limits(seconds_per_cell=200.0, seconds_per_call=60.0)) as run:
        run.run_cells()
    stopped = run.outcomes[len(cells) - 1]
    return "" if stopped is None else stopped.reason


def test_a_model_that_learns_nothing_satisfies_no_check(course: Course) -> None:
    assert "no better than guessing" in satisfies_the_notebook(notebook(course, HONEST))


@pytest.mark.parametrize("attack", CHOSEN, ids=lambda attack: attack.name)
def test_it_deceives_the_notebook_and_earns_nothing(
    attack: Attack, course: Course, grader: Grader, weights: str, tmp_path: Path
) -> None:
    submitted = notebook(course, attack.filled(attack.cell, {"weights": weights}))
    assert satisfies_the_notebook(submitted) == "", "the notebook's own check is not deceived: this is no attack"
    path = tmp_path / "imdb_sentiment.ipynb"
    nbformat.write(submitted, path)
    result = grader.grade(path, "imdb_sentiment")
    assert result.faults == []
    checks = [check for check in result.checks if check.question == "q6"]
    assert [check.points for check in checks] == [0.0, 0.0]
    if attack.name.endswith("earns_nothing"):
        assert "its accuracy was" in checks[0].rationale, "the training was not judged"
        return
    assert (result.points, [check.status for check in checks]) == (None, ["error", "error"])
    assert all("these points await a person" in check.rationale for check in checks)
    assert result.notes[-1] == checks[0].rationale and OUR_FAULT not in result.notes
