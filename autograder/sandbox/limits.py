"""Says in words for students which limit stopped their code, and keeps a submission's time."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from autograder.course.config import Limits

#: name of a signal (Windows lacks some of the signals themselves) -> what it means
CRASHES = {
    "SIGSEGV": "segmentation fault",
    "SIGABRT": "abort",
    "SIGBUS": "bus error",
    "SIGFPE": "arithmetic error",
    "SIGILL": "illegal instruction",
}

#: Share of time spent waiting for a core above which a timeout says nothing about the code: it took more than three times as long.
MOST_WAITED = 2 / 3
#: How a process ended that the system killed because the machine, not the submission, was out of memory.
STARVED = "starved"


@dataclass(frozen=True)
class Stopped:
    """Why a cell or call did not finish, in words for the student.

    Attributes:
        code: the same, as one of ``errors.CODES``.
    """

    reason: str
    hint: str = ""
    code: str = "stopped"


@dataclass(frozen=True)
class Doubt:
    """A sign that the machine, not the student's code, may have ended a cell or call.

    Attributes:
        what: the sign, in words for the instructor.
        short: whether the machine was short of cores or memory.
    """

    what: str
    short: bool


@dataclass
class TimeBudget:
    """The time of a submission.

    Attributes:
        left: seconds in which its processes may still run.
        doubts: signs that the machine ended one of its cells or calls.
    """

    left: float
    doubts: list[Doubt] = field(default_factory=list)

    def note(self, end: str, share_waited: float) -> None:
        """Note a doubt where the machine may have ended a cell, a call or a process.

        Args:
            end: from ``JailedProcess.poll``, or ``time``.
            share_waited: the share of the time in which it waited for a core.
        """
        machines = {"time", *(f"signal {number:d}" for number in (signal.SIGABRT, signal.SIGKILL, signal.SIGXCPU))}
        if end == STARVED:
            self.doubts.append(Doubt("the system, out of memory, killed a process of it", True))
        elif end in machines and share_waited > MOST_WAITED:
            self.doubts.append(
                Doubt(f"it waited for a core in {share_waited:.0%} of the time before it was stopped", True)
            )
        elif end == f"signal {signal.SIGKILL:d}":
            self.doubts.append(Doubt("something else than the grader killed a process of it", False))


def find_message_limit_mib(limits: Limits) -> int:
    """Return the limit of one message; above the limit of an answer, so that a too large answer arrives and can be named."""
    return 2 * limits.answer_mib


def explain_end(why: str, limits: Limits) -> Stopped:
    """Explain how a process ended; ``why`` is from ``JailedProcess.poll``."""
    match why.split():
        case ["memory"]:
            return Stopped(
                f"used more than {limits.memory_mib} MiB of memory and was stopped",
                "How large is your largest array, and does anything grow in a loop?",
                code="memory-limit",
            )
        case ["output"]:
            return Stopped(
                f"printed more than {limits.output_mib} MiB and was stopped", "Is there a print inside a long loop?"
            )
        case ["answer"]:
            return Stopped(
                f"sent the grader more than {find_message_limit_mib(limits)} MiB at once and was stopped",
                code="too-large",
            )
        case ["scratch"]:
            return Stopped(f"wrote more than {limits.scratch_mib} MiB of files and was stopped")
        case ["exit", code]:
            return Stopped(f"ended its own process (exit code {code})", "Does anything call exit or quit?")
        case ["starved"]:
            return Stopped("was ended by the system, which was out of memory")
        case ["signal", number] if int(number) == signal.SIGXCPU:
            return Stopped(
                f"used up its {limits.cpu_seconds:.0f} s of processor time and was stopped", code="time-limit"
            )
        case ["signal", number]:
            crash = CRASHES.get(_name_signal(int(number)))
            return Stopped(f"crashed the interpreter ({crash})" if crash else f"was killed (signal {number})")
    raise ValueError(f"no such end: {why}")


def _name_signal(number: int) -> str:
    """Return the name of a signal; empty where it has none."""
    try:
        return signal.Signals(number).name
    except ValueError:  # one of the real-time signals has no name
        return ""


def explain_error(error_type: str, text: str, limits: Limits) -> str:
    """Return a hint where an exception looks like a limit of the jail seen from inside, else an empty text.

    >>> explain_error("OSError", "[Errno 28] No space left on device", Limits())
    'While grading, a notebook may write at most 512 MiB of files.'
    """
    told = {
        ("No space left on device", "File too large", "database or disk is full"): (
            f"While grading, a notebook may write at most {limits.scratch_mib} MiB of files."
        ),
        ("Network is unreachable", "Name or service not known", "name resolution"): (
            "While grading there is no network: nothing can be downloaded."
        ),
        ("Resource temporarily unavailable", "can't start new thread"): (
            f"While grading, a notebook may have at most {limits.processes} processes and threads at a time."
        ),
        ("Too many open files",): f"While grading, a notebook may have at most {limits.open_files} files open.",
        (
            "Read-only file system",
        ): "While grading, a notebook may write in its own folder and in /tmp, and nowhere else.",
    }
    for parts, hint in told.items():
        if any(part in text for part in parts):
            return hint
    if error_type == "MemoryError":
        return f"While grading, a notebook may use at most {limits.memory_mib} MiB of memory."
    return ""
