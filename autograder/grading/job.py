"""One submission to grade, and its outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.course import Course
from autograder.judge.results import OUR_FAULT, Result
from autograder.sandbox.limits import Doubt

if TYPE_CHECKING:
    from autograder.judge.judge import Trial


@dataclass(frozen=True)
class Job:
    """One submission to grade.

    Attributes:
        trial: for a known answer: how it is judged.
        opened: the notebook, if a reader has opened it already: see ``Opened.as_data``.
    """

    path: Path
    assignment: str | None = None
    student: str = ""
    trial: Trial | None = None
    opened: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Graded:
    """The outcome of a job.

    Attributes:
        opened: the opened notebook that the result is about (``Opened.as_data``); None where it could not be opened.
        doubts: why the machine, and not the student, may be to blame for a part of the result.
    """

    result: Result
    opened: Mapping[str, Any] | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_doubtful(self) -> bool:
        """Whether another try may give more points."""
        return bool(self.doubts) and self.result.points != self.result.max_points


def give_up(course: Course, job: Job, how: str, opened: Mapping[str, Any] | None = None) -> Graded:
    """Return the outcome for a submission during which one of our own processes was lost."""
    return Graded(refuse(course, job, f"{OUR_FAULT} ({how})", "our-fault"), opened, (Doubt(how, short=False),))


def refuse(course: Course, job: Job, reason: str, code: str) -> Result:
    """Return the result of a submission that cannot be graded.

    Args:
        code: one of ``errors.CODES``.
    """
    known = job.assignment in course.assignments
    try:
        with open(job.path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        sha256 = ""
    return Result(
        assignment=job.assignment or "",
        student=job.student,
        submission=sha256,
        points=None,
        max_points=course.assignment(job.assignment).max_points if job.assignment and known else 0.0,
        seconds=0.0,
        notes=[reason],
        code=code,
    )
