"""The module from which older courses import these; new ones import them from ``autograder.checks``."""

from autograder.judge.misconceptions import load_by_path, misconception

__all__ = ["load_by_path", "misconception"]
