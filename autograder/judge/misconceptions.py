"""Misconceptions: wrong solutions that people really write, each bound to the function it gets wrong and carrying a hint."""

from __future__ import annotations

import ast
import copy
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

Function = Callable[..., Any]
FORMULA = "_formula"  # the name of a function that is written for a formula


@dataclass(frozen=True)
class Misconception:
    """A known wrong answer.

    Attributes:
        name: says what was done, in words that a student understands.
        function: takes the arguments of ``reference``.
        reference: the function it gets wrong.
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
        return _mark(function, function.__doc__.strip().splitlines()[0], reference, hint)

    return bind


def misconceptions_of(reference: Function) -> Misconceptions:
    """Name a function once, for all the misconceptions about it that follow in this file.

    A misconception is a function, a formula, or an edit of the reference::

        wrong = misconceptions_of(lstm_params)


        @wrong(hint="Does a recurrent layer learn new weights for the second day?")
        def times_length(units, features):
            \"\"\"Multiplies the weights by the number of time steps.\"\"\"
            ...


        wrong.formula(
            "units * (units + features + 1)",
            name="Counts one gate of four, as for a SimpleRNN",
            hint="How many updates does an LSTM cell make in one step?",
        )
        wrong.edit("4 * units", "3 * units", name="Counts the three gates and not the candidate", hint="…")
    """
    return Misconceptions(reference, sys._getframe(1).f_globals)


class Misconceptions:
    """The misconceptions about one function.

    Args:
        module: the names of the file they stand in.
    """

    def __init__(self, reference: Function, module: dict[str, Any]) -> None:
        self._reference = reference
        self._module = module

    def __call__(self, *, hint: str) -> Callable[[Function], Function]:
        """Bind the decorated wrong solution; the first line of its docstring is its name."""
        return misconception(self._reference, hint=hint)

    def formula(self, expression: str | Function, *, name: str, hint: str) -> None:
        """Add a wrong solution that returns one expression.

        Args:
            expression: Python code of the reference's parameters, or a lambda that takes them. Functions that it calls are right
                ones, the reference too.
            name: says what was done, in words that a student understands.
            hint: a question that moves the student on.

        Raises:
            ValueError: ``expression`` is not one expression.
        """
        function = expression
        if isinstance(function, str):
            function = self._compile(write_formula(self._source, function))
        self._add(function, name, hint)

    def edit(self, old: str, new: str, *, name: str, hint: str) -> None:
        """Add a wrong solution that is the reference with one change, and so follows the reference when that changes.

        Args:
            old: an expression of the reference's body, or whole statements, which must stand there exactly once. Layout does not
                count.
            new: what stands in its place; an empty text leaves statements out.
            name: says what was done, in words that a student understands.
            hint: a question that moves the student on.

        Raises:
            ValueError: ``old`` does not stand there exactly once, or one of the two is not Python.
        """
        self._add(self._compile(write_edit(self._source, old, new)), name, hint)

    @cached_property
    def _source(self) -> ast.FunctionDef:
        """The reference as it is written."""
        [function] = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(self._reference)))).body
        assert isinstance(function, ast.FunctionDef)
        return function

    def _compile(self, node: ast.FunctionDef) -> Function:
        """Make a function that sees the names of its file, and has the reference's defaults."""
        node.args.defaults, node.args.kw_defaults = [], [None for _ in node.args.kwonlyargs]
        make = ast.parse(f"def make():\n    return {node.name}").body[0]
        assert isinstance(make, ast.FunctionDef)
        make.body.insert(0, node)  # inside another function, where an edited function's own name is its own
        made: dict[str, Any] = {}
        code = compile(ast.fix_missing_locations(ast.Module([make], [])), "<misconception>", "exec")
        exec(code, self._module, made)
        function: Function = made["make"]()
        original: Any = inspect.unwrap(self._reference)
        function.__defaults__, function.__kwdefaults__ = original.__defaults__, original.__kwdefaults__
        return function

    def _add(self, function: Function, name: str, hint: str) -> None:
        """Put a misconception among the names of its file, where they are looked for, in order; no code can use this name."""
        self._module[f"misconception {len(self._module)}"] = _mark(function, name.strip(), self._reference, hint)


def _mark(function: Function, name: str, reference: Function, hint: str) -> Function:
    """Say of a function which misconception it is."""
    function.misconception = Misconception(name.rstrip("."), function, reference, hint)  # type: ignore[attr-defined]
    return function


def write_formula(reference: ast.FunctionDef, expression: str) -> ast.FunctionDef:
    """Return a function with a reference's parameters that returns an expression.

    Raises:
        ValueError: it is not one expression.
    """
    try:
        value = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise ValueError(f"`{expression}` is not one Python expression: {error.msg}") from error
    parameters = _copy_parameters(reference)
    return ast.FunctionDef(
        **{**vars(reference), **_BARE, "name": FORMULA, "args": parameters, "body": [ast.Return(value)]}
    )


def write_edit(reference: ast.FunctionDef, old: str, new: str) -> ast.FunctionDef:
    """Return a reference with one expression, or some whole statements, replaced; without its docstring, types and decorators.

    It is the syntax tree that is compared and changed, so brackets are never missing, and no judge needs a library for it.

    Raises:
        ValueError: ``old`` does not stand in the function exactly once, or one of the two is not Python.
    """
    edit = _Edit(_parse_part(old), _parse_part(new))
    body = reference.body if ast.get_docstring(reference) is None else reference.body[1:]
    changed = edit.visit(ast.Module(copy.deepcopy(body), []))
    if edit.found != 1:
        places = "does not stand" if edit.found == 0 else f"stands {edit.found} times"
        raise ValueError(
            f"`{' '.join(old.split())}` {places} in {reference.name}. Give an expression or whole statements that stand there once."
        )
    return ast.FunctionDef(**{**vars(reference), **_BARE, "args": _copy_parameters(reference), "body": changed.body})


_BARE: dict[str, Any] = {"decorator_list": [], "returns": None}


def _copy_parameters(function: ast.FunctionDef) -> ast.arguments:
    """Return a function's parameters without their types."""
    parameters = copy.deepcopy(function.args)
    for node in ast.walk(parameters):
        if isinstance(node, ast.arg):
            node.annotation = None
    return parameters


def _parse_part(code: str) -> list[ast.stmt]:
    """Return the statements of a part of a function.

    Raises:
        ValueError: it is not Python.
    """
    try:
        [function] = ast.parse(
            f"async def part():\n{textwrap.indent(textwrap.dedent(code).strip() or 'pass', '    ')}"
        ).body
    except SyntaxError as error:
        raise ValueError(f"`{' '.join(code.split())}` is not Python: {error.msg}") from error
    assert isinstance(function, ast.AsyncFunctionDef)
    return function.body


class _Edit(ast.NodeTransformer):
    """Replaces statements, or an expression if both texts are one, and counts how often the old one was found."""

    def __init__(self, old: list[ast.stmt], new: list[ast.stmt]) -> None:
        self.found = 0
        self._old, self._new = [ast.dump(node) for node in old], new
        self._expressions: tuple[str, ast.expr] | None = None
        match old, new:
            case [ast.Expr(value)], [ast.Expr(other)]:
                self._expressions = ast.dump(value), other

    def visit(self, node: ast.AST) -> Any:
        if self._expressions is not None:
            if isinstance(node, ast.expr) and ast.dump(node) == self._expressions[0]:
                self.found += 1
                return copy.deepcopy(self._expressions[1])
            return self.generic_visit(node)
        self.generic_visit(node)  # first, so that nothing is looked for in what is new
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self._replace(value))
        return node

    def _replace(self, block: list[ast.stmt]) -> list[ast.stmt]:
        """Replace the old statements in one block."""
        written, length = [ast.dump(node) for node in block], len(self._old)
        for start in range(len(block) - length, -1, -1):
            if written[start : start + length] == self._old:
                self.found += 1
                block = [*block[:start], *copy.deepcopy(self._new), *block[start + length :]]
        return block


def load_misconceptions(path: Path) -> list[Misconception]:
    """Return the misconceptions of one assignment, in the file's order; none if the file is missing.

    Each can use the names of its reference's module, because in a notebook it takes the reference's place.
    """
    if not path.is_file():
        return []
    module = load_by_path(path, f"misconceptions_of_{path.stem}")
    marks = [getattr(value, "misconception", None) for value in vars(module).values()]
    found = [mark for mark in marks if isinstance(mark, Misconception)]
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
