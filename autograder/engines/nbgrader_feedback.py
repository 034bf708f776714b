"""nbgrader's `generate_feedback` and formgrader's button: they write the page that `autograder grade` writes, with what a person has added since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter

from autograder import files
from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.grading import store
from autograder.judge.results import Result
from autograder.reports.feedback import current_page, write_beside


class FeedbackExporter(HTMLExporter):  # type: ignore[misc]
    """Writes our page where a verdict was kept; else nbgrader's own.

    nbgrader would skip a page that exists, or remove it before the new one is there. A page takes no time, so each is written anew.
    """

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        converter = self.parent
        left_out = (converter.coursedir.student_id_exclude or "").split(",")

        def init_destination(assignment: str, student: str) -> bool:
            if student in left_out:
                return False
            files.make_folder(Path(converter._format_dest(assignment, student)))  # nbgrader would let everybody in
            return True

        converter.init_destination = init_destination

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kw: Any) -> Any:
        about = (resources or {})["nbgrader"]
        course = find_course(Path(self.config.CourseDirectory.root))
        result = self._kept(course, about["student"], about["assignment"])
        if result is None or not result.checks or about["notebook"] != about["assignment"]:
            return super().from_filename(filename, resources, **kw)
        page = current_page(course, result)
        write_beside(course, result.student, result.assignment)
        return page, {**(resources or {}), "output_extension": self.file_extension}

    def _kept(self, course: Course, student: str, assignment: str) -> Result | None:
        try:
            return store.load(course, student, assignment)
        except UsageError as error:
            self.log.warning("%s", error)
            return None
