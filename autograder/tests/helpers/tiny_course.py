"""A complete course with one assignment of two questions, small enough to read at a glance and to grade in seconds.

``make_course(folder)`` writes it, ``build(course)`` releases it, ``submit(course, path, **WRONG)`` hands something in.
Points: q1 offers 2 (1 visible), q2 offers 3 (2 visible), and one question of 1 point is for a person to grade.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course.course import Course, find_course
from autograder.files import read_notebook
from autograder.intake.notebook import Opened, open_notebook
from autograder.sandbox import warm
from autograder.sandbox.parent import WarmParent

ASSIGNMENT = "tiny"
MAX_POINTS = 5.0

REFERENCE = '''\
"""Tiny assignment: count words, and write a word as a vector."""

import numpy as np

ONE = 1.0


def count_words(sentence: str) -> int:
    """Number of words in a sentence, split at white space.

    >>> count_words("a good  film")
    3
    """
    return len(sentence.split())


def one_hot(index: int, size: int) -> np.ndarray:
    """Vector of shape (size,): one at ``index``, zero elsewhere."""
    vector = _empty_vector(size)
    vector[index] = ONE  # the only entry that is not zero
    return vector


def _empty_vector(size: int) -> np.ndarray:
    return np.zeros((size,), dtype="float32")
'''

MISCONCEPTIONS = '''\
from autograder.misconceptions import misconception
from solutions.tiny import count_words, one_hot


@misconception(count_words, hint="How many words has 'a good film', and how many letters?")
def counts_letters(sentence):
    """Counts letters and spaces."""
    return len(list(sentence))


@misconception(count_words, hint="How many gaps lie between three words?")
def counts_gaps(sentence):
    """Counts the gaps between words."""
    return count_words(sentence) - 1


@misconception(one_hot, hint="Which index has the first entry of an array?")
def counts_from_one(index, size):
    """Counts positions from one."""
    import numpy as np

    return np.roll(one_hot(index, size), -1)
'''

TEST_Q1 = '''\
"""Tiny assignment, question 1: words (2 points)."""

from autograder.checks import agree, check
from solutions.tiny import count_words


@check("q1", points=1, visible=True)
def test_counts_words(submission, draw):
    """count_words(sentence) is the number of words"""
    for words, letters in draw.distinct_pairs(2, 9, n=3):
        text = " ".join(["x" * letters] * words)
        agree(submission.count_words, text, expected=words, reference=count_words)


@check("q1", points=1, needs=test_counts_words)
def test_spaces_do_not_count(submission, draw):
    """count_words ignores spaces at both ends, and any number of them in between"""
    for words in draw.distinct(2, 9, n=3):
        agree(submission.count_words, "  " + "film   " * int(words), expected=int(words), reference=count_words)
'''

TEST_Q2 = '''\
"""Tiny assignment, question 2: vectors (3 points)."""

from autograder.checks import agree, check
from solutions.tiny import one_hot


@check("q2", points=2, visible=True)
def test_one_stands_at_the_index(submission, draw):
    """one_hot(index, size) is 1 at the index and 0 elsewhere"""
    for index, more in draw.distinct_pairs(1, 9, n=4):
        place, length = int(index), int(index + more)
        agree(submission.one_hot, place, length, expected=one_hot(place, length), reference=one_hot)


@check("q2", points=1, needs=test_one_stands_at_the_index)
def test_sums_to_one(submission, draw):
    """The entries of one_hot(index, size) sum to 1, for the first index too"""
    for length in draw.distinct(3, 30, n=3):
        total = lambda vector: float(sum(vector))
        agree(submission.one_hot, 0, int(length), expected=1.0, reference=one_hot, view=total)
'''

EQUIVALENT = """\
[[equivalent]]
function = "_empty_vector"
operator = "argument left out"
mutants = 1
reason = "Nothing is asked of the dtype."

[[equivalent]]
function = "_empty_vector"
operator = "option"
mutants = 2
reason = "Nothing is asked of the dtype."
"""

CONFIG = """\
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "tiny-course"
c.Limits.seconds_per_cell = 5
c.Limits.seconds_per_call = 5
c.Limits.memory_mib = 512
"""

NBGRADER_CONFIG = """\
from autograder.nbgrader_config import configure; configure(c, __file__)  # noqa: E702, F821
"""

STUB_Q1 = '''\
def count_words(sentence):
    """Number of words in ``sentence``, a str whose words are separated by white space. Returns an int."""
    ### BEGIN SOLUTION
    return solutions.tiny.count_words(sentence)
    ### END SOLUTION'''

STUB_Q2 = '''\
def one_hot(index, size):
    """Array of shape (size,): 1 at position ``index`` (the first is 0), 0 elsewhere."""
    ### BEGIN SOLUTION
    return solutions.tiny.one_hot(index, size)
    ### END SOLUTION'''

CHECK_Q1 = """\
assert count_words(sentence) == 3, f"'{sentence}' has 3 words; you counted {count_words(sentence)}"
"""

CHECK_Q2 = """\
answer = np.asarray(one_hot(2, 4))
assert answer.shape == (4,), f"the shape should be (4,), yours is {answer.shape}"
assert list(answer) == [0, 0, 1, 0], "the 1 should stand at position 2; the first position is 0"
"""

#: Answers by keyword of ``submit``: each gives what its name says.
RIGHT = {
    "q1": "def count_words(sentence):\n    return len(sentence.split())",
    "q2": "def one_hot(index, size):\n    return np.eye(size)[index]",
}
WRONG = {
    "q1": "def count_words(sentence):\n    return len(sentence)",  # the misconception "Counts letters and spaces."
    "q2": "def one_hot(index, size):\n    return np.ones(size)",
}


def make_course(folder: Path) -> Course:
    """Write the course into ``folder`` (made if need be) and return it; nothing is built."""
    for name, text in course_files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return find_course(folder)


def course_files() -> dict[str, str]:
    """Path in the course -> text."""
    return {
        "grader_config.py": CONFIG,
        "nbgrader_config.py": NBGRADER_CONFIG,
        "source/tiny/tiny.ipynb": nbformat.writes(source_notebook()) + "\n",
        "solutions/tiny.py": REFERENCE,
        "solutions/misconceptions/tiny.py": MISCONCEPTIONS,
        "tests/tiny/test_q1_words.py": TEST_Q1,
        "tests/tiny/test_q2_vectors.py": TEST_Q2,
        "tests/tiny/equivalent_mutants.toml": EQUIVALENT,
    }


def source_notebook() -> NotebookNode:
    """The instructor's notebook."""
    instructor = dedent("""\
        ### BEGIN SOLUTION
        import sys
        sys.path.insert(0, "../..")
        import solutions.tiny
        ### END SOLUTION""")
    cells = [
        cell("title", "# Words and vectors\n\nA sentence becomes numbers in two steps."),
        cell("instructor", instructor, solution=True, tags=["instructor"]),
        cell("setup", "import numpy as np"),
        cell("q1-text", "## 1. Words"),
        cell("q1-example", 'sentence = "a good film"'),
        cell("q1-solution", STUB_Q1, solution=True),
        cell("q1", CHECK_Q1, points=2),
        cell("q2-text", "## 2. Vectors"),
        cell("q2-solution", STUB_Q2, solution=True),
        cell("q2", CHECK_Q2, points=3),
        cell("explain-text", "## 3. Why does a vector of word numbers say less than one-hot vectors?"),
        cell("explain", "Numbers have an order; words have none.", solution=True, points=1, markdown=True),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def cell(
    name: str,
    source: str,
    solution: bool = False,
    points: float | None = None,
    tags: list[str] | None = None,
    markdown: bool = False,
) -> NotebookNode:
    """A cell of the source notebook: markdown if it says so or its name is ``title`` or ends in ``text``, else code."""
    is_text = markdown or name == "title" or name.endswith("text")
    nbgrader = {
        "grade": points is not None,
        "grade_id": name,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
        "cell_type": "markdown" if is_text else "code",
    }
    if points is not None:
        nbgrader["points"] = points
    metadata = {"nbgrader": nbgrader, **({"tags": tags} if tags else {})}
    make = new_markdown_cell if is_text else new_code_cell
    return make(source.rstrip("\n"), id=name, metadata=metadata)


def submit(course: Course, path: Path, **answers: str) -> Path:
    """Write the released notebook to ``path`` with ``answers`` (``q1="def count_words..."``) in its solution cells.

    A question without an answer keeps its stub; ``submit(course, path, **RIGHT)`` earns every point. Build first.
    """
    notebook = nbformat.read(course.assignment(ASSIGNMENT).released, as_version=4)
    for released in notebook.cells:
        question = released.id.removesuffix("-solution")
        if released.id.endswith("-solution") and question in answers:
            released.source = answers[question]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def open_file(path: Path, course: Course, assignment: str | None = None) -> Opened:
    """What a reader makes of a file, in this process."""
    data = read_notebook(path, course.settings.limits.notebook_mib)
    return open_notebook(data, path.name, course, assignment)


def warm_parent() -> WarmParent:
    """The parent of this process, which is no judge."""
    parent = warm.parent()
    assert isinstance(parent, WarmParent)
    return parent


def edit(course: Course, name: str, old: str, new: str) -> None:
    path = course.root / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
