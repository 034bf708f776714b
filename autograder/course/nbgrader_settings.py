"""What nbgrader is told about a course, whether it is started by us or on its own command line.

The course's ``nbgrader_config.py`` is the one line
``from autograder.nbgrader_config import configure; configure(c, __file__)``.
"""

from __future__ import annotations

import contextlib
import copy
import glob
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.course.cells import is_instructor
from autograder.course.config import CONFIG_FILE, Settings, load_settings
from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.files import is_shared, keep_private
from autograder.obstacles import in_one_line

RELEASE_FOLDER = "release/nbgrader"
OURS, THEIRS = "autograder.engines.nbgrader", "nbgrader.preprocessors"
# What `nbgrader autograde` does to a submission, by name: the judge is imported only where something is graded.
SANITIZE = [f"{THEIRS}.OverwriteKernelspec", f"{THEIRS}.OverwriteCells"]
JUDGE = [f"{OURS}.JudgeSubmission", f"{THEIRS}.LimitOutput", f"{OURS}.SaveVerdict", f"{THEIRS}.AssignLatePenalties"]


class DropInstructorCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves out of the release what only the instructor runs."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        nb.cells = [cell for cell in nb.cells if not is_instructor(cell)]
        return nb, resources


class DropUnusedAttachments(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves out of the release the pictures that no released text shows: they were attached inside a solution."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        for cell in nb.cells:
            if held := cell.pop("attachments", None):
                shown = {name: data for name, data in held.items() if _shows(cell.source, name)}
                cell |= {"attachments": NotebookNode(shown)} if shown else {}
        return nb, resources


def _shows(text: str, name: str) -> bool:
    return any(f"attachment:{written}" in text for written in (name, quote(name)))


def configure(config: Config, file: str) -> None:
    """Load the course's grader_config.py, strictly, into nbgrader's ``config``; ``file`` is the nbgrader_config.py.

    A wrong key ends the program with one line; nbgrader would log an exception and go on without the configuration.
    """
    folder = Path(file).resolve().parent
    try:
        if glob.escape(str(folder)) != str(folder):
            raise UsageError(
                f"{folder}: nbgrader's own commands find nothing below a folder with [, * or ? in its path."
                " Rename it, or use `autograder`'s commands."
            )
        config.merge(nbgrader_config(load_settings(folder / CONFIG_FILE), folder))
    except UsageError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
    with contextlib.suppress(OSError):  # whoever may not write here cannot make it worse
        keep_gradebook_private(CourseDirectory(config=config))


def nbgrader_config(settings: Settings, root: Path) -> Config:
    """The course's configuration with what the kit needs of nbgrader added.

    Raises:
        UsageError: the gradebook in the course's folder would have an address that leads elsewhere.
    """
    if "?" in str(root) and "db_url" not in settings.raw.CourseDirectory:
        raise UsageError(f"{root}: a gradebook cannot lie in a folder with '?' in its path. Rename the folder.")
    _let_nbgrader_find_alembic()
    config = copy.deepcopy(settings.raw)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.release_directory = RELEASE_FOLDER
    config.CourseDirectory.ignore.append(".*")  # a hidden file beside the source is an editor's, not the students'
    config.GenerateAssignment.preprocessors.insert(0, DropInstructorCells)
    config.GenerateAssignment.preprocessors.append(DropUnusedAttachments)
    config.Autograde.exporter_class = f"{OURS}.SubmissionExporter"
    config.Autograde.sanitize_preprocessors = SANITIZE
    config.Autograde.autograde_preprocessors = JUDGE
    config.GenerateFeedback.setdefault("exporter_class", "autograder.engines.nbgrader_feedback.FeedbackExporter")
    if "permissions" not in config.Autograde:  # nbgrader's own let everybody read what was graded
        config.Autograde.permissions = (
            660 if config.CourseDirectory.get("groupshared") else 440 if is_shared(root) else 400
        )
    config.CourseDirectory.setdefault("groupshared", is_shared(root))  # else no other grader could replace its folders
    return config


@contextlib.contextmanager
def open_gradebook(directory: CourseDirectory) -> Iterator[Gradebook]:
    """nbgrader's gradebook, for us to read and not for everybody.

    Raises:
        UsageError: it is locked or damaged, or may not be written.
    """
    try:
        keep_gradebook_private(directory)
        with Gradebook(directory.db_url, directory.course_id) as gradebook:
            yield gradebook
    except (SQLAlchemyError, OSError) as error:
        raise UsageError(f"{_place(directory)}: cannot be used: {in_one_line(error, 'run this again')}") from error


def keep_gradebook_private(directory: CourseDirectory) -> None:
    """Make the gradebook's file if it is missing, and take the rights of others: it names everybody with their points."""
    if (file := gradebook_file(directory)) is not None:
        keep_private(file)


def gradebook_file(directory: CourseDirectory) -> Path | None:
    """The file that the gradebook is; None where a server of databases holds it."""
    url = make_url(directory.db_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def gradebook_place(course: Course) -> str:
    """Where the gradebook is, for people: the file, or the database's address without its password."""
    return _place(course_directory(course))


def _place(directory: CourseDirectory) -> str:
    file = gradebook_file(directory)
    return str(file) if file is not None else make_url(directory.db_url).render_as_string(hide_password=True)


def _let_nbgrader_find_alembic() -> None:
    """A new gradebook is made with the program ``alembic``, which only an activated environment has on its PATH."""
    if shutil.which("alembic") is None:
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def course_directory(course: Course, **overrides: str) -> CourseDirectory:
    """nbgrader's view of ``course``; ``overrides`` are traits of CourseDirectory, such as ``db_url``."""
    return CourseDirectory(config=nbgrader_config(course.settings, course.root), **overrides)
