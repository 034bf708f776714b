"""A submission outlives itself where a defence is missing, and nowhere else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.judge.failures import CheckFailed
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers.canaries import Canaries
from autograder.tests.helpers.jail import DAEMON, JAILED, PARENT, PYTHON_STATE, cells
from autograder.tests.helpers.tiny_course import warm_parent

pytestmark = pytest.mark.slow


def test_a_daemon_outlives_a_process_that_nobody_keeps(watching: Canaries) -> None:
    code = "\n".join([*cells(JAILED[DAEMON], watching.given)[:1], "loot()"])
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert watching.daemons(), "the daemon is none: it ended with the process that started it"
    for pid in watching.daemons():
        os.kill(pid, signal.SIGKILL)


def test_a_daemon_lives_as_long_as_its_submission(in_a_jail: None, watching: Canaries) -> None:
    """So that the test which finds none afterwards looks for something that was there."""
    with NotebookRun(cells(JAILED[DAEMON], watching.given), [], Limits(seconds_per_call=60.0)) as run:
        run.run_cells()
        StudentNotebook(run).loot()
        assert watching.daemons(), "the daemon cannot be seen from outside"
    assert watching.daemons() == [], "the daemon outlived its submission"


def test_python_changed_in_one_process_is_changed_for_all_that_use_it(without_a_jail: None, watching: Canaries) -> None:
    """As where one kernel runs several submissions."""
    with NotebookRun(cells(JAILED[PYTHON_STATE], watching.given), [], Limits()) as run:
        run.run_cells()
        submission = StudentNotebook(run)
        with pytest.raises(CheckFailed, match=r"LookupError: \[\]"):
            submission.count_words("a")
        assert set(submission.loot()) == {"environment", "module", "path", "numpy", "builtins", "umask"}


OWN_ID = "import os\ndef own_id(): return os.getpid()"


def test_without_a_jail_the_warm_parent_is_killed(
    without_a_jail: None, secret_course: Course, watching: Canaries
) -> None:
    before = warm_parent().process
    given = {**watching.given, "stop": "9"}  # a parent that is only stopped would hold up this test for minutes
    with NotebookRun([*cells(JAILED[PARENT], given), OWN_ID], [], Limits(seconds_per_call=10.0)) as run:
        run.run_cells()
        own = StudentNotebook(run).own_id()
        try:
            with suppress(CheckFailed):
                StudentNotebook(run).loot()
            before.wait(30)
        finally:
            os.kill(own, signal.SIGKILL)  # neither its keeper nor the parent is left to end it
    assert before.poll() is not None, "the parent lives: the sample does it no harm even where it could"
    assert warm_parent().process is not before, "no new parent was started"
