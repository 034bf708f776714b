"""The `submission` of a hidden check: a proxy whose every member is answered by the student's own process, in data only."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed, in_a_line, raised
from autograder.judge.models import InModelProcess, Model
from autograder.sandbox.inside.wire import WireError, decode, encode
from autograder.sandbox.limits import Stopped, explain_error
from autograder.sandbox.run import NotebookRun


class Answer(BaseModel):
    """What the agent says of one question, checked on arrival: it comes from the student's process."""

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
    """What a hidden check sees of a submission.

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
        """The variable called ``name``."""
        return self._ask({"ask": "value", "name": name}, name, [], None)

    def call(self, name: str, *args: Any, seed: int | None = None, seconds: float | None = None, **kwargs: Any) -> Any:
        """What the student's function ``name`` returns.

        Args:
            seed: public training seed, set for Python, numpy and Keras before the call.
            seconds: limit of time; the course's ``seconds_per_call`` when None.
        """
        buffers: list[bytes] = []
        request = {"ask": "call", "name": name, "seed": seed}

        def special(value: Any) -> Any:
            return value.sent(buffers) if isinstance(value, Model) else None

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
            raise CheckFailed(f"{name} {reply.reason}", reply.hint, final=True)
        content, parts = reply
        try:
            answer = Answer.model_validate(content)
        except ValidationError as error:
            raise CheckFailed(f"{name} returned something that cannot be read") from error
        match answer.status:
            case "ok":
                return self._decoded(answer.value, parts, name)
            case "missing":
                raise CheckFailed(_missing(name, self._run.why_missing(name)), final=True)
            case "too large":
                raise CheckFailed(f"{name} returned more than {self._run.limits.answer_mib} MiB", final=True)
        raise _raised(name, answer, self._run.limits)

    def _decoded(self, tree: Any, parts: list[Any], name: str) -> Any:
        def special(tag: str, content: Any) -> Any:
            if tag != "model" or not isinstance(content["kept"], int):
                raise WireError("unknown tag")
            weights = [decode(weight, parts) for weight in content["weights"]]
            if not all(isinstance(weight, (np.ndarray, np.generic)) for weight in weights):
                raise WireError("weights that are no arrays")
            rebuilt = InModelProcess.of(self._run.models, content["config"], [np.asarray(w) for w in weights])
            return Model(content["kept"], rebuilt, self._ask_model)

        try:
            return decode(tree, parts, special)
        except CheckFailed:
            raise
        except Exception as error:  # whatever is wrong with an answer is the answer's fault: it comes from student code
            raise CheckFailed(
                f"{name} returned something that cannot be read ({type(error).__name__}: {str(error)[:200]})"
            ) from error


def _missing(name: str, why: str) -> str:
    return f"your notebook defines no {name}" + (f": the cell that should define it {why}" if why else "")


def _raised(name: str, answer: Answer, limits: Limits) -> CheckFailed:
    kind, text, line = answer.type, answer.text, answer.line
    if kind == "NotImplementedError" and answer.by == name:  # not a helper's, nor Keras'
        return CheckFailed(f"{name} is not filled in yet (it raises NotImplementedError)", final=True)
    where = f", in the line `{line}`" if line else ""
    said = f": {in_a_line(text)}" if text else ""
    return CheckFailed(f"raised {kind}{said}{where}", explain_error(kind, text, limits), raised=raised(kind, text))
