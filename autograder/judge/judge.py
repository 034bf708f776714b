"""The judge: runs pytest over an assignment's hidden tests, and turns each outcome into points, rationale and hint."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.course.course import Assignment, CheckInfo
from autograder.errors import UsageError
from autograder.judge.checks import CheckMark
from autograder.judge.draw import Draw
from autograder.judge.failures import AwaitsPerson, CheckFailed
from autograder.judge.misconceptions import Misconception, load_misconceptions
from autograder.judge.recording import start_recording
from autograder.judge.results import OUR_FAULT, CheckResult, Status
from autograder.judge.submission import StudentNotebook

WORSE: tuple[Status, ...] = (
    "passed",
    "skipped",
    "error",
    "failed",
)  # of the cases of a parametrised check the worst counts: one that passes does not make up for one that fails


@dataclass(frozen=True)
class Trial:
    """The way in which a known answer is judged, to test the tests.

    Attributes:
        questions: only their checks are tried; empty for all questions.
        repetition: each number draws other inputs.
    """

    questions: tuple[str, ...] = ()
    repetition: int = 0


class Verdicts:
    """The pytest plugin of one judgement: provides ``submission`` and ``draw``, and keeps every check's result.

    Args:
        trial: for a known answer; then a skipped check is tried all the same, to see its outcome.

    Attributes:
        results: check name -> result.
        lost: checks that have a case without a result.
        faults: our own errors, one line each, for the instructor.
        facts: what the checks noted for an appeal.
        wrong_course: the error that stops every submission, such as a missing data file.
    """

    def __init__(
        self,
        submission: StudentNotebook,
        key: bytes,
        student_code: str,
        misconceptions: Sequence[Misconception],
        trial: Trial | None = None,
        show_direction: bool = False,
    ) -> None:
        self._submission = submission
        self._trial = trial
        self._key = key + b"/%d" % trial.repetition if trial is not None and trial.repetition else key
        self._student_code = student_code
        self._misconceptions = misconceptions
        self._show_direction = show_direction
        self.results: dict[str, CheckResult] = {}
        self.lost: set[str] = set()
        self.faults: list[str] = []
        self.facts: dict[str, str] = {}
        self.wrong_course: UsageError | None = None

    @pytest.fixture
    def submission(self) -> StudentNotebook:
        return self._submission

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> Draw:
        """Key the draws by file and function name alone, so that they are the same wherever the course lies."""
        return Draw.keyed(
            self._key, self._student_code, f"{request.path.parent.name}/{request.path.name}::{request.node.name}"
        )

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        items[:] = [item for item in items if self._wanted(getattr(item.function, "check", None))]

    def _wanted(self, mark: CheckMark | None) -> bool:
        return mark is None or is_wanted(mark.question, self._trial)

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        names = pyfuncitem._fixtureinfo.argnames
        self._judge(pyfuncitem.obj, {name: pyfuncitem.funcargs[name] for name in names})
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Function, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Note a fixture or a collection that breaks: the fault is ours, and without a result the check becomes an error."""
        report = yield
        if call.excinfo is not None:
            self.lost.add(item.originalname)
            self.faults.append(f"{report.nodeid}: {call.excinfo.exconly()}"[:500])
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(
                f"{report.nodeid}: cannot be collected: {str(report.longrepr).strip().splitlines()[-1]}"[:500]
            )
            sys.modules.pop(Path(report.nodeid).stem, None)  # half imported; pytest would take it for whole next time

    def _judge(self, function: Any, arguments: dict[str, Any]) -> None:
        mark: CheckMark | None = getattr(function, "check", None)
        if mark is None:
            return
        needed = [self.results.get(n.__name__) for n in mark.needs]
        result = CheckResult(
            question=mark.question,
            check=function.__name__,
            title=(function.__doc__ or function.__name__).strip().splitlines()[0],
            status="passed",
            points=mark.points,
            max_points=mark.points,
            visible=mark.visible,
        )
        if blocked := [n for n in needed if n is not None and n.status != "passed"]:
            result.status, result.points, result.code = "skipped", 0.0, "skipped"
            result.rationale = f"not tried, because another check did not pass: {blocked[0].title}"
            if blocked[0].status == "error":
                result.status, result.rationale, result.code = "error", blocked[0].rationale, blocked[0].code
            elif self._trial is not None:
                alone = result.model_copy(update={"status": "passed"})
                faults = len(self.faults)
                self._try(function, arguments, alone)
                del self.faults[faults:]  # it may rely on the checks that it needs
                result.alone = alone.status
        else:
            self._try(function, arguments, result)
        earlier = self.results.get(result.check)  # another case of a parametrised check: the worst of them counts
        if earlier is None or WORSE.index(earlier.status) < WORSE.index(result.status):
            self.results[result.check] = result

    def _try(self, function: Any, arguments: dict[str, Any], result: CheckResult) -> None:
        """Run one check; the exception that it raises decides between wrong (the student's) and error (ours, or for a person)."""
        with start_recording(self._misconceptions, self._show_direction) as record:
            try:
                function(**arguments)
                failure = record.verdict()
            except CheckFailed as error:
                failure = record.verdict() or error
            except AssertionError as error:
                failure = record.verdict() or CheckFailed(str(error))
            except UsageError as error:
                failure, self.wrong_course = None, error
            except AwaitsPerson as error:
                failure = record.verdict()
                result.status, result.points, result.rationale = "error", 0.0, str(error)
                result.code = "awaits-person"
            except Exception as error:
                failure = None
                result.status, result.points, result.rationale = "error", 0.0, OUR_FAULT
                result.code = "our-fault"
                where = traceback.extract_tb(error.__traceback__)[-1]
                self.faults.append(
                    f"{result.check}: {type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"[
                        :500
                    ]
                )
        result.pictures = record.pictures
        self.facts |= record.facts
        if failure is not None:
            result.status, result.points, result.code = "failed", 0.0, failure.code
            result.rationale, result.hint, result.misconception = failure.rationale, failure.hint, failure.misconception
            result.fitting = failure.fitting
            result.worked = failure.worked
            result.pictures = [*failure.pictures, *record.pictures]


def is_wanted(question: str, trial: Trial | None) -> bool:
    """Whether a trial asks for the checks of a question."""
    return trial is None or not trial.questions or question in trial.questions


def judge(
    assignment: Assignment, submission: StudentNotebook, student_code: str, trial: Trial | None = None
) -> Verdicts:
    """Try every hidden check of ``assignment`` on ``submission``; checks without a result become errors.

    Raises:
        UsageError: the fault is the course's, and stops every submission.
    """
    misconceptions = load_misconceptions(assignment.misconceptions)
    direction = assignment.course.settings.course.show_direction
    verdicts = Verdicts(submission, assignment.course.key, student_code, misconceptions, trial, direction)
    run_pytest(assignment.tests, verdicts)
    if verdicts.wrong_course is not None:
        raise verdicts.wrong_course
    for question, (_, checks) in assignment.questions.items():
        for info in checks if is_wanted(question, trial) else ():
            found = verdicts.results.get(info.name)
            if found is None or (info.name in verdicts.lost and found.status != "failed"):
                verdicts.results[info.name] = _report_missing(info)
    return verdicts


def run_pytest(tests: Path, plugin: object, *options: str) -> None:
    """Run pytest over a folder of hidden tests, from inside it: in a path, pytest takes a bracket for a parametrised case."""
    with contextlib.chdir(tests):
        pytest.main([*_pytest_arguments(tests), *options], plugins=[plugin])


def _pytest_arguments(tests: Path) -> list[str]:
    """Return arguments for pytest without terminal, cache, or configuration from the folder that the tests lie in."""
    names = ("terminal", "cacheprovider", "logging", "faulthandler", "junitxml", "stepwise")
    collectors = ("unraisableexception", "threadexception")  # each spends half a second on collecting garbage
    quiet = [f"-pno:{name}" for name in (*names, *collectors)]
    return [
        ".",
        *quiet,
        "-c",
        os.devnull,
        f"--rootdir={tests}",
        f"--confcutdir={tests}",  # otherwise pytest looks into every folder above
        "--import-mode=importlib",
        "--continue-on-collection-errors",
        "--assert=plain",
        "--capture=no",
        "--disable-plugin-autoload",
    ]


def _report_missing(info: CheckInfo) -> CheckResult:
    return CheckResult(
        question=info.question,
        check=info.name,
        title=info.title,
        status="error",
        points=0.0,
        max_points=info.points,
        visible=info.visible,
        rationale=OUR_FAULT,
        code="our-fault",
    )


def prepare(private: Path, environment: Mapping[str, str]) -> None:
    """Make this process a judge: solutions can be imported by path, and nobody's settings reach pytest.

    Args:
        environment: variables to set, such as the folder with data.
    """
    sys.path.insert(0, str(private))
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST"):
        os.environ.pop(name, None)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.update(environment)
