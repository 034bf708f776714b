"""Find faults of the markers in source cells: they must pair up and enclose whole statements."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.course.cells import is_solution

MARKED_REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
Fault = tuple[int, str, str]  # line, what is wrong, repair
_LAYOUT = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def find_marker_faults(cell: NotebookNode) -> Iterator[Fault]:
    """Yield the faults of a cell's markers."""
    lines = cell.source.splitlines()
    for region in MARKED_REGIONS:
        faults = [*_find_unpaired(lines, region)]
        yield from faults or (_find_halves(cell.source, region) if cell.cell_type == "code" else ())
    if "BEGIN SOLUTION" in cell.source and not is_solution(cell):
        line = next(n for n, text in enumerate(lines, 1) if "BEGIN SOLUTION" in text)
        yield line, "a solution stands in a cell that is no solution cell.", "Mark the cell as 'solution'"


def _find_unpaired(lines: list[str], region: str) -> Iterator[Fault]:
    """Yield markers that do not pair up; nbgrader drops a lone END and releases the lines that it closed."""
    begin, end, opened = f"### BEGIN {region}", f"### END {region}", 0
    for number, line in enumerate(lines, 1):
        if f"BEGIN {region}" in line:
            if opened:
                yield (
                    number,
                    f"'{begin}' stands inside the region that line {opened} begins.",
                    f"Add '{end}' above it",
                )
            opened = number
        elif f"END {region}" in line:
            if not opened:
                yield number, f"'{end}' has no '{begin}' above it.", "Add the missing marker"
            opened = 0
    if opened:
        yield opened, f"'{begin}' has no '{end}' below it.", "Add the missing marker"


def _find_halves(source: str, region: str) -> Iterator[Fault]:
    """Yield markers inside a statement, of which students would receive the other half."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):  # told elsewhere, or a magic
        return
    spans = _find_logical_lines(source)
    for begin, end in _find_regions(source.splitlines(), region):
        cut = [(b, e) for b, e in spans if b < begin <= e or b <= end < e] or [
            *_find_cut_blocks(body, begin, end, spans)
        ]
        if cut:
            first, last = cut[0]
            yield (
                begin,
                f"the region from here to line {end} cuts the statement of lines {first} to {last} in two, and students"
                " would receive the rest of it.",
                "Put the markers around whole statements",
            )


def _find_regions(lines: list[str], region: str) -> Iterator[tuple[int, int]]:
    """Return the lines of the markers of each region; the markers pair up."""
    begins = [n for n, line in enumerate(lines, 1) if f"BEGIN {region}" in line]
    ends = [n for n, line in enumerate(lines, 1) if f"END {region}" in line]
    return zip(begins, ends, strict=True)


def _find_logical_lines(source: str) -> list[tuple[int, int]]:
    """Return first and last line of each simple statement and each head of a block."""
    spans: list[tuple[int, int]] = []
    start = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            spans.append((start, token.end[0]))
            start = 0
        elif token.type not in _LAYOUT:
            start = start or token.start[0]
    return spans


def _find_cut_blocks(
    block: list[ast.stmt], begin: int, end: int, spans: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield statements such as an ``if`` of which the region holds more than a part of one block, and not the rest."""
    for statement in block:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        inside = [line for line, _ in spans if max(begin, first) <= line <= min(end, last)]
        left_behind = any(end < line <= last for line, _ in spans)
        parts = [part for name in _BLOCKS for part in _list_parts(getattr(statement, name, []))]
        whole = any(
            part[0].lineno <= min(inside) and max(inside) <= (part[-1].end_lineno or 0) for part in parts if inside
        )
        if inside and left_behind and not whole:
            yield first, last
        if begin > first:
            for part in parts:
                yield from _find_cut_blocks(part, begin, end, spans)


def _list_parts(nodes: list[ast.AST]) -> Iterator[list[ast.stmt]]:
    """Yield the statements of a block; for ``except`` and ``case`` clauses those of each."""
    clauses = [node.body for node in nodes if isinstance(node, ast.ExceptHandler | ast.match_case)]
    yield from clauses or ([[node for node in nodes if isinstance(node, ast.stmt)]] if nodes else [])
