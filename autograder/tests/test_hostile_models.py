"""Hostile Keras configs are refused before anything is begun, cost a neighbour nothing, and never reach the judge's own Keras."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed
from autograder.judge.models import Model
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers.hostile_configs import ATTACKS, DENSE, FORGING, node, stack

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_config_is_refused_before_anything_is_begun(builder: Any, attack: str) -> None:
    import psutil

    memory, started = psutil.Process().memory_info().rss, time.process_time()
    weights = [np.ones((3, 2), "float32"), np.zeros(2, "float32")]
    for those in (weights, []):
        with pytest.raises((builder.Refused, ValueError, TypeError)):
            builder.Rebuilt(json.dumps(ATTACKS[attack]), those)
    assert time.process_time() - started < 5
    assert psutil.Process().memory_info().rss - memory < 200 << 20


def test_a_config_that_is_no_text_of_one_is_refused(builder: Any) -> None:
    for text in ("", "[", "null", "[" * 1_000_000, "9" * 5_000, "x" * 3_000_000, json.dumps([stack(DENSE)])):
        with pytest.raises((builder.Refused, ValueError)):
            builder.Rebuilt(text, [])


SEQUENCE, BACKWARDS = (node("LSTM", units=40, return_sequences=True, go_backwards=back) for back in (False, True))
NEIGHBOUR = """\
import keras

def model(): return keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4), keras.layers.Dense(1)])

def predicted(model, x): return model.predict(x, verbose=0)
"""


@pytest.fixture(scope="module")
def keras_beforehand() -> Iterator[None]:
    warm.settle(Surroundings(preload=("keras", "numpy", "tensorflow")))
    yield
    warm.reset()


def test_hostile_models_cost_a_neighbour_nothing(keras_beforehand: None) -> None:
    """Each is sent by a submission that is graded in the same judge, and none of them crosses."""
    import keras

    x = np.random.default_rng(3).normal(size=(6, 5, 3)).astype("float32")
    state = keras.config.floatx(), keras.config.dtype_policy().name, keras.config.image_data_format()
    with NotebookRun([FORGING], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as hostile:
        hostile.run_cells()
        for number, (name, config) in enumerate(ATTACKS.items()):
            try:
                model = StudentNotebook(hostile).forged(json.dumps(config))
            except CheckFailed as failure:
                assert "cannot be read" not in failure.rationale, name
                continue
            assert isinstance(model, Model) and not model.crossed, name
            if number % 12:
                continue
            with NotebookRun([NEIGHBOUR], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as neighbour:
                neighbour.run_cells()
                theirs = StudentNotebook(neighbour).model()
                assert theirs.crossed and theirs.predict(x).dtype == np.float32
                np.testing.assert_allclose(
                    theirs.predict(x), StudentNotebook(neighbour).predicted(theirs, x), rtol=1e-5, atol=1e-6
                )
        assert hostile.models.starts <= 1, "a hostile config ended the model process"
    assert (keras.config.floatx(), keras.config.dtype_policy().name, keras.config.image_data_format()) == state


def test_the_judge_itself_never_reads_a_config(keras_beforehand: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.saving import serialization_lib

    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the judge's own Keras was given a config")

    monkeypatch.setattr(serialization_lib, "deserialize_keras_object", never)
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", never)
    with NotebookRun([NEIGHBOUR], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as run:
        run.run_cells()
        model = StudentNotebook(run).model()
        assert model.crossed and model.predict(np.zeros((2, 5, 3), "float32")).shape == (2, 1)
