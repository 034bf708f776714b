"""Rewrite parts of code with libcst: brackets around operands, arguments and names of calls."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import libcst as cst
from libcst import matchers as m

Replacement = tuple[str, cst.CSTNode]
Operator = Callable[[cst.CSTNode], Iterator[Replacement]]


def parse_expression(code: str) -> cst.BaseExpression:
    """Return code as an expression; in brackets where it spans lines without any."""
    return cst.parse_expression(code if _is_whole(code) else f"({code})")


def _is_whole(code: str) -> bool:
    """Tell whether code is an expression without further brackets, even over several lines."""
    try:
        cst.parse_expression(code)
    except cst.ParserSyntaxError:
        return False
    return True


def write_code(node: cst.CSTNode) -> str:
    """Return a node's source."""
    return cst.Module(body=[]).code_for_node(node)


_BINDS_WEAKLY = (
    m.BinaryOperation()
    | m.BooleanOperation()
    | m.Comparison()
    | m.IfExp()
    | m.Lambda()
    | m.NamedExpr()
    | m.UnaryOperation(operator=m.Not())
)


def bracket_operand(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an operand, in brackets where it would fall apart without them."""
    if not node.lpar and (m.matches(node, _BINDS_WEAKLY) or not _is_whole(write_code(node))):
        return add_brackets(node)
    return node


def add_brackets(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression in one more pair of brackets."""
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def extract_part(whole: cst.BaseExpression, part: cst.BaseExpression) -> cst.BaseExpression:
    """Return a part that replaces the whole, in brackets where the whole has some: operators around them must not split the part."""
    return bracket_operand(part) if whole.lpar else part


def keep_arguments(call: cst.Call, arguments: Sequence[cst.Arg]) -> cst.Call:
    """Return a call with only these of its arguments."""
    last = [a.with_changes(comma=cst.MaybeSentinel.DEFAULT) for a in arguments[-1:]]
    return call.with_changes(args=[*arguments[:-1], *last])


def change_arguments(call: cst.Call, values: dict[cst.Arg, str]) -> cst.Call:
    """Return a call with other values for some of its arguments."""
    arguments = [a.with_changes(value=parse_expression(values[a])) if a in values else a for a in call.args]
    return call.with_changes(args=arguments)


def find_function_name(call: cst.Call) -> str:
    """Return the last part of a called function's name; empty where it has none."""
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def rename_function(call: cst.Call, name: str) -> cst.Call:
    """Return a call of another function of the same module or object."""
    if isinstance(call.func, cst.Attribute):
        return call.with_changes(func=call.func.with_changes(attr=cst.Name(name)))
    return call.with_changes(func=cst.Name(name))


def match_arguments(call: cst.Call, *parameters: str) -> dict[str, cst.Arg]:
    """Return parameter -> argument of a call: positional arguments first, then keyword arguments."""
    placed = itertools.takewhile(lambda a: a.keyword is None and not a.star, call.args)
    named = {a.keyword.value: a for a in call.args if a.keyword is not None}
    return dict(zip(parameters, placed, strict=False)) | named
