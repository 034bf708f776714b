"""Keras models that cross from the student's process: as config and weight arrays, checked before anything is built."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.failures import MAX_TEXT, CheckFailed, in_a_line, raised
from autograder.inside.wire import WireError

Array = np.ndarray[Any, Any]
MAX_WEIGHTS = 50_000_000
MAX_CONFIG = 2_000_000  # characters
MAX_CURVES, MAX_EPOCHS = 8, 1_000  # of a learning curve that is shown
ONE_BATCH = 32  # rows, as in Keras' predict
MAX_LAYERS = 64  # Keras takes minutes over a few hundred
BUILT = ("Sequential", "Functional")
LAYERS = ("keras.layers", "keras.src.")
REFUSED = {
    "Lambda",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "TFSMLayer",
    "StringLookup",
    "IntegerLookup",
    "TextVectorization",
}
MODULES = (
    "keras.layers",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.src.ops.",
    "keras.src.layers.",
    "keras.src.models.",
)
PLAIN = {
    "__keras_tensor__",
    "__tensor__",
    "__numpy__",
    "__slice__",
    "__ellipsis__",
}  # Keras' marks for values, not objects


class Model:
    """A student's model on the judge's side.

    Attributes:
        kept: its number in the student's process.
        keras: the model rebuilt from config and weights, or None where it cannot be (a subclass, a Lambda).
    """

    def __init__(
        self, kept: int, keras_model: Any | None, ask: Callable[[int, str, tuple[Any, ...]], Any] | None = None
    ) -> None:
        self.kept = kept
        self.keras = keras_model
        self._ask = ask

    @property
    def crossed(self) -> bool:
        return self.keras is not None

    @property
    def layers(self) -> list[str] | None:
        """Class names in order, nested models opened, wrappers as ``Bidirectional(LSTM)``; input layers left out."""
        return None if self.keras is None else _layer_names(self.keras)

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """Such as (None, 1), whatever batch the model was built with; empty where it never was or nobody can tell."""
        if self.keras is not None and not self.keras.built:
            return ()
        shape = tuple(self._ask_student("output_shape") if self.keras is None else self.keras.output_shape)
        return (None, *shape[1:]) if shape and isinstance(shape[0], int) else shape

    @property
    def trainable_params(self) -> int:
        if self.keras is None:
            return int(self._ask_student("trainable_params"))
        return sum(int(np.prod(weight.shape)) for weight in self.keras.trainable_weights)

    @property
    def weights(self) -> list[Array]:
        """Its weights in order, as ``get_weights`` gives them; none where it was never built.

        Of a model that did not cross they are what the student's process says. Whoever puts them into layers of the
        judge's own and compares predictions for fresh inputs need not believe them.
        """
        if self.keras is not None:
            return list(self.keras.get_weights())
        told = self._ask_student("weights")
        return [weight for weight in told if isinstance(weight, np.ndarray)] if isinstance(told, list) else []

    @property
    def history(self) -> dict[str, list[float]]:
        """The curves of its last fit, name -> one number per epoch, as the student's process tells them.

        They are to be shown and prove nothing. Empty where there was no fit, or what is told is no learning curve.
        """
        try:
            curves = self._ask_student("history") if self._ask is not None else {}
            named = {str(name)[:40]: [float(v) for v in values] for name, values in list(curves.items())[:MAX_CURVES]}
        except (CheckFailed, AttributeError, TypeError, ValueError, OverflowError):
            return {}
        return {name: numbers for name, numbers in named.items() if 0 < len(numbers) <= MAX_EPOCHS}

    def predict(self, inputs: Any) -> Array:
        """Outputs for a batch, computed by the judge where the model crossed and by the student's process otherwise.

        Raises:
            CheckFailed: the model cannot take these inputs.
        """
        if self.keras is None:
            return np.asarray(self._ask_student("predict", inputs))
        small = isinstance(inputs, np.ndarray) and inputs.ndim > 0 and len(inputs) <= ONE_BATCH
        try:
            if small:  # predict would trace the model first, which takes longer
                return np.asarray(self.keras(inputs, training=False))
            return np.asarray(self.keras.predict(inputs, verbose=0))
        except Exception as error:  # the layers are Keras', but it was the student who put them together
            kind, text = type(error).__name__, str(error)
            what = f"raised {kind} in predict: {in_a_line(text)[:MAX_TEXT]}"
            raise CheckFailed(what, raised=raised(kind, text)) from error

    def _ask_student(self, member: str, *args: Any) -> Any:
        assert self._ask is not None, "a model of the judge's own is always rebuilt"
        return self._ask(self.kept, member, args)

    def __repr__(self) -> str:
        return (
            f"a model with layers {', '.join(self.layers or [])}" if self.crossed else "a model of a class of your own"
        )


def _layer_names(model: Any) -> list[str]:
    names: list[str] = []
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        if hasattr(layer, "layers") and hasattr(layer, "get_layer"):
            names += _layer_names(layer)
        else:
            inner = getattr(layer, "forward_layer", None) or (getattr(layer, "layer", None))
            names.append(type(layer).__name__ + (f"({type(inner).__name__})" if inner is not None else ""))
    return names


def rebuild(config_text: str | None, weights: list[Array]) -> Any | None:
    """The Keras model of a config and its weights in order; None when it has no config that may be built here.

    Raises:
        WireError: config and weights do not belong together.
    """
    if config_text is None or len(config_text) > MAX_CONFIG or sum(w.size for w in weights) > MAX_WEIGHTS:
        return None
    config = json.loads(config_text)
    if not isinstance(config, dict) or config.get("class_name") not in BUILT or not _buildable(config):
        return None
    config.pop("compile_config", None)
    if _shapes(config) != [w.shape for w in weights]:
        raise WireError("the model's weights do not have the shapes of its config")
    model = _from_config(config)
    model.set_weights(weights)
    return model


def _buildable(config: Any) -> bool:
    """Whether every object in a config is one of Keras' own, none reads files or runs code, and the layers are few."""
    objects = list(_objects(config))
    layers = [o for o in objects if str(o.get("module")).startswith(LAYERS) or o["class_name"] in BUILT]
    return all(map(_is_of_keras, objects)) and len(layers) <= MAX_LAYERS


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in a config, itself included; what ``compile`` was given is never built."""
    if isinstance(node, dict):
        if node.get("class_name") is not None and "config" in node and node["class_name"] not in PLAIN:
            yield node
        node = [value for key, value in node.items() if key != "compile_config"]
    if isinstance(node, list):
        for part in node:
            yield from _objects(part)


def _is_of_keras(node: dict[str, Any]) -> bool:
    name, module = node["class_name"], str(node.get("module"))
    known = module == "keras" or module.startswith(MODULES)
    return known and name not in REFUSED and (node.get("registered_name") or name) == name


def _shapes(config: Any) -> list[tuple[int, ...]]:
    """Shapes of the weights a config asks for, found without allocating one of them."""
    import keras

    with keras.StatelessScope(initialize_variables=False):
        return [tuple(weight.shape) for weight in _from_config(config).weights]


def _from_config(config: Any) -> Any:
    import keras

    own = copy.deepcopy(config)  # Keras takes a functional model's config apart while it reads it
    return keras.saving.deserialize_keras_object(own, safe_mode=True)
