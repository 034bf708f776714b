"""Whatever a notebook does to its own process, the other cells run, the judge's questions end, and the reason is in plain words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from typing import Any

import numpy as np
import pytest

from autograder.course.config import Limits
from autograder.judge.compare import Tolerance, find_difference
from autograder.judge.failures import CheckFailed
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers import SOAK

pytestmark = pytest.mark.slow
ENDED = "ended its own process (exit code 0)"
CRASHED = "crashed the interpreter (segmentation fault)"
HANGS = "while True: pass"
CANNOT_BE_INTERRUPTED = """\
import time
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass"""
CRASHES = "import ctypes; ctypes.string_at(0)"


@contextmanager
def ran(*cells: str, files: tuple[Path, ...] = (), **limits: float) -> Iterator[tuple[NotebookRun, StudentNotebook]]:
    """The cells, run; and what a hidden check would see of them."""
    with NotebookRun(cells, files, Limits(**({"seconds_per_cell": 2.0, "seconds_per_call": 2.0} | limits))) as run:
        run.run_cells()
        yield run, StudentNotebook(run)


def reasons(run: NotebookRun) -> list[str]:
    """What became of each cell; empty where it came to its end."""
    return [outcome.reason if (outcome := run.outcomes[index]) else "" for index in range(len(run.cells))]


def why(submission: StudentNotebook, name: str, *args: Any) -> str:
    """The student's line about a call that gives no answer."""
    with pytest.raises(CheckFailed) as failure:
        submission.call(name, *args)
    return failure.value.rationale


LIVING = """\
import json, random, sys
import numpy as np

class Equal:
    def __eq__(self, other): return True
    __hash__ = None

class EqualNumber(float):
    def __eq__(self, other): return True
    __hash__ = None

class Rude(Exception):
    def __str__(self): raise RuntimeError("no text")

def double(x): return 2 * x
def equal(): return Equal()
def equal_number(): return EqualNumber(3)
def large(mib): return np.zeros(mib << 20, dtype="uint8")
def drawn(): return [random.random(), float(np.random.rand())]
def rude(): raise Rude
def leaves(): sys.exit(3)
def unfilled(): raise NotImplementedError
def asks_a_helper(): return unfilled()
def careless(values): return values[len(values)]
def endless_list():
    nested = []
    nested.append(nested)
    return nested
def hangs():
    while True: pass
"""


@pytest.fixture(scope="module")
def living() -> Iterator[StudentNotebook]:
    """A process that nothing has killed, for calls that leave it as it was."""
    with ran(
        LIVING, "lost = 1 / 0", "def broken(x)\n    return x", "x = 3", "total = [x, (2.5, None)]", answer_mib=1
    ) as (run, submission):
        assert [bool(reason) for reason in reasons(run)] == [False, True, True, False, False]
        yield submission


def test_values_and_calls_cross(living: StudentNotebook) -> None:
    assert living.double(21) == 42
    assert living.call("double", x="ab") == "abab"
    assert np.array_equal(living.double(np.array([[1, 2]])), [[2, 4]])
    assert living.value("total") == [3, (2.5, None)]


def test_a_name_is_missing_because_its_cell_failed(living: StudentNotebook) -> None:
    said = why(living, "broken", 1)
    assert said.startswith("your notebook defines no broken: the cell that should define it stopped with SyntaxError")
    assert said.endswith("(line 1 of the cell)")
    assert (
        why(living, "lost")
        == "your notebook defines no lost: the cell that should define it stopped with ZeroDivisionError: division by zero"
    )
    assert why(living, "nowhere") == "your notebook defines no nowhere"


def test_what_a_call_raises_is_told_with_its_line(living: StudentNotebook) -> None:
    line = "def careless(values): return values[len(values)]"
    assert why(living, "careless", [1, 2]) == f"raised IndexError: list index out of range, in the line `{line}`"
    assert why(living, "rude").startswith("raised Rude")
    assert why(living, "leaves").startswith("raised SystemExit: 3")
    assert why(living, "unfilled") == "unfilled is not filled in yet (it raises NotImplementedError)"
    helper = "raised NotImplementedError, in the line `def unfilled(): raise NotImplementedError`"
    assert why(living, "asks_a_helper") == helper
    assert why(living, "endless_list").startswith("raised ValueError: the answer cannot be sent: nested more than")
    assert living.double(1) == 2, "the process lives on"


def test_an_answer_larger_than_agreed_is_not_sent(living: StudentNotebook) -> None:
    assert why(living, "large", 3) == "large returned more than 1 MiB"


@pytest.mark.parametrize("name", ["equal", "equal_number"])
def test_an_object_equal_to_everything_is_equal_to_no_answer(living: StudentNotebook, name: str) -> None:
    assert find_difference(living.call(name), 4.0, Tolerance()) is not None


def test_the_same_seed_draws_the_same(living: StudentNotebook) -> None:
    first, again, other = (living.call("drawn", seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))


def test_a_call_that_hangs_is_interrupted_and_the_next_one_answers(living: StudentNotebook) -> None:
    assert why(living, "hangs") == "hangs ran longer than 2 s and was stopped"
    assert living.double(2) == 4


def test_cells_that_fail_hang_or_leave_cost_only_themselves() -> None:
    cells = (
        "x = 1",
        "y = x / 0",
        HANGS,
        "import sys; sys.exit(1)",
        "exit()",
        "quit()",
        "import time; time.sleep(0.5)",
        "z = x + 1",
    )
    with ran(*cells) as (run, submission):
        assert reasons(run)[:3] == [
            "",
            "stopped with ZeroDivisionError: division by zero",
            "ran longer than 2 s and was stopped",
        ]
        assert reasons(run)[-2:] == ["", ""]
        assert run.restarts == 0, "none of these needs a new process"
        assert submission.value("z") == 2


#: What people paste to restart a kernel or to be rid of output; none of it may cost more than its own cell.
RECIPES = (
    "import sys; sys.stdout = None",
    "import sys; sys.stdout.close()",
    "import sys; sys.stdout = sys.stderr = 'quiet'",
    "import sys, io; sys.stdout = io.StringIO(); sys.stdout.close()",
    "import asyncio; asyncio.get_event_loop().stop()",
    "import IPython; IPython.Application.instance().kernel.do_shutdown(True)",
    "get_ipython().ask_exit(); get_ipython().exit_now = True",
    "print('\\ud83d')",
    "raise ValueError('\\ud83d')",
)
AFTERWARDS = """\
import sys, time

def half(): return '\\ud83d'
def raises_half(): raise ValueError('\\ud83d')
def silences():
    sys.stdout = None
    return 7
def prints():
    print("heard")
    return 8
"""


def test_no_recipe_of_a_cell_keeps_others_from_being_run() -> None:
    cells = [
        each
        for recipe in RECIPES
        for each in (recipe, "import time; time.sleep(0.3); count = globals().get('count', 0) + 1")
    ]
    with ran(*cells, AFTERWARDS) as (run, submission):
        assert not any(reasons(run)[1::2]), "the cell after each"
        assert submission.value("count") == len(RECIPES) and run.restarts == 0
        assert submission.half() == "\ud83d"
        assert why(submission, "raises_half").startswith("raised ValueError: ?, in the line")
        assert [submission.silences(), submission.prints()] == [7, 8]
        assert run.restarts == 0


def test_cells_that_kill_the_process_are_left_out_when_it_is_brought_back(tmp_path: Path) -> None:
    beside = tmp_path / "words.txt"
    beside.write_text("a good film")
    cells = (
        "x = [1]",
        "y = x[5]",
        "x.append(2)",
        "import os; os._exit(0)",
        CANNOT_BE_INTERRUPTED,
        CRASHES,
        "x.append(open('words.txt').read())",
    )
    with ran(*cells, files=(beside,), seconds_per_cell=2) as (run, submission):
        assert reasons(run)[2:] == ["", ENDED, "ran longer than 2 s and was stopped", CRASHED, ""]
        assert submission.value("x") == [1, 2, "a good film"], "every other cell ran once in the last process"


def test_everything_that_was_released_lies_beside_the_notebook(tmp_path: Path) -> None:
    """In folders too, and more files than a message could carry."""
    for number in range(400):
        path = tmp_path / "data" / f"part {number % 7}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(number))
    (tmp_path / "words.txt").write_text("a good film")
    (tmp_path / "linked").symlink_to(tmp_path / "data" / "part 0")
    cell = "from pathlib import Path\nread = [p.read_text() for p in Path().rglob('*.txt')]\nPath('data/part 0/0.txt').write_text('mine')"
    given = tuple(tmp_path / name for name in ("data", "words.txt", "linked"))
    with ran(cell, files=given) as (run, submission):
        assert reasons(run) == [""]
        read = submission.value("read")
    assert set(read) == {*map(str, range(400)), "a good film"} and len(read) == 401 + 58
    assert (tmp_path / "data/part 0/0.txt").read_text() == "0"


def test_calls_that_kill_the_process_leave_the_others_their_answers() -> None:
    deadly = "import os, ctypes\ndef dies(): os._exit(0)\ndef crashes(): ctypes.string_at(0)"
    hanging = f"def hangs():\n{indent(CANNOT_BE_INTERRUPTED, '    ')}"
    with ran("x = 7", deadly, hanging, "def value(): return x", seconds_per_call=2) as (_, submission):
        assert why(submission, "dies") == f"dies {ENDED}"
        assert submission.call("value") == 7
        assert why(submission, "crashes") == f"crashes {CRASHED}"
        assert why(submission, "hangs") == "hangs ran longer than 2 s and was stopped"
        assert submission.call("value") == 7


def test_a_process_that_dies_at_every_call_is_given_up() -> None:
    with ran("import os\ndef dies(): os._exit(0)") as (run, submission):
        run.restarts = 8  # as after eight deaths
        assert why(submission, "dies") == f"dies {ENDED}"
        assert (
            why(submission, "dies") == "dies was not called: the time or the restarts of this submission were used up"
        )


def test_a_submission_ends_in_time() -> None:
    started = time.monotonic()
    with ran(*["import time; time.sleep(2)"] * 20, "late = 1", seconds_per_submission=5.0) as (run, submission):
        assert reasons(run)[-1] == "was not run: the time or the restarts of this submission were used up"
        assert (
            why(submission, "late") == "late was not called: the time or the restarts of this submission were used up"
        )
    assert time.monotonic() - started < 60


def test_output_is_read_and_let_go() -> None:
    much = "import sys\nfor _ in range(500):\n    print('x' * 5_000)\n    print('y' * 5_000, file=sys.stderr)"
    endless = "while True: print('z' * 10_000)"
    with ran(
        much,
        endless,
        "done = True\ndef talks():\n    print('w' * 5_000_000)\n    return 5",
        output_mib=16,
        seconds_per_cell=30,
    ) as (
        run,
        submission,
    ):
        assert reasons(run) == ["", "printed more than 16 MiB and was stopped", ""]
        assert submission.call("talks") == 5


VANDALISM = """\
import builtins, json, sys
builtins.print = builtins.repr = builtins.input = None
builtins.open = lambda *args, **kwargs: None
sys.stdout.close()
print = repr = json = len = 3
sys.argv.clear()
sys.path.clear()
"""


def test_a_student_who_replaces_what_python_works_with_still_gets_answers() -> None:
    with ran(VANDALISM, "def double(x): return 2 * x") as (_, submission):
        assert submission.double([1]) == [1, 1]


@pytest.mark.parametrize(
    "sabotage",
    [
        "import json\njson.dumps = json.loads = None",
        "import builtins\nbuiltins.sum = lambda *parts: 0",  # by which the agent counts the bytes of its answer
        "get_ipython().kernel.session.send = lambda *args, **kwargs: None",
        "get_ipython().kernel.shell_handlers.clear()",
        "import sys\nsys.stdout = sys.stderr = sys.modules = None",
    ],
)
def test_a_student_who_breaks_the_way_to_the_judge_only_loses_the_answer(sabotage: str) -> None:
    """The three megabytes of the answer are more than the judge receives at all."""
    answer = "import numpy as np\ndef answer(): return np.zeros(3 << 20, dtype='uint8')"
    with ran(answer, f"def sabotage():\n{indent(sabotage, '    ')}", answer_mib=1, seconds_per_call=1) as (
        _,
        submission,
    ):
        started = time.monotonic()
        for name in ("sabotage", "answer"):
            try:
                submission.call(name)
            except CheckFailed as failure:
                assert failure.rationale
        assert why(submission, "answer")
        assert time.monotonic() - started < 60


FORGES = """\
from ipykernel.kernelapp import IPKernelApp

def forge(what):
    IPKernelApp.instance().kernel.agent.answer = lambda request, buffers: (what, [])
"""


FORGED: list[Any] = [{}, {"status": "ok", "value": [1]}, {"status": "error", "type": "x" * 1000}]
FORGED += [None, [], {"status": 7}] if SOAK else []


@pytest.mark.parametrize("content", FORGED, ids=repr)
def test_a_forged_reply_is_the_students_fault(content: Any) -> None:
    with ran(FORGES, seconds_per_call=2) as (_, submission):
        submission.call("forge", content)
        assert re.match("forge (returned something that cannot be read|ran longer than 2 s)", why(submission, "forge"))


def test_a_helper_that_a_locked_cell_overwrites_keeps_its_meaning() -> None:
    """Also in the new process, when the student's code has ended the first one."""
    helper = "def words(text): return text.split()\ndef count(text): return len(words(text))\ndef leaves(): import os; os._exit(1)"
    with NotebookRun([helper, "words = ['a', 'b']", "words[0]"], [], Limits(), locked={1, 2}) as run:
        run.run_cells()
        assert reasons(run) == ["", "", ""]
        submission = StudentNotebook(run)
        assert submission.count("to be or") == 3
        why(submission, "leaves")
        assert submission.count("to be") == 2
