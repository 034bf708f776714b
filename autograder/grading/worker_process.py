"""What runs in a worker's process: its beginning, and the two jobs that the pool gives it."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import signal
import time
from pathlib import Path
from typing import Any, BinaryIO

from autograder.course.config import Settings
from autograder.course.course import Course
from autograder.errors import Ungradable, UsageError
from autograder.grading.job import Graded, Job, give_up, refuse
from autograder.grading.pool import detach_from_terminal
from autograder.grading.worker import Ended, Worker
from autograder.judge.results import OUR_FAULT
from autograder.machine.capacity import cores
from autograder.printable import printable_text

_worker: Worker  # of this process
_slots: BinaryIO


def become_worker(root: Path, settings: Settings, workers: int, slots: str) -> None:
    """Make this process a worker.

    Args:
        workers: how many work at the same time.
        slots: file for ``take_slot``.
    """
    global _worker
    detach_from_terminal()
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # by which the pool stops us: time to end what runs in the jail
    threads = str(max(1, int(cores()) // workers))
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, threads)
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else one process takes all of a GPU, and 5 GiB here
    _worker = Worker(Course(root, settings), (take_slot(slots, workers), workers))
    atexit.register(_worker.close)


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


def open_submission(path: Path, assignment: str | None) -> dict[str, Any]:
    """Have a notebook opened."""
    return _worker.open(path, assignment)


def grade_submission(job: Job) -> Graded:
    """Grade with this worker; a course that is wrong stops everything, and a bug of ours costs nobody else anything."""
    started, opened = time.monotonic(), job.opened
    try:
        opened = opened or _worker.open(job.path, job.assignment)
        graded = _worker.judge(job, opened)
        graded.result.seconds = round(time.monotonic() - started, 2)
        return graded
    except Ungradable as error:
        return Graded(refuse(_worker.course, job, str(error), error.code))
    except Ended as error:
        return give_up(_worker.course, job, f"the judge's process {_ended(str(error))}", opened)
    except UsageError:
        raise
    except Exception as error:
        broken = refuse(_worker.course, job, OUR_FAULT, "our-fault")
        fault = _worker.copy.in_the_course(str(error) or type(error).__name__)
        return Graded(broken.model_copy(update={"faults": [printable_text(fault[:500])]}), opened)


def _ended(why: str) -> str:
    """
    >>> _ended("exit 7"), _ended("signal 9"), _ended("memory")
    ('ended with exit code 7', 'was ended by signal 9', 'used up its memory')
    """
    match why.split():
        case ["exit", code]:
            return f"ended with exit code {code}"
        case ["signal", number]:
            return f"was ended by signal {number}"
        case ["memory"]:
            return "used up its memory"
        case ["time"]:
            return "took too long"
    return f"failed: {why}"
