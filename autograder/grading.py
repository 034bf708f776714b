"""Grading submissions: each in a worker process, opened, run, judged; whatever happens, there is a result."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import hashlib
import importlib.metadata
import os
import platform
import resource
import signal
import sys
import time
import traceback
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pebble import ProcessExpired

from autograder.config import Settings
from autograder.course import Assignment, Course
from autograder.errors import Ungradable, UsageError
from autograder.notebook import Opened, open_notebook
from autograder.results import OUR_FAULT, Result, printable
from autograder.workers import Workers, forget_models, settle

if TYPE_CHECKING:
    from autograder.judge import Trial

JUDGE_MIB = 6144


@dataclass(frozen=True)
class Job:
    """One submission to grade."""

    path: Path
    assignment: str | None = None
    student: str = ""
    trial: Trial | None = None


class Grader(Workers):
    """A pool of judges for one course.

    Args:
        workers: how many submissions are graded at a time.
    """

    def __init__(self, course: Course, workers: int = 1) -> None:
        self.course = course
        settings = copy.deepcopy(course.settings)
        settings.course.key = course.key.decode()
        self._slots = os.memfd_create("slots")
        slots = f"/proc/{os.getpid()}/fd/{self._slots}"
        super().__init__(workers, _become_judge, (course.root, settings, workers, slots))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        os.close(self._slots)

    def start(self, job: Job) -> Future[Result]:
        """Queue one submission. The future always gives a Result; ask ``finish`` for it."""
        last_resort = 2 * self.course.settings.limits.seconds_per_submission + 120
        return self._pool.schedule(_grade, args=(job,), timeout=last_resort)  # type: ignore[no-any-return]

    def finish(self, job: Job, future: Future[Result]) -> Result:
        """The result of a queued submission; a judge that died or hung gives one that says so."""
        try:
            return future.result()
        except (ProcessExpired, FutureTimeout) as error:
            reason = "took too long" if isinstance(error, FutureTimeout) else f"ended with exit code {error.exitcode}"
            return _ungraded(self.course, job, f"{OUR_FAULT} (the judge's process {reason})")

    def grade(self, path: Path, assignment: str | None = None, student: str = "") -> Result:
        """Grade one notebook file; never raises for what is in it."""
        job = Job(path, assignment, student)
        return self.finish(job, self.start(job))


_course: Course  # of this worker process
_slots: BinaryIO


def _become_judge(root: Path, settings: Settings, workers: int, slots: str) -> None:
    """Make this process a judge.

    Args:
        workers: how many work at the same time.
        slots: file for ``take_slot``.
    """
    global _course
    from autograder import warm
    from autograder.judge import prepare
    from autograder.preload import packages

    settle()
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # by which the pool stops us: time to end the student's process
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, threads)
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else one process takes all of a GPU, and 5 GiB here
    _course = Course(root, settings)
    preload = tuple(settings.jail.preload or packages(_course))
    warm.settle(warm.Surroundings(settings.jail, preload, tuple(hidden(_course)), (take_slot(slots, workers), workers)))
    folder = _course.settings.course.data_folder
    prepare(_course.private, (root / folder) if folder else None)
    if {"keras", "tensorflow"} & {name.split(".")[0] for name in preload}:
        import keras  # noqa: F401  hidden checks will want it: imported here while the warm parent does the same
    _limit_memory()


def take_slot(slots: str, workers: int) -> int:
    """A number below ``workers`` that no living judge has: two judges must not give their students the same user.

    It is free again when this process ends, however it ends.

    Args:
        slots: a file of this command's judges alone; byte n is locked by the judge that has the number n.
    """
    global _slots
    _slots = open(slots, "rb+")  # noqa: SIM115  kept open until this process ends: closing it would give the lock back
    while True:
        for number in range(workers):
            with contextlib.suppress(BlockingIOError):
                fcntl.lockf(_slots, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                return number
        time.sleep(0.05)


def _limit_memory() -> None:
    """What a judge may take beyond what it has now: a student's process that never ends its answer must not take it all."""
    lines = Path("/proc/self/status").read_text().splitlines()
    held = next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    limit = (held >> 10) + JUDGE_MIB << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def hidden(course: Course) -> list[Path]:
    """What no student's process may read, wherever it lies: all of the course, and the samples among this package's tests.

    Where Python itself lies in the course, as a virtual environment may, everything beside it is named one by one.
    """
    python = [Path(os.path.realpath(prefix)) for prefix in (sys.prefix, sys.base_prefix)]
    secret = [course.root.resolve(), course.private.resolve(), Path(__file__).resolve().parent / "tests"]
    return [path for folder in dict.fromkeys(secret) if folder.exists() for path in _beside(folder, python)]


def _beside(folder: Path, needed: list[Path]) -> list[Path]:
    """A folder, or what is in it but for the needed ones."""
    if not any(path.is_relative_to(folder) for path in needed):
        return [folder]
    return [path for path in folder.iterdir() if not any(other.is_relative_to(path) for other in needed)]


def _grade(job: Job) -> Result:
    """Grade in this judge; a course that is wrong stops everything, and a bug of ours costs nobody else anything."""
    try:
        return grade_here(_course, job)
    except UsageError:
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__}: {error} ({where.filename}, line {where.lineno})"
        return _ungraded(_course, job, OUR_FAULT).model_copy(update={"faults": [printable(fault[:500])]})
    finally:
        forget_models()


def grade_here(course: Course, job: Job) -> Result:
    """Grade in this process, which must be a judge."""
    started = time.monotonic()
    try:
        opened = open_notebook(job.path, course, job.assignment)
    except Ungradable as error:
        return _ungraded(course, job, str(error))
    result = _run_and_judge(opened, job)
    result.seconds = round(time.monotonic() - started, 2)
    return result


def _run_and_judge(opened: Opened, job: Job) -> Result:
    from autograder import warm
    from autograder.judge import judge
    from autograder.run import NotebookRun
    from autograder.submission import Submission

    assignment = opened.assignment
    limits = assignment.course.settings.limits
    with NotebookRun([cell.source for cell in opened.code], _files(assignment), limits) as run:
        run.run_cells()
        verdicts = judge(assignment, Submission(run), opened.student_code, job.trial)
    names = [info.name for _, infos in assignment.questions.values() for info in infos]
    checks = [verdicts.results[name] for name in names if name in verdicts.results]
    final = all(check.status != "error" for check in checks)
    return Result(
        assignment=assignment.name,
        student=job.student,
        submission=opened.sha256,
        points=sum(check.points for check in checks) if final else None,
        max_points=assignment.max_points,
        seconds=0.0,
        checks=checks,
        notes=[*opened.notes, *dict.fromkeys(check.rationale for check in checks if check.status == "error")],
        faults=verdicts.faults,
        questions={question: title for question, (title, _) in assignment.questions.items()},
        facts={**_versions(), "jail": warm.parent().level, **verdicts.facts},
    )


def _files(assignment: Assignment) -> list[Path]:
    """What was released beside the notebook: the student's code may read it."""
    return [p for p in assignment.released.parent.iterdir() if p.is_file() and p != assignment.released]


def _versions() -> dict[str, str]:
    packages: dict[str, Any] = {name: importlib.metadata.version(name) for name in ("keras", "tensorflow", "numpy")}
    return {"versions": f"Python {platform.python_version()}, " + ", ".join(f"{n} {v}" for n, v in packages.items())}


def _ungraded(course: Course, job: Job, reason: str) -> Result:
    known = job.assignment in course.assignments
    try:
        sha256 = hashlib.sha256(job.path.read_bytes()).hexdigest()
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
    )
