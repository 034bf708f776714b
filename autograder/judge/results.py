"""The judge's result for one submission, which is the same on every road, and the view of it that students get."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NonNegativeInt, field_validator, model_validator

from autograder.printable import printable_text

Status = Literal["passed", "failed", "skipped", "error"]
OUR_FAULT = "We could not grade this. The fault is ours; your points are not final."


def make_label(text: str) -> str:
    """Make a text one plain line of bounded length, to stand beside a picture."""
    line = " ".join(printable_text(text[: 4 * MAX_LABEL]).split())
    return line if len(line) <= MAX_LABEL else line[: MAX_LABEL - 1] + "…"


Shown = Annotated[str, AfterValidator(printable_text)]
Label = Annotated[str, AfterValidator(make_label)]
Code = Annotated[str, Field(pattern="^[a-z-]{0,40}$")]
MAX_LABEL = 120
MAX_CURVES, MAX_EPOCHS = 12, 1000  # in one picture: what a reader can tell apart
MAX_VALUE = 1e12  # a larger number in a learning curve only says that it grew without bound
MAX_ARRAY = 400  # numbers; a larger array says nothing as a picture
MAX_IMAGE = 1 << 20  # characters of a drawn picture
PNG = b"\x89PNG\r\n\x1a\n"


class ArrayData(BaseModel):
    """An array's values in text, in C order, and the position of the first wrong one."""

    model_config = ConfigDict(extra="forbid")
    shape: list[NonNegativeInt] = Field(min_length=1, max_length=3)
    values: list[Label] = Field(max_length=MAX_ARRAY)
    wrong: list[NonNegativeInt]

    @model_validator(mode="after")
    def _fit(self) -> ArrayData:
        inside = all(place < length for place, length in zip(self.wrong, self.shape, strict=True))
        if not inside or math.prod(self.shape) != len(self.values):
            raise ValueError("the values of an array fill its shape, and the wrong one is in it")
        return self


class Picture(BaseModel):
    """A picture on the feedback page: a learning curve, or an array with its first wrong position.

    Names and numbers may be a student's. They are made plain and bounded here, before anything else reads them.

    Attributes:
        kind: ``curve`` (data: name -> list of numbers, one per epoch, None where there is none to draw) or ``array`` (data: see
            ``ArrayData``).
        label: the line below it.
        left_out: the parts of the data that cannot be drawn, in words.
        image: the drawn curve, a PNG in base64; see ``pages.draw_pictures``.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["curve", "array"]
    label: Label
    data: dict[str, Any]
    left_out: Label = ""
    image: str = ""

    @model_validator(mode="after")
    def _bound(self) -> Picture:
        if self.kind == "array":
            self.data = ArrayData.model_validate(self.data).model_dump()
        else:
            self.data, words = _bound_curves(self.data)
            self.left_out = make_label(words) or self.left_out
        return self

    @field_validator("image")
    @classmethod
    def _is_png(cls, image: str) -> str:
        if len(image) > MAX_IMAGE or (image and not base64.b64decode(image, validate=True).startswith(PNG)):
            raise ValueError("a drawn picture is a small PNG in base64")
        return image


def _bound_curves(curves: dict[str, Any]) -> tuple[dict[str, list[float | None]], str]:
    """Return the curves as they can be drawn, and in words the parts that were left out."""
    bounded: dict[str, list[float | None]] = {}
    cut, undrawn = max(0, len(curves) - MAX_CURVES), 0
    longer = False
    for name, numbers in islice(curves.items(), MAX_CURVES):
        given = list(islice(numbers, MAX_EPOCHS + 1)) if isinstance(numbers, Iterable) else []
        longer = longer or len(given) > MAX_EPOCHS
        drawn = [_make_drawable(number) for number in given[:MAX_EPOCHS]]
        undrawn += sum(d is None and g is not None for d, g in zip(drawn, given, strict=False))
        bounded[make_label(str(name))] = drawn
    said = [
        f"{cut} further curves" if cut else "",
        f"what follows epoch {MAX_EPOCHS}" if longer else "",
        f"{undrawn} values that are no numbers or beyond ±{MAX_VALUE:g}" if undrawn else "",
    ]
    return bounded, f"left out: {', '.join(filter(None, said))}" if any(said) else ""


def _make_drawable(number: Any) -> float | None:
    """Return a number as it can be drawn; None where it cannot."""
    try:
        value = float(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if abs(value) <= MAX_VALUE else None


class CheckResult(BaseModel):
    """One check: its points, what was seen, the misconception that explains it, and a small case worked out.

    Attributes:
        fitting: all misconceptions that explain the answer; ``misconception`` names one only where there is no other.
        alone: the outcome of a skipped check that was tried all the same, which is done to test the tests.
        code: what was observed, as one of ``errors.CODES``; empty where the check passed, and in results of older versions.
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
    code: Code = ""


class Result(BaseModel):
    """One submission. ``points`` is None when it could not be graded (``notes`` says why) or when a check ended in ``error``.

    Attributes:
        submission: sha256 of the file that was handed in.
        faults: our own errors, one line each; for the instructor alone, because they may quote a hidden check.
        remarks: what else the instructor should know, one line each.
        facts: details for an appeal: versions, data used, training seeds, threshold record, jail.
        questions: question -> its title, in the assignment's order.
        code: why it could not be graded or recorded, as one of ``errors.CODES``; else empty.
        schema_version: of these fields. A kept result without it is of version 1.
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
    remarks: list[Shown] = []
    questions: dict[str, str] = {}
    facts: dict[str, Shown] = {}
    code: Code = ""
    schema_version: Literal[1] = 1

    @property
    def graded(self) -> bool:
        """Whether the points are final."""
        return self.points is not None

    def question_points(self) -> dict[str, tuple[float, float]]:
        """Question -> (points, max_points), in the assignment's order."""
        return _add_points(self.questions, self.checks)

    def for_students(self, details: bool) -> StudentView:
        """Return the part of the result that students may see.

        Args:
            details: the course's ``show_details``; without them students see titles and points alone.
        """
        return StudentView(
            assignment=self.assignment,
            student=self.student,
            submission=self.submission,
            points=self.points,
            max_points=self.max_points,
            seconds=self.seconds,
            checks=[_view_check(check, details) for check in self.checks],
            notes=list(self.notes),
            questions=dict(self.questions),
            facts=dict(self.facts),
            code=self.code,
        )

    def json_line(self) -> str:
        """Return the line of `--json`: only the fields that the design fixes; faults and remarks stand among the notes."""
        told = self.model_copy(update={"notes": self.notes + self.faults + self.remarks})
        hidden: Any = {
            "questions": True,
            "facts": True,
            "faults": True,
            "remarks": True,
            "code": True,
            "schema_version": True,
            "checks": {"__all__": {"pictures", "visible", "worked", "fitting", "alone", "code"}},
        }
        return told.model_dump_json(exclude=hidden)


@dataclass(frozen=True)
class StudentCheck:
    """One check as students may see it; the fields are those of ``CheckResult``."""

    question: str
    check: str
    title: str
    status: Status
    points: float
    max_points: float
    misconception: str | None
    rationale: str
    hint: str
    worked: str
    pictures: list[Picture]
    code: str


@dataclass(frozen=True)
class StudentView:
    """A result as students may see it; the fields are those of ``Result``.

    Every page and text for students takes this type, which ``Result.for_students`` makes. A ``Result`` is not of this type, so
    mypy finds a page that would show one whole.
    """

    assignment: str
    student: str
    submission: str
    points: float | None
    max_points: float
    seconds: float
    checks: list[StudentCheck]
    notes: list[str]
    questions: dict[str, str]
    facts: dict[str, str]
    code: str

    def question_points(self) -> dict[str, tuple[float, float]]:
        """Question -> (points, max_points), in the assignment's order."""
        return _add_points(self.questions, self.checks)


def _view_check(check: CheckResult, details: bool) -> StudentCheck:
    told = details or check.status != "failed"  # a skipped check and an error say why in any case
    return StudentCheck(
        question=check.question,
        check=check.check,
        title=check.title,
        status=check.status,
        points=check.points,
        max_points=check.max_points,
        misconception=check.misconception if told else None,
        rationale=check.rationale if told else "",
        hint=check.hint if told else "",
        worked=check.worked if told else "",
        code=check.code if told else "failed",
        pictures=check.pictures if details else [],  # a learning curve stands beside a check that passed, too
    )


def _add_points(
    questions: Iterable[str], checks: Iterable[CheckResult | StudentCheck]
) -> dict[str, tuple[float, float]]:
    totals = dict.fromkeys(questions, (0.0, 0.0))
    for check in checks:
        points, max_points = totals.get(check.question, (0.0, 0.0))
        totals[check.question] = (points + check.points, max_points + check.max_points)
    return totals
