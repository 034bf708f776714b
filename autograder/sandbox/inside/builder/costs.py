"""Estimates the results, work and memory of a model for inputs of given shapes, before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from .tables import RECURRENT
from .values import Refused

Shape = tuple[int | None, ...]

MAX_TIMES = 1 << 14  # time steps at which a layer is applied one by one

BYTES = 4.0  # of one number
PRODUCTS = {"Matmul", "Dot"}
BEYOND_ROWS = {*"Attention AdditiveAttention MultiHeadAttention".split()}
EACH_ALONE = {
    *"Embedding BatchNormalization LayerNormalization GroupNormalization RMSNormalization Normalization PReLU".split()
}

WORKED_ON = ("inputs", "sequences", "query")  # names of the main input; a layer has one of them
MASKS = ("mask", "query_mask", "value_mask", "key_mask")


class Part:
    """A layer, a model or an operation, with the cost of its calls.

    Attributes:
        names: class names as students know them; those of nested models in their place.
        calls: how many layers and operations are called when this part is called once.
        graph: the steps of a model; None for other parts.
        inner: the layers that a wrapper applies.
        stack: the parts of a stack whose inputs are not known yet.
    """

    def __init__(
        self,
        name: str,
        target: Any,
        names: list[str],
        calls: int = 1,
        graph: Graph | None = None,
        inner: Sequence[Part] = (),
    ) -> None:
        self.name = name
        self.target = target
        self.names = names
        self.calls = calls
        self.graph = graph
        self.inner = inner
        self.stack: list[Part] = []

    def estimate(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], float, float]:
        """Return symbolic results for symbolic arguments, and roughly the multiplications and bytes that they take.

        Raises:
            Refused: no estimate is possible.
        """
        self.ensure_fits(args, kwargs)
        taken = list_in_order(args, kwargs)
        if self.graph is not None:
            return self.graph.estimate(taken)
        if self.name == "TimeDistributed":
            batch, times, *rest = taken[0].shape
            [made], work, size = self.inner[0].estimate(
                (keras.KerasTensor((batch * times, *rest), taken[0].dtype),), {}
            )
            if times > MAX_TIMES or made.shape[0] != batch * times:
                raise Refused("too many times, or rows that are not its own")
            made = keras.KerasTensor((batch, times, *made.shape[1:]), made.dtype)
            return [made], work, size + BYTES * math.prod(made.shape)
        made = list(list_tensors(getattr(self.target, "compute_output_spec", self.target)(*args, **kwargs)))
        work, size = estimate_step(self, taken, made)
        for each in self.inner:
            _, more, room = each.estimate((taken[0],), {})
            work, size = work + more, size + room
        return made, work, size

    def ensure_fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise Refused where a second tensor or an array could make the result larger than Keras infers."""
        taken = list_in_order(args, kwargs)
        if self.name == "Rescaling":
            for each in (self.target.scale, self.target.offset):
                if np.ndim(each) and taken[0].shape[-1] != len(each):
                    raise Refused("not one number for each feature")
        if self.name in (*RECURRENT, "Bidirectional"):
            masks = list(list_tensors(kwargs.get("mask")))
            states = [each for each in taken[1:] if not any(each is mask for mask in masks)]
            if any(len(each.shape) != 2 or not may_equal(each.shape[0], taken[0].shape[0]) for each in states):
                raise Refused("a state that is not one for each row")
        for name in MASKS:
            for mask in list_tensors(kwargs.get(name)):
                if not any(may_start_with(mask.shape, each.shape) for each in taken if each is not mask):
                    raise Refused("a mask of another shape")


def list_in_order(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """Return the tensors among the arguments of a call, a layer's main input first."""
    return list(list_tensors((args, sorted(kwargs.items(), key=lambda item: item[0] not in WORKED_ON))))


def may_equal(one: int | None, other: int | None) -> bool:
    """Whether two sizes are equal, or may be where one is unknown."""
    return one is None or other is None or one == other


def may_start_with(short: Shape, long: Shape) -> bool:
    """Whether the second shape may begin with the first."""
    return len(short) <= len(long) and all(map(may_equal, short, long))


class Graph:
    """The steps of a model, in an order in which they can be computed.

    Tensors are known by numbers. A step is (part, args, kwargs, numbers of its results); in args and kwargs a ``Tensor`` stands for
    each tensor.
    """

    def __init__(self) -> None:
        self.inputs: list[int] = []
        self.shapes: list[Shape] = []  # as the inputs were declared
        self.outputs: list[int] = []
        self.steps: list[tuple[Part, tuple[Any, ...], dict[str, Any], list[int]]] = []

    def estimate(self, given: list[Any]) -> tuple[list[Any], float, float]:
        """Estimate all steps, as ``Part.estimate`` does for one.

        Raises:
            ValueError: the number of inputs or the rank of one differs.
        """
        if len(given) != len(self.inputs):
            raise ValueError(f"Expected {len(self.inputs)} input(s), but received {len(given)}.")
        known = {
            number: match_rank(shape, each) for number, shape, each in zip(self.inputs, self.shapes, given, strict=True)
        }
        work = size = BYTES * sum(math.prod(each.shape) for each in given)
        for part, args, kwargs, results in self.steps:
            made, more, room = part.estimate(fill(args, known), fill(kwargs, known))
            work, size = work + more, size + room
            known |= dict(zip(results, made, strict=True))
        return [known[number] for number in self.outputs], work, size


def match_rank(shape: Shape, given: Any) -> Any:
    """Return the input as the model sees it: Keras adds or drops a last axis of size one to get the declared rank.

    Raises:
        ValueError: its rank still differs.
    """
    have = tuple(given.shape)
    if len(have) == len(shape) + 1 and have[-1] == 1:
        have = have[:-1]
    elif len(have) == len(shape) - 1 and shape[-1] == 1:
        have = (*have, 1)
    if len(have) != len(shape):
        raise ValueError(f"Expected an input of shape {shape}, but received one of shape {tuple(given.shape)}.")
    return keras.KerasTensor(have, given.dtype)


class Tensor:
    """Stands for a tensor in the arguments of a step."""

    def __init__(self, number: int) -> None:
        self.number = number


def fill(value: Any, known: dict[int, Any]) -> Any:
    """Return the arguments with each ``Tensor`` replaced by the known tensor."""
    if isinstance(value, Tensor):
        return known[value.number]
    if isinstance(value, (list, tuple)):
        return type(value)(fill(part, known) for part in value)
    if isinstance(value, dict):
        return {name: fill(part, known) for name, part in value.items()}
    return value


def list_tensors(value: Any) -> Iterator[Any]:
    """Yield the symbolic tensors in arguments or results."""
    if isinstance(value, keras.KerasTensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from list_tensors(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from list_tensors(part)


def estimate_step(part: Part, taken: list[Any], made: list[Any]) -> tuple[float, float]:
    """Estimate the multiplications and bytes of a step from the shapes of its inputs and results."""
    shapes_in, shapes_out = [tuple(t.shape) for t in taken], [tuple(t.shape) for t in made]
    if any(size is None for shape in (*shapes_in, *shapes_out) for size in shape):
        raise Refused("a tensor of no known shape")
    numbers = float(sum(map(math.prod, (*shapes_in, *shapes_out))))
    heads = getattr(part.target, "num_heads", 1)
    weights = [tuple(weight.shape) for weight in getattr(part.target, "weights", ())]
    work = room = numbers
    if weights and part.name not in EACH_ALONE:
        places = max((math.prod(shape[:-1]) for shape in (*shapes_in, *shapes_out)), default=1)
        work += float(places) * sum(map(math.prod, weights))
        room += float(places) * heads * max((shape[-1] for shape in weights if shape), default=1)
    if "Pooling" in part.name and hasattr(part.target, "pool_size"):
        window = part.target.pool_size
        work += float(sum(map(math.prod, shapes_out))) * math.prod(window if isinstance(window, tuple) else (window,))
    if part.name in PRODUCTS:
        work += float(sum(map(math.prod, shapes_out))) * max((max(shape, default=1) for shape in shapes_in), default=1)
    if part.name in BEYOND_ROWS and shapes_in:
        rows, columns = math.prod(shapes_in[0][:-1]), max(math.prod(shape[1:-1]) for shape in shapes_in)
        wide = max(shape[-1] for shape in shapes_in if shape)
        work += float(rows) * columns * max(wide, heads)
        room += float(rows) * columns * (heads if part.name == "MultiHeadAttention" else wide) + heads * numbers
    if part.name.startswith("SeparableConv"):  # the first of its two steps
        places = max(math.prod(shape[:-1]) for shape in (*shapes_in, *shapes_out))
        room += float(places) * shapes_in[0][-1] * part.target.depth_multiplier
    if part.name == "CategoryEncoding":  # every index becomes a row of its own before they are summed
        room += float(math.prod(shapes_in[0])) * part.target.num_tokens
    return work, BYTES * room
