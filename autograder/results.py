"""What the judge says of one submission: the same object on every road, and the JSON line of `autograder grade --json`."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

Status = Literal["passed", "failed", "skipped", "error"]
OUR_FAULT = "We could not grade this. The fault is ours; your points are not final."


def printable(text: str) -> str:
    """Text without what could move a cursor, colour a terminal or turn the reading direction."""
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", text)


Shown = Annotated[str, AfterValidator(printable)]


class Picture(BaseModel):
    """Something the feedback page draws: a learning curve, or an array with its first wrong position.

    Attributes:
        kind: ``curve`` (data: name -> list of floats, one per epoch) or ``array`` (data: see ``compare.picture``).
        label: the line above it.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["curve", "array"]
    label: str
    data: dict[str, Any]


class CheckResult(BaseModel):
    """One check: its points, what was seen, the misconception that says the same, and a small case worked out.

    Attributes:
        fitting: all misconceptions that say the same; one is named only where it is the only one.
        alone: what became of a skipped check that was tried all the same, as is done to test the tests.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)
    question: str
    check: str
    title: str
    status: Status
    points: float
    max_points: float
    visible: bool = False
    misconception: str | None = None
    fitting: list[str] = []
    alone: Status | None = None
    rationale: Shown = ""
    hint: Shown = ""
    worked: str = ""
    pictures: list[Picture] = []


class Result(BaseModel):
    """One submission. ``points`` is None when it could not be graded (``notes`` says why) or when a check ended in ``error``.

    Attributes:
        submission: sha256 of the file that was handed in.
        faults: our own errors, one line each; for the instructor, since they may quote a hidden check.
        facts: what an appeal needs: versions, data used, training seeds, threshold record, jail.
        questions: question -> its title, in the assignment's order.
    """

    model_config = ConfigDict(extra="forbid")
    assignment: str
    student: Shown
    submission: str
    points: float | None
    max_points: float
    seconds: float
    checks: list[CheckResult] = []
    notes: list[Shown] = []
    faults: list[Shown] = []
    questions: dict[str, str] = {}
    facts: dict[str, Shown] = {}

    @property
    def graded(self) -> bool:
        """Whether the points are final."""
        return self.points is not None

    def question_points(self) -> dict[str, tuple[float, float]]:
        """Question -> (points, max_points), in the assignment's order."""
        totals = dict.fromkeys(self.questions, (0.0, 0.0))
        for check in self.checks:
            points, max_points = totals.get(check.question, (0.0, 0.0))
            totals[check.question] = (points + check.points, max_points + check.max_points)
        return totals

    def for_students(self, details: bool) -> Result:
        """As students may see it: without ``details`` (the course's ``show_details``) titles and points alone."""
        if details:
            return self
        nothing: dict[str, Any] = {"rationale": "", "hint": "", "misconception": None, "worked": "", "pictures": []}
        kept: dict[str, Any] = {"pictures": []}  # a learning curve stands beside a check that passed, too
        checks = [c.model_copy(update=nothing if c.status == "failed" else kept) for c in self.checks]
        return self.model_copy(update={"checks": checks})

    def json_line(self) -> str:
        """The line of `--json`: the fields fixed by the design alone; our own faults stand among the notes."""
        told = self.model_copy(update={"notes": self.notes + self.faults})
        hidden: Any = {
            "questions": True,
            "facts": True,
            "faults": True,
            "checks": {"__all__": {"pictures", "visible", "worked", "fitting", "alone"}},
        }
        return told.model_dump_json(exclude=hidden)
