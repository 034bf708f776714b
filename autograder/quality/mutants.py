"""Mutants of a reference: copies with one small fault each, which hidden checks must notice.

Plain code gets the operators of mutation testing (Jia and Harman, An analysis and survey of the development of mutation testing,
2011); what builds and trains models gets those that were derived from faults of real deep-learning programs (Humbatova, Jahangirova
and Tonella, DeepCrime: mutation testing of deep learning systems based on real faults, 2021).
"""

from __future__ import annotations

import ast
import copy
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import libcst as cst
from libcst import matchers as m

from autograder.quality.keras_operators import ELSEWHERE, KERAS_OPERATORS
from autograder.quality.operators import PYTHON_OPERATORS, WITHOUT_EFFECT
from autograder.quality.rewriting import Replacement, add_brackets, write_code

OPERATORS = (*PYTHON_OPERATORS, *KERAS_OPERATORS)
_PRINT = m.Call(func=m.Name("print"))
_TEXT = m.SimpleString() | m.ConcatenatedString()
#: Nodes in which a fault would not change behaviour: annotations, decorators, docstrings and messages.
WORDS = (
    m.Annotation()
    | m.Decorator()
    | m.Import()
    | m.ImportFrom()
    | m.Raise()
    | _PRINT
    | m.SimpleStatementLine(body=[m.Expr(value=_TEXT | _PRINT)])
)


@dataclass(frozen=True)
class Mutant:
    """A reference with one fault.

    Attributes:
        function: the name that is defined with the fault: a function of the notebook, or a helper or constant that functions use.
        operator: the kind of fault, such as ``off by one``.
        was, becomes: the lines that differ.
        module: source of the whole faulty module.
        answer: source of the faulty function; empty where the fault is in a helper or a constant.
        affected: the functions of the notebook that the fault can make wrong.
        ordinal: 2 for the second mutant with the same function, operator and lines, and so on.
    """

    function: str
    operator: str
    was: str
    becomes: str
    module: str
    answer: str
    affected: tuple[str, ...]
    ordinal: int = 1

    @property
    def change(self) -> str:
        """The lines that differ, as ``for i in range(n): -> for i in range(n - 1):``; the second such change ends with ``(2)``."""
        change = f"{_join_lines(self.was)} -> {_join_lines(self.becomes) or '(nothing)'}"
        return change if self.ordinal == 1 else f"{change} ({self.ordinal})"

    @property
    def name(self) -> str:
        """The mutant in one line: ``pad: off by one: for i in range(n): -> for i in range(n - 1):``."""
        return f"{self.function}: {self.operator}: {self.change}"

    @property
    def diff(self) -> str:
        """The fault as a diff."""
        lines = [f"-{line}" for line in self.was.splitlines()] + [f"+{line}" for line in self.becomes.splitlines()]
        return "\n".join(lines)


def list_mutants(reference: Path, asked: Sequence[str]) -> list[Mutant]:
    """Return every mutant of a reference, in the order of its lines; none equals the reference or another mutant.

    Args:
        asked: the functions that students write in the notebook.
    """
    text = _make_readable(reference.read_text(encoding="utf-8"))
    statements = cst.parse_module(text).body
    sources = [write_code(statement) for statement in statements]
    start = text[: len(text) - len("".join(sources))] if text.endswith("".join(sources)) else ""
    module = ast.parse(text)
    users = _find_users(module, asked)
    found: list[Mutant] = []
    met: Counter[str] = Counter()
    for position, (statement, source) in enumerate(zip(statements, sources, strict=True)):
        names = _list_defined_names(ast.parse(source).body)
        wrong = {function for name in names for function in users[name]}
        if not wrong:
            continue
        seen = {_read_meaning(source)}
        for operator, changed in _list_changes(statement):
            if (meaning := _read_meaning(changed)) in seen:
                continue
            seen.add(meaning)
            runs = _add_imports(changed, module)
            whole = "".join([start, *sources[:position], runs, *sources[position + 1 :]])
            answer = runs.strip("\n") if wrong <= {*names} else ""
            functions = tuple(name for name in asked if name in wrong)
            mutant = Mutant(", ".join(names), operator, *_find_difference(source, changed), whole, answer, functions)
            met[mutant.name] += 1
            found.append(replace(mutant, ordinal=met[mutant.name]))
    return found


def _make_readable(text: str) -> str:
    """Return a module's source; rewritten where libcst refuses valid Python, such as ``return(a if b else c)``."""
    try:
        cst.parse_module(text)
    except (cst.ParserSyntaxError, cst.CSTValidationError):
        return ast.unparse(ast.parse(text)) + "\n"
    return text


def _add_imports(changed: str, module: ast.Module) -> str:
    """Return a faulty statement that imports by itself the names that its module does not import."""
    nodes = [*ast.walk(ast.parse(changed))]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    imports = [node for node in (*module.body, *nodes) if isinstance(node, ast.Import | ast.ImportFrom)]
    imported = {alias.asname or alias.name for node in imports for alias in node.names}
    for name in ELSEWHERE.keys() & used - imported:
        changed = re.sub(rf"(?<![\w.]){name}(?=[(.])", ELSEWHERE[name], changed)
    return changed


def _list_changes(statement: cst.CSTNode) -> Iterator[tuple[str, str]]:
    """Yield (operator, source of the statement with one fault) for every possible fault."""
    for node in _find_mutable(statement):
        for operator, new in _list_replacements(node):
            tried = (_apply_change(statement, node, form) for form in _list_forms(new))
            if changed := next(filter(None, tried), ""):
                yield operator, changed


def _list_forms(new: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield a replacement as it is, then in brackets: without them ``return(a + b)`` would become ``returna``."""
    yield new
    if isinstance(new, cst.BaseExpression) and not new.lpar:
        yield add_brackets(new)


def _apply_change(statement: cst.CSTNode, node: cst.CSTNode, new: cst.CSTNode) -> str:
    """Return the statement's source with ``new`` in place of the node; empty where that is not valid Python."""
    try:
        source = write_code(new if node is statement else statement.deep_replace(node, new))
    except (ValueError, cst.CSTValidationError):
        return ""
    return source if _read_meaning(source) else ""


def _read_meaning(source: str) -> str | None:
    """Return the syntax tree as text, so that layout does not count; None where the source is not valid Python."""
    try:
        compile(source, "mutant", "exec")
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def _join_lines(text: str) -> str:
    return " ".join(text.split())


def _list_defined_names(statements: Iterable[ast.stmt]) -> list[str]:
    """Return the names that a module's statements define; imports and other statements that get no fault define none."""
    names = []
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [part for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
            names += [part.id for part in parts if isinstance(part.ctx, ast.Store)]
    return names


def _find_users(module: ast.Module, asked: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each name in the module, the functions of the notebook that a fault in it makes wrong.

    A fault in a function of the notebook makes only that one wrong: the others still call the right one.
    """
    uses: dict[str, set[str]] = {}
    for node in module.body:
        names = {n.id for n in ast.walk(_remove_annotations(node)) if isinstance(n, ast.Name)}
        uses |= dict.fromkeys(_list_defined_names([node]), names)
    return {name: (name,) if name in asked else _find_reached(name, uses, asked) for name in uses}


def _remove_annotations(statement: ast.stmt) -> ast.stmt:
    bare = copy.deepcopy(statement)
    for node in ast.walk(bare):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(None)
    return bare


def _find_reached(name: str, uses: dict[str, set[str]], asked: Sequence[str]) -> tuple[str, ...]:
    reached, grew = {name}, True
    while grew:
        more = {n for n, names in uses.items() if n not in reached and names & (reached - (set(asked) - {name}))}
        reached, grew = reached | more, bool(more)
    return tuple(function for function in asked if function in reached)


def _find_mutable(statement: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield every node in which a fault can change behaviour."""
    if isinstance(statement, cst.Arg) and statement.keyword is not None and statement.keyword.value in WITHOUT_EFFECT:
        return
    if m.matches(statement, WORDS):
        return
    yield statement
    for child in statement.children:
        yield from _find_mutable(child)


def _find_difference(old: str, new: str) -> tuple[str, str]:
    """Return the lines that differ, (before, after), without indentation and comments."""
    before, after = ([re.sub(r"  # .*$", "", line) for line in text.splitlines()] for text in (old, new))
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [block for block in blocks if block[0] != "equal"]
    was = [line.strip() for _, i, j, _, _ in changed for line in before[i:j] if line.strip()]
    becomes = [line.strip() for _, _, _, i, j in changed for line in after[i:j] if line.strip()]
    return "\n".join(was), "\n".join(becomes)


def _list_replacements(node: cst.CSTNode) -> Iterator[Replacement]:
    """Yield the replacements of a node by all operators; an operator that fails on the node is skipped there."""
    for kind, operator in OPERATORS:
        if m.matches(node, kind):
            try:
                yield from operator(node)
            except (ValueError, cst.CSTValidationError, cst.ParserSyntaxError):
                continue
