"""Mutants that no check can notice, because they are right too: recorded by hand, each with the reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

from autograder.course.course import Assignment
from autograder.course.source import short
from autograder.errors import UsageError
from autograder.quality.mutants import Mutant

FILE = "equivalent_mutants.toml"


@dataclass(frozen=True)
class Equivalent:
    """One entry: which mutants it is about, and why they are right.

    Attributes:
        function: that has the fault.
        operator: only mutants by this operator; any where empty.
        change: only the mutant whose lines change so, as ``was -> becomes``; any where empty.
        mutants: how many survivors it is about.
    """

    function: str
    reason: str
    operator: str = ""
    change: str = ""
    mutants: int = 1

    def covers(self, mutant: Mutant) -> bool:
        """Whether the entry is about this mutant."""
        return (
            self.function == mutant.function
            and self.operator in ("", mutant.operator)
            and self.change in ("", mutant.change)
        )

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.function, self.operator, self.change]))


def read_equivalents(assignment: Assignment) -> list[Equivalent]:
    """The entries of an assignment's file; none where there is no file.

    Raises:
        UsageError: it cannot be read, holds something else, or an entry lacks something.
    """
    path = assignment.tests / FILE
    if not path.is_file():
        return []
    where = short(assignment, path)
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: cannot be read as TOML: {error}") from error
    if unknown := found.keys() - {"equivalent"}:
        raise UsageError(f"{where}: has '{sorted(unknown)[0]}'. Every entry begins with [[equivalent]].")
    entries = found.get("equivalent", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{where}: 'equivalent' is no list. Every entry begins with [[equivalent]], in two brackets.")
    return [_entry(entry, f"{where}, entry {number}") for number, entry in enumerate(entries, start=1)]


def _entry(entry: dict[str, Any], where: str) -> Equivalent:
    if unknown := entry.keys() - {"function", "operator", "change", "mutants", "reason"}:
        known = "function, operator, change, mutants and reason"
        raise UsageError(f"{where}: has '{sorted(unknown)[0]}'. It may have {known}.")
    for key in ("function", "reason"):
        if not entry.get(key):
            raise UsageError(f"{where}: has no {key}. Say which function is meant, and why the mutant is right.")
    if not (entry.get("operator") or entry.get("change")):
        raise UsageError(f"{where}: covers every mutant of {entry['function']}. Give it an operator or a change.")
    mutants = entry.get("mutants", 1 if entry.get("change") else None)
    if type(mutants) is not int or mutants < 1:
        raise UsageError(
            f"{where}: does not say how many mutants it covers. Give it their number, such as mutants = 1."
        )
    texts = {key: " ".join(str(value).split()) for key, value in entry.items() if key != "mutants"}
    return Equivalent(**texts, mutants=mutants)
