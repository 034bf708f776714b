"""A judge that says at once what it is told to: for what happens to a submission before and after it is judged."""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

from autograder.course.course import Course
from autograder.engines.publish import Publisher
from autograder.grading.job import Graded, Job
from autograder.intake.collect import Submission
from autograder.judge.results import CheckResult, Result
from autograder.tests.helpers.commands import run_in_turn
from autograder.tests.helpers.tiny_course import open_file

_opened: dict[tuple[Path, str], Any] = {}  # a class of one notebook is opened once


def judged(course: Course, path: Path, student: str, share: float = 1.0) -> Graded:
    """A verdict on a file that gives this share of the points of every check."""
    questions = course.assignment("tiny").questions
    submission = hashlib.sha256(path.read_bytes()).hexdigest()
    if (course.root, submission) not in _opened:
        _opened[course.root, submission] = open_file(path, course, "tiny").as_data()
    checks = [
        CheckResult(
            question=question,
            check=check.name,
            title=check.title,
            status="passed" if share == 1 else "failed",
            points=share * check.points,
            max_points=check.points,
        )
        for question, (_, checks) in questions.items()
        for check in checks
    ]
    result = Result(
        assignment="tiny",
        student=student,
        submission=submission,
        points=sum(check.points for check in checks),
        max_points=sum(check.max_points for check in checks),
        seconds=0.1,
        checks=checks,
        questions={question: title for question, (title, _) in questions.items()},
    )
    return Graded(result, _opened[course.root, submission])


def record(course: Course, path: Path, student: str, share: float = 1.0) -> Result:
    """Record such a verdict, and return its result."""
    graded = judged(course, path, student, share)
    Publisher(course).publish(Submission(student, path, "tiny", datetime.now(UTC), str(path)), graded)
    return graded.result


class StandIn:
    """In the place of ``grading.Grader``.

    Attributes:
        asked: the students whose submissions it was given.
    """

    share = 1.0
    asked: ClassVar[list[str]] = []

    def __init__(self, course: Course, workers: int = 1) -> None:
        self.course = course

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def open(self, path: Path, assignment: str | None = None) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(open_file(path, self.course, assignment).as_data())
        return future

    def start(self, job: Job) -> Future[Graded]:
        self.asked.append(job.student)
        future: Future[Any] = Future()
        future.set_result(None)
        return future

    def grade_job(self, job: Job) -> Graded:
        return self.finish(job, self.start(job))

    def finish(self, job: Job, future: Future[Graded]) -> Graded:
        return judged(self.course, job.path, job.student, self.share)


if __name__ == "__main__":
    from autograder import grade

    setattr(grade, "Grader", StandIn)  # noqa: B010
    run_in_turn(sys.argv[1:])
