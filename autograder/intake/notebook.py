"""Open a submission: find its assignment, put its cells back into the released notebook, repair damage or report it.

``open_notebook`` interprets what a student made: outside tests only a confined reader calls it (`confined.read`), under limits of time
and memory. Everybody else gets the result as plain data, through ``Opened.from_data``.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.cells import asked_names, defined_names, grade_id, is_locked, normalise, runs_while_grading
from autograder.course.course import Assignment, Course
from autograder.errors import Ungradable
from autograder.intake.repair import fill_in, make_own, repair

SAME_NOTEBOOK = 0.3  # share of the released cells that a notebook must hold to be taken for that assignment
STRANGER = 0.1  # share of the released cells, or of its own, up to which a notebook is not for the assignment

MAX_CELLS = 5_000  # nbgrader and browsers take minutes over more
CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
NOTEBOOK = re.compile(rb"""\s*\{\s*"(cells|metadata|nbformat|nbformat_minor|worksheets)"\s*:""")  # how one begins


@dataclass
class Opened:
    """A submission as the grader sees it.

    Attributes:
        notebook: the released notebook with the student's cells in it; every released cell has its id and metadata.
        notes: what was repaired, for the student and the instructor.
        sha256: of the file handed in.
    """

    assignment: Assignment
    notebook: NotebookNode
    sha256: str
    notes: list[str] = field(default_factory=list)

    @property
    def code(self) -> list[NotebookNode]:
        """The cells to run, in order: neither check cells nor cells that train at length."""
        return [cell for cell in self.notebook.cells if runs_while_grading(cell)]

    @property
    def locked(self) -> set[int]:
        """The positions in ``code`` of the locked cells."""
        return {place for place, cell in enumerate(self.code) if is_locked(cell)}

    @property
    def student_code(self) -> str:
        """The text from which fresh inputs are drawn: the exact source of the student's cells that run, in order.

        A locked cell is represented by its name, because moving code from before it to behind it makes other code. Two
        submissions that could behave differently never share this text; the same file has the same text in every engine.
        """
        locked = self.locked
        cells = [[grade_id(cell), None if i in locked else cell.source] for i, cell in enumerate(self.code)]
        return json.dumps(cells)

    def as_data(self) -> dict[str, Any]:
        """Return the submission as data for JSON, each cell as its id, type and text."""
        cells = [[cell.id, cell.cell_type, cell.source] for cell in self.notebook.cells]
        return {"assignment": self.assignment.name, "cells": cells, "sha256": self.sha256, "notes": self.notes}

    @classmethod
    def from_data(cls, data: Mapping[str, Any], course: Course) -> Opened:
        """Restore a submission from ``as_data``; of the student's it holds nothing but the text of cells.

        Raises:
            ValueError: ``data`` has another form than ``as_data`` gives it.
        """
        assignment = course.assignment(str(data["assignment"]))
        released_notebook = nbformat.read(assignment.released, as_version=4)
        known = {cell.id: cell for cell in released_notebook.cells}
        cells: list[NotebookNode] = []
        for identity, kind, source in data["cells"]:
            released = known.pop(identity, None)  # each only once
            text = NotebookNode(cell_type=str(kind), source=str(source))
            cells.append(make_own(text, len(cells)) if released is None else fill_in(released, text))
        if known:
            raise ValueError("released cells are missing")
        notebook = nbformat.from_dict({**released_notebook, "cells": cells})
        return cls(assignment, notebook, str(data["sha256"]), [str(note) for note in data["notes"]])


def _parse(data: bytes, name: str) -> NotebookNode:
    try:
        raw = json.loads(data.removeprefix(codecs.BOM_UTF8))  # json.loads detects UTF-8, 16 and 32
    except (ValueError, RecursionError) as error:
        raise Ungradable(
            f"{name}: {_explain_damage(data, error)}",
            code="damaged-notebook" if NOTEBOOK.match(data) else "no-notebook",
        ) from error
    if not isinstance(raw, dict) or "nbformat" not in raw or not ("cells" in raw or "worksheets" in raw):
        raise Ungradable(
            f"{name}: is JSON but no notebook. Hand in the .ipynb file that Jupyter saved.", code="no-notebook"
        )
    try:
        notebook = nbformat.convert(nbformat.from_dict(raw), 4)
        if len(notebook.cells) > MAX_CELLS:
            raise ValueError(f"more than {MAX_CELLS} cells")
        cells = [_tidy(cell) for cell in notebook.cells]
        language = _find_language(notebook.metadata)
    except Exception as error:  # any shape of damage
        raise Ungradable(
            f"{name}: is a damaged notebook ({type(error).__name__}: {str(error)[:100]}). Open it in Jupyter, save it, and hand in again.",
            code="damaged-notebook",
        ) from error
    if language and not language.lower().startswith(("python", "ipython")):
        raise Ungradable(
            f"{name}: is written for {language[:40]}, and this course is graded in Python. Choose a Python kernel and hand in again."
        )
    notebook.cells = cells
    return notebook


def _explain_damage(data: bytes, error: Exception) -> str:
    """Say what a file that is not JSON is, and what to do."""
    if CONFLICT.search(data):
        return "contains merge conflict markers (<<<<<<<). Resolve the conflict, open the notebook in Jupyter, save it, and hand in again."
    if isinstance(error, json.JSONDecodeError) and NOTEBOOK.match(data):
        cut_off = error.msg.startswith("Unterminated string") or error.pos >= len(error.doc.rstrip()) - 1
        where = "it ends too early" if cut_off else f"from line {error.lineno} on"
        return f"is a damaged notebook ({where}). Open the original in Jupyter, save it, and hand in again."
    return f"is no notebook ({type(error).__name__}). Hand in the .ipynb file that Jupyter saved."


def _tidy(cell: NotebookNode) -> NotebookNode:
    """Return a cell whose source is text, whatever tool wrote it, with only the metadata that identify a released cell.

    From here on, before anything runs, every line ends in the same way: an editor of another system changes no program.
    """
    source = cell.get("source", "")
    text = ("".join(map(str, source)) if isinstance(source, list) else str(source)).replace("\r\n", "\n")
    cell.source = re.sub("[\ud800-\udfff]", "\ufffd", text)  # half of a character: it cannot be sent to a kernel
    metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
    mark, tags = metadata.get("nbgrader"), metadata.get("tags")
    cell.metadata = NotebookNode(tags=[tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [])
    if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str):
        cell.metadata.nbgrader = NotebookNode(mark)
    if not isinstance(cell.get("id"), str):
        cell.pop("id", None)
    if cell.get("cell_type") not in ("code", "markdown", "raw"):
        cell.cell_type = "raw"
    return cell


def _find_language(metadata: Any) -> str:
    """Return the language that a notebook names; empty where it names none."""
    kernel, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    return str(info.get("name") or kernel.get("language") or "")


def open_notebook(data: bytes, name: str, course: Course, assignment: str | None = None) -> Opened:
    """Open a file as a submission to ``assignment``, or to the one it resembles.

    Args:
        data: the file's content.
        name: the file's name, for messages.

    Raises:
        Ungradable: the file is no notebook of this assignment; the message says what it is.
    """
    submitted = _parse(data, name)
    found = _find_assignment(submitted, course, name, assignment)
    released = nbformat.read(found.released, as_version=4)
    notes: list[str] = []
    notebook = repair(released, submitted, notes)
    return Opened(found, notebook, hashlib.sha256(data).hexdigest(), notes)


def _find_assignment(submitted: NotebookNode, course: Course, name: str, wanted: str | None) -> Assignment:
    """Find the assignment whose released cells the notebook holds most of; ``wanted`` wins unless another clearly fits better."""
    shares = {a: _find_share(submitted, course.assignment(a)) for a in course.assignments}
    best = max(shares, key=lambda a: (shares[a], a == wanted), default="")
    if wanted is None:
        if not best or shares[best] < SAME_NOTEBOOK:
            raise Ungradable(
                f"{name}: resembles no assignment of this course. Name it with --assignment if it is one.",
                code="other-assignment",
            )
        return course.assignment(best)
    if wanted not in shares:
        course.assignment(wanted)
    if shares[best] >= SAME_NOTEBOOK > shares[wanted]:
        raise Ungradable(
            f"{name}: is the notebook of '{best}', handed in for '{wanted}'. Hand in the notebook of '{wanted}'.",
            code="other-assignment",
        )
    if _is_stranger(submitted, course.assignment(wanted), shares[wanted]):
        raise Ungradable(
            f"{name}: holds no answer to '{wanted}'. Hand in the notebook that was released for it.",
            code="other-assignment",
        )
    return course.assignment(wanted)


def _is_stranger(submitted: NotebookNode, assignment: Assignment, share: float) -> bool:
    """Whether a notebook has hardly a cell in common with the assignment: a few, such as the import of numpy, always are.

    On Gradescope there is no other assignment that the notebook could resemble more.
    """
    released = len(nbformat.read(assignment.released, as_version=4).cells)
    return share * released <= STRANGER * min(released, len(submitted.cells))


def _find_share(submitted: NotebookNode, assignment: Assignment) -> float:
    """Return the share of the released cells that the notebook holds, by their text or by the names that they define."""
    assignment.require_release()
    released = nbformat.read(assignment.released, as_version=4).cells
    texts = {normalise(cell.source) for cell in submitted.cells}
    names = set().union(*(defined_names(cell) for cell in submitted.cells), set())
    held = [normalise(c.source) in texts or bool(asked_names(c) and asked_names(c) <= names) for c in released]
    return sum(held) / max(1, len(held))
