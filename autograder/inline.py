"""Notebooks with answers in their solution cells: the reference's, or for some functions another one's.

Written for students to read after the deadline, and graded as submissions to test the tests.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.source import is_instructor, stubs

HELPERS = "helpers"  # id of the cell that holds what the answers use


def inline(notebook: NotebookNode, reference_path: Path, replaced: Mapping[str, str] | None = None) -> NotebookNode:
    """A copy of a source or released notebook with the reference's functions in place of the stubs.

    What else the reference module defines goes into one extra cell before the first answer. ``replaced`` (function ->
    source text) puts other answers into the stubs' places; the reference's own code then keeps calling the reference,
    under the name ``_reference_<function>``, so that a wrong answer stays wrong in its own question only.

    Raises:
        KeyError: ``replaced`` names a function that the notebook does not ask for.
    """
    replaced = dict(replaced or {})
    result = copy.deepcopy(notebook)
    result.cells = [cell for cell in result.cells if not is_instructor(cell)]
    asked = [stub.name for cell in result.cells for stub in stubs(cell)]
    if unknown := replaced.keys() - set(asked):
        raise KeyError(f"the notebook does not ask for {', '.join(sorted(unknown))}")
    answers, helpers = _split(reference_path.read_text(encoding="utf-8"), asked)
    if replaced:
        names = {name: _private(name) for name in replaced}
        originals = [_renamed(answers[name], names) for name in replaced]
        answers = {name: _renamed(text, names) for name, text in answers.items()} | replaced
        helpers = "\n\n\n".join(filter(None, [_renamed(helpers, names), *originals]))
    return _filled(result, answers, helpers)


def misconception_sources(path: Path) -> list[tuple[str, str, str]]:
    """(bound function, title, source) of each misconception in a file, read without running it.

    The source has the bound function's name and no decorator; where it calls the reference it says
    ``_reference_<function>``, which ``inline`` defines.
    """
    module = ast.parse(path.read_text(encoding="utf-8"))
    aliases = {
        name.asname: name.name
        for node in module.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.asname
    }
    found = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            for bound in _bound_functions(node):
                function = aliases.get(bound, bound)
                names = aliases | {bound: _private(function), function: _private(function), node.name: function}
                title = (ast.get_docstring(node) or node.name).splitlines()[0]
                found.append((function, title, _undecorated(node, names)))
    return found


def without_markers(notebook: NotebookNode) -> NotebookNode:
    """A copy in which the markers of solution regions are gone and what they held stays."""
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        lines = cell.source.split("\n")
        cell.source = "\n".join(line for line in lines if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line)
    return result


def _filled(notebook: NotebookNode, answers: Mapping[str, str], helpers: str) -> NotebookNode:
    """Put the answers over the stubs, and the helpers before the first of them."""
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        if functions := stubs(cell):
            if helpers:
                cells.append(new_code_cell(helpers, id=HELPERS))
                helpers = ""
            cell.source = _over_stubs(cell.source, functions, answers)
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _over_stubs(source: str, functions: Iterable[ast.FunctionDef], answers: Mapping[str, str]) -> str:
    """A solution cell's text with each function replaced by its answer."""
    lines = source.splitlines()
    for function in sorted(functions, key=lambda node: -node.lineno):
        if function.name in answers:
            first, last = _span(function)
            lines[first:last] = answers[function.name].strip("\n").splitlines()
    return "\n".join(line for line in lines if "END SOLUTION" not in line)


def _split(text: str, asked: Iterable[str]) -> tuple[dict[str, str], str]:
    """A reference module as (function -> source of those asked for, the rest), with comments but no docstring."""
    module = ast.parse(text)
    lines = text.splitlines()
    answers, rest, end = {}, [], 0
    for position, node in enumerate(module.body):
        segment = lines[end : node.end_lineno]
        end = node.end_lineno or end
        if isinstance(node, ast.FunctionDef) and node.name in asked:
            answers[node.name] = "\n".join(segment).strip("\n")
        elif position > 0 or ast.get_docstring(module) is None:
            rest += segment
    return answers, re.sub(r"\n{3,}", "\n\n\n", "\n".join(rest)).strip("\n")


def _span(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement, decorators included, as a slice."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1, node.end_lineno or node.lineno


def _private(name: str) -> str:
    return f"_reference_{name}"


def _bound_functions(node: ast.FunctionDef) -> list[str]:
    """The functions named in the ``@misconception(function, hint=...)`` decorators above a function."""
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and getattr(d.func, "id", "") == "misconception"]
    return [getattr(call.args[0], "id", "") or getattr(call.args[0], "attr", "") for call in calls if call.args]


def _undecorated(node: ast.FunctionDef, names: Mapping[str, str]) -> str:
    function = copy.deepcopy(node)
    function.decorator_list = []
    return ast.unparse(_Renamed(names).visit(function))


def _renamed(source: str, names: Mapping[str, str]) -> str:
    """Source text in which functions and what refers to them have other names; comments are lost."""
    return ast.unparse(_Renamed(names).visit(ast.parse(source)))


_F = TypeVar("_F", ast.FunctionDef, ast.Lambda)


class _Renamed(ast.NodeTransformer):
    """Gives functions other names, except where a parameter or a local variable of the same name hides them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        return self._inside(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return self._inside(node)

    def _inside(self, node: _F) -> _F:
        hidden = {n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)}
        hidden |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        _Renamed({old: new for old, new in self.names.items() if old not in hidden}).generic_visit(node)
        return node
