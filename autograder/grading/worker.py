"""The worker, which has one submission after the other opened, run and judged in the jail.

A worker may start jails, and interprets nothing that a student made::

    file ── bytes ──> worker ── bytes ──> reader   (jailed, fresh for each submission) opens and repairs the notebook
                             <── cells ──
                             ── cells ──> judge    (jailed, fresh for each submission) asks, compares, gives points
                             <── result ─          and lets the worker start and end the student's processes (Broker)
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from autograder.course.config import LEVELS, Jail, Limits
from autograder.course.course import Assignment, Course
from autograder.course.data import data_environment
from autograder.course.packages import course_versions, list_packages, list_preload
from autograder.errors import Ungradable, UsageError, known_code
from autograder.files import PACKAGE, read_notebook
from autograder.grading.access import list_hidden, list_released_files
from autograder.grading.job import Graded, Job
from autograder.judge.results import Result
from autograder.machine.clock import FAR, Stopwatch
from autograder.machine.users import own_users
from autograder.printable import printable_text
from autograder.sandbox import jailed_process, parent, surroundings, warm
from autograder.sandbox.broker import Broker
from autograder.sandbox.course_copy import CourseCopy
from autograder.sandbox.inside.frames import FrameError, receive_frame, send_frame
from autograder.sandbox.limits import Doubt

READER_SECONDS = 8.0  # of processor time; on a busy machine it may take longer
READER_MIB, JUDGE_MIB = 512, 8192  # Python itself included; inside they keep to less
RESULT_MIB = 16  # a hundred checks with a picture each take less than half
MOST_MARKS = 1 << 20  # in the answer of either, see `load_json`: pictures have some thousands each, a cell four
MOST_WORDS = 1000  # characters of a standard error that the instructor reads
SECONDS_TO_END = 2.0  # for a process that has closed its stream
#: Modules that every reader and judge needs; those of the course's authors import `autograder.checks` or what older courses do.
JUDGES_IMPORT = (
    "autograder.checks",
    "autograder.grading.confined",
    "autograder.grading.verdict",
    "autograder.intake.harmless",
    "autograder.misconceptions",
    "autograder.sandbox.provisioner",
)


class Ended(Exception):
    """A confined process ended before it answered: why, as ``jailed_process.JailedProcess.poll`` says, or ``time``."""


class Worker:
    """The parents of jailed processes, and the copy of the course, which a worker keeps from one submission to the next.

    Args:
        slot: number of this worker among those of its command, and the number of workers.
        levels: the jail's levels, in the order in which they are tried.
    """

    def __init__(self, course: Course, slot: tuple[int, int] = (0, 1), levels: tuple[str, ...] = LEVELS[:0:-1]) -> None:
        self.course = course
        self.slot = slot
        self.levels = levels
        self._start()

    def _start(self) -> None:
        """Begin to start both parents: the one of readers and judges, then the one of students' processes."""
        jail = self.course.settings.jail
        preload = tuple(jail.preload or list_preload(self.course))
        used = {name.partition(".")[0] for name in jail.preload} or set(list_packages(self.course))
        ours = ("keras",) if used & {"keras", "tensorflow"} else ()
        self.copy = CourseCopy(self.course)
        self.environment = data_environment(self.course)
        data = [path for name in self.environment for path in [Path(self.environment[name])] if path.is_dir()]
        self.confined = parent.WarmParent(
            surroundings.Surroundings(
                Jail(minimum=jail.minimum),
                (*ours, *JUDGES_IMPORT),
                slot=self.slot,
                levels=self.levels,
                shown=(PACKAGE.resolve(), *data),
                path=(PACKAGE.resolve().parent,),
                role="judge",
                furnish=self._furnish,
            )
        )
        warm.settle(
            surroundings.Surroundings(
                jail,
                preload,
                tuple(list_hidden(self.course)),
                self.slot,
                self.levels,
                environment=self.course.settings.course.environment,
                sockets=(self.confined.folder / "sockets", "judge"),
            )
        )

    def _furnish(self, folder: Path) -> tuple[list[Path], list[Path]]:
        self.copy.make(folder)
        if os.getuid() == 0:
            parent.let_group_use(folder / "sockets", own_users().judge, 0o750)
        return [self.copy.public], [self.copy.private, folder / "sockets"]

    def ready(self) -> None:
        """Make sure that both parents live, and that the copy of the course is as the course is now."""
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
        """Let a reader open a file, and return its answer: see ``Opened.as_data``.

        Raises:
            Ungradable: it is no notebook of this course, or a reader cannot open it.
        """
        data = read_notebook(path, self.course.settings.limits.notebook_mib)
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
        if "over" in answer:
            raise Ungradable(_explain_limit(path.name, str(answer["over"])), code="too-large")
        raise Ungradable(str(answer["ungradable"]), code=known_code(answer.get("code"), "ungradable"))

    def judge(self, job: Job, opened: Mapping[str, Any]) -> Graded:
        """Let a judge run and judge an opened submission.

        Raises:
            UsageError: the fault is the course's.
            Ended: the judge died.
        """
        self.ready()
        limits = self.course.settings.limits
        assignment = self.course.assignment(str(opened["assignment"]))
        files = list_released_files(assignment.released)
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
            memory_mib=JUDGE_MIB,
            cpu_seconds=compute_judge_limit(self.course),
            processes=512,
            scratch_mib=limits.scratch_mib,
        )
        broker = Broker(files, limits)
        try:
            answer = self.ask(
                "judge",
                "autograder.grading.confined:judge",
                told,
                [],
                own,
                compute_judge_limit(self.course),
                broker=broker,
            )
        finally:
            broker.close()
        self._raise_ours(answer)
        try:
            result = Result.model_validate(answer["result"])
            doubts = tuple(TypeAdapter(list[Doubt]).validate_python(answer["doubts"]))
        except ValidationError as error:
            raise RuntimeError(f"the judge's result cannot be read: {error.errors()[0]['msg']}") from error
        result.facts = {"versions": _describe_versions(assignment), **result.facts}
        if words := broker.last_words():
            result.remarks = [f"standard error of a process that ended by itself: {_shorten_words(words)}"]
        return Graded(result, opened, doubts)

    def _raise_ours(self, answer: Mapping[str, Any]) -> None:
        """Raise the error, the course's or ours, that a process in the jail reports."""
        if "usage" in answer:
            text = self.copy.in_the_course(printable_text(str(answer["usage"])))
            raise UsageError(text, code=known_code(answer.get("code"), "usage"))
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
        """Start a process in the jail, give it one job, serve it while it works, and return its answer.

        Args:
            serve: the function that the process runs, as ``module:name``.
            buffers: raw bytes that go with the job.
            seconds: the time that it may run; waiting for a core does not count.
            most_mib: size of the largest answer.
            broker: serves a judge's requests for student processes.

        Raises:
            Ended: it ended, or ran out of time, before it answered.
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
        except (OSError, EOFError, FrameError) as error:
            raise Ended(jailed_process.wait_for_end(process, SECONDS_TO_END) or str(error)) from error
        finally:
            ours.close()
            process.close()


def compute_judge_limit(course: Course) -> float:
    """Return the seconds after which a judge is ended."""
    return 2 * course.settings.limits.seconds_per_submission + 120


def _has_data(stream: socket.socket) -> bool:
    return bool(select.select([stream], [], [], 0)[0])


def _explain_limit(name: str, over: str) -> str:
    """Say why a notebook could not be opened, where its reader reached a limit."""
    what = {"memory": f"takes more than {READER_MIB} MiB of memory", "time": "takes too long"}.get(
        over,
        f"takes more than {READER_SECONDS:g} s" if over == f"signal {signal.SIGXCPU}" else f"cannot be opened ({over})",
    )
    return f"{name}: {what} to open. Open it in Jupyter, clear its outputs, look for a cell that is far too long, and hand in again."


def _describe_versions(assignment: Assignment) -> str:
    """Describe what an assignment is graded with: the versions of Python and of the packages that it uses."""
    versions = course_versions(assignment.course, [assignment.name])
    return ", ".join(f"{'Python' if name == 'python' else name} {version}" for name, version in versions.items())


def _shorten_words(words: str) -> str:
    """Return the end of a standard error in one line; of Python's report of a crash, its beginning and the words before it.

    >>> _shorten_words("Fatal Python error: Aborted\\n\\n  File 'x'")
    "Fatal Python error: Aborted / File 'x'"
    """
    line = " / ".join(line.strip() for line in words.splitlines() if line.strip())
    report = line.find("Fatal Python error")
    start = len(line) - MOST_WORDS if report < 0 else report - MOST_WORDS // 2
    return line[max(0, start) :][:MOST_WORDS]
