"""Reads how the layers of a functional model are connected; ``made`` holds, by name and call, the numbers of a layer's results."""

from __future__ import annotations

from typing import Any

from .costs import Tensor
from .values import MAX_DIMENSIONS, MAX_LAYERS, MAX_NODES, MAX_SIZE, Refused, integer, number, optional, read_list

#: Named arguments that a layer may be called with.
CALLED_WITH = set(
    "initial_state mask training query value key attention_mask query_mask value_mask key_mask use_causal_mask"
    " return_attention_scores sequences inputs".split()
)


class _NotYet(Exception):
    """A tensor that a call needs does not exist yet."""


def read_call(call: Any, made: dict[str, list[list[int]]], name: str) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Return args and kwargs of a call in a config; None while one of their tensors does not exist yet.

    Args:
        name: class name of the layer or operation that is called.
    """
    if not isinstance(call, dict) or set(call) != {"args", "kwargs"} or not isinstance(call["kwargs"], dict):
        raise Refused("no call")
    if not set(call["kwargs"]) <= CALLED_WITH or call["kwargs"].get("training") not in (None, False):
        raise Refused("an argument that is in no table")
    try:
        given = read_list(call["args"], MAX_DIMENSIONS)
        if name == "GetItem" and len(given) == 2:
            return (read_argument(given[0], made), read_index(given[1])), {}
        args = tuple(read_argument(each, made) for each in given)
        return args, {str(name): read_argument(each, made) for name, each in call["kwargs"].items()}
    except _NotYet:
        return None


def read_argument(value: Any, made: dict[str, list[list[int]]], depth: int = 0) -> Any:
    """Read a tensor, a plain number, or a list of tensors; a list of numbers is refused: its size would not be counted."""
    if value is None or (isinstance(value, bool) and not depth):
        return value
    if isinstance(value, (int, float)) and not depth:
        return number(value)
    if isinstance(value, list) and depth < 2 and len(value) <= MAX_LAYERS:
        return [read_argument(part, made, depth + 1) for part in value]
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        config = value.get("config")
        return Tensor(find_tensor(config.get("keras_history") if isinstance(config, dict) else None, made))
    raise Refused("neither a tensor nor a number")


def read_index(value: Any, depth: int = 0) -> Any:
    """Read an index, as it stands in brackets after a tensor."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return optional(integer(-MAX_SIZE))(value)
    if isinstance(value, list) and not depth and len(value) <= MAX_DIMENSIONS:
        return tuple(read_index(part, 1) for part in value)
    if isinstance(value, dict) and value.get("class_name") == "__ellipsis__":
        return Ellipsis
    if isinstance(value, dict) and value.get("class_name") == "__slice__" and isinstance(value.get("config"), dict):
        bound = optional(integer(-MAX_SIZE))
        return slice(*(bound(value["config"].get(end)) for end in ("start", "stop", "step")))
    raise Refused("no index")


def find_tensor(history: Any, made: dict[str, list[list[int]]]) -> int:
    """Return the number of the tensor that ``[name, call, output]`` stands for."""
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


def find_ends(given: Any, made: dict[str, list[list[int]]]) -> list[tuple[int, str]]:
    """Return number and layer name of each input or output of a model."""
    ends = [given] if is_single(given) else read_list(given, MAX_LAYERS)
    try:
        return [(find_tensor(each, made), str(each[0])) for each in ends]
    except _NotYet:
        raise Refused("an edge from nowhere") from None


def is_single(ends: Any) -> bool:
    """Whether a model has one input or output, not a list of them."""
    return isinstance(ends, list) and len(ends) == 3 and isinstance(ends[0], str)
