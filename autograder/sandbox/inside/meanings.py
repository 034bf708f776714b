"""What a notebook's names meant when the student's own cells had run, whatever locked or later cells bind them to.

A student who calls a helper ``words`` is right, also where a locked cell further down binds that name to a list. So a function is
called with the names as they were at the end of the cell that defined it. Two things are as in any notebook: what was not bound
yet is found where it was bound later, and a function that the student defines once more is the newer one.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

NOTHING = object()  # in place of a value: not bound
CELL_MAGIC = re.compile(r"\A\s*%%.*\n")  # such as %%time: what follows runs in the notebook's namespace


class Meanings:
    """Watches a namespace while cells run in it.

    Args:
        namespace: of the notebook.
        compiled: source of a cell -> its code.
    """

    def __init__(self, namespace: dict[str, Any], compiled: Callable[[str], types.CodeType]) -> None:
        self._namespace = namespace
        self._compiled = compiled
        self._mentioned: set[str] = set()  # in the functions of the student's cells: no other name's old value is kept
        self._own: dict[str, tuple[int, Any]] = {}  # name -> which of the student's cells bound it last, and to what
        self._views: list[dict[str, Any]] = []  # the mentioned names after each of the student's cells

    @contextmanager
    def cell(self, source: str, locked: bool) -> Iterator[None]:
        """While it lasts, a cell runs."""
        before = dict(self._namespace)
        try:
            yield
        finally:
            if not locked:
                self._note(source, before)

    def _note(self, source: str, before: dict[str, Any]) -> None:
        try:
            self._mentioned |= set(_names_in_functions(self._compiled(CELL_MAGIC.sub("", source))))
        except Exception:  # it is no Python: nothing of it ran
            return
        number = len(self._views)
        for name, value in self._namespace.items():
            if before.get(name, NOTHING) is value:
                continue
            _, earlier = self._own.get(name, (0, None))
            if _is_definition(value) or not _is_definition(earlier):
                self._own[name] = number, value
        self._views.append({name: self._namespace[name] for name in self._mentioned & self._namespace.keys()})

    def value(self, name: str) -> Any:
        """What a name means to the student.

        Raises:
            KeyError: it is not bound.
        """
        _, value = self._own.get(name, (0, NOTHING))
        return self._namespace[name] if value is NOTHING else value

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """While it lasts, every name means what it does to the function called ``name``."""
        if name not in self._own:
            yield
            return
        number, now = self._own[name][0], self._namespace
        meant = self._meant(number)
        hidden = {each: now.get(each, NOTHING) for each in meant}
        now.update(meant)
        begun = {each: now.get(each, NOTHING) for each in self._mentioned}
        try:
            yield
        finally:
            for each in [each for each, value in begun.items() if now.get(each, value) is not value]:
                self._views[number][each] = now[each]  # the function has bound it anew
                if each in self._own:
                    self._own[each] = self._own[each][0], now[each]
            for each, value in hidden.items():
                now[each] = value
                if value is NOTHING:
                    del now[each]

    def _meant(self, number: int) -> dict[str, Any]:
        """The names that mean something else to the functions of one cell than they do now."""
        view = dict(self._views[number])
        for name in self._mentioned & self._own.keys():
            bound, value = self._own[name]
            if name not in view or (bound > number and _is_definition(value) and _is_definition(view[name])):
                view[name] = value
        return {name: value for name, value in view.items() if self._namespace.get(name, NOTHING) is not value}


def _is_definition(value: Any) -> bool:
    """Whether a value is a function or a class, decorated or not."""
    return callable(value) and hasattr(value, "__name__")


def _names_in_functions(code: types.CodeType, inside: bool = False) -> Iterator[str]:
    """The names that the functions in some code look up when they are called."""
    if inside:
        yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in_functions(constant, inside=True)
