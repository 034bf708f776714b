"""The functions that hidden tests are written with: `check`, `agree`, `fail`, `await_person`, `curve`, `fact`."""

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

from autograder.judge.compare import Difference, Tolerance, describe, describe_arguments, find_difference
from autograder.judge.failures import AwaitsPerson, CheckFailed, format_exception
from autograder.judge.misconceptions import Function, Misconception
from autograder.judge.models import Model
from autograder.judge.results import Picture
from autograder.judge.submission import Remote

__all__ = ["NOT_REBUILT", "agree", "await_person", "check", "curve", "fact", "fail"]

NOT_REBUILT = (  # for `await_person` where ``Model.crossed`` is False: only the student's process can run such a model
    "your model cannot be graded by a program, because it does more than call Keras' own layers: these points await a person."
    " Return a keras.Sequential or a functional model, keras.Model(inputs, outputs), to have it graded."
)


@dataclass(frozen=True)
class CheckMark:
    """The arguments of ``check``, kept on the test function."""

    question: str
    points: float
    needs: tuple[Function, ...]
    visible: bool


def check(
    question: str,
    points: float,
    needs: Function | Sequence[Function] = (),
    visible: bool = False,
    trains: bool = False,
) -> Callable[[Function], Function]:
    '''Make a pytest function a check worth ``points``; the first line of its docstring is the title that students see.

    Args:
        needs: checks of the same file that must pass first; if one does not, this check is skipped.
        visible: whether the notebook's own check cell shows the same behaviour on its example.
        trains: whether the check depends on a training, and so on chance; such questions take long, and `autograder verify` tries
            them on few wrong answers unless it is told ``--full``.

    ::

        @check("q3", points=2)
        def test_counts_all_four_gates(submission, draw):
            """lstm_params(units, features) equals what Keras counts for LSTM(units), for any sizes"""
            for units, features in draw.distinct_pairs(1, 64, n=5):
                expected = keras_count(LSTM(units), features)
                agree(submission.lstm_params, units, features, expected=expected, reference=lstm_params)
    '''

    def mark(function: Function) -> Function:
        needed = tuple(needs) if isinstance(needs, Sequence) else (needs,)
        function.check = CheckMark(question, float(points), needed, visible)  # type: ignore[attr-defined]
        return function

    return mark


def fail(rationale: str, hint: str = "") -> None:
    """Fail the check at once.

    Args:
        rationale: what was seen, never what was expected.
        hint: a question that moves the student on.

    ::

        if model.output_shape != (None, 1):
            fail(f"your model's output shape is {model.output_shape}", "How many numbers are predicted for one sequence?")
    """
    raise CheckFailed(rationale, hint)


def await_person(reason: str) -> None:
    """Leave the check to a person: its points are not final, and the student reads the reason.

    ::

        if not model.crossed:
            await_person(NOT_REBUILT)
    """
    raise AwaitsPerson(reason)


def curve(label: str, values: dict[str, Sequence[float]]) -> None:
    """Add a learning curve to the feedback.

    Args:
        label: the line below the picture.
        values: name -> one number per epoch. Numbers that cannot be drawn are left out, and the picture says so.

    ::

        curve("loss per epoch", {"training": [0.69, 0.42, 0.31], "validation": [0.68, 0.47, 0.45]})
    """
    data = {str(name): numbers for name, numbers in values.items()}
    current_recording().pictures.append(Picture(kind="curve", label=label, data=data))


def fact(label: str, text: str) -> None:
    """Add a fact that an appeal needs (data used, training seed, threshold record) to the last box of the feedback.

    ::

        fact("training seed", "1234")
    """
    current_recording().facts[label] = text


def agree(
    function: Callable[..., Any],
    *args: Any,
    expected: Any,
    reference: Function | None = None,
    view: Callable[[Any], Any] | None = None,
    what: str = "your function returned",
    rtol: float = 1e-4,
    atol: float = 1e-5,
    squeeze: bool = False,
    dtype: str | None = None,
    **kwargs: Any,
) -> None:
    """Call the student's function and record whether its answer is as expected; at its end the check fails if one was not.

    Args:
        function: such as ``submission.pad``.
        expected: the value of a right answer, as ``view`` gives it; from an independent law where there is one.
        reference: the function whose misconceptions may explain a wrong answer.
        view: turns an answer into the value that is compared, such as a model into its output shape.
        what: the beginning of the sentence about the answer.
        rtol, atol, squeeze, dtype: see ``compare.Tolerance``.

    Raises:
        CheckFailed: at once, where further inputs would show the same, such as a missing function.

    ::

        agree(submission.pad, [[1, 2], [3]], 4, expected=[[0, 0, 1, 2], [0, 0, 0, 3]], reference=pad)
        agree(submission.build, 8, expected=(None, 1), view=lambda model: model.output_shape, what="your model's output shape is")
    """
    tolerance = Tolerance(rtol, atol, squeeze, dtype, current_recording().show_direction)
    see = view or (lambda answer: answer)
    kept = (copy.deepcopy(args), copy.deepcopy(kwargs)) if not _holds_model(args, kwargs) else (args, kwargs)
    case = Case(reference, see, tolerance, *kept)
    returned: Any = None
    try:
        returned = function(*args, **kwargs)
        answer = see(returned)
    except CheckFailed as failure:
        if failure.final:
            raise
        case.raised = failure.raised or "?"
        case.wrong, case.hint = Difference(failure.rationale, code=failure.code), failure.hint
        about = f"`{function.name}` " if isinstance(function, Remote) else ""
    except AwaitsPerson:
        raise
    except Exception as error:  # of the view: if it can read a right answer, the student's is not one
        if not case.reads_the_references():
            raise
        case.raised = format_exception(type(error).__name__, str(error))
        case.wrong = Difference(f", which cannot be read as an answer ({type(error).__name__})", code="wrong-type")
        about = f"your function returned {describe(returned)}"
    else:
        case.answer = answer
        case.wrong = find_difference(answer, expected, tolerance)
        in_words = view is not None and isinstance(answer, str)  # a sentence of the check's own
        about = f"{what} {answer if in_words else describe(answer)}"
    if case.wrong is not None:
        given = describe_arguments(reference, args, kwargs)
        case.sentence = (f"for {given} " if given else "") + about + case.wrong.text
    current_recording().cases.append(case)


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
        args, kwargs = _own_models((self.args, self.kwargs))
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
        args, kwargs = _own_models((self.args, self.kwargs))
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
        fitting = self._explanations(wrong[0].reference)
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

    def _explanations(self, reference: Function | None) -> list[Misconception]:
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


def _holds_model(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return any(isinstance(value, Model) for value in (*args, *kwargs.values()))


def _own_models(value: Any) -> Any:
    """Copy arguments, with models in the form that references and misconceptions are given."""
    if isinstance(value, Model):
        return value.for_a_reference()
    if isinstance(value, tuple):
        return tuple(_own_models(part) for part in value)
    if isinstance(value, dict):
        return {key: _own_models(part) for key, part in value.items()}
    return copy.deepcopy(value)


def _as_student_model(value: Any) -> Any:
    """Return a misconception's Keras model in the form in which a student's arrives; any other value as it is."""
    keras = sys.modules.get("keras")  # imported already if the value is a model
    return Model.own(value) if keras is not None and isinstance(value, keras.Model) else value
