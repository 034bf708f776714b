"""Builds the model that a config describes, by the tables."""

from __future__ import annotations

import functools
import math
from collections.abc import Set
from typing import Any

import keras

from .arguments import build_initializer, open_object, read_common, refuse_others, take
from .costs import Graph, Part, Shape, Tensor, fill, list_tensors
from .tables import (
    ACTIVATIONS,
    AS_ACTIVATION,
    CELLS,
    LAYERS,
    MODULES,
    OPERATIONS,
    RECURRENT,
    SEQUENCE,
    UNTRAINED,
    Bidirectional,
)
from .values import (
    KINDS,
    MAX_CALLS,
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_LAYERS,
    MAX_NODES,
    Refused,
    integer,
    optional,
    precision,
    read_list,
    several,
)
from .weights import BudgetedInitializer, WeightBudget
from .wiring import find_ends, is_single, read_call

MAX_ROW = 1 << 24  # numbers in a tensor for one row of a batch


class Builder:
    """Builds the model of one config.

    Args:
        budget: how many weights it may have.
        fresh: whether the student's model was never built; only then its initialisers matter.
    """

    def __init__(self, budget: WeightBudget, fresh: bool) -> None:
        self.budget = budget
        self.fresh = fresh
        self.layers = self.calls = self.tensors = self.nodes = 0

    # -- layers

    def build_layer(self, node: Any, depth: int = 0) -> Part:
        """Build the layer, model or operation that an object in a config describes."""
        name, module, config = open_object(node, depth)
        if name in ("Sequential", "Functional") and module in MODULES:
            return (
                self.build_sequential(config, depth) if name == "Sequential" else self.build_functional(config, depth)
            )
        if module.startswith(("keras.src.ops.", "keras.src.activations.")):
            return self.build_operation(name, config)
        if module != "keras.layers":
            raise Refused("not of Keras' own")
        self.count_layer()
        if name == "Bidirectional":
            return self.build_bidirectional(config, depth)
        if name == "TimeDistributed":
            inner = self.build_layer(take(config, "layer"), depth + 1)
            if inner.name == name or inner.stack or not isinstance(inner.target, keras.layers.Layer):
                raise Refused("not a layer to apply at every time")
            target = keras.layers.TimeDistributed(inner.target, **read_common(config, {"layer"}))
            return Part(name, target, [f"{name}({inner.name})"], 1 + inner.calls, inner=[inner])
        if name == "RNN":
            given = self.read_arguments(config, SEQUENCE, {"cell"})
            return Part(name, keras.layers.RNN(self.build_cell(config.get("cell"), depth + 1), **given), [name], 2)
        if name not in LAYERS:
            raise Refused("not a layer of the table")
        make, allowed = LAYERS[name]
        given = self.read_arguments(config, allowed)
        if name in UNTRAINED:
            given.pop("trainable", None)
        return Part(name, make(**given), [name])

    def build_bidirectional(self, config: dict[str, Any], depth: int) -> Part:
        """Build a bidirectional wrapper around two recurrent layers."""
        common = read_common(config, {"layer", "backward_layer", "merge_mode"})
        forward = self.build_layer(take(config, "layer"), depth + 1)
        backward = self.build_layer(take(config, "backward_layer"), depth + 1)
        if not {forward.name, backward.name} <= set(RECURRENT):
            raise Refused("not a recurrent layer")
        merge = KINDS["merge_mode"](config.get("merge_mode", "concat"))
        target = Bidirectional(forward.target, backward.target, merge, **common)
        calls = 1 + forward.calls + backward.calls
        return Part("Bidirectional", target, [f"Bidirectional({forward.name})"], calls, inner=[forward, backward])

    def build_cell(self, node: Any, depth: int) -> Any:
        """Build the cell of an RNN layer, or a stack of cells."""
        name, module, config = open_object(node, depth)
        self.count_layer()
        if module != "keras.layers":
            raise Refused("not of Keras' own")
        if name == "StackedRNNCells":
            cells = config.get("cells")
            if not isinstance(cells, list) or not 1 <= len(cells) <= MAX_DEPTH:
                raise Refused("no list of cells")
            made = [self.build_cell(each, depth + 1) for each in cells]
            return keras.layers.StackedRNNCells(made, **read_common(config, {"cells"}))
        if name not in CELLS:
            raise Refused("not a cell of the table")
        make, allowed = CELLS[name]
        return make(**self.read_arguments(config, allowed))

    def build_operation(self, name: str, config: dict[str, Any]) -> Part:
        """Build an operation on tensors, with its plain arguments bound."""
        if name not in OPERATIONS:
            raise Refused("not an operation of the table")
        function, allowed = OPERATIONS[name]
        given = self.read_arguments(config, allowed, common=False)
        return Part(name, functools.partial(function, **given), [])

    def count_layer(self) -> None:
        """Count one more layer, and refuse too many."""
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise Refused("too many layers")

    def read_arguments(
        self, config: dict[str, Any], allowed: str, handled: Set[str] = frozenset(), common: bool = True
    ) -> dict[str, Any]:
        """Read the arguments in a config, each by its kind."""
        kinds = {word.partition(":")[0]: word for word in allowed.split()}
        made = read_common(config, {*kinds, *handled}) if common else {}
        if not common:
            refuse_others(config, {*kinds, *handled})
        for name, word in kinds.items():
            if name in config or name.endswith("_initializer"):  # never Keras' default initialiser: it has no budget
                made[name] = self.read_value(word, config.get(name))
        return made

    def read_value(self, word: str, given: Any) -> Any:
        """Read one argument; ``word`` is its name, or its key in ``KINDS``."""
        if word.endswith("activation"):
            return self.build_activation(given)
        if word.endswith("_initializer"):
            return BudgetedInitializer(
                self.budget, build_initializer(given) if self.fresh and given is not None else None
            )
        return KINDS[word](given)

    def build_activation(self, given: Any) -> Any:
        """Return an activation function or layer of the table; None where there is none."""
        if given is None or (isinstance(given, str) and given in ACTIVATIONS):
            return None if given is None else ACTIVATIONS[given]
        if isinstance(given, dict) and given.get("class_name") in AS_ACTIVATION:
            return self.build_layer(given, MAX_DEPTH).target
        raise Refused("not an activation of the table")

    # -- models

    def build_sequential(self, config: dict[str, Any], depth: int, shape: Shape | None = None) -> Part:
        """Build a stack of layers; ``shape`` is that of its inputs where the config does not name it."""
        if not set(config) <= {"name", "trainable", "dtype", "layers", "build_input_shape"}:
            raise Refused("an argument that is in no table")
        nodes = read_list(config.get("layers"), MAX_LAYERS + 1)
        given = None
        if nodes and isinstance(nodes[0], dict) and nodes[0].get("class_name") == "InputLayer":
            given, nodes = self.make_input(nodes[0], depth + 1), nodes[1:]
        parts = [self.build_layer(node, depth + 1) for node in nodes]
        if not parts or any(not isinstance(part.target, keras.layers.Layer) for part in parts):
            raise Refused("no layers, or an operation among them")
        names = [name for part in parts for name in part.names]
        layers = [part.target for part in parts]
        if given is None and shape is not None:
            given = keras.Input(batch_shape=shape, dtype=layers[0].compute_dtype)
        graph = None if given is None else self.chain(parts, given)
        first = [] if given is None else [given._keras_history.operation]
        stack = Part("Sequential", keras.Sequential([*first, *layers]), names, sum(part.calls for part in parts), graph)
        stack.stack = [] if graph is not None else parts
        return stack

    def chain(self, parts: list[Part], given: Any) -> Graph:
        """Return the graph of parts that are called one after the other."""
        graph, known = Graph(), dict[int, Any]()
        graph.inputs = graph.outputs = [self.keep(given, known)]
        graph.shapes = [tuple(given.shape)]
        for part in parts:
            graph.outputs = self.call(part, (Tensor(graph.outputs[0]),), {}, graph, known)
            if len(graph.outputs) != 1:
                raise Refused("a layer of several outputs in a stack")
        return graph

    def build_functional(self, config: dict[str, Any], depth: int) -> Part:
        """Build a functional model: make its layers, then apply each call as soon as its tensors exist."""
        if not set(config) <= {"name", "trainable", "dtype", "layers", "input_layers", "output_layers"}:
            raise Refused("an argument that is in no table")
        graph, known = Graph(), dict[int, Any]()
        made: dict[str, list[list[int]]] = {}  # name -> for each call, the numbers of its results
        waiting: list[tuple[str, Part, Any]] = []
        parts: list[Part] = []
        for node in read_list(config.get("layers"), MAX_NODES):
            name, calls = (node.get("name"), node.get("inbound_nodes")) if isinstance(node, dict) else (None, None)
            if not isinstance(name, str) or name in made or not isinstance(calls, list):
                raise Refused("no node, or two of one name")
            made[name] = []
            if node.get("class_name") == "InputLayer":
                made[name].append([self.keep(self.make_input(node, depth + 1), known)])
                continue
            part = self.build_layer(node, depth + 1)
            parts.append(part)
            self.nodes += len(calls)
            if self.nodes > MAX_NODES:
                raise Refused("too many nodes")
            waiting += [(name, part, call) for call in calls]
        while waiting:
            still, blocked = [], set()
            for name, part, call in waiting:
                found = None if name in blocked else read_call(call, made, part.name)
                if found is None:  # a tensor that it needs does not exist yet; calls of one layer keep their order
                    blocked.add(name)
                    still.append((name, part, call))
                else:
                    made[name].append(self.call(part, *found, graph, known))
            if len(still) == len(waiting):
                raise Refused("a circle, or an edge from nowhere")
            waiting = still
        graph.inputs = [number for number, _ in find_ends(config.get("input_layers"), made)]
        ends = find_ends(config.get("output_layers"), made)
        graph.outputs = [number for number, _ in ends]
        one_in = is_single(config["input_layers"])
        inputs, outputs = ([known[number] for number in numbers] for numbers in (graph.inputs, graph.outputs))
        graph.shapes = [tuple(each.shape) for each in inputs]
        model = keras.Model(
            inputs[0] if one_in else inputs, outputs[0] if is_single(config["output_layers"]) else outputs
        )
        if config.get("trainable") is False:
            model.trainable = False
        return Part(
            "Functional", model, self.list_names(model, parts), sum(step[0].calls for step in graph.steps), graph
        )

    @staticmethod
    def list_names(model: Any, parts: list[Part]) -> list[str]:
        """Return the names of the model's layers in its own order."""
        names = {id(part.target): part.names for part in parts}
        return [name for layer in model.layers for name in names.get(id(layer), [])]

    def make_input(self, node: Any, depth: int) -> Any:
        """Make the symbolic input that an input layer describes."""
        _, module, config = open_object(node, depth)
        if module != "keras.layers" or not set(config) <= {
            *"batch_shape shape dtype name sparse ragged optional".split()
        }:
            raise Refused("no input of Keras' own")
        refuse_others(config, {"batch_shape", "shape", "dtype"})
        shape = several(optional(integer(1)))(config.get("batch_shape"))
        return keras.Input(batch_shape=shape, dtype=precision(config.get("dtype") or "float32"))

    def keep(self, tensor: Any, known: dict[int, Any]) -> int:
        """Note a tensor and return its number; refuse one that is too large."""
        if len(tensor.shape) > MAX_DIMENSIONS or math.prod(size or 1 for size in tensor.shape[1:]) > MAX_ROW:
            raise Refused("too large a tensor")
        self.tensors += 1
        known[self.tensors] = tensor
        return self.tensors

    def call(
        self, part: Part, args: tuple[Any, ...], kwargs: dict[str, Any], graph: Graph, known: dict[int, Any]
    ) -> list[int]:
        """Apply a part to symbolic tensors; return the numbers of its results."""
        self.calls += part.calls
        if self.calls > MAX_CALLS:
            raise Refused("too many calls")
        if part.stack and part.graph is None:
            [first, *_] = list_tensors(fill(args, known))
            part.graph = self.chain(part.stack, keras.Input(batch_shape=first.shape, dtype=first.dtype))
        if next(list_tensors(fill((args, kwargs), known)), None) is None:
            raise Refused("a call without a tensor, which would be computed at once")
        part.ensure_fits(fill(args, known), fill(kwargs, known))
        results = [
            self.keep(each, known) for each in list_tensors(part.target(*fill(args, known), **fill(kwargs, known)))
        ]
        if not results:
            raise Refused("no tensor comes of it")
        graph.steps.append((part, args, kwargs, results))
        return results
