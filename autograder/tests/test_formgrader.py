"""nbgrader's formgrader on a course that `autograder grade` has graded: its lists, its pages, and its own autograde button."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_raw_cell

from autograder.course.course import Course
from autograder.tests.helpers.commands import BIN, autograder
from autograder.tests.helpers.jail import configured
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, submit

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium")
RUNS = "document.body.dataset.ran=1"
SCRIPT = f"<script>{RUNS}</script>"
IMAGE = f'<img src="x" onerror="{RUNS}">'


class Formgrader:
    """A running formgrader.

    Args:
        address: of the server, without a slash at its end.
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def get(self, path: str, method: str = "GET") -> str:
        """The body of a page, asked for as a browser that has the page's cookie asks."""
        headers = {"Cookie": "_xsrf=a", "X-XSRFToken": "a"}
        request = urllib.request.Request(f"{self.address}/formgrader/{path}", headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return str(answer.read().decode())

    def ask(self, path: str, method: str = "GET") -> Any:
        """What its interface for programs says."""
        return json.loads(self.get(f"api/{path}", method))

    def is_up(self) -> bool:
        try:
            return bool(self.get("manage_assignments"))
        except (urllib.error.URLError, ConnectionError):
            return False


@pytest.fixture(scope="module")
def course(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    return configured(built_once, tmp_path_factory.mktemp("formgrader") / "course")


@pytest.fixture(scope="module")
def formgrader(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Formgrader]:
    """Formgrader as `jupyter lab` starts it in the course folder, after a class of two was graded."""
    folder = tmp_path_factory.mktemp("server")
    environment = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    submit(course, course.root / "submitted/ann/tiny/tiny.ipynb", **RIGHT)
    submit(course, course.root / "submitted/ben/tiny/tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    assert autograder(course, "grade", "submitted").returncode == 0
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--allow-root", "--no-browser", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command = [str(BIN / "jupyter"), "lab", f"--ServerApp.port={port}", *options]
    with open(folder / "server.log", "wb") as log:
        server = subprocess.Popen(command, cwd=course.root, env=environment, stdout=log, stderr=log)
    found, deadline = Formgrader(f"http://127.0.0.1:{port}"), time.monotonic() + 120
    while not found.is_up():
        assert server.poll() is None and time.monotonic() < deadline, (folder / "server.log").read_text()
        time.sleep(0.3)
    yield found
    server.terminate()
    server.wait(60)


def test_formgrader_shows_the_judges_points(formgrader: Formgrader) -> None:
    [tiny] = formgrader.ask("assignments")
    assert (tiny["name"], tiny["max_score"], tiny["num_submissions"]) == ("tiny", 6.0, 2)
    assert points(formgrader) == {"ann": 5.0, "ben": 3.0}
    page = formgrader.get(f"submissions/{number_of_ben(formgrader)}")
    assert "a known mistake: Counts letters and spaces" in page and "def test_" not in page


def number_of_ben(formgrader: Formgrader) -> str:
    """The number under which formgrader shows ben's notebook."""
    [number] = [s["id"] for s in formgrader.ask("submitted_notebooks/tiny/tiny") if s["student"] == "ben"]
    return str(number)


@pytest.fixture(scope="module")
def scripted(formgrader: Formgrader, course: Course) -> NotebookNode:
    """What ben hands in next, with scripts beside right answers; formgrader's button has graded it."""
    right = {"q1": f"'{SCRIPT}'\n{RIGHT['q1']}", "q2": RIGHT["q2"]}
    handed_in = submit(course, course.root / "submitted/ben/tiny/tiny.ipynb", **right)
    notebook = nbformat.read(handed_in, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "explain").source = f"I *know* {IMAGE} that 1 < 2\n\n{SCRIPT}"
    more = [new_markdown_cell(f"{SCRIPT} [a link](javascript:{RUNS}) ![a](/x.png)"), new_raw_cell(SCRIPT)]
    notebook.cells += [new_markdown_cell("![a](attachment:none.png)"), *more]
    nbformat.write(notebook, handed_in)
    answer = formgrader.ask("submission/tiny/ben/autograde", "POST")
    assert answer["success"], answer
    return notebook


def test_formgrader_grades_with_the_judge(formgrader: Formgrader, scripted: NotebookNode) -> None:
    assert points(formgrader) == {"ann": 5.0, "ben": 5.0}


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: pages cannot be opened (apt-get install chromium)")
def test_nothing_that_a_student_wrote_runs_where_it_is_shown(
    formgrader: Formgrader, course: Course, scripted: NotebookNode
) -> None:
    """The page in a browser: with the notebook as it came the script runs; as autograde writes it, one reads it."""
    notebook, number = scripted, number_of_ben(formgrader)
    shown = dom(f"{formgrader.address}/formgrader/submissions/{number}/")
    assert "data-ran" not in shown
    container, *_ = BeautifulSoup(shown, "html.parser").select("#notebook-container")
    text = container.get_text()
    assert f"I know {IMAGE} that 1 < 2" in text and "![a](/x.png)" in text and f"[a link](javascript:{RUNS})" in text
    assert text.count(SCRIPT) == 4, "in code, in an answer, in a text and in a raw cell"

    notebook.cells = [cell for cell in notebook.cells if "attachment:" not in cell.source]
    nbformat.write(notebook, course.root / "autograded/ben/tiny/tiny.ipynb")
    assert "data-ran" in dom(f"{formgrader.address}/formgrader/submissions/{number}/")


def dom(address: str) -> str:
    """A page's document after a browser has loaded it and run what it would run."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000", "--dump-dom"]
    return subprocess.run([*command, address], capture_output=True, text=True, timeout=120, check=True).stdout


def points(formgrader: Formgrader) -> dict[str, float]:
    return {s["student"]: s["score"] for s in formgrader.ask("submissions/tiny")}


def test_its_pages_of_lists_open(formgrader: Formgrader) -> None:
    for page in (
        "manage_assignments",
        "manage_submissions/tiny",
        "manage_students",
        "gradebook",
        "gradebook/tiny/tiny",
    ):
        assert re.search("<title>.+</title>", formgrader.get(page)), page
