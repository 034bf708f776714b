"""Notebooks with answers in place of the stubs: runnable, with the release's cells, and wrong only where they should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from autograder.course.course import Course
from autograder.release.build import stage
from autograder.release.inline import HELPERS, inline, remove_markers
from autograder.release.wrong_answers import read_wrong_answers
from autograder.tests.helpers.tiny_course import make_course, source_notebook


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


@pytest.fixture
def released(course: Course, tmp_path: Path) -> NotebookNode:
    stage(course.assignment("tiny"), tmp_path / "staged")
    return nbformat.read(tmp_path / "staged/nbgrader/tiny/tiny.ipynb", as_version=4)


def run(notebook: NotebookNode) -> dict[str, Any]:
    """The names that the notebook's code defines; its visible checks are left out."""
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            exec(cell.source, names)
    return names


def test_source_and_release_give_the_same_code(course: Course, released: NotebookNode) -> None:
    reference = course.assignment("tiny").reference
    ours, theirs = inline(source_notebook(), reference), inline(released, reference)
    code = [[cell.source for cell in notebook.cells if cell.cell_type == "code"] for notebook in (ours, theirs)]
    assert code[0] == code[1]


def test_cells_are_the_releases_and_one_more(course: Course, released: NotebookNode) -> None:
    answered = inline(released, course.assignment("tiny").reference)
    nbformat.validate(answered)
    assert [c.id for c in answered.cells if c.id != HELPERS] == [c.id for c in released.cells]
    assert [c.id for c in answered.cells].index(HELPERS) == [c.id for c in released.cells].index("q1-solution")
    marks = {cell.id: cell.metadata for cell in answered.cells}
    assert all(marks[cell.id] == cell.metadata for cell in released.cells)
    names = run(answered)
    assert (names["count_words"]("a good film"), list(names["one_hot"](1, 3))) == (3, [0, 1, 0])


def test_notebook_given_is_left_alone(course: Course) -> None:
    notebook = source_notebook()
    inline(notebook, course.assignment("tiny").reference, {"one_hot": "def one_hot(index, size):\n    return None"})
    assert notebook == source_notebook()


def test_another_answer_takes_one_place(course: Course) -> None:
    answer = "# mine\ndef count_words(sentence):\n    return 7"
    answered = inline(source_notebook(), course.assignment("tiny").reference, {"count_words": answer})
    assert next(cell for cell in answered.cells if cell.id == "q1-solution").source == answer
    names = run(answered)
    assert (names["count_words"]("a"), list(names["one_hot"](1, 3))) == (7, [0, 1, 0])


def test_unknown_function_is_refused(course: Course) -> None:
    with pytest.raises(KeyError, match="does not ask for cuont_words"):
        inline(source_notebook(), course.assignment("tiny").reference, {"cuont_words": ""})


def test_misconceptions_bear_the_bound_name(course: Course) -> None:
    found = read_wrong_answers(course.assignment("tiny").misconceptions)
    assert [(answer.function, answer.title) for answer in found] == [
        ("count_words", "Counts letters and spaces."),
        ("count_words", "Counts the gaps between words."),
        ("one_hot", "Counts positions from one."),
    ]
    assert (
        found[0].text
        == 'def count_words(sentence):\n    """Counts letters and spaces."""\n    return len(list(sentence))'
    )


def test_misconception_that_calls_the_reference(course: Course) -> None:
    """It must not call itself, which has the reference's name once it stands in the notebook."""
    assignment = course.assignment("tiny")
    gaps, from_one = read_wrong_answers(assignment.misconceptions)[1:]
    assert run(inline(source_notebook(), assignment.reference, {"count_words": gaps.text}))["count_words"]("a b c") == 2
    names = run(inline(source_notebook(), assignment.reference, {"one_hot": from_one.text}))
    assert (list(names["one_hot"](2, 3)), names["count_words"]("a b")) == ([0, 1, 0], 2)


def test_wrong_answer_stays_in_its_question(course: Course) -> None:
    """The reference of question 2 calls that of question 1, and keeps getting the right one."""
    reference = course.assignment("tiny").reference
    text = reference.read_text()
    reference.write_text(
        text.replace("vector = _empty_vector(size)", 'vector = count_words("a") * _empty_vector(size)')
    )
    wrong = "def count_words(sentence):\n    return None"
    names = run(inline(source_notebook(), reference, {"count_words": wrong}))
    assert (names["count_words"]("a"), list(names["one_hot"](0, 2))) == (None, [1, 0])


MISCONCEPTIONS = '''
from solutions.tiny import count_words as right, one_hot


@misconception(right, hint="?")
def adds(sentence, one_hot=1):
    """Calls the reference under another name."""
    count_words = right(sentence)
    return count_words + one_hot


@misconception(right, hint="?")
def counts_down(sentence):
    """Calls itself."""
    return counts_down(sentence[1:]) if sentence else 0


@misconception(one_hot, hint="?")
@misconception(right, hint="?")
def nothing(*anything):
    return None


def helper():
    return 1
'''


def test_names_that_could_be_confused(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "misconceptions.py"
    path.write_text(MISCONCEPTIONS)
    found = read_wrong_answers(path)
    assert [(answer.function, answer.title) for answer in found] == [
        ("count_words", "Calls the reference under another name."),
        ("count_words", "Calls itself."),
        ("one_hot", "nothing"),
        ("count_words", "nothing"),
    ]
    reference = course.assignment("tiny").reference
    adds, counts_down = (inline(source_notebook(), reference, {"count_words": found[i].text}) for i in (0, 1))
    assert (run(adds)["count_words"]("a b"), run(counts_down)["count_words"]("a b")) == (3, 0)


def test_reference_without_helpers_adds_no_cell(course: Course) -> None:
    reference = course.assignment("tiny").reference
    reference.write_text(
        '"""Doc."""\n\n\n# why\ndef count_words(sentence):\n    return 1\n\n\ndef one_hot(index, size):\n    return 2\n'
    )
    answered = inline(source_notebook(), reference)
    assert HELPERS not in [cell.id for cell in answered.cells]
    assert next(cell for cell in answered.cells if cell.id == "q1-solution").source.startswith("# why\ndef count_words")


def test_text_around_a_stub_stays(course: Course) -> None:
    notebook = source_notebook()
    stub = next(cell for cell in notebook.cells if cell.id == "q1-solution")
    stub.source = f"BEFORE = 1\n{stub.source}\nAFTER = 2"
    answered = inline(notebook, course.assignment("tiny").reference)
    source = next(cell for cell in answered.cells if cell.id == "q1-solution").source
    assert source.startswith("BEFORE = 1\ndef count_words") and source.endswith("split())\nAFTER = 2")


def test_markers_go_and_what_they_held_stays() -> None:
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("Why?\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION")]
    )
    assert remove_markers(notebook).cells[0].source == "Why?\nBecause."


def test_misconceptions_are_found_however_they_are_bound(tmp_path: Path) -> None:
    path = tmp_path / "misconceptions.py"
    path.write_text(
        "from autograder import misconceptions as am\nfrom solutions import tiny\n\n\n"
        '@am.misconception(tiny.count_words, hint="?")\ndef one(sentence):\n    """Says one."""\n    return 1\n\n\n'
        '@am.misconception(hint="?", reference=tiny.count_words)\ndef two(sentence):\n    """Says two."""\n    return 2\n'
    )
    found = read_wrong_answers(path)
    assert [(answer.function, answer.title) for answer in found] == [
        ("count_words", "Says one."),
        ("count_words", "Says two."),
    ]


#: Misconceptions in every form, with what each answers for "a b" or for (1, 3).
FORMS = """
import re
from math import floor as down

from autograder.checks import misconceptions_of
from solutions.tiny import count_words, one_hot

wrong = misconceptions_of(count_words)


@wrong(hint="?")
def letters(sentence):
    \"\"\"Counts letters.\"\"\"
    return len(re.sub(" ", "", sentence)) + 5


wrong.formula("count_words(sentence) + down(1.5)", name="Counts one more", hint="?")
wrong.formula(lambda sentence: 4, name="Always says four.", hint="?")
misconceptions_of(one_hot).edit("vector[index] = ONE", "vector[index] = down(ONE) + 1", name="Writes a two", hint="?")
"""
ANSWERS: list[Any] = [7, 3, 4, [0, 2, 0]]


@pytest.mark.parametrize("bound", ["other = wrong =", "wrong: object ="])
def test_every_binding_of_a_function_is_read(bound: str, course: Course) -> None:
    """The judge loads what is bound in any way, so the notebook's side must not miss it."""
    bank = course.assignment("tiny").misconceptions
    bank.write_text(FORMS.replace("wrong =", bound, 1).replace('"Counts one more"', '" Counts one more"'))
    titles = ["Counts letters.", "Counts one more.", "Always says four.", "Writes a two."]
    assert [answer.title for answer in read_wrong_answers(bank)] == titles


def test_every_form_of_a_misconception_does_the_same_in_a_notebook_and_in_the_judge(course: Course) -> None:
    assignment = course.assignment("tiny")
    assignment.misconceptions.write_text(FORMS)
    written = read_wrong_answers(assignment.misconceptions)
    assert [answer.title for answer in written] == [
        "Counts letters.",
        "Counts one more.",
        "Always says four.",
        "Writes a two.",
    ]
    assert [answer.label for answer in written][:2] == ["letters", "Counts one more"]
    for answer, expected in zip(written, ANSWERS, strict=True):
        names = run(inline(source_notebook(), assignment.reference, {answer.function: answer.text}))
        given = ("a b",) if answer.function == "count_words" else (1, 3)
        assert np.array_equal(names[answer.function](*given), expected)
    program = f"""
from autograder.judge.misconceptions import load_misconceptions
for known in load_misconceptions(Path({str(assignment.misconceptions)!r})):
    given = ("a b",) if known.reference.__name__ == "count_words" else (1, 3)
    print([known.name, [*known.function(*given)] if len(given) == 2 else known.function(*given)])
"""
    command = [sys.executable, "-c", f"from pathlib import Path\n{program}"]
    said = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=True).stdout
    names_and_answers = [
        [answer.title.rstrip("."), expected] for answer, expected in zip(written, ANSWERS, strict=True)
    ]
    assert [eval(line.replace("np.float32", "float")) for line in said.splitlines()] == names_and_answers


def test_an_edit_follows_the_reference(course: Course) -> None:
    assignment = course.assignment("tiny")
    assignment.misconceptions.write_text(FORMS)
    text = assignment.reference.read_text()
    assignment.reference.write_text(text.replace("    return vector", "    vector[0] = 5\n    return vector"))
    edited = read_wrong_answers(assignment.misconceptions)[-1]
    names = run(inline(source_notebook(), assignment.reference, {"one_hot": edited.text}))
    assert list(names["one_hot"](1, 3)) == [5, 2, 0]


#: A module that makes something out of its answers.
MAKES = '''\
"""Doc."""

import numpy as np


class Counter:
    def one_hot(self, words):
        return words * self.count_words()

    def count_words(self):
        return FACTOR


FACTOR = 2


def count_words(sentence, counter=Counter()):
    return len(sentence.split()) * counter.one_hot(1) // 2


WORDS = count_words("a b")


def one_hot(index, size, words=WORDS):
    return list(np.eye(size + words - 2)[index])


# The first three.
TABLE = [one_hot(i, 3) for i in range(3)]; SIZE = 3
SIZE_OF_TABLE = len(TABLE)
TABLE[0] = None


def helper(index, make=one_hot):
    return make(index, 3)


def _first():
    return TABLE[1]


FIRST = _first()
'''


@pytest.mark.parametrize("replaced", ["", "one_hot", "count_words"])
def test_what_is_made_of_answers_stands_behind_them(course: Course, replaced: str) -> None:
    reference = course.assignment("tiny").reference
    reference.write_text(MAKES)
    wrong = {replaced: f"def {replaced}(*anything):\n    return None"} if replaced else None
    answered = inline(source_notebook(), reference, wrong)
    nbformat.validate(answered)
    names = run(answered)
    assert names["TABLE"] == [None, [0, 1, 0], [0, 0, 1]] and names["SIZE_OF_TABLE"] == names["SIZE"] == 3
    assert (names["FIRST"], names["WORDS"], names["helper"](2)) == ([0, 1, 0], 2, [0, 0, 1])
    assert names["count_words"]("a b") == (None if replaced == "count_words" else 2)
    ids = [cell.id for cell in answered.cells]
    if not replaced:
        assert ids.index(HELPERS) < ids.index("q1-solution") < ids.index("made-1") < ids.index("q1")
        assert ids.index("q2-solution") + 1 == ids.index("made-2")
        [table] = [cell.source for cell in answered.cells if "TABLE = [" in cell.source]
        assert table.startswith("# The first three.\nTABLE = [one_hot(i, 3) for i in range(3)]; SIZE = 3")


@pytest.mark.parametrize("mark", ["\f", "\u2028"])
def test_lines_are_counted_as_python_counts_them(course: Course, mark: str) -> None:
    reference = course.assignment("tiny").reference
    text = reference.read_text()
    reference.write_text(text.replace("ONE = 1.0\n", f"ONE = 1.0\n# page{mark}break\n"))
    notebook = source_notebook()
    stub = next(cell for cell in notebook.cells if cell.id == "q1-solution")
    stub.source = f"BEFORE = '{mark}'\n{stub.source}"
    names = run(inline(notebook, reference))
    assert (names["BEFORE"], names["count_words"]("a b"), list(names["one_hot"](1, 3))) == (mark, 2, [0, 1, 0])
