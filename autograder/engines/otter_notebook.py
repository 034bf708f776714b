"""The otter release: the nbgrader release with ``grader.check("q1")`` in its check cells, and public test files."""

from __future__ import annotations

import ast
import builtins
import copy
import json
import symtable
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import indent

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course.cells import ENGINE_TAG, is_check
from autograder.errors import UsageError

SETUP_CELL = "otter"  # id of the first cell


def write_otter_release(notebook: NotebookNode, assignment: str, folder: Path) -> None:
    """Write the student notebook and ``tests/q1.py`` ... into ``folder``, from the notebook of the nbgrader release.

    Raises:
        UsageError: a check cell is no plain Python.
    """
    tests = {str(cell.id): write_public_test(cell, assignment) for cell in notebook.cells if is_check(cell)}
    (folder / "tests").mkdir(parents=True)
    for question, text in tests.items():
        (folder / "tests" / f"{question}.py").write_text(text, encoding="utf-8")
    nbformat.write(make_student_notebook(notebook, assignment, tests), folder / f"{assignment}.ipynb")


def make_student_notebook(notebook: NotebookNode, assignment: str, tests: Mapping[str, str]) -> NotebookNode:
    """Copy the released notebook, with otter's calls in its check cells and a first cell that makes ``grader``."""
    result = copy.deepcopy(notebook)
    for cell in result.cells:
        if is_check(cell):
            cell.source = f'grader.check("{cell.id}")'
    metadata = {"deletable": False, "editable": False, "tags": [ENGINE_TAG]}
    result.cells.insert(0, new_code_cell(_write_setup(assignment, tests), id=SETUP_CELL, metadata=metadata))
    return result


def write_public_test(cell: NotebookNode, assignment: str) -> str:
    """Turn a check cell into a test file in otter's exception-based format.

    Otter passes a test the notebook's variables by parameter name, and prints the line that raised, with its message.

    Raises:
        UsageError: the cell cannot stand in a function.
    """
    where = f"source/{assignment}/{assignment}.ipynb, cell '{cell.id}'"
    try:
        needed = _find_names(cell.source)
        body = _indent(cell.source)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise UsageError(
            f"{where}{line}: {error.msg}. Write the checks in plain Python, so that otter runs them too."
        ) from error
    if "env" in needed:
        raise UsageError(f"{where}: uses the name 'env', which otter keeps for itself. Rename it in the notebook.")
    return _TEST.format(
        name=cell.id,
        points=cell.metadata.nbgrader.points,
        parameters=", ".join(["env", *needed]),
        needed=json.dumps(needed),
        body=body,
    )


_TEST = """\
OK_FORMAT = False

from otter.test_files import test_case

name = "{name}"
points = {points}


@test_case()
def test_{name}({parameters}):
    _missing = [name for name in {needed} if name not in env]
    assert not _missing, f"{{', '.join(_missing)}} not defined yet: run the cells above, then check again."
{body}
"""


def _indent(source: str) -> str:
    """Indent source text as the body of a function.

    Raises:
        SyntaxError: indenting changes its meaning.
    """
    body = indent(source, "    ")
    (inside,) = ast.parse(f"if True:\n    pass\n{body}").body
    assert isinstance(inside, ast.If)
    if [ast.dump(node) for node in inside.body[1:]] != [ast.dump(node) for node in ast.parse(source).body]:
        raise SyntaxError("a string runs over several lines; write its line ends as \\n")
    return body


def _find_names(source: str) -> list[str]:
    """List the names that a piece of code takes from the notebook, sorted."""
    top = symtable.symtable(source, "check", "exec")
    own = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used = {name for table in _walk_tables(top) for name in _find_globals(table)}
    return sorted(used - own - set(dir(builtins)))


def _walk_tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _walk_tables(child)


def _find_globals(table: symtable.SymbolTable) -> Iterator[str]:
    at_top = table.get_type() == "module"
    return (s.get_name() for s in table.get_symbols() if s.is_referenced() and (at_top or s.is_global()))


def _write_setup(assignment: str, tests: Mapping[str, str]) -> str:
    """Write the first cell, which makes ``grader.check`` work even where the notebook came without its tests folder."""
    written = "".join(f'    "{question}.py": {_quote(text)},\n' for question, text in tests.items())
    return _SETUP.format(assignment=assignment, tests=written)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\\\n{escaped}"""'


_SETUP = """\
# Run this cell first. It makes grader.check(...) ready and writes the visible checks beside this notebook.
_checks = {{
{tests}}}


def _make_grader():
    from pathlib import Path

    try:
        import otter
    except ImportError:  # as in Colab
        get_ipython().run_line_magic("pip", "install -q otter-grader")
        import otter

    folder = Path("tests")
    files = {{name: folder / name for name in _checks}}
    if any(file.exists() and file.read_text("utf-8") != _checks[name] for name, file in files.items()):
        folder = Path("tests_{assignment}")  # "tests" holds another notebook's checks
    folder.mkdir(exist_ok=True)
    for name, text in _checks.items():
        (folder / name).write_text(text, "utf-8")
    return otter.Notebook(tests_dir=str(folder))


grader = _make_grader()"""
