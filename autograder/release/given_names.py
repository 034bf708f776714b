"""Find names that a locked cell defines after the first answer and that may overwrite a student's helper."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.course.cells import is_solution, list_stubs, runs_while_grading

#: Names of two words that lectures, Keras and helpers share.
OF_THE_FIELD = frozenset(
    """batch_size cell_state hidden_state index_word input_dim input_shape learning_rate max_length num_words one_hot
    output_dim output_shape time_steps vocab_size word_index word_vectors""".split()
)


def find_overwriting_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode, list[str]]]:
    """Yield (number, cell, names) of each locked cell that runs before answers are judged and may overwrite a student's function.

    A helper is likely to be called by one word in small letters, as a parameter of an answer is, or as the field calls
    things. Other names of two words or with capital letters do no harm, nor do imports, what was given before the first
    answer, and functions that the text tells students to use.
    """
    answers = {stub.name for cell in notebook.cells for stub in _stubs(cell)}
    parameters = {arg.arg for cell in notebook.cells for stub in _stubs(cell) for arg in _parameters(stub)}
    told = {
        name for cell in notebook.cells if cell.cell_type == "markdown" for name in re.findall(r"`(\w+)`", cell.source)
    }
    given: set[str] = set()
    answered = False
    for number, cell in enumerate(notebook.cells, 1):
        answered = answered or bool(_stubs(cell))
        if is_solution(cell) or not runs_while_grading(cell):
            continue
        names, functions = _bound(cell.source)
        if not answered:
            given.update(names)
            continue
        likely = {name for name in names if _is_word(name) or (name in parameters | OF_THE_FIELD and _is_words(name))}
        harmless = given | (told & functions)
        if risky := [name for name in names if name in answers or name in likely - harmless]:
            yield number, cell, risky


def _is_word(name: str) -> bool:
    """Tell whether a name is one word in lower case."""
    word = name.strip("_")
    return word.islower() and "_" not in word


def _is_words(name: str) -> bool:
    """Tell whether a name is only words in lower case, such as ``word_index``."""
    return name.islower() and name.replace("_", "").isalpha()


def _bound(source: str) -> tuple[list[str], set[str]]:
    """Return the names that a cell binds at its top level without imports, and which of them are functions or classes."""
    try:
        symbols = symtable.symtable(re.sub(r"^[%!].*$", "", source, flags=re.MULTILINE), "cell", "exec").get_symbols()
    except (SyntaxError, ValueError):
        return [], set()
    assigned = [symbol for symbol in symbols if symbol.is_assigned() and not symbol.is_imported()]
    return [symbol.get_name() for symbol in assigned], {s.get_name() for s in assigned if s.is_namespace()}


def _stubs(cell: NotebookNode) -> list[ast.FunctionDef]:
    try:
        return list_stubs(cell)
    except SyntaxError:  # told elsewhere
        return []


def _parameters(function: ast.FunctionDef) -> Iterator[ast.arg]:
    return (node for node in ast.walk(function.args) if isinstance(node, ast.arg))
