"""Mutation operators for Python code: each yields the replacements of one kind of node."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import libcst as cst
from libcst import matchers as m

from autograder.quality.rewriting import (
    Operator,
    Replacement,
    add_brackets,
    bracket_operand,
    change_arguments,
    extract_part,
    find_function_name,
    keep_arguments,
    parse_expression,
    rename_function,
    write_code,
)


def _change_integer(node: cst.CSTNode) -> Iterator[Replacement]:
    value = cst.ensure_type(node, cst.Integer).evaluated_value
    yield "constant", parse_expression(str(value + 1))
    if value > 0:
        yield "constant", parse_expression(str(value - 1))
    if value > 1:
        yield "constant", parse_expression(str(2 * value))


def _change_float(node: cst.CSTNode) -> Iterator[Replacement]:
    value = cst.ensure_type(node, cst.Float).evaluated_value
    yield "constant", parse_expression(repr(value + 1.0))
    if value:
        yield "constant", parse_expression(repr(value / 10))
        yield "constant", parse_expression(repr(value * 1.5))


def _drop_sign(node: cst.CSTNode) -> Iterator[Replacement]:
    """Drop the minus of ``-1`` and the like, and the ``not`` of a condition."""
    operation = cst.ensure_type(node, cst.UnaryOperation)
    if isinstance(operation.operator, cst.Minus):
        yield "sign", operation.expression
    elif isinstance(operation.operator, cst.Not):
        yield "negated condition", add_brackets(operation.expression)


COMPARISONS: dict[type[cst.BaseCompOp], tuple[type[cst.BaseCompOp], ...]] = {
    cst.LessThan: (cst.LessThanEqual, cst.GreaterThanEqual),
    cst.LessThanEqual: (cst.LessThan, cst.GreaterThan),
    cst.GreaterThan: (cst.GreaterThanEqual, cst.LessThanEqual),
    cst.GreaterThanEqual: (cst.GreaterThan, cst.LessThan),
    cst.Equal: (cst.NotEqual,),
    cst.NotEqual: (cst.Equal,),
    cst.In: (cst.NotIn,),
    cst.NotIn: (cst.In,),
    cst.Is: (cst.IsNot,),
    cst.IsNot: (cst.Is,),
}
ARITHMETIC: dict[type[cst.BaseBinaryOp], tuple[type[cst.BaseBinaryOp], ...]] = {
    cst.Add: (cst.Subtract, cst.Multiply),
    cst.Subtract: (cst.Add,),
    cst.Multiply: (cst.Add, cst.Divide),
    cst.Divide: (cst.Multiply, cst.FloorDivide),
    cst.FloorDivide: (cst.Divide, cst.Multiply),
    cst.Modulo: (cst.FloorDivide,),
    cst.Power: (cst.Multiply,),
    cst.MatrixMultiply: (cst.Multiply,),
    cst.BitAnd: (cst.BitOr,),
    cst.BitOr: (cst.BitAnd,),
}
NOT_COMMUTATIVE = (cst.Subtract, cst.Divide, cst.FloorDivide, cst.MatrixMultiply, cst.Power, cst.Modulo)


def _change_comparison(node: cst.CSTNode) -> Iterator[Replacement]:
    target = cst.ensure_type(node, cst.ComparisonTarget)
    for kind in COMPARISONS.get(type(target.operator), ()):
        yield "comparison", target.with_changes(operator=kind())


def _change_arithmetic(node: cst.CSTNode) -> Iterator[Replacement]:
    operation = cst.ensure_type(node, cst.BinaryOperation)
    for kind in ARITHMETIC.get(type(operation.operator), ()):
        yield "arithmetic", operation.with_changes(operator=kind())
    for side in (operation.left, operation.right):
        yield "operand left out", bracket_operand(side)
    if isinstance(operation.operator, NOT_COMMUTATIVE):
        left, right = bracket_operand(operation.left), bracket_operand(operation.right)
        yield "operands swapped", operation.with_changes(left=right, right=left)


def _change_increment(node: cst.CSTNode) -> Iterator[Replacement]:
    statement = cst.ensure_type(node, cst.AugAssign)
    swapped: dict[type[cst.BaseAugOp], type[cst.AddAssign] | type[cst.SubtractAssign]] = {
        cst.AddAssign: cst.SubtractAssign,
        cst.SubtractAssign: cst.AddAssign,
        cst.MultiplyAssign: cst.AddAssign,
    }
    if kind := swapped.get(type(statement.operator)):
        yield "arithmetic", statement.with_changes(operator=kind())
    target = cst.AssignTarget(target=statement.target)
    yield "assigned, not added", cst.Assign(targets=[target], value=statement.value)


def _change_boolean(node: cst.CSTNode) -> Iterator[Replacement]:
    operation = cst.ensure_type(node, cst.BooleanOperation)
    other = cst.Or() if isinstance(operation.operator, cst.And) else cst.And()
    yield "and, or", operation.with_changes(operator=other)
    yield "operand left out", extract_part(operation, operation.left)
    yield "operand left out", extract_part(operation, operation.right)


def _flip_truth(node: cst.CSTNode) -> Iterator[Replacement]:
    value = cst.ensure_type(node, cst.Name).value
    yield "constant", cst.Name({"True": "False", "False": "True"}[value])


def _choose_branch(node: cst.CSTNode) -> Iterator[Replacement]:
    chosen = cst.ensure_type(node, cst.IfExp)
    yield "one branch always", extract_part(chosen, chosen.body)
    yield "one branch always", extract_part(chosen, chosen.orelse)


def _fix_condition(node: cst.CSTNode) -> Iterator[Replacement]:
    branch = cst.ensure_type(node, cst.If)
    for truth in ("True", "False"):
        changed = branch.with_changes(test=cst.Name(truth), whitespace_before_test=cst.SimpleWhitespace(" "))
        yield "one branch always", changed


def _drop_filter(node: cst.CSTNode) -> Iterator[Replacement]:
    loop = cst.ensure_type(node, cst.CompFor)
    if loop.ifs:
        yield "filter left out", loop.with_changes(ifs=[])


def _change_slice(node: cst.CSTNode) -> Iterator[Replacement]:
    part = cst.ensure_type(node, cst.Slice)
    for side in ("lower", "upper"):
        bound = getattr(part, side)
        if bound is None:
            continue
        yield "slice", part.with_changes(**{side: None})
        for change in ("+ 1", "- 1"):
            yield (
                "off by one",
                part.with_changes(**{side: parse_expression(f"{write_code(bracket_operand(bound))} {change}")}),
            )


def _change_index(node: cst.CSTNode) -> Iterator[Replacement]:
    place = cst.ensure_type(node, cst.Index)
    if m.matches(place.value, m.UnaryOperation(operator=m.Minus(), expression=m.Integer(value="1"))):
        yield "off by one", place.with_changes(value=parse_expression("0"))
    elif not isinstance(place.value, cst.Integer | cst.SimpleString):
        for change in ("+ 1", "- 1"):
            yield (
                "off by one",
                place.with_changes(value=parse_expression(f"{write_code(bracket_operand(place.value))} {change}")),
            )


TEXTS = {
    "pre": ["post"],
    "post": ["pre"],
    "sigmoid": ["tanh", "softmax", "relu"],
    "relu": ["sigmoid", "linear"],
    "tanh": ["relu", "linear"],
    "softmax": ["sigmoid"],
    "adam": ["sgd"],
    "rmsprop": ["sgd"],
    "sgd": ["adam"],
    "binary_crossentropy": ["mse", "hinge"],
    "categorical_crossentropy": ["mse"],
    "sparse_categorical_crossentropy": ["mse"],
    "mse": ["mae"],
    "mean_squared_error": ["mae"],
    "mae": ["mse"],
    "mean_absolute_error": ["mse"],
    "accuracy": ["mse"],
    "float32": ["float64", "int32"],
    "float64": ["float32"],
    "int32": ["int64", "float32"],
}


def _change_text(node: cst.CSTNode) -> Iterator[Replacement]:
    """Replace an option of Keras or numpy by another one; add a letter to any other string."""
    text = cst.ensure_type(node, cst.SimpleString).evaluated_value
    if isinstance(text, str):
        for other in TEXTS.get(text, [f"{text}X"]):
            yield "option" if text in TEXTS else "constant", cst.SimpleString(repr(other))


#: Keyword arguments without effect on valid inputs.
WITHOUT_EFFECT = ("strict", "verbose")
NEUTRAL = {
    "copy": "view, not copy",
    "astype": "dtype",
    "lower": "method left out",
    "reshape": "shape",
    "ravel": "shape",
}
WRAPPING = {
    "ravel": "shape",
    "squeeze": "shape",
    "sorted": "order",
    "set": "function left out",
    "float": "function left out",
    "int": "function left out",
    "abs": "function left out",
    "square": "function left out",
    "tanh": "activation",
    "Bidirectional": "layer",
    "reversed": "order",
}
OTHER_FUNCTION = {
    "argmin": "argmax",
    "argmax": "argmin",
    "min": "max",
    "max": "min",
    "mean": "sum",
    "sum": "mean",
    "std": "var",
    "zeros": "ones",
    "tanh": "sin",
    "maximum": "minimum",
    "minimum": "maximum",
    "concatenate": "stack",
    "all": "any",
    "any": "all",
}


def _change_call(node: cst.CSTNode) -> Iterator[Replacement]:
    """Drop a keyword argument, swap two positional ones, or replace the call by its argument."""
    call = cst.ensure_type(node, cst.Call)
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value not in WITHOUT_EFFECT:
            yield "argument left out", keep_arguments(call, [a for a in call.args if a is not argument])
            if argument.keyword.value == "axis":
                for axis in ("0", "1", "-1", "None"):
                    yield "axis", change_arguments(call, {argument: axis})
    plain = [a for a in call.args if a.keyword is None and not a.star]
    for one, other in itertools.pairwise(plain):
        yield "argument order", change_arguments(call, {one: write_code(other.value), other: write_code(one.value)})
    name = find_function_name(call)
    if name in NEUTRAL and isinstance(call.func, cst.Attribute):
        yield NEUTRAL[name], call.func.value
    if name in WRAPPING and plain:
        yield WRAPPING[name], bracket_operand(plain[0].value)
    if name == "range" and plain:
        last = plain[-1 if len(plain) < 3 else 1]
        for change in ("+ 1", "- 1"):
            yield "off by one", change_arguments(call, {last: f"{write_code(bracket_operand(last.value))} {change}"})
    if name in OTHER_FUNCTION:
        yield "function", rename_function(call, OTHER_FUNCTION[name])


def _swap_results(node: cst.CSTNode) -> Iterator[Replacement]:
    statement = cst.ensure_type(node, cst.Return)
    if isinstance(statement.value, cst.Tuple) and len(statement.value.elements) == 2:
        one, other = statement.value.elements
        swapped = statement.value.with_changes(elements=[cst.Element(other.value), cst.Element(one.value)])
        yield "order of results", statement.with_changes(value=swapped)


_EFFECT = m.Expr() | m.AugAssign() | m.Assign(targets=[m.AssignTarget(target=~m.Name())])


def _drop_statement(node: cst.CSTNode) -> Iterator[Replacement]:
    """Drop a line that has an effect of its own."""
    yield "statement left out", cst.parse_statement("pass\n")


PYTHON_OPERATORS: tuple[tuple[m.BaseMatcherNode, Operator], ...] = (
    (m.Integer(), _change_integer),
    (m.Float(), _change_float),
    (m.UnaryOperation(), _drop_sign),
    (m.ComparisonTarget(), _change_comparison),
    (m.BinaryOperation(), _change_arithmetic),
    (m.AugAssign(), _change_increment),
    (m.BooleanOperation(), _change_boolean),
    (m.Name(value="True") | m.Name(value="False"), _flip_truth),
    (m.IfExp(), _choose_branch),
    (m.If(), _fix_condition),
    (m.CompFor(), _drop_filter),
    (m.Slice(), _change_slice),
    (m.Index(), _change_index),
    (m.SimpleString(), _change_text),
    (m.Call(), _change_call),
    (m.Return(), _swap_results),
    (m.SimpleStatementLine(body=[_EFFECT]), _drop_statement),
)
