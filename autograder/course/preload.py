"""What is worth importing once for all submissions: the packages that the released notebooks import."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.course.course import Course


def packages(course: Course) -> list[str]:
    """Names of modules outside the standard library, from all built assignments; students' further imports are their own."""
    released = [course.assignment(name).released for name in course.assignments]
    names = {name for path in released if path.is_file() for name in _imported(path)}
    return sorted(name for name in names if name.split(".")[0] not in sys.stdlib_module_names)


def _imported(path: Path) -> Iterator[str]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        try:
            tree = ast.parse("".join(cell["source"]))
        except SyntaxError:  # a magic
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module
