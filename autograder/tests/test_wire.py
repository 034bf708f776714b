"""What crosses between the processes arrives as it was, and nothing else arrives."""

import json
import math
import time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autograder.sandbox.inside import wire
from autograder.sandbox.inside.frames import FrameError, load_json
from autograder.sandbox.inside.wire import Opaque, WireError, decode, encode
from autograder.tests.helpers import SOAK


def crossed(value: Any) -> Any:
    buffers: list[bytes] = []
    return decode(encode(value, buffers), buffers)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        0,
        -(10**40),
        1.5,
        math.inf,
        1 + 2j,
        "é\ud800",
        b"\0x",
        [],
        [1, [2.0, "a"]],
        (1, (2,)),
        {1, 2},
        {"a": [1], 2: None},
    ],
)
def test_plain_values_arrive_unchanged(value: Any) -> None:
    arrived = crossed(value)
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Fraction(6, 2), 3),
        (Fraction(1, 3), 1 / 3),
        (Decimal("0.1"), 0.1),
        (Decimal(10**30), 10**30),
        ([Decimal("-Infinity"), {Fraction(1, 2)}], [-math.inf, {0.5}]),
        (np.array([Fraction(1, 4), 2], dtype=object), [0.25, 2]),
    ],
)
def test_exact_numbers_arrive_as_numbers(value: Any, plain: Any) -> None:
    arrived = crossed(value)
    assert arrived == plain and type(arrived) is type(plain)


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int64", "uint32", "bool", "complex64", "U3", "S2", ">f4"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3, 4)])
def test_arrays_arrive_with_shape_and_dtype(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.ones(shape, dtype)
    arrived = crossed(array)
    assert np.array_equal(arrived, array)
    assert np.asarray(arrived).dtype == array.dtype


def test_an_array_arrives_writable_and_apart() -> None:
    array = np.zeros(3)
    arrived = crossed(array[::-1])
    arrived[0] = 7
    assert array[2] == 0


def test_a_subclass_arrives_as_a_plain_array() -> None:
    class Equal(np.ndarray):
        def __eq__(self, other: object) -> Any:
            return True

    arrived = crossed(np.zeros(3).view(Equal))
    assert type(arrived) is np.ndarray
    assert not (arrived == np.ones(3)).any()


def test_an_object_that_cannot_cross_arrives_as_its_type_name() -> None:
    arrived = crossed([object(), len])
    assert [type(part) for part in arrived] == [Opaque, Opaque]
    assert arrived[0].type_name == "object"


def test_nesting_has_an_end() -> None:
    nested: list[Any] = []
    nested.append(nested)
    with pytest.raises(WireError, match="deep"):
        encode(nested, [])


@pytest.mark.parametrize(
    "tree",
    [
        3,
        [1],
        {"array": [0, "|O", [1]]},
        {"array": [0, "<f8", [10**12]]},
        {"array": [0, "<f8", [-1]]},
        {"array": [0, "<f8", [2]]},
        {"array": [5, "<f8", [1]]},
        {"array": [0, "V8", [1]]},
        {"array": 7},
        {"int": "9" * 5000},
        {"int": "x"},
        {"float": "nan)"},
        {"dict": [[{"list": []}, None]]},
        {"pickle": "gASVAAAA"},
        {"list": [], "tuple": []},
        {"bytes": -1},
    ],
)
def test_a_forged_message_is_refused(tree: Any) -> None:
    with pytest.raises(WireError):
        decode(tree, [b"12345678"])


def test_a_message_of_endless_depth_is_refused() -> None:
    tree: Any = None
    for _ in range(500):
        tree = {"list": [tree]}
    with pytest.raises(WireError, match="deep"):
        decode(tree, [])


def test_a_buffer_is_the_content_of_one_array() -> None:
    """Else a mebibyte could become as many gibibytes as there is room for indices."""
    one = {"array": [0, "|u1", [4]]}
    for tree in (
        {"list": [one, one]},
        {"list": [one, {"bytes": 0}]},
        {"dict": [["a", {"bytes": 0}], ["b", {"bytes": 0}]]},
    ):
        with pytest.raises(WireError, match="no such buffer"):
            decode(tree, [b"four"])
    buffers: list[Any] = [b"four"]
    decode(one, buffers)
    with pytest.raises(WireError, match="no such buffer"):
        decode(one, buffers)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["set", "dict"])
def test_keys_that_all_collide_are_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of a million multiples of the modulus of Python's hashes takes hours to put together."""
    if kind == "dict" and not SOAK:  # as many as are allowed take seconds
        monkeypatch.setattr(wire, "MAX_KEYS", 1_000)
    colliding = [{"int": str(number * (2**61 - 1))} for number in range(30_000)]
    started = time.process_time()
    with pytest.raises(WireError, match="keys"):
        decode({kind: colliding if kind == "set" else [[key, None] for key in colliding]}, [])
    assert time.process_time() - started < 20


def test_keys_that_are_texts_and_small_numbers_may_be_many() -> None:
    many = {str(number): number for number in range(100_000)} | dict.fromkeys(range(100000))
    assert crossed(many) == many


def test_an_array_of_empty_texts_is_no_larger_than_others() -> None:
    """No bytes stand for any number of them."""
    assert decode({"array": [0, "<U0", [3]]}, [b""]).tolist() == ["", "", ""]
    with pytest.raises(WireError):
        decode({"array": [0, "<U0", [1 << 40]]}, [b""])


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"[]," * 50 + b"[]]",
        b"[" + b'{"":0},' * 33 + b"0]",
        b'["' + b'","' * 200 + b'"]',
        b"[" + b"1," * 100 + b"1]",
        rb'["a\\", ' + b"[]," * 50 + b"0]",
        b"[" * 100_000,
        b'"',
        b"\xff",
        "[1]".encode("utf-16"),
    ],
)
def test_json_that_would_take_much_memory_is_not_read(text: bytes) -> None:
    with pytest.raises(FrameError):
        load_json(text, most_marks=99)


@pytest.mark.parametrize(
    "value", ["[[{{,:" * 100, '\\"[,' * 100, ["\\", "[,", '"', "é\ud800"], {"a": [1, {"b": None}]}]
)
def test_json_with_marks_in_its_texts_is_read(value: Any) -> None:
    assert load_json(json.dumps(value).encode(), most_marks=99) == value
