"""Which limit stopped a student's code, in words that a student can use."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from autograder.course.config import Limits

CRASHES = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGABRT: "abort",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "arithmetic error",
    signal.SIGILL: "illegal instruction",
}

MOST_WAITED = (
    2 / 3
)  # of the time, for a core: what takes longer than three times as long says nothing of the student's code
STARVED = (
    "starved"  # how a process ended that the system killed when the machine, and not the submission, was out of memory
)


@dataclass(frozen=True)
class Stopped:
    """Why a cell or a call did not come to its end, in words a student can use."""

    reason: str
    hint: str = ""


@dataclass(frozen=True)
class Doubt:
    """That the machine, and not the student's code, may have ended a cell or call.

    Attributes:
        what: in words for the instructor.
        short: whether the machine was seen to be short of something.
    """

    what: str
    short: bool


@dataclass
class TimeBudget:
    """What a submission has.

    Attributes:
        left: seconds in which its processes may still run.
        doubts: of what ended until now.
    """

    left: float
    doubts: list[Doubt] = field(default_factory=list)

    def note(self, end: str, share_waited: float) -> None:
        """Note the end of a cell, a call or a process, where it leaves a doubt.

        Args:
            end: from ``JailedProcess.poll``, or ``time``.
            share_waited: the part of the time until then in which others had the cores.
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
    """What one message of a student's process may take: an answer that is too large still comes, and is named as such."""
    return 2 * limits.answer_mib


def explain_end(why: str, limits: Limits) -> Stopped:
    """What became of a process, from ``JailedProcess.poll``."""
    match why.split():
        case ["memory"]:
            return Stopped(
                f"used more than {limits.memory_mib} MiB of memory and was stopped",
                "How large is your largest array, and does anything grow in a loop?",
            )
        case ["output"]:
            return Stopped(
                f"printed more than {limits.output_mib} MiB and was stopped", "Is there a print inside a long loop?"
            )
        case ["answer"]:
            return Stopped(f"sent the grader more than {find_message_limit_mib(limits)} MiB at once and was stopped")
        case ["scratch"]:
            return Stopped(f"wrote more than {limits.scratch_mib} MiB of files and was stopped")
        case ["exit", code]:
            return Stopped(f"ended its own process (exit code {code})", "Does anything call exit or quit?")
        case ["starved"]:
            return Stopped("was ended by the system, which was out of memory")
        case ["signal", number] if int(number) == signal.SIGXCPU:
            return Stopped(f"used up its {limits.cpu_seconds:.0f} s of processor time and was stopped")
        case ["signal", number] if int(number) in CRASHES:
            return Stopped(f"crashed the interpreter ({CRASHES[signal.Signals(int(number))]})")
        case ["signal", number]:
            return Stopped(f"was killed (signal {number})")
    raise ValueError(f"no such end: {why}")


def explain_error(error_type: str, text: str, limits: Limits) -> str:
    """A hint when an error is what a limit of the jail looks like from inside; else nothing.

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
