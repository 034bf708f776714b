"""One rebuilt model: its weights, its description, and its predictions within bounds."""

from __future__ import annotations

import json
import math
from typing import Any

import keras
import numpy as np

from .building import Builder
from .costs import BYTES, Graph, Shape
from .values import Refused
from .weights import WeightBudget

Array = np.ndarray[Any, Any]

MAX_TEXT = 2_000_000  # characters of a config
MAX_WEIGHTS, MAX_UNBUILT = 50_000_000, 5_000_000
MAX_BYTES = 1 << 30  # of one batch
MAX_WORK = 2e12  # multiplications of one prediction
ONE_CALL = 256  # rows that are predicted in one call
ONE_BATCH = 32  # rows of each batch where there are more, as in Keras' predict


class Rebuilt:
    """A student's model.

    Attributes:
        keras: the model; this package made every object in it.
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
        budget = WeightBudget(MAX_UNBUILT if fresh else sum(weight.size for weight in weights))
        part = Builder(budget, fresh).build_layer(self.node)
        if part.name not in ("Sequential", "Functional"):
            raise Refused("no model")
        self.keras, self.graph, self.layers = part.target, part.graph, part.names
        self.allowed: set[Any] = set()
        if weights:
            self.set_weights(weights)

    @property
    def built(self) -> bool:
        return bool(self.keras.built)

    def set_weights(self, weights: list[Array]) -> None:
        """Give the model weights, in order."""
        if [tuple(weight.shape) for weight in self.keras.weights] != [weight.shape for weight in weights]:
            raise Refused("the model's weights do not have the shapes of its config")
        self.keras.set_weights(weights)
        for layer in self.keras._flatten_layers():
            if isinstance(layer, keras.layers.Normalization):
                layer.finalize_state()

    def describe(self) -> dict[str, Any]:
        """Return what the judge may know without a prediction: layers, shapes, and which weights are trained."""
        trained = [id(weight) for weight in self.keras.trainable_weights]
        weights = self.keras.weights
        places = {id(weight): place for place, weight in enumerate(weights)}
        return {
            "built": self.built,
            "layers": self.layers,
            "input_shape": read_shape(self.keras, "input_shape"),
            "output_shape": read_shape(self.keras, "output_shape"),
            "names": [str(weight.name)[:40] for weight in weights],
            "shapes": [list(weight.shape) for weight in weights],
            "trainable": [places[each] for each in trained],
        }

    def predict(self, inputs: list[Array], several: bool) -> Any:
        """Return the outputs for a batch.

        Raises:
            Refused: the prediction would cost too much.
        """
        rows = max((len(each) for each in inputs if each.ndim), default=1)
        whole = rows <= ONE_CALL and self.is_affordable(inputs, rows, rows)
        if not whole and not self.is_affordable(inputs, ONE_BATCH, rows):
            raise Refused("it would take too much time or memory")
        given = inputs if several else inputs[0]
        if whole:  # predict would trace the model first, which is slower
            return keras.tree.map_structure(np.asarray, self.keras(given, training=False))
        return self.keras.predict(given, batch_size=ONE_BATCH, verbose=0)

    def is_affordable(self, inputs: list[Array], batch: int, rows: int) -> bool:
        """Whether a prediction in batches of this size stays within bounds; computes nothing.

        Raises:
            Exception: the inputs do not fit the model; the text is mostly Keras' own.
        """
        shapes = tuple((batch, *each.shape[1:]) for each in inputs)
        if (shapes, rows) in self.allowed:
            return True
        try:
            graph = self.graph or self.make_graph_for(shapes)
            dtypes = self.list_input_dtypes(len(shapes))
            outputs, work, size = graph.estimate([*map(keras.KerasTensor, shapes, dtypes)])
        except Refused:
            return False
        batches = -(-rows // batch)
        result = BYTES * batches * sum(math.prod(each.shape) for each in outputs)
        fine = work * batches <= MAX_WORK and max(size, result) <= MAX_BYTES
        if fine:
            self.allowed.add((shapes, rows))
        return fine

    def list_input_dtypes(self, number: int) -> list[str]:
        """Return a dtype for each of ``number`` inputs, as the model declares them."""
        declared = [str(each.dtype) for each in self.keras.inputs] if self.graph is not None else []
        return [*declared, *["float32"] * (number - len(declared))]

    def make_graph_for(self, shapes: tuple[Shape, ...]) -> Graph:
        """Return the graph of a stack that was never built, for inputs of these shapes, from a copy that is thrown away."""
        if len(shapes) != 1:
            raise Refused("several inputs for a stack")
        graph = Builder(WeightBudget(MAX_UNBUILT), False).build_sequential(self.node["config"], 0, shapes[0]).graph
        assert graph is not None
        return graph


def read_shape(model: Any, name: str) -> Any:
    """Return a model's shape as a list; empty where it has none, or several."""
    try:
        shape = getattr(model, name)
    except (AttributeError, ValueError):
        return []
    plain = isinstance(shape, tuple) and all(size is None or isinstance(size, int) for size in shape)
    return list(shape) if plain else []
