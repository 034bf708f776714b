"""The warm parent: what its children share and what they do not, and what becomes of it when something goes wrong."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.course.config import Jail, Limits
from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.grading.grader import Grader
from autograder.judge.results import Result
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.inside.jail import OWN
from autograder.sandbox.parent import INSIDE
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers.jail import configured
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, submit, warm_parent

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.fixture
def as_before() -> Iterator[None]:
    """Leave this process with the parent that every other test has."""
    yield
    warm.reset()


def value(name: str, *cells: str) -> Any:
    """What a variable holds after the cells ran in a process of their own."""
    with NotebookRun(cells, [], Limits()) as run:
        run.run_cells()
        return StudentNotebook(run).value(name)


@pytest.mark.slow
def test_temporary_files_may_lie_in_a_folder_of_a_very_long_name(
    as_before: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path of a socket may have 107 characters."""
    place = tmp_path / ("a" * 120) / "b"
    place.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(place))
    for _ in range(2):
        warm.settle(Surroundings())
        assert warm_parent().folder.is_relative_to(place)
        assert value("answer", "answer = 42") == 42
    warm.release()
    assert not list(place.iterdir())


RANDOM = """\
import random
import numpy as np
drawn = (random.random(), float(np.random.random()), float(np.random.default_rng().random()))
"""


@pytest.mark.slow
def test_each_child_has_a_randomness_of_its_own(as_before: None) -> None:
    warm.settle(Surroundings(preload=("numpy",)))
    first, second = value("drawn", RANDOM), value("drawn", RANDOM)
    assert all(one != other for one, other in zip(first, second, strict=True))


@pytest.mark.slow
def test_what_is_preloaded_is_there_and_nothing_of_it_is_running(as_before: None) -> None:
    warm.settle(Surroundings(preload=("tensorflow", "keras", "a_package_that_is_not_installed")))
    there = "import sys; there = 'tensorflow' in sys.modules"
    assert value("there", there) is True
    parent = psutil.Process(warm_parent().process.pid)
    threads = [child.num_threads() for child in [parent, *parent.children(recursive=True)]]
    assert max(threads) <= 2, "a runtime was started before the fork: its threads are missing in every child"
    fit = (
        "import keras, numpy as np\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "model.compile('sgd', 'mse')\n"
        "losses = model.fit(np.ones((4, 2)), np.ones(4), verbose=0).history['loss']"
    )
    assert len(value("losses", fit)) == 1
    warm.settle(Surroundings(Jail(cold=True), preload=("tensorflow",)))
    assert value("there", there) is False


@pytest.mark.slow
def test_no_debugger_is_imported_unless_a_notebook_wants_one() -> None:
    """A kernel would take longer to import it than for all else of its start."""
    assert value("there", "import sys; there = 'debugpy' in sys.modules or 'pydevd' in sys.modules") is False
    assert value("name", "import debugpy; name = debugpy.__name__") == "debugpy"


@pytest.mark.slow
def test_a_parent_that_died_is_replaced() -> None:
    assert value("x", "x = 1") == 1
    before = warm_parent()
    for process in reversed(psutil.Process(before.process.pid).children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # it has ended with its child
            process.kill()
    assert value("x", "x = 2") == 2
    assert warm.parent() is not before


STARTS_AND_WAITS = """\
import sys, time
from autograder.sandbox import warm
from autograder.course.config import Limits
from autograder.sandbox.run import NotebookRun

with NotebookRun(["import os\\nif os.fork() == 0:\\n    os.setsid()\\n    import time\\n    time.sleep(600)"], [], Limits()) as run:
    run.run_cells()
    print(warm.parent().folder, flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_a_judge_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    judge = subprocess.Popen([sys.executable, "-c", STARTS_AND_WAITS], stdout=subprocess.PIPE, text=True)
    assert judge.stdout is not None
    folder = Path(judge.stdout.readline().strip())
    started = psutil.Process(judge.pid).children(recursive=True)
    assert len(started) >= 4, "the parent, its keeper, the student's process, and what that left running"
    judge.kill()
    judge.wait()
    assert psutil.wait_procs(started, timeout=20)[1] == []
    for _ in range(100):
        if not folder.exists():
            break
        time.sleep(0.1)
    assert not folder.exists()


COUNTS = "import os\n\ndef count_words(sentence):\n    return len(getattr(sentence, os.environ['METHOD'])())"
GradedWith = Callable[[str, bool], list[Result]]


@pytest.fixture(scope="module")
def graded_with(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> GradedWith:
    """Grades a right and a wrong submission with a level at least and warm or cold, each once; the right one asks for a variable."""
    folder = tmp_path_factory.mktemp("graded")
    course = configured(built_once, folder / "course")
    course.settings.course.environment = {"METHOD": "split"}
    right = submit(course, folder / "right.ipynb", q1=COUNTS, q2=RIGHT["q2"])
    wrong = submit(course, folder / "wrong.ipynb", **WRONG)

    @functools.cache
    def asked(minimum: str, cold: bool) -> list[Result]:
        course.settings.jail.minimum, course.settings.jail.cold = minimum, cold
        with Grader(course) as grader:
            return [grader.grade(right), grader.grade(wrong)]

    return asked


@pytest.mark.slow
def test_cold_and_warm_say_the_same(graded_with: GradedWith) -> None:
    quick, slow = (
        [{**json.loads(result.json_line()), "seconds": 0} for result in graded_with(Jail().minimum, cold)]
        for cold in (False, True)
    )
    assert quick == slow
    assert [line["points"] for line in quick] == [5.0, 0.0]


@pytest.mark.slow
def test_less_than_what_is_asked_for_grades_nothing(as_before: None) -> None:
    warm.settle(Surroundings(Jail(minimum="namespaces"), levels=("landlock",)))
    with pytest.raises(UsageError, match=r"this machine's jail is '(landlock|off)', and c.Jail.minimum asks for 'name"):
        warm.parent()
    with pytest.raises(UsageError, match="--jail=off"), NotebookRun(["x = 1"], [], Limits()) as run:
        run.run_cells()


@pytest.mark.slow
@pytest.mark.parametrize("level", ["off", "namespaces"])
def test_every_result_records_its_level_and_students_code_has_the_courses_variables(
    graded_with: GradedWith, level: str
) -> None:
    if level == "namespaces" and not can_have(OWN):
        pytest.skip("this machine allows no namespaces")
    result, _ = graded_with("off" if level == "off" else Jail().minimum, False)
    assert (result.points, result.facts["jail"]) == (5.0, level)


def can_have(namespaces: int) -> bool:
    """Whether a process here may have namespaces of its own."""
    probe = f"from autograder.sandbox.inside.jail import unshare; unshare({namespaces} | {0 if os.getuid() == 0 else 0x10000000})"
    return subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_of_system_calls_are_the_systems_own(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not HEADERS[machine].is_file():
        pytest.skip(f"{HEADERS[machine]} is not installed")
    monkeypatch.syspath_prepend(str(INSIDE))
    import seccomp

    text = HEADERS[machine].read_text()
    known = {name: int(n) for name, n in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    column = seccomp.MACHINES[machine][0]
    tables = (seccomp.REFUSED, seccomp.SCHEDULING, seccomp.METADATA)
    ours = {name: numbers[column] for table in tables for name, numbers in table.items()}
    ours |= {
        name.lower(): getattr(seccomp, name)[column] for name in ("CLONE", "CLONE3", "SOCKET", "IOCTL", "PRLIMIT64")
    }
    wrong = {name: number for name, number in ours.items() if number is not None and known.get(name, number) != number}
    assert wrong == {}
    assert {name for name, number in ours.items() if number is None} & known.keys() == set()


@pytest.mark.slow
def test_a_launch_is_whole_or_nothing(tmp_path: Path) -> None:
    """A released file that is gone stops the start with its name, and the next start is as good as ever."""
    missing = tmp_path / "lecture.txt"
    with pytest.raises(OSError, match=r"lecture\.txt"), NotebookRun(["x = 1"], [missing], Limits()) as run:
        run.run_cells()
    assert value("x", "x = 3") == 3


@pytest.mark.slow
def test_an_interrupt_reaches_what_a_cell_started() -> None:
    cells = ["import subprocess\nsubprocess.run(['sleep', '60'])", "x = 4"]
    with NotebookRun(cells, [], Limits(seconds_per_cell=2.0)) as run:
        run.run_cells()
        assert [outcome.reason if outcome else "" for outcome in run.outcomes.values()] == [
            "ran longer than 2 s and was stopped",
            "",
        ]
        assert run.restarts == 0, "an interrupt was enough"
        assert StudentNotebook(run).value("x") == 4
