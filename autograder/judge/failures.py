"""The exceptions that end a check: the student's answer is wrong, or only a person can tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.judge.results import Picture

MAX_TEXT = 500


def format_exception(kind: str, text: str) -> str:
    """Format an exception so that the same one reads the same from any process."""
    return f"{kind}: {text[:MAX_TEXT]}"


def join_lines(text: str) -> str:
    """Join a text of several lines into one, without colours; Keras' errors have both."""
    return " ".join(re.sub(r"\x1b\[[\d;]*m", "", text).split())


class AwaitsPerson(Exception):
    """The program cannot tell whether the answer is right: the points are not final until a person has looked at it."""


class CheckFailed(Exception):
    """The student's answer is wrong.

    Attributes:
        rationale: what was observed, in words for the student; never an expected value.
        hint: a question that moves the student on.
        misconception: the known mistake that explains the answer; None where none does, or more than one.
        fitting: every known mistake that explains the answer.
        worked: a small case worked out, as a console shows it; never one of the graded inputs.
        raised: the exception that the student's code raised, as ``format_exception`` writes it; empty if it raised none.
        final: whether further inputs would show the same (missing, out of time, not filled in).
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
