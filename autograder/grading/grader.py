"""Grade submissions in parallel, each in a worker; whatever happens, there is a result."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from pathlib import Path
from typing import Any

from pebble import ProcessExpired

from autograder.course.config import without_nbgraders
from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.grading.job import Graded, Job, give_up
from autograder.grading.pool import WorkerPool
from autograder.grading.worker import READER_SECONDS, compute_judge_limit
from autograder.grading.worker_process import become_worker, grade_submission, open_submission
from autograder.judge.results import OUR_FAULT, Result
from autograder.machine.clock import FAR
from autograder.machine.users import BLOCKS


class Grader(WorkerPool):
    """A pool of workers for one course.

    Args:
        workers: number of submissions that are graded at a time.

    Raises:
        UsageError: there are more workers than blocks of user numbers for their processes.
    """

    def __init__(self, course: Course, workers: int = 1) -> None:
        if workers > BLOCKS:
            raise UsageError(f"--workers {workers}: at most {BLOCKS} submissions can be graded at a time.")
        self.course = course
        settings = without_nbgraders(course.settings)
        settings.course.key = course.key.decode()
        self._slots = os.memfd_create("slots")
        slots = f"/proc/{os.getpid()}/fd/{self._slots}"
        super().__init__(workers, become_worker, (course.root, settings, workers, slots))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        os.close(self._slots)

    def open(self, path: Path, assignment: str | None = None) -> Future[Mapping[str, Any]]:
        """Queue the opening of one notebook. The future gives ``Opened.as_data``, or raises Ungradable."""
        return self._pool.schedule(open_submission, args=(path, assignment), timeout=2 * FAR * READER_SECONDS + 120)  # type: ignore[no-any-return]

    def start(self, job: Job) -> Future[Graded]:
        """Queue one submission. The future always gives a result; ask ``finish`` for it."""
        return self._pool.schedule(grade_submission, args=(job,), timeout=FAR * compute_judge_limit(self.course) + 240)  # type: ignore[no-any-return]

    def finish(self, job: Job, future: Future[Graded]) -> Graded:
        """Return the result of a queued submission; if the worker died or hung, the result says so.

        Raises:
            UsageError: the fault is the course's or the machine's.
        """
        try:
            return future.result()
        except UsageError:
            raise
        except FutureTimeout:
            reason = "took too long"
        except ProcessExpired as error:
            reason = f"ended with exit code {error.exitcode}"
        except Exception as error:  # of the pool itself
            reason = f"failed: {type(error).__name__}"
        return give_up(self.course, job, f"the worker's process {reason}")

    def grade(self, path: Path, assignment: str | None = None, student: str = "") -> Result:
        """Grade one notebook file; nothing in it raises an error."""
        return self.grade_job(Job(path, assignment, student)).result

    def grade_job(self, job: Job) -> Graded:
        """Grade one submission now."""
        graded = self.finish(job, self.start(job))
        return self.try_again(job, graded) if graded.is_doubtful else graded

    def try_again(self, job: Job, doubtful: Graded) -> Graded:
        """Try a doubtful submission again; call this while nothing else is graded.

        If the machine is short of something again, the checks that did not pass become errors of ours and cost no points.
        """
        graded = self.finish(job, self.start(job))
        result = _leave_to_person(graded) if graded.is_doubtful else graded.result
        why = "; ".join(dict.fromkeys(doubt.what for doubt in doubtful.doubts))
        result.remarks.append(f"This is a second try, with nothing graded beside it. In the first one {why}.")
        return replace(graded, result=result)


def _leave_to_person(graded: Graded) -> Result:
    """Return a result in which a person decides on the checks that the machine, not the student, may have failed."""
    result, short = graded.result, [doubt.what for doubt in graded.doubts if doubt.short]
    if not short or result.points is None:
        return result
    error = {"status": "error", "points": 0.0, "rationale": OUR_FAULT, "hint": "", "misconception": None, "worked": ""}
    error["code"] = "our-fault"
    checks = [c if c.status == "passed" else c.model_copy(update=error) for c in result.checks]
    why = "; ".join(dict.fromkeys(short))
    remarks = [*result.remarks, f"Grade it again when this machine has less to do: in the second try {why}."]
    return result.model_copy(
        update={"points": None, "checks": checks, "notes": [*result.notes, OUR_FAULT], "remarks": remarks}
    )
