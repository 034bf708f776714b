"""The module that a course's ``nbgrader_config.py`` imports.

``from autograder.nbgrader_config import configure; configure(c, __file__)``
"""

from autograder.course.nbgrader_settings import configure

__all__ = ["configure"]
