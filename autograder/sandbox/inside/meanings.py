"""Keeps what a notebook's names meant after each of the student's cells, whatever later or locked cells bind them to.

A student may call a helper ``words`` although a locked cell further down binds that name to a list. So each function is called with
the names as they were at the end of its own cell. Otherwise a notebook behaves as usual: a name that was not bound yet takes its
later value, and where the student defines a function again, the newer one counts.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

NOTHING = object()  # stands for a name that is not bound
CELL_MAGIC = re.compile(r"\A\s*%%.*\n")  # such as %%time; the rest of the cell runs in the notebook's namespace


class Meanings:
    """Watches a namespace while cells run in it.

    Args:
        namespace: of the notebook.
        compiled: source of a cell -> its code.
    """

    def __init__(self, namespace: dict[str, Any], compiled: Callable[[str], types.CodeType]) -> None:
        self._namespace = namespace
        self._compiled = compiled
        self._mentioned: set[str] = set()  # names used in the student's functions; old values of others are not kept
        self._own: dict[str, tuple[int, Any]] = {}  # name -> the student's cell that bound it last, and its value
        self._views: list[dict[str, Any]] = []  # the mentioned names' values after each of the student's cells

    @contextmanager
    def cell(self, source: str, locked: bool) -> Iterator[None]:
        """Watch while a cell runs."""
        before = dict(self._namespace)
        try:
            yield
        finally:
            if not locked:
                self._note(source, before)

    def _note(self, source: str, before: dict[str, Any]) -> None:
        try:
            self._mentioned |= set(_list_names_in_functions(self._compiled(CELL_MAGIC.sub("", source))))
        except Exception:  # a syntax error: nothing ran
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
        """Return what a name means in the student's own cells.

        Raises:
            KeyError: the name is not bound.
        """
        _, value = self._own.get(name, (0, NOTHING))
        return self._namespace[name] if value is NOTHING else value

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Give every name, for a while, the meaning that it has for the function called ``name``."""
        if name not in self._own:
            yield
            return
        number, now = self._own[name][0], self._namespace
        meant = self._find_meant(number)
        hidden = {each: now.get(each, NOTHING) for each in meant}
        now.update(meant)
        begun = {each: now.get(each, NOTHING) for each in self._mentioned}
        try:
            yield
        finally:
            for each in [each for each, value in begun.items() if now.get(each, value) is not value]:
                self._views[number][each] = now[each]  # the function has rebound it
                if each in self._own:
                    self._own[each] = self._own[each][0], now[each]
            for each, value in hidden.items():
                now[each] = value
                if value is NOTHING:
                    del now[each]

    def _find_meant(self, number: int) -> dict[str, Any]:
        """Return the names, with their values, whose meaning for the functions of one cell differs from the present one."""
        view = dict(self._views[number])
        for name in self._mentioned & self._own.keys():
            bound, value = self._own[name]
            if name not in view or (bound > number and _is_definition(value) and _is_definition(view[name])):
                view[name] = value
        return {name: value for name, value in view.items() if self._namespace.get(name, NOTHING) is not value}


def _is_definition(value: Any) -> bool:
    """Whether a value is a function or a class, decorated or not."""
    return callable(value) and hasattr(value, "__name__")


def _list_names_in_functions(code: types.CodeType, inside: bool = False) -> Iterator[str]:
    """Yield the names that the functions in some code look up when they are called."""
    if inside:
        yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _list_names_in_functions(constant, inside=True)
