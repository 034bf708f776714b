"""What the parts of a model make and take for inputs of given shapes, before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from .tables import RECURRENT
from .values import Refused

Shape = tuple[int | None, ...]

MAX_TIMES = 1 << 14  # at which a layer is applied one by one


BYTES = 4.0  # of a number
PRODUCTS = {"Matmul", "Dot"}
BEYOND_ROWS = {*"Attention AdditiveAttention MultiHeadAttention".split()}
EACH_ALONE = {
    *"Embedding BatchNormalization LayerNormalization GroupNormalization RMSNormalization Normalization PReLU".split()
}

WORKED_ON = ("inputs", "sequences", "query")  # a layer has one of them
MASKS = ("mask", "query_mask", "value_mask", "key_mask")


class Part:
    """A layer, a model or an operation, with what its calls count for.

    Attributes:
        names: class names as students know them, nested models opened.
        calls: of layers and operations, when this one is called once.
        graph: of a model, to follow a prediction through it.
        inner: the layers that a wrapper applies.
        stack: the parts of a stack that does not know its inputs yet.
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

    def cost(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], float, float]:
        """Symbolic results for symbolic arguments; about how many multiplications and bytes they take.

        Raises:
            Refused: nobody can tell.
        """
        self.ensure_fits(args, kwargs)
        taken = in_order(args, kwargs)
        if self.graph is not None:
            return self.graph.cost(taken)
        if self.name == "TimeDistributed":
            batch, times, *rest = taken[0].shape
            [made], work, size = self.inner[0].cost((keras.KerasTensor((batch * times, *rest), taken[0].dtype),), {})
            if times > MAX_TIMES or made.shape[0] != batch * times:
                raise Refused("too many times, or rows that are not its own")
            made = keras.KerasTensor((batch, times, *made.shape[1:]), made.dtype)
            return [made], work, size + BYTES * math.prod(made.shape)
        made = list(tensors(getattr(self.target, "compute_output_spec", self.target)(*args, **kwargs)))
        work, size = estimate(self, taken, made)
        for each in self.inner:
            _, more, room = each.cost((taken[0],), {})
            work, size = work + more, size + room
        return made, work, size

    def ensure_fits(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise Refused where a second tensor or an array could make the result larger than Keras says it is."""
        taken = in_order(args, kwargs)
        if self.name == "Rescaling":
            for each in (self.target.scale, self.target.offset):
                if np.ndim(each) and taken[0].shape[-1] != len(each):
                    raise Refused("not one number for each feature")
        if self.name in (*RECURRENT, "Bidirectional"):
            masks = list(tensors(kwargs.get("mask")))
            states = [each for each in taken[1:] if not any(each is mask for mask in masks)]
            if any(len(each.shape) != 2 or not same(each.shape[0], taken[0].shape[0]) for each in states):
                raise Refused("a state that is not one for each row")
        for name in MASKS:
            for mask in tensors(kwargs.get(name)):
                if not any(same_start(mask.shape, each.shape) for each in taken if each is not mask):
                    raise Refused("a mask of another shape")


def in_order(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The tensors among the arguments of a call, what a layer works on first."""
    return list(tensors((args, sorted(kwargs.items(), key=lambda item: item[0] not in WORKED_ON))))


def same(one: int | None, other: int | None) -> bool:
    """Whether two sizes are, or may be, the same."""
    return one is None or other is None or one == other


def same_start(short: Shape, long: Shape) -> bool:
    return len(short) <= len(long) and all(map(same, short, long))


class Graph:
    """What a model does, step by step, in the order in which it can be done.

    A tensor is known by its number; ``steps`` are (part, args, kwargs, numbers of its results), with a ``Tensor`` in the place of each.
    """

    def __init__(self) -> None:
        self.inputs: list[int] = []
        self.shapes: list[Shape] = []  # that the inputs were declared with
        self.outputs: list[int] = []
        self.steps: list[tuple[Part, tuple[Any, ...], dict[str, Any], list[int]]] = []

    def cost(self, given: list[Any]) -> tuple[list[Any], float, float]:
        """As of a part.

        Raises:
            ValueError: there are more inputs or fewer, or one of another rank.
        """
        if len(given) != len(self.inputs):
            raise ValueError(f"Expected {len(self.inputs)} input(s), but received {len(given)}.")
        known = {
            number: in_rank_of(shape, each) for number, shape, each in zip(self.inputs, self.shapes, given, strict=True)
        }
        work = size = BYTES * sum(math.prod(each.shape) for each in given)
        for part, args, kwargs, results in self.steps:
            made, more, room = part.cost(fill(args, known), fill(kwargs, known))
            work, size = work + more, size + room
            known |= dict(zip(results, made, strict=True))
        return [known[number] for number in self.outputs], work, size


def in_rank_of(shape: Shape, given: Any) -> Any:
    """What a model sees of an input: Keras adds a last axis of one, or leaves it out, where that gives the rank it was declared with.

    Raises:
        ValueError: it has another rank all the same.
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
    """Arguments with the tensors that are known in their places."""
    if isinstance(value, Tensor):
        return known[value.number]
    if isinstance(value, (list, tuple)):
        return type(value)(fill(part, known) for part in value)
    if isinstance(value, dict):
        return {name: fill(part, known) for name, part in value.items()}
    return value


def tensors(value: Any) -> Iterator[Any]:
    """The symbolic tensors in arguments or results."""
    if isinstance(value, keras.KerasTensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors(part)


def estimate(part: Part, taken: list[Any], made: list[Any]) -> tuple[float, float]:
    """About how many multiplications and bytes a step takes, given the shapes of what goes in and comes out."""
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
    if part.name == "CategoryEncoding":  # every index is written out before they are brought together
        room += float(math.prod(shapes_in[0])) * part.target.num_tokens
    return work, BYTES * room
