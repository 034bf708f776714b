"""Answers that know the visible example and nothing else, found by watching a right notebook answer it."""

from __future__ import annotations

import contextlib
import functools
import io
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from nbformat import NotebookNode

from autograder.course.cells import runs_while_grading

ANSWER = """\
def {name}(*args, **kwargs):
    known = {known}
    return known.get(repr((args, kwargs)))"""


def hard_coded(notebook: NotebookNode, question: str, names: list[str]) -> dict[str, str]:
    """Function -> source text that gives the answers which the question's check cell sees in ``notebook``, a right one.

    Raises:
        AssertionError: the check cell does not accept them.
    """
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == question)
    cells = [cell.source for cell in notebook.cells[:place] if runs_while_grading(cell)]
    check = notebook.cells[place].source
    namespace = _run(cells)
    seen: dict[str, dict[str, Any]] = {name: {} for name in names}
    for name in names:
        namespace[name] = _watched(namespace[name], seen[name])
    _run([check], namespace)
    answers = {name: ANSWER.format(name=name, known=_literal(known)) for name, known in seen.items()}
    _run([*cells, *answers.values(), check])
    return answers


def _run(cells: list[str], namespace: dict[str, Any] | None = None) -> dict[str, Any]:
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    os.environ["NLP_DATA"] = "stand-in"  # as while grading: nothing is downloaded
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in cells:
            exec(compile(cell, "<cell>", "exec"), namespace)
    return namespace


def _watched(function: Callable[..., Any], seen: dict[str, Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def watched(*args: Any, **kwargs: Any) -> Any:
        question = repr((args, kwargs))
        seen[question] = function(*args, **kwargs)
        return seen[question]

    return watched


def _literal(value: Any) -> str:
    """Source text of a value. Numbers in arrays are rounded, so that it is the same on every machine."""
    if isinstance(value, np.ndarray):
        text = _literal(np.round(value, 5).tolist())
        return f"np.array({text}, dtype={value.dtype.name!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(map(_literal, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside},)"
    return repr(round(float(value), 9)) if isinstance(value, float) else repr(value)
