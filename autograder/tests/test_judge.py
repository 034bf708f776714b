"""Four outcomes and no fifth, through the whole grader: what is the student's fault costs points, what is ours costs nobody any."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.grading.grader import Grader
from autograder.judge.results import OUR_FAULT, CheckResult, Result
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.tiny_course import MAX_POINTS, RIGHT, WRONG, submit

pytestmark = pytest.mark.slow

TEST_Q3 = '''\
"""Tiny assignment, question 3: every outcome (12 points)."""

import pytest
from autograder.checks import agree, await_person, check, curve, fact, fail


@check("q3", points=1)
def test_asserts(submission, draw):
    """An assertion with words of its own"""
    assert submission.count_words("a b") == 7, "count again, slowly"


@check("q3", points=1, needs=test_asserts)
def test_needs_a_failed_one(submission, draw):
    """Never tried"""


@check("q3", points=1)
def test_breaks(submission, draw):
    """A check with a bug"""
    return {}["secret of ours"]


@check("q3", points=1, needs=test_breaks)
def test_needs_a_broken_one(submission, draw):
    """Cannot be told either"""


@check("q3", points=1)
def test_fails(submission, draw):
    """Fails in words"""
    curve("loss per epoch", {"loss": [3, 2.5, 1]})
    fail("you stopped too early", "What does the curve do at its end?")


@check("q3", points=1)
def test_notes(submission, draw):
    """Passes, with a picture and a fact"""
    curve("accuracy", {"accuracy": [0.5, 0.75]})
    fact("data", "three reviews")


@check("q3", points=1)
def test_asks_for_a_fixture(submission, nobody_has_it):
    """Cannot even start"""


@check("q3", points=1)
def test_missing(submission, draw):
    """Calls what is not there"""
    submission.never_defined(1)


@check("q3", points=1)
def test_skips_itself(submission, draw):
    """pytest.skip is no outcome of ours"""
    pytest.skip("later")


@check("q3", points=1)
def test_awaits(submission, draw):
    """Nobody but a person can tell"""
    await_person("a person has to look at your essay")


@check("q3", points=1, needs=test_awaits)
def test_needs_a_person(submission, draw):
    """Not before that person has looked"""


@check("q3", points=1)
def test_is_wrong_all_the_same(submission, draw):
    """What is seen to be wrong needs no person"""
    agree(submission.count_words, "a b", expected=7)
    await_person("a person has to look at your essay")
'''

TEST_Q4 = '''\
"""Tiny assignment, question 4: never imported (1 point)."""

import no_such_module
from autograder.checks import check


@check("q4", points=1)
def test_lost(submission, draw):
    """Cannot be told"""
'''

KEEPS = '''\
"""Tiny assignment, question 3: keeps something of every grading (1 point)."""

import builtins

from autograder.checks import check, fact


@check("q3", points=1)
def test_keeps(submission, draw):
    """Keeps something for ever, as Keras keeps models"""
    builtins.kept = [*getattr(builtins, "kept", []), submission]
    fact("kept", str(len(builtins.kept)))
'''

BUILDS_A_MODEL = '''\
"""Tiny assignment, question 3: a model of 24 MB in every grading (1 point)."""

from pathlib import Path

import keras
import numpy as np
from autograder.checks import check, fact


@check("q3", points=1)
def test_builds(submission, draw):
    """Builds a model and predicts"""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Embedding(100_000, 60), keras.layers.Dense(1)])
    model.predict(np.zeros((2, 3)), verbose=0)
    status = Path("/proc/self/status").read_text()
    fact("MB", next(line.split()[1] for line in status.splitlines() if line.startswith("VmData:"))[:-3])
'''
SEVERAL_CASES = '''\
"""Tiny assignment, question 3: checks with several cases, and checks in a class (6 points)."""

import pytest
from autograder import checks
from autograder.checks import agree, check


@check("q3", points=1)
@pytest.mark.parametrize(("text", "words"), [("a b", 2), ("a b c", 7), ("a", 1)])
def test_the_second_is_wrong(submission, text, words):
    """The last of three cases is right"""
    agree(submission.count_words, text, expected=words)


@check("q3", points=1)
@pytest.mark.parametrize(("text", "words"), [("a b", 2), ("a b c", 3)])
def test_both_are_right(submission, draw, text, words):
    """Both cases are right"""
    agree(submission.count_words, text, expected=words)


@pytest.fixture
def sometimes(request):
    if request.param:
        raise OSError("ours")


@check("q3", points=1)
@pytest.mark.parametrize("sometimes", [True, False], indirect=True)
def test_one_cannot_start(submission, sometimes):
    """The first of two cases has no result"""


@check("q3", points=1)
@pytest.mark.parametrize("key", ["first", "second"])
def test_one_breaks(submission, key):
    """The second of two cases breaks"""
    return {"first": 1}[key]


class TestWords:
    words = 2

    @check("q3", points=1)
    def test_in_a_class(self, submission, draw):
        """A check in a class"""
        agree(submission.count_words, "a b", expected=self.words)

    @checks.check("q3", points=1)
    def test_wrong_in_a_class(self, submission):
        """A wrong one in a class, marked by another name"""
        agree(submission.count_words, "a b", expected=5)
'''

DEADLY = '''\
"""Tiny assignment, question 3: ends the judge (1 point)."""

import os, time
from autograder.checks import check


@check("q3", points=1)
def test_dies(submission, draw):
    """Ends the judge where the submission says so: its files are closed some time before it has ended, as in any process"""
    if submission.value("fatal"):
        os.closerange(3, 256)
        time.sleep(0.3)
        os._exit(7)
'''


def add_assignment(root: Path, name: str, file: str, text: str) -> None:
    """Add a copy of the assignment `tiny`, in which one file, new or not, has another text."""
    for folder in ("source", "release/nbgrader", "tests"):
        shutil.copytree(root / folder / "tiny", root / folder / name)
    for folder in ("source", "release/nbgrader"):
        (root / folder / name / "tiny.ipynb").rename(root / folder / name / f"{name}.ipynb")
    shutil.copy(root / "solutions/tiny.py", root / f"solutions/{name}.py")
    (root / file).write_text(text)


@pytest.fixture(scope="module")
def grader(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """One judge for a course whose assignments each have something special."""
    root = tmp_path_factory.mktemp("judge") / "course"
    shutil.copytree(built_once.root, root)
    q1 = (root / "tests/tiny/test_q1_words.py").read_text()
    for name, file, text in (
        ("outcomes", "tests/outcomes/test_q3_outcomes.py", TEST_Q3),
        ("other", "tests/other/test_q1_words.py", q1.replace("expected=words,", "expected=words - 1,")),
        ("unbanked", "solutions/misconceptions/unbanked.py", "import no_such_module"),
        ("unreadable", "tests/unreadable/test_q3_syntax.py", "def test_(:"),
        ("cases", "tests/cases/test_q3_several.py", SEVERAL_CASES),
        ("deadly", "tests/deadly/test_q3_dies.py", DEADLY),
        ("keeping", "tests/keeping/test_q3_keeps.py", KEEPS),
        *([("models", "tests/models/test_q3_builds.py", BUILDS_A_MODEL)] if SOAK else []),
    ):
        add_assignment(root, name, file, text)
    (root / "tests/outcomes/test_q4_import.py").write_text(TEST_Q4)
    bank = (root / "solutions/misconceptions/tiny.py").read_text()
    (root / "solutions/misconceptions/outcomes.py").write_text(bank)
    with Grader(find_course(root)) as grader:
        yield grader


@pytest.fixture(scope="module")
def result(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The verdict on a submission with a wrong first answer and a right second one."""
    path = submit(grader.course, tmp_path_factory.mktemp("work") / "tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    return grader.grade(path, "outcomes", "ann")


@pytest.fixture(scope="module")
def checks(result: Result) -> dict[str, CheckResult]:
    return {check.check: check for check in result.checks}


def seen(check: CheckResult) -> tuple[str, float, str]:
    return check.status, check.points, check.rationale


def test_right_answers_pass_and_earn_their_points(result: Result, checks: dict[str, CheckResult]) -> None:
    assert seen(checks["test_one_stands_at_the_index"]) == ("passed", 2.0, "")
    assert result.question_points()["q2"] == (3.0, 3.0)


def test_a_wrong_answer_fails_with_its_misconception_and_what_needs_it_is_skipped(
    checks: dict[str, CheckResult],
) -> None:
    wrong, needing = checks["test_counts_words"], checks["test_spaces_do_not_count"]
    assert (wrong.status, wrong.points, wrong.misconception) == ("failed", 0.0, "Counts letters and spaces")
    assert wrong.rationale.startswith("for sentence=") and "too large" not in wrong.rationale
    assert wrong.hint == "How many words has 'a good film', and how many letters?"
    assert seen(needing) == (
        "skipped",
        0.0,
        "not tried, because another check did not pass: count_words(sentence) is the number of words",
    )


def test_the_message_of_an_assertion_is_what_the_student_reads(checks: dict[str, CheckResult]) -> None:
    assert seen(checks["test_asserts"]) == ("failed", 0.0, "count again, slowly")
    assert checks["test_needs_a_failed_one"].status == "skipped"


def test_a_name_that_is_missing_is_the_students_fault(checks: dict[str, CheckResult]) -> None:
    assert seen(checks["test_missing"]) == ("failed", 0.0, "your notebook defines no never_defined")


@pytest.mark.parametrize(
    "check", ["test_breaks", "test_needs_a_broken_one", "test_asks_for_a_fixture", "test_skips_itself", "test_lost"]
)
def test_what_is_our_fault_is_an_error_and_says_so(checks: dict[str, CheckResult], check: str) -> None:
    assert seen(checks[check]) == ("error", 0.0, OUR_FAULT)


def test_every_check_says_in_a_code_what_was_observed(checks: dict[str, CheckResult]) -> None:
    expected = {
        "test_one_stands_at_the_index": "",
        "test_counts_words": "wrong-value",
        "test_spaces_do_not_count": "skipped",
        "test_asserts": "failed",
        "test_missing": "missing-function",
        "test_breaks": "our-fault",
        "test_lost": "our-fault",
        "test_awaits": "awaits-person",
        "test_needs_a_person": "awaits-person",
    }
    assert {name: checks[name].code for name in expected} == expected


def test_with_an_error_no_points_are_final(result: Result) -> None:
    assert (result.points, result.max_points, result.graded) == (None, MAX_POINTS + 13, False)
    assert OUR_FAULT in result.notes
    assert json.loads(result.json_line())["points"] is None


def test_what_awaits_a_person_says_why_and_is_nobodys_fault(result: Result, checks: dict[str, CheckResult]) -> None:
    for check in ("test_awaits", "test_needs_a_person"):
        assert seen(checks[check]) == ("error", 0.0, "a person has to look at your essay")
    assert "a person has to look at your essay" in result.notes
    assert not any("essay" in fault or "test_awaits" in fault for fault in result.faults)
    assert (checks["test_is_wrong_all_the_same"].status, checks["test_is_wrong_all_the_same"].points) == ("failed", 0.0)


def test_the_instructor_reads_what_broke_and_the_student_does_not(
    result: Result, checks: dict[str, CheckResult]
) -> None:
    faults = "\n".join(result.faults)
    assert "test_breaks: KeyError: 'secret of ours' (test_q3_outcomes.py, line " in faults
    assert "nobody_has_it" in faults
    assert "no_such_module" in faults
    students = "\n".join([*result.notes, *(check.rationale for check in checks.values())])
    assert "secret of ours" not in students and "no_such_module" not in students


def test_curves_and_facts_are_kept_with_the_check_and_the_result(
    result: Result, checks: dict[str, CheckResult]
) -> None:
    failed, passed = checks["test_fails"], checks["test_notes"]
    assert (failed.rationale, failed.hint) == ("you stopped too early", "What does the curve do at its end?")
    assert [(p.label, p.data) for p in failed.pictures] == [("loss per epoch", {"loss": [3.0, 2.5, 1.0]})]
    assert (passed.status, passed.points, passed.pictures[0].data) == ("passed", 1.0, {"accuracy": [0.5, 0.75]})
    assert result.facts["data"] == "three reviews"
    assert "numpy " in result.facts["versions"]


def test_a_right_submission_after_a_bad_one_is_graded_afresh(grader: Grader, tmp_path: Path) -> None:
    """Nothing of the one before stays in the judge, and a file that is no notebook costs it nothing."""
    (tmp_path / "no.ipynb").write_text("<html>")
    refused = grader.grade(tmp_path / "no.ipynb")
    assert refused.code == "no-notebook"
    assert refused.notes == ["no.ipynb: is no notebook (JSONDecodeError). Hand in the .ipynb file that Jupyter saved."]
    after = grader.grade(submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT), "outcomes")
    assert after.question_points()["q1"] == (2.0, 2.0)


def test_the_same_submission_gets_the_same_verdict(grader: Grader, result: Result, tmp_path: Path) -> None:
    path = submit(grader.course, tmp_path / "tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    again = grader.grade(path, "outcomes", "ann")
    assert again.model_copy(update={"seconds": result.seconds}) == result


def test_a_bank_that_breaks_is_never_a_zero(grader: Grader, tmp_path: Path) -> None:
    result = grader.grade(submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT), "unbanked", "ann")
    assert (result.points, result.notes) == (None, [OUR_FAULT])
    assert "ModuleNotFoundError: No module named 'no_such_module'" in result.faults[0]


def test_a_hidden_test_that_is_no_python_stops_the_command(grader: Grader, tmp_path: Path) -> None:
    path = submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT)
    with pytest.raises(UsageError, match=r"test_q3_syntax\.py, line 1: cannot be read as Python"):
        grader.grade(path, "unreadable", "ann")


def test_every_case_of_a_check_counts_and_a_check_in_a_class_is_one(grader: Grader, tmp_path: Path) -> None:
    result = grader.grade(submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT), "cases")
    assert {check.check: check.status for check in result.checks if check.question == "q3"} == {
        "test_the_second_is_wrong": "failed",
        "test_both_are_right": "passed",
        "test_one_cannot_start": "error",
        "test_one_breaks": "error",
        "test_in_a_class": "passed",
        "test_wrong_in_a_class": "failed",
    }
    assert result.max_points == MAX_POINTS + 6 and result.points is None


def test_test_files_of_one_name_are_each_assignments_own(grader: Grader, tmp_path: Path) -> None:
    """Two assignments, one grader: in the other one the same answer is wrong."""
    path = submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT)
    results = [grader.grade(path, name) for name in ("tiny", "other", "tiny")]
    assert [result.checks[0].status for result in results] == ["passed", "failed", "passed"]


def test_a_judge_that_dies_is_told_and_the_next_submission_is_graded(grader: Grader, tmp_path: Path) -> None:
    deadly = submit(grader.course, tmp_path / "deadly.ipynb", q1="fatal = True")
    harmless = submit(grader.course, tmp_path / "harmless.ipynb", **{**RIGHT, "q1": "fatal = False\n" + RIGHT["q1"]})
    dead, alive = grader.grade(deadly, "deadly", "ann"), grader.grade(harmless, "deadly")
    assert (dead.points, dead.notes) == (None, [f"{OUR_FAULT} (the judge's process ended with exit code 7)"])
    assert alive.points == MAX_POINTS + 1


def test_a_judge_holds_nothing_of_earlier_submissions(grader: Grader, tmp_path: Path) -> None:
    path = submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT)
    assert [grader.grade(path, "keeping").facts["kept"] for _ in range(2)] == ["1", "1"]


@pytest.mark.skipif(not SOAK, reason="to import Keras takes seconds; the test above says the same of any object")
def test_a_judge_holds_nothing_of_the_models_of_earlier_submissions(grader: Grader, tmp_path: Path) -> None:
    path = submit(grader.course, tmp_path / "tiny.ipynb", **RIGHT)
    held = [int(grader.grade(path, "models").facts["MB"]) for _ in range(8)]
    assert held[-1] - held[1] < 2 * 24, held


def test_a_judge_that_follows_a_dead_one_takes_its_slot_and_no_other(tmp_path: Path) -> None:
    slots = tmp_path / "slots"
    slots.touch()
    take = f"from autograder.grading.worker_process import take_slot; print(take_slot({str(slots)!r}, 3), flush=True); input()"

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", take], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def number(judge: subprocess.Popen[str]) -> int:
        assert judge.stdout is not None
        return int(judge.stdout.readline())

    judges = [begin() for _ in range(3)]
    try:
        held = [number(judge) for judge in judges]
        assert sorted(held) == [0, 1, 2]
        last = held.index(2)
        judges[last].kill()
        judges.append(begin())
        assert number(judges[-1]) == 2
    finally:
        for judge in judges:
            judge.kill()
            judge.communicate()
