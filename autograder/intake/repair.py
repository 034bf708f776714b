"""Put a student's cells back into the released notebook, whatever was moved, changed, copied or lost."""

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

SIMILAR = 0.6  # difflib ratio from which two cells without a common id count as the same one
PICTURES = ("image/png", "image/jpeg", "image/gif")  # kinds of attachments that may stay


def repair(released: NotebookNode, submitted: NotebookNode, notes: list[str]) -> NotebookNode:
    """Return the released notebook with the student's cells in place.

    Every locked cell is the released one, where the student had it. A changed one runs before it, so that an import added
    there still counts. Solution cells hold the student's text; cells that the student added stay where they were. If a
    solution cell has several copies, the last one with an answer counts.

    Args:
        notes: receives a line for the student about each repair.
    """
    places = _match_cells(released.cells, submitted.cells)
    submitted.cells, places = _move_prose_up(released.cells, submitted.cells, places, notes)
    slots: dict[int, list[NotebookNode]] = {}
    for cell, index in zip(submitted.cells, places, strict=True):
        if index is not None:
            slots.setdefault(index, []).append(cell)
    chosen = {index: _choose_copy(released.cells[index], copies, notes) for index, copies in slots.items()}
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
    cells = _move_empty_stubs_up(cells, released.cells)
    missing = [cell_name(released.cells[i]) for i in range(len(released.cells)) if i not in chosen]
    if missing:
        notes.append(
            f"Restored {len(missing)} released cell(s) that were missing: {', '.join(missing[:8])}{'…' if len(missing) > 8 else ''}."
        )
    return nbformat.from_dict({**released, "cells": cells})


def _move_prose_up(
    released: list[NotebookNode], submitted: list[NotebookNode], places: list[int | None], notes: list[str]
) -> tuple[list[NotebookNode], list[int | None]]:
    """Move text that stands below an unanswered prose question into its answer cell; return the cells and their places.

    nbgrader gives an answer that was left as released zero points, without showing it to anybody.
    """
    kept: list[tuple[NotebookNode, int | None]] = []
    open_answer: NotebookNode | None = None  # the last unanswered one, as long as only text follows
    for cell, index in zip(submitted, places, strict=True):
        if index is not None:
            original = released[index]
            left = is_prose(original) and normalise(cell.source) == normalise(original.source)
            open_answer = cell if left else None
        elif cell.cell_type != "markdown" or _is_leftover(cell):
            open_answer = None if cell.cell_type == "code" else open_answer
        elif open_answer is not None and cell.source.strip():
            notes.append("Text below a question that asks for your own words was taken for its answer.")
            _append(open_answer, cell)
            continue
        kept.append((cell, index))
    return [cell for cell, _ in kept], [index for _, index in kept]


def _append(cell: NotebookNode, more: NotebookNode) -> None:
    """Append the text and the pictures of one cell to another."""
    cell.source += f"\n\n{more.source}"
    pictures = _find_pictures(cell).get("attachments", {}) | _find_pictures(more).get("attachments", {})
    if pictures:
        cell.attachments = NotebookNode(pictures)


def _move_empty_stubs_up(cells: list[NotebookNode], released: list[NotebookNode]) -> list[NotebookNode]:
    """Move every empty stub to a place before the student's first cell that answers it.

    Some students write all their answers into one cell and leave the stubs. A stub that ran after it would undo an answer.
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
    """Whether a further copy of a cell holds code of its own: neither the released text nor that of the chosen copy."""
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


def _choose_copy(released: NotebookNode, copies: list[NotebookNode], notes: list[str]) -> NotebookNode:
    """Choose among the copies of a cell: the last that differs from the release, else the first. Prose that differs is joined."""
    filled = [cell for cell in copies if normalise(cell.source) != normalise(released.source)]
    if len(filled) > 1 and is_prose(released):
        first, *others = {cell.source: cell for cell in filled}.values()
        for other in others:
            _append(first, other)
        notes.append(f"The answer to '{cell_name(released)}' is in {len(filled)} cells. All of them count.")
        return first
    if len(copies) > 1:
        times = "twice" if len(copies) == 2 else f"{len(copies)} times"
        notes.append(f"Cell '{cell_name(released)}' appears {times}. The last copy with an answer was graded.")
    return filled[-1] if filled and is_solution(released) else copies[0]


def fill_in(released: NotebookNode, submitted: NotebookNode) -> NotebookNode:
    """Return the released cell, with the student's text and pictures where the student may write."""
    if not is_solution(released):
        return released.copy()
    pictures = _find_pictures(submitted) if released.cell_type == "markdown" else {}
    return NotebookNode(released | {"source": submitted.source} | pictures)


def _find_pictures(cell: NotebookNode) -> dict[str, Any]:
    """Return the pictures in a text cell as its field ``attachments``; nothing where it has none."""
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
    """Make a cell that the student added, without ids or marks that could pass for those of a released one."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}.get(
        cell.cell_type, nbformat.v4.new_raw_cell
    )
    return make(cell.source, id=f"own-{position}", **_find_pictures(cell))


def _is_leftover(cell: NotebookNode) -> bool:
    """Whether a cell was left by another release, such as otter's first: marked as locked or as the engine's, or calling otter."""
    return is_locked(cell) or is_engine(cell) or _calls_grader(cell.source)


def _calls_grader(source: str) -> bool:
    """Whether a source text does nothing but call otter."""
    lines = normalise(source).splitlines()
    return bool(lines) and all(
        line.startswith(("grader.check", "grader = otter.", "import otter", "#")) for line in lines
    )


def _match_cells(released: list[NotebookNode], submitted: list[NotebookNode]) -> list[int | None]:
    """Find the index of each submitted cell's released cell: by mark, then id, then text, then names, then similarity."""
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
            places[position] = _find_most_similar(released, cell, set(places))
        before = places[position - 1] if position else None
        if places[position] is None and before is not None and _answers(released, before + 1, cell, places):
            places[position] = before + 1
    for position, cell in enumerate(submitted):  # last: an answer whose cell was given another type
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


def _find_most_similar(released: list[NotebookNode], cell: NotebookNode, taken: Iterable[int | None]) -> int | None:
    """Find the free released cell that defines what ``cell`` defines, or else is most similar to it."""
    free = [i for i, other in enumerate(released) if i not in set(taken) and other.cell_type == cell.cell_type]
    names = defined_names(cell)
    for i in free:
        if names & asked_names(released[i]):
            return i
    text = normalise(cell.source)
    likeness = {i: _find_similarity(text, normalise(released[i].source)) for i in free if not asked_names(released[i])}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and likeness[best] >= SIMILAR else None


def _find_similarity(one: str, other: str) -> float:
    matcher = difflib.SequenceMatcher(None, one[:5000], other[:5000], autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= SIMILAR and matcher.quick_ratio() >= SIMILAR else 0.0
