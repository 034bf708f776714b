"""How the parts of a functional model are connected, as its config says: each tensor is known by a number."""

from __future__ import annotations

from typing import Any

from .costs import Tensor
from .values import MAX_DIMENSIONS, MAX_LAYERS, MAX_NODES, MAX_SIZE, Refused, integer, listed, number, optional

#: What a layer may be called with beside its inputs.
CALLED_WITH = set(
    "initial_state mask training query value key attention_mask query_mask value_mask key_mask use_causal_mask"
    " return_attention_scores sequences inputs".split()
)


class _NotYet(Exception):
    """A tensor that a call needs has not been made."""


def wired(call: Any, made: dict[str, list[list[int]]], name: str) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """(args, kwargs) of a call in a config; None while a tensor among them is not there yet.

    Args:
        name: of what is called.
    """
    if not isinstance(call, dict) or set(call) != {"args", "kwargs"} or not isinstance(call["kwargs"], dict):
        raise Refused("no call")
    if not set(call["kwargs"]) <= CALLED_WITH or call["kwargs"].get("training") not in (None, False):
        raise Refused("an argument that is in no table")
    try:
        given = listed(call["args"], MAX_DIMENSIONS)
        if name == "GetItem" and len(given) == 2:
            return (argument(given[0], made), key(given[1])), {}
        args = tuple(argument(each, made) for each in given)
        return args, {str(name): argument(each, made) for name, each in call["kwargs"].items()}
    except _NotYet:
        return None


def argument(value: Any, made: dict[str, list[list[int]]], depth: int = 0) -> Any:
    """A tensor, a plain number, or a list of tensors: one of numbers would be an array, of which shapes say nothing."""
    if value is None or (isinstance(value, bool) and not depth):
        return value
    if isinstance(value, (int, float)) and not depth:
        return number(value)
    if isinstance(value, list) and depth < 2 and len(value) <= MAX_LAYERS:
        return [argument(part, made, depth + 1) for part in value]
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        config = value.get("config")
        return Tensor(edge(config.get("keras_history") if isinstance(config, dict) else None, made))
    raise Refused("neither a tensor nor a number")


def key(value: Any, depth: int = 0) -> Any:
    """What stands in brackets after a tensor."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return optional(integer(-MAX_SIZE))(value)
    if isinstance(value, list) and not depth and len(value) <= MAX_DIMENSIONS:
        return tuple(key(part, 1) for part in value)
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return Ellipsis
    if isinstance(value, dict) and value.get("class_name") == "__slice__" and isinstance(value.get("config"), dict):
        bound = optional(integer(-MAX_SIZE))
        return slice(*(bound(value["config"].get(end)) for end in ("start", "stop", "step")))
    raise Refused("no index")


def edge(history: Any, made: dict[str, list[list[int]]]) -> int:
    """The number of the tensor that ``[name, call, output]`` names."""
    if not isinstance(history, list) or len(history) != 3 or not isinstance(history[0], str):
        raise Refused("no edge")
    call, output = (integer(0, MAX_NODES)(each) for each in history[1:])
    if history[0] not in made:
        raise Refused("an edge from nowhere")
    if call >= len(made[history[0]]):
        raise _NotYet
    if output >= len(made[history[0]][call]):
        raise Refused("an edge from nowhere")
    return made[history[0]][call][output]


def ends_of(given: Any, made: dict[str, list[list[int]]]) -> list[tuple[int, str]]:
    ends = [given] if single(given) else listed(given, MAX_LAYERS)
    try:
        return [(edge(each, made), str(each[0])) for each in ends]
    except _NotYet:
        raise Refused("an edge from nowhere") from None


def single(ends: Any) -> bool:
    """Whether the ends of a graph are one tensor, and not a list of them."""
    return isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str)
