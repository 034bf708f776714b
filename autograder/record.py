"""Putting a graded submission where nbgrader looks for it: the `submitted/` and `autograded/` trees and the gradebook."""

from __future__ import annotations

from datetime import UTC

from nbgrader.apps.api import NbGraderAPI

from autograder import nbgrader_road, store
from autograder.collect import Submission
from autograder.course import Course
from autograder.errors import UsageError
from autograder.feedback import write_feedback
from autograder.nbgrader_config import course_directory, gradebook_place, nbgrader_config, open_gradebook
from autograder.people import Student
from autograder.results import Result


class Recorder:
    """Writes results through nbgrader's own autograde, so that formgrader, export and release_feedback find what they expect.

    Raises:
        UsageError: the course's assignments are not built, or the gradebook does not know them yet.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        self.directory = course_directory(course)
        self.api = NbGraderAPI(self.directory, config=nbgrader_config(course.settings, course.root))
        with open_gradebook(self.directory) as gradebook:
            known = {assignment.name for assignment in gradebook.assignments}
        if missing := [name for name in course.assignments if name not in known]:
            raise UsageError(
                f"{gradebook_place(course)}: does not know {', '.join(missing)} yet. Run `autograder build` first."
            )
        for name in course.assignments:
            course.assignment(name).require_release()

    def roster(self) -> list[Student]:
        """The students that the gradebook knows, so that each keeps one name."""
        with open_gradebook(self.directory) as gradebook:
            return [Student(s.id, s.first_name, s.last_name, s.email, s.lms_user_id) for s in gradebook.students]

    def record(self, submission: Submission, result: Result) -> None:
        """Keep the file that was handed in, and enter its result; a verdict already entered by a person stays.

        A submission that could not be graded is kept too; the points of an earlier one then stay, and a note says so.
        """
        if not result.assignment:
            return
        self._keep_file(submission, result.assignment)
        if result.checks:
            self._enter(submission, result)
        elif self._has_points(submission.student, result.assignment):
            result.notes.append("The gradebook still holds the points of an earlier submission.")
        else:
            store.save(self.course, result)
        write_feedback(self.course, result)

    def _has_points(self, student: str, assignment: str) -> bool:
        """Whether an earlier submission was judged; one that could not be graded left nothing in the gradebook."""
        earlier = store.load(self.course, student, assignment)
        return earlier is not None and bool(earlier.checks)

    def _enter(self, submission: Submission, result: Result) -> None:
        self._keep_name(submission)
        store.make_folder(self.course.tree("autograded") / submission.student)  # nbgrader would let everybody in
        nbgrader_road.verdicts[submission.student, result.assignment] = result
        outcome = self.api.autograde(result.assignment, submission.student)
        if not outcome["success"]:
            last = (outcome.get("error") or outcome.get("log") or "?").strip().splitlines()[-1]
            result.notes.append(f"Not entered in the gradebook: {last}")
            result.points = None

    def _keep_file(self, submission: Submission, assignment: str) -> None:
        folder = self.course.tree("submitted") / submission.student / assignment
        target = folder / f"{assignment}.ipynb"
        if target.exists() and target.samefile(submission.path):
            return
        store.copy_whole(submission.path, target)
        stamp = submission.timestamp.astimezone(UTC)
        store.write_whole(folder / "timestamp.txt", f"{stamp:%Y-%m-%d %H:%M:%S} UTC\n")

    def _keep_name(self, submission: Submission) -> None:
        """Add what the submission tells of the student; what the gradebook knows already stays."""
        told = {"last_name": submission.name, "lms_user_id": submission.lms_id}
        with open_gradebook(self.directory) as gradebook:
            student = gradebook.update_or_create_student(submission.student)
            named = student.first_name or student.last_name
            empty = {f: v for f, v in told.items() if v and not (named if f == "last_name" else getattr(student, f))}
            if empty:
                gradebook.update_or_create_student(submission.student, **empty)
