"""What students receive holds no statement of a reference, a misconception or a hidden test."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.release.build import stage
from autograder.release.leaks import Leak, find_leaks, list_secrets
from autograder.tests.helpers.tiny_course import cell, make_course, source_notebook

ANSWER = "return len(sentence.split())"
ORIGIN = "solutions/tiny.py, line 14"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


def leaks(course: Course, folder: Path) -> list[Leak]:
    return find_leaks(folder, list_secrets(course.assignment("tiny")), "release")


def leaks_in_cell(course: Course, source: str, kind: str = "code", name: str = "extra") -> list[Leak]:
    """The leaks of a release in which one more cell says ``source``."""
    notebook = nbformat.v4.new_notebook(cells=[cell(name, source, markdown=kind == "markdown")])
    folder = course.root / "received"
    folder.mkdir()
    nbformat.write(notebook, folder / "tiny.ipynb")
    return leaks(course, folder)


@pytest.mark.parametrize(
    "source",
    [
        "def f(sentence):\n    return len(sentence.split())",
        "def f(sentence):\n    return (len(\n        sentence . split()))  # reset",
        "# return len( sentence.split() )",
        '"""For instance: return len(sentence.split())"""',
        "%timeit 1\ndef f(sentence):\n    return len(sentence.split())",
    ],
    ids=["as it stands", "reset", "commented out", "in a string", "beside a magic"],
)
def test_statement_in_a_code_cell(course: Course, source: str) -> None:
    assert leaks_in_cell(course, source) == [Leak("release/tiny.ipynb, cell 1 ('extra')", ANSWER, ORIGIN)]


def test_statement_in_prose(course: Course) -> None:
    found = leaks_in_cell(course, "Write\n\n    return len(sentence.split())", "markdown")
    assert [str(leak) for leak in found] == [
        f"release/tiny.ipynb, cell 1 ('extra'): holds `{ANSWER}`, which stands in {ORIGIN}."
    ]


def test_half_a_statement_in_prose(course: Course) -> None:
    [leak] = leaks_in_cell(course, "Write `len( sentence.split() )`.", "markdown")
    assert str(leak) == (
        f"release/tiny.ipynb, cell 1 ('extra'): holds `len(sentence.split())`, half or more of `{ANSWER}`, which stands in"
        f" {ORIGIN}."
    )


def test_half_a_statement_outside_the_solution(course: Course, tmp_path: Path) -> None:
    notebook = source_notebook()
    [stub] = [each for each in notebook.cells if each.id == "q1-solution"]
    stub.source = stub.source.replace("    ### BEGIN", "    parts = sentence.split()\n    ### BEGIN")
    nbformat.write(notebook, course.assignment("tiny").source)
    with pytest.raises(UsageError, match=r"\('q1-solution'\): holds `sentence.split\(\)`, half or more of `return len"):
        stage(course.assignment("tiny"), tmp_path / "staged")


@pytest.mark.parametrize("text", ["Use `split()` on the sentence, and `len(words)`.", "`np.zeros(n)` and `numpy`"])
def test_names_in_prose_are_no_leak(course: Course, text: str) -> None:
    assert leaks_in_cell(course, text, "markdown") == []


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        ("np.zeros((size,), dtype='float32')", None),  # an expression of a helper, not a statement
        ("return np.zeros((size,), dtype='float32')", "solutions/tiny.py, line 25"),
        ("return len(list(sentence))", "solutions/misconceptions/tiny.py, line 8"),
        ("for words, letters in draw.distinct_pairs(2, 9, n=3):\n    pass", "tests/tiny/test_q1_words.py, line 10"),
        ("solutions.tiny.count_words('a b')", "the instructor's own cells"),
        ("import numpy as np", None),
        ('"""Counts letters and spaces."""', None),
        ("ONE = 1.0", None),  # too short to be anybody's
        ("raise NotImplementedError()", None),
    ],
)
def test_what_is_secret(course: Course, source: str, origin: str | None) -> None:
    text = f"def f():\n    {source.replace(chr(10), chr(10) + '    ')}"
    assert [leak.origin for leak in leaks_in_cell(course, text)] == ([origin] if origin else [])


def test_assert_leaks_whatever_its_message(course: Course) -> None:
    path = course.assignment("tiny").tests / "test_q1_words.py"
    path.write_text(path.read_text() + "\n\ndef law(submission):\n    assert count_words('a b') == 2, 'no'\n")
    (leak,) = leaks_in_cell(course, "assert count_words('a b') == 2, 'two words'")
    assert leak.statement == "assert count_words('a b') == 2"


def test_files_beside_the_notebook_are_searched(course: Course) -> None:
    folder = course.root / "received"
    folder.mkdir()
    (folder / "helpers.py").write_text(f"def f(sentence):\n    {ANSWER}\n")
    (folder / "notes.txt").write_text(f"Hint: {ANSWER}")
    (folder / "picture.png").write_bytes(b"\x89PNG\xff")
    assert [leak.place for leak in leaks(course, folder)] == ["release/helpers.py", "release/notes.txt"]


def test_formula_is_as_secret_as_a_function(course: Course) -> None:
    bank = course.assignment("tiny").misconceptions
    bank.write_text(
        'misconceptions_of(count_words).formula("count_words(sentence) + len(sentence)", name="Adds", hint="?")\n'
    )
    [leak] = leaks_in_cell(course, "return count_words(sentence) + len(sentence)")
    assert leak.origin == "solutions/misconceptions/tiny.py, line 1"


def test_course_without_misconceptions(course: Course) -> None:
    course.assignment("tiny").misconceptions.unlink()
    assert ORIGIN in list_secrets(course.assignment("tiny")).values()


def leaking(course: Course, exception: str = "") -> Course:
    """The course with the answer to question 1 in its prose, and perhaps an exception for it."""
    notebook = source_notebook()
    notebook.cells.append(cell("hint-text", f"Hint: `{ANSWER}`"))
    nbformat.write(notebook, course.assignment("tiny").source)
    with open(course.root / "grader_config.py", "a") as config:
        config.write(f"c.Autograder.leak_exceptions = [{exception!r}]\n")
    return find_course(course.root)


def test_build_names_a_leak_once(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        stage(leaking(course, "x = 1").assignment("tiny"), tmp_path / "staged")
    assert str(raised.value).splitlines() == [
        f"release/nbgrader/tiny/tiny.ipynb, cell 12 ('hint-text'): holds `{ANSWER}`, which stands in {ORIGIN}.",
        "    Nothing was written to release/. Change one of the two, or add the statement to"
        " c.Autograder.leak_exceptions, then build again.",
    ]


def test_exception_is_honoured_and_printed(course: Course, tmp_path: Path) -> None:
    said: list[str] = []
    stage(leaking(course, "return len( sentence.split() )").assignment("tiny"), tmp_path / "staged", said.append)
    assert said == [
        f"release/nbgrader/tiny/tiny.ipynb, cell 12 ('hint-text'): holds `{ANSWER}`, which stands in {ORIGIN}."
        " Allowed by c.Autograder.leak_exceptions."
    ]


def test_exception_for_the_head_of_a_block(course: Course, tmp_path: Path) -> None:
    head = "for words, letters in draw.distinct_pairs(2, 9, n=3):"
    notebook = source_notebook()
    notebook.cells.append(cell("hint-text", f"`{head}`"))
    course = leaking(course, head)
    nbformat.write(notebook, course.assignment("tiny").source)
    stage(course.assignment("tiny"), tmp_path / "staged", lambda line: None)


def test_exception_that_is_no_statement(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"leak_exceptions: 'return \(' is no Python statement. Copy it as it stands."):
        stage(leaking(course, "return (").assignment("tiny"), tmp_path / "staged")


def test_our_own_releases_need_no_exception() -> None:
    course = find_course(Path(__file__).parents[2])
    assert course.settings.course.leak_exceptions == []
    for assignment in map(course.assignment, course.assignments):
        secret = list_secrets(assignment)
        assert [str(leak) for leak in find_leaks(assignment.released.parent, secret, assignment.name)] == []
