"""What a notebook's cell is: nbgrader's mark on it, its tags, its names and its text."""

from __future__ import annotations

import ast
import re
import symtable
from typing import Any

from nbformat import NotebookNode

INSTRUCTOR_TAG = "instructor"  # only the instructor runs this cell: it is not released
LONG_TAG = "long"  # trains at length: it does not run while grading
ENGINE_TAG = "engine"  # belongs to the engine, not to the assignment: it does not run while grading


def read_mark(cell: NotebookNode) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell; empty where there are none, or where they are damaged."""
    mark = cell.metadata.get("nbgrader")
    return mark if isinstance(mark, dict) else {}


def grade_id(cell: NotebookNode) -> str:
    """Return nbgrader's name for a cell; empty where it has none, such as for a cell that a student added."""
    return str(read_mark(cell).get("grade_id") or "")


def cell_name(cell: NotebookNode) -> str:
    """Return the name of a cell for messages: nbgrader's, or else its id."""
    return grade_id(cell) or str(cell.get("id") or "?")


def is_grade(cell: NotebookNode) -> bool:
    """Whether the cell carries points."""
    return bool(read_mark(cell).get("grade"))


def is_solution(cell: NotebookNode) -> bool:
    """Whether the cell is a student's to fill in."""
    return bool(read_mark(cell).get("solution"))


def is_task(cell: NotebookNode) -> bool:
    """Whether the cell sets a task that a person grades."""
    return bool(read_mark(cell).get("task"))


def is_locked(cell: NotebookNode) -> bool:
    """Whether the cell is marked as not a student's to change."""
    return bool(read_mark(cell).get("locked"))


def is_prose(cell: NotebookNode) -> bool:
    """Whether the cell is for an answer in the student's own words."""
    return is_solution(cell) and cell.cell_type == "markdown"


def is_instructor(cell: NotebookNode) -> bool:
    """Whether the build leaves the cell out."""
    return INSTRUCTOR_TAG in cell.metadata.get("tags", [])


def is_engine(cell: NotebookNode) -> bool:
    """Whether the cell belongs to the engine, such as otter's first cell."""
    return ENGINE_TAG in cell.metadata.get("tags", [])


def is_check(cell: NotebookNode) -> bool:
    """Whether the cell holds visible checks that carry a question's points; a cell that a person grades does not."""
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell) and not is_task(cell)


def runs_while_grading(cell: NotebookNode) -> bool:
    """Whether a code cell runs while grading."""
    tags = set(cell.metadata.get("tags", []))
    return cell.cell_type == "code" and not is_grade(cell) and not tags & {LONG_TAG, INSTRUCTOR_TAG, ENGINE_TAG}


def normalise(source: str) -> str:
    """Return a source text without line ends, trailing blanks and empty lines, to recognise a cell by and for nothing else."""
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


def list_stubs(cell: NotebookNode) -> list[ast.FunctionDef]:
    """List the functions that a solution cell asks for.

    Raises:
        SyntaxError: the cell is no Python.
    """
    if cell.cell_type != "code" or not is_solution(cell) or is_instructor(cell):
        return []
    return [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]


def list_functions(notebook: NotebookNode) -> dict[str, list[str]]:
    """List the functions that each question asks for, those of the solution cells before its check cell: question -> names."""
    functions: dict[str, list[str]] = {}
    names: list[str] = []
    for cell in notebook.cells:
        names += [stub.name for stub in list_stubs(cell)]
        if is_check(cell):
            functions[grade_id(cell)], names = names, []
    return functions


def asked_names(released: NotebookNode) -> set[str]:
    """Return the names of the functions and classes that a released solution cell asks for."""
    if released.cell_type != "code" or not is_solution(released):
        return set()
    body = ast.parse(released.source).body
    return {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}


def defined_names(cell: NotebookNode) -> set[str]:
    """Return the names that a code cell binds at its top level; read from its lines where it is no plain Python."""
    if cell.cell_type != "code":
        return set()
    try:
        symbols = symtable.symtable(cell.source, "cell", "exec").get_symbols()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = re.findall(r"^(?:async def|def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)", cell.source, re.MULTILINE)
        return {name for names in found for name in names if name}
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
