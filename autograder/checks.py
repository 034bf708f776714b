"""The one module that authors of a course import: everything for hidden tests, misconceptions and calibration plans."""

from autograder.errors import UsageError
from autograder.judge.checks import NOT_REBUILT, agree, await_person, check, curve, fact, fail
from autograder.judge.failures import CheckFailed
from autograder.judge.misconceptions import load_by_path, misconception, misconceptions_of
from autograder.judge.models import Model
from autograder.judge.thresholds import has_gpu, on_a_gpu, read_record, read_records
from autograder.quality.experiment import Experiment

__all__ = [
    "NOT_REBUILT",
    "CheckFailed",
    "Experiment",
    "Model",
    "UsageError",
    "agree",
    "await_person",
    "check",
    "curve",
    "fact",
    "fail",
    "has_gpu",
    "load_by_path",
    "misconception",
    "misconceptions_of",
    "on_a_gpu",
    "read_record",
    "read_records",
]
