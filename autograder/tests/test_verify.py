"""`autograder verify` on the tiny course: sound tests pass, and whatever is wrong with others is reported by name."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.course import Course
from autograder.judge.judge import Trial
from autograder.judge.results import CheckResult, Result
from autograder.quality.equivalents import Equivalent
from autograder.quality.findings import Verified
from autograder.quality.known_answers import KnownAnswer, list_misconceptions, list_mutant_answers, list_right_answers
from autograder.quality.page import write_page
from autograder.quality.trials import Trials, Tried, digest_state
from autograder.quality.verify import plan_trials
from autograder.release.build import build
from autograder.tests.helpers.commands import autograder, line
from autograder.tests.helpers.jail import configured
from autograder.tests.helpers.tiny_course import EQUIVALENT

Said = tuple[subprocess.CompletedProcess[str], dict[str, Any]]  # of a command and in its file
RIGHT = """\
def count_words(sentence):
    return sum(1 for word in sentence.split())


def one_hot(index, size):
    return [1.0 if place == index else 0.0 for place in range(size)]
"""


def recorded(course: Course, text: str) -> None:
    course.assignment("tiny").tests.joinpath("equivalent_mutants.toml").write_text(text)


def edited(course: Course, path: str, *changes: tuple[str, str]) -> None:
    """A file of the course with some text replaced."""
    file = course.root / path
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def verify(course: Course, *options: str) -> Said:
    done = autograder(course, "verify", "--json", "verified.json", "--workers", "1", *options)
    assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
    [line] = (course.root / "verified.json").read_text().splitlines()
    return done, json.loads(line)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What is wrong, without the assignment's name."""
    return [line.removeprefix("tiny: ") for line in done.stdout.splitlines() if line.startswith("tiny: ")]


@pytest.fixture(scope="module")
def sound(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with another right answer."""
    course = configured(built_once, tmp_path_factory.mktemp("sound") / "course")
    right = course.root / "solutions/right/tiny"
    right.mkdir(parents=True)
    (right / "plain.py").write_text(RIGHT)
    return course


@pytest.fixture(scope="module")
def full(sound: Course) -> Said:
    """What is said when everything in it is tried, two at a time."""
    return verify(sound, "--full", "--workers", "2")


@pytest.mark.slow
def test_sound_tests_pass(sound: Course, full: Said) -> None:
    done, found = full
    assert done.returncode == 0 and said(done) == []
    assert found["right"] == {"total": 2, "passed": 2, "gradings": 6, "refused": []}
    wrong = found["misconceptions"]
    assert (wrong["total"], wrong["caught"], wrong["named"], wrong["unnamed"]) == (3, 3, 3, [])
    faults = found["mutants"]
    assert (faults["total"], faults["killed"], faults["equivalent"], faults["survivors"]) == (10, 7, 3, [])
    assert faults["sometimes"] == found["ungraded"] == []
    assert [check["only_it_kills"] for check in found["checks"]] == [0, 0, 3, 0]
    page = (sound.root / "report/verify.html").read_text()
    assert "7 of 7 killed" in page and "Nothing is asked of the dtype." in page and "data:image/svg+xml" in page


@pytest.mark.slow
def test_an_interrupted_run_goes_on(sound: Course, full: Said, tmp_path: Path) -> None:
    course = configured(sound, tmp_path / "course")
    [kept] = (course.root / "verified/tiny").iterdir()
    lines = kept.read_text().splitlines()
    last = len(lines) - 2
    kept.write_text("\n".join([*lines[:last], lines[last][:100]]))  # as an interruption leaves it
    assert verify(course, "--full")[1] == full[1]
    again = kept.read_text().splitlines()
    assert again[:last] == lines[:last] and len(again) == len(lines)


@pytest.mark.slow
def test_a_right_first_course_is_not_told_a_failure(sound: Course, full: Said, tmp_path: Path) -> None:
    """Its author has recorded no mutant yet."""
    course = configured(sound, tmp_path / "course")
    recorded(course, "")
    done, found = verify(course)
    survivors = [survivor["mutant"] for survivor in found["mutants"]["survivors"]]
    assert done.returncode == 0 and len(survivors) >= 2 and found["misconceptions"]["caught"] == 3
    tried = f"tried 3 of 3 misconceptions and {found['mutants']['total']} of 10 mutants; --full tries all"
    assert said(done) == [tried, *(f"a mutant survives: {name}" for name in survivors)]
    assert "Look at each surviving mutant: it is a hole in the tests, or an equivalent mutant." in done.stdout


@pytest.fixture(scope="module")
def faulty(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Said]:
    """A course with weak tests, one that asks for another question's function, and one that breaks; and what is said of it."""
    course = configured(built_once, tmp_path_factory.mktemp("faulty") / "course")
    breaks = '    1 // (submission.count_words("a b") - 3)\n'
    loop = "    for words, letters in draw.distinct_pairs"
    edited(course, "tests/tiny/test_q1_words.py", (loop, breaks + loop))
    elsewhere = '    agree(submission.count_words, "two words", expected=2)\n'
    loop = "    for index, more in draw.distinct_pairs"
    edited(
        course,
        "tests/tiny/test_q2_vectors.py",
        ("expected=one_hot(place, length)", 'expected=1.0, view=lambda vector: float(sum(vector)), what="the sum is"'),
        (loop, elsewhere + loop),
    )
    edited(
        course,
        "solutions/misconceptions/tiny.py",
        ('"""Counts the gaps between words."""', '"""Counts the gaps between words, for sure."""'),
        (
            "@misconception(one_hot,",
            '@misconception(count_words, hint="?")\ndef one_less(sentence):\n    """Is one short."""\n'
            "    return count_words(sentence) - 1\n\n\n@misconception(one_hot,",
        ),
    )
    recorded(course, EQUIVALENT + '\n[[equivalent]]\nfunction = "one_hot"\nchange = "a -> b"\nreason = "Gone since."\n')
    return course, verify(course, "--full")


@pytest.mark.slow
def test_weak_tests_are_told_by_what_gets_through(faulty: tuple[Course, Said]) -> None:
    _, (done, found) = faulty
    assert done.returncode == 1
    lines = said(done)
    assert "a misconception gets through: Counts positions from one" in lines
    assert "two misconceptions are never told apart: Counts the gaps between words, for sure = Is one short" in lines
    assert "equivalent_mutants.toml records a mutant that does not survive: one_hot: a -> b" in lines
    assert "a mutant survives: one_hot: off by one: vector[index] = ONE -> vector[index - 1] = ONE" in lines
    assert found["misconceptions"]["indistinguishable"] == [["Counts the gaps between words, for sure", "Is one short"]]
    survivors = found["mutants"]["survivors"]
    assert any("+vector[index - 1] = ONE" in survivor["diff"] for survivor in survivors)


@pytest.mark.slow
def test_a_wrong_reference_is_told_and_so_is_a_check_that_depends_on_luck(built: Course) -> None:
    edited(built, "solutions/tiny.py", ("sentence.split()", 'sentence.split(" ")'))
    luck = '    assert draw.random() < 0.5, "tails"\n'
    loop = "    for length in draw.distinct(3, 30, n=3):"
    edited(built, "tests/tiny/test_q2_vectors.py", (loop, luck + loop))
    build(built, report=lambda line: None)
    done, found = verify(built, "--repeat", "12")
    assert done.returncode == 1
    assert found["right"]["passed"] == 0 and found["right"]["gradings"] == 12
    refused = [line for line in said(done) if line.startswith("a right answer is refused: the reference: ")]
    assert any("test_spaces_do_not_count says: for " in line and "gradings" not in line for line in refused)
    [lucky] = [line for line in refused if "test_sums_to_one says: tails" in line]
    assert lucky.endswith(" of 12 gradings)")


@pytest.mark.slow
def test_a_mistake_that_costs_points_elsewhere_is_told_and_so_is_one_that_breaks_a_check(
    faulty: tuple[Course, Said],
) -> None:
    course, (done, _) = faulty
    lines = said(done)
    assert "a misconception costs points elsewhere: Counts letters and spaces (q2)" in lines
    broken = "a check breaks: Counts letters and spaces: test_counts_words: ZeroDivisionError"
    assert any(line.startswith(broken) for line in lines)
    [kept] = (course.root / "verified/tiny").iterdir()
    assert "ZeroDivisionError" not in kept.read_text()  # what broke is tried again


# What is told of verdicts that no run gives at will


def tried(known: KnownAnswer, failed: str = "", misconception: str | None = None, repetition: int = 0) -> Tried:
    """A known answer and a verdict: one check passed or failed, or none where ``failed`` is "no verdict"."""
    question = known.questions[0] if known.questions else "q1"
    names = {"q1": "test_counts_words", "q2": "test_sums_to_one"}
    check = CheckResult(question=question, check=names[question], title="?", status="passed", points=1, max_points=1)
    if failed == "failed":
        check = check.model_copy(update={"status": "failed", "points": 0.0, "misconception": misconception})
    checks = [] if failed == "no verdict" else [check]
    notes = [] if checks else ["The judge took too long."]
    points = sum(c.points for c in checks) if checks else None
    told = Result(
        assignment="tiny", student="", submission="", points=points, max_points=5, seconds=0, checks=checks, notes=notes
    )
    return Tried(known, Trial(known.questions, repetition), told)


def verified(course: Course, *verdicts: Tried, recorded: tuple[Equivalent, ...] = (), full: bool = True) -> Verified:
    return Verified(course.assignment("tiny"), list(verdicts), list(recorded), full)


def complaints(found: Verified) -> list[str]:
    return [line.removeprefix("tiny: ") for line in found.complaints]


def training(course: Course, question: str) -> None:
    """Say of a question's checks that they train."""
    file = {"q1": "tests/tiny/test_q1_words.py", "q2": "tests/tiny/test_q2_vectors.py"}[question]
    edited(course, file, (f'@check("{question}", ', f'@check("{question}", trains=True, '))


def test_an_answer_without_a_verdict_is_neither_right_nor_a_survivor(built: Course) -> None:
    assignment = built.assignment("tiny")
    answers = [next(kind(assignment)) for kind in (list_right_answers, list_misconceptions, list_mutant_answers)]
    found = verified(built, *(tried(answer, "no verdict") for answer in answers), tried(answers[0]))
    assert complaints(found) == [f"cannot be graded: {a.name}: The judge took too long." for a in answers]
    told = found.as_json()
    assert (told["right"]["total"], told["right"]["passed"]) == (1, 0)
    assert (told["misconceptions"]["total"], told["misconceptions"]["caught"]) == (1, 0)
    assert (told["mutants"]["total"], told["mutants"]["killed"], told["mutants"]["survivors"]) == (1, 0, [])


@pytest.mark.parametrize("judged", ["failed", "no verdict"])
def test_what_came_to_no_verdict_is_tried_again(built: Course, monkeypatch: pytest.MonkeyPatch, judged: str) -> None:
    assignment = built.assignment("tiny")
    known = next(list_misconceptions(assignment))
    grading: list[int] = []

    def graded(self: Trials, assignment: object, wanted: list[tuple[int, Any, Any]]) -> Iterator[tuple[int, Result]]:
        for i, _, _ in wanted:
            grading.append(i)
            yield i, tried(known, judged).result

    monkeypatch.setattr(Trials, "grade", graded)
    for _ in range(2):
        Trials(built, 1).run(assignment, [(known, Trial())], lambda: None)
    assert len(grading) == (1 if judged == "failed" else 2)


def test_known_answers_have_the_time_that_submissions_have(built: Course) -> None:
    built.settings.limits.seconds_per_cell = 300.0
    assert Trials(built, 1).course.settings.limits.seconds_per_cell == 300.0


def test_a_misconception_that_is_caught_but_not_named_is_told(built: Course) -> None:
    wrong = next(list_misconceptions(built.assignment("tiny")))
    found = verified(built, tried(wrong, "failed"))
    assert complaints(found) == ["a misconception is caught but not named: Counts letters and spaces"]
    assert found.as_json()["misconceptions"]["unnamed"] == ["Counts letters and spaces"]
    assert "caught but not named: 1" in write_page(built, [found]).read_text()
    assert complaints(verified(built, tried(wrong, "failed", wrong.name))) == []

    training(built, "q1")  # where different mistakes may lead to the same accuracy
    found = verified(built, tried(wrong, "failed"))
    assert complaints(found) == [] and found.as_json()["misconceptions"]["unnamed"] == [wrong.name]


def test_a_mutant_that_is_noticed_only_sometimes_is_told(built: Course) -> None:
    fault = next(k for k in list_mutant_answers(built.assignment("tiny")) if k.questions == ("q2",))
    verdicts = [tried(fault), tried(fault, "failed", repetition=1), tried(fault, "failed", repetition=2)]
    found = verified(built, *verdicts)
    told = f"{fault.name} (noticed in 2 of 3 gradings)"
    assert complaints(found) == [f"a mutant is noticed only sometimes: {told}"]
    assert found.as_json()["mutants"]["sometimes"] == [told] and found.killed == [fault.name]
    page = write_page(built, [found]).read_text()
    assert "noticed only sometimes: 1" in page and "noticed in 2 of 3 gradings" in page

    training(built, "q2")
    found = verified(built, *verdicts)
    assert complaints(found) == [] and found.as_json()["mutants"]["sometimes"] == [told]


def test_a_record_says_how_many_mutants_it_covers(built: Course) -> None:
    fault = next(k for k in list_mutant_answers(built.assignment("tiny")) if k.questions == ("q2",))
    assert fault.mutant is not None
    one, two = (Equivalent(fault.function, "Why not.", fault.mutant.operator, mutants=n) for n in (1, 2))
    assert complaints(verified(built, tried(fault), recorded=(one,))) == []
    assert complaints(verified(built, tried(fault), recorded=(two,))) == [
        f"equivalent_mutants.toml: {two}: records 2 mutants, and covers 1"
    ]
    assert complaints(verified(built, tried(fault), recorded=(two,), full=False)) == []
    training(built, "q2")  # fewer than usual may survive by luck
    assert complaints(verified(built, tried(fault), recorded=(two,))) == []


def test_a_survivor_is_told_to_look_at_and_is_no_failure(built: Course) -> None:
    """It may be an equivalent mutant, but not if one grading noticed it and others did not."""
    fault = next(k for k in list_mutant_answers(built.assignment("tiny")) if k.questions == ("q2",))
    found = verified(built, *(tried(fault, repetition=n) for n in range(3)))
    assert complaints(found) == [] and found.doubts == [f"tiny: a mutant survives: {fault.name}"]
    assert [survivor["mutant"] for survivor in found.as_json()["mutants"]["survivors"]] == [fault.name]
    assert "To look at: mutants that survive" in write_page(built, [found]).read_text()

    found = verified(built, tried(fault), tried(fault, repetition=1), tried(fault, "failed", repetition=2))
    assert complaints(found) == [f"a mutant is noticed only sometimes: {fault.name} (noticed in 1 of 3 gradings)"]
    assert found.doubts == []


def test_a_share_says_what_was_tried_of_how_many(built: Course) -> None:
    wrong, *_ = list_misconceptions(built.assignment("tiny"))
    found = verified(built, tried(wrong, "failed", wrong.name), full=False)
    assert found.share == ["tiny: tried 1 of 3 misconceptions and 0 of 10 mutants; --full tries all"]
    assert found.as_json()["misconceptions"] | {"total": 1, "there_are": 3} == found.as_json()["misconceptions"]
    assert "1 of 1 caught, 1 named; there are 3" in write_page(built, [found]).read_text()


def test_a_share_of_few_misconceptions_is_all_of_them(built: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def share() -> list[str]:
        wanted = plan_trials(built.assignment("tiny"), full=False, repeats=1)
        return [known.function for known, _ in wanted if known.kind == "misconception"]

    assert share() == ["count_words", "count_words", "one_hot"]
    training(built, "q1")
    assert share() == ["count_words", "one_hot"]
    monkeypatch.setattr("autograder.quality.verify.FEW_MISCONCEPTIONS", 2)
    training(built, "q2")
    assert share() == ["count_words", "one_hot"]


def test_what_gets_through_has_a_column_without_colour(built: Course) -> None:
    wrong, *_ = list_misconceptions(built.assignment("tiny"))
    fault, other, right, *_ = list_mutant_answers(built.assignment("tiny"))
    assert right.mutant is not None
    record = Equivalent(right.function, "Why not.", change=right.mutant.change)
    found = verified(built, tried(wrong), tried(fault), tried(other, "failed"), tried(right), recorded=(record,))
    assert [t.known.name for t in found.wrong] == [other.name, fault.name, wrong.name]
    assert "3 wrong answers, by question" in write_page(built, [found]).read_text()


def test_a_share_leaves_out_right_answers_that_could_only_train(built: Course) -> None:
    right = built.root / "solutions/right/tiny"
    right.mkdir(parents=True)
    (right / "plain.py").write_text(RIGHT)

    def share() -> list[tuple[str, tuple[str, ...]]]:
        wanted = plan_trials(built.assignment("tiny"), full=False, repeats=1)
        return [(known.name, trial.questions) for known, trial in wanted if known.kind in ("right", "empty")]

    training(built, "q1")
    assert share() == [("the reference", ()), ("plain", ("q2",)), ("an empty notebook", ("q2",))]
    training(built, "q2")
    assert share() == [("the reference", ())]


def test_whatever_a_result_depends_on_makes_another_state(built: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    assignment = built.assignment("tiny")
    data = built.root / "data"
    data.mkdir()
    for name in ("imdb.npz", "imdb_word_index.json"):
        (data / name).write_text("x")
    states = [digest_state(assignment)]
    assert digest_state(assignment) == states[0]
    (built.root / "solutions/shared.py").write_text("A = 1\n")
    states.append(digest_state(assignment))
    (assignment.released.parent / "words.txt").write_text("one")
    states.append(digest_state(assignment))
    monkeypatch.setenv("AUTOGRADER_DATA", str(data))
    states.append(digest_state(assignment))
    os.utime(data / "imdb.npz", (1, 1))
    states.append(digest_state(assignment))
    monkeypatch.setattr("autograder.grading.journal.course_versions", lambda course: {"keras": "9"})
    states.append(digest_state(assignment))
    assert len(set(states)) == len(states)


# Bad input

BAD = [
    ("equivalent = 3 +", "cannot be read as TOML"),
    ('[equivalent]\nfunction = "f"', "Every entry begins with [[equivalent]], in two brackets."),
    ('[[equivalents]]\nfunction = "f"', "has 'equivalents'. Every entry begins with [[equivalent]]."),
    ('[[equivalent]]\nfunction = "f"\noperator = "constant"', "entry 1: has no reason."),
    ('[[equivalent]]\nfunction = "f"\nreason = "r"', "entry 1: covers every mutant of f."),
    ('[[equivalent]]\nfunction = "f"\nreason = "r"\nchnge = "x"', "entry 1: has 'chnge'."),
    ('[[equivalent]]\nfunction = "f"\nreason = "r"\noperator = "x"', "entry 1: does not say how many mutants"),
]
REFERENCE, WRONG, TEST = "solutions/tiny.py", "solutions/misconceptions/tiny.py", "tests/tiny/test_q1_words.py"
RELEASE = "release/nbgrader/tiny/tiny.ipynb"
BAD_FILES = [
    (
        WRONG,
        "@misconception(one_hot,",
        "@misconception(numpy.eye,",
        "is bound to 'eye', for which the notebook does not",
    ),
    (WRONG, "len(list(sentence))", "len(LETTERS)\n\n\nLETTERS = 'ab'", "of count_words, uses 'LETTERS', which the"),
    (
        WRONG,
        "def counts_letters(",
        "def counts_letters((",
        "solutions/misconceptions/tiny.py, line 6: cannot be read as",
    ),
    (REFERENCE, "def count_words(", "def count_wrods(", "solutions/tiny.py has no function of that name."),
    (REFERENCE, "ONE = 1.0", "ONE = = 1.0", "solutions/tiny.py, line 5: cannot be read as Python"),
    (TEST, "def test_counts_words(", "def test_counts_words((", "test_q1_words.py, line 8: cannot be read as Python"),
    (TEST, "points=1, visible", "points=HALF, visible", "test_q1_words.py, line 8: test_counts_words: what @check is"),
    ("solutions/right/tiny/plain.py", "def one_hot(", "def two_hot(", "plain.py: has no 'one_hot'. A right answer has"),
    (
        "solutions/right/tiny/plain.py",
        "def one_hot(index, size):\n",
        "from solutions.tiny import one_hot\n\n\ndef other(index, size):\n",
        "plain.py: has no 'one_hot'. A right answer has every function.",
    ),
    ("solutions/right/tiny/plain.py", "def one_hot(", "def one_hot((", "plain.py, line 5: cannot be read as Python"),
    (
        RELEASE,
        "def one_hot(",
        "def two_hot(",
        "asks for other functions than its source. Run `autograder build` first.",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "told"), BAD_FILES)
def test_a_bad_file_gets_one_line_before_anything_is_graded(
    built: Course, file: str, old: str, new: str, told: str
) -> None:
    right = built.root / "solutions/right/tiny"
    right.mkdir(parents=True)
    (right / "plain.py").write_text(RIGHT)
    edited(built, file, (old, new))
    said = line("verify", "--course", built.root)
    assert Path(file).name in said and told in said
    assert not (built.root / "verified").exists()


@pytest.mark.parametrize("file", [WRONG, REFERENCE, TEST, "tests/tiny/equivalent_mutants.toml"])
def test_bytes_that_are_no_text_get_one_line(built: Course, file: str) -> None:
    (built.root / file).write_bytes(b"\xff\xfe = 1\n")
    assert f"autograder: {file}: cannot be read as" in line("verify", "--course", built.root)


def test_a_reference_that_is_missing_gets_one_line(built: Course) -> None:
    (built.root / REFERENCE).unlink()
    assert line("verify", "--course", built.root).startswith("autograder: solutions/tiny.py: is missing.")


@pytest.mark.parametrize(("text", "told"), BAD)
def test_a_bad_record_of_equivalents_gets_one_line(built: Course, text: str, told: str) -> None:
    recorded(built, text)
    said = line("verify", "--course", built.root)
    assert said.startswith("autograder: tests/tiny/equivalent_mutants.toml") and told in said


def test_wrong_use_gets_one_line(built: Course, tmp_path: Path) -> None:
    assert "has no assignment 'tine'. It has: tiny." in line("verify", "tine", "--course", built.root)
    built.assignment("tiny").released.unlink()
    assert line("verify", "--course", built.root).endswith("is missing. Run `autograder build` first.")
    assert "cannot be written" in line("verify", "--course", built.root, "--json", tmp_path)
