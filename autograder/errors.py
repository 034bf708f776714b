"""The two ways in which something is wrong without being a bug of ours, and the codes that tell programs what it is."""

from __future__ import annotations

#: Code -> its meaning. Programs and tests compare codes, which stay; the texts beside them are for people, and may change.
CODES = {
    # of a command: UsageError
    "usage": "the course, its configuration or the command line is wrong, in a way that has no code of its own",
    "not-built": "the assignment was never built, or has changed since it was",
    "no-course": "no course lies here or above",
    "no-submission": "a path that was named does not exist or holds nothing to grade",
    "weak-jail": "the machine cannot enforce the jail that the course asks for",
    "unreadable-result": "a kept result cannot be read",
    # of the machine, whatever the command: see obstacles.py
    "locked-gradebook": "another program holds the gradebook",
    "damaged-gradebook": "the gradebook is no database",
    "old-gradebook": "the gradebook was made by another version of nbgrader",
    "full-disk": "there is no room to write",
    "no-rights": "a file or folder may not be read or written",
    # of one submission: Ungradable, and Result.code
    "ungradable": "the submission cannot be graded, for a reason that has no code of its own",
    "no-notebook": "what was handed in is no notebook, or holds none",
    "several-notebooks": "more than one notebook was handed in, and nothing tells which is meant",
    "damaged-notebook": "the notebook cannot be read",
    "other-assignment": "the notebook belongs to another assignment, or to none of this course",
    "link": "a link or a special file stands where a file should",
    "our-fault": "the grader failed: the points are not final",
    # of one check: CheckFailed, and CheckResult.code; a check that passed has none
    "failed": "the answer is wrong, in a way that has no code of its own",
    "wrong-value": "a value is wrong",
    "wrong-shape": "an array has another shape, or a list another length, than was asked for",
    "wrong-type": "the answer is of another type than was asked for",
    "missing-function": "the notebook defines no function or variable of this name",
    "not-filled-in": "the function still raises NotImplementedError",
    "raised": "the student's code raised an exception",
    "unreadable": "the answer cannot be brought to the judge",
    "too-large": "more was handed in, or returned, than the limits allow",
    "time-limit": "the student's code reached a limit of time",
    "memory-limit": "the student's code reached the limit of memory",
    "stopped": "the student's process ended in another way before it answered",
    "skipped": "the check was not tried, because one that it needs did not pass",
    "awaits-person": "a program cannot tell whether the answer is right",
}


class UsageError(Exception):
    """The course, its configuration or the command line is wrong. The text is one clear line: what, where, what to do.

    Args:
        code: one of ``CODES``.
    """

    def __init__(self, text: str, *, code: str = "usage") -> None:
        super().__init__(text)
        self.code = code


class Ungradable(Exception):
    """This one submission cannot be graded; the rest of the class can. The text says why and what to do.

    Args:
        code: one of ``CODES``.
    """

    def __init__(self, text: str, *, code: str = "ungradable") -> None:
        super().__init__(text)
        self.code = code


def known_code(told: object, otherwise: str) -> str:
    """Return a code that another process has sent; ``otherwise`` where it is none of ``CODES``."""
    return told if isinstance(told, str) and told in CODES else otherwise
