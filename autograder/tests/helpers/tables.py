"""Tables of Markdown pages."""

from __future__ import annotations

from pathlib import Path


def table(page: Path, heading: str) -> list[list[str]]:
    """The cells, without backticks, of the rows of the table whose first line is ``heading``."""
    rows = page.read_text(encoding="utf-8").partition(f"{heading}\n")[2].splitlines()[1:]
    end = next((i for i, row in enumerate(rows) if not row.startswith("|")), len(rows))
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in rows[:end]]
