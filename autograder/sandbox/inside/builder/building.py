"""Makes a model of a config by the tables."""

from __future__ import annotations

import functools
import math
from collections.abc import Set
from typing import Any

import keras

from .costs import Graph, Part, Shape, Tensor, fill, tensors
from .tables import (
    ACTIVATIONS,
    AS_ACTIVATION,
    CELLS,
    INITIALIZERS,
    LAYERS,
    MODULES,
    OPERATIONS,
    RECURRENT,
    SEQUENCE,
    UNTRAINED,
    Bidirectional,
)
from .values import (
    IGNORED,
    IGNORED_ENDS,
    KINDS,
    MAX_CALLS,
    MAX_DEPTH,
    MAX_DIMENSIONS,
    MAX_LAYERS,
    MAX_NODES,
    OFF,
    Refused,
    flag,
    integer,
    listed,
    optional,
    precision,
    several,
)
from .weights import Budget, Budgeted
from .wiring import ends_of, single, wired

MAX_ROW = 1 << 24  # numbers of a tensor for one row of a batch


OBJECT = {
    "module",
    "class_name",
    "config",
    "registered_name",
    "build_config",
    "compile_config",
    "name",
    "inbound_nodes",
}


class Builder:
    """Makes one model of a config.

    Args:
        budget: of weights.
        fresh: whether the model was never built; then its initialisers count, and otherwise they do not.
    """

    def __init__(self, budget: Budget, fresh: bool) -> None:
        self.budget = budget
        self.fresh = fresh
        self.layers = self.calls = self.tensors = self.nodes = 0

    # -- layers

    def layer(self, node: Any, depth: int = 0) -> Part:
        """The layer, the model or the operation that an object in a config stands for."""
        name, module, config = self.opened(node, depth)
        if name in ("Sequential", "Functional") and module in MODULES:
            return self.sequential(config, depth) if name == "Sequential" else self.functional(config, depth)
        if module.startswith(("keras.src.ops.", "keras.src.activations.")):
            return self.operation(name, config)
        if module != "keras.layers":
            raise Refused("not of Keras' own")
        self.count_layer()
        if name == "Bidirectional":
            return self.bidirectional(config, depth)
        if name == "TimeDistributed":
            inner = self.layer(self.taken_from(config, "layer"), depth + 1)
            if inner.name == name or inner.stack or not isinstance(inner.target, keras.layers.Layer):
                raise Refused("not a layer to apply at every time")
            target = keras.layers.TimeDistributed(inner.target, **self.common(config, {"layer"}))
            return Part(name, target, [f"{name}({inner.name})"], 1 + inner.calls, inner=[inner])
        if name == "RNN":
            given = self.arguments(config, SEQUENCE, {"cell"})
            return Part(name, keras.layers.RNN(self.cell(config.get("cell"), depth + 1), **given), [name], 2)
        if name not in LAYERS:
            raise Refused("not a layer of the table")
        make, allowed = LAYERS[name]
        given = self.arguments(config, allowed)
        if name in UNTRAINED:
            given.pop("trainable", None)
        return Part(name, make(**given), [name])

    def bidirectional(self, config: dict[str, Any], depth: int) -> Part:
        common = self.common(config, {"layer", "backward_layer", "merge_mode"})
        forward = self.layer(self.taken_from(config, "layer"), depth + 1)
        backward = self.layer(self.taken_from(config, "backward_layer"), depth + 1)
        if not {forward.name, backward.name} <= set(RECURRENT):
            raise Refused("not a recurrent layer")
        merge = KINDS["merge_mode"](config.get("merge_mode", "concat"))
        target = Bidirectional(forward.target, backward.target, merge, **common)
        calls = 1 + forward.calls + backward.calls
        return Part("Bidirectional", target, [f"Bidirectional({forward.name})"], calls, inner=[forward, backward])

    def cell(self, node: Any, depth: int) -> Any:
        name, module, config = self.opened(node, depth)
        self.count_layer()
        if module != "keras.layers":
            raise Refused("not of Keras' own")
        if name == "StackedRNNCells":
            cells = config.get("cells")
            if not isinstance(cells, list) or not 1 <= len(cells) <= MAX_DEPTH:
                raise Refused("no list of cells")
            made = [self.cell(each, depth + 1) for each in cells]
            return keras.layers.StackedRNNCells(made, **self.common(config, {"cells"}))
        if name not in CELLS:
            raise Refused("not a cell of the table")
        make, allowed = CELLS[name]
        return make(**self.arguments(config, allowed))

    def operation(self, name: str, config: dict[str, Any]) -> Part:
        if name not in OPERATIONS:
            raise Refused("not an operation of the table")
        function, allowed = OPERATIONS[name]
        given = self.arguments(config, allowed, common=False)
        return Part(name, functools.partial(function, **given), [])

    def opened(self, node: Any, depth: int) -> tuple[str, str, dict[str, Any]]:
        """(class name, module, config) of an object in a config."""
        if depth > MAX_DEPTH or not isinstance(node, dict) or not set(node) <= OBJECT:
            raise Refused("no object, or too deep")
        name, module, config = node.get("class_name"), node.get("module"), node.get("config")
        if not isinstance(name, str) or not isinstance(module, str) or not isinstance(config, dict):
            raise Refused("no object")
        if node.get("registered_name") not in (None, name):
            raise Refused("a class that somebody registered")
        return name, module, config

    @staticmethod
    def taken_from(config: dict[str, Any], name: str) -> Any:
        if name not in config:
            raise Refused(f"no {name}")
        return config[name]

    def count_layer(self) -> None:
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise Refused("too many layers")

    def arguments(
        self, config: dict[str, Any], allowed: str, handled: Set[str] = frozenset(), common: bool = True
    ) -> dict[str, Any]:
        """The arguments in a config, each read by its kind."""
        kinds = {word.partition(":")[0]: word for word in allowed.split()}
        made = self.common(config, {*kinds, *handled}) if common else {}
        if not common:
            self.nothing_else(config, {*kinds, *handled})
        for name, word in kinds.items():
            if name in config or name.endswith("_initializer"):  # never Keras' own default: it knows no budget
                made[name] = self.value(word, config.get(name))
        return made

    def value(self, word: str, given: Any) -> Any:
        if word.endswith("activation"):
            return self.activation(given)
        if word.endswith("_initializer"):
            return Budgeted(self.budget, self.initializer(given) if self.fresh and given is not None else None)
        return KINDS[word](given)

    def common(self, config: dict[str, Any], handled: set[str]) -> dict[str, Any]:
        """What every layer may have."""
        self.nothing_else(config, {*handled, "trainable", "dtype"})
        kinds = {"trainable": flag, "dtype": precision}
        return {name: kind(config[name]) for name, kind in kinds.items() if config.get(name) is not None}

    @staticmethod
    def nothing_else(config: dict[str, Any], known: set[str]) -> None:
        for name, value in config.items():
            if name in known or name in IGNORED or name.endswith(IGNORED_ENDS):
                continue
            if name not in OFF or not (value is None or value is False):
                raise Refused("an argument that is in no table")

    def activation(self, given: Any) -> Any:
        if given is None or (isinstance(given, str) and given in ACTIVATIONS):
            return None if given is None else ACTIVATIONS[given]
        if isinstance(given, dict) and given.get("class_name") in AS_ACTIVATION:
            return self.layer(given, MAX_DEPTH).target
        raise Refused("not an activation of the table")

    def initializer(self, given: Any) -> Any:
        if isinstance(given, str):
            given = {"class_name": given.title().replace("_", ""), "config": {}}
        if not isinstance(given, dict) or given.get("module", "keras.initializers") != "keras.initializers":
            raise Refused("not an initialiser of Keras' own")
        name, config = given.get("class_name"), given.get("config")
        if not isinstance(name, str) or name not in INITIALIZERS or not isinstance(config, dict):
            raise Refused("not an initialiser of the table")
        make, kinds = INITIALIZERS[name]
        if not set(config) <= {*kinds, "seed", "input_axes", "output_axes"}:
            raise Refused("an argument that is in no table")
        return make(**{argument: kind(config[argument]) for argument, kind in kinds.items() if argument in config})

    # -- models

    def sequential(self, config: dict[str, Any], depth: int, shape: Shape | None = None) -> Part:
        """A stack of layers, for inputs of ``shape`` where it says nothing of them."""
        if not set(config) <= {"name", "trainable", "dtype", "layers", "build_input_shape"}:
            raise Refused("an argument that is in no table")
        nodes = listed(config.get("layers"), MAX_LAYERS + 1)
        given = None
        if nodes and isinstance(nodes[0], dict) and nodes[0].get("class_name") == "InputLayer":
            given, nodes = self.input(nodes[0], depth + 1), nodes[1:]
        parts = [self.layer(node, depth + 1) for node in nodes]
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
        """The graph of parts that are called one after the other."""
        graph, known = Graph(), dict[int, Any]()
        graph.inputs = graph.outputs = [self.keep(given, known)]
        graph.shapes = [tuple(given.shape)]
        for part in parts:
            graph.outputs = self.call(part, (Tensor(graph.outputs[0]),), {}, graph, known)
            if len(graph.outputs) != 1:
                raise Refused("a layer of several outputs in a stack")
        return graph

    def functional(self, config: dict[str, Any], depth: int) -> Part:
        if not set(config) <= {"name", "trainable", "dtype", "layers", "input_layers", "output_layers"}:
            raise Refused("an argument that is in no table")
        graph, known = Graph(), dict[int, Any]()
        made: dict[str, list[list[int]]] = {}  # name -> for each call the numbers of its results
        waiting: list[tuple[str, Part, Any]] = []
        parts: list[Part] = []
        for node in listed(config.get("layers"), MAX_NODES):
            name, calls = (node.get("name"), node.get("inbound_nodes")) if isinstance(node, dict) else (None, None)
            if not isinstance(name, str) or name in made or not isinstance(calls, list):
                raise Refused("no node, or two of one name")
            made[name] = []
            if node.get("class_name") == "InputLayer":
                made[name].append([self.keep(self.input(node, depth + 1), known)])
                continue
            part = self.layer(node, depth + 1)
            parts.append(part)
            self.nodes += len(calls)
            if self.nodes > MAX_NODES:
                raise Refused("too many nodes")
            waiting += [(name, part, call) for call in calls]
        while waiting:
            still, blocked = [], set()
            for name, part, call in waiting:
                found = None if name in blocked else wired(call, made, part.name)
                if found is None:  # something that it needs is not there yet; calls of a layer keep their order
                    blocked.add(name)
                    still.append((name, part, call))
                else:
                    made[name].append(self.call(part, *found, graph, known))
            if len(still) == len(waiting):
                raise Refused("a circle, or an edge from nowhere")
            waiting = still
        graph.inputs = [number for number, _ in ends_of(config.get("input_layers"), made)]
        ends = ends_of(config.get("output_layers"), made)
        graph.outputs = [number for number, _ in ends]
        one_in = single(config["input_layers"])
        inputs, outputs = ([known[number] for number in numbers] for numbers in (graph.inputs, graph.outputs))
        graph.shapes = [tuple(each.shape) for each in inputs]
        model = keras.Model(inputs[0] if one_in else inputs, outputs[0] if single(config["output_layers"]) else outputs)
        if config.get("trainable") is False:
            model.trainable = False
        return Part("Functional", model, self.order(model, parts), sum(step[0].calls for step in graph.steps), graph)

    @staticmethod
    def order(model: Any, parts: list[Part]) -> list[str]:
        """Names of its layers in the model's own order."""
        names = {id(part.target): part.names for part in parts}
        return [name for layer in model.layers for name in names.get(id(layer), [])]

    def input(self, node: Any, depth: int) -> Any:
        _, module, config = self.opened(node, depth)
        if module != "keras.layers" or not set(config) <= {
            *"batch_shape shape dtype name sparse ragged optional".split()
        }:
            raise Refused("no input of Keras' own")
        self.nothing_else(config, {"batch_shape", "shape", "dtype"})
        shape = several(optional(integer(1)))(config.get("batch_shape"))
        return keras.Input(batch_shape=shape, dtype=precision(config.get("dtype") or "float32"))

    def keep(self, tensor: Any, known: dict[int, Any]) -> int:
        """The number of a tensor, which may not be too large."""
        if len(tensor.shape) > MAX_DIMENSIONS or math.prod(size or 1 for size in tensor.shape[1:]) > MAX_ROW:
            raise Refused("too large a tensor")
        self.tensors += 1
        known[self.tensors] = tensor
        return self.tensors

    def call(
        self, part: Part, args: tuple[Any, ...], kwargs: dict[str, Any], graph: Graph, known: dict[int, Any]
    ) -> list[int]:
        """Apply a part to symbolic tensors; the numbers of its results."""
        self.calls += part.calls
        if self.calls > MAX_CALLS:
            raise Refused("too many calls")
        if part.stack and part.graph is None:
            [first, *_] = tensors(fill(args, known))
            part.graph = self.chain(part.stack, keras.Input(batch_shape=first.shape, dtype=first.dtype))
        if next(tensors(fill((args, kwargs), known)), None) is None:
            raise Refused("a call without a tensor, which would be computed at once")
        part.ensure_fits(fill(args, known), fill(kwargs, known))
        results = [self.keep(each, known) for each in tensors(part.target(*fill(args, known), **fill(kwargs, known)))]
        if not results:
            raise Refused("no tensor comes of it")
        graph.steps.append((part, args, kwargs, results))
        return results
