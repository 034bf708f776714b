"""Compare an answer with what is expected, and say what was seen without saying what was expected."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.results import MAX_ARRAY, Picture
from autograder.sandbox.inside.wire import to_plain_number

ROUNDING = 1e-9  # by which a whole number may miss, relative to it, after some arithmetic with floats


@dataclass(frozen=True)
class Tolerance:
    """The precision with which an answer must equal the expected value.

    Attributes:
        rtol, atol: relative and absolute, as in numpy.allclose. Where whole numbers are expected, they must be equal.
        squeeze: ignore axes of length 1.
        dtype: the numpy dtype that an array must have; None accepts any.
        direction: whether the text says that a wrong number is too small or too large.
    """

    rtol: float = 1e-4
    atol: float = 1e-5
    squeeze: bool = False
    dtype: str | None = None
    direction: bool = False


@dataclass(frozen=True)
class Difference:
    """The first difference between an answer and what is expected.

    Attributes:
        text: the rest of the sentence that begins with the answer.
        code: what differs, as one of ``errors.CODES``.
    """

    text: str
    picture: Picture | None = None
    code: str = "wrong-value"


def find_difference(answer: Any, expected: Any, tolerance: Tolerance) -> Difference | None:
    """Return the first difference between an answer and what is expected, or None.

    Shapes and values count; a list, a tuple and an array of the same numbers are equal, an int and a float of the same value too.
    """
    answer, expected = to_plain_number(answer), to_plain_number(expected)
    if isinstance(expected, np.ndarray) and expected.dtype.kind in "biufc":
        return _compare_arrays(answer, expected, tolerance)
    if isinstance(expected, (bool, int, float, complex, np.number, np.bool_)):
        return _compare_numbers(answer, expected, tolerance)
    if isinstance(expected, (list, tuple, np.ndarray)):
        return _compare_sequences(answer, expected, tolerance)
    if isinstance(expected, Mapping):
        return _compare_mappings(answer, expected, tolerance)
    if isinstance(expected, (set, frozenset)):
        return None if isinstance(answer, (set, frozenset)) and answer == expected else Difference("")
    if isinstance(answer, np.str_):
        answer = str(answer)
    return None if type(answer) is type(expected) and answer == expected else Difference("")


def _as_array(answer: Any) -> np.ndarray[Any, Any] | None:
    """Return the numbers of an answer as an array; None where it is ragged or not made of numbers."""
    if isinstance(answer, (str, bytes, Mapping, set, frozenset)) or answer is None:
        return None
    try:
        array = np.asarray(answer)
    except (ValueError, TypeError, OverflowError):
        return None
    return array if array.dtype.kind in "biufc" else None


def _compare_arrays(answer: Any, expected: np.ndarray[Any, Any], tolerance: Tolerance) -> Difference | None:
    array = _as_array(answer)
    if array is None:
        return Difference("; an array of numbers is asked for", code="wrong-type")
    if tolerance.squeeze:
        array, expected = array.squeeze(), expected.squeeze()
    if array.shape != expected.shape:
        return Difference(f"; the shape asked for is {expected.shape}", code="wrong-shape")
    if tolerance.dtype is not None and array.dtype != np.dtype(tolerance.dtype):
        return Difference(f"; the dtype asked for is {tolerance.dtype}", code="wrong-type")
    wrong = ~_find_equal(array, expected, tolerance)
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    seen = f"first wrong at position {list(first)}: {describe(array[first])}" if first else "a wrong value"
    return Difference(f"; {seen} ({int(wrong.sum())} of {wrong.size} values are wrong)", make_picture(array, first))


def _find_equal(
    array: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], tolerance: Tolerance
) -> np.ndarray[Any, Any]:
    """Return, element by element, where two arrays of one shape are equal."""
    eps = float(np.finfo(array.dtype).eps) if array.dtype.kind in "fc" else 0.0
    rounded = 8 * eps  # some arithmetic in its precision
    if expected.dtype.kind not in "biu":
        rtol, atol = tolerance.rtol, tolerance.atol
        if eps > np.finfo(np.float32).eps:  # half precision; checks are made for single precision
            rtol, atol = max(rtol, rounded), max(atol, rounded) if atol else 0.0  # with 0, almost 0 is wrong
        return np.asarray(np.isclose(array, expected, rtol=rtol, atol=atol, equal_nan=True))
    if array.dtype.kind in "biu":
        return np.asarray(array == expected)
    whole = expected.astype("float64")  # a count may be given as a float
    slack = max(ROUNDING, rounded) * np.maximum(1, np.abs(whole))
    return np.asarray((np.abs(array - whole) <= slack) & (np.rint(array.real) == whole))


def _compare_numbers(answer: Any, expected: Any, tolerance: Tolerance) -> Difference | None:
    if isinstance(answer, int) and isinstance(expected, int) and not isinstance(expected, bool):  # of any size
        return None if int(answer) == expected else _tell_direction(answer, expected, tolerance)
    array = _as_array(answer)
    if array is None or (array.shape and not (tolerance.squeeze and array.size == 1)):
        return Difference("; a single number is asked for", code="wrong-type")
    number = array.reshape(-1)[0]
    if isinstance(expected, (bool, np.bool_)):
        return None if array.dtype.kind == "b" and bool(number) == bool(expected) else Difference("")
    wanted = np.asarray(expected)
    if wanted.dtype.kind not in "biufc":  # a whole number beyond what numpy has
        with contextlib.suppress(OverflowError):
            wanted = np.asarray(float(expected))
    if wanted.dtype.kind not in "biufc":  # and beyond every float
        return Difference("")
    close = bool(_find_equal(array.reshape(-1)[:1], wanted.reshape(1), tolerance)[0])
    return None if close else _tell_direction(number, expected, tolerance)


def _tell_direction(number: Any, expected: Any, tolerance: Tolerance) -> Difference:
    unordered = any(isinstance(each, (complex, np.complexfloating)) for each in (number, expected))
    if not tolerance.direction or unordered or number != number or abs(number) == math.inf:
        return Difference("")
    return Difference(", too small" if number < expected else ", too large")


def _compare_sequences(answer: Any, expected: Any, tolerance: Tolerance) -> Difference | None:
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    if not isinstance(answer, (list, tuple)):
        return Difference("; a list or tuple is asked for", code="wrong-type")
    if len(answer) != len(expected):
        return Difference(f"; it has {len(answer)} parts, and {len(expected)} are asked for", code="wrong-shape")
    for index, (one, other) in enumerate(zip(answer, expected, strict=True)):
        if (found := find_difference(one, other, tolerance)) is not None:
            return Difference(f"; part [{index}] is {describe(one)}{found.text}", found.picture, found.code)
    return None


def _compare_mappings(answer: Any, expected: Mapping[Any, Any], tolerance: Tolerance) -> Difference | None:
    if not isinstance(answer, Mapping):
        return Difference("; a dict is asked for", code="wrong-type")
    if len(answer) != len(expected):
        return Difference(f"; it has {len(answer)} keys, and {len(expected)} are asked for", code="wrong-shape")
    for key, value in expected.items():
        if key not in answer:
            return Difference("; at least one key is wrong")
        if (found := find_difference(answer[key], value, tolerance)) is not None:
            return Difference(
                f"; for key {describe(key)} it holds {describe(answer[key])}{found.text}", found.picture, found.code
            )
    return None


def describe(value: Any) -> str:
    """Describe a value in at most a line: numbers as they are, arrays by shape and dtype, long texts and lists cut."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.ndarray):
        small = (
            f" with values {_cut(np.array2string(value, separator=', ', precision=4).replace(chr(10), ''))}"
            if value.size <= 12
            else ""
        )
        return f"an array of shape {value.shape}, dtype {value.dtype}{small}"
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    if isinstance(value, np.generic):
        return str(value.item())
    if isinstance(value, (list, tuple)) and _as_array(value) is not None and np.size(value) > 20:
        return f"a {type(value).__name__} of shape {np.shape(value)}"
    if isinstance(value, (list, tuple)):
        parts = ", ".join(describe(part) for part in value)
        return _cut(f"[{parts}]" if isinstance(value, list) else f"({parts}{',' if len(value) == 1 else ''})")
    return _cut(repr(value))


def _cut(text: str, length: int = 160) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def describe_arguments(call: Callable[..., Any] | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Describe the arguments of a call by the names that the reference gives them, such as ``units=7, features=3``."""
    import inspect

    names: list[str] = []
    if call is not None:
        names = [p.name for p in inspect.signature(call).parameters.values() if p.kind is not p.VAR_POSITIONAL]
    named = [f"{names[i]}={describe(value)}" if i < len(names) else describe(value) for i, value in enumerate(args)]
    return ", ".join(named + [f"{name}={describe(value)}" for name, value in kwargs.items()])


def make_picture(array: np.ndarray[Any, Any], wrong: tuple[int, ...]) -> Picture | None:
    """Make a picture of an array of up to three axes with its first wrong position, for the feedback page.

    ``data`` holds ``shape``, ``values`` (flat, C order, as text) and ``wrong`` (a position).
    """
    if not 1 <= array.ndim <= 3 or array.size > MAX_ARRAY:
        return None
    values = [describe(value) for value in array.reshape(-1)]
    label = "what your function returned; the first wrong value is marked"
    return Picture(kind="array", label=label, data={"shape": list(array.shape), "values": values, "wrong": list(wrong)})
