"""The format of data between the student's process and the judge: a JSON tree beside raw buffers.

Both sides load this module, and it needs numpy alone. Nothing here builds an object other than the plain types named in `encode`;
nothing is unpickled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

REQUEST, REPLY = "judge_request", "judge_reply"  # message types on the shell channel
MAX_DEPTH = 40
MAX_NODES = 2_000_000
MAX_KEYS = (
    20_000  # of sets and dicts, other than texts and small numbers: chosen by a stranger, all of them may collide
)
_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248]|c8|c16|U\d{1,6}|S\d{1,6})")


class WireError(ValueError):
    """A message that does not follow the format, or is larger than allowed."""


def encode(value: Any, buffers: list[bytes], special: Callable[[Any], Any] | None = None, depth: int = 0) -> Any:
    """Return the JSON tree of ``value``, and append the contents of arrays to ``buffers``.

    Args:
        value: None, bool, int, float, complex, str, bytes, list, tuple, set, dict, numpy array or scalar, or an object
            with ``__array__``; anything else becomes ``{"opaque": type name}``.
        buffers: receives one raw C-ordered buffer per array.
        special: called first; returns a tree of its own, or None.
    """
    if depth > MAX_DEPTH:
        raise WireError(f"nested more than {MAX_DEPTH} levels deep")
    if special is not None and (tree := special(value)) is not None:
        return tree
    value = to_plain_number(value)
    if value is None or isinstance(value, (bool, str)):
        return value if value is None else (bool(value) if isinstance(value, bool) else str(value))
    if isinstance(value, int):
        return {"int": str(int(value))}
    if isinstance(value, float) and not isinstance(value, np.generic):
        return {"float": float(value).hex()}
    if isinstance(value, complex) and not isinstance(value, np.generic):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, (bytes, bytearray)):
        buffers.append(bytes(value))
        return {"bytes": len(buffers) - 1}
    if isinstance(value, (list, tuple, set, frozenset)):
        kind = "tuple" if isinstance(value, tuple) else "list" if isinstance(value, list) else "set"
        return {kind: [encode(item, buffers, special, depth + 1) for item in value]}
    if isinstance(value, dict):
        pairs = [[encode(part, buffers, special, depth + 1) for part in pair] for pair in value.items()]
        return {"dict": pairs}
    return _encode_array(value, buffers, special, depth)


def to_plain_number(value: Any) -> Any:
    """Convert a fraction or decimal number to the int that it equals, or else to the nearest float; return other values unchanged.

    >>> to_plain_number(Fraction(6, 2)), to_plain_number(Decimal("0.25")), to_plain_number("6/2")
    (3, 0.25, '6/2')
    """
    if not isinstance(value, (Fraction, Decimal)):
        return value
    try:
        number = float(value)
    except (OverflowError, ValueError):  # larger than any float, or a signalling NaN
        return value
    return int(value) if number.is_integer() and value == int(value) else number


def _encode_array(value: Any, buffers: list[bytes], special: Callable[[Any], Any] | None, depth: int) -> Any:
    """Encode an array, a numpy scalar, or an object that converts to an array; others become opaque."""
    if hasattr(value, "to_list") and type(value).__name__.startswith("Ragged"):
        return encode(value.to_list(), buffers, special, depth + 1)
    if not isinstance(value, (np.ndarray, np.generic)) and not hasattr(value, "__array__"):
        return {"opaque": type(value).__name__[:100]}
    array = np.array(value, subok=False, copy=True)
    if array.dtype == object:
        return encode(array.tolist(), buffers, special, depth + 1)
    if array.dtype.kind not in "biufcUS":  # bfloat16 and the like
        array = array.astype(np.float32)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    buffers.append(np.ascontiguousarray(array).tobytes())
    kind = "scalar" if isinstance(value, np.generic) else "array"
    return {kind: [len(buffers) - 1, array.dtype.str, list(array.shape)]}


def decode(tree: Any, buffers: list[Any], special: Callable[[str, Any], Any] | None = None) -> Any:
    """Return the value of a tree that ``encode`` made.

    Args:
        tree: parsed JSON, not trusted.
        buffers: the message's raw buffers, not trusted; each one that is used is replaced by None.
        special: returns the value of any other tag, from its name and content.

    Raises:
        WireError: the tree is not as ``encode`` writes it.
    """
    return _Decoder(buffers, special).value(tree, 0)


class Opaque:
    """Stands for an object that cannot cross; only the name of its type is known."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"an object of type {self.type_name}"


class _Decoder:
    def __init__(self, buffers: list[Any], special: Callable[[str, Any], Any] | None) -> None:
        self.buffers = buffers
        self.special = special
        self.nodes = self.keys = 0

    def value(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH + 5 or self.nodes > MAX_NODES:
            raise WireError("too deep or too many parts")
        if tree is None or isinstance(tree, (bool, str)):
            return tree
        if not isinstance(tree, dict) or len(tree) != 1:
            raise WireError("not a tagged value")
        [(tag, content)] = tree.items()
        try:
            return self._tagged(str(tag), content, depth)
        except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
            raise WireError(f"bad {str(tag)[:20]}: {error}") from error

    def _tagged(self, tag: str, content: Any, depth: int) -> Any:
        match tag:
            case "int":
                if len(content) > 400:
                    raise WireError("a number of more than 400 digits")
                return int(content)
            case "float":
                return float.fromhex(content)
            case "complex":
                return complex(float.fromhex(content[0]), float.fromhex(content[1]))
            case "bytes":
                return bytes(self._buffer(content))
            case "list" | "tuple" | "set":
                items = [self.value(item, depth + 1) for item in content]
                if tag == "set":
                    return set(map(self._key, items))
                return tuple(items) if tag == "tuple" else items
            case "dict":
                return {self._key(self.value(k, depth + 1)): self.value(v, depth + 1) for k, v in content}
            case "array" | "scalar":
                array = self._array(*content)
                return array[()] if tag == "scalar" and array.ndim == 0 else array
            case "opaque":
                return Opaque(str(content)[:100])
        if self.special is None:
            raise WireError(f"unknown tag {tag[:20]}")
        return self.special(tag, content)

    def _key(self, value: Any) -> Any:
        self.keys += not (isinstance(value, str) or (isinstance(value, int) and abs(value) < 1 << 31))
        if self.keys > MAX_KEYS:
            raise WireError("too many keys that are neither texts nor small numbers")
        return value

    def _buffer(self, index: Any) -> Any:
        """Return a buffer, once: as the content of many arrays it could fill any memory."""
        if not isinstance(index, int) or not 0 <= index < len(self.buffers) or self.buffers[index] is None:
            raise WireError("no such buffer")
        taken, self.buffers[index] = self.buffers[index], None
        return taken

    def _array(self, index: Any, dtype: Any, shape: Any) -> np.ndarray[Any, Any]:
        """Return a new, writable array; its size is compared with the buffer before anything is allocated."""
        data = memoryview(self._buffer(index))
        if not isinstance(dtype, str) or not _DTYPE.fullmatch(dtype):
            raise WireError(f"dtype {str(dtype)[:20]} may not cross")
        if len(shape) > 32 or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise WireError("bad shape")
        kind = np.dtype(dtype)
        if math.prod(shape) * kind.itemsize != data.nbytes:
            raise WireError("shape and buffer differ")
        if kind.itemsize == 0:  # empty texts, for which numpy allocates one letter each
            self.nodes += math.prod(shape)
            if self.nodes > MAX_NODES:
                raise WireError("too many texts")
            return np.zeros(tuple(shape), kind)
        return np.frombuffer(data, dtype=kind).reshape(tuple(shape)).copy()
