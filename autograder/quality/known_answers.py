"""Submissions whose grade is known in advance: right answers, the empty notebook, misconceptions, mutants of the reference."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import nbjson

from autograder.course.cells import list_functions
from autograder.course.course import Assignment
from autograder.course.source import parse, short
from autograder.errors import UsageError
from autograder.quality.mutants import Mutant, list_mutants
from autograder.release.faults import check_source
from autograder.release.inline import find_borrowed_names, find_defined_names, inline
from autograder.release.wrong_answers import read_wrong_answers


@dataclass(frozen=True)
class KnownAnswer:
    """A notebook whose grade is known.

    Attributes:
        name: its name in messages; for a misconception the name that feedback should give.
        questions: the questions it gets wrong; none for a right answer.
        function: the function it gets wrong.
        notebook: the content of the file.
        mutant: the fault, for a mutant.
    """

    kind: Literal["right", "empty", "misconception", "mutant"]
    name: str
    questions: tuple[str, ...]
    function: str
    notebook: bytes = field(repr=False)
    mutant: Mutant | None = None


def check_files(assignment: Assignment) -> None:
    """Check that the files of all known answers can be read and fit the notebook.

    Raises:
        UsageError: one does not; the message names the file and the repair.
    """
    source, notebook = check_source(assignment), read_release(assignment)
    question = _questions(notebook)
    if _questions(source) != question:
        where = short(assignment, assignment.released)
        raise UsageError(f"{where}: asks for other functions than its source. Run `autograder build` first.")
    for path in assignment.right_answers:
        body = parse(path, assignment.course.private).body
        functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
        if missing := [name for name in question if name not in functions]:
            raise UsageError(f"{short(assignment, path)}: has no '{missing[0]}'. A right answer has every function.")
    if assignment.misconceptions.is_file():
        _check_misconceptions(assignment, notebook)


def _check_misconceptions(assignment: Assignment, notebook: NotebookNode) -> None:
    """Check that each misconception is about a function of the notebook and uses no name that the notebook lacks."""
    path, root = assignment.misconceptions, assignment.course.private
    imported: set[str] = set()
    own: set[str] = set()
    for node in parse(path, root).body:
        (imported if isinstance(node, ast.Import | ast.ImportFrom) else own).update(find_defined_names(node))
    known = {name for node in parse(assignment.reference, root).body for name in find_defined_names(node)}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            known |= {name for node in _statements(cell.source) for name in find_defined_names(node)}
    for answer in read_wrong_answers(path):
        function, where = answer.function, f"{short(assignment, path)}: '{answer.title}'"
        if function not in _questions(notebook):
            raise UsageError(
                f"{where} is bound to '{function}', for which the notebook does not ask. Bind it to one of its functions."
            )
        if missing := sorted(find_borrowed_names(answer.text) & (own | imported - known) - {function}):
            raise UsageError(
                f"{where}, of {function}, uses '{missing[0]}', which the notebook does not have. Move it inside the function."
            )


def _statements(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except SyntaxError:  # a magic
        return []


def list_right_answers(assignment: Assignment) -> Iterator[KnownAnswer]:
    """Yield the reference, every other right solution, and the empty notebook."""
    notebook = read_release(assignment)
    yield KnownAnswer("right", "the reference", (), "", write_notebook(inline(notebook, assignment.reference)))
    for path in assignment.right_answers:
        yield KnownAnswer("right", path.stem, (), "", write_notebook(inline(notebook, path)))
    yield KnownAnswer("empty", "an empty notebook", tuple(assignment.questions), "", write_notebook(notebook))


def list_misconceptions(assignment: Assignment) -> Iterator[KnownAnswer]:
    """Yield each misconception in its own function, with the reference in all others."""
    if not assignment.misconceptions.is_file():
        return
    notebook = read_release(assignment)
    question = _questions(notebook)
    for answer in read_wrong_answers(assignment.misconceptions):
        wrong = inline(notebook, assignment.reference, {answer.function: answer.text})
        name, questions = answer.title.rstrip("."), (question[answer.function],)
        yield KnownAnswer("misconception", name, questions, answer.function, write_notebook(wrong))


def list_mutant_answers(assignment: Assignment) -> Iterator[KnownAnswer]:
    """Yield each mutant of the reference: with a fault in one function, or in a helper of several."""
    notebook = read_release(assignment)
    question = _questions(notebook)
    with tempfile.TemporaryDirectory() as folder:
        faulty = Path(folder) / assignment.reference.name
        for mutant in list_mutants(assignment.reference, list(question)):
            if mutant.answer:
                wrong = inline(notebook, assignment.reference, {mutant.function: mutant.answer})
            else:
                faulty.write_text(mutant.module, encoding="utf-8")
                wrong = inline(notebook, faulty)
            questions = tuple(dict.fromkeys(question[function] for function in mutant.affected))
            yield KnownAnswer("mutant", mutant.name, questions, mutant.function, write_notebook(wrong), mutant)


def count_wrong_answers(assignment: Assignment) -> dict[str, int]:
    """Return the number of misconceptions and of mutants."""
    asked_for = list(_questions(read_release(assignment)))
    bank = read_wrong_answers(assignment.misconceptions) if assignment.misconceptions.is_file() else []
    faults = [mutant for mutant in list_mutants(assignment.reference, asked_for) if mutant.affected]
    return {"misconception": len(bank), "mutant": len(faults)}


def read_release(assignment: Assignment) -> NotebookNode:
    """Return the notebook that students get.

    Raises:
        UsageError: it is not built.
    """
    assignment.require_release()
    return nbformat.read(assignment.released, as_version=4)


def _questions(notebook: NotebookNode) -> dict[str, str]:
    """Return function -> the question that asks for it."""
    return {function: question for question, functions in list_functions(notebook).items() for function in functions}


def write_notebook(notebook: NotebookNode) -> bytes:
    """Return the content of a notebook's file; unlike nbformat.writes without random repairs of double ids."""
    content: bytes = (nbjson.writes(notebook) + "\n").encode()
    return content


def pick_evenly(known: Sequence[KnownAnswer], n: int) -> list[KnownAnswer]:
    """Return at most ``n`` of the answers, evenly spaced in their order, so that every function gets its share."""
    if len(known) <= n:
        return list(known)
    return [known[i * len(known) // n] for i in range(n)]
