"""Mutation operators for Keras models and their training: each yields the replacements of one kind of node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst
from libcst import matchers as m

from autograder.quality.rewriting import (
    Operator,
    Replacement,
    bracket_operand,
    change_arguments,
    find_function_name,
    keep_arguments,
    match_arguments,
    parse_expression,
    rename_function,
    write_code,
)

RECURRENT = {"SimpleRNN": ("LSTM", "GRU"), "LSTM": ("GRU", "SimpleRNN"), "GRU": ("LSTM",)}
WITH_WEIGHTS = ("Dense", *RECURRENT, "Embedding")
OPTIMIZERS = {"Adam": "SGD", "AdamW": "SGD", "Nadam": "SGD", "Adagrad": "SGD", "RMSprop": "SGD", "SGD": "Adam"}
LOSSES = {
    "BinaryCrossentropy": "MeanSquaredError",
    "CategoricalCrossentropy": "MeanSquaredError",
    "SparseCategoricalCrossentropy": "MeanSquaredError",
    "MeanSquaredError": "MeanAbsoluteError",
    "MeanAbsoluteError": "MeanSquaredError",
}
#: Name that a fault may introduce -> an expression for it in a module that does not import it.
ELSEWHERE = {
    "np": '__import__("numpy")',
    **{name: f'__import__("keras").layers.{name}' for name in RECURRENT},
    **{name: f'__import__("keras").optimizers.{name}' for name in OPTIMIZERS},
    **{name: f'__import__("keras").losses.{name}' for name in LOSSES},
}
#: Parameter that is a size -> name of the operator.
SIZES = {"input_dim": "vocabulary size", "output_dim": "units", "units": "units"}


def _change_layer(node: cst.CSTNode) -> Iterator[Replacement]:
    """Change the kind, the size or a setting of a layer."""
    call = cst.ensure_type(node, cst.Call)
    name = find_function_name(call)
    if name not in WITH_WEIGHTS:
        return
    for other in RECURRENT.get(name, ()):
        yield "layer swapped", rename_function(call, other)
    given = match_arguments(call, *(("input_dim", "output_dim") if name == "Embedding" else ("units",)))
    for parameter in [parameter for parameter in given if parameter in SIZES]:
        for change in ("+ 1", "- 1"):
            size = f"{write_code(bracket_operand(given[parameter].value))} {change}"
            yield SIZES[parameter], change_arguments(call, {given[parameter]: size})
    added = {"trainable": "False"}
    if name in RECURRENT:
        added |= {"return_sequences": "True", "go_backwards": "True", "use_bias": "False"}
    if name == "Embedding":
        added |= {"mask_zero": "True"}
    if name == "Dense":
        added |= {"activation": '"relu"', "use_bias": "False"}
    operators = {"trainable": "weights frozen", "mask_zero": "mask", "activation": "activation"}
    for keyword, value in added.items():
        if keyword not in given:
            last = cst.Arg(keyword=cst.Name(keyword), value=parse_expression(value), equal=_TIGHT)
            yield operators.get(keyword, "layer's setting"), call.with_changes(args=[*_add_commas(call.args), last])


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _add_commas(arguments: Sequence[cst.Arg]) -> list[cst.Arg]:
    return [a.with_changes(comma=_COMMA) for a in arguments]


def _change_list(node: cst.CSTNode) -> Iterator[Replacement]:
    """Leave out or repeat an element of a list, of layers or not, or swap it with the next."""
    items = cst.ensure_type(node, cst.List)
    if not 2 <= len(items.elements) <= 8 or any(isinstance(e, cst.StarredElement) for e in items.elements):
        return
    values = [element.value for element in items.elements]
    is_layer = [isinstance(value, cst.Call) and find_function_name(value) in WITH_WEIGHTS for value in values]
    for i, value in enumerate(values):
        rest = [*values[:i], *values[i + 1 :]]
        yield "layer left out" if is_layer[i] else "element left out", _make_list(rest)
        if is_layer[i]:
            yield "layer added", _make_list([*values[: i + 1], value, *values[i + 1 :]])
        if i + 1 < len(values):
            yield "elements swapped", _make_list([*values[:i], values[i + 1], value, *values[i + 2 :]])


def _make_list(values: Sequence[cst.BaseExpression]) -> cst.List:
    return cst.List([cst.Element(value) for value in values])


def _change_fit(node: cst.CSTNode) -> Iterator[Replacement]:
    """Fit on other data, with other epochs, or with another batch size."""
    call = cst.ensure_type(node, cst.Call)
    if find_function_name(call) != "fit":
        return
    given = match_arguments(call, "x", "y", "batch_size", "epochs")
    x, y = given.get("x"), given.get("y")
    if x is not None and y is not None:
        yield "features shifted", change_arguments(call, {x: f"np.roll({write_code(x.value)}, 1, axis=0)"})
        yield "labels shuffled", change_arguments(call, {y: f"np.random.permutation({write_code(y.value)})"})
        few = {a: f"{write_code(bracket_operand(a.value))}[: len({write_code(a.value)}) // 10]" for a in (x, y)}
        yield "a tenth of the data", change_arguments(call, few)
    for parameter, argument in given.items():
        value = write_code(bracket_operand(argument.value))
        if parameter in ("epochs", "batch_size"):
            for code in ("1", f"2 * {value}"):
                yield parameter.replace("_", " "), change_arguments(call, {argument: code})
        if parameter in ("validation_split", "validation_data") and x is not None and y is not None:
            seen = parse_expression(f"({write_code(x.value)}, {write_code(y.value)})")
            leak = argument.with_changes(keyword=cst.Name("validation_data"), value=seen)
            args = [leak if a is argument else a for a in call.args]
            yield "validated on what is trained on", call.with_changes(args=args)


def _change_optimizer_or_loss(node: cst.CSTNode) -> Iterator[Replacement]:
    """Replace an optimizer by another one with the same learning rate, or a loss by another one."""
    call = cst.ensure_type(node, cst.Call)
    name = find_function_name(call)
    if name in OPTIMIZERS:
        rate = [a for a in call.args if a.keyword is None or a.keyword.value == "learning_rate"]
        yield "optimizer", keep_arguments(rename_function(call, OPTIMIZERS[name]), rate)
    if name in LOSSES:
        yield "loss", keep_arguments(rename_function(call, LOSSES[name]), [])


KERAS_OPERATORS: tuple[tuple[m.BaseMatcherNode, Operator], ...] = (
    (m.Call(), _change_layer),
    (m.List(), _change_list),
    (m.Call(), _change_fit),
    (m.Call(), _change_optimizer_or_loss),
)
