"""Every known answer of an assignment against every hidden check, in one process and without a kernel: right ones, wrong ones, none.

    python -m autograder.tests.matrix padding [--only NAME] [--kind KIND ...] [--own] [--every N] [--without q6] [--course FOLDER]

The answers run in this process, behind the same agent and wire as a student's, so only isolation and time limits are left out.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.config import Limits
from autograder.course import Assignment, find_course
from autograder.inline import inline, misconception_sources
from autograder.judge import judge, prepare
from autograder.limits import Stopped
from autograder.notebook import runs_while_grading
from autograder.source import asked
from autograder.submission import Submission

INSIDE = Path(__file__).parents[1] / "inside"


class LocalRun:
    """Stands where a ``NotebookRun`` stands, with the answers in this process."""

    def __init__(self, cells: list[str]) -> None:
        if str(INSIDE) not in sys.path:
            sys.path.append(str(INSIDE))  # the agent finds its wire beside itself, as in a student's process
        self.limits = Limits()
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.agent = importlib.import_module("agent").Agent(self.namespace)
        for cell in cells:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
                exec(compile(cell, "<cell>", "exec"), self.namespace)

    def ask(
        self, request: dict[str, Any], buffers: list[bytes], seconds: float
    ) -> tuple[dict[str, Any], list[Any]] | Stopped:
        with contextlib.redirect_stdout(io.StringIO()):
            reply, parts = self.agent.answer(json.loads(json.dumps(request)), buffers)
        return json.loads(json.dumps(reply)), [memoryview(part) for part in parts]

    def why_missing(self, name: str) -> str:
        return ""


def answers(assignment: Assignment) -> Iterator[tuple[str, str, NotebookNode]]:
    """(kind, name, notebook) of everything known: ``reference``, ``right`` answers, ``wrong`` ones and the empty ``stub``."""
    source = nbformat.read(assignment.source, as_version=4)
    yield "reference", "reference", inline(source, assignment.reference)
    for path in sorted((Path(__file__).parent / "answers" / assignment.name).glob("*.py")):
        yield "right", path.stem, written(source, path.read_text(encoding="utf-8"))
    for function, title, text in misconception_sources(assignment.misconceptions):
        yield "wrong", f"{function}: {title}", inline(source, assignment.reference, {function: text})
    if assignment.released.is_file():
        yield "stub", "stub", nbformat.read(assignment.released, as_version=4)


def written(source: NotebookNode, module: str) -> NotebookNode:
    """The notebook with a module of answers in place of its first solution cell, and without the others."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in source.cells]
    solutions = [i for i, mark in enumerate(marks) if mark.get("solution") and not mark.get("grade")]
    cells = [cell for i, cell in enumerate(source.cells) if i not in solutions]
    cells.insert(solutions[1] - 1, nbformat.v4.new_code_cell(module))  # the first is the instructor's
    return nbformat.from_dict({**source, "cells": cells})


@dataclass(frozen=True)
class OneQuestion(Assignment):
    """An assignment of which only some test files are there."""

    folder: Path

    @property
    def tests(self) -> Path:
        return self.folder


def one_question(assignment: Assignment, question: str, scratch: Path) -> Assignment:
    """The assignment with the hidden checks of one question alone."""
    others = [path.name for path in assignment.tests.glob("test_*.py") if not path.name.startswith(f"test_{question}_")]
    folder = scratch / question / assignment.name  # the folder's name is part of what the inputs are drawn from
    if not folder.exists():
        shutil.copytree(assignment.tests, folder, ignore=shutil.ignore_patterns("__pycache__", *others))
    return OneQuestion(assignment.name, assignment.course, folder)


def outcome(assignment: Assignment, notebook: NotebookNode) -> dict[str, Any]:
    """Check -> (question, status, points, max_points, misconception, rationale) of one notebook."""
    cells = [cell.source for cell in notebook.cells if runs_while_grading(cell)]
    code = "\n".join(cells)
    verdicts = judge(assignment, Submission(LocalRun(cells)), code)  # type: ignore[arg-type]
    checks = {
        name: {
            "question": result.question,
            "status": result.status,
            "points": result.points,
            "max_points": result.max_points,
            "misconception": result.misconception,
            "rationale": result.rationale,
        }
        for name, result in verdicts.results.items()
    }
    return {"checks": checks, "faults": verdicts.faults}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("assignment")
    parser.add_argument("--only", default="")
    parser.add_argument("--kind", nargs="+", default=["reference", "right", "wrong", "stub"])
    parser.add_argument("--own", action="store_true", help="try wrong answers on the checks of their own question only")
    parser.add_argument("--every", type=int, default=1, help="of a question's wrong answers take only each N-th")
    parser.add_argument("--without", default="", help="leave out the wrong answers of this question")
    parser.add_argument("--course", type=Path, default=INSIDE.parents[1])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    course = find_course(options.course)
    os.environ.setdefault("AUTOGRADER_KEY", "a key for tests")
    os.environ.setdefault("NLP_DATA", "stand-in")
    prepare(course.private, None)
    assignment = course.assignment(options.assignment)
    questions = {f: q for q, names in asked(nbformat.read(assignment.source, as_version=4)).items() for f in names}
    rows = []
    met: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for kind, name, notebook in answers(assignment):
            if options.only in name and kind in options.kind:
                started = time.monotonic()
                question = questions[name.split(":")[0]] if kind == "wrong" else ""
                met[question] += 1
                if question and (question == options.without or met[question] % options.every):
                    continue
                tried = one_question(assignment, question, Path(scratch)) if options.own and question else assignment
                row = {"kind": kind, "name": name, "question": question, **outcome(tried, notebook)}
                rows.append(row)
                _show(row, time.monotonic() - started)
    if options.json:
        options.json.write_text(json.dumps(rows))


def _show(row: dict[str, Any], seconds: float) -> None:
    lost = {c["question"] for c in row["checks"].values() if c["status"] != "passed"}
    points = sum(c["points"] for c in row["checks"].values())
    named = {c["misconception"] for c in row["checks"].values() if c["misconception"]}
    print(
        f"{row['kind']:9} {row['name'][:60]:60} {points:5g} {seconds:5.1f}s lost {sorted(lost)} named {sorted(named)}",
        flush=True,
    )
    if row["kind"] in ("reference", "right") or row["faults"] or (row["kind"] == "wrong" and not named):
        for name, check in row["checks"].items():
            if check["status"] not in ("passed", "skipped"):
                print(f"    {name} {check['status']}: {check['rationale']}")
        for fault in row["faults"]:
            print(f"    FAULT {fault}")


if __name__ == "__main__":
    main()
