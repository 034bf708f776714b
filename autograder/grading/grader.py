"""Grading submissions: each in a worker, which has it opened, run and judged in the jail; whatever happens, there is a result.

A worker has the rights to start jails, and interprets nothing that a student made. It reads the bytes of the file, hands them to a
reader, the reader's cells to a judge, and starts and ends student code when the judge asks for it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from pebble import ProcessExpired
from pydantic import TypeAdapter, ValidationError

from autograder.course.config import DATA_VARIABLE, LEVELS, Jail, Limits, Settings, without_nbgraders
from autograder.course.course import Course
from autograder.course.preload import packages
from autograder.errors import Ungradable, UsageError
from autograder.files import PACKAGE
from autograder.grading.pool import WorkerPool, detach_from_terminal
from autograder.intake.notebook import notebook_bytes
from autograder.judge.results import OUR_FAULT, Result
from autograder.machine.capacity import count_cores
from autograder.machine.clock import FAR, Stopwatch
from autograder.machine.users import BLOCKS, own_users
from autograder.printable import printable_text
from autograder.sandbox import warm
from autograder.sandbox.broker import Broker
from autograder.sandbox.course_copy import CourseCopy
from autograder.sandbox.inside.wire import WireError, receive_frame, send_frame
from autograder.sandbox.jailed_process import wait_for_end
from autograder.sandbox.limits import Doubt
from autograder.sandbox.parent import WarmParent, let_group_use
from autograder.sandbox.surroundings import Surroundings

if TYPE_CHECKING:
    from autograder.judge.judge import Trial

READER_SECONDS = 8.0  # of processor time; on a busy machine it may take longer
READER_MIB, JUDGE_MIB = 512, 8192  # with what Python itself takes; inside they keep to less
RESULT_MIB = 16  # of a judge: a hundred checks with a picture each take less than half
MOST_MARKS = 1 << 20  # of what either answers, see `load_json`: pictures have some thousands each, a cell four
MOST_WORDS = 1000  # characters of a standard error that an instructor is shown
SECONDS_TO_END = 2.0  # for a process that has closed its stream


@dataclass(frozen=True)
class Job:
    """One submission to grade.

    Attributes:
        opened: the notebook, where a reader has opened it already: see ``Opened.as_data``.
    """

    path: Path
    assignment: str | None = None
    student: str = ""
    trial: Trial | None = None
    opened: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Graded:
    """A result, and the opened notebook (``Opened.as_data``) that it is about, if it could be opened.

    Attributes:
        doubts: why the machine, and not the student, may be to blame for a part of it.
    """

    result: Result
    opened: Mapping[str, Any] | None = None
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_doubtful(self) -> bool:
        """Whether another try may come to more points."""
        return bool(self.doubts) and self.result.points != self.result.max_points


class Grader(WorkerPool):
    """A pool of workers for one course.

    Args:
        workers: how many submissions are graded at a time.

    Raises:
        UsageError: there are more workers than user numbers for what they start.
    """

    def __init__(self, course: Course, workers: int = 1) -> None:
        if workers > BLOCKS:
            raise UsageError(f"--workers {workers}: at most {BLOCKS} submissions can be graded at a time.")
        self.course = course
        settings = without_nbgraders(course.settings)
        settings.course.key = course.key.decode()
        self._slots = os.memfd_create("slots")
        slots = f"/proc/{os.getpid()}/fd/{self._slots}"
        super().__init__(workers, _become_worker, (course.root, settings, workers, slots))

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        os.close(self._slots)

    def open(self, path: Path, assignment: str | None = None) -> Future[Mapping[str, Any]]:
        """Queue the opening of one notebook; its future gives ``Opened.as_data``, or raises Ungradable."""
        return self._pool.schedule(_open, args=(path, assignment), timeout=2 * FAR * READER_SECONDS + 120)  # type: ignore[no-any-return]

    def start(self, job: Job) -> Future[Graded]:
        """Queue one submission. The future always gives a result; ask ``finish`` for it."""
        return self._pool.schedule(_grade, args=(job,), timeout=FAR * _last_resort(self.course) + 240)  # type: ignore[no-any-return]

    def finish(self, job: Job, future: Future[Graded]) -> Graded:
        """The result of a queued submission; a worker that died or hung gives one that says so.

        Raises:
            UsageError: what is wrong is the course's or the machine's.
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
        return _lost(self.course, job, f"the worker's process {reason}")

    def grade(self, path: Path, assignment: str | None = None, student: str = "") -> Result:
        """Grade one notebook file; never raises for what is in it."""
        return self.grade_job(Job(path, assignment, student)).result

    def grade_job(self, job: Job) -> Graded:
        """Grade one submission now."""
        graded = self.finish(job, self.start(job))
        return self.once_more(job, graded) if graded.is_doubtful else graded

    def once_more(self, job: Job, doubtful: Graded) -> Graded:
        """Try a doubtful submission again, which is to be done while nothing else is graded.

        What the machine still stands in the way of is our fault, and costs nobody points.
        """
        graded = self.finish(job, self.start(job))
        result = _for_a_person(graded) if graded.is_doubtful else graded.result
        why = "; ".join(dict.fromkeys(doubt.what for doubt in doubtful.doubts))
        result.remarks.append(f"This is a second try, with nothing graded beside it. In the first one {why}.")
        return replace(graded, result=result)


def _last_resort(course: Course) -> float:
    """Seconds after which a judge is ended."""
    return 2 * course.settings.limits.seconds_per_submission + 120


class Ended(Exception):
    """A confined process ended before it answered: why, as ``JailedProcess.poll`` says, or ``time``."""


class Worker:
    """What a worker's process keeps from one submission to the next.

    Args:
        slot: number of this worker among those of its command, and how many there are.
        levels: of the jail, in the order in which they are tried.
    """

    def __init__(self, course: Course, slot: tuple[int, int] = (0, 1), levels: tuple[str, ...] = LEVELS[:0:-1]) -> None:
        self.course = course
        self.slot = slot
        self.levels = levels
        self._start()

    def _start(self) -> None:
        """Begin to start both parents: the one for readers and judges, then the one for what students made."""
        jail = self.course.settings.jail
        preload = tuple(jail.preload or packages(self.course))
        ours = ("keras",) if {"keras", "tensorflow"} & {name.split(".")[0] for name in preload} else ()
        self.copy = CourseCopy(self.course)
        self.environment = _data_environment(self.course)
        data = [path for name in self.environment for path in [Path(self.environment[name])] if path.is_dir()]
        self.confined = WarmParent(
            Surroundings(
                Jail(minimum=jail.minimum),
                (*ours, "autograder.grading.confined", "autograder.grading.verdict", "autograder.intake.harmless"),
                slot=self.slot,
                levels=self.levels,
                shown=(PACKAGE.resolve(), *data),
                path=(PACKAGE.resolve().parent,),
                role="judge",
                furnish=self._furnish,
            )
        )
        warm.settle(
            Surroundings(
                jail,
                preload,
                tuple(hidden(self.course)),
                self.slot,
                self.levels,
                sockets=(self.confined.folder / "sockets", "judge"),
            )
        )

    def _furnish(self, folder: Path) -> tuple[list[Path], list[Path]]:
        self.copy.make(folder)
        if os.getuid() == 0:
            let_group_use(folder / "sockets", own_users().judge, 0o750)
        return [self.copy.public], [self.copy.private, folder / "sockets"]

    def ready(self) -> None:
        """Have both parents alive, and the course's files as they are now."""
        if self.confined.is_alive():
            self.copy.refresh()
        else:
            self.close()
            self._start()
        warm.ensure_level(self.confined, self.course.settings.jail.minimum)

    def close(self) -> None:
        """End both parents."""
        warm.reset()
        self.confined.close()

    def open(self, path: Path, assignment: str | None) -> dict[str, Any]:
        """What a reader says of a file: see ``Opened.as_data``.

        Raises:
            Ungradable: it is no notebook of this course, or a reader cannot open it.
        """
        data = notebook_bytes(path, self.course.settings.limits.notebook_mib)
        self.ready()
        job = {**self._about_course(), "name": path.name, "assignment": assignment}
        limits = Limits(memory_mib=READER_MIB, cpu_seconds=READER_SECONDS, scratch_mib=16)
        try:
            mib = (
                2 * self.course.settings.limits.notebook_mib
            )  # its texts, with room for what must be written otherwise in JSON
            answer = self.ask(
                "reader", "autograder.grading.confined:read", job, [data], limits, 2 * READER_SECONDS, mib
            )
        except Ended as error:
            answer = {"over": str(error)}
        if "opened" in answer:
            return dict(answer["opened"])
        self._raise_ours(answer)
        raise Ungradable(
            str(answer["ungradable"]) if "ungradable" in answer else _too_much(path.name, str(answer["over"]))
        )

    def judge(self, job: Job, opened: Mapping[str, Any]) -> Graded:
        """What a judge says of an opened submission.

        Raises:
            UsageError: what is wrong is the course's.
            Ended: the judge died.
        """
        self.ready()
        limits = self.course.settings.limits
        files = _released_files(self.course.assignment(str(opened["assignment"])).released)
        told = {
            **self._about_course(),
            "opened": dict(opened),
            "student": job.student,
            "trial": asdict(job.trial) if job.trial is not None else None,
            "level": warm.parent().level,
            "sockets": str(self.confined.folder / "sockets"),
            "environment": self.environment,
        }
        own = Limits(
            memory_mib=JUDGE_MIB, cpu_seconds=_last_resort(self.course), processes=512, scratch_mib=limits.scratch_mib
        )
        broker = Broker(files, limits)
        try:
            answer = self.ask(
                "judge", "autograder.grading.confined:judge", told, [], own, _last_resort(self.course), broker=broker
            )
        finally:
            broker.close()
        self._raise_ours(answer)
        try:
            result = Result.model_validate(answer["result"])
            doubts = tuple(TypeAdapter(list[Doubt]).validate_python(answer["doubts"]))
        except ValidationError as error:
            raise RuntimeError(f"the judge's result cannot be read: {error.errors()[0]['msg']}") from error
        if words := broker.last_words():
            result.remarks = [f"standard error of a process that ended by itself: {_one_line(words)}"]
        return Graded(result, opened, doubts)

    def _raise_ours(self, answer: Mapping[str, Any]) -> None:
        """Raise what a process in the jail found wrong with the course or with us."""
        if "usage" in answer:
            raise UsageError(self.copy.in_the_course(printable_text(str(answer["usage"]))))
        if "fault" in answer:
            raise RuntimeError(answer["fault"])

    def _about_course(self) -> dict[str, Any]:
        return {"root": str(self.copy.public), "settings": self.copy.settings()}

    def ask(
        self,
        role: Literal["reader", "judge"],
        serve: str,
        job: Mapping[str, Any],
        buffers: Sequence[bytes] = (),
        limits: Limits | None = None,
        seconds: float = 60.0,
        most_mib: int = RESULT_MIB,
        broker: Broker | None = None,
    ) -> dict[str, Any]:
        """Start a process in the jail, give it one job, serve it while it works, and have its answer.

        Args:
            seconds: in which it could run.

        Raises:
            Ended: it ended, or ran out of time, without one.
        """
        ours, theirs = socket.socketpair()
        given = [theirs] if broker is None else [theirs, broker.theirs]
        process = self.confined.launch(serve, {}, given, [], limits or Limits(), role)
        theirs.close()
        if broker is not None:
            broker.theirs.close()
        watch, deadline = Stopwatch(process), time.monotonic() + FAR * seconds
        ours.settimeout(FAR * seconds)
        try:
            send_frame(ours, dict(job), buffers)
            while not _has_data(ours):
                waiting = [ours] if broker is None else [ours, broker.ours]
                ready = select.select(waiting, [], [], 0.2)[0]
                if broker is not None:
                    broker.watch()
                    if broker.ours in ready and not broker.answer():
                        broker = None  # it has no more to ask
                if process.poll() is not None and not _has_data(ours):
                    raise Ended(process.poll())
                if watch.is_over(seconds):
                    raise Ended("time")
            return receive_frame(ours, most_mib << 20, deadline, MOST_MARKS)[0]
        except (OSError, EOFError, WireError) as error:
            raise Ended(wait_for_end(process, SECONDS_TO_END) or str(error)) from error
        finally:
            ours.close()
            process.close()


def _has_data(stream: socket.socket) -> bool:
    return bool(select.select([stream], [], [], 0)[0])


def _too_much(name: str, over: str) -> str:
    """Why a notebook could not be opened, where its reader came to a limit."""
    what = {"memory": f"takes more than {READER_MIB} MiB of memory", "time": "takes too long"}.get(
        over,
        f"takes more than {READER_SECONDS:g} s" if over == f"signal {signal.SIGXCPU}" else f"cannot be opened ({over})",
    )
    return f"{name}: {what} to open. Open it in Jupyter, clear its outputs, look for a cell that is far too long, and hand in again."


_worker: Worker  # of this process
_slots: BinaryIO


def _become_worker(root: Path, settings: Settings, workers: int, slots: str) -> None:
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
    threads = str(max(1, int(count_cores()) // workers))
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


def hidden(course: Course) -> list[Path]:
    """What no student's process may read, wherever it lies: all of the course, and the samples among this package's tests.

    Where Python itself lies in the course, as a virtual environment may, everything beside it is named one by one.
    """
    python = [Path(os.path.realpath(prefix)) for prefix in (sys.prefix, sys.base_prefix)]
    secret = [course.root.resolve(), course.private.resolve(), PACKAGE.resolve() / "tests"]
    return [path for folder in dict.fromkeys(secret) if folder.exists() for path in _beside(folder, python)]


def _beside(folder: Path, needed: list[Path]) -> list[Path]:
    """A folder, or what is in it but for the needed ones."""
    if not any(path.is_relative_to(folder) for path in needed):
        return [folder]
    return [path for path in folder.iterdir() if not any(other.is_relative_to(path) for other in needed)]


def _open(path: Path, assignment: str | None) -> dict[str, Any]:
    """Have a notebook opened."""
    return _worker.open(path, assignment)


def _grade(job: Job) -> Graded:
    """Grade with this worker; a course that is wrong stops everything, and a bug of ours costs nobody else anything."""
    started, opened = time.monotonic(), job.opened
    try:
        opened = opened or _worker.open(job.path, job.assignment)
        graded = _worker.judge(job, opened)
        graded.result.seconds = round(time.monotonic() - started, 2)
        return graded
    except Ungradable as error:
        return Graded(_ungraded(_worker.course, job, str(error)))
    except Ended as error:
        return _lost(_worker.course, job, f"the judge's process {_ended(str(error))}", opened)
    except UsageError:
        raise
    except Exception as error:
        broken = _ungraded(_worker.course, job, OUR_FAULT)
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


def _lost(course: Course, job: Job, how: str, opened: Mapping[str, Any] | None = None) -> Graded:
    """What becomes of a submission that one of our own processes was lost over."""
    return Graded(_ungraded(course, job, f"{OUR_FAULT} ({how})"), opened, (Doubt(how, short=False),))


def _for_a_person(graded: Graded) -> Result:
    """A result without the zeros that the machine may be to blame for."""
    result, short = graded.result, [doubt.what for doubt in graded.doubts if doubt.short]
    if not short or result.points is None:
        return result
    error = {"status": "error", "points": 0.0, "rationale": OUR_FAULT, "hint": "", "misconception": None, "worked": ""}
    checks = [c if c.status == "passed" else c.model_copy(update=error) for c in result.checks]
    why = "; ".join(dict.fromkeys(short))
    remarks = [*result.remarks, f"Grade it again when this machine has less to do: in the second try {why}."]
    return result.model_copy(
        update={"points": None, "checks": checks, "notes": [*result.notes, OUR_FAULT], "remarks": remarks}
    )


def _one_line(words: str) -> str:
    """Their end; of Python's report of a crash its beginning and what came before it.

    >>> _one_line("Fatal Python error: Aborted\\n\\n  File 'x'")
    "Fatal Python error: Aborted / File 'x'"
    """
    line = " / ".join(line.strip() for line in words.splitlines() if line.strip())
    report = line.find("Fatal Python error")
    start = len(line) - MOST_WORDS if report < 0 else report - MOST_WORDS // 2
    return line[max(0, start) :][:MOST_WORDS]


def _released_files(released: Path) -> list[Path]:
    """The files and folders that were released beside the notebook: the student's code may read them."""
    return [p for p in released.parent.iterdir() if p != released]


def _data_environment(course: Course) -> dict[str, str]:
    """Where a judge finds data, as variables of its environment."""
    folder = course.settings.course.data_folder
    named = str(course.root / folder) if folder else os.environ.get(DATA_VARIABLE)
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    cached = {"KERAS_HOME": str(keras)} if (keras / "datasets").is_dir() else {}
    return cached | ({DATA_VARIABLE: str(Path(named).resolve())} if named else {})


def _ungraded(course: Course, job: Job, reason: str) -> Result:
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
    )
