"""Find faults of a source notebook before anything is built, each with its repair."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Iterator

from nbformat import NotebookNode

from autograder.course.cells import grade_id, is_check, is_grade, is_task, list_stubs
from autograder.course.course import Assignment, check_mark
from autograder.course.source import parse, place, read_source, short
from autograder.errors import UsageError
from autograder.release.bank import find_bank_faults
from autograder.release.given_names import find_overwriting_cells
from autograder.release.markers import find_marker_faults

VISIBLE_SHARE = 0.4  # least share of an assignment's points with visible checks
OUTCOME = "Nothing was written to release/."


def check_source(assignment: Assignment) -> NotebookNode:
    """Return the source notebook after checking it.

    Raises:
        UsageError: it has faults; a line for each names file, cell, fault and repair.
    """
    _check_name(assignment)
    notebook = read_source(assignment)
    parse(assignment.reference, assignment.course.private)
    faults = [
        *_find_kernel_faults(assignment, notebook),
        *_find_cell_faults(assignment, notebook),
        *_find_title_faults(assignment),
        *_find_point_faults(assignment, notebook),
        *_find_file_faults(assignment),
        *_find_name_faults(assignment, notebook),
        *find_bank_faults(assignment),
    ]
    if faults:
        raise UsageError("\n".join(faults))
    return notebook


def _check_name(assignment: Assignment) -> None:
    """Check the assignment's name, which becomes part of names in Python, nbgrader and the platforms.

    Raises:
        UsageError: one of them does not allow it.
    """
    if not re.fullmatch(r"[\w.-]+", assignment.name):
        better = re.sub(r"[^\w.-]+", "_", assignment.name.strip())
        raise UsageError(
            f"{short(assignment, assignment.source.parent)}: '{assignment.name}' is no name for an assignment; it may have"
            f" letters, digits, '_', '-' and '.', and no blank. {OUTCOME} Rename the folder and its notebook, such as to"
            f" '{better}', and the files of solutions/ and tests/ with them."
        )


def _find_kernel_faults(assignment: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """Yield a line if the notebook's metadata name another language than Python."""
    kernel, language = (notebook.metadata.get(key) or {} for key in ("kernelspec", "language_info"))
    said = {"kernelspec.language": kernel.get("language"), "language_info.name": language.get("name")}
    if not any(said.values()):
        said = {"kernelspec.name": kernel.get("name")}
    for key, value in [(key, value) for key, value in said.items() if value and "python" not in str(value).lower()][:1]:
        yield (
            f"{short(assignment, assignment.source)}: its metadata say {key} = '{value}', and students answer in Python."
            f" {OUTCOME} Choose a Python kernel in Jupyter, save, then build again."
        )


def _find_cell_faults(assignment: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """Yield the faults of single cells."""
    ids = Counter(cell.get("id") for cell in notebook.cells)
    grade_ids = Counter(grade_id(cell) for cell in notebook.cells if grade_id(cell))
    reference = _read_signatures(assignment)
    for number, cell in enumerate(notebook.cells, 1):
        where = place(assignment, number, cell)
        yield from _find_identity_faults(where, cell, ids, grade_ids)
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"{where}: was saved with its output. {OUTCOME} Clear all outputs, save, then build again."
        for line, fault, repair in find_marker_faults(cell):
            yield f"{where}, line {line}: {fault}\n    {OUTCOME} {repair}, then build again."
        try:
            for stub in list_stubs(cell):
                yield from _find_stub_faults(where, stub, reference, short(assignment, assignment.reference))
        except SyntaxError as error:
            yield f"{where}, line {error.lineno}: cannot be read as Python: {error.msg}"


def _find_identity_faults(
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


def _find_name_faults(assignment: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """Yield a line for each locked cell that may overwrite a student's function."""
    for number, cell, names in find_overwriting_cells(notebook):
        listed, example = " and ".join(f"'{name}'" for name in names), names[0].strip("_")
        yield (
            f"{place(assignment, number, cell)}: gives {listed} after the first answer, and would overwrite a student's own function"
            f" of that name.\n    {OUTCOME} Use names of two words, such as 'example_{example}', or give them before the first"
            " answer, then build again."
        )


def _find_title_faults(assignment: Assignment) -> Iterator[str]:
    """Yield a line for each check without a docstring."""
    for path in sorted(assignment.tests.glob("test_*.py")):
        for node in ast.walk(parse(path, assignment.course.private)):
            if isinstance(node, ast.FunctionDef) and check_mark(node) and not ast.get_docstring(node):
                yield (
                    f"{short(assignment, path)}, line {node.lineno}: the check {node.name} has no docstring. Give it one: its"
                    " first line is the title that students read."
                )


def _find_stub_faults(where: str, stub: ast.FunctionDef, reference: dict[str, str], file: str) -> Iterator[str]:
    wanted = _write_signature(stub)
    if stub.name not in reference:
        yield f"{where}: asks for {wanted}, and {file} has no function of that name. Add the reference."
    elif reference[stub.name] != wanted:
        yield f"{where}: asks for {wanted}, and {file} has {reference[stub.name]}. Give both the same signature."


def _find_point_faults(assignment: Assignment, notebook: NotebookNode) -> Iterator[str]:
    """Yield a line for each difference between the points of the notebook and of the hidden checks."""
    source, tests = short(assignment, assignment.source), short(assignment, assignment.tests)
    for number, cell in enumerate(notebook.cells, 1):
        if (is_grade(cell) or is_task(cell)) and _read_points(cell) is None:
            said, group = cell.metadata.nbgrader.get("points"), assignment.questions.get(grade_id(cell))
            wanted = (
                f"the {sum(check.points for check in group[1]):g} of its hidden checks" if group else "a number of them"
            )
            yield (
                f"{place(assignment, number, cell)}: is graded and has {'no' if said is None else repr(said)} points."
                f" Give it {wanted}, in Jupyter's Create Assignment or as 'points' of its nbgrader metadata."
            )
    cells = {grade_id(cell): (n, cell) for n, cell in enumerate(notebook.cells, 1) if is_check(cell)}
    for question, (_, checks) in assignment.questions.items():
        total = sum(check.points for check in checks)
        if question not in cells:
            yield (
                f"{source}: has no check cell '{question}' for {_find_test_file(assignment, question)}."
                f" Add one with grade_id '{question}' and {total:g} points."
            )
        elif (points := _read_points(cells[question][1])) is not None and points != total:
            yield (
                f"{place(assignment, *cells[question])}: offers {points:g} points, but the checks in"
                f" {_find_test_file(assignment, question)} add up to {total:g}."
                f"\n    Set the cell to {total:g} points, or give the checks {points:g}."
            )
    for question in cells.keys() - assignment.questions.keys():
        where = place(assignment, *cells[question])
        yield f"{where}: has no hidden check in {tests}. Add test_{question}_….py, or unmark the cell."


def _find_file_faults(assignment: Assignment) -> Iterator[str]:
    """Yield the faults of the assignment's files as a whole."""
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


def _read_points(cell: NotebookNode) -> float | None:
    """Return the points that a cell offers; None if they are no number."""
    points = cell.metadata.nbgrader.get("points")
    return float(points) if isinstance(points, int | float) and not isinstance(points, bool) else None


def _find_test_file(assignment: Assignment, question: str) -> str:
    files = sorted(assignment.tests.glob(f"test_{question}_*.py"))
    return short(assignment, files[0] if files else assignment.tests)


def _read_signatures(assignment: Assignment) -> dict[str, str]:
    """Return name -> signature of the reference's functions."""
    body = parse(assignment.reference, assignment.course.private).body
    return {node.name: _write_signature(node) for node in body if isinstance(node, ast.FunctionDef)}


def _write_signature(function: ast.FunctionDef) -> str:
    """Return a function's name, parameters and defaults, without annotations."""
    return f"{function.name}({ast.unparse(_Bare().visit(copy.deepcopy(function.args)))})"


class _Bare(ast.NodeTransformer):
    """A transformer that removes the annotations of parameters."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)
