"""A student's model is rebuilt in a process of its own and predicts the same; what stands in no table, or is too large, does not cross."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed
from autograder.judge.models import Model
from autograder.judge.rebuilt import InModelProcess
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.inside.frames import receive_frame, send_frame
from autograder.sandbox.inside.wire import encode
from autograder.sandbox.limits import TimeBudget
from autograder.sandbox.model_process import MAX_STARTS, ModelProcess
from autograder.sandbox.run import NotebookRun

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("keras_beforehand")]

BUILDERS = """\
import keras
import tensorflow as tf
import numpy as np
from keras import layers, ops

def sequential(): return keras.Sequential([keras.Input((5, 3)), layers.LSTM(4), layers.Dense(2, activation="softmax")])

def built_by_its_first_batch():
    model = keras.Sequential([layers.SimpleRNN(4), layers.Dense(1)])
    model(np.zeros((2, 5, 3), "float32"))
    return model

def compiled_and_trained():
    model = sequential()
    model.compile(keras.optimizers.Adam(0.1), loss="mse", metrics=["mae"])
    model.fit(np.ones((8, 5, 3)), np.ones((8, 2)), epochs=1, verbose=0)
    return model

def shared_layer():
    one, other, shared = keras.Input((5, 3)), keras.Input((5, 3)), layers.GRU(4)
    return keras.Model([one, other], layers.Dense(1)(layers.concatenate([shared(one), shared(other)])))

def bidirectional():
    both = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode="sum")
    return keras.Sequential([keras.Input((5, 3)), both, layers.TimeDistributed(layers.Dense(2)), layers.Dropout(0.5)])

def masked(): return keras.Sequential([keras.Input((None,)), layers.Embedding(20, 4, mask_zero=True), layers.LSTM(3), layers.Dense(1)])

def nested():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4, "relu", kernel_regularizer="l2"), layers.BatchNormalization()], name="inner")
    return keras.Sequential([keras.Input((5, 3)), layers.GlobalAveragePooling1D(), inner, layers.Dense(1)])

def with_ops():
    given = keras.Input((5, 3))
    return keras.Model(given, layers.Dense(1)(ops.mean(ops.tanh(given) * 2.0 + given[:, :1, :], axis=1)))

def cells(): return keras.Sequential([keras.Input((5, 3)), layers.RNN([layers.LSTMCell(4), layers.GRUCell(2)]), layers.Dense(1)])

def a_lambda(): return keras.Sequential([keras.Input((5, 3)), layers.Lambda(lambda x: x[:, -1]), layers.Dense(1)])

def every_layer():
    stack = [
        layers.Conv1D(4, 3, padding="causal", activation="relu"), layers.MaxPooling1D(2), layers.SpatialDropout1D(0.2),
        layers.SeparableConv1D(4, 2), layers.LayerNormalization(), layers.PReLU(), layers.GaussianNoise(0.1), layers.UnitNormalization(),
        layers.Rescaling(2.0, offset=1), layers.ZeroPadding1D(2), layers.Cropping1D(1), layers.UpSampling1D(2), layers.Reshape((-1, 4)),
        layers.Permute((2, 1)), layers.Flatten(), layers.RepeatVector(3), layers.ReLU(), layers.LeakyReLU(), layers.Softmax(), layers.ELU(),
        layers.Masking(), layers.Bidirectional(layers.GRU(3)), layers.Dense(2, activation=layers.LeakyReLU()), layers.Identity(),
        layers.Activation("gelu"), layers.AlphaDropout(0.1), layers.ActivityRegularization(0.1), layers.BatchNormalization(trainable=False),
    ]
    return keras.Sequential([keras.Input((8, 3)), *stack])

def adapted():
    normalise = layers.Normalization()
    normalise.adapt(np.random.default_rng(0).normal(3, 2, size=(50, 3)))
    return keras.Sequential([keras.Input((5, 3)), normalise, layers.SimpleRNN(2, unroll=True)])

def normalised(): return keras.Sequential([keras.Input((5, 3)), layers.Normalization(mean=[1.0, 2, 3], variance=[1.0, 4, 2]), layers.SimpleRNN(2)])

def merged():
    one = keras.Input((5, 3))
    other = layers.Dense(3)(one)
    kinds = layers.Add, layers.Multiply, layers.Average, layers.Subtract, layers.Maximum, layers.Minimum, layers.Concatenate
    parts = [kind()([one, other]) for kind in kinds] + [layers.Attention()([one, other]), layers.AdditiveAttention()([one, other])]
    parts += [layers.MultiHeadAttention(2, 3)(one, other), layers.Dot(axes=2)([one, other])]
    return keras.Model(one, layers.GlobalMaxPooling1D()(layers.Concatenate()(parts)))

def encoder_decoder():
    source, target = keras.Input((5, 3)), keras.Input((4, 2))
    _, hidden, cell = layers.LSTM(4, return_state=True)(source)
    states = layers.LSTM(4, return_sequences=True)(target, initial_state=[hidden, cell])
    return keras.Model([source, target], layers.TimeDistributed(layers.Dense(2, activation="softmax"))(states))

def nested_twice():
    def inner():
        given = keras.Input((3,))
        return keras.Model(given, layers.Dense(3)(layers.Dense(4, "gelu")(given)))

    outer, shared = keras.Input((5, 3)), inner()
    at_every_time = layers.TimeDistributed(inner())(outer)
    last = shared(shared(at_every_time[:, -1]))
    return keras.Model(outer, last + ops.expand_dims(ops.cast(ops.max(outer, axis=[1, 2]), "float32"), -1))

def pictures():
    return keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="relu"), layers.MaxPooling2D(), layers.GlobalAveragePooling2D()])

def two_outputs():
    given = keras.Input((5, 3))
    return keras.Model(given, [layers.Dense(2)(given), layers.Dense(2)(given)])

class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.recurrent, self.head = layers.LSTM(4), layers.Dense(1)
    def call(self, x): return self.head(self.recurrent(x))

def subclass():
    model = Subclass()
    model(np.zeros((1, 5, 3), "float32"))
    return model

class Encoder(keras.Model):
    def __init__(self):
        super().__init__()
        self.words, self.order = layers.Embedding(20, 4, mask_zero=True), layers.Bidirectional(layers.GRU(3))
    def call(self, x): return self.order(self.words(x))

class Reader(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.Sequential([layers.Dense(3, "tanh"), layers.BatchNormalization(), layers.Dense(1)])
        self.drop, self.encoder = layers.Dropout(0.5), Encoder()
    def call(self, x, training=None): return self.head(self.drop(self.encoder(x), training=training))
    def train_step(self, data): return super().train_step(data)

def nested_subclass():
    model = Reader()
    model.compile("adam", "mse")
    model.fit(np.arange(20).reshape(4, 5), np.ones((4, 1)), epochs=2, verbose=0)
    return model

class Masks(keras.Model):
    def __init__(self):
        super().__init__()
        self.words, self.states, self.head = layers.Embedding(20, 4), layers.LSTM(3, return_sequences=True), layers.Dense(1)
    def call(self, x):
        there = ops.not_equal(x, 0)
        kept = ops.expand_dims(ops.cast(there, "float32"), -1)
        return self.head(ops.sum(self.states(self.words(x), mask=there) * kept, axis=1) / ops.sum(kept + 0.01, axis=1))

def masks_by_hand():
    model = Masks()
    model(np.ones((1, 4), "int32"))
    return model

class Shares(keras.Model):
    def __init__(self):
        super().__init__()
        self.both, self.head = layers.GRU(4), layers.Dense(1)
    def call(self, inputs):
        one, other = inputs
        return self.head(layers.concatenate([self.both(one), self.both(other)]))

def two_inputs():
    model = Shares()
    model([np.zeros((1, 5, 3), "float32")] * 2)
    return model

class Functional(keras.Model):
    def __init__(self):
        given = keras.Input((5, 3))
        super().__init__(given, layers.Dense(1)(layers.LSTM(2)(given)))
    def train_step(self, data): return super().train_step(data)

def functional_subclass(): return Functional()

class Sequential(keras.Sequential): pass

def sequential_subclass(): return Sequential([keras.Input((None, 3)), layers.LSTM(2), layers.Dense(1)])

class Flat(keras.Model):
    def __init__(self):
        super().__init__()
        self.flat, self.head = layers.Flatten(), layers.Dense(1)
    def call(self, x): return self.head(self.flat(x))

def of_one_length():
    model = Flat()
    model(np.zeros((1, 5, 3), "float32"))
    return model

class Lies(Subclass):
    def predict(self, x, **ignored): return np.full((len(x), 1), 0.75)

def lies():
    model = Lies()
    model(np.zeros((1, 5, 3), "float32"))
    return model

class Raw(Subclass):
    def call(self, x): return self.head(tf.reduce_mean(x, axis=1))

def raw_tensorflow():
    model = Raw()
    model(np.zeros((1, 5, 3), "float32"))
    return model

class Weighs(layers.Layer):
    def build(self, shape): self.kernel = self.add_weight(shape=(shape[-1], 2))
    def call(self, x): return ops.matmul(x, self.kernel)

class Holds(keras.Model):
    def __init__(self):
        super().__init__()
        self.own, self.flat, self.head = Weighs(), layers.Flatten(), layers.Dense(1)
    def call(self, x): return self.head(self.flat(self.own(x)))

def layer_with_weights_inside():
    model = Holds()
    model(np.zeros((1, 5, 3), "float32"))
    return model

class Hides(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner, self.flat, self.head = layers.Lambda(lambda x: x * 2), layers.Flatten(), layers.Dense(1)
    def call(self, x): return self.head(self.flat(self.inner(x)))

def lambda_inside():
    model = Hides()
    model(np.zeros((1, 5, 3), "float32"))
    return model

class Leaves(Subclass):
    def call(self, x):
        if isinstance(x, keras.KerasTensor): raise SystemExit
        return super().call(x)

def leaves_when_it_is_looked_at():
    model = Leaves()
    model(np.zeros((1, 5, 3), "float32"))
    return model

def never_called(): return Subclass()

@keras.saving.register_keras_serializable()
class Double(layers.Layer):
    def call(self, x): return 2 * x

def custom_layer(): return keras.Sequential([keras.Input((5, 3)), Double(), layers.Flatten(), layers.Dense(1)])

def predicted(model, *inputs): return model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0)

def trained(x, y):
    model = keras.Sequential([keras.Input((5, 3)), layers.LSTM(4), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    return model, history

def trained_twice(x, y):
    model, _ = trained(x, y)
    model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    return model

def not_a_model(): return layers.Dense(3)

def telling(curves):
    class Told:
        history = curves
    model = sequential()
    model.history = Told()
    return model

def unbuilt(): return keras.Sequential([layers.LSTM(4), layers.Dense(1)])
"""


@pytest.fixture(scope="module")
def submission(keras_beforehand: None) -> Iterator[StudentNotebook]:
    with NotebookRun([BUILDERS], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as run:
        run.run_cells()
        assert run.outcomes[0] is None
        yield StudentNotebook(run)


def batch(*shape: int) -> Any:
    return np.random.default_rng(7).normal(size=shape).astype("float32")


WORDS = np.array([[0, 0, 3, 19], [0, 5, 0, 1], [7, 7, 7, 7]])


@pytest.mark.parametrize(
    ("builder", "layers"),
    [
        ("sequential", ["LSTM", "Dense"]),
        ("built_by_its_first_batch", ["SimpleRNN", "Dense"]),
        ("compiled_and_trained", ["LSTM", "Dense"]),
        ("bidirectional", ["Bidirectional(LSTM)", "TimeDistributed(Dense)", "Dropout"]),
        ("nested", ["GlobalAveragePooling1D", "Dense", "BatchNormalization", "Dense"]),
        ("cells", ["RNN", "Dense"]),
        ("with_ops", None),
        ("masked", ["Embedding", "LSTM", "Dense"]),
        ("shared_layer", ["GRU", "Concatenate", "Dense"]),
        ("subclass", ["LSTM", "Dense"]),
        ("nested_subclass", None),
        ("masks_by_hand", None),
        ("two_inputs", ["GRU", "Concatenate", "Dense"]),
        ("functional_subclass", ["LSTM", "Dense"]),
        ("sequential_subclass", ["LSTM", "Dense"]),
        ("of_one_length", ["Flatten", "Dense"]),
        ("every_layer", None),
        ("adapted", ["Normalization", "SimpleRNN"]),
        ("normalised", ["Normalization", "SimpleRNN"]),
        ("merged", None),
        ("encoder_decoder", ["LSTM", "LSTM", "TimeDistributed(Dense)"]),
        ("nested_twice", ["TimeDistributed(Functional)", "Dense", "Dense"]),
        ("pictures", ["Conv2D", "MaxPooling2D", "GlobalAveragePooling2D"]),
        ("two_outputs", ["Dense", "Dense"]),
    ],
)
def test_a_model_of_keras_parts_is_rebuilt_and_predicts_the_same(
    submission: StudentNotebook, builder: str, layers: list[str] | None
) -> None:
    model = submission.call(builder)
    given = {
        "masked": [WORDS],
        "nested_subclass": [WORDS],
        "masks_by_hand": [WORDS],
        "shared_layer": [batch(4, 5, 3), -batch(4, 5, 3)],
        "two_inputs": [batch(4, 5, 3), -batch(4, 5, 3)],
        "encoder_decoder": [batch(4, 5, 3), batch(4, 4, 2)],
        "every_layer": [batch(4, 8, 3)],
        "pictures": [batch(4, 8, 8, 1)],
    }
    inputs = given.get(builder, [batch(4, 5, 3)])
    assert model.crossed
    assert layers is None or model.layers == layers
    assert model.output_shape[:1] in ((None,), ()), "even where the first batch was one of two"
    theirs = submission.predicted(model, *inputs)
    ours = model.predict(inputs if len(inputs) > 1 else inputs[0])
    assert np.shape(theirs) == np.shape(ours) and np.std(theirs) > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_many_rows_are_predicted_in_batches(submission: StudentNotebook) -> None:
    model, x = submission.sequential(), batch(300, 5, 3)
    np.testing.assert_allclose(model.predict(x), submission.predicted(model, x), rtol=1e-5, atol=1e-6)


def test_a_model_gets_other_weights_and_stays_as_it_is(submission: StudentNotebook) -> None:
    model, x = submission.sequential(), batch(4, 5, 3)
    before = model.predict(x)
    assert model.weight_names == ["kernel", "recurrent_kernel", "bias", "kernel", "bias"]
    other = model.with_weights([0 * weight for weight in model.weights])
    np.testing.assert_array_equal(other.predict(x), np.full((4, 2), 0.5, "float32"))
    np.testing.assert_array_equal(model.predict(x), before)
    np.testing.assert_array_equal(other.predict(x), np.full((4, 2), 0.5, "float32"))
    with pytest.raises(ValueError, match="not for this model"):
        model.with_weights(model.weights[:-1])


def test_a_stack_that_was_never_built_gets_its_weights_with_its_first_batch(submission: StudentNotebook) -> None:
    model = submission.unbuilt()
    assert (model.crossed, model.built, model.weights) == (True, False, [])
    assert model.predict(batch(4, 5, 3)).std() > 0
    assert (model.built, model.trainable_params) == (True, 4 * 4 * (4 + 3 + 1) + 5)
    assert model.predict(batch(4, 9, 3)).shape == (4, 1)
    zeros = model.with_weights([0 * weight for weight in model.weights])
    assert not zeros.predict(batch(4, 5, 3)).any()


def test_a_class_that_was_never_called_crosses_with_its_first_batch(submission: StudentNotebook) -> None:
    model, x = submission.never_called(), batch(4, 5, 3)
    assert not model.crossed
    predicted = model.predict(x)
    assert model.crossed and model.layers == ["LSTM", "Dense"] and model.output_shape == (None, 1)
    np.testing.assert_allclose(predicted, submission.predicted(model, x), rtol=1e-4, atol=1e-6)
    assert not np.allclose(model.with_weights([2 * weight for weight in model.weights]).predict(x), predicted)


def test_a_model_of_the_judges_own_offers_the_same_and_goes_to_the_student_as_a_copy(
    submission: StudentNotebook,
) -> None:
    import keras

    own = Model.own(keras.Sequential([keras.Input((5, 3)), keras.layers.SimpleRNN(2), keras.layers.Dense(1)]))
    x = batch(4, 5, 3)
    np.testing.assert_allclose(submission.predicted(own, x), own.predict(x), rtol=1e-5)
    assert (own.layers, own.input_shape, own.trainable_params) == (["SimpleRNN", "Dense"], (None, 5, 3), 15)
    before = own.predict(x)
    assert not own.with_weights([0 * weight for weight in own.weights]).predict(x).any()
    np.testing.assert_array_equal(own.predict(x), before)
    copied = own.for_a_reference()
    copied.set_weights([0 * weight for weight in own.weights])
    np.testing.assert_array_equal(own.predict(x), before)


def test_a_process_that_ends_fails_the_check_and_a_new_one_is_started(submission: StudentNotebook) -> None:
    with NotebookRun([BUILDERS], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as run:
        run.run_cells()
        model, x = StudentNotebook(run).sequential(), batch(4, 5, 3)
        before = model.predict(x)
        for start in range(1, MAX_STARTS + 1):
            assert run.models.starts == start
            assert run.models.process is not None
            run.models.process.end("memory")
            while run.models.process.poll() is None:  # or else it might still answer
                time.sleep(0.01)
            with pytest.raises(CheckFailed, match=r"^your model's predict (used more than 4096 MiB|was not asked)"):
                model.predict(x)
                pytest.fail("it answered")
            if start < MAX_STARTS:
                np.testing.assert_array_equal(model.predict(x), before)
        with pytest.raises(CheckFailed, match="restarts of this submission were used up"):
            model.predict(x)


def test_shapes_and_weights_are_counted_on_our_side(submission: StudentNotebook) -> None:
    model = submission.sequential()
    assert (model.output_shape, model.trainable_params) == ((None, 2), 4 * 4 * (4 + 3 + 1) + 10)
    assert repr(model) == "a model with layers LSTM, Dense"
    assert submission.nested().trainable_params == 16 + 8 + 5, "moving averages are not trained"


def test_a_subclass_reads_any_length_here_too(submission: StudentNotebook) -> None:
    for builder, x in (("subclass", batch(4, 9, 3)), ("nested_subclass", np.tile(WORDS, (1, 3)))):
        model = submission.call(builder)
        np.testing.assert_allclose(model.predict(x), submission.predicted(model, x), rtol=1e-5, atol=1e-6)


def test_what_a_subclass_says_without_its_layers_is_not_heard(submission: StudentNotebook) -> None:
    model, x = submission.lies(), batch(4, 5, 3)
    assert np.all(submission.predicted(model, x) == 0.75)
    assert model.crossed and np.ptp(model.predict(x)) > 0


NOT_CROSSING = ["a_lambda", "custom_layer", "raw_tensorflow", "layer_with_weights_inside", "lambda_inside"]


@pytest.mark.parametrize("builder", [*NOT_CROSSING, "leaves_when_it_is_looked_at"])
def test_a_model_with_code_of_its_own_does_not_cross_and_is_asked_instead(
    submission: StudentNotebook, builder: str
) -> None:
    model, x = submission.call(builder), batch(4, 5, 3)
    assert (model.crossed, model.layers, model.trainable) == (False, None, [])
    np.testing.assert_allclose(model.predict(x), submission.predicted(model, x), rtol=1e-6)
    assert model.predict(x).shape == (4, 1)
    assert model.trainable_params == sum(weight.size for weight in model.weights) > 0


def test_the_same_seed_trains_the_same_model(submission: StudentNotebook) -> None:
    x, y = batch(12, 5, 3), batch(12, 1)
    one, again, other = (submission.call("trained", x, y, seed=seed) for seed in (3, 3, 4))
    assert one[1] == again[1] and set(one[1]) == {"loss"} and len(one[1]["loss"]) == 2
    np.testing.assert_array_equal(one[0].predict(x), again[0].predict(x))
    assert not np.allclose(one[0].predict(x), other[0].predict(x))


def test_the_curves_of_the_last_fit_come_along(submission: StudentNotebook) -> None:
    model, curves = submission.trained(batch(12, 5, 3), batch(12, 1))
    assert model.history == curves
    assert submission.sequential().history == {}


def test_every_step_of_every_fit_is_counted(submission: StudentNotebook) -> None:
    x, y = batch(12, 5, 3), batch(12, 1)
    assert submission.trained(x, y)[0].steps == 2 * 3
    assert submission.trained_twice(x, y).steps == 4 * 3
    assert submission.sequential().steps == 0


@pytest.mark.parametrize(
    "told",
    [7, "loss", [1.0, 2.0], {"loss": 3}, {"loss": ["low"]}, {"loss": [[1.0]]}, {"loss": []}, {"loss": [0.1] * 5_000}],
)
def test_what_is_no_learning_curve_is_none(submission: StudentNotebook, told: Any) -> None:
    assert submission.telling({"loss": [0.5, 0.25]}).history == {"loss": [0.5, 0.25]}
    assert submission.telling(told).history == {}


def test_a_model_that_cannot_take_the_input_fails_in_words(submission: StudentNotebook) -> None:
    """Wherever it is computed, it is the student's model that is wrong, and not our test."""
    for builder in ("sequential", "a_lambda"):
        with pytest.raises(CheckFailed, match=r"^raised [A-Za-z]*Error") as failure:
            submission.call(builder).predict(batch(4, 7))
        assert "\n" not in failure.value.rationale and "\x1b" not in failure.value.rationale


def test_what_is_no_model_arrives_as_the_name_of_its_type(submission: StudentNotebook) -> None:
    assert repr(submission.not_a_model()) == "an object of type Dense"


def test_a_model_never_built_has_no_shape(submission: StudentNotebook) -> None:
    assert submission.unbuilt().output_shape == ()


def test_more_models_than_are_kept_are_all_answered_for(submission: StudentNotebook) -> None:
    x = batch(2, 5, 3)
    unbuilt = submission.unbuilt()
    first = unbuilt.predict(x)
    models = [submission.sequential() for _ in range(66)]
    zeros = models[0].with_weights([0 * weight for weight in models[0].weights])
    np.testing.assert_allclose(unbuilt.predict(x), first, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(zeros.predict(x), np.full((2, 2), 0.5, "float32"))
    np.testing.assert_allclose(models[0].predict(x), submission.predicted(models[0], x), rtol=1e-5, atol=1e-6)


# ---- a model process that a student has taken over


class TakenOver(ModelProcess):
    """Says what it is told to say, one reply after the other."""

    def __init__(self, *replies: tuple[Any, list[bytes]]) -> None:
        super().__init__(Limits(answer_mib=8), TimeBudget(60.0))
        self.replies = iter(replies)

    def _start(self) -> None:
        self._stream, theirs = socket.socketpair()
        self.process = Running()

        def answer() -> None:
            with theirs, contextlib.suppress(EOFError, OSError):
                for content, buffers in self.replies:
                    receive_frame(theirs, 1 << 30)
                    send_frame(theirs, content, buffers)

        threading.Thread(target=answer, daemon=True).start()


class Running:
    """A process that does not end."""

    seconds = waited = 0.0

    def poll(self) -> str | None:
        return None

    def interrupt(self) -> None: ...
    def end(self, over: str = "") -> None: ...
    def close(self) -> None: ...


def saying(value: Any, **more: Any) -> tuple[Any, list[bytes]]:
    buffers: list[bytes] = []
    return {"status": "ok", "value": encode(value, buffers)} | more, buffers


WEIGHTS = [np.ones((3, 2), "float32"), np.zeros(2, "float32")]
FACTS: dict[str, Any] = {
    "built": True,
    "layers": ["Dense"],
    "input_shape": [None, 3],
    "output_shape": [None, 2],
    "names": ["kernel", "bias"],
    "shapes": [[3, 2], [2]],
    "trainable": [0, 1],
}
LIES: dict[str, Any] = {
    "no facts": None,
    "a list": [],
    "fewer": {name: value for name, value in FACTS.items() if name != "names"},
    "more": FACTS | {"points": 6},
    "built as a number": FACTS | {"built": 1},
    "built as a text": FACTS | {"built": "yes"},
    "a layer as bytes": FACTS | {"layers": [b"LSTM"]},
    "a layer as a number": FACTS | {"layers": [1]},
    "layers as a tuple": FACTS | {"layers": ("Dense",)},
    "a long name": FACTS | {"names": ["k" * 1_000, "bias"]},
    "many layers": FACTS | {"layers": ["Dense"] * 10_000},
    "a shape of texts": FACTS | {"input_shape": [None, "3"]},
    "a shape of floats": FACTS | {"output_shape": [None, 2.0]},
    "a shape of flags": FACTS | {"output_shape": [None, True]},
    "a shape of arrays": FACTS | {"output_shape": [None, np.int64(2)]},
    "a negative shape": FACTS | {"output_shape": [None, -2]},
    "a huge shape": FACTS | {"output_shape": [None, 10**30]},
    "a long shape": FACTS | {"output_shape": [1] * 1_000},
    "a long shape of a weight": FACTS | {"shapes": [[1] * 100_000, [2]]},
    "other shapes": FACTS | {"shapes": [[2, 3], [2]]},
    "fewer shapes": FACTS | {"shapes": [[3, 2]]},
    "fewer names": FACTS | {"names": ["kernel"]},
    "trained twice": FACTS | {"trainable": [0, 0]},
    "trained from the end": FACTS | {"trainable": [-1]},
    "trained and not there": FACTS | {"trainable": [2]},
    "trained as a flag": FACTS | {"trainable": [True]},
}
UNREADABLE, UNREADABLE_PREDICTION = (
    rf"^your model{what} gave something that cannot be read$" for what in ("", "'s predict")
)


@pytest.mark.parametrize("lie", LIES)
def test_what_is_said_of_a_model_is_no_other_than_it_can_be(lie: str) -> None:
    with pytest.raises(CheckFailed, match=UNREADABLE) as failure:
        InModelProcess.build(TakenOver(saying(LIES[lie])), "{}", WEIGHTS)
    assert failure.value.final


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"status": "fine"},
        {"status": ["ok"]},
        {"status": "ok", "value": 3},
        {"status": "ok", "value": {"array": [0, "<f4", [1 << 60]]}},
        {"status": "ok", "value": {"array": [0, "<U0", [1 << 60]]}},
        {"status": "refused", "text": "x" * 1_000_000},
        {"status": "refused", "text": ["x"]},
        {"status": "error", "type": 7, "text": ""},
    ],
)
def test_a_reply_is_one_of_the_forms_agreed(reply: Any) -> None:
    with pytest.raises(CheckFailed, match=UNREADABLE):
        InModelProcess.build(TakenOver((reply, [b""])), "{}", WEIGHTS)


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"outputs": [[1.0]], "made": None},
        {"outputs": np.array(["a"]), "made": None},
        {"outputs": np.ones(3), "made": 3},
        {"outputs": np.ones(3), "made": {"facts": FACTS, "weights": [WEIGHTS[0]]}},
        {"outputs": np.ones(3), "made": {"facts": FACTS, "weights": WEIGHTS[::-1]}},
        {"outputs": np.ones(3), "made": {"facts": FACTS, "weights": [WEIGHTS[0], np.array(["a", "b"])]}},
        {"outputs": np.ones(3), "made": {"facts": FACTS, "weights": [WEIGHTS[0], [0.0, 0.0]]}},
        {"outputs": np.ones(3), "made": {"facts": FACTS | {"built": 1}, "weights": WEIGHTS}},
    ],
)
def test_predictions_are_arrays_and_new_weights_fit(told: Any) -> None:
    unbuilt = FACTS | {"built": False, "names": [], "shapes": [], "trainable": []}
    model = InModelProcess.build(TakenOver(saying(unbuilt), saying(told)), "{}", [])
    assert model is not None
    with pytest.raises(CheckFailed, match=UNREADABLE_PREDICTION):
        model.predict(np.ones((2, 3)))


def test_weights_that_came_are_never_replaced_by_others() -> None:
    told = {"outputs": np.ones(3), "made": {"facts": FACTS, "weights": [7 * weight for weight in WEIGHTS]}}
    model = InModelProcess.build(TakenOver(saying(FACTS), saying(told)), "{}", WEIGHTS)
    assert model is not None
    model.predict(np.ones((2, 3)))
    assert model.weights is WEIGHTS


def test_a_process_that_always_lets_go_is_not_asked_for_ever() -> None:
    gone: tuple[Any, list[bytes]] = ({"status": "gone"}, [])
    model = InModelProcess.build(TakenOver(saying(FACTS), gone, saying(FACTS), gone), "{}", WEIGHTS)
    assert model is not None
    with pytest.raises(CheckFailed, match=UNREADABLE_PREDICTION):
        model.predict(np.ones((2, 3)))
