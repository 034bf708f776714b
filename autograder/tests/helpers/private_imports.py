"""A contract for import-linter: names that begin with an underscore are used in the room that defines them, and in no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PrivateNames(Contract):
    """Break where a module uses a private name, or a private module, of another room.

    A room is a package in the container, or a module that lies there alone.
    """

    container = fields.ModuleField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        container: str = self.container.name  # type: ignore[attr-defined]
        modules = sorted(name for name in graph.modules if name.startswith(f"{container}."))
        found = [line for module in modules for line in borrowed(module, container)]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(line)


def borrowed(module: str, container: str) -> Iterator[str]:
    """Yield a line for each private name that a module uses from another room."""
    spec: Any = find_spec(module)
    path = Path(spec.origin)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: dict[str, str] = {}  # name in this module -> what it stands for
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(container):
            for alias in node.names:
                imported[alias.asname or alias.name] = name = f"{node.module}.{alias.name}"
                if _is_anothers(name, module, container):
                    yield f"{path.name}, line {node.lineno}: imports {name}, which is private there"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            name = f"{imported[node.value.id]}.{node.attr}"
            if _is_anothers(name, module, container):
                yield f"{path.name}, line {node.lineno}: uses {name}, which is private there"


def _is_anothers(name: str, module: str, container: str) -> bool:
    """Whether a dotted name is private, and its room not the module's."""
    parts, own = (dotted.removeprefix(f"{container}.").split(".") for dotted in (name, module))
    return parts[0] != own[0] and any(part.startswith("_") and not part.endswith("__") for part in parts)
