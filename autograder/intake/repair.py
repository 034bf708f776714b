"""Putting a student's cells back into the released notebook: which cell is which, and what was changed or lost."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.course.cells import (
    asked_names,
    cell_name,
    defined_names,
    grade_id,
    is_engine,
    is_locked,
    is_prose,
    is_solution,
    normalise,
    runs_while_grading,
)

SIMILAR = 0.6  # difflib ratio from which two cells without a common id are taken for the same one
PICTURES = ("image/png", "image/jpeg", "image/gif")  # kinds of attachments that may stay


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
                cells.append(make_own(cell, len(cells)))
        elif chosen[index] is cell:
            _restore(released.cells, index, used, chosen, cells)
            if _is_changed(cell, released.cells[index]):
                cells.append(make_own(cell, len(cells)))
                notes.append(
                    f"Locked cell '{cell_name(released.cells[index])}' had been changed; the released one was run after it."
                )
            cells.append(fill_in(released.cells[index], cell))
            used.add(index)
        elif _is_another_attempt(cell, released.cells[index], chosen[index]):
            cells.append(make_own(cell, len(cells)))
    _restore(released.cells, len(released.cells), used, chosen, cells)
    cells = _with_answers_behind_stubs(cells, released.cells)
    missing = [cell_name(released.cells[i]) for i in range(len(released.cells)) if i not in chosen]
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
            left = is_prose(original) and normalise(cell.source) == normalise(original.source)
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
    empty = {cell_name(cell): (normalise(cell.source), asked_names(cell)) for cell in released if asked_names(cell)}
    ordered = list(cells)
    for stub in cells:
        text, asked = empty.get(cell_name(stub), ("", set()))
        if asked and normalise(stub.source) == text:
            place = next(i for i, cell in enumerate(ordered) if cell is stub)
            answers = (i for i, c in enumerate(ordered[:place]) if not is_locked(c) and defined_names(c) & asked)
            first = next(answers, place)
            ordered.insert(first, ordered.pop(place))
    return ordered


def _is_changed(cell: NotebookNode, released: NotebookNode) -> bool:
    """Whether a student has changed a locked cell that runs while grading."""
    locked = runs_while_grading(released) and not is_solution(released)
    return locked and normalise(cell.source) != normalise(released.source)


def _is_another_attempt(cell: NotebookNode, released: NotebookNode, chosen: NotebookNode) -> bool:
    """Whether a further copy of a cell holds code of its own: neither what was released nor a repetition."""
    known = {normalise(released.source), normalise(chosen.source)}
    return runs_while_grading(released) and normalise(cell.source) not in known


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
    filled = [cell for cell in copies if normalise(cell.source) != normalise(released.source)]
    if len(filled) > 1 and is_prose(released):
        first, *others = {cell.source: cell for cell in filled}.values()
        for other in others:
            _add(first, other)
        notes.append(f"The answer to '{cell_name(released)}' stood in {len(filled)} cells; all of it counts.")
        return first
    if len(copies) > 1:
        notes.append(f"Cell '{cell_name(released)}' stood {len(copies)} times; the last one that was filled in counts.")
    return filled[-1] if filled and is_solution(released) else copies[0]


def fill_in(released: NotebookNode, submitted: NotebookNode) -> NotebookNode:
    """The released cell, with the student's text and pictures where the student may write."""
    if not is_solution(released):
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


def make_own(cell: NotebookNode, position: int) -> NotebookNode:
    """A cell that the student added, without ids or marks that could pass for a released one's."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}.get(
        cell.cell_type, nbformat.v4.new_raw_cell
    )
    return make(cell.source, id=f"own-{position}", **_attached(cell))


def _is_leftover(cell: NotebookNode) -> bool:
    """A copy of a locked cell of another release, such as otter's first cell: marked as locked or as the engine's."""
    return is_locked(cell) or is_engine(cell) or _calls_grader(cell.source)


def _calls_grader(source: str) -> bool:
    lines = normalise(source).splitlines()
    return bool(lines) and all(
        line.startswith(("grader.check", "grader = otter.", "import otter", "#")) for line in lines
    )


def _match(released: list[NotebookNode], submitted: list[NotebookNode]) -> list[int | None]:
    """For each submitted cell the index of the released cell it is, by mark, then id, then text, then names, then likeness."""
    places: list[int | None] = [None] * len(submitted)
    by_mark = {grade_id(cell): i for i, cell in enumerate(released) if grade_id(cell)}
    by_id = {cell.get("id"): i for i, cell in enumerate(released) if cell.get("id")}
    by_text = {normalise(cell.source): i for i, cell in reversed(list(enumerate(released)))}
    for position, cell in enumerate(submitted):
        for key, table in (
            (grade_id(cell), by_mark),
            (cell.get("id"), by_id),
            (normalise(cell.source), by_text),
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
        for key, table in ((grade_id(cell), by_mark), (cell.get("id"), by_id)):
            index = table.get(key) if places[position] is None else None
            if index is not None and index not in places and is_solution(released[index]):
                places[position] = index
    return places


def _answers(released: list[NotebookNode], index: int, cell: NotebookNode, taken: list[int | None]) -> bool:
    """Whether ``cell`` stands where the free answer cell ``released[index]`` belongs: a prose answer whose marks are gone."""
    if index >= len(released) or index in taken:
        return False
    return (
        is_solution(released[index])
        and not asked_names(released[index])
        and released[index].cell_type == cell.cell_type
    )


def _likest(released: list[NotebookNode], cell: NotebookNode, taken: Iterable[int | None]) -> int | None:
    """The free released cell that defines what ``cell`` defines, or else reads most like it."""
    free = [i for i, other in enumerate(released) if i not in set(taken) and other.cell_type == cell.cell_type]
    names = defined_names(cell)
    for i in free:
        if names & asked_names(released[i]):
            return i
    text = normalise(cell.source)
    likeness = {i: _likeness(text, normalise(released[i].source)) for i in free if not asked_names(released[i])}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= SIMILAR else None


def _likeness(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:5000], other[:5000], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR else 0.0
