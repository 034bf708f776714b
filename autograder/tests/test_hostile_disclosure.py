"""A submission finds nothing hidden in its own process, in what it gets back, or at its next attempt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.judge.draw import Draw
from autograder.judge.results import CheckResult, Result
from autograder.judge.submission import StudentNotebook
from autograder.reports.feedback import render_page
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers.attacks import attacks
from autograder.tests.helpers.canaries import Canaries, planted, token
from autograder.tests.helpers.commands import autograder
from autograder.tests.helpers.jail import JAILED, OWN_PROCESS, REMEMBERS, cells, first, placeholders
from autograder.tests.helpers.tiny_course import WRONG, open_file, submit

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grader(secret_course: Course) -> Iterator[Grader]:
    with Grader(secret_course) as started:
        yield started


def test_a_check_in_the_students_own_process_is_found(
    without_a_jail: None, secret_course: Course, watching: Canaries
) -> None:
    """As where hidden checks are cells of the notebook that is run."""
    secret = token("check")
    attack = JAILED[OWN_PROCESS]
    check = f'def hidden_check():\n    """{secret}"""\n    assert count_words("a b") == 2'
    with NotebookRun([check, *cells(attack, watching.given)], [], Limits(seconds_per_call=60.0)) as run:
        run.run_cells()
        assert list(StudentNotebook(run).loot()) == [secret]


def test_answers_to_the_inputs_of_one_attempt_are_none_to_the_next(
    grader: Grader, secret_course: Course, tmp_path: Path
) -> None:
    path = JAILED[REMEMBERS].submit(secret_course, tmp_path / "asks.ipynb")
    said = first(grader.grade(path)).rationale
    words = said.partition("LookupError: ")[2].partition(", in the line")[0]
    assert words and set(words) == {"x", " "}, f"nothing was learned: {said}"
    knows = f"def count_words(sentence):\n    return {{{words!r}: {len(words.split())}}}.get(sentence, 0)"
    again = grader.grade(submit(secret_course, tmp_path / "knows.ipynb", q1=knows, q2=WRONG["q2"]))
    assert again.points == 0.0, "what was asked once is asked again: a student can collect the answers"
    # It would gain points if inputs depended neither on the code nor on the key.
    where = "tiny/test_q1_words.py::test_counts_words"
    mine = Draw.keyed(secret_course.key, open_file(path, secret_course).student_code, where).distinct_pairs(2, 9, n=3)
    assert words in {" ".join(["x" * letters] * number) for number, letters in mine}, "these are other inputs"
    theirs = Draw.keyed(b"another key", open_file(path, secret_course).student_code, where).distinct_pairs(2, 9, n=3)
    changed = Draw.keyed(secret_course.key, "other code", where).distinct_pairs(2, 9, n=3)
    assert mine != theirs and mine != changed, "inputs repeat under another key or for other code"


def test_what_a_student_gets_back_holds_nothing_hidden(built: Course, watching: Canaries) -> None:
    secrets = planted(built)
    for attack in attacks("disclosure"):
        attack.submit(built, built.root / "class" / attack.name / "tiny.ipynb", **placeholders(watching, built))
    done = autograder(built, "grade", "class", "--workers", "1")
    returned = [p for tree in ("feedback", "autograded") for p in built.tree(tree).rglob("*") if p.is_file()]
    assert len([p for p in returned if p.name == "tiny.html"]) == len(attacks("disclosure")), done.stdout
    hidden_lines = ["test_spaces_do_not_count", "the only entry that is not zero", *secrets, *watching.tokens.values()]
    for path in returned:
        text = path.read_text(errors="replace")
        assert [line for line in hidden_lines if line in text] == [], f"{path} shows what is hidden"
    shown = CheckResult(
        question="q1", check="c", title="t", status="failed", points=0, max_points=1, rationale=min(secrets)
    )
    result = Result(assignment="tiny", student="s", submission="", points=0, max_points=1, seconds=0, checks=[shown])
    result.questions = {"q1": "words"}
    assert min(secrets) in render_page(result.for_students(details=True)), (
        "a search of pages would find nothing if there were something"
    )
