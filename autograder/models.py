"""Keras models that cross from the student's process: as config and weight arrays, checked before anything is built."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.wire import WireError

Array = np.ndarray[Any, Any]
MAX_WEIGHTS = 50_000_000
MAX_CONFIG = 2_000_000  # characters
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
        """Such as (None, 1); empty where the model was never built or the student's process cannot tell."""
        if self.keras is None:
            return tuple(self._ask_student("output_shape"))
        return tuple(self.keras.output_shape) if self.keras.built else ()

    @property
    def trainable_params(self) -> int:
        if self.keras is None:
            return int(self._ask_student("trainable_params"))
        return sum(int(np.prod(weight.shape)) for weight in self.keras.trainable_weights)

    def predict(self, inputs: Any) -> Array:
        """Outputs for a batch, computed by the judge where the model crossed and by the student's process otherwise."""
        if self.keras is None:
            return np.asarray(self._ask_student("predict", inputs))
        return np.asarray(self.keras.predict(inputs, verbose=0))

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
    if (
        not isinstance(config, dict)
        or config.get("class_name") not in ("Sequential", "Functional")
        or not _allowed(config)
    ):
        return None
    config.pop("compile_config", None)
    if _shapes(config) != [w.shape for w in weights]:
        raise WireError("the model's weights do not have the shapes of its config")
    model = _from_config(config)
    model.set_weights(weights)
    return model


def _allowed(node: Any) -> bool:
    """Whether every object in a config is one of Keras' own, and none that reads files or runs code."""
    if isinstance(node, list):
        return all(_allowed(item) for item in node)
    if not isinstance(node, dict):
        return True
    name, module = node.get("class_name"), str(node.get("module"))
    if name is not None and "config" in node and name not in PLAIN:
        known = module == "keras" or module.startswith(MODULES)
        if not known or name in REFUSED or (node.get("registered_name") or name) != name:
            return False
    return all(_allowed(value) for key, value in node.items() if key != "compile_config")


def _shapes(config: Any) -> list[tuple[int, ...]]:
    """Shapes of the weights a config asks for, found without allocating one of them."""
    import keras

    with keras.StatelessScope(initialize_variables=False):
        return [tuple(weight.shape) for weight in _from_config(config).weights]


def _from_config(config: Any) -> Any:
    import keras

    own = copy.deepcopy(config)  # Keras takes a functional model's config apart while it reads it
    return keras.saving.deserialize_keras_object(own, safe_mode=True)
