"""Keras models as a hidden check sees them. A student's is never built here, but in a jailed process of its own: see rebuilt.py."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from autograder.judge.failures import MAX_TEXT, CheckFailed, format_exception, join_lines
from autograder.judge.rebuilt import Array, Facts, RebuiltModel
from autograder.sandbox.inside.wire import encode

MAX_CURVES, MAX_EPOCHS = 8, 1_000  # of a learning curve that is shown
ONE_CALL = 256  # rows that are predicted in one go


class Model:
    """A student's model, or one of the judge's own in the same form.

    Attributes:
        kept: its number in the student's process; -1 for one of the judge's own.
    """

    def __init__(
        self, kept: int, rebuilt: RebuiltModel | None, ask: Callable[[int, str, tuple[Any, ...]], Any] | None = None
    ) -> None:
        self.kept = kept
        self._rebuilt = rebuilt
        self._ask = ask
        self._used = False  # whether the student's process has predicted with it

    @classmethod
    def own(cls, keras_model: Any) -> Model:
        """Wrap a Keras model of the judge's own, such as a reference's or a misconception's."""
        return cls(-1, JudgesOwn(keras_model))

    @property
    def crossed(self) -> bool:
        """Whether it is rebuilt from its config and weights, and the student's process has no say in what it predicts."""
        return self._rebuilt is not None

    @property
    def built(self) -> bool:
        """Whether it has its weights. A stack without ``Input`` gets them with its first batch, and other ones in each process."""
        return self._rebuilt is None or self._rebuilt.facts.built

    @property
    def layers(self) -> list[str] | None:
        """Class names in order, nested models opened, wrappers as ``Bidirectional(LSTM)``; input layers left out."""
        return None if self._rebuilt is None else self._rebuilt.facts.layers

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """Such as (None, 4, 3); empty where it did not cross, was never built or has several inputs."""
        return () if self._rebuilt is None else tuple(self._rebuilt.facts.input_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Such as (None, 1), whatever batch the model was built with; empty where it was never built or nobody can tell."""
        told = self._ask_student("output_shape") if self._rebuilt is None else self._rebuilt.facts.output_shape
        shape = tuple(told) if self.built else ()
        return (None, *shape[1:]) if shape and isinstance(shape[0], int) else shape

    @property
    def trainable_params(self) -> int:
        if self._rebuilt is None:
            told = self._ask_student("trainable_params")
            if not isinstance(told, int) or told < 0:
                raise CheckFailed("your model's trainable_params is no number", code="wrong-type")
            return told
        shapes = self._rebuilt.facts.shapes
        return sum(math.prod(shapes[place]) for place in self.trainable)

    @property
    def weights(self) -> list[Array]:
        """Its weights in order, as ``get_weights`` gives them; none where it was never built.

        For a model that did not cross, the student's process says what they are. A check need not believe them: it can put them
        into layers of the judge's own and compare predictions for fresh inputs.
        """
        if self._rebuilt is not None:
            return list(self._rebuilt.weights)
        told = self._ask_student("weights")
        return [weight for weight in told if isinstance(weight, np.ndarray)] if isinstance(told, list) else []

    @property
    def weight_names(self) -> list[str]:
        """Keras' name for each of ``weights``, such as ``kernel`` or ``bias``; none where the model did not cross."""
        return [] if self._rebuilt is None else self._rebuilt.facts.names

    @property
    def trainable(self) -> list[int]:
        """Positions in ``weights`` of those that a training changes; none where the model did not cross."""
        return [] if self._rebuilt is None else self._rebuilt.facts.trainable

    @property
    def history(self) -> dict[str, list[float]]:
        """The curves of its last fit, name -> one number per epoch, as the student's process tells them.

        They are for showing and prove nothing. Empty where there was no fit, or the answer is no learning curve.
        """
        try:
            curves = self._ask_student("history") if self._ask is not None else {}
            named = {str(name)[:40]: [float(v) for v in values] for name, values in list(curves.items())[:MAX_CURVES]}
        except (CheckFailed, AttributeError, TypeError, ValueError, OverflowError):
            return {}
        return {name: numbers for name, numbers in named.items() if 0 < len(numbers) <= MAX_EPOCHS}

    @property
    def steps(self) -> int:
        """Steps that its optimizer has taken, as the student's process tells; 0 where nobody can say.

        The number can reveal an honest mistake; it proves nothing.
        """
        told = self._ask_student("steps") if self._ask is not None else 0
        return told if isinstance(told, int) else 0

    def predict(self, inputs: Any, verbose: Any = 0) -> Array:
        """Predict outputs for a batch: from its config and weights where the model crossed, otherwise in the student's process.

        Args:
            verbose: ignored; references write it for a Keras model.

        Raises:
            CheckFailed: the model cannot take these inputs.
        """
        told = self._ask_student("predict", inputs) if self._rebuilt is None else None
        if self._rebuilt is None and not self._used:
            self._try_to_cross_again()
        if self._rebuilt is not None:
            told = self._rebuilt.predict(inputs)
        try:
            outputs = np.asarray(told)
        except ValueError:  # several, of other shapes
            raise CheckFailed("your model predicts several arrays, and one is asked for", code="wrong-type") from None
        if outputs.dtype.kind not in "biufc":
            raise CheckFailed("your model predicts something that is no array of numbers", code="wrong-type")
        return outputs

    def _try_to_cross_again(self) -> None:
        """Ask for the model again after its first batch: a subclassed model gets its weights, and so its layers, when it is called."""
        self._used = True
        again = self._ask_student("itself")
        self._rebuilt = again._rebuilt if isinstance(again, Model) else None

    def with_weights(self, weights: Sequence[Array]) -> Model:
        """Return the same model with other weights, as many and of the same shapes; this one stays as it is.

        Raises:
            ValueError: they do not fit, or the model did not cross.
        """
        if self._rebuilt is None or [np.shape(weight) for weight in weights] != [w.shape for w in self.weights]:
            raise ValueError("these weights are not for this model")
        return Model(self.kept, self._rebuilt.with_weights(weights), self._ask)

    def encode_for_student(self, buffers: list[bytes]) -> Any:
        """Encode the model for the student's process: a student's as its number there, the judge's own as config and weights."""
        if isinstance(self._rebuilt, JudgesOwn):
            weights = [encode(weight, buffers) for weight in self.weights]
            return {"model": {"config": self._rebuilt.config, "weights": weights}}
        return {"model": self.kept}

    def for_a_reference(self) -> Any:
        """Return the model as references and misconceptions get it: a copy of the judge's own Keras model; a student's is this object."""
        return self._rebuilt.copy() if isinstance(self._rebuilt, JudgesOwn) else self

    def _ask_student(self, member: str, *args: Any) -> Any:
        assert self._ask is not None, "a model of the judge's own is always rebuilt"
        return self._ask(self.kept, member, args)

    def __repr__(self) -> str:
        return (
            f"a model with layers {', '.join(self.layers or [])}" if self.crossed else "a model of a class of your own"
        )


class JudgesOwn:
    """A Keras model of the judge's own, made by trusted code.

    Args:
        weights: other weights than its own; put in while it predicts.
    """

    def __init__(self, keras_model: Any, weights: list[Array] | None = None) -> None:
        self.keras = keras_model
        self._others = weights

    @property
    def facts(self) -> Facts:
        weights = self.keras.weights
        places = {id(weight): place for place, weight in enumerate(weights)}
        return Facts(
            built=bool(self.keras.built),
            layers=_list_layers(self.keras),
            input_shape=_read_shape(self.keras, "input_shape"),
            output_shape=_read_shape(self.keras, "output_shape"),
            names=[weight.name for weight in weights],
            shapes=[list(weight.shape) for weight in weights],
            trainable=[places[id(weight)] for weight in self.keras.trainable_weights],
        )

    @property
    def weights(self) -> list[Array]:
        return list(self.keras.get_weights()) if self._others is None else self._others

    @property
    def config(self) -> str:
        import keras

        return json.dumps(keras.saving.serialize_keras_object(self.keras))

    def predict(self, inputs: Any) -> Any:
        first = self.keras.get_weights()
        if self._others is not None:
            self.keras.set_weights(self._others)
        try:
            if isinstance(inputs, np.ndarray) and inputs.ndim > 0 and len(inputs) <= ONE_CALL:
                return np.asarray(self.keras(inputs, training=False))  # predict would trace the model first
            return self.keras.predict(inputs, verbose=0)
        except Exception as error:
            kind, text = type(error).__name__, str(error)
            what = f"raised {kind} in predict: {join_lines(text)[:MAX_TEXT]}"
            raise CheckFailed(what, raised=format_exception(kind, text), code="raised") from error
        finally:
            if self._others is not None:
                self.keras.set_weights(first)

    def copy(self) -> Any:
        """Return a copy of the Keras model, not compiled."""
        import keras

        copied = keras.models.clone_model(self.keras)
        copied.set_weights(self.weights)
        return copied

    def with_weights(self, weights: Sequence[Array]) -> Self:
        return type(self)(self.keras, list(weights))


def _read_shape(model: Any, name: str) -> list[int | None]:
    """Return a model's shape; empty where it has none, or several."""
    shape = getattr(model, name, None)
    return list(shape) if isinstance(shape, tuple) and all(n is None or isinstance(n, int) for n in shape) else []


def _list_layers(model: Any) -> list[str]:
    names: list[str] = []
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        if hasattr(layer, "layers") and hasattr(layer, "get_layer"):
            names += _list_layers(layer)
        else:
            inner = getattr(layer, "forward_layer", None) or (getattr(layer, "layer", None))
            names.append(type(layer).__name__ + (f"({type(inner).__name__})" if inner is not None else ""))
    return names
