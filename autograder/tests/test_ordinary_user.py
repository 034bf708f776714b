"""What other tests show as root holds for an ordinary user too: the same tests, run again as one."""

from __future__ import annotations

import pytest

from autograder.tests.helpers import SOAK, TESTS
from autograder.tests.helpers.other_user import ORDINARY, lent, run_python

pytestmark = pytest.mark.slow
FILES = ("test_isolation.py", "test_run.py", "test_warm.py", "test_judge.py", "test_benign.py")


@pytest.mark.parametrize("file", FILES if SOAK else FILES[:1])
def test_the_same_as_an_ordinary_user(file: str) -> None:
    with lent(None, ORDINARY) as (folder, python):
        own = ["-p", "no:cacheprovider", "--basetemp", str(folder / "pytest")]
        done = run_python(python, folder, "-m", "pytest", *own, str(TESTS / file))
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
