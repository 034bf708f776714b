"""Find leaks: statements of a reference, a misconception or a hidden test in files that students receive."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat

from autograder.course.cells import is_solution
from autograder.course.course import Assignment
from autograder.course.source import parse, short
from autograder.errors import UsageError
from autograder.release.inline import make_private_name
from autograder.release.wrong_answers import read_wrong_answers

Kind = Literal["prose", "answer", "code"]
SHORTEST = 14  # characters of a normalised statement; shorter ones, such as `return total`, coincide by chance
HARMLESS = {"raise NotImplementedError()"}  # nbgrader's own stub
ANSWERS = re.compile(r"solutions/[^/]+\.py,")  # of whose statements prose and stubs must not hold half either
NAMED_BY_STUBS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Leak:
    """A secret statement, or a telling ``part`` of it, in one released cell or file."""

    place: str
    statement: str
    origin: str
    part: str = ""

    def __str__(self) -> str:
        what = f"`{self.part}`, half or more of `{self.statement}`" if self.part else f"`{self.statement}`"
        return f"{self.place}: holds {what}, which stands in {self.origin}."


def list_secrets(assignment: Assignment) -> dict[str, str]:
    """Return normalised statement -> its file and line, for everything that students must not receive.

    Raises:
        UsageError: one of the files is no Python.
    """
    root = assignment.course.private
    tests = sorted(assignment.tests.glob("*.py"))
    found = {f"solutions.{assignment.name}": "the instructor's own cells"}
    for path in (assignment.reference, assignment.misconceptions, *tests):
        if path == assignment.misconceptions and not path.exists():
            continue
        for line, statement in _list_statements(parse(path, root)):
            if len(statement) >= SHORTEST and statement not in HARMLESS:
                found.setdefault(statement, f"{path.relative_to(root).as_posix()}, line {line}")
    for answer in read_wrong_answers(assignment.misconceptions) if assignment.misconceptions.is_file() else ():
        written = answer.text.replace(make_private_name(answer.function), answer.function)
        for _, statement in _list_statements(ast.parse(written)) if answer.form else ():
            if len(statement) >= SHORTEST and statement not in HARMLESS:
                found.setdefault(statement, f"{short(assignment, assignment.misconceptions)}, line {answer.line}")
    return found


def read_exceptions(statements: list[str]) -> set[str]:
    """Return the statements of c.Autograder.leak_exceptions, normalised.

    Raises:
        UsageError: one of them is no statement.
    """
    normalised = set()
    for text in statements:
        try:
            body = ast.parse(f"{text} pass" if text.rstrip().endswith(":") else text)
        except SyntaxError as error:
            raise UsageError(
                f"c.Autograder.leak_exceptions: {text!r} is no Python statement. Copy it as it stands."
            ) from error
        normalised |= {statement for _, statement in _list_statements(body)}
    return normalised


def find_leaks(folder: Path, secret: dict[str, str], name: str) -> list[Leak]:
    """Return every secret statement in the files of ``folder``; messages call the folder ``name``."""
    squeezed = {statement: _squeeze(statement) for statement in secret}
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        for cell, text, kind in _read_texts(path):
            held = {statement for _, statement in _list_statements(_parse_text(text))} if kind != "prose" else set()
            flat = _squeeze(text)
            told = {"prose": flat, "answer": _squeeze("\0".join(sorted(held))), "code": ""}[kind]
            place = f"{name}/{path.relative_to(folder).as_posix()}{cell}"
            for statement, origin in secret.items():
                whole = statement in held or squeezed[statement] in flat
                part = "" if whole or not ANSWERS.match(origin) else _find_half(squeezed[statement], told)
                if whole or part:
                    found.append(Leak(place, statement, origin, part))
    return found


def _find_half(statement: str, text: str) -> str:
    """Return the longest part of a statement in a text, if it is half of the statement or more; else an empty text."""
    least = max(SHORTEST, -(-len(statement) // 2))
    starts = [start for start in range(len(statement) - least + 1) if statement[start : start + least] in text]
    ends = range(len(statement), 0, -1)
    parts = (next(statement[start:end] for end in ends if statement[start:end] in text) for start in starts)
    return max((part for part in parts if re.search(r"[^\w'.]", part)), key=len, default="")


def _read_texts(path: Path) -> Iterator[tuple[str, str, Kind]]:
    """Yield (cell, text, kind) of each part of a file; nothing for a picture."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    if path.suffix != ".ipynb":
        yield "", text, "code" if path.suffix == ".py" else "prose"
        return
    for number, cell in enumerate(nbformat.reads(text, as_version=4).cells, 1):
        kind: Kind = "prose" if cell.cell_type != "code" else "answer" if is_solution(cell) else "code"
        yield f", cell {number} ('{cell.get('id', '')}')", cell.source, kind


def _parse_text(text: str) -> ast.Module:
    """Parse a text; return an empty module if it is not Python, such as a cell with a magic, which is compared as text only."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _list_statements(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, normalised text) of every statement except imports, docstrings and heads of functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.Import, ast.ImportFrom, *NAMED_BY_STUBS)):
            yield node.lineno, _normalise(node)


def _normalise(node: ast.stmt) -> str:
    """Return a statement as ``ast.unparse`` writes it; an assert without its message, a block by its first line."""
    if isinstance(node, ast.Assert):
        return f"assert {ast.unparse(node.test)}"
    text = ast.unparse(node)
    return text.splitlines()[0] if hasattr(node, "body") else text


def _squeeze(text: str) -> str:
    """Return text without white space and comment signs, with one kind of quotes, so that commented code still matches."""
    return re.sub(r"[\s#]", "", text).replace('"', "'")
