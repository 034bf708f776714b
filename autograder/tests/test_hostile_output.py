"""Neither a terminal nor a page obeys what a student writes."""

from __future__ import annotations

import dataclasses
import os
import pty
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from jinja2 import Environment, PackageLoader
from markupsafe import escape

from autograder.course.config import Limits
from autograder.course.course import Course, find_course
from autograder.judge.failures import CheckFailed
from autograder.judge.results import CheckResult, Result
from autograder.judge.submission import StudentNotebook
from autograder.reports import pages
from autograder.reports.class_report import write_report
from autograder.reports.feedback import render_page
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers.attacks import attacks
from autograder.tests.helpers.commands import autograder
from autograder.tests.helpers.jail import cells, configured
from autograder.tests.helpers.tiny_course import RIGHT, submit

pytestmark = pytest.mark.slow

ESCAPE = "\x1b[2J"
FORBIDDEN_IN_PAGES = ("<script>alert", "<img src=x", "\x1b", "\x07")
NAMES = ("</title><script>alert(3)</script>", "[red]eve[/]", "[/nothing]", "eve\x1b[2J\x07")


def hostile_class(course: Course, mark: str) -> int:
    """One folder per student, with markup in all that a student can put a text into; how many submissions there are."""
    folder, samples = course.root / "class", attacks("output")
    for attack in samples:
        attack.submit(course, folder / attack.name / "tiny.ipynb", mark=mark)
    payload = f"<script>alert(1)</script>{ESCAPE}[red]{mark}[/]"
    for number, name in enumerate(NAMES):
        submit(course, folder / name.replace("/", "\u2215") / "tiny.ipynb", **RIGHT)
        submit(course, folder / f"named-{number}" / f"{name.replace('/', chr(0x2215))}.ipynb", **RIGHT)
    for place in ("language", "kernel", "title"):
        path = submit(course, folder / place / "tiny.ipynb", **RIGHT)
        notebook = nbformat.read(path, as_version=4)
        if place == "language":
            notebook.metadata.language_info = {"name": payload}
        elif place == "kernel":
            notebook.metadata.kernelspec = {"name": payload, "display_name": payload, "language": "python"}
            notebook.metadata[payload] = payload
        else:
            notebook.metadata.title = payload
            notebook.cells[0].metadata[payload] = {payload: payload}
            notebook.cells[0].source = payload
            notebook.cells.append(nbformat.v4.new_markdown_cell(payload))
        nbformat.write(notebook, path)
    return len(samples) + 2 * len(NAMES) + 3


@dataclasses.dataclass(frozen=True)
class Graded:
    """A class that was graded with the command.

    Attributes:
        number: how many submissions were handed in.
    """

    course: Course
    number: int
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def graded_class(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    course = configured(built_once, tmp_path_factory.mktemp("class") / "course")
    number = hostile_class(course, "canary_markup")
    return Graded(course, number, autograder(course, "grade", "class", "--workers", "1", "--json", "grades.jsonl"))


def test_a_terminal_obeys_nothing_that_a_student_writes(graded_class: Graded) -> None:
    done = graded_class.done
    assert "Traceback" not in done.stderr and done.returncode in (0, 1), done.stderr[-3000:]
    assert "\x1b" not in done.stdout + done.stderr and "\x07" not in done.stdout, "a terminal would obey the student"
    assert "[/nothing]" in done.stdout.replace("\u2215", "/"), "a name was read as markup of ours"
    lines = (graded_class.course.root / "grades.jsonl").read_text().splitlines()
    assert len(lines) >= graded_class.number - len(NAMES), "some submissions have no result"
    assert all("\x1b" not in line for line in lines), "a terminal that shows the JSON would obey the student"


def unescaped(page: Path) -> list[str]:
    return [bad for bad in FORBIDDEN_IN_PAGES if bad in page.read_text()]


def test_no_feedback_page_runs_what_a_student_writes(graded_class: Graded) -> None:
    written = list(graded_class.course.tree("feedback").rglob("*.html"))
    assert sum("canary_markup" in page.read_text() for page in written) >= 3, "the payload is on no page at all"
    assert {page.parent.parent.name: unescaped(page) for page in written if unescaped(page)} == {}


def test_the_class_report_is_written_whoever_cannot_be_graded_and_runs_nothing(graded_class: Graded) -> None:
    page, _ = write_report(find_course(graded_class.course.root))
    assert "tiny" in page.read_text()
    assert unescaped(page) == []


def test_on_a_terminal_names_are_no_markup_of_ours(built: Course) -> None:
    """The bar that shows progress is drawn on terminals alone."""
    submit(built, built.root / "class" / "[\u2215nothing]" / "tiny.ipynb", **RIGHT)
    submit(built, built.root / "class" / "[bold" / "tiny.ipynb", **RIGHT)
    moodle = built.root / "moodle.zip"
    with zipfile.ZipFile(moodle, "w") as file:
        content = (built.root / "class" / "[bold" / "tiny.ipynb").read_bytes()
        file.writestr("[/nothing]_1_assignsubmission_file_/tiny.ipynb", content)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from autograder.cli import main; main()", "grade", "class", "moodle.zip"],
        cwd=built.root,
        env={**os.environ, "COLUMNS": "200", "TERM": "xterm", "OMP_NUM_THREADS": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written, deadline = b"", time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 1 << 16)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(ours)
    assert process.wait(60) == 0, written.decode(errors="replace")[-3000:]
    assert b"MarkupError" not in written


def test_the_payload_arrives_and_pages_that_escape_nothing_would_show_it(
    in_a_jail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack = next(a for a in attacks("output") if "into_an_error_message" in a.name)
    with NotebookRun(cells(attack, {"mark": "canary_markup"}), [], Limits()) as run:
        run.run_cells()
        with pytest.raises(CheckFailed) as failure:
            StudentNotebook(run).count_words("a")
    told = failure.value.rationale
    assert "<script>alert(1)</script>" in told and "\x07" in told, "the payload is lost on its way: pages are not tried"
    shown = CheckResult(question="q1", check="c", title="t", status="failed", points=0, max_points=1, rationale=told)
    result = Result(assignment="tiny", student="s", submission="", points=0, max_points=1, seconds=0, checks=[shown])
    result.questions = {"q1": "words"}
    assert str(escape("<script>alert(1)</script>")) in render_page(result.for_students(details=True))
    careless = Environment(loader=PackageLoader("autograder.reports"), autoescape=False)
    monkeypatch.setattr(pages, "load_templates", lambda: careless)
    assert "<script>alert(1)</script>" in render_page(result.for_students(details=True))
