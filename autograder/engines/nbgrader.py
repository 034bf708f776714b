"""nbgrader's `autograde`, with the judge in the place of its own execution: an exporter and two preprocessors, named in the configuration.

nbgrader never reads what a student handed in: the exporter gives it the opened and repaired notebook, and the judge's verdict on the
file that was handed in is written into its check cells, and the points go into the gradebook from the verdict itself. A line on
stderr or a duplicated cell changes nothing.
"""

from __future__ import annotations

import atexit
import os
from codecs import BOM_UTF8
from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from autograder import files
from autograder.course.cells import grade_id, is_grade
from autograder.course.course import Course, find_course
from autograder.course.registration import why_unbuilt
from autograder.engines.entering import OneSubmission, enter_all
from autograder.errors import Ungradable, UsageError
from autograder.files import is_regular
from autograder.grading import store
from autograder.grading.grader import Graded, Grader, Job
from autograder.intake.harmless import with_printable_code
from autograder.intake.notebook import Opened
from autograder.intake.stamps import STAMP_FILE, parse_stamp, read_stamp
from autograder.judge.results import Result
from autograder.obstacles import in_one_line
from autograder.printable import printable
from autograder.reports.text import question_text

graded: dict[tuple[str, str], Graded] = {}  # (student, assignment) -> what `autograder grade` has judged already
_current: dict[
    tuple[str, str], Graded
] = {}  # the same, from one of nbgrader's two passes over a submission to the other


@cache
def _course(root: str) -> Course:
    return find_course(Path(root))


@cache
def _grader(root: str) -> Grader:
    """One judge for this nbgrader process, started when the first submission needs it."""
    grader = Grader(_course(root)).__enter__()
    atexit.register(grader.__exit__, None, None, None)
    return grader


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Reads a submission as the judge sees it: every cell that nbgrader looks for is there once, and no output of the student's.

    nbgrader makes it before it looks into the folders that it has found; so it first makes those safe to look into, and has them
    entered one by one.
    """

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        converter, course = self.parent, _course(str(self.config.CourseDirectory.root))
        if not isinstance(converter, OneSubmission):  # of the command that grades a class, and has looked
            _ensure_built(course, converter)
        tree = Path(converter.coursedir.format_path(converter.coursedir.submitted_directory, "", ""))
        refused: dict[str, str] = {}
        for folder in converter.assignments:
            try:
                for line in make_plain(Path(folder), tree):
                    converter.log.warning("%s", line)
            except (Ungradable, OSError, RecursionError) as error:
                refused[folder] = in_one_line(error, "grade again")

        def keep(student: str, assignment: str) -> None:
            if (found := _current.pop((student, assignment), None)) is not None:
                store.save(course, found.result)

        converter.convert_notebooks = lambda: enter_all(converter, course, refused, keep)

    def from_filename(self, filename: str, resources: dict[str, Any] | None = None, **kw: Any) -> Any:
        course = _course(str(self.config.CourseDirectory.root))
        about = (resources or {})["nbgrader"]
        student, assignment = about["student"], about["assignment"]
        submitted = course.tree("submitted") / student / assignment / f"{about['notebook']}.ipynb"
        if not Path(filename).exists() or not submitted.exists() or not Path(filename).samefile(submitted):
            return super().from_filename(filename, resources, **kw)  # from autograded/, where we have written it
        found = graded.pop((student, assignment), None) or _grader(str(course.root)).grade_job(
            Job(submitted, assignment, student)
        )
        if found.opened is None or not found.result.checks:
            raise Ungradable(" ".join(found.result.notes))
        _current[student, assignment] = found
        shown = with_printable_code(Opened.from_data(found.opened, course).notebook)
        return self.from_notebook_node(shown, resources, **kw)


def _ensure_built(course: Course, converter: Autograde) -> None:
    """Stop nbgrader's command with one line where nothing can be graded for its assignment."""
    try:
        why = why_unbuilt(course, converter.coursedir, converter.coursedir.assignment_id)
    except UsageError as error:
        why = str(error)
    if why:
        converter.log.error("%s", why)
        raise NbGraderException(why)


def make_plain(folder: Path, tree: Path) -> list[str]:
    """Leave plain files alone in a submission's folder: nbgrader follows links, waits for pipes, and reads a time of any length.

    Args:
        tree: nbgrader's tree, in which the folder lies.

    Returns:
        A line for each file that was replaced or set aside.

    Raises:
        Ungradable: the folder, or the notebook called after it, is a link itself.
    """
    above = [part for part in (folder, *folder.parents) if part.is_relative_to(tree) and part != tree]
    if strange := next((part for part in above if part.is_symlink()), None):
        raise Ungradable(f"{printable(str(strange))}: is a link and was not followed.")
    notebook = folder / f"{folder.name}.ipynb"
    if os.path.lexists(notebook) and not is_regular(notebook):
        raise Ungradable(f"{printable(str(notebook))}: is a link or special file and was not read.")
    lines = []
    for top, _, names in os.walk(folder):
        for path in (Path(top, name) for name in names):
            if not is_regular(path):
                what = f"a link to '{printable(os.readlink(path))}'" if path.is_symlink() else "a special file"
                path.unlink()
                path.write_text(f"This was {what}. It is not followed.\n", encoding="utf-8")
                lines.append(f"{printable(str(path))}: was {what}; a text that says so is in its place.")
    stamp = folder / STAMP_FILE
    data = read_stamp(stamp)
    if data is not None and parse_stamp(data) is None:
        stamp.replace(stamp.with_name(f"{STAMP_FILE}.unread"))
        lines.append(f"{printable(str(stamp))}: holds no time and was set aside.")
    elif data and data.startswith(BOM_UTF8):
        files.write_whole(stamp, data.removeprefix(BOM_UTF8))
    return lines


class JudgeSubmission(NbGraderPreprocessor):  # type: ignore[misc]
    """Writes the judge's verdict into the check cells, as text and as the number that nbgrader reads partial credit from."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        course = _course(str(self.config.CourseDirectory.root))
        about = resources["nbgrader"]
        result = _current[about["student"], about["assignment"]].result
        shown = result.for_students(course.settings.course.show_details)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = _outputs(shown, cell)
        resources["verdict"] = result
        return nb, resources


def _outputs(result: Result, cell: NotebookNode) -> list[NotebookNode]:
    question = grade_id(cell)
    if not is_grade(cell) or question not in result.questions:
        return []
    points, _ = result.question_points()[question]
    text = new_output("stream", name="stdout", text=question_text(result, question) + "\n")
    return [text, new_output("execute_result", data={"text/plain": f"{points:g}"}, execution_count=None)]


class SaveVerdict(SaveAutoGrades):  # type: ignore[misc]
    """Saves the verdict's points; a question that we could not grade gets none and waits for a person, never a silent zero."""

    def _add_score(self, cell: NotebookNode, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        result: Result = resources["verdict"]
        question = grade_id(cell)
        if question not in result.questions:
            return
        about = resources["nbgrader"]
        grade = self.gradebook.find_grade(question, about["notebook"], about["assignment"], about["student"])
        ours = any(check.status == "error" for check in result.checks if check.question == question)
        grade.auto_score = None if ours else result.question_points()[question][0]
        grade.needs_manual_grade = ours or grade.manual_score is not None
        self.gradebook.db.commit()
