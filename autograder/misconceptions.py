"""The name under which courses made before ``autograder.checks`` had everything import ``misconception``."""

from autograder.judge.misconceptions import misconception

__all__ = ["misconception"]
