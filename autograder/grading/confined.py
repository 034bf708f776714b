"""The jailed processes that open and judge: one function for each, called in a fresh process for each submission.

Both receive one frame and answer with one. Neither has a network, rights, or a file that it could change.
"""

from __future__ import annotations

import resource
import socket
import traceback
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat

from autograder.errors import Ungradable, UsageError
from autograder.intake.notebook import Opened, open_notebook
from autograder.sandbox import warm
from autograder.sandbox.broker import RemoteParent
from autograder.sandbox.course_copy import restore_course
from autograder.sandbox.inside.frames import receive_frame, send_frame

MOST_BYTES = 1 << 30  # of a frame from the worker, which has kept the limits already
READER_MIB, JUDGE_MIB = 384, 6144

# This compiles the schema, once for all processes that are forked from this one.
nbformat.validate(nbformat.v4.new_notebook())


def read(given: Mapping[str, Any], sockets: list[int]) -> None:
    """Open a notebook, and answer with its repaired cells or the reason why it cannot be graded.

    Its texts are made harmless, so that nbgrader can show them.
    """
    from autograder.intake.harmless import disarm_notebook

    stream = socket.socket(fileno=sockets[0])
    job, [data] = receive_frame(stream, MOST_BYTES)
    course = restore_course(job["root"], job["settings"])
    limit_memory(READER_MIB)
    answer: dict[str, Any]
    try:
        opened = open_notebook(bytes(data), job["name"], course, job["assignment"])
        opened.notebook = disarm_notebook(opened.notebook, nbformat.read(opened.assignment.released, as_version=4))
        answer = {"opened": opened.as_data()}
    except Ungradable as error:
        answer = {"ungradable": str(error), "code": error.code}
    except UsageError as error:
        answer = {"usage": str(error), "code": error.code}
    except MemoryError:
        answer = {"over": "memory"}
    except Exception as error:
        answer = {"fault": describe_fault(error)}
    send_frame(stream, answer)


def judge(given: Mapping[str, Any], sockets: list[int]) -> None:
    """Run and judge an opened submission, and answer with the result or with the error of the course."""
    from autograder.grading.verdict import run_and_judge
    from autograder.judge.judge import prepare  # here, because a reader needs no pytest

    stream, broker = (socket.socket(fileno=number) for number in sockets)
    job, _ = receive_frame(stream, MOST_BYTES)
    course = restore_course(job["root"], job["settings"])
    prepare(course.private, job["environment"])
    warm.adopt(RemoteParent(broker, job["level"], Path(job["sockets"])))
    limit_memory(JUDGE_MIB)
    answer: dict[str, Any]
    try:
        opened = Opened.from_data(job["opened"], course)
        result, doubts = run_and_judge(opened, job["student"], job["trial"])
        answer = {"result": result.model_dump(mode="json"), "doubts": [asdict(doubt) for doubt in doubts]}
    except UsageError as error:
        answer = {"usage": str(error), "code": error.code}
    except Exception as error:
        answer = {"fault": describe_fault(error)}
    send_frame(stream, answer)


def attempt(given: Mapping[str, Any], sockets: list[int]) -> None:
    """Try, as a reader or a judge, the attacks that `autograder doctor` sends, and answer with their outcomes."""
    stream = socket.socket(fileno=sockets[0])
    job, _ = receive_frame(stream, MOST_BYTES)
    names: dict[str, Any] = {}
    exec(job["probe"], names)
    send_frame(stream, {"outcomes": names["make_attempts"](*job["arguments"])})


def describe_fault(error: Exception) -> str:
    """Describe an error of ours in a line for the instructor."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({where.filename}, line {where.lineno})"[:500]


def limit_memory(mib: int) -> None:
    """Limit the memory that this process may take beyond what it has now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    held = next(int(line.split()[1]) for line in lines if line.startswith("VmData:"))
    limit = (held >> 10) + mib << 20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
