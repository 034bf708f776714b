"""A student's model as it was rebuilt here, and what is asked of it."""

from __future__ import annotations

import json
import math
from typing import Any

import keras
import numpy as np

from .building import Builder
from .costs import BYTES, Graph, Shape
from .values import Refused
from .weights import Budget

Array = np.ndarray[Any, Any]

MAX_TEXT = 2_000_000  # characters of a config
MAX_WEIGHTS, MAX_UNBUILT = 50_000_000, 5_000_000
MAX_BYTES = 1 << 30  # of one batch
MAX_WORK = 2e12  # multiplications of one prediction
ONE_CALL, ONE_BATCH = (
    256,
    32,
)  # rows that are predicted in one go; of a batch, where there are more, as in Keras' predict


class Rebuilt:
    """A student's model.

    Attributes:
        keras: the model; every object in it is of our own making.
    """

    def __init__(self, text: str, weights: list[Array]) -> None:
        if len(text) > MAX_TEXT or sum(weight.size for weight in weights) > MAX_WEIGHTS:
            raise Refused("too large")
        try:
            self.node = json.loads(text)
        except (ValueError, RecursionError):
            raise Refused("not JSON") from None
        if any(weight.dtype.kind not in "biuf" for weight in weights):
            raise Refused("weights that are no numbers")
        fresh = not weights
        budget = Budget(MAX_UNBUILT if fresh else sum(weight.size for weight in weights))
        part = Builder(budget, fresh).layer(self.node)
        if part.name not in ("Sequential", "Functional"):
            raise Refused("no model")
        self.keras, self.graph, self.layers = part.target, part.graph, part.names
        self.allowed: set[Any] = set()
        if weights:
            self.set(weights)

    @property
    def built(self) -> bool:
        return bool(self.keras.built)

    def set(self, weights: list[Array]) -> None:
        """Give the model weights, in order."""
        if [tuple(weight.shape) for weight in self.keras.weights] != [weight.shape for weight in weights]:
            raise Refused("the model's weights do not have the shapes of its config")
        self.keras.set_weights(weights)
        for layer in self.keras._flatten_layers():
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()

    def facts(self) -> dict[str, Any]:
        """What is known of it without asking it anything."""
        trained = [id(weight) for weight in self.keras.trainable_weights]
        weights = self.keras.weights
        places = {id(weight): place for place, weight in enumerate(weights)}
        return {
            "built": self.built,
            "layers": self.layers,
            "input_shape": shape_of(self.keras, "input_shape"),
            "output_shape": shape_of(self.keras, "output_shape"),
            "names": [str(weight.name)[:40] for weight in weights],
            "shapes": [list(weight.shape) for weight in weights],
            "trainable": [places[each] for each in trained],
        }

    def predict(self, inputs: list[Array], several: bool) -> Any:
        """Outputs for a batch.

        Raises:
            Refused: they would cost too much.
        """
        rows = max((len(each) for each in inputs if each.ndim), default=1)
        whole = rows <= ONE_CALL and self.affordable(inputs, rows, rows)
        if not whole and not self.affordable(inputs, ONE_BATCH, rows):
            raise Refused("it would take too much time or memory")
        given = inputs if several else inputs[0]
        if whole:  # predict would trace the model first, which takes longer
            return keras.tree.map_structure(np.asarray, self.keras(given, training=False))
        return self.keras.predict(given, batch_size=ONE_BATCH, verbose=0)

    def affordable(self, inputs: list[Array], batch: int, rows: int) -> bool:
        """Whether a prediction in batches of this size stays within bounds; nothing is computed.

        Raises:
            Exception: the inputs do not fit the model, for the most part in Keras' own words.
        """
        shapes = tuple((batch, *each.shape[1:]) for each in inputs)
        if (shapes, rows) in self.allowed:
            return True
        try:
            graph = self.graph or self.shape_of_first(shapes)
            dtypes = self.input_dtypes(len(shapes))
            outputs, work, size = graph.cost([*map(keras.KerasTensor, shapes, dtypes)])
        except Refused:
            return False
        batches = -(-rows // batch)
        result = BYTES * batches * sum(math.prod(each.shape) for each in outputs)
        fine = work * batches <= MAX_WORK and max(size, result) <= MAX_BYTES
        if fine:
            self.allowed.add((shapes, rows))
        return fine

    def input_dtypes(self, number: int) -> list[str]:
        """One for each of so many inputs, as the model declares them."""
        declared = [str(each.dtype) for each in self.keras.inputs] if self.graph is not None else []
        return [*declared, *["float32"] * (number - len(declared))]

    def shape_of_first(self, shapes: tuple[Shape, ...]) -> Graph:
        """What a stack that was never built would do with inputs of these shapes: a copy is made for them and thrown away."""
        if len(shapes) != 1:
            raise Refused("several inputs for a stack")
        graph = Builder(Budget(MAX_UNBUILT), False).sequential(self.node["config"], 0, shapes[0]).graph
        assert graph is not None
        return graph


def shape_of(model: Any, name: str) -> Any:
    """A model's shape as lists; empty where there is none, or several."""
    try:
        shape = getattr(model, name)
    except (AttributeError, ValueError):
        return []
    plain = isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape)
    return list(shape) if plain else []
