"""Notebooks with answers in their solution cells: the reference's, or for some functions another one's.

Written for students to read after the deadline, and graded as submissions to test the tests.
"""

from __future__ import annotations

import ast
import copy
import itertools
import re
import symtable
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course.cells import is_instructor, list_stubs

HELPERS = "helpers"  # id of the cell that holds what the answers use
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def inline(notebook: NotebookNode, reference_path: Path, replaced: Mapping[str, str] | None = None) -> NotebookNode:
    """A copy of a source or released notebook with the reference's functions in place of the stubs.

    What else the reference module defines goes into one extra cell before the first answer; what needs answers when it
    runs, such as ``TABLE = [one_hot(i, 3) for i in range(3)]``, into a cell of its own right behind the last of them.
    ``replaced`` (function -> source text) puts other answers into the stubs' places; the reference's own code then keeps
    calling the reference, under the name ``_reference_<function>``, so that a wrong answer stays wrong in its own
    question only.

    Raises:
        KeyError: ``replaced`` names a function that the notebook does not ask for.
    """
    replaced = dict(replaced or {})
    result = copy.deepcopy(notebook)
    result.cells = [cell for cell in result.cells if not is_instructor(cell)]
    asked = [stub.name for cell in result.cells for stub in list_stubs(cell)]
    if unknown := replaced.keys() - set(asked):
        raise KeyError(f"the notebook does not ask for {', '.join(sorted(unknown))}")
    parts = _parts(reference_path.read_text(encoding="utf-8"))
    names = {name: private_name(name) for name in replaced}
    answers = {part.function: _renamed(part.text, names) for part in parts if part.function in asked} | replaced
    helpers: list[_Part] = []
    behind: dict[str, list[str]] = {HELPERS: []}
    for part in (part for part in parts if part.function not in asked or part.function in replaced):
        if needed := [name for name in asked if name in _needed(part, parts)]:
            last = next((name for name in reversed(needed) if name not in replaced), HELPERS)
            behind.setdefault(last, []).append(_renamed(part.text, names))
        else:
            helpers.append(part)
    own = _joined(part for part in helpers if part.function not in replaced)
    texts = [own, *(part.text for part in helpers if part.function in replaced)]
    first = "\n\n\n".join(filter(None, (_renamed(text, names) for text in texts)))
    return _filled(result, answers, first, behind)


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
            for bound in bound_functions(node):
                function = aliases.get(bound, bound)
                names = aliases | {bound: private_name(function), function: private_name(function), node.name: function}
                title = (ast.get_docstring(node) or node.name).splitlines()[0]
                found.append((function, title, _undecorated(node, names)))
    return found


def borrowed(text: str) -> set[str]:
    """The names that source text takes from around it, built-in ones included."""
    module = symtable.symtable(text, "<text>", "exec")
    here = {name.get_name() for name in module.get_symbols() if name.is_referenced() and not name.is_assigned()}
    return here | {name for child in module.get_children() for name in _globals(child)}


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (name.get_name() for name in table.get_symbols() if name.is_global())
    for child in table.get_children():
        yield from _globals(child)


def without_markers(notebook: NotebookNode) -> NotebookNode:
    """A copy in which the markers of solution regions are gone and what they held stays."""
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        lines = cell.source.split("\n")
        cell.source = "\n".join(line for line in lines if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line)
    return result


def _filled(
    notebook: NotebookNode, answers: Mapping[str, str], helpers: str, behind: Mapping[str, Sequence[str]]
) -> NotebookNode:
    """Put the answers over the stubs, the helpers before the first of them, and behind each what needs it."""
    cells: list[NotebookNode] = []
    made = itertools.count(1)
    before = [new_code_cell(helpers, id=HELPERS)] if helpers else []
    before += [new_code_cell(text, id=f"made-{next(made)}") for text in behind[HELPERS]]
    for cell in notebook.cells:
        functions = list_stubs(cell)
        if functions:
            cells += before
            before = []
            cell.source = _over_stubs(cell.source, functions, answers)
        cells.append(cell)
        texts = [text for function in functions for text in behind.get(function.name, [])]
        cells += [new_code_cell(text, id=f"made-{next(made)}") for text in texts]
    notebook.cells = cells
    return notebook


def _over_stubs(source: str, functions: Iterable[ast.FunctionDef], answers: Mapping[str, str]) -> str:
    """A solution cell's text with each function replaced by its answer."""
    lines = source.split("\n")  # as Python counts them: splitlines would see more
    for function in sorted(functions, key=lambda node: -node.lineno):
        if function.name in answers:
            first, last = _span(function)
            lines[first:last] = answers[function.name].strip("\n").split("\n")
    return "\n".join(line for line in lines if "END SOLUTION" not in line)


@dataclass
class _Part:
    """A statement of a module, or several that share a line, with the comments above."""

    nodes: list[ast.stmt]
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip("\n")

    @property
    def function(self) -> str:
        """The name of the function that it is; empty for anything else."""
        return self.nodes[0].name if isinstance(self.nodes[0], ast.FunctionDef) else ""


def _parts(text: str) -> list[_Part]:
    """A module's statements, without its docstring."""
    module = ast.parse(text)
    lines = text.split("\n")
    parts: list[_Part] = []
    end = 0
    for node in module.body:
        if node.lineno > end or not parts:
            parts.append(_Part([], []))
        parts[-1].nodes.append(node)
        parts[-1].lines += lines[end : node.end_lineno]
        end = node.end_lineno or end
    return parts if ast.get_docstring(module) is None else parts[1:]


def _joined(parts: Iterable[_Part]) -> str:
    text = "\n".join(line for part in parts for line in part.lines)
    return re.sub(r"\n{3,}", "\n\n\n", text).strip("\n")


def _needed(part: _Part, parts: Iterable[_Part]) -> set[str]:
    """The names that a part needs when it runs, and all that is mentioned where those are defined."""
    found: set[str] = set()
    new = _at_once(part.nodes)
    while new:
        found |= new
        users = [node for other in parts for node in other.nodes if new & defined(node)]
        new = {n.id for node in users for n in ast.walk(node) if isinstance(n, ast.Name)} - found
    return found


def _at_once(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that code mentions outside of functions, whose bodies run when they are called."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Name):
            names.add(node.id)
        inside: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, _FUNCTION):
            inside = [*node.decorator_list, node.args, *filter(None, [node.returns])]
        names |= _at_once(inside)
    return names


def defined(node: ast.stmt) -> set[str]:
    """The names that a statement of a module defines, imports, or changes a part of."""
    if isinstance(node, (*_FUNCTION, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    stored = [part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Store)]
    whole = [part.value if isinstance(part, ast.Subscript | ast.Attribute) else part for part in stored]
    return {part.id for part in whole if isinstance(part, ast.Name)}


def _span(node: ast.stmt) -> tuple[int, int]:
    """The lines of a statement, decorators included, as a slice."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1, node.end_lineno or node.lineno


def private_name(name: str) -> str:
    """What the reference is called where a misconception has its name."""
    return f"_reference_{name}"


def bound_functions(node: ast.FunctionDef) -> list[str]:
    """The functions named in the ``@misconception(function, hint=...)`` decorators above a function."""
    calls = [d for d in node.decorator_list if isinstance(d, ast.Call) and _last_name(d.func) == "misconception"]
    bound = [[*call.args, *(k.value for k in call.keywords if k.arg == "reference")][:1] for call in calls]
    return [_last_name(function) for [function] in filter(None, bound)]


def _last_name(node: ast.expr) -> str:
    """``f`` for ``f`` and for ``module.f``."""
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _undecorated(node: ast.FunctionDef, names: Mapping[str, str]) -> str:
    function = copy.deepcopy(node)
    function.decorator_list = []
    return ast.unparse(_Renamed(names).visit(function))


def _renamed(source: str, names: Mapping[str, str]) -> str:
    """Source text in which functions and what refers to them have other names; comments are lost, where there are names."""
    if not names:
        return source
    return ast.unparse(_Renamed(names).visit(ast.parse(source)))


_F = TypeVar("_F", bound=ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


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

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._inside(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        return self._inside(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """What a class defines keeps its name: it is reached through the class."""
        own = {name for part in node.body for name in defined(part)}
        body = _Renamed({old: new for old, new in self.names.items() if old not in own})
        node.body = [self._inside(part) if isinstance(part, _FUNCTION) else body.visit(part) for part in node.body]
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        return node

    def _inside(self, node: _F) -> _F:
        hidden = {n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)}
        hidden |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        _Renamed({old: new for old, new in self.names.items() if old not in hidden}).generic_visit(node)
        return node
