"""Grade known answers in parallel, each as a submission; keep the results, so that nothing is graded twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Assignment, Course
from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.grading.journal import Journal, digest, digest_course
from autograder.judge.judge import Trial
from autograder.judge.results import Result
from autograder.quality import equivalents
from autograder.quality.known_answers import KnownAnswer

FOLDER = "verified"


@dataclass(frozen=True)
class Tried:
    """A known answer and its result."""

    known: KnownAnswer
    trial: Trial
    result: Result


class Trials:
    """The trials of one course.

    Args:
        keep: keep results in the course's folder, so that an interrupted run can be continued.
    """

    def __init__(self, course: Course, workers: int, keep: bool = True) -> None:
        self.course = course
        self.workers = workers
        self.keep = keep

    def run(
        self, assignment: Assignment, wanted: Iterable[tuple[KnownAnswer, Trial]], done: Callable[[], None]
    ) -> list[Tried]:
        """Return the results in the order of ``wanted``; call ``done`` after each."""
        pairs = list(wanted)
        journal = Journal(self.course.root / FOLDER / assignment.name, digest_state(assignment), self.keep)
        keys = [_digest_trial(known, trial) for known, trial in pairs]
        found = {i: Result.model_validate(journal[key]) for i, key in enumerate(keys) if key in journal}
        for _ in found:
            done()
        for i, result in self.grade(assignment, [(i, *pair) for i, pair in enumerate(pairs) if i not in found]):
            found[i] = result
            if result.checks and not result.faults:  # others are graded again next time
                journal.add(keys[i], result.model_dump())
            done()
        return [Tried(*pair, found[i]) for i, pair in enumerate(pairs)]

    def grade(
        self, assignment: Assignment, wanted: list[tuple[int, KnownAnswer, Trial]]
    ) -> Iterator[tuple[int, Result]]:
        """Grade answers and yield (position, result) as they finish."""
        if not wanted:
            return
        with (
            tempfile.TemporaryDirectory(prefix="autograder-verify-") as folder,
            Grader(self.course, min(self.workers, len(wanted))) as grader,
        ):
            started = {}
            for i, known, trial in wanted:
                path = Path(folder, str(i), f"{assignment.name}.ipynb")
                path.parent.mkdir()
                path.write_bytes(known.notebook)
                job = Job(path, assignment.name, trial=trial)
                started[grader.start(job)] = i, job
            for future in as_completed(started):
                i, job = started[future]
                yield i, _drop_pictures(grader.finish(job, future).result)


def _drop_pictures(result: Result) -> Result:
    return result.model_copy(update={"checks": [c.model_copy(update={"pictures": []}) for c in result.checks]})


def _digest_trial(known: KnownAnswer, trial: Trial) -> str:
    return digest(repr(trial), known.notebook)


def digest_state(assignment: Assignment) -> str:
    """Return a digest of everything a result depends on, except the answer and its trial."""
    course = assignment.course
    checks = [path for path in assignment.tests.iterdir() if path.name != equivalents.FILE]  # that changes no result
    solutions = [*assignment.reference.parent.glob("*.py"), assignment.misconceptions]
    released = [*assignment.released.parent.iterdir()]
    return digest_course(course, str(course.settings.raw), [*checks, *solutions, *released])
