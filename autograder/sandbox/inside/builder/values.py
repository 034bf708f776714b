"""Readers of the values in a config: each returns a value of our own that equals the given one, or refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

MAX_LAYERS, MAX_NODES, MAX_CALLS, MAX_DEPTH = 64, 256, 512, 8  # Keras takes minutes over a few hundred layers
MAX_SIZE, MAX_DIMENSIONS = 1 << 20, 8


class Refused(Exception):
    """A request for something that is in no table, or that is too large."""


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise Refused("not true or false")
    return value


def integer(low: int, high: int = MAX_SIZE) -> Callable[[Any], int]:
    """Return a reader of whole numbers in these bounds."""

    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Refused(f"no whole number from {low} to {high}")
        return value

    return read


def number(value: Any) -> float:
    """Read a finite number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) < 1e30:  # no NaN either
        raise Refused("not a number")
    return value


def one_of(*allowed: Any) -> Callable[[Any], Any]:
    """Return a reader of one of these values; it returns our value, never the object in the config."""

    def read(value: Any) -> Any:
        for each in allowed:
            if type(value) is type(each) and value == each:
                return each
        raise Refused("not one of the values known")

    return read


def optional(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a reader that accepts None too."""
    return lambda value: None if value is None else kind(value)


def several(kind: Callable[[Any], Any], most: int = MAX_DIMENSIONS) -> Callable[[Any], tuple[Any, ...]]:
    """Return a reader of lists of one kind."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise Refused(f"no list of at most {most}")
        return tuple(map(kind, value))

    return read


def read_list(value: Any, most: int) -> list[Any]:
    """Return the value where it is a list of at most ``most`` entries."""
    if not isinstance(value, list) or len(value) > most:
        raise Refused("no list, or a long one")
    return value


def either(one: Callable[[Any], Any], other: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a reader that reads lists by ``other`` and everything else by ``one``."""
    return lambda value: other(value) if isinstance(value, list) else one(value)


def dtype(value: Any) -> str:
    """Read the name of a dtype; where Keras wrote a policy, only its name is read."""
    if isinstance(value, dict) and value.get("class_name") == "DTypePolicy" and isinstance(value.get("config"), dict):
        value = value["config"].get("name")
    return str(DTYPES(value))


def precision(value: Any) -> str:
    """Read the dtype of a layer or an input; half precision becomes float32: a model is judged by what it computes, not by rounding."""
    name = dtype(value)
    return "float32" if name in HALF else name


def numbers(value: Any) -> Any:
    """Read a number, or one for each feature, also where Keras wrote an array.

    An array of several axes is refused: it could make a layer's result larger than its input.
    """
    if isinstance(value, dict) and value.get("class_name") == "__numpy__" and isinstance(value.get("config"), dict):
        value = value["config"].get("value")
    return np.array([number(each) for each in value], "float32") if isinstance(value, list) else number(value)


AXIS = integer(-MAX_DIMENSIONS, MAX_DIMENSIONS)
WINDOW = integer(1, 1 << 12)
AMOUNT = integer(0, 1 << 16)
LENGTH = integer(-1)
HALF = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
DTYPES = one_of(*HALF, "float32", "float64", "int32", "int64", "uint8", "int8", "int16", "bool")

#: name of an argument -> its reader. A colon distinguishes an argument that means something else in some layers.
KINDS: dict[str, Callable[[Any], Any]] = {
    "units": integer(1),
    "filters": integer(1),
    "input_dim": integer(1, 1 << 24),
    "output_dim": integer(1),
    "n": integer(1),
    "num_heads": integer(1, 256),
    "key_dim": integer(1),
    "value_dim": optional(integer(1)),
    "num_tokens": integer(1),
    "groups": integer(-1),
    "depth_multiplier": integer(1, 1 << 12),
    "kernel_size": either(WINDOW, several(WINDOW, 2)),
    "pool_size": either(WINDOW, several(WINDOW, 2)),
    "strides": optional(either(WINDOW, several(WINDOW, 2))),
    "dilation_rate": either(WINDOW, several(WINDOW, 2)),
    "size": either(WINDOW, several(WINDOW, 2)),
    "output_padding": optional(either(AMOUNT, several(AMOUNT, 2))),
    "cropping": either(AMOUNT, several(either(AMOUNT, several(AMOUNT, 2)), 2)),
    "padding:amounts": either(AMOUNT, several(either(AMOUNT, several(AMOUNT, 2)), 2)),
    "padding": one_of("valid", "same", "causal"),
    "data_format": one_of("channels_last"),
    "data_format:any": one_of("channels_last", "channels_first"),
    "interpolation": one_of("nearest", "bilinear"),
    "target_shape": either(LENGTH, several(LENGTH)),
    "output_shape": optional(either(integer(1), several(integer(1)))),
    "attention_axes": optional(either(AXIS, several(AXIS))),
    "dims": several(integer(1, MAX_DIMENSIONS)),
    "axis": either(AXIS, several(AXIS)),
    "axes": either(AXIS, several(AXIS)),
    "shared_axes": optional(several(AXIS)),
    "axis:any": optional(either(AXIS, several(AXIS))),
    "axes:any": optional(several(AXIS)),
    "axis1": AXIS,
    "axis2": AXIS,
    "newshape": either(LENGTH, several(LENGTH)),
    "repeats": either(integer(1), several(integer(1))),
    "shift": either(integer(-MAX_SIZE), several(integer(-MAX_SIZE))),
    "num_classes": integer(1),
    "dtype:any": optional(dtype),
    "x_min": number,
    "x_max": number,
    "alpha": number,
    "negative_slope": number,
    "max_value": optional(number),
    "threshold": number,
    "mask_value": number,
    "epsilon": number,
    "epsilon:any": optional(number),
    "order": integer(1, 8),
    "initial": optional(number),
    "scale:number": numbers,
    "offset": numbers,
    "mean": optional(numbers),
    "variance": optional(numbers),
    "merge_mode": one_of("concat", "sum", "mul", "ave", None),
    "output_mode": one_of("multi_hot", "one_hot", "count"),
    "score_mode": one_of("dot", "concat"),
    **dict.fromkeys(
        "approximate center go_backwards invert keepdims mask_zero normalize reset_after return_sequences return_state rms_scaling"
        " scale unit_forget_bias use_bias use_gate use_scale zero_output_for_mask".split(),
        flag,
    ),
}

#: Arguments without effect on a prediction (names, randomness, training); their values are never read.
IGNORED = {
    *"name seed noise_shape rate dropout recurrent_dropout stddev momentum renorm_clipping renorm_momentum synchronized".split(),
    *"l1 l2 unroll autocast".split(),
}
IGNORED_ENDS = ("_regularizer", "_constraint")
#: Arguments that must be off: they would make it a different layer.
OFF = set("stateful renorm sparse ragged optional quantization_config lora_rank lora_alpha sliding_window".split())
