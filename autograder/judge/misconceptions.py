"""Misconceptions: wrong solutions that people really write, each bound to the function it gets wrong and carrying a hint."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Misconception:
    """A known wrong answer.

    Attributes:
        name: first line of its docstring: what the student did, in words a student understands.
        function: the wrong solution; it takes the arguments of ``reference``.
        reference: the function that it gets wrong.
        hint: a question that moves the student on.
    """

    name: str
    function: Function
    reference: Function
    hint: str


def misconception(reference: Function, *, hint: str) -> Callable[[Function], Function]:
    '''Bind the decorated wrong solution to ``reference``.

    Args:
        hint: a question that moves the student on.

    Raises:
        ValueError: it has no docstring; the first line is its name.

    ::

        @misconception(lstm_params, hint="How many updates does an LSTM cell make in one step?")
        def one_gate(units, features):
            """Counts one gate of four, as for a SimpleRNN."""
            return units * (units + features + 1)
    '''

    def bind(function: Function) -> Function:
        if not function.__doc__:
            raise ValueError(f"misconception {function.__name__}: needs a docstring; its first line is its name")
        name = function.__doc__.strip().splitlines()[0].rstrip(".")
        function.misconception = Misconception(name, function, reference, hint)  # type: ignore[attr-defined]
        return function

    return bind


def load_misconceptions(path: Path) -> list[Misconception]:
    """Load the misconceptions of one assignment, in the file's order; none where the file is missing.

    Each can use the names of its reference's module, because in a notebook it takes the reference's place.
    """
    if not path.is_file():
        return []
    module = load_by_path(path, f"misconceptions_of_{path.stem}")
    found: list[Misconception] = [
        value.misconception for value in vars(module).values() if hasattr(value, "misconception")
    ]
    for known in found:
        reference = sys.modules.get(getattr(known.reference, "__module__", ""))
        for name, value in vars(reference).items() if reference is not None else ():
            vars(module).setdefault(name, value)
    return found


def load_by_path(path: Path, name: str) -> ModuleType:
    """Import a file that is in no package, under ``name``."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
