"""Hostile submissions of the tiny course: each folder of `hostile/` holds one, as the cells that a student would write.

A folder is called `<class>__<what it tries>__<outcome>`. Its `attack.py` is data, read as Python and never imported by a judge:

    \"\"\"One line: what is tried.\"\"\"
    CELL = "..."   # runs before the questions; may be left out
    Q1 = "..."     # in place of the wrong answer to question 1 (2 points); may be left out
    Q2 = "..."     # the same for question 2 (3 points)
    EDITS = {"q1": {...}}  # what it does to released cells, by id; may be left out
    PROOF = "nbgrader"   # where it works: stock nbgrader, stock otter, the check in the notebook, or "off": here without a jail

Payloads are bounded in time and size, and touch nothing but what a test gives them: placeholders such as `{canary}` in any text.
"""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import nbformat
from nbformat import NotebookNode

from autograder.course.course import Course
from autograder.tests.helpers import TESTS
from autograder.tests.helpers.tiny_course import ASSIGNMENT, WRONG

HOSTILE = TESTS / "hostile"
Proof = Literal["nbgrader", "otter", "notebook", "off"]


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes:
        kind: its class, as in docs/security.md.
        name: of its folder.
        about: one line on what it tries.
        cell: source of a cell that runs first.
        answers: source of the answers, wrong where the attack has none of its own.
        proof: where the same attack works.
        edits: id of a released cell -> ``source`` and ``outputs`` in place of its own, ``tags`` to set, and in how many
            ``copies`` it stands in the notebook.
    """

    kind: str
    name: str
    about: str
    cell: str
    answers: dict[str, str]
    proof: Proof
    edits: dict[str, dict[str, Any]]

    def submit(self, course: Course, path: Path, **given: str) -> Path:
        """Write it as a student's notebook.

        Args:
            given: what stands for the placeholders.
        """
        return hand_in(course.assignment(ASSIGNMENT).released, path, self, given=given)

    @staticmethod
    def filled(text: str, given: dict[str, str]) -> str:
        """A text with its placeholders filled; other braces stay."""
        for name, value in given.items():
            text = text.replace("{" + name + "}", value)
        return text


def hand_in(
    released: Path,
    path: Path,
    attack: Attack | None = None,
    answers: Mapping[str, str] = WRONG,
    given: dict[str, str] | None = None,
) -> Path:
    """Write a submission to ``path``.

    Args:
        released: the notebook that students were given.
        attack: a hostile submission, in place of ``answers``.
        given: what stands for its placeholders.
    """
    notebook = nbformat.read(released, as_version=4)
    if attack is not None:
        filled = {question: attack.filled(text, given or {}) for question, text in attack.answers.items()}
        answers = {**filled, "q1": f"{attack.filled(attack.cell, given or {})}\n{filled['q1']}"}
    for each in notebook.cells:
        question = each.id.removesuffix("-solution")
        if each.id.endswith("-solution") and question in answers:
            each.source = answers[question]
    if attack is not None:
        notebook.cells = [made for each in notebook.cells for made in _edited(each, attack.edits.get(each.id, {}))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")  # as it stands: nbformat would mend double ids
    return path


def _edited(original: NotebookNode, edit: Mapping[str, Any]) -> list[NotebookNode]:
    changed = copy.deepcopy(original)
    changed.source = edit.get("source", original.source)
    if "outputs" in edit:
        changed.outputs = nbformat.from_dict(edit["outputs"])
    if "tags" in edit:
        changed.metadata["tags"] = edit["tags"]
    return [copy.deepcopy(changed) for _ in range(edit.get("copies", 1))]


def attacks(kind: str = "") -> list[Attack]:
    """All of them, or those of one class."""
    found = [_read(folder) for folder in sorted(HOSTILE.iterdir()) if (folder / "attack.py").is_file()]
    return [attack for attack in found if kind in ("", attack.kind)]


def _read(folder: Path) -> Attack:
    module = ast.parse((folder / "attack.py").read_text(encoding="utf-8"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    answers = {"q1": values.get("Q1", WRONG["q1"]), "q2": values.get("Q2", WRONG["q2"])}
    about = (ast.get_docstring(module) or "").splitlines()[0]
    kind = folder.name.split("__")[0]
    proof = cast(Proof, values["PROOF"])
    return Attack(kind, folder.name, about, values.get("CELL", ""), answers, proof, values.get("EDITS", {}))
