"""Enter a judged submission in nbgrader's tree and gradebook and keep its result: all of it, or nothing."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException

from autograder.course.course import Course
from autograder.engines.plain import make_plain
from autograder.errors import UsageError
from autograder.grading import store
from autograder.grading.job import Graded
from autograder.obstacles import find_obstacle, in_one_line
from autograder.printable import printable


class OneSubmission(Autograde):  # type: ignore[misc]
    """nbgrader's autograde of one submission that is judged already.

    Its folder is named, because nbgrader reads names and paths as patterns.

    Args:
        graded: the verdict, and the opened notebook that it is about.
    """

    def __init__(self, course: Course, student: str, graded: Graded, **options: Any) -> None:
        super().__init__(**options)
        self.course, self.student, self.graded = course, student, graded
        self.force = True

    def init_notebooks(self) -> None:
        assignment = self.graded.result.assignment
        folder = self._format_source(assignment, self.student)
        self.assignments = {folder: [os.path.join(folder, f"{assignment}.ipynb")]}

    def convert_notebooks(self) -> None:
        [folder] = self.assignments
        _enter_folder(self, self.course, folder)


def enter_all(converter: Autograde, course: Course) -> None:
    """Do nbgrader's loop over submissions, with two differences: if one fails, its earlier entry stays, and one line says why.

    Raises:
        NbGraderException: some could not be entered; its cause is the error of the last.
    """
    failed, last = [], None
    for folder in sorted(converter.assignments):
        student, assignment = _find_owner(converter, folder)
        try:
            with store.write_alone(course):
                _enter_folder(converter, course, folder)
        except Exception as error:
            failed.append(f"{printable(student)}, {assignment}: {in_one_line(error, 'grade again', course.root)}")
            converter.log.error("%s", failed[-1])
            last = error
            if isinstance(error, UsageError) or find_obstacle(error, ["DatabaseError"]):
                break  # no course or gradebook for the others either; a file may be this student's alone
    if last is not None:
        raise NbGraderException(failed[-1] if len(failed) == 1 else f"{len(failed)} submissions failed.") from last


def _enter_folder(converter: Autograde, course: Course, folder: str) -> None:
    """Enter the submission in a folder, unless nbgrader skips it, and keep its result; if a step fails, undo them all."""
    student, assignment = _find_owner(converter, folder)
    tree = Path(converter.coursedir.format_path(converter.coursedir.submitted_directory, "", ""))
    for line in make_plain(Path(folder), tree):
        converter.log.warning("%s", line)
    converter.notebooks = sorted(converter.assignments[folder])
    with keep_earlier(converter, student, assignment):
        if converter.init_destination(assignment, student):
            converter.exporter.graded = None  # of the submission before
            _convert(converter, student, assignment)
            store.save(course, converter.exporter.graded.result)


def _find_owner(converter: Autograde, folder: str) -> tuple[str, str]:
    """Return student and assignment, by the course's structure of folders."""
    pattern = converter._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
    found = re.fullmatch(pattern, folder, re.DOTALL)
    if found is None:
        raise NbGraderException(f"{folder}: is in no student's folder.")
    return found["student"], found["assignment"]


def _convert(converter: Autograde, student: str, assignment: str) -> None:
    """Do what nbgrader does for one submission."""
    converter.run_pre_convert_hook()
    converter.init_assignment(assignment, student)
    for notebook in converter.notebooks:
        converter.convert_single_notebook(notebook)
    converter.set_permissions(assignment, student)
    converter.run_post_convert_hook()


@contextlib.contextmanager
def keep_earlier(converter: Autograde, student: str, assignment: str) -> Iterator[None]:
    """Put back the earlier tree and grades of a submission if the body fails or is interrupted."""
    tree = Path(converter._format_dest(assignment, student))
    aside = tree.with_name(f".{tree.name}.earlier")
    if aside.is_dir():  # left by a command that was killed in between
        _put_back(tree, aside)
    if tree.is_dir():
        _copy_tree(tree, aside)
    restore = _read_grades(converter.coursedir.db_url, student, assignment)
    try:
        yield
    except BaseException:
        _put_back(tree, aside)
        with contextlib.suppress(Exception):  # a gradebook that cannot be written has not been written either
            restore()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _copy_tree(tree: Path, aside: Path) -> None:
    """Copy a folder whole, or not at all."""
    draft = aside.with_name(f"{aside.name}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        shutil.copytree(tree, draft, symlinks=True)
        draft.rename(aside)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _put_back(tree: Path, aside: Path) -> None:
    """Replace ``tree`` by ``aside``; remove it where there is no ``aside``."""
    if tree.is_dir():
        shutil.rmtree(tree)
    if aside.is_dir():
        aside.rename(tree)


def _read_grades(db_url: str, student: str, assignment: str) -> Callable[[], None]:
    """Read a submission's grades from the gradebook; the function that is returned writes them back."""
    with Gradebook(db_url) as book:
        submission = _find_submission(book, student, assignment)
        time = submission.timestamp if submission else None
        notebooks = submission.notebooks if submission else []
        late = {notebook.name: notebook.late_submission_penalty for notebook in notebooks}
        grades = {(n.name, g.name): (g.auto_score, g.needs_manual_grade) for n in notebooks for g in n.grades}
        comments = {(n.name, c.name): c.auto_comment for n in notebooks for c in n.comments}

    def restore() -> None:
        with Gradebook(db_url) as book:
            submission = _find_submission(book, student, assignment)
            if submission is None:
                return
            submission.timestamp = time
            for notebook in submission.notebooks:
                notebook.late_submission_penalty = late.get(notebook.name)
                for grade in notebook.grades:
                    place = notebook.name, grade.name
                    grade.auto_score, grade.needs_manual_grade = grades.get(place, (None, True))
                for comment in notebook.comments:
                    comment.auto_comment = comments.get((notebook.name, comment.name))
            book.db.commit()

    return restore


def _find_submission(book: Gradebook, student: str, assignment: str):  # type: ignore[no-untyped-def]
    with contextlib.suppress(MissingEntry):
        return book.find_submission(assignment, student)
    return None
