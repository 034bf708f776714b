"""nbgrader's own commands on our course: the judge's points reach its gradebook, and its known breakages do not happen here."""

from __future__ import annotations

import base64
import html
import os
import subprocess
from pathlib import Path

import click.testing
import nbformat
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course
from autograder.engines.plain import make_plain
from autograder.errors import Ungradable
from autograder.tests.helpers.commands import nbgrader, scores
from autograder.tests.helpers.jail import configured
from autograder.tests.helpers.tiny_course import MAX_POINTS, RIGHT, WRONG, submit

pytestmark = pytest.mark.slow


def hand_in(course: Course, student: str, **answers: str) -> Path:
    folder = course.root / "submitted" / student / "tiny"
    path = submit(course, folder / "tiny.ipynb", **answers)
    (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    return path


def edit(path: Path, source: str, after: str) -> None:
    """Put a code cell with ``source`` behind the cell called ``after``, twice the cell itself."""
    notebook = nbformat.read(path, as_version=4)
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == after)
    notebook.cells.insert(place + 1, nbformat.from_dict(notebook.cells[place]))
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, path)


SCRIPT = "<script>document.body.dataset.ran = 1</script>"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def hand_in_class(course: Course) -> None:
    hand_in(course, "a_right", **RIGHT)
    loud = hand_in(course, "b_loud_and_duplicated", **RIGHT)
    edit(loud, "import sys, warnings; warnings.warn('careful'); print('loud', file=sys.stderr)", after="q1-solution")
    hand_in(course, "c_half", q1=RIGHT["q1"], q2=WRONG["q2"])
    part = "def count_words(sentence):\n    return sentence.count(' ') + 1"
    hand_in(course, "d_part_of_a_question", q1=part, q2=RIGHT["q2"])
    (hand_in(course, "e_no_notebook")).write_text("hello")
    hand_in(course, "f_empty")
    hand_in(course, "g_letters", q1=WRONG["q1"], q2=RIGHT["q2"])


def hand_in_text(course: Course) -> None:
    """A script, pictures that are none and letters that turn the text around."""
    path = hand_in(course, "writer", **{**RIGHT, "q1": RIGHT["q1"] + "\n# right \u202e\u2066to left"})
    notebook = nbformat.read(path, as_version=4)
    answer = next(cell for cell in notebook.cells if cell.id == "explain")
    answer.source = f"if 1 < 2 {SCRIPT} ![a sketch](attachment:a.png) ![b](attachment:b.svg)"
    answer.attachments = {"a.png": {"image/png": PIXEL}, "b.svg": {"image/svg+xml": SCRIPT}, "c": {"text/html": SCRIPT}}
    nbformat.write(notebook, path)


def hand_in_numbers(course: Course) -> None:
    path = hand_in(course, "forger", **WRONG)
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.id in ("q1", "q2"):
            cell.outputs = [
                nbformat.v4.new_output("execute_result", data={"text/plain": str(MAX_POINTS)}, execution_count=1)
            ]
    nbformat.write(notebook, path)


def hand_in_links(course: Course) -> None:
    key = course.root / "solutions" / "key.txt"
    key.write_text("the answer")
    hand_in(course, "ann", **RIGHT)
    ben = hand_in(course, "ben", **RIGHT).parent
    (ben / "data.txt").symlink_to(key)
    (ben / ".hidden").symlink_to(key)
    (ben / "[a]").mkdir()
    (ben / "[a]" / ".deep").symlink_to(key)
    (ben / "all").symlink_to("/etc")
    (ben / "endless.txt").symlink_to("/dev/zero")
    os.mkfifo(ben / "pipe.txt")
    (ben / "scratch.ipynb").symlink_to("../../ann/tiny/tiny.ipynb")
    (ben / "timestamp.txt").write_text("2026-01-31 12:00:00 " + "1 " * 500_000)
    eva = hand_in(course, "eva", **RIGHT)
    eva.unlink()
    eva.symlink_to("../../ann/tiny/tiny.ipynb")
    (course.root / "submitted" / "lem").symlink_to("ann")
    nell = hand_in(course, "nell", **RIGHT)
    nell.with_name("timestamp.txt").write_bytes(b"\xef\xbb\xbf2026-01-30 11:00:00 UTC")
    dan = hand_in(course, "dan", **RIGHT)
    dan.unlink()
    dan.symlink_to("nowhere.ipynb")
    dan.with_name("timestamp.txt").unlink()
    dan.with_name("timestamp.txt").symlink_to("/dev/zero")
    (course.root / "autograded" / "dan" / "tiny").mkdir(parents=True)  # then nbgrader compares the times first
    (ben / ("n" * 255)).symlink_to(key)


@pytest.fixture(scope="module")
def course(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which everything that these tests look at is handed in."""
    handed_in = configured(built_once, tmp_path_factory.mktemp("class") / "course")
    for kind in (hand_in_class, hand_in_text, hand_in_numbers, hand_in_links):
        kind(handed_in)
    return handed_in


@pytest.fixture(scope="module")
def autograded(course: Course) -> subprocess.CompletedProcess[str]:
    return nbgrader(course, "autograde", "tiny")


@pytest.fixture(scope="module")
def pages(course: Course, autograded: subprocess.CompletedProcess[str]) -> Path:
    """The folder of what students read."""
    done = nbgrader(course, "generate_feedback", "tiny")
    assert done.returncode == 0, done.stderr
    return course.root / "feedback"


def test_a_class_is_graded_with_partial_credit_whatever_is_in_it(
    course: Course, autograded: subprocess.CompletedProcess[str]
) -> None:
    """Stock nbgrader gives zero for a line on stderr, and stops the whole class at a duplicated cell."""
    found = scores(course)
    assert found["a_right"] == {"q1": 2.0, "q2": 3.0, "explain": None} | {"explain": found["a_right"]["explain"]}
    assert found["b_loud_and_duplicated"]["q1"] == 2.0
    assert (found["c_half"]["q1"], found["c_half"]["q2"]) == (2.0, 0.0)
    assert found["d_part_of_a_question"]["q1"] == 1.0
    assert (found["f_empty"]["q1"], found["f_empty"]["q2"]) == (0.0, 0.0)
    assert autograded.returncode == 1, "some submissions could not be graded"
    assert "e_no_notebook" in autograded.stderr


def test_feedback_and_export_follow(course: Course, pages: Path) -> None:
    done = nbgrader(course, "export")
    assert done.returncode == 0, done.stderr
    page = (pages / "g_letters" / "tiny" / "tiny.html").read_text()
    assert "Counts letters and spaces" in page
    assert "def test_" not in page
    row = next(line for line in (course.root / "grades.csv").read_text().splitlines() if "g_letters" in line)
    assert f",{3.0}," in row


def test_feedback_shows_a_students_text_as_text_and_an_unanswered_question_as_it_was(
    course: Course, pages: Path
) -> None:
    """Feedback shows the answers that a person reads; an answer left as released is known by its exact text."""
    page = (pages / "writer/tiny/tiny.html").read_text()
    assert "\u202e" not in page and "\u2066" not in page
    assert scores(course)["writer"]["q1"] == scores(course)["a_right"]["q1"] == 2, "the code ran as it was written"
    assert SCRIPT not in page and f"if 1 &lt; 2 {html.escape(SCRIPT)}" in page
    assert f'<img alt="a sketch" src="data:image/png;base64,{PIXEL}"' in page and "svg+xml" not in page
    released = nbformat.read(course.assignment("tiny").released, as_version=4)
    left = nbformat.read(course.root / "autograded/a_right/tiny/tiny.ipynb", as_version=4)
    [asked], [kept] = (
        [cell.source for cell in cells if cell.id == "explain"] for cells in (released.cells, left.cells)
    )
    assert kept == asked


def test_a_misspelt_key_stops_nbgrader_with_one_line(built: Course) -> None:
    with open(built.root / "grader_config.py", "a") as file:
        file.write("c.Limits.seconds_per_sell = 3\n")
    done = nbgrader(built, "autograde", "tiny")
    assert done.returncode == 2
    assert "c.Limits.seconds_per_sell is unknown. Did you mean 'seconds_per_cell'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_automatic_points_are_the_judges(course: Course, autograded: subprocess.CompletedProcess[str]) -> None:
    """A submission that writes a number into a check cell's output gains nothing."""
    assert scores(course)["forger"]["q1"] == 0.0


def test_no_link_pipe_or_endless_time_is_read(course: Course, autograded: subprocess.CompletedProcess[str]) -> None:
    """nbgrader's own follows a link to a neighbour's work or the key, and copies what it leads to into autograded/."""
    found = scores(course)
    names = found.keys() & {"ann", "ben", "eva", "lem", "nell", "dan"}
    assert {name for name in names if found[name]["q1"] is not None} == {"ann", "ben", "nell"}
    assert (found["ben"]["q1"], found["ben"]["q2"]) == (2.0, 3.0)
    assert autograded.returncode == 1 and "Traceback" not in autograded.stderr, "who handed in a link has no grade"
    submitted = course.root / "submitted"
    for line in (
        f"{submitted}/ben/tiny/data.txt: was a link to '{course.root}/solutions/key.txt'; a text that says so is in its place.",
        f"{submitted}/ben/tiny/pipe.txt: was a special file; a text that says so is in its place.",
        f"{submitted}/ben/tiny/timestamp.txt: holds no time and was set aside.",
        f"{submitted}/eva/tiny/tiny.ipynb: is a link or special file and was not read.",
        f"{submitted}/lem: is a link and was not followed.",
    ):
        assert line in autograded.stderr, line
    copies = [path for path in (course.root / "autograded").rglob("*") if not path.is_dir()]
    assert len(copies) > 5
    assert all(path.is_file() and not path.is_symlink() and b"the answer" not in path.read_bytes() for path in copies)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        times = {s.student.id: s.timestamp for s in gradebook.assignment_submissions("tiny")}
    assert times["ben"] is None and times["nell"].day == 30


@pytest.fixture(scope="module")
def without_details(
    built_once: Course, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Course, click.testing.Result]:
    """A tree with links that `autograder grade` has graded, in a course that keeps details back; and what was told."""
    course = configured(built_once, tmp_path_factory.mktemp("tree") / "course", "Autograder.show_details = False")
    (course.root / "solutions" / "key.txt").write_text("the answer")
    hand_in(course, "ann", q1=WRONG["q1"], q2=RIGHT["q2"])
    ben = hand_in(course, "ben", **RIGHT).parent
    (ben / "data.txt").symlink_to(course.root / "solutions" / "key.txt")
    (ben / "timestamp.txt").write_text("1 " * 500_000)
    eva = hand_in(course, "eva", **RIGHT)
    eva.unlink()
    eva.symlink_to("../../ann/tiny/tiny.ipynb")
    return course, CliRunner().invoke(main, ["grade", str(course.root / "submitted"), "--course", str(course.root)])


def test_grading_the_tree_follows_no_link_either(without_details: tuple[Course, click.testing.Result]) -> None:
    course, done = without_details
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
    found = scores(course)
    assert set(found) == {"ann", "ben"} and found["ben"]["q2"] == 3.0
    told = " ".join(done.output.split())
    for line in (
        "ben/tiny/data.txt: is a link",
        "ben/tiny/timestamp.txt: holds no time",
        "eva/tiny/tiny.ipynb: is a link",
    ):
        assert line in told
    shown = [path for tree in ("autograded", "feedback") for path in (course.root / tree).rglob("*") if path.is_file()]
    assert shown and all(b"the answer" not in path.read_bytes() for path in shown)


def test_details_are_kept_back_when_the_course_says_so(without_details: tuple[Course, click.testing.Result]) -> None:
    """In the page that nbgrader writes and in the graded notebook."""
    course, _ = without_details
    page = course.root / "feedback" / "ann" / "tiny" / "tiny.html"
    page.unlink()
    assert nbgrader(course, "generate_feedback", "tiny").returncode == 0
    graded = course.root / "autograded" / "ann" / "tiny" / "tiny.ipynb"
    for text in (page.read_text(), graded.read_text()):
        assert "count_words(sentence) is the number of words" in text and "0 / 1" in text
        assert "Counts letters and spaces" not in text and "your function returned" not in text


def test_what_cannot_be_made_plain_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "submitted/ann/tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_text("{}")
    (folder / "timestamp.txt").write_text("2026-01-31 12:00:00 UTC".ljust(2000))
    assert make_plain(folder, tmp_path / "submitted") == [f"{folder}/timestamp.txt: holds no time and was set aside."]
    assert make_plain(folder, tmp_path / "submitted") == []
    (tmp_path / "submitted/eve").mkdir()
    (tmp_path / "submitted/eve/tiny").symlink_to(folder)
    with pytest.raises(Ungradable, match="eve/tiny: is a link and was not followed"):
        make_plain(tmp_path / "submitted/eve/tiny", tmp_path / "submitted")
