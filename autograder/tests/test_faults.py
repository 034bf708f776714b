"""Each fault of a source is found before anything is built, and its message says where, what, and how to repair it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.release.faults import check_source
from autograder.release.markers import find_marker_faults
from autograder.tests.helpers.tiny_course import cell, edit, make_course, source_notebook

SOURCE = "source/tiny/tiny.ipynb"
NOTHING = "\n    Nothing was written to release/. "


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path)


def faults(course: Course) -> str:
    """The message about the course's one assignment."""
    with pytest.raises(UsageError) as raised:
        check_source(course.assignment("tiny"))
    return str(raised.value)


def faults_of(course: Course, change: Callable[[dict[str, NotebookNode], NotebookNode], object]) -> str:
    """The message about a source notebook that ``change`` (given its cells by id, and itself) has spoilt."""
    notebook = source_notebook()
    change({cell.id: cell for cell in notebook.cells}, notebook)
    path = course.assignment("tiny").source
    path.write_text(nbformat.v4.writes(notebook), encoding="utf-8")  # unlike nbformat.write, repairs nothing
    return faults(course)


def test_a_sound_source_has_none(course: Course) -> None:
    assert check_source(course.assignment("tiny")) == source_notebook()


def test_all_faults_are_told_at_once(course: Course) -> None:
    def change(cells: dict[str, NotebookNode], notebook: NotebookNode) -> None:
        cells["setup"].execution_count = 1
        cells["q1"].metadata.nbgrader.points = 7

    assert len(faults_of(course, change).splitlines()) == 3  # the second takes two lines


def test_points_that_do_not_add_up(course: Course) -> None:
    assert faults_of(course, lambda cells, _: cells["q2"].metadata.nbgrader.update(points=6)) == (
        f"{SOURCE}, cell 10 ('q2'): offers 6 points, but the checks in tests/tiny/test_q2_vectors.py add up to 3."
        "\n    Set the cell to 3 points, or give the checks 6."
    )


def test_question_without_check_cell(course: Course) -> None:
    assert faults_of(course, lambda cells, notebook: notebook.cells.remove(cells["q2"])) == (
        f"{SOURCE}: has no check cell 'q2' for tests/tiny/test_q2_vectors.py. Add one with grade_id 'q2' and 3 points."
    )


def test_check_cell_without_hidden_check(course: Course) -> None:
    assert faults_of(course, lambda _, notebook: notebook.cells.append(cell("q3", "assert True", points=1))) == (
        f"{SOURCE}, cell 13 ('q3'): has no hidden check in tests/tiny. Add test_q3_….py, or unmark the cell."
    )


@pytest.mark.parametrize(
    "written",
    [
        "def words_test(submission): ...",
        "async def test_words(submission): ...",
        "class Words:\n    @check('q1', points=1)\n    def test_words(self, submission): ...",
        "def outer():\n    @check('q1', points=1)\n    def test_words(submission): ...",
        "if True:\n    @check('q1', points=1)\n    def test_words(submission): ...",
    ],
)
def test_a_check_that_pytest_may_not_find(course: Course, written: str) -> None:
    """It would count in what can be earned, and could never be earned."""
    marked = written if "@check" in written else f"@check('q1', points=1)\n{written}"
    path = course.assignment("tiny").tests / "test_q1_words.py"
    path.write_text(f"{path.read_text()}\n\n{marked}\n")
    assert re.search(r"test_q1_words.py, line \d+: \w+ is marked @check where pytest may not find it", faults(course))


def test_too_little_is_visible(course: Course) -> None:
    edit(course, "tests/tiny/test_q2_vectors.py", ", visible=True", "")
    assert faults(course) == (
        "tests/tiny: 1 of 5 points are visible, and at least 40% must be."
        " Show more checks in the notebook, and mark them visible=True."
    )


@pytest.mark.parametrize(
    ("source", "line", "fault"),
    [
        ("x = 1\n### END SOLUTION", 2, "'### END SOLUTION' has no '### BEGIN SOLUTION' above it."),
        ("### BEGIN SOLUTION\nx = 1", 1, "'### BEGIN SOLUTION' has no '### END SOLUTION' below it."),
        ("### END HIDDEN TESTS", 1, "'### END HIDDEN TESTS' has no '### BEGIN HIDDEN TESTS' above it."),
        ("### BEGIN MARK SCHEME", 1, "'### BEGIN MARK SCHEME' has no '### END MARK SCHEME' below it."),
    ],
)
def test_marker_alone(course: Course, source: str, line: int, fault: str) -> None:
    message = faults_of(course, lambda cells, _: cells["q1-solution"].update(source=source))
    assert (
        message
        == f"{SOURCE}, cell 6 ('q1-solution'), line {line}: {fault}{NOTHING}Add the missing marker, then build again."
    )


def test_nested_markers(course: Course) -> None:
    source = "### BEGIN SOLUTION\nx = 1\n### BEGIN SOLUTION\n### END SOLUTION"
    assert faults_of(course, lambda cells, _: cells["q1-solution"].update(source=source)) == (
        f"{SOURCE}, cell 6 ('q1-solution'), line 3: '### BEGIN SOLUTION' stands inside the region that line 1 begins."
        f"{NOTHING}Add '### END SOLUTION' above it, then build again."
    )


def test_solution_in_a_locked_cell(course: Course) -> None:
    source = "import numpy\n### BEGIN SOLUTION\nx = 1\n### END SOLUTION"
    assert faults_of(course, lambda cells, _: cells["setup"].update(source=source)) == (
        f"{SOURCE}, cell 3 ('setup'), line 2: a solution stands in a cell that is no solution cell."
        f"{NOTHING}Mark the cell as 'solution', then build again."
    )


def indented(*lines: str) -> str:
    return "def count_words(sentence):\n" + "\n".join(f"    {line}" for line in lines)


BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        (
            indented("return len(", BEGIN, "    sentence.split()", END, ")"),
            3,
            "to line 5 cuts the statement of lines 2 to 6",
        ),
        (indented("words = (sentence", BEGIN, "    .split())", "return len(words)", END), 3, "of lines 2 to 4"),
        (indented(BEGIN, "words = (sentence", END, "    .split())"), 2, "to line 4 cuts the statement of lines 3 to 5"),
        (indented('"""Counts', BEGIN, "words.", END, '"""'), 3, "to line 5 cuts the statement of lines 2 to 6"),
        (indented("if sentence:", BEGIN, "    n = 1", "else:", END, "    n = 0"), 3, "of lines 2 to 7"),
        (
            f"{BEGIN}\ndef count_words(sentence):\n{END}\n    return 1",
            1,
            "to line 3 cuts the statement of lines 2 to 4",
        ),
    ],
    ids=["middle", "end", "beginning", "docstring", "branch", "head"],
)
def test_half_a_statement_outside_the_solution(course: Course, source: str, line: int, told: str) -> None:
    message = faults_of(course, lambda cells, _: cells["q1-solution"].update(source=source))
    first = message.splitlines()[0]
    assert first.startswith(f"{SOURCE}, cell 6 ('q1-solution'), line {line}: the region from here ") and told in first
    assert message.endswith(f"{NOTHING}Put the markers around whole statements, then build again.")


@pytest.mark.parametrize(
    "source",
    [
        indented("n = 0", BEGIN, "n = len(sentence)", END, "if n:", "    n += 1", BEGIN, "n -= 1", END, "return n"),
        indented("if sentence:", BEGIN, "    n = 1", "else:", "    n = 0", END),
        indented("try:", BEGIN, "    n = 1", END, "except ValueError:", "    n = 0"),
        indented(BEGIN, "return _n(sentence)", "") + f"\n\ndef _n(sentence):\n    return 1\n    {END}",
    ],
    ids=["two regions", "all that is left of a branch", "one block", "a helper below"],
)
def test_whole_statements_inside_the_solution(course: Course, source: str) -> None:
    assert list(find_marker_faults(cell("q1-solution", source, solution=True))) == []


@pytest.mark.parametrize(
    "saved", [{"execution_count": 3}, {"outputs": [nbformat.v4.new_output("stream", text="hello")]}]
)
def test_outputs(course: Course, saved: dict[str, object]) -> None:
    assert faults_of(course, lambda cells, _: cells["setup"].update(saved)) == (
        f"{SOURCE}, cell 3 ('setup'): was saved with its output. Nothing was written to release/."
        " Clear all outputs, save, then build again."
    )


def test_cell_without_id(course: Course) -> None:
    assert faults_of(course, lambda cells, _: cells["setup"].pop("id")) == (
        f"{SOURCE}, cell 3 ('setup'): has no cell id. Save the notebook with a recent Jupyter, which writes format 4.5."
    )


def test_doubled_ids(course: Course) -> None:
    message = faults_of(course, lambda cells, notebook: notebook.cells.append(cells["setup"]))
    assert message.splitlines() == [
        f"{SOURCE}, cell {number} ('setup'): has the {kind} 'setup', and so has another cell. Give each its own."
        for number in (3, 13)
        for kind in ("cell id", "grade_id")
    ]


def test_id_and_grade_id_differ(course: Course) -> None:
    assert faults_of(course, lambda cells, _: cells["setup"].metadata.nbgrader.update(grade_id="start")) == (
        f"{SOURCE}, cell 3 ('start'): has the cell id 'setup' and the grade_id 'start'. Make them equal."
    )


def test_stub_without_reference(course: Course) -> None:
    edit(course, "solutions/tiny.py", "def count_words(", "def count_word(")
    assert faults(course) == (
        f"{SOURCE}, cell 6 ('q1-solution'): asks for count_words(sentence),"
        " and solutions/tiny.py has no function of that name. Add the reference."
    )


def test_stub_with_another_signature(course: Course) -> None:
    edit(course, "solutions/tiny.py", "index: int, size: int", "index: int, size: int = 3")
    assert faults(course) == (
        f"{SOURCE}, cell 9 ('q2-solution'): asks for one_hot(index, size),"
        " and solutions/tiny.py has one_hot(index, size=3). Give both the same signature."
    )


def test_stub_that_is_no_python(course: Course) -> None:
    message = faults_of(course, lambda cells, _: cells["q1-solution"].update(source="x = 1\ndef f(:"))
    assert message == f"{SOURCE}, cell 6 ('q1-solution'), line 2: cannot be read as Python: invalid syntax"


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}}, "kernelspec.language = 'R'"),
        (
            {"kernelspec": {"name": "julia-1.9", "display_name": "Julia"}, "language_info": None},
            "kernelspec.name = 'julia-1.9'",
        ),
        ({"language_info": {"name": "julia"}}, "language_info.name = 'julia'"),
    ],
)
def test_another_language(course: Course, metadata: dict[str, object], told: str) -> None:
    assert faults_of(course, lambda _, notebook: notebook.metadata.update(metadata)) == (
        f"{SOURCE}: its metadata say {told}, and students answer in Python."
        " Nothing was written to release/. Choose a Python kernel in Jupyter, save, then build again."
    )


@pytest.mark.parametrize("points", ["two", None, True])
@pytest.mark.parametrize(
    ("name", "number", "wanted"), [("q1", 7, "the 2 of its hidden checks"), ("explain", 12, "a number of them")]
)
def test_points_that_are_no_number(course: Course, name: str, number: int, wanted: str, points: object) -> None:
    message = faults_of(course, lambda cells, _: cells[name].metadata.nbgrader.update(points=points))
    assert message == (
        f"{SOURCE}, cell {number} ('{name}'): is graded and has {'no' if points is None else repr(points)} points."
        f" Give it {wanted}, in Jupyter's Create Assignment or as 'points' of its nbgrader metadata."
    )


def test_metadata_of_another_schema(course: Course) -> None:
    assert faults_of(course, lambda cells, _: cells["setup"].metadata.nbgrader.update(schema_version=2)) == (
        f"{SOURCE}, cell 3 ('setup'): has nbgrader metadata of schema 2, and schema 3 is needed."
        f" Run `nbgrader update {SOURCE}`, then build again."
    )


def test_metadata_that_are_none(course: Course) -> None:
    assert faults_of(course, lambda cells, _: cells["setup"].metadata.update(nbgrader=None)) == (
        f"{SOURCE}, cell 3: has damaged metadata. Repair it in Jupyter and save, then build again."
    )


def test_notebook_of_another_format(course: Course) -> None:
    notebook = nbformat.convert(source_notebook(), 3)
    course.assignment("tiny").source.write_text(nbformat.writes(notebook, version=3))
    assert faults(course) == (
        f"{SOURCE}: has notebook format 3, and format 4 is needed. Open it in Jupyter and save it, or run"
        f" `jupyter nbconvert --to notebook --inplace {SOURCE}`."
    )


def test_name_with_a_blank(course: Course) -> None:
    folder = course.root / "source/tiny"
    (folder / "tiny.ipynb").rename(folder / "my tiny.ipynb")
    folder.rename(course.root / "source/my tiny")
    with pytest.raises(
        UsageError, match=r"^source/my tiny: 'my tiny' is no name .* no blank\. .* such as to 'my_tiny', and"
    ):
        check_source(course.assignment("my tiny"))


def test_check_without_a_docstring(course: Course) -> None:
    edit(course, "tests/tiny/test_q1_words.py", '    """count_words(sentence) is the number of words"""\n', "")
    assert faults(course) == (
        "tests/tiny/test_q1_words.py, line 8: the check test_counts_words has no docstring. Give it one: its first line is"
        " the title that students read."
    )


MISCONCEPTION = "solutions/misconceptions/tiny.py, line 12: the misconception 'counts_gaps'"
HINT = 'hint="How many gaps lie between three words?"'


@pytest.mark.parametrize("hint", ["", ', hint=""', ', hint="  "', ", hint=None"])
def test_misconception_without_a_hint(course: Course, hint: str) -> None:
    edit(course, "solutions/misconceptions/tiny.py", f", {HINT}", hint)
    assert faults(course) == f'{MISCONCEPTION} has no hint. Give it hint="…", a question that moves the student on.'


def test_misconception_without_a_docstring(course: Course) -> None:
    edit(course, "solutions/misconceptions/tiny.py", '    """Counts the gaps between words."""\n', "")
    told = "has no docstring. Give it one: its first line is the name that students read."
    assert faults(course) == f"{MISCONCEPTION} {told}"


def test_misconception_that_uses_what_is_nowhere(course: Course) -> None:
    edit(
        course,
        "solutions/misconceptions/tiny.py",
        "return count_words(sentence) - 1",
        "return len(re.findall(' ', sentence))",
    )
    assert faults(course) == (
        f"{MISCONCEPTION} uses 're', which neither its file nor solutions/tiny.py has. Import or define it inside the function."
    )


#: A line of a bank, and what is told of it.
BAD_FORMS = {
    'edit("size", "3", name="Takes three", hint="?")': "the misconception 'Takes three': `size` does not stand in count_words.",
    'edit("sentence.", "text", name="Takes", hint="?")': "the misconception 'Takes': `sentence.` is not Python: invalid syntax",
    'edit("sentence", f"{x}", name="Takes", hint="?")': "the misconception 'Takes': new is not written as a text.",
    'formula("x = 1", name="One", hint="?")': "the misconception 'One': `x = 1` is not one Python expression",
    'formula("1", hint="?")': "the misconception 'formula' has no name.",
    'formula("1", name="One", hint=" ")': "the misconception 'One' has no hint.",
    'formula("count_words(sentence)", name="One", hint="?")': "the misconception 'One' does what count_words in",
    'formula("len(word)", name="One", hint="?")': "the misconception 'One' uses 'word', which neither",
}


@pytest.mark.parametrize(("form", "told"), BAD_FORMS.items())
def test_formula_or_edit_that_cannot_be_used(course: Course, form: str, told: str) -> None:
    bank = course.assignment("tiny").misconceptions
    bank.write_text(
        f"from autograder.checks import misconceptions_of\nfrom solutions.tiny import count_words\n\nmisconceptions_of(count_words).{form}\n"
    )
    assert faults(course).startswith(f"solutions/misconceptions/tiny.py, line 4: {told}")


def test_edit_that_fits_twice(course: Course) -> None:
    edit(course, "solutions/tiny.py", "    return vector", "    vector[index] = ONE\n    return vector")
    bank = course.assignment("tiny").misconceptions
    bank.write_text('misconceptions_of(one_hot).edit("vector[index] = ONE", "", name="Writes nothing", hint="?")\n')
    assert faults(course) == (
        "solutions/misconceptions/tiny.py, line 1: the misconception 'Writes nothing': `vector[index] = ONE` stands 2 times in"
        " one_hot. Give an expression or whole statements that stand there once."
    )


@pytest.mark.parametrize(
    "body",
    [
        "return len(sentence.split())",
        "return count_words(sentence)",
        "import solutions.tiny\n\n    return solutions.tiny.count_words(sentence)",
        "words = count_words(sentence)\n    return words",
        "import numpy as np\n\n    return count_words(sentence)",
    ],
)
def test_misconception_that_is_none(course: Course, body: str) -> None:
    edit(course, "solutions/misconceptions/tiny.py", "return count_words(sentence) - 1", body)
    assert faults(course) == (
        f"{MISCONCEPTION} does what count_words in solutions/tiny.py does, and no check can notice that."
        " Let it make its mistake, or remove it."
    )


@pytest.mark.parametrize(
    "change",
    [
        (
            "(index, size):",
            "(index, size=3):",
            "return np.roll(one_hot(index, size), -1)",
            "return one_hot(index, size)",
        ),
        ("", "", "return np.roll(one_hot(index, size), -1)", "return one_hot(size, index)"),
    ],
    ids=["another default", "swapped arguments"],
)
def test_misconception_that_only_resembles_the_reference(course: Course, change: tuple[str, str, str, str]) -> None:
    edit(course, "solutions/misconceptions/tiny.py", *change[:2])
    edit(course, "solutions/misconceptions/tiny.py", *change[2:])
    check_source(course.assignment("tiny"))


def with_example(course: Course, source: str, tags: list[str] | None = None) -> None:
    notebook = source_notebook()
    notebook.cells.insert(8, cell("q2-example", source, tags=tags))
    nbformat.write(notebook, course.assignment("tiny").source)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("words = ['a', 'good', 'film']\nindex = 3", "'words' and 'index'"),
        ("for word in 'a good film'.split():\n    pass", "'word'"),
        ("def helper(x): ...", "'helper'"),
        ("with open('a') as f: ...", "'f'"),
        ("_count = 3", "'_count'"),
        ("word_index = {}", "'word_index'"),
        ("%precision 3\nwords = []", "'words'"),
        ("count_words = len", "'count_words'"),
    ],
)
def test_name_that_a_helper_may_have(course: Course, source: str, names: str) -> None:
    with_example(course, source)
    first, second = faults(course).splitlines()
    assert first == (
        f"{SOURCE}, cell 9 ('q2-example'): gives {names} after the first answer, and would overwrite a student's own function of"
        " that name."
    )
    assert second.startswith("    Nothing was written to release/. Use names of two words, such as 'example_")


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("import math\nexample_words = [word for word in 'a b'.split()]\nWORDS = X = 3\nsentence = 'again'", None),
        ("words = 3", ["long"]),
    ],
    ids=["two words, capitals, an import, a given name", "never run while grading"],
)
def test_names_that_do_no_harm(course: Course, source: str, tags: list[str] | None) -> None:
    with_example(course, source, tags)
    check_source(course.assignment("tiny"))


def test_a_function_that_the_text_names_is_given(course: Course) -> None:
    notebook = source_notebook()
    notebook.cells[7].source += "\n\nUse `position`, and not `place`."
    notebook.cells.insert(8, cell("q2-example", "def position(word):\n    return 3\n\n\nplace = 3"))
    nbformat.write(notebook, course.assignment("tiny").source)
    assert "gives 'place' after the first answer" in faults(course)


def test_second_notebook(course: Course) -> None:
    (course.root / "source/tiny/Untitled.ipynb").touch()
    message = "source/tiny/Untitled.ipynb: would be released beside tiny.ipynb. Move it elsewhere."
    assert faults(course) == message


@pytest.mark.parametrize("name", ["solutions/tiny.py", "tests/tiny/test_q1_words.py"])
def test_file_that_is_no_python(course: Course, name: str) -> None:
    (course.root / name).write_text("x = 1\ndef f(:\n")
    assert faults(course) == f"{name}, line 2: cannot be read as Python: invalid syntax"


def test_missing_reference(course: Course) -> None:
    course.assignment("tiny").reference.unlink()
    assert faults(course) == "solutions/tiny.py: is missing. Write it, then build again."


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "not json", '{"nbformat": 4, "cells": 3}', '{"nbformat": 3, "worksheets": []}']
)
def test_source_that_is_no_notebook(course: Course, text: str) -> None:
    course.assignment("tiny").source.write_text(text)
    message = faults(course)
    assert message.startswith(f"{SOURCE}: ") and "\n" not in message
