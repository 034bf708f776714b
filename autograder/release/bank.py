"""Find faults of a bank of misconceptions without running it."""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Iterator

from autograder.course.course import Assignment
from autograder.course.source import parse, short
from autograder.errors import UsageError
from autograder.release.inline import find_borrowed_names, find_defined_names, make_private_name
from autograder.release.wrong_answers import read_wrong_answers


def find_bank_faults(assignment: Assignment) -> Iterator[str]:
    """Yield a line for each misconception that has no name or hint, cannot run, or does what the reference does."""
    path, root = assignment.misconceptions, assignment.course.private
    if not path.is_file():
        return
    module, reference = parse(path, root), parse(assignment.reference, root)
    right = {node.name: node for node in reference.body if isinstance(node, ast.FunctionDef)}
    own = ast.parse(f"import solutions.{assignment.name}").body if assignment.name.isidentifier() else []
    imports = {ast.dump(node) for node in (*own, *reference.body) if isinstance(node, ast.Import | ast.ImportFrom)}
    names = {name for node in (*module.body, *reference.body) for name in find_defined_names(node)} | {*dir(builtins)}
    try:
        answers = read_wrong_answers(path)
    except UsageError as error:
        yield str(error)
        return
    for answer in answers:
        function, text = answer.function, answer.text
        where = f"{short(assignment, path)}, line {answer.line}: the misconception '{answer.label}'"
        if not answer.named and answer.form:
            yield f'{where} has no name. Give it name="…", which says what was done in words of students.'
        elif not answer.named:
            yield f"{where} has no docstring. Give it one: its first line is the name that students read."
        if not answer.hinted:
            yield f'{where} has no hint. Give it hint="…", a question that moves the student on.'
        if unknown := sorted(find_borrowed_names(text) - names - {make_private_name(function)}):
            yield (
                f"{where} uses '{unknown[0]}', which neither its file nor {short(assignment, assignment.reference)} has."
                " Import or define it inside the function."
            )
        [wrong] = ast.parse(
            text.replace(f"solutions.{assignment.name}.{function}(", f"{make_private_name(function)}(")
        ).body
        if function in right and isinstance(wrong, ast.FunctionDef) and _is_same(wrong, right[function], imports):
            yield (
                f"{where} does what {function} in {short(assignment, assignment.reference)} does, and no check can notice"
                " that. Let it make its mistake, or remove it."
            )


def _is_same(wrong: ast.FunctionDef, right: ast.FunctionDef, imports: set[str]) -> bool:
    """Tell whether a misconception certainly does what the reference does: it has the same statements, or only calls it."""
    handed_on = ast.FunctionDef(**{**vars(right), "body": [_make_call(make_private_name(right.name), right.args)]})
    return _describe(wrong, imports) in (_describe(right, imports), _describe(handed_on, imports))


def _make_call(function: str, parameters: ast.arguments) -> ast.stmt:
    """Return a statement that passes all parameters on to a function."""
    placed = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
    named = [f"{arg.arg}={arg.arg}" for arg in parameters.kwonlyargs]
    return ast.parse(f"return {function}({', '.join([*placed, *named])})").body[0]


def _describe(function: ast.FunctionDef, imports: set[str]) -> str:
    """Return a function's syntax tree as text, without docstring, types and its own names."""
    body = function.body if ast.get_docstring(function) is None else function.body[1:]
    body = _join_return([node for node in body if ast.dump(node) not in imports])
    bare = copy.deepcopy(ast.Module([ast.FunctionDef("f", function.args, body, [])], []))
    numbers: dict[str, str] = {}
    for node in ast.walk(bare):
        if isinstance(node, ast.arg):
            node.annotation = None
            node.arg = numbers.setdefault(node.arg, f"{len(numbers)}")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            numbers.setdefault(node.id, f"{len(numbers)}")
    for node in ast.walk(bare):
        if isinstance(node, ast.Name):
            node.id = numbers.get(node.id, node.id)
    return ast.dump(bare)


def _join_return(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the statements, with ``x = f(a)`` and ``return x`` at the end joined into one."""
    match body[-2:]:
        case [ast.Assign([ast.Name(name)], value), ast.Return(ast.Name(returned))] if name == returned:
            return [*body[:-2], ast.Return(value)]
    return body
