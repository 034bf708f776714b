"""Hostile submissions of the tiny course: each folder of `hostile/` holds one, as the cells that a student would write.

A folder is called `<class>__<what it tries>__<outcome>`. Its `attack.py` is data, read as Python and never imported by a judge:

    \"\"\"One line: what is tried.\"\"\"
    CELL = "..."   # runs before the questions; may be left out
    Q1 = "..."     # in place of the wrong answer to question 1 (2 points); may be left out
    Q2 = "..."     # the same for question 2 (3 points)
    EDITS = {"q1": {...}}  # what it does to released cells, by id; may be left out
    PROOF = "nbgrader"   # where it works: stock nbgrader, stock otter, or "off": our own grader without its jail

Payloads are bounded in time and size, and touch nothing but what a test gives them: placeholders such as `{canary}` in any text.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from autograder.course import Course
from autograder.tests.tiny_course import WRONG, submit

HOSTILE = Path(__file__).parent / "hostile"
Proof = Literal["nbgrader", "otter", "off"]


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
        q1, q2 = (self.filled(self.answers[question], given) for question in ("q1", "q2"))
        return submit(course, path, q1="\n".join([self.filled(self.cell, given), q1]), q2=q2)

    @staticmethod
    def filled(text: str, given: dict[str, str]) -> str:
        """A text with its placeholders filled; other braces stay."""
        for name, value in given.items():
            text = text.replace("{" + name + "}", value)
        return text


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
