"""What a student's names mean while they are judged, whatever the cells after them do."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from autograder.sandbox.inside.meanings import Meanings

HELPED = "def words(text):\n    return text.split()\ndef count(text):\n    return len(words(text))"


def notebook(*cells: str | tuple[str, str], names: dict[str, Any] | None = None) -> Meanings:
    """The meanings after some cells ran: a text is the student's, ``("locked", text)`` the release's."""
    names = {} if names is None else names
    meanings = Meanings(names, functools.partial(compile, filename="cell", mode="exec", dont_inherit=True))
    for cell in cells:
        source, locked = (cell, False) if isinstance(cell, str) else (cell[1], True)
        with meanings.cell(source, locked):
            exec(source.removeprefix("%%time\n"), names)
    return meanings


def called(meanings: Meanings, name: str, *args: Any) -> Any:
    with meanings.of(name):
        return meanings.value(name)(*args)


@pytest.mark.parametrize(
    "after",
    [
        ("locked", "words = ['a', 'b']"),
        ("locked", "def words(text):\n    return []"),
        ("locked", "del words"),
        ("locked", "count = 3"),
        "words = ['a', 'b']",  # a cell in which the student tries something out
        "count = count('a b')",
        "for words in (1, 2):\n    pass",
    ],
)
@pytest.mark.parametrize("cell", [HELPED, f"%%time\n{HELPED}"])
def test_a_students_helper_keeps_its_meaning(cell: str, after: str | tuple[str, str]) -> None:
    assert called(notebook(cell, after), "count", "to be or") == 3


@pytest.mark.parametrize(
    "helper",
    [
        "import functools\n@functools.lru_cache\ndef d(n):\n    return n + 1",
        "d = lambda n: n + 1",
        "class d(int):\n    def __add__(self, other):\n        return 1 + other",
        "from operator import index\nd = lambda n: index(n) + 1",
        "r = 1\ndef d(n):\n    return n + r",
    ],
)
def test_helpers_of_every_kind_and_what_they_use_in_turn_keep_it(helper: str) -> None:
    answer = (
        "def f(n):\n    return d(n) + 0 * n" if "class" not in helper else "def f(n):\n    return d() + (n + 1) - 1"
    )
    assert called(notebook(helper, answer, ("locked", "d, r, index = 7, 'x', None")), "f", 1) == 2


def test_an_older_constant_is_what_the_function_of_its_cell_means() -> None:
    meanings = notebook(
        "size = 3\ndef f():\n    return size", "size = 5\ndef g():\n    return size", ("locked", "size = 9")
    )
    assert (called(meanings, "f"), called(meanings, "g"), meanings.value("size")) == (3, 5, 5)


def test_as_in_any_notebook_the_newer_definition_and_what_is_bound_later_are_found() -> None:
    meanings = notebook(
        "def f():\n    return helper() + given",
        "def helper():\n    return 'old'",
        "def helper():\n    return 'new'",
        ("locked", "given = '!'\nhelper = None"),
    )
    assert called(meanings, "f") == "new!"
    assert called(notebook("def f():\n    return 1", "def f():\n    return 2"), "f") == 2


def test_what_a_locked_cell_binds_before_is_what_an_answer_after_it_means() -> None:
    own, later = "texts = ['mine']\ndef f():\n    return texts", "def g():\n    return texts"
    meanings = notebook(own, ("locked", "texts = ['given']"), later)
    assert (called(meanings, "f"), called(meanings, "g")) == (["mine"], ["given"])


def test_a_function_that_counts_its_calls_goes_on_counting() -> None:
    meanings = notebook("n = 0\ndef f():\n    global n\n    n += 1\n    return n", ("locked", "n = 'notes'"))
    assert [called(meanings, "f") for _ in range(3)] == [1, 2, 3]
    assert meanings.value("n") == 3


def test_between_two_calls_the_notebook_is_as_its_cells_left_it() -> None:
    names: dict[str, Any] = {}
    meanings = notebook(HELPED, ("locked", "words = ['a']"), names=names)
    called(meanings, "count", "a")
    with meanings.of("nothing of this name"):
        assert names["words"] == ["a"]


def test_a_name_that_nobody_binds_is_missing() -> None:
    with pytest.raises(KeyError):
        notebook("x = 1").value("y")
