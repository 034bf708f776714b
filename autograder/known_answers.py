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
from nbformat.v4 import nbjson, new_code_cell

from autograder.course import Assignment
from autograder.inline import HELPERS, inline, misconception_sources
from autograder.mutants import Mutant, mutants
from autograder.source import asked, stubs


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


def right_answers(assignment: Assignment) -> Iterator[KnownAnswer]:
    """The reference, and every other right solution; then the empty notebook."""
    notebook = released(assignment)
    yield KnownAnswer("right", "the reference", (), "", file_content(inline(notebook, assignment.reference)))
    for path in assignment.right_answers:
        yield KnownAnswer("right", path.stem, (), "", file_content(written_another_way(notebook, path)))
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


def written_another_way(notebook: NotebookNode, way: Path) -> NotebookNode:
    """The answers of another module; what it makes out of its answers stands behind them, not among its helpers."""
    notebook = inline(notebook, way)
    names = {name for functions in asked(notebook).values() for name in functions}
    helpers = next((cell for cell in notebook.cells if cell.id == HELPERS), None)
    if helpers is None:
        return notebook
    for statement in reversed([n for n in ast.parse(helpers.source).body if _uses(n, names)]):
        text = "\n".join(helpers.source.splitlines()[statement.lineno - 1 : statement.end_lineno])
        helpers.source = helpers.source.replace(text, "").strip("\n")
        last = max(i for i, cell in enumerate(notebook.cells) if stubs(cell))
        notebook.cells.insert(last + 1, new_code_cell(text, id=f"made-{statement.lineno}"))
    return notebook


def _uses(statement: ast.stmt, names: set[str]) -> bool:
    """Whether a statement needs one of the names when it runs; a function needs them only when it is called."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return False
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(statement))


def released(assignment: Assignment) -> NotebookNode:
    """The notebook that students get.

    Raises:
        UsageError: it was not built.
    """
    assignment.require_release()
    return nbformat.read(assignment.released, as_version=4)


def _questions(notebook: NotebookNode) -> dict[str, str]:
    """Function -> the question that asks for it."""
    return {function: question for question, functions in asked(notebook).items() for function in functions}


def file_content(notebook: NotebookNode) -> bytes:
    """A notebook's file, as it stands: nbformat.writes would mend double ids, at random."""
    content: bytes = (nbjson.writes(notebook) + "\n").encode()
    return content


def spread(known: Sequence[KnownAnswer], n: int) -> list[KnownAnswer]:
    """At most ``n`` of the answers, evenly out of their order, so that every function has its share."""
    if len(known) <= n:
        return list(known)
    return [known[i * len(known) // n] for i in range(n)]
