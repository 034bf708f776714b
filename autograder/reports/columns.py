"""Columns of a platform's file that have another title than their assignment: given once, then kept in grader_config.py."""

from __future__ import annotations

import ast
import json
import re
import stat
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder import files
from autograder.course.config import CONFIG_FILE, load_settings
from autograder.course.course import Course
from autograder.errors import UsageError


def read_named_columns(given: Sequence[str], assignments: Sequence[str]) -> dict[str, str]:
    """Read ``padding=Homework 1``, or ``Homework 1`` where there is one assignment, into assignment -> title.

    Raises:
        UsageError: a text does not say which assignment its title is for.

    >>> read_named_columns(["padding=Homework 1: pad"], ["padding", "shapes"])
    {'padding': 'Homework 1: pad'}
    >>> read_named_columns(["a = b"], ["padding"])
    {'padding': 'a = b'}
    """
    found = {}
    for text in given:
        name, equals, title = text.partition("=")
        if not equals or name.strip() not in assignments:
            if len(assignments) != 1:
                known = ", ".join(assignments) or "none"
                raise UsageError(
                    f"--column {json.dumps(text, ensure_ascii=False)}: does not say for which assignment. Add --assignment, or write"
                    f' --column "ASSIGNMENT=TITLE"; there are grades for: {known}.'
                )
            name, title = assignments[0], text
        found[name.strip()] = title.strip()
    return found


def remember_columns(course: Course, columns: Mapping[str, str]) -> list[str]:
    """Write new titles into grader_config.py; return a line for each, which says so or what to write by hand."""
    path = course.root / CONFIG_FILE
    lines = []
    for name, title in columns.items():
        if course.settings.course.columns.get(name) == title:
            continue
        try:
            _rewrite(path.resolve(), name, title)
            lines.append(f"{name}: {path} remembers the column '{title}'.")
        except (OSError, UnicodeDecodeError, SyntaxError, UsageError) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
            lines.append(
                f"{name}: {path} cannot remember the column ({reason}). Write there: {_statement('c', name, title)}"
            )
    return lines


def _rewrite(path: Path, name: str, title: str) -> None:
    """Change one value in the file, or add one line. Replace the file only after the new text was loaded and gave the title.

    Raises:
        UsageError: the new text does not give it.
    """
    text = path.read_bytes().decode()
    content = set_column(text, name, title).encode()
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".py") as draft:
        draft.write(content)
        draft.flush()
        if load_settings(Path(draft.name)).course.columns.get(name) != title:
            raise UsageError("another line in it decides")
    mode = stat.S_IMODE(path.stat().st_mode)
    files.write_whole(path, content)
    path.chmod(mode)


def set_column(text: str, name: str, title: str) -> str:
    """Return the text of a grader_config.py with an assignment's column set; the instructor's other lines stay as they are.

    >>> print(set_column("config = get_config()", "padding", "Homework 1"))
    config = get_config()
    config.Autograder.columns.update({"padding": "Homework 1"})
    <BLANKLINE>
    >>> set_column('c.Autograder.columns = {"padding": "old", "b": "c"}  # mine', "padding", "new")
    'c.Autograder.columns = {"padding": "new", "b": "c"}  # mine'
    """
    bare = text.removeprefix("\ufeff")
    mark, tree = text[: len(text) - len(bare)], ast.parse(bare)
    if (value := _value(tree, name)) is not None:
        starts = [0, *(found.end() for found in re.finditer(rb"\r\n|\r|\n", bare.encode()))]
        first = starts[value.lineno - 1] + value.col_offset
        last = starts[(value.end_lineno or value.lineno) - 1] + (value.end_col_offset or 0)
        data = bare.encode()
        return mark + (data[:first] + _literal(title).encode() + data[last:]).decode()
    newline = "\r\n" if "\r\n" in bare else "\n"
    end = "" if not bare or bare.endswith(("\n", "\r")) else newline
    return f"{text}{end}{_statement(_config_name(tree), name, title)}{newline}"


def _statement(config: str, name: str, title: str) -> str:
    return f"{config}.Autograder.columns.update({{{_literal(name)}: {_literal(title)}}})"


def _literal(text: str) -> str:
    """Write a text as Python does, in double quotes where all its characters can be printed.

    >>> _literal('Übung "1"'), _literal(chr(0x202E))
    ('"Übung \\\\"1\\\\""', "'\\\\u202e'")
    """
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else ascii(text)


def _config_name(tree: ast.Module) -> str:
    """Find the name that the file gives its configuration."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="get_config"))):
                return name
    return "get_config()"


def _value(tree: ast.Module, name: str) -> ast.Constant | None:
    """Find the last text that the file gives as the assignment's column."""
    found = None
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Attribute(attr="columns", value=ast.Attribute(attr="Autograder"))],
                value=ast.Dict() as columns,
            ):
                pass
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(attr="update", value=ast.Attribute(attr="columns")), args=[ast.Dict() as columns]
                )
            ):
                pass
            case _:
                continue
        for key, value in zip(columns.keys, columns.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == name and isinstance(value, ast.Constant):
                found = value
    return found
