"""Mutants of a reference: copies with one small fault each, which hidden checks must notice.

Plain code gets the operators of mutation testing (Jia and Harman, An analysis and survey of the development of mutation testing,
2011); what builds and trains models gets those that were derived from faults of real deep-learning programs (Humbatova, Jahangirova
and Tonella, DeepCrime: mutation testing of deep learning systems based on real faults, 2021).
"""

from __future__ import annotations

import ast
import copy
import difflib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import libcst as cst
from libcst import matchers as m

Replacement = tuple[str, cst.CSTNode]
Operator = Callable[[cst.CSTNode], Iterator[Replacement]]


@dataclass(frozen=True)
class Mutant:
    """A reference with one fault.

    Attributes:
        function: the function of the notebook that is at fault; or, for what several use, the name of that.
        operator: what was done, such as ``off by one``.
        was, becomes: the lines that differ.
        module: source of the whole faulty module.
        answer: source of the faulty function alone.
        asked: the functions of the notebook that can be wrong by it.
        ordinal: 2 for the second of those whose function, operator and lines are the same.
    """

    function: str
    operator: str
    was: str
    becomes: str
    module: str
    answer: str
    asked: tuple[str, ...]
    ordinal: int = 1

    @property
    def change(self) -> str:
        """The whole lines that differ: ``for i in range(n): -> for i in range(n - 1):``; ``(2)`` follows the second such."""
        change = f"{_one_line(self.was)} -> {_one_line(self.becomes) or '(nothing)'}"
        return change if self.ordinal == 1 else f"{change} ({self.ordinal})"

    @property
    def name(self) -> str:
        """In one line: ``pad: off by one: for i in range(n): -> for i in range(n - 1):``."""
        return f"{self.function}: {self.operator}: {self.change}"

    @property
    def diff(self) -> str:
        """The fault as a diff."""
        lines = [f"-{line}" for line in self.was.splitlines()] + [f"+{line}" for line in self.becomes.splitlines()]
        return "\n".join(lines)


def mutants(reference: Path, asked: Sequence[str]) -> list[Mutant]:
    """Every mutant of a reference, in the order of its lines; none equals the reference or another mutant.

    Args:
        asked: the functions that the notebook asks for.
    """
    text = _readable(reference.read_text(encoding="utf-8"))
    statements = cst.parse_module(text).body
    sources = [_code(statement) for statement in statements]
    start = text[: len(text) - len("".join(sources))] if text.endswith("".join(sources)) else ""
    module = ast.parse(text)
    users = _users(module, asked)
    found: list[Mutant] = []
    met: Counter[str] = Counter()
    for position, (statement, source) in enumerate(zip(statements, sources, strict=True)):
        names = _defined(ast.parse(source).body)
        wrong = {function for name in names for function in users[name]}
        if not wrong:
            continue
        seen = {_meaning(source)}
        for operator, changed in _changes(statement):
            if (meaning := _meaning(changed)) in seen:
                continue
            seen.add(meaning)
            runs = _with_imports(changed, module)
            whole = "".join([start, *sources[:position], runs, *sources[position + 1 :]])
            answer = runs.strip("\n") if wrong <= {*names} else ""
            functions = tuple(name for name in asked if name in wrong)
            mutant = Mutant(", ".join(names), operator, *_difference(source, changed), whole, answer, functions)
            met[mutant.name] += 1
            found.append(replace(mutant, ordinal=met[mutant.name]))
    return found


def _readable(text: str) -> str:
    """A module's source, written anew where libcst refuses what Python reads, such as ``return(a if b else c)``."""
    try:
        cst.parse_module(text)
    except (cst.ParserSyntaxError, cst.CSTValidationError):
        return ast.unparse(ast.parse(text)) + "\n"
    return text


def _with_imports(changed: str, module: ast.Module) -> str:
    """A faulty statement in which what the module has not imported is taken from where it is."""
    nodes = [*ast.walk(ast.parse(changed))]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imports = [node for node in (*module.body, *nodes) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    for name in ELSEWHERE.keys() & used - imported:
        changed = re.sub(rf"(?<![\w.]){name}(?=[(.])", ELSEWHERE[name], changed)
    return changed


def _changes(statement: cst.CSTNode) -> Iterator[tuple[str, str]]:
    """(operator, source) of a statement with one fault, for every fault there is."""
    for node in _mutable(statement):
        for operator, new in _replacements(node):
            tried = (_changed(statement, node, form) for form in _forms(new))
            if changed := next(filter(None, tried), ""):
                yield operator, changed


def _forms(new: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A replacement as it stands, then in brackets: without them ``return(a + b)`` would become ``returna``."""
    yield new
    if isinstance(new, cst.BaseExpression) and not new.lpar:
        yield _in_brackets(new)


def _changed(statement: cst.CSTNode, node: cst.CSTNode, new: cst.CSTNode) -> str:
    """Source of the statement with ``new`` in the node's place; empty where Python would not read it."""
    try:
        source = _code(new if node is statement else statement.deep_replace(node, new))
    except (ValueError, cst.CSTValidationError):
        return ""
    return source if _meaning(source) else ""


def _meaning(source: str) -> str | None:
    """What Python reads; None where that is nothing."""
    try:
        compile(source, "mutant", "exec")
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _defined(statements: Iterable[ast.stmt]) -> list[str]:
    """The names that statements of a module define; none for what is not worth mutating, such as an import."""
    names = []
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            names += [part.id for part in parts if isinstance(part.ctx, ast.Store)]
    return names


def _users(module: ast.Module, asked: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Name in the module -> the functions of the notebook that are wrong when it is.

    A function that is asked for is wrong alone: the others go on calling the right one.
    """
    uses: dict[str, set[str]] = {}
    for node in module.body:
        names = {n.id for n in ast.walk(_without_annotations(node)) if isinstance(n, ast.Name)}
        uses |= dict.fromkeys(_defined([node]), names)
    return {name: (name,) if name in asked else _reached_from(name, uses, asked) for name in uses}


def _without_annotations(statement: ast.stmt) -> ast.stmt:
    bare = copy.deepcopy(statement)
    for node in ast.walk(bare):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return bare


def _reached_from(name: str, uses: dict[str, set[str]], asked: Sequence[str]) -> tuple[str, ...]:
    reached, grew = {name}, True
    while grew:
        more = {n for n, names in uses.items() if n not in reached and names & (reached - (set(asked) - {name}))}
        reached, grew = reached | more, bool(more)
    return tuple(function for function in asked if function in reached)


_PRINT = m.Call(func=m.Name("print"))
_TEXT = m.SimpleString() | m.ConcatenatedString()
#: Where a fault would not be one of behaviour: annotations, decorators, docstrings, and what is said in words.
WORDS = (
    m.Annotation()
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | m.Raise()
    | _PRINT
    | m.SimpleStatementLine(body=[m.Expr(value=_TEXT | _PRINT)])
)


def _mutable(statement: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node in which a fault would be one of behaviour."""
    if isinstance(statement, cst.Arg) and statement.keyword is not None and statement.keyword.value in WITHOUT_EFFECT:
        return
    if m.matches(statement, WORDS):
        return
    yield statement
    for child in statement.children:
        yield from _mutable(child)


def _difference(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, without indentation and comments."""
    before, after = ([re.sub(r"  # .*$", "", line) for line in text.splitlines()] for text in (old, new))
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [block for block in blocks if block[0] != "equal"]
    was = [line.strip() for _, i, j, _, _ in changed for line in before[i:j] if line.strip()]
    becomes = [line.strip() for _, _, _, i, j in changed for line in after[i:j] if line.strip()]
    return "\n".join(was), "\n".join(becomes)


# ---- operators: each yields what may stand in a node's place


def _replacements(node: cst.CSTNode) -> Iterator[Replacement]:
    """What may stand in the node's place; an operator that cannot cope with it costs its own mutants there, no others."""
    for kind, operator in OPERATORS:
        if m.matches(node, kind):
            try:
                yield from operator(node)
            except (ValueError, cst.CSTValidationError, cst.ParserSyntaxError):
                continue


def _expression(code: str) -> cst.BaseExpression:
    """Code as an expression; in brackets where it spans lines and has none."""
    return cst.parse_expression(code if _whole(code) else f"({code})")


def _whole(code: str) -> bool:
    """Whether an expression needs no brackets to span its lines."""
    try:
        cst.parse_expression(code)
    except cst.ParserSyntaxError:
        return False
    return True


def _code(node: cst.CSTNode) -> str:
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


def _bracketed(node: cst.BaseExpression) -> cst.BaseExpression:
    """An operand in brackets, where it would fall apart without."""
    if not node.lpar and (m.matches(node, _BINDS_WEAKLY) or not _whole(_code(node))):
        return _in_brackets(node)
    return node


def _in_brackets(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _instead(whole: cst.BaseExpression, part: cst.BaseExpression) -> cst.BaseExpression:
    """A part in place of the whole: what stands around the whole's brackets must not take hold of the part."""
    return _bracketed(part) if whole.lpar else part


def _integer(node: cst.CSTNode) -> Iterator[Replacement]:
    value = cst.ensure_type(node, cst.Integer).evaluated_value
    yield "constant", _expression(str(value + 1))
    if value > 0:
        yield "constant", _expression(str(value - 1))
    if value > 1:
        yield "constant", _expression(str(2 * value))


def _float(node: cst.CSTNode) -> Iterator[Replacement]:
    value = cst.ensure_type(node, cst.Float).evaluated_value
    yield "constant", _expression(repr(value + 1.0))
    if value:
        yield "constant", _expression(repr(value / 10))
        yield "constant", _expression(repr(value * 1.5))


def _negative(node: cst.CSTNode) -> Iterator[Replacement]:
    """``-1`` where an axis or a place is meant: the one before, the first, and the sign lost."""
    operation = cst.ensure_type(node, cst.UnaryOperation)
    if isinstance(operation.operator, cst.Minus):
        yield "sign", operation.expression
    elif isinstance(operation.operator, cst.Not):
        yield "negated condition", _in_brackets(operation.expression)


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


def _comparison(node: cst.CSTNode) -> Iterator[Replacement]:
    target = cst.ensure_type(node, cst.ComparisonTarget)
    for kind in COMPARISONS.get(type(target.operator), ()):
        yield "comparison", target.with_changes(operator=kind())


def _arithmetic(node: cst.CSTNode) -> Iterator[Replacement]:
    operation = cst.ensure_type(node, cst.BinaryOperation)
    for kind in ARITHMETIC.get(type(operation.operator), ()):
        yield "arithmetic", operation.with_changes(operator=kind())
    for side in (operation.left, operation.right):
        yield "operand left out", _bracketed(side)
    if isinstance(operation.operator, NOT_COMMUTATIVE):
        left, right = _bracketed(operation.left), _bracketed(operation.right)
        yield "operands swapped", operation.with_changes(left=right, right=left)


def _augmented(node: cst.CSTNode) -> Iterator[Replacement]:
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


def _boolean(node: cst.CSTNode) -> Iterator[Replacement]:
    operation = cst.ensure_type(node, cst.BooleanOperation)
    other = cst.Or() if isinstance(operation.operator, cst.And) else cst.And()
    yield "and, or", operation.with_changes(operator=other)
    yield "operand left out", _instead(operation, operation.left)
    yield "operand left out", _instead(operation, operation.right)


def _truth(node: cst.CSTNode) -> Iterator[Replacement]:
    value = cst.ensure_type(node, cst.Name).value
    yield "constant", cst.Name({"True": "False", "False": "True"}[value])


def _condition(node: cst.CSTNode) -> Iterator[Replacement]:
    chosen = cst.ensure_type(node, cst.IfExp)
    yield "one branch always", _instead(chosen, chosen.body)
    yield "one branch always", _instead(chosen, chosen.orelse)


def _branch(node: cst.CSTNode) -> Iterator[Replacement]:
    branch = cst.ensure_type(node, cst.If)
    for truth in ("True", "False"):
        changed = branch.with_changes(test=cst.Name(truth), whitespace_before_test=cst.SimpleWhitespace(" "))
        yield "one branch always", changed


def _filtered(node: cst.CSTNode) -> Iterator[Replacement]:
    loop = cst.ensure_type(node, cst.CompFor)
    if loop.ifs:
        yield "filter left out", loop.with_changes(ifs=[])


def _slice(node: cst.CSTNode) -> Iterator[Replacement]:
    part = cst.ensure_type(node, cst.Slice)
    for side in ("lower", "upper"):
        bound = getattr(part, side)
        if bound is None:
            continue
        yield "slice", part.with_changes(**{side: None})
        for change in ("+ 1", "- 1"):
            yield "off by one", part.with_changes(**{side: _expression(f"{_code(_bracketed(bound))} {change}")})


def _index(node: cst.CSTNode) -> Iterator[Replacement]:
    place = cst.ensure_type(node, cst.Index)
    if m.matches(place.value, m.UnaryOperation(operator=m.Minus(), expression=m.Integer(value="1"))):
        yield "off by one", place.with_changes(value=_expression("0"))
    elif not isinstance(place.value, cst.Integer | cst.SimpleString):
        for change in ("+ 1", "- 1"):
            yield "off by one", place.with_changes(value=_expression(f"{_code(_bracketed(place.value))} {change}"))


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


def _text(node: cst.CSTNode) -> Iterator[Replacement]:
    """What a string of Keras' or numpy's means, changed; any other gets a letter more."""
    text = cst.ensure_type(node, cst.SimpleString).evaluated_value
    if isinstance(text, str):
        for other in TEXTS.get(text, [f"{text}X"]):
            yield "option" if text in TEXTS else "constant", cst.SimpleString(repr(other))


def _call(node: cst.CSTNode) -> Iterator[Replacement]:
    """A call without one of its named arguments, with two others swapped, or skipped."""
    call = cst.ensure_type(node, cst.Call)
    for argument in call.args:
        if argument.keyword is not None and argument.keyword.value not in WITHOUT_EFFECT:
            yield "argument left out", _with(call, [a for a in call.args if a is not argument])
            if argument.keyword.value == "axis":
                for axis in ("0", "1", "-1", "None"):
                    yield "axis", _exchanged(call, {argument: axis})
    plain = [a for a in call.args if a.keyword is None and not a.star]
    for one, other in itertools.pairwise(plain):
        yield "argument order", _exchanged(call, {one: _code(other.value), other: _code(one.value)})
    name = _function(call)
    if name in NEUTRAL and isinstance(call.func, cst.Attribute):
        yield NEUTRAL[name], call.func.value
    if name in WRAPPING and plain:
        yield WRAPPING[name], _bracketed(plain[0].value)
    if name == "range" and plain:
        last = plain[-1 if len(plain) < 3 else 1]
        for change in ("+ 1", "- 1"):
            yield "off by one", _exchanged(call, {last: f"{_code(_bracketed(last.value))} {change}"})
    if name in OTHER_FUNCTION:
        yield "function", _renamed(call, OTHER_FUNCTION[name])


#: Arguments that change nothing for inputs that are right.
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


def _with(call: cst.Call, arguments: Sequence[cst.Arg]) -> cst.Call:
    last = [a.with_changes(comma=cst.MaybeSentinel.DEFAULT) for a in arguments[-1:]]
    return call.with_changes(args=[*arguments[:-1], *last])


def _exchanged(call: cst.Call, values: dict[cst.Arg, str]) -> cst.Call:
    """The call with other values for some of its arguments."""
    arguments = [a.with_changes(value=_expression(values[a])) if a in values else a for a in call.args]
    return call.with_changes(args=arguments)


def _function(call: cst.Call) -> str:
    """The last part of a called function's name."""
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def _renamed(call: cst.Call, name: str) -> cst.Call:
    """The call with another function of the same place."""
    if isinstance(call.func, cst.Attribute):
        return call.with_changes(func=call.func.with_changes(attr=cst.Name(name)))
    return call.with_changes(func=cst.Name(name))


def _given(call: cst.Call, *parameters: str) -> dict[str, cst.Arg]:
    """Parameter -> argument: those given by their places, then those given by name."""
    placed = itertools.takewhile(lambda a: a.keyword is None and not a.star, call.args)
    named = {a.keyword.value: a for a in call.args if a.keyword is not None}
    return dict(zip(parameters, placed, strict=False)) | named


def _return(node: cst.CSTNode) -> Iterator[Replacement]:
    statement = cst.ensure_type(node, cst.Return)
    if isinstance(statement.value, cst.Tuple) and len(statement.value.elements) == 2:
        one, other = statement.value.elements
        swapped = statement.value.with_changes(elements=[cst.Element(other.value), cst.Element(one.value)])
        yield "order of results", statement.with_changes(value=swapped)


_EFFECT = m.Expr() | m.AugAssign() | m.Assign(targets=[m.AssignTarget(target=~m.Name())])


def _without_statement(node: cst.CSTNode) -> Iterator[Replacement]:
    """The line left out, where it has an effect of its own."""
    yield "statement left out", cst.parse_statement("pass\n")


# ---- operators on models and training

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
#: What a fault may bring in -> where it is found by a module that has not imported it.
ELSEWHERE = {
    "np": '__import__("numpy")',
    **{name: f'__import__("keras").layers.{name}' for name in RECURRENT},
    **{name: f'__import__("keras").optimizers.{name}' for name in OPTIMIZERS},
    **{name: f'__import__("keras").losses.{name}' for name in LOSSES},
}
#: Parameters that are sizes -> what the operator is called.
SIZES = {"input_dim": "vocabulary size", "output_dim": "units", "units": "units"}


def _layer(node: cst.CSTNode) -> Iterator[Replacement]:
    """A layer of another kind or size, or with another setting."""
    call = cst.ensure_type(node, cst.Call)
    name = _function(call)
    if name not in WITH_WEIGHTS:
        return
    for other in RECURRENT.get(name, ()):
        yield "layer swapped", _renamed(call, other)
    given = _given(call, *(("input_dim", "output_dim") if name == "Embedding" else ("units",)))
    for parameter in [parameter for parameter in given if parameter in SIZES]:
        for change in ("+ 1", "- 1"):
            size = f"{_code(_bracketed(given[parameter].value))} {change}"
            yield SIZES[parameter], _exchanged(call, {given[parameter]: size})
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
            last = cst.Arg(keyword=cst.Name(keyword), value=_expression(value), equal=_TIGHT)
            yield operators.get(keyword, "layer's setting"), call.with_changes(args=[*_comma(call.args), last])


_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _comma(arguments: Sequence[cst.Arg]) -> list[cst.Arg]:
    return [a.with_changes(comma=_COMMA) for a in arguments]


def _layers(node: cst.CSTNode) -> Iterator[Replacement]:
    """A list, of layers or not, with an element left out, twice, or exchanged with the next."""
    items = cst.ensure_type(node, cst.List)
    if not 2 <= len(items.elements) <= 8 or any(isinstance(e, cst.StarredElement) for e in items.elements):
        return
    values = [element.value for element in items.elements]
    is_layer = [isinstance(value, cst.Call) and _function(value) in WITH_WEIGHTS for value in values]
    for i, value in enumerate(values):
        rest = [*values[:i], *values[i + 1 :]]
        yield "layer left out" if is_layer[i] else "element left out", _list(rest)
        if is_layer[i]:
            yield "layer added", _list([*values[: i + 1], value, *values[i + 1 :]])
        if i + 1 < len(values):
            yield "elements swapped", _list([*values[:i], values[i + 1], value, *values[i + 2 :]])


def _list(values: Sequence[cst.BaseExpression]) -> cst.List:
    return cst.List([cst.Element(value) for value in values])


def _training(node: cst.CSTNode) -> Iterator[Replacement]:
    """A fit on other data, or for another time."""
    call = cst.ensure_type(node, cst.Call)
    if _function(call) != "fit":
        return
    given = _given(call, "x", "y", "batch_size", "epochs")
    x, y = given.get("x"), given.get("y")
    if x is not None and y is not None:
        yield "features shifted", _exchanged(call, {x: f"np.roll({_code(x.value)}, 1, axis=0)"})
        yield "labels shuffled", _exchanged(call, {y: f"np.random.permutation({_code(y.value)})"})
        few = {a: f"{_code(_bracketed(a.value))}[: len({_code(a.value)}) // 10]" for a in (x, y)}
        yield "a tenth of the data", _exchanged(call, few)
    for parameter, argument in given.items():
        value = _code(_bracketed(argument.value))
        if parameter in ("epochs", "batch_size"):
            for code in ("1", f"2 * {value}"):
                yield parameter.replace("_", " "), _exchanged(call, {argument: code})
        if parameter in ("validation_split", "validation_data") and x is not None and y is not None:
            seen = _expression(f"({_code(x.value)}, {_code(y.value)})")
            leak = argument.with_changes(keyword=cst.Name("validation_data"), value=seen)
            args = [leak if a is argument else a for a in call.args]
            yield "validated on what is trained on", call.with_changes(args=args)


def _other_class(node: cst.CSTNode) -> Iterator[Replacement]:
    """Another optimizer with the same learning rate, or another loss."""
    call = cst.ensure_type(node, cst.Call)
    name = _function(call)
    if name in OPTIMIZERS:
        rate = [a for a in call.args if a.keyword is None or a.keyword.value == "learning_rate"]
        yield "optimizer", _with(_renamed(call, OPTIMIZERS[name]), rate)
    if name in LOSSES:
        yield "loss", _with(_renamed(call, LOSSES[name]), [])


OPERATORS: tuple[tuple[m.BaseMatcherNode, Operator], ...] = (
    (m.Integer(), _integer),
    (m.Float(), _float),
    (m.UnaryOperation(), _negative),
    (m.ComparisonTarget(), _comparison),
    (m.BinaryOperation(), _arithmetic),
    (m.AugAssign(), _augmented),
    (m.BooleanOperation(), _boolean),
    (m.Name(value="True") | m.Name(value="False"), _truth),
    (m.IfExp(), _condition),
    (m.If(), _branch),
    (m.CompFor(), _filtered),
    (m.Slice(), _slice),
    (m.Index(), _index),
    (m.SimpleString(), _text),
    (m.Call(), _call),
    (m.Return(), _return),
    (m.Call(), _layer),
    (m.List(), _layers),
    (m.Call(), _training),
    (m.Call(), _other_class),
    (m.SimpleStatementLine(body=[_EFFECT]), _without_statement),
)
