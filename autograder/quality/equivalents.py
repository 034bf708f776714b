"""Equivalent mutants: they behave like the reference, so no check can notice them. A person records each with the reason."""

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
    """One recorded entry.

    Attributes:
        function: the function with the fault.
        reason: why its mutants are equivalent.
        operator: the operator of the mutants; any if empty.
        change: the changed lines of the mutant, as ``was -> becomes``; any if empty.
        mutants: the number of survivors that it covers.
    """

    function: str
    reason: str
    operator: str = ""
    change: str = ""
    mutants: int = 1

    def covers(self, mutant: Mutant) -> bool:
        """Tell whether the entry covers this mutant."""
        return (
            self.function == mutant.function
            and self.operator in ("", mutant.operator)
            and self.change in ("", mutant.change)
        )

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.function, self.operator, self.change]))


def read_equivalents(assignment: Assignment) -> list[Equivalent]:
    """Return the entries of an assignment's file; none if the file is missing.

    Raises:
        UsageError: the file cannot be read or holds something else, or an entry is not complete.
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
