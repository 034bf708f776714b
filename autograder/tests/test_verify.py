"""`autograder verify` on the tiny course: sound tests pass, and whatever is wrong with others is reported by name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from autograder.release import build
from autograder.tests.test_cli import autograder, line
from autograder.tests.tiny_course import EQUIVALENT

RIGHT = """\
def count_words(sentence):
    return sum(1 for word in sentence.split())


def one_hot(index, size):
    return [1.0 if place == index else 0.0 for place in range(size)]
"""


def recorded(course: Course, text: str) -> None:
    course.assignment("tiny").tests.joinpath("equivalent_mutants.toml").write_text(text)


def edited(course: Course, path: str, *changes: tuple[str, str]) -> None:
    """A file of the course with some text replaced, and the course built anew."""
    file = course.root / path
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


def verify(course: Course, *options: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    build(course, report=lambda line: None)
    done = autograder(course, "verify", "--json", "verified.json", "--workers", "2", *options)
    assert "Traceback" not in done.stderr, done.stderr
    [line] = (course.root / "verified.json").read_text().splitlines()
    return done, json.loads(line)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What is wrong, without the assignment's name."""
    return [line.removeprefix("tiny: ") for line in done.stdout.splitlines() if line.startswith("tiny: ")]


@pytest.mark.slow
def test_sound_tests_pass_and_an_interrupted_run_goes_on(built: Course) -> None:
    right = built.root / "solutions/right/tiny"
    right.mkdir(parents=True)
    (right / "plain.py").write_text(RIGHT)
    done, found = verify(built, "--full")
    assert done.returncode == 0 and said(done) == []
    assert found["right"] == {"total": 2, "passed": 2, "gradings": 6, "refused": []}
    wrong = found["misconceptions"]
    assert (wrong["total"], wrong["caught"], wrong["named"]) == (3, 3, 3)
    faults = found["mutants"]
    assert (faults["total"], faults["killed"], faults["equivalent"], faults["survivors"]) == (10, 7, 3, [])
    assert [check["only_it_kills"] for check in found["checks"]] == [0, 0, 3, 0]
    page = (built.root / "report/verify.html").read_text()
    assert "7 of 7 killed" in page and "Nothing is asked of the dtype." in page and "data:image/png" in page

    [kept] = (built.root / "verified/tiny").iterdir()
    lines = kept.read_text().splitlines()
    kept.write_text("\n".join([*lines[:5], lines[5][:100]]))  # as an interruption leaves it
    assert verify(built, "--full")[1] == found
    assert kept.read_text().splitlines()[:5] == lines[:5] and len(kept.read_text().splitlines()) == len(lines)


@pytest.mark.slow
def test_weak_tests_are_told_by_what_gets_through(built: Course) -> None:
    edited(
        built,
        "tests/tiny/test_q2_vectors.py",
        ("expected=one_hot(place, length)", 'expected=1.0, view=lambda vector: float(sum(vector)), what="the sum is"'),
    )
    edited(
        built,
        "solutions/misconceptions/tiny.py",
        ('"""Counts the gaps between words."""', '"""Counts the gaps between words, for sure."""'),
        (
            "@misconception(one_hot,",
            '@misconception(count_words, hint="?")\ndef one_less(sentence):\n    """Is one short."""\n'
            "    return count_words(sentence) - 1\n\n\n@misconception(one_hot,",
        ),
    )
    recorded(built, EQUIVALENT + '\n[[equivalent]]\nfunction = "one_hot"\nchange = "a -> b"\nreason = "Gone since."\n')
    done, found = verify(built, "--full")
    assert done.returncode == 1
    lines = said(done)
    assert "a misconception gets through: Counts positions from one" in lines
    assert "two misconceptions are never told apart: Counts the gaps between words, for sure = Is one short" in lines
    assert "equivalent_mutants.toml records what no mutant is: one_hot: a -> b" in lines
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
    done, found = verify(built, "--repeat", "12")
    assert done.returncode == 1
    assert found["right"]["passed"] == 0 and found["right"]["gradings"] == 12
    refused = [line for line in said(done) if line.startswith("a right answer is refused: the reference: ")]
    assert any("test_spaces_do_not_count says: for " in line and "gradings" not in line for line in refused)
    [lucky] = [line for line in refused if "test_sums_to_one says: tails" in line]
    assert lucky.endswith(" of 12 gradings)")


@pytest.mark.slow
def test_a_mistake_that_costs_points_elsewhere_is_told_and_so_is_one_that_breaks_a_check(built: Course) -> None:
    breaks = "    1 // int(submission.one_hot(0, 3)[0])\n"
    elsewhere = '    agree(submission.count_words, "two words", expected=2)\n'
    loop = "    for index, more in draw.distinct_pairs"
    edited(built, "tests/tiny/test_q2_vectors.py", (loop, breaks + elsewhere + loop))
    lines = said(verify(built, "--full")[0])
    assert "a misconception costs points elsewhere: Counts letters and spaces (q2)" in lines
    broken = "a check breaks: Counts positions from one: test_one_stands_at_the_index: ZeroDivisionError"
    assert any(line.startswith(broken) for line in lines)
    [kept] = (built.root / "verified/tiny").iterdir()
    assert "ZeroDivisionError" not in kept.read_text()  # what broke is tried again


BAD = [
    ("equivalent = 3 +", "cannot be read as TOML"),
    ('[[equivalent]]\nfunction = "f"\noperator = "constant"', "entry 1: has no reason."),
    ('[[equivalent]]\nfunction = "f"\nreason = "r"', "entry 1: covers every mutant of f."),
    ('[[equivalent]]\nfunction = "f"\nreason = "r"\nchnge = "x"', "entry 1: has 'chnge'."),
]


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
