"""Mutants that no check can notice, because they are right too: recorded by hand, each with the reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course import Assignment
from autograder.errors import UsageError
from autograder.mutants import Mutant
from autograder.source import short

FILE = "equivalent_mutants.toml"


@dataclass(frozen=True)
class Equivalent:
    """One entry: which mutants it is about, and why they are right.

    Attributes:
        function: that has the fault.
        operator: only mutants by this operator; any where empty.
        change: only the mutant whose lines change so, as ``was -> becomes``; any where empty.
    """

    function: str
    reason: str
    operator: str = ""
    change: str = ""

    def covers(self, mutant: Mutant) -> bool:
        """Whether the entry is about this mutant."""
        return (
            self.function == mutant.function
            and self.operator in ("", mutant.operator)
            and self.change in ("", mutant.change)
        )

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.function, self.operator, self.change]))


def equivalents(assignment: Assignment) -> list[Equivalent]:
    """The entries of an assignment's file; none where there is no file.

    Raises:
        UsageError: it cannot be read, or an entry lacks something.
    """
    path = assignment.tests / FILE
    if not path.is_file():
        return []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", [])
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{short(assignment, path)}: cannot be read as TOML: {error}") from error
    return [_entry(entry, number, assignment, path) for number, entry in enumerate(entries, start=1)]


def _entry(entry: dict[str, Any], number: int, assignment: Assignment, path: Path) -> Equivalent:
    where = f"{short(assignment, path)}, entry {number}"
    if unknown := entry.keys() - {"function", "operator", "change", "reason"}:
        raise UsageError(f"{where}: has '{sorted(unknown)[0]}'. It may have function, operator, change and reason.")
    for key in ("function", "reason"):
        if not entry.get(key):
            raise UsageError(f"{where}: has no {key}. Say which function is meant, and why the mutant is right.")
    if not (entry.get("operator") or entry.get("change")):
        raise UsageError(f"{where}: covers every mutant of {entry['function']}. Give it an operator or a change.")
    return Equivalent(**{key: " ".join(str(value).split()) for key, value in entry.items()})
