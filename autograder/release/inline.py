"""Write answers into a notebook's solution cells: the reference's, or for some functions other ones.

Students read such notebooks after the deadline, and `autograder verify` grades them.
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
    """Return a copy of a source or released notebook with the reference's functions in place of the stubs.

    Everything else in the reference module goes into one extra cell before the first answer. A statement that needs answers when
    it runs, such as ``TABLE = [one_hot(i, 3) for i in range(3)]``, goes into its own cell behind the last of them.

    Args:
        replaced: function -> source of another answer. The reference's own code still calls the reference, under the name
            ``_reference_<function>``, so that a wrong answer is wrong in its own question only.

    Raises:
        KeyError: ``replaced`` names a function that the notebook does not ask for.
    """
    replaced = dict(replaced or {})
    result = copy.deepcopy(notebook)
    result.cells = [cell for cell in result.cells if not is_instructor(cell)]
    asked = [stub.name for cell in result.cells for stub in list_stubs(cell)]
    if unknown := replaced.keys() - set(asked):
        raise KeyError(f"the notebook does not ask for {', '.join(sorted(unknown))}")
    parts = _read_parts(reference_path.read_text(encoding="utf-8"))
    names = {name: make_private_name(name) for name in replaced}
    answers = {part.function: _rename(part.text, names) for part in parts if part.function in asked} | replaced
    helpers: list[_Part] = []
    behind: dict[str, list[str]] = {HELPERS: []}
    for part in (part for part in parts if part.function not in asked or part.function in replaced):
        if needed := [name for name in asked if name in _find_needed_names(part, parts)]:
            last = next((name for name in reversed(needed) if name not in replaced), HELPERS)
            behind.setdefault(last, []).append(_rename(part.text, names))
        else:
            helpers.append(part)
    own = _join(part for part in helpers if part.function not in replaced)
    texts = [own, *(part.text for part in helpers if part.function in replaced)]
    first = "\n\n\n".join(filter(None, (_rename(text, names) for text in texts)))
    return _fill(result, answers, first, behind)


def find_borrowed_names(text: str) -> set[str]:
    """Return the names that source text uses and does not define, built-in ones included."""
    module = symtable.symtable(text, "<text>", "exec")
    here = {name.get_name() for name in module.get_symbols() if name.is_referenced() and not name.is_assigned()}
    return here | {name for child in module.get_children() for name in _list_globals(child)}


def _list_globals(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (name.get_name() for name in table.get_symbols() if name.is_global())
    for child in table.get_children():
        yield from _list_globals(child)


def remove_markers(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without the markers of solution regions; the lines between them stay."""
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        lines = cell.source.split("\n")
        cell.source = "\n".join(line for line in lines if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line)
    return result


def _fill(
    notebook: NotebookNode, answers: Mapping[str, str], helpers: str, behind: Mapping[str, Sequence[str]]
) -> NotebookNode:
    """Replace the stubs by answers, with the helpers before the first and dependent cells behind each."""
    cells: list[NotebookNode] = []
    made = itertools.count(1)
    before = [new_code_cell(helpers, id=HELPERS)] if helpers else []
    before += [new_code_cell(text, id=f"made-{next(made)}") for text in behind[HELPERS]]
    for cell in notebook.cells:
        functions = list_stubs(cell)
        if functions:
            cells += before
            before = []
            cell.source = _replace_stubs(cell.source, functions, answers)
        cells.append(cell)
        texts = [text for function in functions for text in behind.get(function.name, [])]
        cells += [new_code_cell(text, id=f"made-{next(made)}") for text in texts]
    notebook.cells = cells
    return notebook


def _replace_stubs(source: str, functions: Iterable[ast.FunctionDef], answers: Mapping[str, str]) -> str:
    """Return a solution cell's source with each function replaced by its answer."""
    lines = source.split("\n")  # as Python counts them: splitlines would see more
    for function in sorted(functions, key=lambda node: -node.lineno):
        if function.name in answers:
            first, last = _find_span(function)
            lines[first:last] = answers[function.name].strip("\n").split("\n")
    return "\n".join(line for line in lines if "END SOLUTION" not in line)


@dataclass
class _Part:
    """A statement of a module, or several that share a line, with the comments above it."""

    nodes: list[ast.stmt]
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip("\n")

    @property
    def function(self) -> str:
        """Name of the function that is defined; empty for another statement."""
        return self.nodes[0].name if isinstance(self.nodes[0], ast.FunctionDef) else ""


def _read_parts(text: str) -> list[_Part]:
    """Return a module's statements without its docstring."""
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


def _join(parts: Iterable[_Part]) -> str:
    text = "\n".join(line for part in parts for line in part.lines)
    return re.sub(r"\n{3,}", "\n\n\n", text).strip("\n")


def _find_needed_names(part: _Part, parts: Iterable[_Part]) -> set[str]:
    """Return the names that a part needs when it runs, directly or through the definitions of other names."""
    found: set[str] = set()
    new = _find_immediate_names(part.nodes)
    while new:
        found |= new
        users = [node for other in parts for node in other.nodes if new & find_defined_names(node)]
        new = {n.id for node in users for n in ast.walk(node) if isinstance(n, ast.Name)} - found
    return found


def _find_immediate_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that code uses outside of function bodies, which run later."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Name):
            names.add(node.id)
        inside: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, _FUNCTION):
            inside = [*node.decorator_list, node.args, *filter(None, [node.returns])]
        names |= _find_immediate_names(inside)
    return names


def find_defined_names(node: ast.stmt) -> set[str]:
    """Return the names that a module's statement defines, imports or partly changes."""
    if isinstance(node, (*_FUNCTION, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    stored = [part for part in ast.walk(node) if isinstance(getattr(part, "ctx", None), ast.Store)]
    whole = [part.value if isinstance(part, ast.Subscript | ast.Attribute) else part for part in stored]
    return {part.id for part in whole if isinstance(part, ast.Name)}


def _find_span(node: ast.stmt) -> tuple[int, int]:
    """Return the lines of a statement with its decorators, as a slice."""
    decorators = getattr(node, "decorator_list", [])
    return min([node.lineno, *(d.lineno for d in decorators)]) - 1, node.end_lineno or node.lineno


def make_private_name(name: str) -> str:
    """Return the reference's name in a notebook where another answer has its own."""
    return f"_reference_{name}"


def _rename(source: str, names: Mapping[str, str]) -> str:
    """Return source text with functions renamed; comments are lost if there is a name to change."""
    if not names:
        return source
    return ast.unparse(Renaming(names).visit(ast.parse(source)))


_F = TypeVar("_F", bound=ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


class Renaming(ast.NodeTransformer):
    """A transformer that renames functions, except where a parameter or a local variable of the same name hides them.

    It does not use libcst's scopes: libcst refuses some valid Python, such as ``return(a if b else c)``, and takes fifty times as
    long, which is minutes for the mutants of a course.
    """

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
        """Keep the names that a class defines: they are reached through the class."""
        own = {name for part in node.body for name in find_defined_names(part)}
        body = Renaming({old: new for old, new in self.names.items() if old not in own})
        node.body = [self._inside(part) if isinstance(part, _FUNCTION) else body.visit(part) for part in node.body]
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        return node

    def _inside(self, node: _F) -> _F:
        hidden = {n.arg for n in ast.walk(node.args) if isinstance(n, ast.arg)}
        hidden |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        Renaming({old: new for old, new in self.names.items() if old not in hidden}).generic_visit(node)
        return node
