"""The record of a running check: the calls that it makes, and the failure that they add up to."""

from __future__ import annotations

import copy
import doctest
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograder.judge.compare import Difference, Tolerance, find_difference
from autograder.judge.failures import CheckFailed, format_exception
from autograder.judge.misconceptions import Function, Misconception
from autograder.judge.models import Model
from autograder.judge.results import Picture


@dataclass
class Case:
    """One call that a check made, with its outcome."""

    reference: Function | None
    view: Callable[[Any], Any]
    tolerance: Tolerance
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    answer: Any = None
    raised: str = ""
    wrong: Difference | None = None
    sentence: str = ""
    hint: str = ""

    def says(self, function: Function) -> bool:
        """Whether ``function`` gives the student's answer on this input; the same exception with the same text counts as the same."""
        args, kwargs = _copy_arguments((self.args, self.kwargs))
        try:
            answer = self.view(_as_student_model(function(*args, **kwargs)))
        except CheckFailed as failure:  # a model that cannot predict, as the student's cannot
            return bool(self.raised) and self.raised == failure.raised
        except Exception as error:
            return self.raised == format_exception(type(error).__name__, str(error))
        return not self.raised and self._same(answer)

    def reads_the_references(self) -> bool:
        """Whether the view can read the reference's answer on this input."""
        if self.reference is None:
            return False
        args, kwargs = _copy_arguments((self.args, self.kwargs))
        try:
            self.view(_as_student_model(self.reference(*args, **kwargs)))
        except Exception:
            return False
        return True

    def _same(self, answer: Any) -> bool:
        """Whether ``answer`` equals the student's in value, and in dtype where the check asks for one."""
        loose = replace(self.tolerance, dtype=None)
        if (
            find_difference(answer, self.answer, loose) is not None
            or find_difference(self.answer, answer, loose) is not None
        ):
            return False
        return self.tolerance.dtype is None or np.asarray(answer).dtype == np.asarray(self.answer).dtype


@dataclass
class Recording:
    """The calls, pictures and facts of the running check."""

    misconceptions: Sequence[Misconception]
    show_direction: bool = False
    cases: list[Case] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def verdict(self) -> CheckFailed | None:
        """Return the failure that the recorded calls add up to, or None."""
        wrong = [case for case in self.cases if case.wrong is not None]
        if not wrong:
            return None
        fitting = self._find_explanations(wrong[0].reference)
        named = fitting[0] if len(fitting) == 1 else None
        first = wrong[0].wrong
        assert first is not None
        pictures = [first.picture] if first.picture is not None else []
        hint, name = (named.hint, named.name) if named is not None else (wrong[0].hint, None)
        worked = read_examples(wrong[0].reference)
        names = [m.name for m in fitting]
        return CheckFailed(
            wrong[0].sentence,
            hint,
            misconception=name,
            fitting=names,
            pictures=pictures,
            worked=worked,
            code=first.code,
        )

    def _find_explanations(self, reference: Function | None) -> list[Misconception]:
        """Return the misconceptions that give the student's answer on every input, if at least two of these answers are wrong."""
        cases = [case for case in self.cases if case.reference is reference]
        if reference is None or sum(case.wrong is not None for case in cases) < 2:
            return []
        bound = [m for m in self.misconceptions if m.reference.__name__ == reference.__name__]
        return [m for m in bound if all(case.says(m.function) for case in cases)]


def read_examples(reference: Function | None) -> str:
    """Return the examples in a reference's docstring, as a console shows them; graded inputs are drawn and never among them."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(reference) or "" if reference is not None else "")
    return "\n".join(f">>> {example.source}{example.want}".rstrip("\n") for example in examples)


_record: ContextVar[Recording] = ContextVar("record")


def current_recording() -> Recording:
    """Return the record of the running check.

    Raises:
        LookupError: no check is running.
    """
    return _record.get()


@contextmanager
def start_recording(misconceptions: Sequence[Misconception], show_direction: bool = False) -> Iterator[Recording]:
    """Start a fresh record for one check."""
    record = Recording(misconceptions, show_direction)
    token = _record.set(record)
    try:
        yield record
    finally:
        _record.reset(token)


def _copy_arguments(value: Any) -> Any:
    """Copy arguments, with models in the form that references and misconceptions are given."""
    if isinstance(value, Model):
        return value.for_a_reference()
    if isinstance(value, tuple):
        return tuple(_copy_arguments(part) for part in value)
    if isinstance(value, dict):
        return {key: _copy_arguments(part) for key, part in value.items()}
    return copy.deepcopy(value)


def _as_student_model(value: Any) -> Any:
    """Return a misconception's Keras model in the form in which a student's arrives; any other value as it is."""
    keras = sys.modules.get("keras")  # imported already if the value is a model
    return Model.own(value) if keras is not None and isinstance(value, keras.Model) else value
