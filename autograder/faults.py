"""Faults of a source notebook: found before anything is built, each named with its repair."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode
from nbgrader.utils import is_solution

from autograder.course import Assignment
from autograder.errors import UsageError
from autograder.source import grade_id, is_check, parse, place, read_source, short, stubs

VISIBLE_SHARE = 0.4  # of an assignment's points: below that, students would work in the dark
MARKED_REGIONS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
OUTCOME = "Nothing was written to release/."


def check_source(assignment: Assignment) -> NotebookNode:
    """The source notebook, found faultless.

    Raises:
        UsageError: with a line for every fault; each names file and cell, what is wrong, and the repair.
    """
    notebook = read_source(assignment)
    parse(assignment.reference, assignment.course.private)
    for path in sorted(assignment.tests.glob("test_*.py")):
        parse(path, assignment.course.private)
    faults = [*_cell_faults(assignment, notebook), *_point_faults(assignment, notebook), *_file_faults(assignment)]
    if faults:
        raise UsageError("\n".join(faults))
    return notebook


def _cell_faults(assignment: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """What is wrong in single cells."""
    ids = Counter(cell.get("id") for cell in notebook.cells)
    grade_ids = Counter(grade_id(cell) for cell in notebook.cells if grade_id(cell))
    reference = _signatures(assignment)
    for number, cell in enumerate(notebook.cells, 1):
        where = place(assignment, number, cell)
        yield from _identity_faults(where, cell, ids, grade_ids)
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"{where}: was saved with its output. {OUTCOME} Clear all outputs, save, then build again."
        for line, fault, repair in _marker_faults(cell):
            yield f"{where}, line {line}: {fault}\n    {OUTCOME} {repair}, then build again."
        try:
            for stub in stubs(cell):
                yield from _stub_faults(where, stub, reference, short(assignment, assignment.reference))
        except SyntaxError as error:
            yield f"{where}, line {error.lineno}: cannot be read as Python: {error.msg}"


def _identity_faults(
    where: str, cell: NotebookNode, ids: Counter[str | None], grade_ids: Counter[str]
) -> Iterator[str]:
    name, given = cell.get("id"), grade_id(cell)
    if not name:
        yield f"{where}: has no cell id. Save the notebook with a recent Jupyter, which writes format 4.5."
    elif ids[name] > 1:
        yield f"{where}: has the cell id '{name}', and so has another cell. Give each its own."
    elif given and given != name:
        yield f"{where}: has the cell id '{name}' and the grade_id '{given}'. Make them equal."
    if grade_ids[given] > 1:
        yield f"{where}: has the grade_id '{given}', and so has another cell. Give each its own."


def _marker_faults(cell: NotebookNode) -> Iterator[tuple[int, str, str]]:
    """(line, fault, repair) of markers that do not pair up; nbgrader drops a lone END and releases what it closed."""
    for region in MARKED_REGIONS:
        begin, end, opened = f"### BEGIN {region}", f"### END {region}", 0
        lines = cell.source.splitlines()
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
    if "BEGIN SOLUTION" in cell.source and not is_solution(cell):
        line = next(n for n, text in enumerate(lines, 1) if "BEGIN SOLUTION" in text)
        yield line, "a solution stands in a cell that is no solution cell.", "Mark the cell as 'solution'"


def _stub_faults(where: str, stub: ast.FunctionDef, reference: dict[str, str], file: str) -> Iterator[str]:
    wanted = _signature(stub)
    if stub.name not in reference:
        yield f"{where}: asks for {wanted}, and {file} has no function of that name. Add the reference."
    elif reference[stub.name] != wanted:
        yield f"{where}: asks for {wanted}, and {file} has {reference[stub.name]}. Give both the same signature."


def _point_faults(assignment: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """Where the notebook's points and the hidden checks' do not agree."""
    source, tests = short(assignment, assignment.source), short(assignment, assignment.tests)
    cells = {grade_id(cell): (n, cell) for n, cell in enumerate(notebook.cells, 1) if is_check(cell)}
    for question, (_, checks) in assignment.questions.items():
        total = sum(check.points for check in checks)
        if question not in cells:
            yield (
                f"{source}: has no check cell '{question}' for {_test_file(assignment, question)}."
                f" Add one with grade_id '{question}' and {total:g} points."
            )
        elif (points := float(cells[question][1].metadata.nbgrader.get("points", 0))) != total:
            yield (
                f"{place(assignment, *cells[question])}: offers {points:g} points, but the checks in"
                f" {_test_file(assignment, question)} add up to {total:g}."
                f"\n    Set the cell to {total:g} points, or give the checks {points:g}."
            )
    for question in cells.keys() - assignment.questions.keys():
        where = place(assignment, *cells[question])
        yield f"{where}: has no hidden check in {tests}. Add test_{question}_….py, or unmark the cell."


def _file_faults(assignment: Assignment) -> Iterator[str]:
    """What is wrong with the assignment's files as a whole."""
    for path in sorted(assignment.source.parent.glob("*.ipynb")):
        if path != assignment.source:
            yield f"{short(assignment, path)}: would be released beside {assignment.source.name}. Move it elsewhere."
    checks = [check for _, group in assignment.questions.values() for check in group]
    visible = sum(check.points for check in checks if check.visible)
    if visible < VISIBLE_SHARE * assignment.max_points:
        yield (
            f"{short(assignment, assignment.tests)}: {visible:g} of {assignment.max_points:g} points are visible, and"
            f" at least {VISIBLE_SHARE:.0%} must be. Show more checks in the notebook, and mark them visible=True."
        )


def _test_file(assignment: Assignment, question: str) -> str:
    files = sorted(assignment.tests.glob(f"test_{question}_*.py"))
    return short(assignment, files[0] if files else assignment.tests)


def _signatures(assignment: Assignment) -> dict[str, str]:
    """The reference's functions: name -> signature."""
    body = parse(assignment.reference, assignment.course.private).body
    return {node.name: _signature(node) for node in body if isinstance(node, ast.FunctionDef)}


def _signature(function: ast.FunctionDef) -> str:
    """A function's name, parameters and defaults, without annotations."""
    return f"{function.name}({ast.unparse(_Bare().visit(copy.deepcopy(function.args)))})"


class _Bare(ast.NodeTransformer):
    """Takes the annotations off parameters."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)
