"""The otter release in a real kernel, with otter's own grader.check."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.engines.otter_notebook import make_student_notebook, write_public_test
from autograder.errors import UsageError
from autograder.release.build import stage
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, cell, make_course

COLAB = """
from otter.check.utils import IPythonInterpreter
IPythonInterpreter.COLAB.value.check_strs.append("ZMQ")  # what otter looks for in the name of the running shell
"""
KEEP_OTTER_OUT = """
import sys
from IPython import get_ipython
sys.modules["otter"] = None  # importing it raises, as where it is not installed
said = []
def install(name, line):
    said.append((name, line))
    del sys.modules["otter"]
get_ipython().run_line_magic = install
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("otter")
    stage(make_course(folder / "course").assignment("tiny"), folder / "staged")
    return folder / "staged/otter/tiny"


def filled(release: Path, first: str = "", **answers: str) -> NotebookNode:
    """The student's notebook with answers, and perhaps a cell before all others."""
    notebook = nbformat.read(release / "tiny.ipynb", as_version=4)
    for question, answer in answers.items():
        next(cell for cell in notebook.cells if cell.id == f"{question}-solution").source = answer
    if first:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first))
    return notebook


def run(notebook: NotebookNode, folder: Path) -> dict[str, str]:
    """Run the notebook in ``folder``; the text that each of its cells shows, by id."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    client = NotebookClient(notebook, timeout=120, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    done = client.execute(env=environment)
    return {cell.id: "\n".join(map(shown, cell.get("outputs", []))) for cell in done.cells}


def shown(output: NotebookNode) -> str:
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.get("text") or output.data.get("text/plain"))


@pytest.mark.slow
def test_right_answers_pass_in_colab_without_a_tests_folder(release: Path, tmp_path: Path) -> None:
    said = run(filled(release, COLAB, **RIGHT), tmp_path)
    assert said["q1"] == "q1 results: All test cases passed!"
    assert said["q2"] == "q2 results: All test cases passed!"
    assert {p.name: p.read_text() for p in tmp_path.glob("tests/*")} == {
        p.name: p.read_text() for p in release.glob("tests/*")
    }


@pytest.fixture(scope="module")
def hasty(release: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder and the cells' texts of a notebook whose checks were run too early, and once more after wrong answers."""
    folder = tmp_path_factory.mktemp("hasty")
    (folder / "tests").mkdir()
    (folder / "tests/q1.py").write_text("another notebook's")
    notebook, stubs = filled(release, KEEP_OTTER_OUT, **WRONG), filled(release)
    early = [cell for cell in stubs.cells if cell.id in ("q1-example", "q1-solution", "q1", "q2")]
    for each in early:
        each.id = f"early-{each.id}"
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == "setup")
    notebook.cells[place:place] = early
    return folder, run(notebook, folder)


@pytest.mark.slow
def test_wrong_answers_get_the_message_and_others_checks_stay(hasty: tuple[Path, dict[str, str]]) -> None:
    folder, said = hasty
    assert "assert count_words(sentence) == 3" in said["q1"]
    assert "a good film' has 3 words; you counted 11" in said["q1"]
    assert "AssertionError: the 1 should stand at position 2; the first position is 0" in said["q2"]
    assert (folder / "tests/q1.py").read_text() == "another notebook's"
    assert said["otter"] == ""


@pytest.mark.slow
def test_what_was_not_run_yet_is_named(hasty: tuple[Path, dict[str, str]]) -> None:
    _, said = hasty
    assert "NotImplementedError" in said["early-q1"]
    assert "np, one_hot not defined yet: run the cells above, then check again." in said["early-q2"]


def test_first_cell_holds_the_test_files_word_for_word() -> None:
    tests = {"q1": 'a = "\\n" # \\ \'\'\' """doc""" {brace}\n', "q2": 'ends with a quote"\n'}
    setup = make_student_notebook(nbformat.v4.new_notebook(), "tiny", tests).cells[0]
    assignment = ast.parse(setup.source).body[0]
    assert isinstance(assignment, ast.Assign)
    assert ast.literal_eval(assignment.value) == {f"{name}.py": text for name, text in tests.items()}
    assert setup.metadata.editable is False and "engine" in setup.metadata.tags


def parameters(source: str) -> list[str]:
    """What the test file made from a check cell takes from the notebook."""
    module = ast.parse(write_public_test(cell("q1", source, points=2), "tiny"))
    (function,) = (node for node in module.body if isinstance(node, ast.FunctionDef))
    return [argument.arg for argument in function.args.args]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("assert pad(x) == [i for i in y]", ["pad", "x", "y"]),
        ("import numpy as np\nassert np.sum(x) == len(x)", ["x"]),
        ("for n in (1, 2):\n    def law(k=n):\n        return f(k) + n\n    assert law() == c", ["c", "f"]),
        ("got = f'{pad(x)!r}'\nassert got", ["pad", "x"]),
        ("assert (lambda s: s + t)(1)", ["t"]),
        ("assert True", []),
    ],
)
def test_checks_take_what_they_use_from_the_notebook(source: str, names: list[str]) -> None:
    assert parameters(source) == ["env", *names]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (
            "x = 1\n%timeit x",
            ", line 2: invalid syntax. Write the checks in plain Python, so that otter runs them too.",
        ),
        (
            'assert x == """a\nb"""',
            ": a string runs over several lines; write its line ends as \\n."
            " Write the checks in plain Python, so that otter runs them too.",
        ),
        ("assert env", ": uses the name 'env', which otter keeps for itself. Rename it in the notebook."),
    ],
)
def test_check_cell_that_otter_could_not_run(source: str, fault: str) -> None:
    with pytest.raises(UsageError) as raised:
        parameters(source)
    assert str(raised.value) == f"source/tiny/tiny.ipynb, cell 'q1'{fault}"
