"""A worker's process: how it begins, and the two jobs that the pool gives it."""

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
from autograder.machine.capacity import count_cores
from autograder.printable import printable_text

# The state of a worker's process. ``become_worker`` sets it once; the pool hands its functions no object of ours.
_worker: Worker
_slots: BinaryIO


def become_worker(root: Path, settings: Settings, workers: int, slots: str) -> None:
    """Make this process a worker.

    Args:
        workers: number of workers of this command.
        slots: file for ``take_slot``.
    """
    global _worker
    detach_from_terminal()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the pool stops us by it: end the jailed processes first
    threads = str(max(1, int(count_cores()) // workers))
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(name, threads)
    os.environ.setdefault(
        "TF_FORCE_GPU_ALLOW_GROWTH", "true"
    )  # otherwise one process takes all of a GPU, and 5 GiB here
    _worker = Worker(Course(root, settings), (take_slot(slots, workers), workers))
    atexit.register(_worker.close)


def take_slot(slots: str, workers: int) -> int:
    """Take a number below ``workers`` that no living worker has, so that no two give their students the same user.

    The number is free again when this process ends, however it ends.

    Args:
        slots: a file of this command's workers alone; the worker with number n locks byte n.
    """
    global _slots
    _slots = open(slots, "rb+")  # noqa: SIM115  stays open until this process ends: closing it would free the number
    while True:
        for number in range(workers):
            with contextlib.suppress(BlockingIOError):
                fcntl.lockf(_slots, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                return number
        time.sleep(0.05)


def open_submission(path: Path, assignment: str | None) -> dict[str, Any]:
    """Let this worker open a notebook."""
    return _worker.open(path, assignment)


def grade_submission(job: Job) -> Graded:
    """Grade with this worker. An error of the course stops everything; a bug of ours stops this submission alone."""
    started, opened = time.monotonic(), job.opened
    try:
        opened = opened or _worker.open(job.path, job.assignment)
        graded = _worker.judge(job, opened)
        graded.result.seconds = round(time.monotonic() - started, 2)
        return graded
    except Ungradable as error:
        return Graded(refuse(_worker.course, job, str(error), error.code))
    except Ended as error:
        return give_up(_worker.course, job, f"the judge's process {_describe_end(str(error))}", opened)
    except UsageError:
        raise
    except Exception as error:
        broken = refuse(_worker.course, job, OUR_FAULT, "our-fault")
        fault = _worker.copy.in_the_course(str(error) or type(error).__name__)
        return Graded(broken.model_copy(update={"faults": [printable_text(fault[:500])]}), opened)


def _describe_end(why: str) -> str:
    """Say how a jailed process ended.

    >>> _describe_end("exit 7"), _describe_end("signal 9"), _describe_end("memory")
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
