"""Hostile models are refused before anything is begun, cost a neighbour nothing, and never reach the judge's own Keras."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed
from autograder.judge.models import Model
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers import SOAK
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
            if number % (12 if SOAK else 30):
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


# ---- models that run code, read files or fill memory where they are built


def serialized(*layers: Any) -> dict[str, Any]:
    import keras

    model = keras.Sequential([keras.Input((3,)), *layers])
    config: dict[str, Any] = json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    return config


def by_keras(config: dict[str, Any]) -> Any:
    """What a judge would have that left everything to Keras."""
    import keras

    return keras.saving.deserialize_keras_object(config, safe_mode=False)


@pytest.fixture
def touched(tmp_path: Path) -> Path:
    """A file that hostile code makes."""
    return tmp_path / "touched"


def test_the_code_of_a_lambda_runs_in_keras_and_not_here(touched: Path, builder: Any) -> None:
    import keras

    run = eval(f"lambda x: (open({str(touched)!r}, 'w').close(), x)[1]")
    config = serialized(keras.layers.Lambda(run))
    touched.unlink(missing_ok=True)
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(config), [])
    assert not touched.exists(), "code out of a student's model ran in the judge"
    by_keras(config)(np.ones((1, 3)))
    assert touched.exists(), "the config holds no code that runs, so refusing it shows nothing"


def test_a_class_of_a_students_own_is_built_by_keras_and_not_here(touched: Path, builder: Any) -> None:
    import keras

    @keras.saving.register_keras_serializable("hostile")
    class Touching(keras.layers.Layer):  # type: ignore[misc]
        def compute_output_spec(self, x: Any) -> Any:  # Keras would try the layer, which depends on what ran before
            return keras.KerasTensor(x.shape, x.dtype)

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            touched.touch()
            return super().from_config(config)

    config = serialized(Touching())
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(config), [])
    assert not touched.exists(), "a class that a student registered was built in the judge"
    by_keras(config)
    assert touched.exists(), "Keras does not build the class, so refusing it shows nothing"


def test_a_layer_that_reads_a_file_is_built_by_keras_and_not_here(tmp_path: Path, builder: Any) -> None:
    import keras

    secret = tmp_path / "secret.txt"
    secret.write_text("hiddenanswer\n")
    part = keras.saving.serialize_keras_object(keras.layers.StringLookup(vocabulary=["a"]))
    part["config"]["vocabulary"] = str(secret)
    config = serialized(keras.layers.Dense(1))
    config["config"]["layers"].append(part)
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(config), [np.ones((3, 1)), np.ones(1)])
    assert "hiddenanswer" in by_keras(part).get_vocabulary(), "Keras reads no file, so refusing the layer shows nothing"


@pytest.mark.parametrize(
    ("class_name", "sizes"),
    [("Dense", {"units": 10**9}), ("Embedding", {"input_dim": 10**9, "output_dim": 64}), ("LSTM", {"units": 10**6})],
)
def test_a_config_of_a_thousand_million_units_takes_no_memory_here(
    class_name: str, sizes: dict[str, int], builder: Any
) -> None:
    import keras

    small: dict[str, Any] = dict.fromkeys(sizes, 2)
    lead = [keras.layers.Reshape((3, 1))] if class_name == "LSTM" else []
    config = serialized(*lead, getattr(keras.layers, class_name)(**small))
    weights = by_keras(config).get_weights()
    assert builder.Rebuilt(json.dumps(config), weights).layers, (
        "the same config is refused for another reason than its size"
    )
    config["config"]["layers"][-1]["config"] |= sizes
    config["config"]["layers"][-1].pop("build_config", None)
    with pytest.raises(builder.Refused, match=r"whole number|more weights than it has"):
        builder.Rebuilt(json.dumps(config), weights)


HIJACKED = """\
import keras
import numpy as np


class Perfect:
    history = {"accuracy": [1.0], "loss": [0.0]}


def build_model():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return hijacked(model)


def hijacked(model):
    model.evaluate = lambda *args, **kwargs: [0.0, 1.0]
    model.predict = lambda x, *args, **kwargs: np.ones((len(x), 1), "float32")
    model.history = Perfect()
    return model


def train(model, x, y, epochs):
    fit = keras.Sequential.fit(model, x[:1], y[:1], epochs=0, verbose=0)
    return hijacked(model)


def told(model, x, y):
    return model.evaluate(x, y)[1], model.predict(x)
"""


def test_hijacked_evaluate_predict_and_history_of_a_model_decide_nothing_here(keras_beforehand: None) -> None:
    x = np.random.default_rng(3).normal(size=(16, 4)).astype("float32")
    y = np.ones(16)
    with NotebookRun([HIJACKED], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as run:
        run.run_cells()
        submission = StudentNotebook(run)
        model = submission.train(submission.build_model(), x, y, 1)
        accuracy, predicted = submission.told(model, x, y)
        assert accuracy == 1.0 and np.all(predicted == 1.0), "the student's own process is not deceived: no attack"
        ours = model.predict(x)
    assert ours.std() > 0 and np.any(ours < 0.5), (
        "predictions came out of the student's process and not from the weights"
    )
