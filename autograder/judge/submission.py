"""The `submission` of a hidden check: a proxy that asks the student's own process, and gets data back."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed, format_exception, join_lines
from autograder.judge.models import Model
from autograder.judge.rebuilt import InModelProcess
from autograder.sandbox.inside.wire import WireError, decode, encode
from autograder.sandbox.limits import Stopped, explain_error
from autograder.sandbox.run import NotebookRun


class Answer(BaseModel):
    """The agent's answer to one question, checked on arrival because it comes from the student's process."""

    status: Literal["ok", "missing", "too large", "error"]
    value: Any = None
    type: str = Field("", max_length=100)
    text: str = Field("", max_length=500)
    line: str = Field("", max_length=200)
    by: str = Field("", max_length=100)  # the function that raised


class Remote:
    """A student's function by name. Calling it runs it in the student's process and brings its answer back as data."""

    def __init__(self, submission: StudentNotebook, name: str) -> None:
        self.submission = submission
        self.name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.submission.call(self.name, *args, **kwargs)


class StudentNotebook:
    """A submission as a hidden check sees it.

    ``submission.pad(x, 8)`` calls the student's ``pad``; ``value`` reads a variable; ``call`` takes a training seed and a time limit.

    Raises (all members):
        CheckFailed: the name is missing, the code raised, ran out of time or ended its process, or the answer cannot cross.
    """

    def __init__(self, run: NotebookRun) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Remote:
        if name.startswith("_"):
            raise AttributeError(name)
        return Remote(self, name)

    def value(self, name: str) -> Any:
        """Return the variable called ``name``."""
        return self._ask({"ask": "value", "name": name}, name, [], None)

    def call(self, name: str, *args: Any, seed: int | None = None, seconds: float | None = None, **kwargs: Any) -> Any:
        """Call the student's function ``name`` and return its answer.

        Args:
            seed: public training seed, set for Python, numpy and Keras before the call.
            seconds: time limit; the course's ``seconds_per_call`` when None.
        """
        buffers: list[bytes] = []
        request = {"ask": "call", "name": name, "seed": seed}

        def special(value: Any) -> Any:
            return value.encode_for_student(buffers) if isinstance(value, Model) else None

        request["args"] = encode(args, buffers, special)
        request["kwargs"] = encode(kwargs, buffers, special)
        return self._ask(request, name, buffers, seconds)

    def _ask_model(self, kept: int, member: str, args: tuple[Any, ...]) -> Any:
        buffers: list[bytes] = []
        request = {"ask": "model", "kept": kept, "member": member, "args": encode(args, buffers)}
        return self._ask(request, f"your model's {member}", buffers, None)

    def _ask(self, request: dict[str, Any], name: str, buffers: list[bytes], seconds: float | None) -> Any:
        request["max_bytes"] = self._run.limits.answer_mib << 20
        reply = self._run.ask(request, buffers, seconds or self._run.limits.seconds_per_call)
        if isinstance(reply, Stopped):
            raise CheckFailed(f"{name} {reply.reason}", reply.hint, final=True, code=reply.code)
        content, parts = reply
        try:
            answer = Answer.model_validate(content)
        except ValidationError as error:
            raise CheckFailed(f"{name} returned something that cannot be read", code="unreadable") from error
        match answer.status:
            case "ok":
                return self._decode_answer(answer.value, parts, name)
            case "missing":
                raise CheckFailed(
                    _explain_missing(name, self._run.why_missing(name)), final=True, code="missing-function"
                )
            case "too large":
                raise CheckFailed(
                    f"{name} returned more than {self._run.limits.answer_mib} MiB", final=True, code="too-large"
                )
        raise _describe_raised(name, answer, self._run.limits)

    def _decode_answer(self, tree: Any, parts: list[Any], name: str) -> Any:
        def special(tag: str, content: Any) -> Any:
            if tag != "model" or not isinstance(content["kept"], int):
                raise WireError("unknown tag")
            weights = [decode(weight, parts) for weight in content["weights"]]
            if not all(isinstance(weight, (np.ndarray, np.generic)) for weight in weights):
                raise WireError("weights that are no arrays")
            rebuilt = InModelProcess.build(self._run.models, content["config"], [np.asarray(w) for w in weights])
            return Model(content["kept"], rebuilt, self._ask_model)

        try:
            return decode(tree, parts, special)
        except CheckFailed:
            raise
        except Exception as error:  # any other error is the answer's fault: it comes from student code
            raise CheckFailed(
                f"{name} returned something that cannot be read ({type(error).__name__}: {str(error)[:200]})",
                code="unreadable",
            ) from error


def _explain_missing(name: str, why: str) -> str:
    return f"your notebook defines no {name}" + (f": the cell that should define it {why}" if why else "")


def _describe_raised(name: str, answer: Answer, limits: Limits) -> CheckFailed:
    kind, text, line = answer.type, answer.text, answer.line
    if kind == "NotImplementedError" and answer.by == name:  # not a helper's, nor Keras'
        return CheckFailed(
            f"{name} is not filled in yet (it raises NotImplementedError)", final=True, code="not-filled-in"
        )
    where = f", in the line `{line}`" if line else ""
    said = f": {join_lines(text)}" if text else ""
    return CheckFailed(
        f"raised {kind}{said}{where}",
        explain_error(kind, text, limits),
        raised=format_exception(kind, text),
        code="raised",
    )
