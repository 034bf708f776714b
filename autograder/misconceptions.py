"""The module from which older courses import ``misconception``; new ones import it from ``autograder.checks``."""

from autograder.judge.misconceptions import misconception

__all__ = ["misconception"]
