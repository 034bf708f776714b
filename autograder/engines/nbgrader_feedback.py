"""nbgrader's `generate_feedback` and formgrader's button: they write our page, with everything that a person has added since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter

from autograder import files
from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.grading import store
from autograder.judge.results import Result
from autograder.reports.feedback import render_current_page, write_files_beside


class FeedbackExporter(HTMLExporter):  # type: ignore[misc]
    """The exporter, which writes our page where a result was kept, and nbgrader's own elsewhere.

    nbgrader would skip a page that exists, or remove it before the new one is there. A page takes no time, so every one is
    written anew.
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
        result = self._load_result(course, about["student"], about["assignment"])
        if result is None or not result.checks or about["notebook"] != about["assignment"]:
            return super().from_filename(filename, resources, **kw)
        page = render_current_page(course, result)
        write_files_beside(course, result.student, result.assignment)
        return page, {**(resources or {}), "output_extension": self.file_extension}

    def _load_result(self, course: Course, student: str, assignment: str) -> Result | None:
        try:
            return store.load(course, student, assignment)
        except UsageError as error:
            self.log.warning("%s", error)
            return None
