"""The sample submissions: made from the release and the known answers, named for what they must earn.

    python -m autograder.tests.helpers.samples [--check | --class FOLDER] [--course FOLDER]

writes `submissions/<assignment>__<outcome>/<assignment>.ipynb`, compares with it, or copies from it a class to grade.
A new assignment gets its samples by itself; where its misconceptions cost a part of a question, `KEPT` says what stays.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.course.cells import is_check, list_functions, list_stubs
from autograder.course.course import Assignment, Course, find_course
from autograder.quality.known_answers import read_release, write_notebook
from autograder.release.inline import HELPERS, inline
from autograder.release.wrong_answers import WrongAnswer, read_wrong_answers
from autograder.tests.helpers import ROOT, TESTS
from autograder.tests.helpers.hard_coded import hard_coded

SUBMISSIONS = TESTS / "submissions"
SEARCHER = TESTS / "helpers/searcher.py"
DEMO = (
    "full_points",
    "full_points_saved_by_colab",
    "partial_one_misconception_per_question",
    "partial_hard_coded_visible_answers",
    "partial_syntax_error",
    "failed_empty_stubs",
)

#: Where not the first misconception of a question is planted: in these questions others have no name, or train for long.
PLANTED = {
    ("imdb_sentiment", "q6"): "Compiles the model and returns it untrained.",
}
#: Points that a question keeps although a misconception is planted in it; none, where nothing is said.
KEPT = {
    ("tensor_shapes", "q1"): 1.0,  # y is right
    ("tensor_shapes", "q2"): 2.0,  # sequences of one length are right
    ("tensor_shapes", "q7"): 2.0,  # input_shape_for is right
    ("tensor_shapes", "q8"): 1.0,  # equal shapes are right
    ("parameter_counting", "q1"): 1.0,  # the Embedding is right
    ("parameter_counting", "q2"): 2.0,  # the total is right
    ("parameter_counting", "q3"): 3.0,  # the GRU is right
    ("parameter_counting", "q4"): 1.0,  # the width is right
    ("parameter_counting", "q6"): 3.0,  # unshared and flattened weights are right
    ("parameter_counting", "q7"): 3.0,  # the totals are right
    ("parameter_counting", "q8"): 4.0,  # steps and batches are right
    ("recurrent_networks", "q1"): 3.0,  # all states, and the single city, are right
    ("recurrent_networks", "q2"): 1.0,  # every day is right
    ("recurrent_networks", "q5"): 2.0,  # the one layer is right
    ("recurrent_networks", "q7"): 1.0,  # a SimpleRNN gives one number, too
    ("recurrent_networks", "q9"): 1.0,  # scaling is right
    ("recurrent_networks", "q10"): 1.0,  # the forecast is right, the training is not
    ("recurrent_networks", "q11"): 3.0,  # slope and gap are right
    ("padding", "q1"): 4.0,  # only the numbers of the words are wrong
    ("padding", "q2"): 4.0,  # what needs no filling is right
    ("padding", "q3"): 2.0,  # looking up, and the model
    ("padding", "q4"): 2.0,  # what is given a mask is right
    ("padding", "q5"): 3.0,  # only the masked run is wrong
    ("imdb_sentiment", "q1"): 2.0,  # rare words and the share are right
    ("imdb_sentiment", "q2"): 2.0,  # the weights are right
    ("imdb_sentiment", "q3"): 2.0,  # the epoch is right
    ("imdb_sentiment", "q4"): 2.0,  # the progress bar is right
    ("imdb_sentiment", "q5"): 2.0,  # the probability is right
}


def samples(course: Course) -> Iterator[tuple[str, bytes]]:
    """(`<assignment>__<outcome>`, content of its notebook) of every sample."""
    for name in course.assignments:
        assignment = course.assignment(name)
        for outcome, make in MAKERS.items():
            made = make(assignment)
            yield f"{name}__{outcome}", made if isinstance(made, bytes) else write_notebook(made)
        for way in assignment.right_answers:
            another = inline(read_release(assignment), way)
            yield f"{name}__full_points_written_another_way_{way.stem}", write_notebook(another)
        other = course.assignments[course.assignments.index(name) - 1]
        yield f"{name}__not_graded_wrong_assignment", write_notebook(full(course.assignment(other)))
        yield f"{name}__not_graded_no_notebook", b"<!DOCTYPE html>\n<title>My homework - Notebook</title>\n"


def expected(assignment: Assignment, outcome: str) -> dict[str, float] | None:
    """Points of each question, as the sample's name says; None where it says that nothing can be graded."""
    questions = {q: sum(check.points for check in checks) for q, (_, checks) in assignment.questions.items()}
    if outcome.startswith("not_graded"):
        return None
    if outcome.startswith("failed"):
        return dict.fromkeys(questions, 0.0)
    if outcome == "partial_one_misconception_per_question":
        return {question: KEPT.get((assignment.name, question), 0.0) for question in questions}
    lost = {list(questions)[LOST[outcome]]} if outcome.startswith("partial") else set()
    return {question: 0.0 if question in lost else points for question, points in questions.items()}


#: The question, counted from 0, that a sample loses whole.
LOST = {"partial_hard_coded_visible_answers": 0, "partial_syntax_error": 1, "partial_endless_loop": 2}


def full(assignment: Assignment, replaced: dict[str, str] | None = None) -> NotebookNode:
    """The released notebook with the reference in it, or for some functions another text."""
    return inline(read_release(assignment), assignment.reference, replaced)


def misconceptions(assignment: Assignment) -> dict[str, str]:
    """Question -> title of the misconception that is planted in it."""
    return {question: answer.title for question, answer in _planted(assignment).items()}


def _planted(assignment: Assignment) -> dict[str, WrongAnswer]:
    known = read_wrong_answers(assignment.misconceptions)
    return {
        question: next(
            answer
            for answer in known
            if answer.function in functions and answer.title == PLANTED.get((assignment.name, question), answer.title)
        )
        for question, functions in list_functions(read_release(assignment)).items()
    }


def one_misconception_per_question(assignment: Assignment) -> NotebookNode:
    """Each in its own question alone: a wrong answer that uses another question's function gets a right one."""
    replaced = {answer.function: answer.text for answer in _planted(assignment).values()}
    for function, text in replaced.items():
        others = "|".join(name for name in replaced if name != function)
        replaced[function] = re.sub(rf"\b({others})\(", r"_reference_\1(", text)
    return full(assignment, replaced)


def hard_coded_visible_answers(assignment: Assignment) -> NotebookNode:
    """The first question answers what its visible check asks, and nothing else."""
    question = list(assignment.questions)[LOST["partial_hard_coded_visible_answers"]]
    return full(assignment, hard_coded(full(assignment), question, list_functions(read_release(assignment))[question]))


def syntax_error(assignment: Assignment) -> NotebookNode:
    return _spoilt(assignment, LOST["partial_syntax_error"], "if True\n    print('done')")


def endless_loop(assignment: Assignment) -> NotebookNode:
    """The cell never ends, and does not let itself be interrupted either."""
    loop = "while True:\n    try:\n        while True:\n            number = 1\n    except:\n        print('not now')"
    return _spoilt(assignment, LOST["partial_endless_loop"], loop)


def _spoilt(assignment: Assignment, position: int, text: str) -> NotebookNode:
    """The right notebook with something wrong at the end of one question's cell; other questions do not rely on it."""
    functions = list_functions(read_release(assignment))[list(assignment.questions)[position]]
    tree = ast.parse(assignment.reference.read_text(encoding="utf-8"))
    sources = {f.name: ast.unparse(f) for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in functions}
    notebook = full(assignment, sources)
    cell = next(cell for cell in notebook.cells if {stub.name for stub in list_stubs(cell)} & set(functions))
    cell.source += f"\n\n\n{text}"
    return notebook


def loud(assignment: Assignment) -> NotebookNode:
    """Right work that prints five megabytes, warns, writes to stderr, and trains verbosely."""
    notebook = full(assignment)
    for cell in notebook.cells:
        for stub in list_stubs(cell):
            cell.source = re.sub(rf"^def {stub.name}\(", f"@loud\ndef {stub.name}(", cell.source, flags=re.MULTILINE)
        if list_stubs(cell) or cell.id == HELPERS:
            cell.source = cell.source.replace("verbose=0", "verbose=1")
    return _with_cell(notebook, LOUD, 0)


LOUD = '''\
import functools
import sys
import warnings

for _ in range(50_000):
    print("x" * 99)
print("this is fine", file=sys.stderr)


def loud(function):
    """Tell the world about every call."""

    @functools.wraps(function)
    def told(*args, **kwargs):
        print("calling", function.__name__)
        print("still running", file=sys.stderr)
        warnings.warn("are you sure?")
        return function(*args, **kwargs)

    return told'''


def exception_half_way(assignment: Assignment) -> NotebookNode:
    half = len(assignment.questions) // 2
    return _with_cell(full(assignment), 'print("so far: " + 3)', half)


def cells_deleted_duplicated_reordered(assignment: Assignment) -> NotebookNode:
    """Without the first check cell, with others twice, in another order; an empty copy of an answer behind the filled one."""
    notebook = full(assignment)
    empty = [cell for cell in read_release(assignment).cells if list_stubs(cell)]
    solutions = [i for i, cell in enumerate(notebook.cells) if list_stubs(cell)]
    checks = [i for i, cell in enumerate(notebook.cells) if is_check(cell)]
    cells = notebook.cells[:]
    cells[solutions[1]], cells[solutions[2]] = cells[solutions[2]], cells[solutions[1]]
    cells[checks[1]], cells[checks[-1]] = cells[checks[-1]], cells[checks[1]]
    last = solutions[-1] + 1
    cells[last:last] = [empty[-1], copy.deepcopy(cells[checks[2]])]
    del cells[checks[0]]
    notebook.cells = cells
    return notebook


def answers_in_one_cell(assignment: Assignment) -> NotebookNode:
    """Everything in the first solution cell; the others are deleted."""
    notebook = full(assignment)
    first, *others = [cell for cell in notebook.cells if list_stubs(cell) or cell.id == HELPERS]
    first.source = "\n\n\n".join(cell.source for cell in (first, *others))
    notebook.cells = [cell for cell in notebook.cells if cell not in others]
    return notebook


def searches_for_answers(assignment: Assignment) -> NotebookNode:
    """Answers with what it finds in its own process, on its import path and in its folder."""
    notebook = read_release(assignment)
    names = [name for functions in list_functions(notebook).values() for name in functions]
    for cell in notebook.cells:
        if functions := list_stubs(cell):
            cell.source = "\n\n\n".join(BORROWED.format(name=stub.name) for stub in functions)
    return _with_cell(notebook, f"{SEARCHER.read_text(encoding='utf-8')}\n\nSEARCH = Search({names!r})", 0)


BORROWED = """\
def {name}(*args, **kwargs):
    return SEARCH.borrowed("{name}", *args, **kwargs)"""


def _with_cell(notebook: NotebookNode, source: str, question: int) -> NotebookNode:
    """An extra cell before what answers a question (counted from 0), and before the helpers of the first."""
    answers = [i for i, cell in enumerate(notebook.cells) if list_stubs(cell)]
    helpers = [i for i, cell in enumerate(notebook.cells) if cell.id == HELPERS]
    place = min([answers[question], *helpers]) if question == 0 else answers[question]
    notebook.cells.insert(place, new_code_cell(source, id="extra"))
    return notebook


def saved_by_colab(assignment: Assignment) -> bytes:
    """As Colab saves: format 4.0, ids of its own in the metadata, and nothing of nbgrader's."""
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"colab": {"provenance": []}, "kernelspec": kernel, "language_info": {"name": "python"}}
    cells = []
    for cell in full(assignment).cells:
        about: dict[str, Any] = {"id": hashlib.sha256(cell.id.encode()).hexdigest()[:12]}
        if cell.cell_type == "code":
            about = {"colab": {"base_uri": "https://localhost:8080/"}, **about}
        cells.append(_bare(cell, about, "\n"))
    return _written({"nbformat": 4, "nbformat_minor": 0, "metadata": metadata, "cells": cells}, 2)


def saved_by_vscode(assignment: Assignment) -> bytes:
    """As VS Code saves on Windows: format 4.2, no ids, its own metadata, CRLF."""
    about = {"vscode": {"languageId": "python"}}
    cells = [_bare(c, about if c.cell_type == "code" else {}, "\r\n") for c in full(assignment).cells]
    kernel = {"name": "python3", "display_name": "nlp (3.11.9)", "language": "python"}
    info = {"name": "python", "version": "3.11.9", "file_extension": ".py", "mimetype": "text/x-python"}
    metadata = {"kernelspec": kernel, "language_info": info, "orig_nbformat": 4}
    text = _written({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 2}, 1)
    return text.replace(b"\n", b"\r\n")


def _bare(cell: NotebookNode, metadata: dict[str, Any], end: str) -> dict[str, Any]:
    """A cell without id and marks."""
    lines = cell.source.replace("\n", end).splitlines(keepends=True)
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if cell.cell_type == "code" else {}
    return {"cell_type": cell.cell_type, **code, "metadata": metadata, "source": lines}


def _written(content: dict[str, Any], indent: int) -> bytes:
    return (json.dumps(content, indent=indent, ensure_ascii=False) + "\n").encode()


MAKERS: dict[str, Callable[[Assignment], NotebookNode | bytes]] = {
    "full_points": full,
    "full_points_saved_by_colab": saved_by_colab,
    "full_points_saved_by_vscode": saved_by_vscode,
    "full_points_loud": loud,
    "full_points_exception_half_way": exception_half_way,
    "full_points_cells_deleted_duplicated_reordered": cells_deleted_duplicated_reordered,
    "full_points_answers_in_one_cell": answers_in_one_cell,
    "partial_one_misconception_per_question": one_misconception_per_question,
    "partial_hard_coded_visible_answers": hard_coded_visible_answers,
    "partial_syntax_error": syntax_error,
    "partial_endless_loop": endless_loop,
    "failed_empty_stubs": read_release,
    "failed_searches_for_answers": searches_for_answers,
}


def committed() -> Iterator[tuple[str, str, Path]]:
    """(assignment, outcome, notebook) of every sample in the folder."""
    for path in sorted(SUBMISSIONS.glob("*__*/*.ipynb")):
        assignment, _, outcome = path.parent.name.partition("__")
        yield assignment, outcome, path


def differences(course: Course) -> list[str]:
    """The samples that are not what they would be if they were made now."""
    made = dict(samples(course))
    old = {path.parent.name: path.read_bytes() for _, _, path in committed()}
    return sorted(name for name in made.keys() | old.keys() if made.get(name) != old.get(name))


def rewrite(course: Course) -> None:
    """Make all samples anew."""
    made = dict(samples(course))
    shutil.rmtree(SUBMISSIONS, ignore_errors=True)
    for name, content in made.items():
        path = SUBMISSIONS / name / f"{name.partition('__')[0]}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)


def write_class(folder: Path, chosen: Collection[tuple[str, str]] | None = None) -> None:
    """Copy samples to `folder/<outcome>/<assignment>/<assignment>.ipynb`: every outcome is a student.

    ``chosen``: pairs of assignment and outcome; `DEMO` of every assignment where nothing is chosen.
    """
    for assignment, outcome, path in committed():
        if outcome in DEMO if chosen is None else (assignment, outcome) in chosen:
            target = folder / outcome / assignment
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def main() -> None:
    parser = argparse.ArgumentParser(description="The sample submissions.")
    parser.add_argument("--check", action="store_true", help="compare with the folder and change nothing")
    parser.add_argument("--class", dest="folder", type=Path, help="write a class to grade into this folder")
    parser.add_argument("--course", type=Path, default=ROOT, help="the course with the release")
    options = parser.parse_args()
    if options.folder:
        write_class(options.folder)
    elif options.check:
        if differing := differences(find_course(options.course)):
            sys.exit(
                "\n".join(
                    f"{SUBMISSIONS / name}: differs. Run python -m autograder.tests.helpers.samples"
                    for name in differing
                )
            )
    else:
        rewrite(find_course(options.course))


if __name__ == "__main__":
    main()
