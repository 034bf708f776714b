"""Putting a graded submission where nbgrader looks for it: the `submitted/` and `autograded/` trees and the gradebook."""

from __future__ import annotations

import logging
from pathlib import Path

from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder import files
from autograder.course.config import CONFIG_FILE
from autograder.course.course import Course
from autograder.course.gradebook import Student, gradebook_file, list_students, open_gradebook
from autograder.course.nbgrader_settings import course_directory, nbgrader_config
from autograder.course.registration import why_unbuilt
from autograder.engines import nbgrader
from autograder.engines.entering import OneSubmission
from autograder.errors import Ungradable, UsageError
from autograder.grading import store
from autograder.grading.grader import Graded
from autograder.intake.collect import Submission
from autograder.intake.stamps import write_stamp
from autograder.obstacles import in_one_line
from autograder.reports.feedback import write_feedback


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
        self.config = nbgrader_config(course.settings, course.root)
        _try_late_plugin(self.config, course)
        for path in _written(course):
            files.ensure_changeable(path)
        whys = {name: why_unbuilt(course, self.directory, name) for name in course.assignments}
        self.unbuilt = {name: why for name, why in whys.items() if why}
        if self.unbuilt and len(self.unbuilt) == len(course.assignments):
            raise UsageError(next(iter(self.unbuilt.values())))

    def roster(self) -> list[Student]:
        """The students that the gradebook knows, so that each keeps one name."""
        with open_gradebook(self.directory) as gradebook:
            return list_students(gradebook)

    def record(self, submission: Submission, graded: Graded) -> bool:
        """Keep the file that was handed in, enter its result and write the feedback; a verdict entered by a person stays.

        Whatever fails becomes a note of this submission. Points that did not reach the gradebook are no points, and what an earlier
        command entered and wrote stays.

        Returns:
            Whether all of it was done.
        """
        result = graded.result
        if not result.assignment:
            return False
        what = "Not recorded: "
        try:
            with store.alone(self.course):
                self._record(submission, graded)
                what = "No feedback was written: "
                write_feedback(self.course, result)
        except Exception as error:
            result.points = None if what == "Not recorded: " else result.points
            result.notes.append(f"{what}{in_one_line(error, 'grade again', self.course.root)}")
            return False
        return True

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
        """Let nbgrader enter the verdict; if it cannot, its error is raised."""
        self._keep_name(submission)
        student, assignment = submission.student, graded.result.assignment
        files.make_folder(self.course.tree("autograded") / student)  # nbgrader would let everybody in
        self.directory.assignment_id, self.directory.student_id = assignment, student
        log = logging.Logger("nbgrader")
        log.addHandler(logging.NullHandler())
        converter = OneSubmission(coursedir=self.directory, config=self.config, log=log)
        converter.student, converter.force = student, True
        nbgrader.graded[student, assignment] = graded
        failed: BaseException | None = None
        try:
            converter.start()
        except NbGraderException as error:
            failed = error.__cause__ or error
        finally:
            nbgrader.graded.pop((student, assignment), None)
        if failed is not None:  # raised here, so that it keeps what came before it
            raise failed

    def _keep_file(self, submission: Submission, assignment: str) -> None:
        folder = self.course.tree("submitted") / submission.student / assignment
        if link := next((part for part in (folder.parent, folder) if part.is_symlink()), None):
            raise Ungradable(
                f"{link} is a link; its target may be another student's folder. Remove it, then grade again."
            )
        target = folder / f"{assignment}.ipynb"
        if target.exists() and target.samefile(submission.path):
            return
        files.copy_whole(submission.path, target)
        write_stamp(folder, submission.timestamp)

    def _keep_name(self, submission: Submission) -> None:
        """Add what the submission tells of the student; what the gradebook knows already stays."""
        told = {"last_name": submission.name, "lms_user_id": submission.lms_id}
        with open_gradebook(self.directory) as gradebook:
            student = gradebook.update_or_create_student(submission.student)
            named = student.first_name or student.last_name
            empty = {f: v for f, v in told.items() if v and not (named if f == "last_name" else getattr(student, f))}
            if empty:
                gradebook.update_or_create_student(submission.student, **empty)


def _written(course: Course) -> list[Path]:
    """The folders and files that every recording writes; beside its gradebook SQLite keeps a journal."""
    trees = [course.tree("submitted"), course.tree("autograded"), course.tree("feedback"), course.root / store.FOLDER]
    gradebook = gradebook_file(course_directory(course))
    return [*trees, gradebook.parent, gradebook] if gradebook is not None else trees


def _try_late_plugin(config: Config, course: Course) -> None:
    """See that the course's own plugin for late submissions can be had, before a class is graded.

    Raises:
        UsageError: it cannot.
    """
    try:
        AssignLatePenalties(config=config).init_plugin()
    except Exception as error:
        why = in_one_line(error, "run this again", course.root)
        raise UsageError(
            f"{course.root / CONFIG_FILE}: c.AssignLatePenalties.plugin_class cannot be used: {why}"
        ) from error
