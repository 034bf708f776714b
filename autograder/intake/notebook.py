"""Opening a submission: which assignment it is, its cells put back into the released notebook, damage repaired or reported.

``open_notebook`` interprets what a student made: outside tests only a confined reader calls it (`confined.read`), under limits of time
and memory. Everybody else gets what it found as plain data, by ``Opened.from_data``.
"""

from __future__ import annotations

import ast
import codecs
import difflib
import hashlib
import json
import os
import re
import stat
import symtable
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.course import Assignment, Course
from autograder.errors import Ungradable

SIMILAR = 0.6  # difflib ratio from which two cells without a common id are taken for the same one
SAME_NOTEBOOK = 0.3  # share of the released cells that a notebook must hold to be taken for that assignment
STRANGER = 0.1  # share of the released cells, or of its own, up to which a notebook is not for the assignment

MAX_CELLS = 5_000  # nbgrader and browsers take minutes over more
CONFLICT = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
NOTEBOOK = re.compile(rb"""\s*\{\s*"(cells|metadata|nbformat|nbformat_minor|worksheets)"\s*:""")  # as one begins
PICTURES = ("image/png", "image/jpeg", "image/gif")  # kinds of attachments that may stay


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
        """The cells to run, in order: no check cell, nothing that trains at length."""
        return [cell for cell in self.notebook.cells if runs_while_grading(cell)]

    @property
    def locked(self) -> set[int]:
        """The places in ``code`` of the cells that are not a student's to change."""
        return {place for place, cell in enumerate(self.code) if _mark(cell).get("locked")}

    @property
    def student_code(self) -> str:
        """What fresh inputs are drawn from: the exact text of the student's own cells among those that run, in order.

        Locked cells stand in it by name, because code before one and after it is not the same code. Two submissions that
        could behave differently never share it; the same file gives the same on every road.
        """
        locked = self.locked
        cells = [[_released_name(cell), None if i in locked else cell.source] for i, cell in enumerate(self.code)]
        return json.dumps(cells)

    def as_data(self) -> dict[str, Any]:
        """The same as JSON: each cell as its id, type and text."""
        cells = [[cell.id, cell.cell_type, cell.source] for cell in self.notebook.cells]
        return {"assignment": self.assignment.name, "cells": cells, "sha256": self.sha256, "notes": self.notes}

    @classmethod
    def from_data(cls, data: Mapping[str, Any], course: Course) -> Opened:
        """What ``as_data`` told, with nothing of the student's in it but the text of cells.

        Raises:
            ValueError: it is not as ``as_data`` writes it.
        """
        assignment = course.assignment(str(data["assignment"]))
        released_notebook = nbformat.read(assignment.released, as_version=4)
        known = {cell.id: cell for cell in released_notebook.cells}
        cells: list[NotebookNode] = []
        for identity, kind, source in data["cells"]:
            released = known.pop(identity, None)  # each at most once
            text = NotebookNode(cell_type=str(kind), source=str(source))
            cells.append(_own(text, len(cells)) if released is None else _filled(released, text))
        if known:
            raise ValueError("released cells are missing")
        notebook = nbformat.from_dict({**released_notebook, "cells": cells})
        return cls(assignment, notebook, str(data["sha256"]), [str(note) for note in data["notes"]])


def runs_while_grading(cell: NotebookNode) -> bool:
    """Whether a code cell runs while grading."""
    tags = set(cell.metadata.get("tags", []))
    return cell.cell_type == "code" and not _mark(cell).get("grade") and not tags & {"long", "instructor", "engine"}


def normalised(source: str) -> str:
    """Source text without line ends, trailing blanks and empty lines: to find out which cell this is, and nothing else."""
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


def notebook_bytes(path: Path, limit_mib: int) -> bytes:
    """The content of a file that was handed in, which is not looked at.

    Raises:
        Ungradable: it is too large, or cannot be read.
    """
    most = limit_mib << 20
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise Ungradable(
                    f"{path.name}: is no file. Hand in the .ipynb file that Jupyter saved.", code="no-notebook"
                )
            data = file.read(most + 1)
    except OSError as error:
        raise Ungradable(f"{path.name}: cannot be read ({error.strerror}).") from error
    if len(data) <= most:
        return data
    raise Ungradable(
        f"{path.name}: has {about.st_size / 2**20:.0f} MiB, and at most {limit_mib} are opened. "
        "Clear the outputs (Kernel > Restart and Clear Output), save, and hand in again.",
        code="too-large",
    )


def _parse(data: bytes, name: str) -> NotebookNode:
    try:
        raw = json.loads(data.removeprefix(codecs.BOM_UTF8))  # finds out by itself whether it is UTF-8, 16 or 32
    except (ValueError, RecursionError) as error:
        raise Ungradable(
            f"{name}: {_what_it_is(data, error)}", code="damaged-notebook" if NOTEBOOK.match(data) else "no-notebook"
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
        language = _language(notebook.metadata)
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


def _what_it_is(data: bytes, error: Exception) -> str:
    """What a file is that cannot be read as JSON, and what to do."""
    if CONFLICT.search(data):
        return "holds the marks of a merge conflict (<<<<<<<). Settle it, open the notebook in Jupyter, save it, and hand in again."
    if isinstance(error, json.JSONDecodeError) and NOTEBOOK.match(data):
        cut_off = error.msg.startswith("Unterminated string") or error.pos >= len(error.doc.rstrip()) - 1
        where = "it ends too early" if cut_off else f"from line {error.lineno} on"
        return f"is a damaged notebook ({where}). Open the original in Jupyter, save it, and hand in again."
    return f"is no notebook ({type(error).__name__}). Hand in the .ipynb file that Jupyter saved."


def _tidy(cell: NotebookNode) -> NotebookNode:
    """A cell with text as its source, whatever tool wrote it, and of its metadata what a released cell is known by.

    Lines end in one way from here on, before anything runs: an editor of another system changes no program.
    """
    source = cell.get("source", "")
    text = ("".join(map(str, source)) if isinstance(source, list) else str(source)).replace("\r\n", "\n")
    cell.source = re.sub("[\ud800-\udfff]", "\ufffd", text)  # half a character, which no kernel can be sent
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


def _language(metadata: Any) -> str:
    """The language a notebook says it is written in; empty when it says nothing."""
    kernel, info = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    return str(info.get("name") or kernel.get("language") or "")


def open_notebook(data: bytes, name: str, course: Course, assignment: str | None = None) -> Opened:
    """Open a file as a submission to ``assignment``, or to the one it resembles.

    Args:
        data: its content.
        name: its name, for messages.

    Raises:
        Ungradable: it is no notebook of this assignment; the text says what it is.
    """
    submitted = _parse(data, name)
    found = _assignment_of(submitted, course, name, assignment)
    released = nbformat.read(found.released, as_version=4)
    notes: list[str] = []
    notebook = repair(released, submitted, notes)
    return Opened(found, notebook, hashlib.sha256(data).hexdigest(), notes)


def _assignment_of(submitted: NotebookNode, course: Course, name: str, wanted: str | None) -> Assignment:
    """The assignment whose released cells the notebook holds most of; ``wanted`` wins unless another clearly fits better."""
    shares = {a: _share(submitted, course.assignment(a)) for a in course.assignments}
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
    """Whether a notebook has hardly a cell in common with the assignment: all import numpy, and some functions are namesakes.

    On Gradescope there is no other assignment that it could resemble more.
    """
    released = len(nbformat.read(assignment.released, as_version=4).cells)
    return share * released <= STRANGER * min(released, len(submitted.cells))


def _share(submitted: NotebookNode, assignment: Assignment) -> float:
    """Share of the assignment's released cells that the notebook holds, by text or by the names that it defines."""
    assignment.require_release()
    released = nbformat.read(assignment.released, as_version=4).cells
    texts = {normalised(cell.source) for cell in submitted.cells}
    names = set().union(*(_defined(cell) for cell in submitted.cells), set())
    held = [normalised(c.source) in texts or bool(_asked(c) and _asked(c) <= names) for c in released]
    return sum(held) / max(1, len(held))


def repair(released: NotebookNode, submitted: NotebookNode, notes: list[str]) -> NotebookNode:
    """The released notebook with the student's cells in place.

    Locked cells are the released ones, wherever the student had them, each after what the student made of it: an import
    added there still counts, and nothing released is missing. Solution cells hold the student's text; cells of the
    student's own stay where they stood. Of several copies of a solution cell the last one that was filled in counts.
    """
    places = _match(released.cells, submitted.cells)
    submitted.cells, places = _with_prose_from_below(released.cells, submitted.cells, places, notes)
    slots: dict[int, list[NotebookNode]] = {}
    for cell, index in zip(submitted.cells, places, strict=True):
        if index is not None:
            slots.setdefault(index, []).append(cell)
    chosen = {index: _chosen(released.cells[index], copies, notes) for index, copies in slots.items()}
    cells: list[NotebookNode] = []
    used: set[int] = set()
    for cell, index in zip(submitted.cells, places, strict=True):
        if index is None:
            if not _is_leftover(cell):
                cells.append(_own(cell, len(cells)))
        elif chosen[index] is cell:
            _restore(released.cells, index, used, chosen, cells)
            if _is_changed(cell, released.cells[index]):
                cells.append(_own(cell, len(cells)))
                notes.append(
                    f"Locked cell '{_name(released.cells[index])}' had been changed; the released one was run after it."
                )
            cells.append(_filled(released.cells[index], cell))
            used.add(index)
        elif _is_another_attempt(cell, released.cells[index], chosen[index]):
            cells.append(_own(cell, len(cells)))
    _restore(released.cells, len(released.cells), used, chosen, cells)
    cells = _with_answers_behind_stubs(cells, released.cells)
    missing = [_name(released.cells[i]) for i in range(len(released.cells)) if i not in chosen]
    if missing:
        notes.append(
            f"Restored {len(missing)} released cell(s) that were missing: {', '.join(missing[:8])}{'…' if len(missing) > 8 else ''}."
        )
    return nbformat.from_dict({**released, "cells": cells})


def _with_prose_from_below(
    released: list[NotebookNode], submitted: list[NotebookNode], places: list[int | None], notes: list[str]
) -> tuple[list[NotebookNode], list[int | None]]:
    """The cells and places with text that stands below a prose answer that was left as released in that answer's place.

    nbgrader gives such an answer zero points without showing it to anybody.
    """
    kept: list[tuple[NotebookNode, int | None]] = []
    open_answer: NotebookNode | None = None  # the last one, while nothing but text has come behind it
    for cell, index in zip(submitted, places, strict=True):
        if index is not None:
            original = released[index]
            left = _is_prose(original) and normalised(cell.source) == normalised(original.source)
            open_answer = cell if left else None
        elif cell.cell_type != "markdown" or _is_leftover(cell):
            open_answer = None if cell.cell_type == "code" else open_answer
        elif open_answer is not None and cell.source.strip():
            notes.append("Text in a cell below a question in your own words was taken for its answer.")
            _add(open_answer, cell)
            continue
        kept.append((cell, index))
    return [cell for cell, _ in kept], [index for _, index in kept]


def _add(cell: NotebookNode, more: NotebookNode) -> None:
    """Put the text and the pictures of one cell behind those of another."""
    cell.source += f"\n\n{more.source}"
    pictures = _attached(cell).get("attachments", {}) | _attached(more).get("attachments", {})
    if pictures:
        cell.attachments = NotebookNode(pictures)


def _with_answers_behind_stubs(cells: list[NotebookNode], released: list[NotebookNode]) -> list[NotebookNode]:
    """The cells with every stub that was left empty before the first cell of the student's that answers it.

    Some write all their answers into one cell, and delete the stubs or let them stand: run after it, they would undo it.
    """
    empty = {_name(cell): (normalised(cell.source), _asked(cell)) for cell in released if _asked(cell)}
    ordered = list(cells)
    for stub in cells:
        text, asked = empty.get(_name(stub), ("", set()))
        if asked and normalised(stub.source) == text:
            place = next(i for i, cell in enumerate(ordered) if cell is stub)
            answers = (i for i, c in enumerate(ordered[:place]) if not _mark(c).get("locked") and _defined(c) & asked)
            first = next(answers, place)
            ordered.insert(first, ordered.pop(place))
    return ordered


def _is_changed(cell: NotebookNode, released: NotebookNode) -> bool:
    """Whether a student has changed a locked cell that runs while grading."""
    locked = runs_while_grading(released) and not _is_solution(released)
    return locked and normalised(cell.source) != normalised(released.source)


def _is_another_attempt(cell: NotebookNode, released: NotebookNode, chosen: NotebookNode) -> bool:
    """Whether a further copy of a cell holds code of its own: neither what was released nor a repetition."""
    known = {normalised(released.source), normalised(chosen.source)}
    return runs_while_grading(released) and normalised(cell.source) not in known


def _restore(
    released: list[NotebookNode], until: int, used: set[int], chosen: dict[int, Any], cells: list[NotebookNode]
) -> None:
    """Put back the released cells before ``until`` that the student's notebook lacks."""
    for index in range(until):
        if index not in used and index not in chosen:
            cells.append(released[index].copy())
            used.add(index)


def _chosen(released: NotebookNode, copies: list[NotebookNode], notes: list[str]) -> NotebookNode:
    """Of several copies of one cell, the last that differs from the release; of none, the first. Of prose, all that differ."""
    filled = [cell for cell in copies if normalised(cell.source) != normalised(released.source)]
    if len(filled) > 1 and _is_prose(released):
        first, *others = {cell.source: cell for cell in filled}.values()
        for other in others:
            _add(first, other)
        notes.append(f"The answer to '{_name(released)}' stood in {len(filled)} cells; all of it counts.")
        return first
    if len(copies) > 1:
        notes.append(f"Cell '{_name(released)}' stood {len(copies)} times; the last one that was filled in counts.")
    return filled[-1] if filled and _is_solution(released) else copies[0]


def _filled(released: NotebookNode, submitted: NotebookNode) -> NotebookNode:
    """The released cell, with the student's text and pictures where the student may write."""
    if not _is_solution(released):
        return released.copy()
    pictures = _attached(submitted) if released.cell_type == "markdown" else {}
    return NotebookNode(released | {"source": submitted.source} | pictures)


def _attached(cell: NotebookNode) -> dict[str, Any]:
    """The pictures that a text cell holds, as a field of a cell; nothing where there is none."""
    held = cell.get("attachments")
    if cell.cell_type != "markdown" or not isinstance(held, dict):
        return {}
    pictures = {
        name: {
            kind: "".join(map(str, data))
            for kind, data in kinds.items()
            if kind in PICTURES and isinstance(data, (str, list))
        }
        for name, kinds in held.items()
        if isinstance(kinds, dict)
    }
    return {"attachments": NotebookNode(pictures)}


def _own(cell: NotebookNode, position: int) -> NotebookNode:
    """A cell that the student added, without ids or marks that could pass for a released one's."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}.get(
        cell.cell_type, nbformat.v4.new_raw_cell
    )
    return make(cell.source, id=f"own-{position}", **_attached(cell))


def _is_leftover(cell: NotebookNode) -> bool:
    """A copy of a locked cell of another release, such as otter's first cell: marked as locked or as the engine's."""
    return bool(_mark(cell).get("locked")) or "engine" in cell.metadata.get("tags", []) or _calls_grader(cell.source)


def _calls_grader(source: str) -> bool:
    lines = normalised(source).splitlines()
    return bool(lines) and all(
        line.startswith(("grader.check", "grader = otter.", "import otter", "#")) for line in lines
    )


def _match(released: list[NotebookNode], submitted: list[NotebookNode]) -> list[int | None]:
    """For each submitted cell the index of the released cell it is, by mark, then id, then text, then names, then likeness."""
    places: list[int | None] = [None] * len(submitted)
    by_mark = {_mark(cell).get("grade_id"): i for i, cell in enumerate(released) if _mark(cell).get("grade_id")}
    by_id = {cell.get("id"): i for i, cell in enumerate(released) if cell.get("id")}
    by_text = {normalised(cell.source): i for i, cell in reversed(list(enumerate(released)))}
    for position, cell in enumerate(submitted):
        for key, table in (
            (_mark(cell).get("grade_id"), by_mark),
            (cell.get("id"), by_id),
            (normalised(cell.source), by_text),
        ):
            if places[position] is None and key in table and released[table[key]].cell_type == cell.cell_type:
                places[position] = table[key]
    for position, cell in enumerate(submitted):
        if places[position] is None and not _calls_grader(cell.source):
            places[position] = _likest(released, cell, set(places))
        before = places[position - 1] if position else None
        if places[position] is None and before is not None and _answers(released, before + 1, cell, places):
            places[position] = before + 1
    for position, cell in enumerate(submitted):  # last: an answer whose cell has become one of another type
        for key, table in ((_mark(cell).get("grade_id"), by_mark), (cell.get("id"), by_id)):
            index = table.get(key) if places[position] is None else None
            if index is not None and index not in places and _is_solution(released[index]):
                places[position] = index
    return places


def _answers(released: list[NotebookNode], index: int, cell: NotebookNode, taken: list[int | None]) -> bool:
    """Whether ``cell`` stands where the free answer cell ``released[index]`` belongs: a prose answer whose marks are gone."""
    if index >= len(released) or index in taken:
        return False
    return _is_solution(released[index]) and not _asked(released[index]) and released[index].cell_type == cell.cell_type


def _likest(released: list[NotebookNode], cell: NotebookNode, taken: Iterable[int | None]) -> int | None:
    """The free released cell that defines what ``cell`` defines, or else reads most like it."""
    free = [i for i, other in enumerate(released) if i not in set(taken) and other.cell_type == cell.cell_type]
    names = _defined(cell)
    for i in free:
        if names & _asked(released[i]):
            return i
    text = normalised(cell.source)
    likeness = {i: _likeness(text, normalised(released[i].source)) for i in free if not _asked(released[i])}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= SIMILAR else None


def _likeness(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:5000], other[:5000], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR else 0.0


def _asked(released: NotebookNode) -> set[str]:
    """Names of the functions and classes that a released solution cell asks for."""
    if released.cell_type != "code" or not _is_solution(released):
        return set()
    body = ast.parse(released.source).body
    return {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}


def _defined(cell: NotebookNode) -> set[str]:
    """Names that a code cell binds at its top level, in whatever way; from its lines when it is no plain Python."""
    if cell.cell_type != "code":
        return set()
    try:
        symbols = symtable.symtable(cell.source, "cell", "exec").get_symbols()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = re.findall(r"^(?:async def|def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)", cell.source, re.MULTILINE)
        return {name for names in found for name in names if name}
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def _mark(cell: NotebookNode) -> Any:
    mark = cell.metadata.get("nbgrader")
    return mark if isinstance(mark, dict) else {}


def _is_solution(cell: NotebookNode) -> bool:
    return bool(_mark(cell).get("solution"))


def _is_prose(released: NotebookNode) -> bool:
    """Whether a released cell is an answer in the student's own words."""
    return _is_solution(released) and released.cell_type == "markdown"


def _released_name(cell: NotebookNode) -> str:
    """The name of a released cell; empty for a cell of the student's own, which only has a place."""
    return str(_mark(cell).get("grade_id") or "")


def _name(cell: NotebookNode) -> str:
    return str(_mark(cell).get("grade_id") or cell.get("id") or "?")
