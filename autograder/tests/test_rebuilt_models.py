"""What the course's hidden checks say of models that could be right and are built in other ways than the samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from autograder.judge.failures import AwaitsPerson
from autograder.judge.misconceptions import load_by_path
from autograder.judge.models import Model
from autograder.sandbox.inside.wire import decode, encode
from autograder.tests.helpers import ROOT

if TYPE_CHECKING:
    import keras

pytestmark = pytest.mark.slow
UNITS, DAYS, FEATURES = 4, 3, 5
RNN_WEIGHTS, LSTM_WEIGHTS = 45, 165


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Load a file of the course's tests by its path."""
    monkeypatch.syspath_prepend(ROOT)
    return lambda file: load_by_path(ROOT / "tests" / file, f"rebuilt_{file.replace('/', '_')[:-3]}")


def stack(*parts: Any) -> keras.Model:
    import keras  # here and below, because every test process imports this file

    return keras.Sequential([keras.Input((DAYS, FEATURES)), *parts])


def as_many_without_a_state(rows: int) -> keras.Model:
    """A bounded number for each sequence from all of its days, without bias, by a matrix of 15 times ``rows`` and no layer that steps."""
    from keras import layers

    mean = [layers.Reshape((rows, 1)), layers.GlobalAveragePooling1D()]
    return stack(layers.Flatten(), layers.Dense(rows, "tanh", use_bias=False), *mean)


@pytest.mark.parametrize(
    ("kind", "right", "weights"),
    [
        ("SimpleRNN", lambda layers: layers.SimpleRNN(UNITS), RNN_WEIGHTS),
        ("SimpleRNN", lambda layers: layers.RNN(layers.SimpleRNNCell(UNITS)), RNN_WEIGHTS),
        ("LSTM", lambda layers: layers.LSTM(UNITS, return_sequences=True), LSTM_WEIGHTS),
        ("LSTM", lambda layers: layers.RNN(layers.LSTMCell(UNITS)), LSTM_WEIGHTS),
    ],
)
def test_as_many_weights_in_other_layers_await_a_person(
    checks: Callable[[str], ModuleType], kind: str, right: Callable[[Any], Any], weights: int
) -> None:
    from keras import layers

    facts = checks("recurrent_networks/facts.py")
    x = np.random.default_rng(1).uniform(-0.5, 0.5, (12, DAYS, FEATURES))
    like = stack(getattr(layers, kind)(UNITS), layers.Dense(1))
    told = f"one number for each sequence, {weights} trainable weights"
    layer = right(layers)
    last = [layers.Lambda(lambda states: states[:, -1])] if getattr(layer, "return_sequences", False) else []
    assert facts.model_facts(Model.own(stack(layer, *last, layers.Dense(1))), x, like) == told
    other = as_many_without_a_state(weights // 15)
    assert other.count_params() == like.count_params() == weights
    with pytest.raises(AwaitsPerson, match="arrays of other shapes"):
        facts.model_facts(Model.own(other), x, like)


def bounded(kind: str, **options: Any) -> keras.Model:
    from keras import layers

    return stack(getattr(layers, kind)(UNITS, **options), layers.Dense(1))


@pytest.mark.parametrize("policy", ["float32", "mixed_float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM"])
def test_half_the_precision_is_not_called_another_model(
    checks: Callable[[str], ModuleType], builder: Any, policy: str, kind: str
) -> None:
    import keras

    facts = checks("recurrent_networks/facts.py")
    x = np.random.default_rng(1).uniform(-0.5, 0.5, (12, DAYS, FEATURES))
    keras.utils.set_random_seed(3)
    like, usual = bounded(kind), keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        theirs = bounded(kind)
        without = bounded(kind, activation="linear")
    finally:
        keras.config.set_dtype_policy(usual)
    weights = like.count_params()
    config = json.dumps(keras.saving.serialize_keras_object(theirs))
    rebuilt = builder.Rebuilt(config, theirs.get_weights()).keras
    told = f"one number for each sequence, {weights} trainable weights"

    def told_or_awaiting(model: keras.Model) -> str:
        try:
            return str(facts.model_facts(NotRebuilt(model), x, like))
        except AwaitsPerson:
            return "awaits a person"

    assert facts.model_facts(Model.own(rebuilt), x, like) == told
    assert told_or_awaiting(theirs) in (told, "awaits a person"), "by the student's own process, in its own precision"
    assert told_or_awaiting(without) != told


class NotRebuilt(Model):
    """A model that the student's own process predicts with."""

    def __init__(self, model: keras.Model) -> None:
        super().__init__(0, None)
        self.model = model

    def _ask_student(self, member: str, *args: Any) -> Any:
        buffers: list[bytes] = []
        return decode(encode(self._said(member, *args), buffers), buffers)

    def _said(self, member: str, *args: Any) -> Any:
        match member:
            case "predict":
                return self.model.predict(args[0], verbose=0)
            case "output_shape":
                return self.model.output_shape
            case "weights":
                return self.model.get_weights()
        return self.model.count_params()


def test_a_masked_model_that_only_the_student_predicts_with_awaits_a_person(
    checks: Callable[[str], ModuleType],
) -> None:
    import keras
    from keras import layers

    q5 = checks("padding/test_q5_last_state.py")
    x = np.array([[1, 5, 3, 2], [4, 2, 6, 1], [3, 1, 2, 7]])

    def looks(masked: bool, kind: Callable[[keras.Model], Model]) -> Any:
        parts = [keras.Input((None,)), layers.Embedding(9, 4, mask_zero=masked), layers.LSTM(2)]
        return q5.zeros_around(kind(keras.Sequential(parts)), x, 9, 4)

    assert looks(True, Model.own) == [[3, 2], 9, True, True, True, True]
    assert looks(False, NotRebuilt) != looks(True, Model.own)  # plainly wrong: nobody has to look at it
    with pytest.raises(AwaitsPerson, match="does more than call Keras' own layers"):
        looks(True, NotRebuilt)
