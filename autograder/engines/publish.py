"""Publish a graded submission: in nbgrader's trees and gradebook, among the kept results, and on the page that the student reads."""

from __future__ import annotations

import logging
from pathlib import Path

from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder import files
from autograder.course.config import CONFIG_FILE
from autograder.course.course import Course
from autograder.course.gradebook import Student, gradebook_file, list_students, open_gradebook
from autograder.course.nbgrader_settings import course_directory, nbgrader_config
from autograder.course.registration import why_unbuilt
from autograder.engines.entering import OneSubmission
from autograder.errors import Ungradable, UsageError
from autograder.grading import store
from autograder.grading.job import Graded
from autograder.intake.collect import Submission
from autograder.intake.stamps import write_stamp
from autograder.obstacles import code_of, in_one_line
from autograder.reports.feedback import write_feedback


class Publisher:
    """The one place that hands graded submissions on: to nbgrader's trees and gradebook, the kept results and the feedback pages.

    The entry is made through nbgrader's own autograde, so that formgrader, export and release_feedback find what they expect.

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
        for path in _list_written(course):
            files.ensure_changeable(path)
        whys = {name: why_unbuilt(course, self.directory, name) for name in course.assignments}
        self.unbuilt = {name: why for name, why in whys.items() if why}
        if self.unbuilt and len(self.unbuilt) == len(course.assignments):
            raise UsageError(next(iter(self.unbuilt.values())), code="not-built")

    def read_roster(self) -> list[Student]:
        """Read the students that the gradebook knows, so that each keeps one name."""
        with open_gradebook(self.directory) as gradebook:
            return list_students(gradebook)

    def publish(self, submission: Submission, graded: Graded) -> bool:
        """Keep the file that was handed in, enter its result in the gradebook, keep the result, and write the feedback page.

        ::

            file       submitted/<student>/<assignment>/
            gradebook  } both or neither; a grade that a person entered stays, and so do the earlier points
            result     } where this submission could not be judged
            page       reads both; if it cannot be written, the points count all the same

        A failure becomes a note of this submission. Points that did not reach the gradebook are no points, and what an earlier
        command entered and wrote stays.

        Returns:
            Whether all of it was done.
        """
        result = graded.result
        if not result.assignment:
            return False
        event = "Not recorded: "
        try:
            with store.write_alone(self.course):
                self._keep_file(submission, result.assignment)
                if result.checks:
                    self._keep_name(submission)
                    self._enter(submission.student, graded)
                elif self._has_points(submission.student, result.assignment):
                    result.notes.append("The gradebook still holds the points of an earlier submission.")
                else:
                    store.save(self.course, result)
                event = "No feedback was written: "
                write_feedback(self.course, result)
        except Exception as error:
            if event == "Not recorded: ":
                result.points, result.code = None, code_of(error)
            result.notes.append(f"{event}{in_one_line(error, 'grade again', self.course.root)}")
            return False
        return True

    def _has_points(self, student: str, assignment: str) -> bool:
        """Whether an earlier submission was judged; one that could not be graded left nothing in the gradebook."""
        earlier = store.load(self.course, student, assignment)
        return earlier is not None and bool(earlier.checks)

    def _enter(self, student: str, graded: Graded) -> None:
        """Let nbgrader enter the verdict, and keep the result with it; if nbgrader cannot, its error is raised."""
        files.make_folder(self.course.tree("autograded") / student)  # nbgrader would let everybody in
        self.directory.assignment_id, self.directory.student_id = graded.result.assignment, student
        log = logging.Logger("nbgrader")
        log.addHandler(logging.NullHandler())
        OneSubmission(self.course, student, graded, coursedir=self.directory, config=self.config, log=log).start()

    def _keep_file(self, submission: Submission, assignment: str) -> None:
        """Copy the file that was handed in to nbgrader's tree, with the time of the submission.

        Raises:
            Ungradable: a folder there is a link.
        """
        folder = self.course.tree("submitted") / submission.student / assignment
        if link := next((part for part in (folder.parent, folder) if part.is_symlink()), None):
            raise Ungradable(
                f"{link} is a link; its target may be another student's folder. Remove it, then grade again.",
                code="link",
            )
        target = folder / f"{assignment}.ipynb"
        if target.exists() and target.samefile(submission.path):
            return
        files.copy_whole(submission.path, target)
        write_stamp(folder, submission.timestamp)

    def _keep_name(self, submission: Submission) -> None:
        """Add the student's name and LMS id, as the submission gives them; those that the gradebook has stay."""
        given = {"last_name": submission.name, "lms_user_id": submission.lms_id}
        with open_gradebook(self.directory) as gradebook:
            student = gradebook.update_or_create_student(submission.student)
            named = student.first_name or student.last_name
            empty = {f: v for f, v in given.items() if v and not (named if f == "last_name" else getattr(student, f))}
            if empty:
                gradebook.update_or_create_student(submission.student, **empty)


def _list_written(course: Course) -> list[Path]:
    """List the folders and files that publishing writes; SQLite keeps a journal beside the gradebook."""
    trees = [course.tree("submitted"), course.tree("autograded"), course.tree("feedback"), course.root / store.FOLDER]
    gradebook = gradebook_file(course_directory(course))
    return [*trees, gradebook.parent, gradebook] if gradebook is not None else trees


def _try_late_plugin(config: Config, course: Course) -> None:
    """Make sure, before a class is graded, that the course's own plugin for late submissions can be used.

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
