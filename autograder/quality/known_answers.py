"""Answers of which it is known what they must earn: right ones, misconceptions, mutants of the reference, none at all."""

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
from autograder.quality.mutants import Mutant, mutants
from autograder.release.faults import check_source
from autograder.release.inline import borrowed, defined, inline, misconception_sources


@dataclass(frozen=True)
class KnownAnswer:
    """One notebook and what is known of it.

    Attributes:
        kind: what it is.
        name: what messages call it; a misconception's is the name that feedback should give.
        questions: those it gets wrong; for a right answer none.
        function: the function it gets wrong.
        notebook: the file's content.
        mutant: the fault, where there is one.
    """

    kind: Literal["right", "empty", "misconception", "mutant"]
    name: str
    questions: tuple[str, ...]
    function: str
    notebook: bytes = field(repr=False)
    mutant: Mutant | None = None


def check_files(assignment: Assignment) -> None:
    """See that whatever is tried can be read, and fits the notebook.

    Raises:
        UsageError: something does not; the message names the file and the repair.
    """
    source, notebook = check_source(assignment), released(assignment)
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
    """Each must be bound to a function of the notebook, and use nothing of its file that the notebook does not have."""
    path, root = assignment.misconceptions, assignment.course.private
    imported: set[str] = set()
    own: set[str] = set()
    for node in parse(path, root).body:
        (imported if isinstance(node, ast.Import | ast.ImportFrom) else own).update(defined(node))
    known = {name for node in parse(assignment.reference, root).body for name in defined(node)}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            known |= {name for node in _statements(cell.source) for name in defined(node)}
    for function, title, text in misconception_sources(path):
        where = f"{short(assignment, path)}: '{title}'"
        if function not in _questions(notebook):
            raise UsageError(
                f"{where} is bound to '{function}', for which the notebook does not ask. Bind it to one of its functions."
            )
        if missing := sorted(borrowed(text) & (own | imported - known) - {function}):
            raise UsageError(
                f"{where}, of {function}, uses '{missing[0]}', which the notebook does not have. Move it inside the function."
            )


def _statements(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except SyntaxError:  # a magic
        return []


def right_answers(assignment: Assignment) -> Iterator[KnownAnswer]:
    """The reference, and every other right solution; then the empty notebook."""
    notebook = released(assignment)
    yield KnownAnswer("right", "the reference", (), "", file_content(inline(notebook, assignment.reference)))
    for path in assignment.right_answers:
        yield KnownAnswer("right", path.stem, (), "", file_content(inline(notebook, path)))
    yield KnownAnswer("empty", "an empty notebook", tuple(assignment.questions), "", file_content(notebook))


def misconceptions(assignment: Assignment) -> Iterator[KnownAnswer]:
    """Each misconception in its own function, the reference everywhere else."""
    if not assignment.misconceptions.is_file():
        return
    notebook = released(assignment)
    question = _questions(notebook)
    for function, title, text in misconception_sources(assignment.misconceptions):
        wrong = inline(notebook, assignment.reference, {function: text})
        yield KnownAnswer("misconception", title.rstrip("."), (question[function],), function, file_content(wrong))


def mutated(assignment: Assignment) -> Iterator[KnownAnswer]:
    """Each mutant of the reference: of a function alone, or of something that several functions use."""
    notebook = released(assignment)
    question = _questions(notebook)
    with tempfile.TemporaryDirectory() as folder:
        faulty = Path(folder) / assignment.reference.name
        for mutant in mutants(assignment.reference, list(question)):
            if mutant.answer:
                wrong = inline(notebook, assignment.reference, {mutant.function: mutant.answer})
            else:
                faulty.write_text(mutant.module, encoding="utf-8")
                wrong = inline(notebook, faulty)
            questions = tuple(dict.fromkeys(question[function] for function in mutant.asked))
            yield KnownAnswer("mutant", mutant.name, questions, mutant.function, file_content(wrong), mutant)


def how_many(assignment: Assignment) -> dict[str, int]:
    """How many misconceptions and mutants there are to try."""
    asked_for = list(_questions(released(assignment)))
    bank = misconception_sources(assignment.misconceptions) if assignment.misconceptions.is_file() else []
    faults = [mutant for mutant in mutants(assignment.reference, asked_for) if mutant.asked]
    return {"misconception": len(bank), "mutant": len(faults)}


def released(assignment: Assignment) -> NotebookNode:
    """The notebook that students get.

    Raises:
        UsageError: it was not built.
    """
    assignment.require_release()
    return nbformat.read(assignment.released, as_version=4)


def _questions(notebook: NotebookNode) -> dict[str, str]:
    """Function -> the question that asks for it."""
    return {function: question for question, functions in list_functions(notebook).items() for function in functions}


def file_content(notebook: NotebookNode) -> bytes:
    """A notebook's file, as it stands: nbformat.writes would mend double ids, at random."""
    content: bytes = (nbjson.writes(notebook) + "\n").encode()
    return content


def spread(known: Sequence[KnownAnswer], n: int) -> list[KnownAnswer]:
    """At most ``n`` of the answers, evenly out of their order, so that every function has its share."""
    if len(known) <= n:
        return list(known)
    return [known[i * len(known) // n] for i in range(n)]
