"""Read the instructor's notebook and modules, and name their places in messages."""

from __future__ import annotations

import ast
import json
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4.nbjson import reads
from nbgrader.nbgraderformat import MetadataValidator

from autograder.course.cells import grade_id
from autograder.course.course import Assignment
from autograder.errors import UsageError

SCHEMA = MetadataValidator.schema_version  # of nbgrader's metadata


def read_source(assignment: Assignment) -> NotebookNode:
    """Read the source notebook as it is: nbformat's own reader would hide duplicate cell ids.

    Raises:
        UsageError: the file is no notebook of format 4, or nbgrader's metadata in it have another schema.
    """
    name = short(assignment, assignment.source)
    try:
        text = assignment.source.read_text(encoding="utf-8")
        version = json.loads(text)["nbformat"]
        if version == 4:
            notebook: NotebookNode = reads(text)
            cells: list[NotebookNode] = [*notebook.cells]
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"{name}: cannot be read as a notebook: {error}") from error
    if version != 4:
        raise UsageError(
            f"{name}: has notebook format {version}, and format 4 is needed. Open it in Jupyter and save it, or run"
            f" `jupyter nbconvert --to notebook --inplace {name}`."
        )
    for number, cell in enumerate(cells, 1):
        mark = cell.metadata.get("nbgrader", {"schema_version": SCHEMA})
        if not isinstance(mark, dict):
            raise UsageError(
                f"{name}, cell {number}: has damaged metadata. Repair it in Jupyter and save, then build again."
            )
        schema = mark.get("schema_version", 0)
        if schema != SCHEMA:
            repair = f"Run `nbgrader update {name}`" if str(schema) < str(SCHEMA) else "Save it with this nbgrader"
            raise UsageError(
                f"{place(assignment, number, cell)}: has nbgrader metadata of schema {schema}, and schema {SCHEMA} is needed."
                f" {repair}, then build again."
            )
    return notebook


def parse(path: Path, root: Path) -> ast.Module:
    """Parse the module in ``path``; messages name it relative to ``root``.

    Raises:
        UsageError: it is missing or no Python.
    """
    name = path.relative_to(root) if path.is_relative_to(root) else path
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{name}: is missing. Write it, then build again.") from error
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise UsageError(f"{name}{line}: cannot be read as Python: {getattr(error, 'msg', error)}") from error


def place(assignment: Assignment, number: int, cell: NotebookNode) -> str:
    """Name a cell for messages: "source/padding/padding.ipynb, cell 14 ('q3')"."""
    return f"{short(assignment, assignment.source)}, cell {number} ('{grade_id(cell) or cell.get('id', '')}')"


def short(assignment: Assignment, path: Path) -> str:
    """Return a path as the instructor knows it: relative to the course or to its private folder."""
    for folder in (assignment.course.root, assignment.course.private):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return str(path)
