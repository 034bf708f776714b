"""How a check fails: the one exception that means the student's answer is wrong, and not our test."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.judge.results import Picture

MAX_TEXT = 500


def format_exception(kind: str, text: str) -> str:
    """An exception in a form that two processes write alike."""
    return f"{kind}: {text[:MAX_TEXT]}"


def join_lines(text: str) -> str:
    """A text of several lines and colours, such as Keras' errors have, as one line without them."""
    return " ".join(re.sub(r"\x1b\[[\d;]*m", "", text).split())


class AwaitsPerson(Exception):
    """The program cannot tell whether the answer is right: the points are not final until a person has looked at it."""


class CheckFailed(Exception):
    """The answer is not what was asked for.

    Attributes:
        rationale: what was observed, in words for the student; never an expected value.
        hint: a question that moves the student on.
        misconception: the known mistake that it is; None where none fits, or several do.
        fitting: every known mistake that it could be.
        worked: a small case worked out, as it would stand in a console; never one of the graded inputs.
        raised: the exception that the student's code raised, as ``format_exception`` writes it; empty if it raised none.
        final: whether further inputs could only say the same (missing, out of time, not filled in).
        code: what was observed, as one of ``errors.CODES``.
    """

    def __init__(
        self,
        rationale: str,
        hint: str = "",
        *,
        misconception: str | None = None,
        fitting: Sequence[str] = (),
        pictures: list[Picture] | None = None,
        worked: str = "",
        raised: str = "",
        final: bool = False,
        code: str = "failed",
    ) -> None:
        super().__init__(rationale)
        self.rationale = rationale
        self.hint = hint
        self.misconception = misconception
        self.fitting = list(fitting)
        self.pictures = pictures or []
        self.worked = worked
        self.raised = raised
        self.final = final
        self.code = code
