"""The module that a course's ``nbgrader_config.py`` imports.

``from autograder.nbgrader_config import configure; configure(c, __file__)``
"""

from __future__ import annotations

import contextlib
import glob
import sys
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course.config import CONFIG_FILE, load_settings
from autograder.course.gradebook import keep_gradebook_private
from autograder.course.nbgrader_settings import nbgrader_config
from autograder.errors import UsageError


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
