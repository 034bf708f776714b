"""The functions that hidden tests are written with: `check`, `agree`, `fail`, `await_person`, `curve`, `fact`."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.judge.compare import Difference, Tolerance, describe, describe_arguments, find_difference
from autograder.judge.failures import AwaitsPerson, CheckFailed, format_exception
from autograder.judge.misconceptions import Function
from autograder.judge.models import Model
from autograder.judge.recording import Case, current_recording
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


def _holds_model(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return any(isinstance(value, Model) for value in (*args, *kwargs.values()))
