"""Configure nbgrader for a course, whether we start it or the instructor does.

The instructor's commands read it through the course's ``nbgrader_config.py``: see ``autograder.nbgrader_config.configure``.
"""

from __future__ import annotations

import copy
import os
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets.config import Config

from autograder.course.cells import is_instructor
from autograder.course.config import Settings
from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.files import is_shared

RELEASE_FOLDER = "release/nbgrader"
OURS, THEIRS = "autograder.engines.nbgrader", "nbgrader.preprocessors"
# The steps of `nbgrader autograde`, by name, so that the judge is imported only where something is graded.
SANITIZE = [f"{THEIRS}.OverwriteKernelspec", f"{THEIRS}.OverwriteCells"]
JUDGE = [f"{OURS}.JudgeSubmission", f"{THEIRS}.LimitOutput", f"{OURS}.SaveVerdict", f"{THEIRS}.AssignLatePenalties"]


class DropInstructorCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves cells that only the instructor runs out of the release."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        nb.cells = [cell for cell in nb.cells if not is_instructor(cell)]
        return nb, resources


class DropUnusedAttachments(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves pictures that no released text shows out of the release: they were attached inside a solution."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        for cell in nb.cells:
            if held := cell.pop("attachments", None):
                shown = {name: data for name, data in held.items() if _is_shown(cell.source, name)}
                cell |= {"attachments": NotebookNode(shown)} if shown else {}
        return nb, resources


def _is_shown(text: str, name: str) -> bool:
    return any(f"attachment:{written}" in text for written in (name, quote(name)))


def nbgrader_config(settings: Settings, root: Path) -> Config:
    """Return the course's configuration with the nbgrader settings that the kit needs.

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
    shared = is_shared(root)
    if "permissions" not in config.Autograde:  # nbgrader's own let everybody read what was graded
        config.Autograde.permissions = 660 if config.CourseDirectory.get("groupshared") else 440 if shared else 400
    config.CourseDirectory.setdefault("groupshared", shared)  # else no other grader could replace its folders
    return config


def _let_nbgrader_find_alembic() -> None:
    """Put ``alembic`` on the PATH, with which nbgrader makes a new gradebook: only an activated environment has it there."""
    if shutil.which("alembic") is None:
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def course_directory(course: Course, **overrides: str) -> CourseDirectory:
    """Return nbgrader's view of ``course``; ``overrides`` are traits of CourseDirectory, such as ``db_url``."""
    return CourseDirectory(config=nbgrader_config(course.settings, course.root), **overrides)
