"""A student's model, rebuilt from its config and weights by tables, in the model process of its submission."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from autograder.judge.failures import MAX_TEXT, CheckFailed, format_exception, join_lines
from autograder.sandbox.limits import Stopped
from autograder.sandbox.model_process import UNREADABLE, ModelProcess, ModelReply

Array = np.ndarray[Any, Any]
MAX_WEIGHTS = 50_000_000
MAX_CONFIG = 2_000_000  # characters
MAX_TOLD = 1 << 10  # weights, or layers, of one model
PREDICT = "your model's predict"

Size = Annotated[int, Field(ge=0, le=1 << 40)]
Name = Annotated[str, Field(max_length=200)]
Shape = Annotated[list[Size], Field(max_length=32)]


class Facts(BaseModel):
    """The model process' description of a model, checked on arrival."""

    model_config = ConfigDict(strict=True, extra="forbid")
    built: bool
    layers: list[Name] = Field(max_length=MAX_TOLD)
    input_shape: list[Size | None] = Field(max_length=32)
    output_shape: list[Size | None] = Field(max_length=32)
    names: list[Name] = Field(max_length=MAX_TOLD)
    shapes: list[Shape] = Field(max_length=MAX_TOLD)
    trainable: list[int] = Field(max_length=MAX_TOLD)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if len(self.names) != len(self.shapes):
            raise ValueError("weights without a name, or without a shape")
        if len(set(self.trainable)) != len(self.trainable) or not set(self.trainable) <= set(range(len(self.shapes))):
            raise ValueError("weights that are trained twice, or that do not exist")
        return self


class RebuiltModel(Protocol):
    """A model that can be given inputs and weights without asking the student's process."""

    @property
    def facts(self) -> Facts: ...

    @property
    def weights(self) -> list[Array]: ...

    def predict(self, inputs: Any) -> Any: ...

    def with_weights(self, weights: Sequence[Array]) -> Self: ...


_numbers = itertools.count()


class InModelProcess:
    """A student's model in the model process of its submission; that process may be a new one from one question to the next."""

    def __init__(self, process: ModelProcess, config: str, weights: list[Array]) -> None:
        self._process = process
        self._config = config
        self._given = weights
        self.weights = weights
        self._number = next(_numbers)
        self._built_in = 0  # number of the model process that has it
        self._set: list[list[Array]] = []  # the weights that it has there
        self.facts = self._build("your model")

    @classmethod
    def build(cls, process: ModelProcess, config: str | None, weights: list[Array]) -> InModelProcess | None:
        """Build the model; None where there is no config, or one that the tables do not know.

        Raises:
            CheckFailed: the process ended over it.
        """
        if config is None or len(config) > MAX_CONFIG or sum(weight.size for weight in weights) > MAX_WEIGHTS:
            return None
        try:
            return cls(process, config, weights)
        except DoesNotCross:
            return None

    def _build(self, what: str) -> Facts:
        """Have the process build it.

        Raises:
            DoesNotCross: it cannot be built, or not with the weights that were sent with it.
            CheckFailed: the process ended over it, or describes something that is no model.
        """
        request = {"ask": "build", "model": self._number, "config": self._config}
        reply = self._ask(request, {"weights": self._given}, what)
        if reply.status != "ok":
            raise DoesNotCross(reply.text[:MAX_TEXT])
        self._built_in = self._process.starts
        self._set[:] = [self._given]
        facts = _read_facts(reply.value, what)
        if not self._given and facts.shapes:
            raise DoesNotCross("it came without its weights")
        _ensure_shapes(facts, self._given, what)
        return facts

    def predict(self, inputs: Any) -> Any:
        several = isinstance(inputs, (list, tuple)) and any(isinstance(part, np.ndarray) for part in inputs)
        arrays = [np.asarray(part) for part in (inputs if several else [inputs])]
        if self._process.starts != self._built_in or not self._process.running:
            self._build(PREDICT)
        reply = self._send_batch(arrays, several)
        if reply.status == "gone":  # the process keeps a limited number of models, and more came after it
            self._build(PREDICT)
            reply = self._send_batch(arrays, several)
        if reply.status == "gone":
            raise _no_answer(PREDICT)
        if reply.status == "error":
            what = f"raised {reply.type} in predict: {join_lines(reply.text)[:MAX_TEXT]}"
            raise CheckFailed(what, raised=format_exception(reply.type, reply.text), code="raised")
        if reply.status != "ok":
            raise CheckFailed(f"{PREDICT} was not run: {join_lines(reply.text)[:MAX_TEXT]}", final=True, code="stopped")
        self._set[:] = [self.weights]
        return self._read_outputs(reply.value)

    def _send_batch(self, inputs: list[Array], several: bool) -> ModelReply:
        """Send a batch to the process, with weights where it has other ones."""
        request = {"ask": "predict", "model": self._number, "several": several, "weights": None}
        has_them = any(self.weights is those for those in self._set)
        return self._ask(request, {"inputs": inputs} | ({} if has_them else {"weights": self.weights}), PREDICT)

    def _ask(self, request: dict[str, Any], arrays: Mapping[str, Sequence[Array]], what: str) -> ModelReply:
        reply = self._process.ask(request, arrays)
        if isinstance(reply, Stopped):
            raise _no_answer(what, reply)
        return reply

    def _read_outputs(self, told: Any) -> Any:
        """Return the outputs in a reply; keep the weights of a model that has just got them."""
        try:
            outputs, made = told["outputs"], told["made"]
            if made is not None and not self.facts.built:
                facts, weights = _read_facts(made["facts"], PREDICT), _ensure_numbers(made["weights"], "biuf")
                _ensure_shapes(facts, weights, PREDICT)
                self.facts, self.weights, self._set[:] = facts, weights, [weights]
            _ensure_numbers(outputs if isinstance(outputs, list) else [outputs])
        except (TypeError, KeyError, ValueError) as error:
            raise _no_answer(PREDICT) from error
        return outputs

    def with_weights(self, weights: Sequence[Array]) -> Self:
        other = object.__new__(type(self))
        other.__dict__ = self.__dict__ | {"weights": [np.asarray(weight) for weight in weights]}
        return other


def _no_answer(what: str, why: Stopped = UNREADABLE) -> CheckFailed:
    return CheckFailed(f"{what} {why.reason}", why.hint, final=True, code=why.code)


def _read_facts(told: Any, what: str) -> Facts:
    try:
        return Facts.model_validate(told)
    except ValidationError as error:
        raise _no_answer(what) from error


def _ensure_shapes(facts: Facts, weights: list[Array], what: str) -> None:
    if [tuple(shape) for shape in facts.shapes] != [weight.shape for weight in weights]:
        raise _no_answer(what)


def _ensure_numbers(told: Any, kinds: str = "biufc") -> list[Array]:
    """Return a list of arrays of numbers as it is.

    Args:
        kinds: numpy's letters for the kinds of numbers that are allowed.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(told, list) or not all(
        isinstance(each, np.ndarray) and each.dtype.kind in kinds for each in told
    ):
        raise TypeError("not arrays of numbers")
    return told


class DoesNotCross(Exception):
    """The model cannot be rebuilt; checks ask the student's process for its behaviour instead."""
