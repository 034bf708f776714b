"""Putting a graded submission where nbgrader looks for it: the `submitted/` and `autograded/` trees and the gradebook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC

from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy.exc import SQLAlchemyError

from autograder import nbgrader_road, store
from autograder.collect import Submission
from autograder.course import Course
from autograder.errors import Ungradable, UsageError
from autograder.feedback import write_feedback
from autograder.grading import Graded
from autograder.nbgrader_config import course_directory, gradebook_place, nbgrader_config, open_gradebook
from autograder.people import Student
from autograder.results import printable

#: What stops every recording, as libraries and nbgrader's log name it, and what to do.
OBSTACLES = {
    "database is locked": "another program holds the gradebook. Close it (formgrader, a second command)",
    "No space left on device|database or disk is full|Disk quota exceeded": "the disk is full. Make room",
    "Permission denied|readonly database|Read-only file system": "the course folder cannot be written. See whose it is",
    "No notebooks were matched by": "nbgrader takes blanks around a name, *, ? and [ for something else. Rename the student's folder",
}


class Recorder:
    """Writes results through nbgrader's own autograde, so that formgrader, export and release_feedback find what they expect.

    Attributes:
        unbuilt: assignment -> why nothing can be graded for it.

    Raises:
        UsageError: none of the course's assignments is built, or the gradebook cannot be read or does not know them yet.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.directory = course_directory(course)
        self.api = NbGraderAPI(self.directory, config=nbgrader_config(course.settings, course.root))
        with self._gradebook() as gradebook:
            known = {assignment.name for assignment in gradebook.assignments}
        self.unbuilt = {name: why for name in course.assignments if (why := self._why_unbuilt(name, known))}
        if self.unbuilt and len(self.unbuilt) == len(course.assignments):
            raise UsageError(next(iter(self.unbuilt.values())))

    def _why_unbuilt(self, name: str, known: AbstractSet[str]) -> str:
        """Why nothing can be graded for an assignment, such as a draft in ``source/``; empty where it can."""
        if name not in known:
            return f"{gradebook_place(self.course)}: does not know {name} yet. Run `autograder build` first."
        try:
            self.course.assignment(name).require_release()
        except UsageError as error:
            return str(error)
        return ""

    def roster(self) -> list[Student]:
        """The students that the gradebook knows, so that each keeps one name."""
        with self._gradebook() as gradebook:
            return [Student(s.id, s.first_name, s.last_name, s.email, s.lms_user_id) for s in gradebook.students]

    @contextmanager
    def _gradebook(self) -> Iterator[Gradebook]:
        """nbgrader's gradebook, open.

        Raises:
            UsageError: it is locked or damaged.
        """
        try:
            with open_gradebook(self.directory) as gradebook:
                yield gradebook
        except SQLAlchemyError as error:
            raise UsageError(f"{gradebook_place(self.course)}: cannot be used: {_reason(str(error))}") from error

    def record(self, submission: Submission, graded: Graded) -> None:
        """Keep the file that was handed in, enter its result and write the feedback; a verdict entered by a person stays.

        Whatever fails becomes a note of this submission. Points that did not reach the gradebook are no points.
        """
        result = graded.result
        if not result.assignment:
            return
        try:
            self._record(submission, graded)
        except Exception as error:
            result.points = None
            result.notes.append(f"Not recorded: {_reason(_told(error))}")
        try:
            write_feedback(self.course, result)
        except Exception as error:
            result.notes.append(f"No feedback was written: {_reason(_told(error))}")

    def _record(self, submission: Submission, graded: Graded) -> None:
        """Keep the file and enter the result; of a submission that could not be graded the earlier points stay."""
        result = graded.result
        self._keep_file(submission, result.assignment)
        if result.checks:
            self._enter(submission, graded)
        elif self._has_points(submission.student, result.assignment):
            result.notes.append("The gradebook still holds the points of an earlier submission.")
        else:
            store.save(self.course, result)

    def _has_points(self, student: str, assignment: str) -> bool:
        """Whether an earlier submission was judged; one that could not be graded left nothing in the gradebook."""
        earlier = store.load(self.course, student, assignment)
        return earlier is not None and bool(earlier.checks)

    def _enter(self, submission: Submission, graded: Graded) -> None:
        """Let nbgrader enter the verdict.

        Raises:
            RuntimeError: it did not; the text is the end of its log.
        """
        self._keep_name(submission)
        assignment = graded.result.assignment
        store.make_folder(self.course.tree("autograded") / submission.student)  # nbgrader would let everybody in
        nbgrader_road.graded[submission.student, assignment] = graded
        outcome = self.api.autograde(assignment, submission.student)
        if not outcome["success"]:
            log, error = outcome.get("log") or "", outcome.get("error") or ""
            if error.rstrip().endswith("KeyboardInterrupt"):  # nbgrader catches Ctrl-C with everything else
                raise KeyboardInterrupt
            raise RuntimeError(f"{error}\n{log}")

    def _keep_file(self, submission: Submission, assignment: str) -> None:
        folder = self.course.tree("submitted") / submission.student / assignment
        if link := next((part for part in (folder.parent, folder) if part.is_symlink()), None):
            raise Ungradable(
                f"{link} is a link; its target may be another student's folder. Remove it, then grade again."
            )
        target = folder / f"{assignment}.ipynb"
        if target.exists() and target.samefile(submission.path):
            return
        store.copy_whole(submission.path, target)
        stamp = submission.timestamp.astimezone(UTC)
        store.write_whole(folder / "timestamp.txt", f"{stamp:%Y-%m-%d %H:%M:%S} UTC\n")

    def _keep_name(self, submission: Submission) -> None:
        """Add what the submission tells of the student; what the gradebook knows already stays."""
        told = {"last_name": submission.name, "lms_user_id": submission.lms_id}
        with self._gradebook() as gradebook:
            student = gradebook.update_or_create_student(submission.student)
            named = student.first_name or student.last_name
            empty = {f: v for f, v in told.items() if v and not (named if f == "last_name" else getattr(student, f))}
            if empty:
                gradebook.update_or_create_student(submission.student, **empty)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _reason(text: str) -> str:
    """The obstacle that an error's text or nbgrader's log tells of, with what to do; else the line that names the error."""
    for pattern, told in OBSTACLES.items():
        if re.search(pattern, text):
            return f"{told}, then grade again."
    lines = [line.strip() for line in text.splitlines() if line.strip() and "traceback" not in line.lower()]
    named = [line for line in lines if re.match(r"(?:\w+\.)*\w*(?:Error|Exception|Ungradable)\b(?!: \s*$)", line)]
    return printable(([line for line in named if "NbGraderException" not in line] or named or lines or ["?"])[-1][:300])
