"""Read an assignment's misconceptions without running their file, each as source for a notebook."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UsageError
from autograder.judge.misconceptions import FORMULA, write_edit, write_formula
from autograder.release.inline import Renaming, find_borrowed_names, find_defined_names, make_private_name

FORMS = {"formula": ("expression",), "edit": ("old", "new")}  # method of what misconceptions_of returns -> its texts
STAYS = ("autograder", "solutions", "__future__", "")  # packages that a notebook cannot import; relative ones too


@dataclass(frozen=True)
class WrongAnswer:
    """A misconception as it is written.

    Attributes:
        function: the function it gets wrong.
        title: the first line of its docstring, or its name and a full stop.
        text: source of a function with the name of ``function``. It calls the reference ``_reference_<function>``, which ``inline``
            defines. Its body imports the names that its file imports and the reference's does not.
        label: its name in messages: the name of the decorated function, or the name of a formula or an edit.
        line: its line in the file.
        form: whether it is a formula or an edit.
        named, hinted: whether it has a name and a hint; a computed hint counts.
    """

    function: str
    title: str
    text: str
    label: str
    line: int
    form: bool
    named: bool
    hinted: bool


def read_wrong_answers(path: Path) -> list[WrongAnswer]:
    """Return the misconceptions of a file in its order.

    Raises:
        UsageError: a formula or an edit is not a literal text, or does not fit the reference.
    """
    module = ast.parse(path.read_text(encoding="utf-8"))
    return [*_Reader(module, path).read()]


class _Reader:
    """A reader of one file.

    Args:
        path: the file; the reference lies in the folder above and has the same name.
    """

    def __init__(self, module: ast.Module, path: Path) -> None:
        self._module = module
        self._path = path
        self._binders: dict[str, str] = {}  # variable -> the function that misconceptions_of was called with
        imports = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
        named = [(node, alias) for node in imports for alias in node.names]
        reference = path.parents[1] / path.name
        self._reference = ast.parse(reference.read_text(encoding="utf-8")).body if reference.is_file() else []
        known = {name for node in self._reference for name in find_defined_names(node)}
        travelling = [copied for node, alias in named if (copied := _copy_import(node, alias))]
        self._imports = {name: node for node in travelling for name in find_defined_names(node) - known}
        renamed = {a.asname: a.name for node, a in named if isinstance(node, ast.ImportFrom) and a.asname}
        self._aliases = {name: original for name, original in renamed.items() if name not in self._imports}

    def read(self) -> Iterator[WrongAnswer]:
        """Yield each misconception."""
        for node in self._module.body:
            match node:
                case ast.Assign(value=ast.expr() as value) | ast.AnnAssign(value=ast.expr() as value):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if bound := self._find_bound(value):
                        self._binders |= {target.id: bound for target in targets if isinstance(target, ast.Name)}
                case ast.FunctionDef():
                    yield from self._read_function(node)
                case ast.Expr(ast.Call(ast.Attribute(binder, form)) as call) if form in FORMS:
                    if bound := self._find_bound(binder):
                        yield self._read_form(call, form, self._aliases.get(bound, bound), bound)

    def _find_bound(self, node: ast.expr) -> str:
        """Return the function that ``wrong`` or ``misconceptions_of(f)`` binds misconceptions to; empty for another expression."""
        if isinstance(node, ast.Name):
            return self._binders.get(node.id, "")
        return _find_argument(node) if isinstance(node, ast.Call) and self._calls(node, "misconceptions_of") else ""

    def _calls(self, node: ast.Call, name: str) -> bool:
        """Tell whether a call is of the kit's function of this name."""
        return self._aliases.get(_find_last_name(node.func), _find_last_name(node.func)) == name

    def _read_function(self, node: ast.FunctionDef) -> Iterator[WrongAnswer]:
        """Yield a misconception for every decorator that binds a function."""
        calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
        bound = [
            _find_argument(call) if self._calls(call, "misconception") else self._find_bound(call.func)
            for call in calls
        ]
        hints = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "hint"]
        docstring = ast.get_docstring(node)
        for name in filter(None, bound):
            function = self._aliases.get(name, name)
            private = make_private_name(function)
            names = self._aliases | {name: private, function: private, node.name: function}
            text = self._write(node, names)
            title = (docstring or node.name).splitlines()[0]
            yield WrongAnswer(
                function, title, text, node.name, node.lineno, False, bool(docstring), any(map(_is_said, hints))
            )

    def _read_form(self, call: ast.Call, form: str, function: str, bound: str) -> WrongAnswer:
        """Read a formula or an edit of a function that the file calls ``bound``."""
        given = dict(zip(FORMS[form], call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
        title = (_read_text(given.get("name")) or "").strip()
        where = f"{Path(*self._path.parts[-3:]).as_posix()}, line {call.lineno}: the misconception '{title or form}'"
        reference = next((n for n in self._reference if isinstance(n, ast.FunctionDef) and n.name == function), None)
        if reference is None:
            file = Path(*self._path.parts[-3:-2], self._path.name).as_posix()
            raise UsageError(
                f"{where} is bound to '{function}', which {file} does not define. Bind it to one of its functions."
            )
        private = make_private_name(function)
        names = self._aliases | {bound: private, function: private, FORMULA: function}
        try:
            node = _make_function(form, given, reference)
        except ValueError as error:
            raise UsageError(f"{where}: {error}") from error
        if form == "edit":
            del names[function]  # a function that calls itself calls the edited one
        title = f"{title.rstrip('.')}."
        node.body.insert(0, ast.Expr(ast.Constant(title)))
        label, named, hinted = title[:-1] or form, title != ".", _is_said(given.get("hint"))
        return WrongAnswer(function, title, self._write(node, names), label, call.lineno, True, named, hinted)

    def _write(self, node: ast.FunctionDef, names: Mapping[str, str]) -> str:
        """Return the source of a function without decorators, with names changed, and with the imports that it needs from its file."""
        function = copy.deepcopy(node)
        function.decorator_list = []
        function = Renaming(names).visit(function)
        needed = find_borrowed_names(ast.unparse(ast.fix_missing_locations(function)))
        first = 0 if ast.get_docstring(function) is None else 1
        function.body[first:first] = [statement for name, statement in self._imports.items() if name in needed]
        return ast.unparse(ast.fix_missing_locations(function))


def _make_function(form: str, given: Mapping[str, ast.expr], reference: ast.FunctionDef) -> ast.FunctionDef:
    """Return the function that a formula or an edit stands for.

    Raises:
        ValueError: an argument is not a literal text, or does not fit the reference.
    """
    expression = given.get("expression")
    if isinstance(expression, ast.Lambda):
        node = write_formula(reference, ast.unparse(expression.body))
        node.args = expression.args
        return node
    texts = []
    for part in FORMS[form]:
        if (text := _read_text(given.get(part))) is None:
            raise ValueError(f"{part} is not written as a text. Write it in quotes.")
        texts.append(text)
    return write_edit(reference, texts[0], texts[1]) if form == "edit" else write_formula(reference, texts[0])


def _copy_import(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt | None:
    """Return a statement that imports one name; None where a notebook cannot."""
    statement: ast.stmt
    if isinstance(node, ast.ImportFrom):
        module, statement = "." * node.level + (node.module or ""), ast.ImportFrom(node.module, [alias], 0)
    else:
        module, statement = alias.name, ast.Import([alias])
    return None if module.split(".")[0] in STAYS else statement


def _find_argument(call: ast.Call) -> str:
    """Return the name of a call's first argument, ``reference``; empty where there is none."""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "reference")]
    return _find_last_name(given[0]) if given else ""


def _find_last_name(node: ast.expr) -> str:
    """Return ``f`` for ``f`` and for ``module.f``."""
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _read_text(node: ast.expr | None) -> str | None:
    """Return the text of a literal; None for another expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_said(hint: ast.expr | None) -> bool:
    """Tell whether a hint is given; one that is computed counts."""
    return hint is not None and (not isinstance(hint, ast.Constant) or bool(str(hint.value or "").strip()))
