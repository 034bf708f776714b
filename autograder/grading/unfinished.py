"""The submissions that an interrupted `autograder grade` has finished. The same command goes on from there; one that ends forgets them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder import files
from autograder.course.config import CONFIG_FILE
from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.grading import store
from autograder.grading.journal import Journal, digest, digest_course
from autograder.judge.results import Result

FOLDER = ".unfinished"


class Unfinished:
    """The submissions that were graded and published since the last change of anything that decides about points.

    Attributes:
        keeps: whether this command keeps such a list; False while another one grades this course.
    """

    def __init__(self, course: Course, keeps: bool) -> None:
        self.keeps = keeps
        self._course = course
        self._journal = Journal(course.root / store.FOLDER / FOLDER, _digest_state(course), keeps)

    def find_result(self, assignment: str, student: str, path: Path) -> Result | None:
        """Return the result of a submission that need not be graded again, or None."""
        if not len(self._journal):
            return None
        try:
            with open(path, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            result = store.load(self._course, student, assignment)
        except (OSError, UsageError):  # grading says why
            return None
        if result is None or result.submission != sha256 or _make_key(assignment, student, sha256) not in self._journal:
            return None
        return result

    def add(self, result: Result) -> None:
        self._journal.add(_make_key(result.assignment, result.student, result.submission), True)

    def forget(self) -> None:
        """Remove the list, because everything is graded."""
        self._journal.remove()


@contextmanager
def open_unfinished(course: Course) -> Iterator[Unfinished]:
    """Open the list that the last command left; it is removed when this command ends without an exception."""
    with files.lock(course.root / store.FOLDER / FOLDER / ".lock", wait=False) as first:
        kept = Unfinished(course, keeps=first)
        yield kept
        kept.forget()


def _make_key(assignment: str, student: str, sha256: str) -> str:
    return digest(assignment, student.encode("utf-8", "surrogatepass"), sha256)


def _digest_state(course: Course) -> str:
    """Return a digest of everything, apart from the submission, that a result depends on."""
    folders = [course.private / "solutions", course.private / "tests", course.root / "release" / "nbgrader"]
    files = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    asked = f"{course.settings.jail.minimum} {course.settings.jail.cold}"
    return digest_course(course, asked, [course.root / CONFIG_FILE, *files])
