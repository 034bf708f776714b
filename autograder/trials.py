"""Grading known answers, in parallel, each as a submission; what was found out once is not tried again."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import as_completed
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from autograder import equivalents, store
from autograder.config import DATA_VARIABLE
from autograder.course import Assignment, Course
from autograder.grading import Grader, Job
from autograder.judge import Trial
from autograder.known_answers import KnownAnswer
from autograder.results import Result

FOLDER = "verified"
SECONDS = 20.0  # for a cell or a call: a mutant that loops without end should not take longer


@dataclass(frozen=True)
class Tried:
    """A known answer and what the judge said of it."""

    known: KnownAnswer
    trial: Trial
    result: Result


class Trials:
    """Trials of one course.

    Args:
        keep: whether results are kept in the course's folder, so that an interrupted run goes on where it stopped.
    """

    def __init__(self, course: Course, workers: int, keep: bool = True) -> None:
        self.course = Course(course.root, deepcopy(course.settings))
        limits = self.course.settings.limits
        limits.seconds_per_cell = min(limits.seconds_per_cell, SECONDS)
        limits.seconds_per_call = min(limits.seconds_per_call, SECONDS)
        self.workers = workers
        self.keep = keep

    def run(
        self, assignment: Assignment, wanted: Iterable[tuple[KnownAnswer, Trial]], done: Callable[[], None]
    ) -> list[Tried]:
        """The results, in the order of ``wanted``; ``done`` is called after each."""
        pairs = list(wanted)
        path = self.course.root / FOLDER / assignment.name / f"{_state(assignment)}.jsonl"
        kept = _kept(path) if self.keep else {}
        digests = [_digest(known, trial) for known, trial in pairs]
        missing = [i for i, digest in enumerate(digests) if digest not in kept]
        for _ in range(len(pairs) - len(missing)):
            done()
        for i, result in self._graded(assignment, [(i, *pairs[i]) for i in missing]):
            kept[digests[i]] = result
            if self.keep:
                _append(path, digests[i], result)
            done()
        return [Tried(*pair, kept[digest]) for pair, digest in zip(pairs, digests, strict=True)]

    def _graded(
        self, assignment: Assignment, wanted: list[tuple[int, KnownAnswer, Trial]]
    ) -> Iterator[tuple[int, Result]]:
        if not wanted:
            return
        with (
            tempfile.TemporaryDirectory(prefix="autograder-verify-") as folder,
            Grader(self.course, min(self.workers, len(wanted))) as grader,
        ):
            started = {}
            for i, known, trial in wanted:
                path = Path(folder, str(i), f"{assignment.name}.ipynb")
                path.parent.mkdir()
                path.write_bytes(known.notebook)
                job = Job(path, assignment.name, trial=trial)
                started[grader.start(job)] = i, job
            for future in as_completed(started):
                i, job = started[future]
                yield i, _without_pictures(grader.finish(job, future))


def _kept(path: Path) -> dict[str, Result]:
    """Digest -> result; a line that was cut short by an interruption goes, and so does what other checks or code gave."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob("*.jsonl"):
        if other != path:
            other.unlink()
    kept, lines = {}, []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            entry = json.loads(line)
            kept[entry["digest"]] = Result.model_validate(entry["result"])
            lines.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue
    store.write_whole(path, "".join(lines))
    return kept


def _append(path: Path, digest: str, result: Result) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"digest": digest, "result": result.model_dump()}) + "\n")


def _without_pictures(result: Result) -> Result:
    return result.model_copy(update={"checks": [c.model_copy(update={"pictures": []}) for c in result.checks]})


def _digest(known: KnownAnswer, trial: Trial) -> str:
    return hashlib.sha256(repr(trial).encode() + b"\0" + known.notebook).hexdigest()


def _state(assignment: Assignment) -> str:
    """Digest of everything else that a result depends on: key, data, settings, checks, reference, and the code of this package."""
    package, course = Path(__file__).parent, assignment.course
    files = [*package.glob("*.py"), *(package / "inside").glob("*.py"), *assignment.tests.iterdir()]
    files = [path for path in files if path.name != equivalents.FILE]  # what is recorded there changes no result
    files += [assignment.reference, assignment.misconceptions]
    chosen = f"{course.settings.raw} {os.environ.get(DATA_VARIABLE)}"
    digest = hashlib.sha256(course.key + b"\0" + chosen.encode())
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
