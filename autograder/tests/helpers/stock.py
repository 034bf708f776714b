"""The hostile submissions through unmodified nbgrader and otter, beside what they earn here.

    python -m autograder.tests.helpers.stock

prints the comparison as a Markdown table. The same two questions as in the tiny course, with the same points, are set in the way
of each tool; no configuration and no provisioner of this package is loaded. Student code runs there with the rights of whoever
started it, which is why hostile samples touch nothing but what a test gives them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.release.build import build
from autograder.tests.helpers import ROOT
from autograder.tests.helpers.attacks import Attack, attacks, hand_in
from autograder.tests.helpers.tiny_course import (
    ASSIGNMENT,
    MAX_POINTS,
    RIGHT,
    STUB_Q1,
    STUB_Q2,
    WRONG,
    cell,
    make_course,
)

BIN = Path(sys.executable).parent
SECONDS_NBGRADER, SECONDS_OTTER, SECONDS_BESIDE = 900, 60, 900
SECRET = "GRADER_TOKEN"  # an environment variable of whoever grades
HONEST: dict[str, Mapping[str, str]] = {"all_right": RIGHT, "all_wrong": WRONG}  # by student
KINDS = ("result_channel", "verdicts", "machine_learning")  # of attacks that stock graders are open to
GRADEBOOK = """
CREATE TABLE submitted_assignment (id INTEGER, student_id TEXT);
CREATE TABLE submitted_notebook (id INTEGER, assignment_id INTEGER);
CREATE TABLE grade (id INTEGER, notebook_id INTEGER, auto_score REAL, extra_credit REAL);
INSERT INTO submitted_assignment VALUES (1, 'somebody');
INSERT INTO submitted_notebook VALUES (1, 1);
INSERT INTO grade VALUES (1, 1, 0.0, 0.0);
"""

NBGRADER_Q1 = """\
%%time
np.testing.assert_equal(count_words(sentence), 3)
### BEGIN HIDDEN TESTS
np.testing.assert_equal(count_words("  two   words "), 2)
np.testing.assert_equal(count_words("this one has five words"), 5)
### END HIDDEN TESTS"""

NBGRADER_Q2 = """\
import pytest
assert one_hot(2, 4) == pytest.approx([0, 0, 1, 0])
### BEGIN HIDDEN TESTS
assert one_hot(0, 3) == pytest.approx([1, 0, 0])
assert one_hot(4, 5) == pytest.approx([0, 0, 0, 0, 1])
### END HIDDEN TESTS"""

OTTER_Q1 = '''\
OK_FORMAT = True

test = {
    "name": "q1",
    "points": 2,
    "suites": [{"type": "doctest", "cases": [
        {"code": """>>> count_words("a good film") == 3\\nTrue""", "hidden": False},
        {"code": """>>> count_words("  two   words ") == 2\\nTrue""", "hidden": True},
    ]}],
}
'''

OTTER_Q2 = """\
OK_FORMAT = False

from otter.test_files import test_case

name = "q2"
points = 3


@test_case()
def test_visible(one_hot):
    import pytest
    assert one_hot(2, 4) == pytest.approx([0, 0, 1, 0])


@test_case(hidden=True)
def test_hidden(one_hot):
    import pytest
    assert one_hot(0, 3) == pytest.approx([1, 0, 0])
"""


@contextmanager
def surroundings(folder: Path) -> Iterator[dict[str, str]]:
    """What hostile samples are after: a canary file, a gradebook, and a secret that whoever grades holds.

    The secret stands in the environment and on the command line of a process beside the grader, and backwards among the
    placeholders, so that no search finds itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = f"planted{os.getpid()}for{time.time_ns()}hostilesamples"
    canary, gradebook = folder / "canary", folder / "gradebook.db"
    canary.write_text("untouched")
    gradebook.unlink(missing_ok=True)
    with sqlite3.connect(gradebook) as database:
        database.executescript(GRADEBOOK)
    database.close()
    before = os.environ.get(SECRET)
    os.environ[SECRET] = secret
    beside = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({SECONDS_BESIDE})", secret])
    try:
        yield {"canary": str(canary), "gradebook": str(gradebook), "secret": secret[::-1]}
    finally:
        beside.kill()
        beside.wait()
        if before is None:
            del os.environ[SECRET]
        else:
            os.environ[SECRET] = before


def _environment(folder: Path) -> dict[str, str]:
    """That of a grader which has never heard of this package, its temporary files and its settings in ``folder``."""
    for name in ("tmp", "settings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("JUPYTER_", "AUTOGRADER_", "PYTEST_", "PYTHON"))}
    settings = str(folder / "settings")
    own = {
        "JUPYTER_CONFIG_DIR": settings,
        "JUPYTER_DATA_DIR": settings,
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": settings,
    }
    return {**kept, **own, "TMPDIR": str(folder / "tmp"), "PATH": f"{BIN}:{os.environ['PATH']}"}


# ---- nbgrader


@dataclass(frozen=True)
class StockNbgrader:
    """A course of nbgrader's own with the two questions."""

    folder: Path

    @staticmethod
    def generate(folder: Path) -> StockNbgrader:
        """Make it, by ``nbgrader generate_assignment``."""
        made = StockNbgrader(folder)
        source = folder / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        source.parent.mkdir(parents=True)
        nbformat.write(source_notebook(), source)
        done = made.run("generate_assignment", ASSIGNMENT)
        assert done.returncode == 0, done.stderr[-2000:]
        return made

    def copy(self, folder: Path) -> StockNbgrader:
        """The same in another folder, before anything is handed in."""
        return StockNbgrader(shutil.copytree(self.folder, folder))

    @property
    def released(self) -> Path:
        return self.folder / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"

    @property
    def gradebook(self) -> Path:
        return self.folder / "gradebook.db"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of nbgrader's commands."""
        return subprocess.run(
            [str(BIN / "nbgrader"), *arguments],
            cwd=self.folder,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            timeout=SECONDS_NBGRADER,
            check=False,
        )

    def hand_in(
        self,
        student: str,
        attack: Attack | None = None,
        answers: Mapping[str, str] = WRONG,
        given: dict[str, str] | None = None,
    ) -> None:
        """Put a submission where ``autograde`` looks for it."""
        path = self.folder / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        hand_in(self.released, path, attack, answers, {**(given or {}), "gradebook": str(self.gradebook)})

    def autograde(self, *options: str) -> dict[str, float | None]:
        """Points of every student in the gradebook after ``nbgrader autograde``; None where it gave no grade."""
        self.run("autograde", ASSIGNMENT, *options)
        with sqlite3.connect(self.gradebook) as database:
            rows = database.execute(
                """SELECT a.student_id, SUM(COALESCE(g.auto_score, 0) + COALESCE(g.extra_credit, 0)),
                          SUM(g.auto_score IS NOT NULL)
                   FROM grade g JOIN submitted_notebook n ON g.notebook_id = n.id
                   JOIN submitted_assignment a ON n.assignment_id = a.id GROUP BY a.student_id"""
            ).fetchall()
        database.close()
        students = sorted(path.name for path in (self.folder / "submitted").iterdir())
        graded = {student: points if points or both == 2 else None for student, points, both in rows}
        return {student: graded.get(student) for student in students}


def source_notebook() -> NotebookNode:
    """The instructor's notebook, in nbgrader's way."""
    cells = [
        cell("setup", "import numpy as np"),
        cell("q1-example", 'sentence = "a good film"'),
        cell("q1-solution", STUB_Q1, solution=True),
        cell("q1", NBGRADER_Q1, points=2),
        cell("q2-solution", STUB_Q2, solution=True),
        cell("q2", NBGRADER_Q2, points=3),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


# ---- otter


class StockOtter:
    """A zip of otter's with the two questions: q1 in its default format, q2 in the one of exceptions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.released = folder / "released.ipynb"
        nbformat.write(otter_notebook(), self.released)
        self.archive = folder / "autograder.zip"
        with zipfile.ZipFile(self.archive, "w") as file:
            file.writestr("otter_config.json", "{}")
            file.writestr("tests/q1.py", OTTER_Q1)
            file.writestr("tests/q2.py", OTTER_Q2)

    def hand_in(
        self,
        student: str,
        attack: Attack | None = None,
        answers: Mapping[str, str] = WRONG,
        given: dict[str, str] | None = None,
    ) -> Path:
        """Write one student's submission."""
        return hand_in(self.released, self.folder / student / f"{ASSIGNMENT}.ipynb", attack, answers, given)

    def grade(self, submissions: Iterable[Path]) -> dict[str, float | None]:
        """Points by student, each from an ``otter run`` of its own; None where it left no result."""
        paths = list(submissions)
        done = subprocess.run(
            [sys.executable, "-m", "autograder.tests.helpers.stock", str(self.archive), *map(str, paths)],
            cwd=ROOT,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            timeout=SECONDS_OTTER * (1 + len(paths)),
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return {path.parent.name: _otter_points(path.parent / "results.json") for path in paths}


def otter_notebook() -> NotebookNode:
    """The students' notebook, in otter's way."""
    notebook = source_notebook()
    for each in notebook.cells:
        if each.metadata.nbgrader.grade:
            each.source = f'grader.check("{each.id}")'
        del each.metadata["nbgrader"]
    notebook.cells.insert(0, new_code_cell("import otter\ngrader = otter.Notebook()", id="otter"))
    return notebook


def _otter_points(path: Path) -> float | None:
    try:
        tests = json.loads(path.read_text(encoding="utf-8"))["tests"]
        return sum(float(test.get("score", 0.0)) for test in tests)
    except (OSError, ValueError, KeyError):
        return None


def otter_run(archive: str, submissions: Iterable[str]) -> None:
    """``otter run`` on each submission, in a process of its own that shares the import of otter; results lie beside it.

    So does its folder for temporary files, or else what one submission leaves running would write the results of the next.
    """
    import otter.run

    for submission in submissions:
        folder = Path(submission).parent
        if (child := os.fork()) == 0:
            try:
                signal.alarm(SECONDS_OTTER)
                (folder / "tmp").mkdir()
                tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "tmp")
                otter.run.main(submission, autograder=archive, output_dir=str(folder), no_logo=True)
            finally:
                os._exit(0)
        os.waitpid(child, 0)


# ---- side by side


@dataclass(frozen=True)
class Row:
    """What one hostile submission earns here and in the stock grader that its proof names; None means no grade at all.

    Attributes:
        wrote: whether its code ran in the stock grader's own process.
    """

    attack: Attack
    ours: float | None
    stock: float | None
    wrote: bool = False


def by_nbgrader(chosen: Iterable[Attack], folder: Path) -> dict[str, float | None]:
    """Points that stock nbgrader gives to hostile submissions, all in one run, and to the two of ``HONEST`` in each.

    Some are apart: outputs that came with a notebook count only for ``--no-execute``, and whoever changes the number of
    cells may stop the whole class, and so has a class of its own.
    """
    apart: dict[str, list[Attack]] = {"": [], "--no-execute": [], "alone": []}
    for attack in chosen:
        edited = attack.edits.values()
        way = (
            "--no-execute"
            if any("outputs" in e for e in edited)
            else "alone"
            if any("copies" in e for e in edited)
            else ""
        )
        apart[way].append(attack)
    generated = StockNbgrader.generate(folder / "nbgrader")
    found: dict[str, float | None] = {}
    for way, group in apart.items():
        for number, part in enumerate([[attack] for attack in group] if way == "alone" else [group] if group else []):
            stock = generated.copy(folder / f"nbgrader-{way}{number}")
            with surroundings(folder / f"beside-{way}{number}") as given:
                for name, answers in HONEST.items() if not way else ():
                    stock.hand_in(name, answers=answers)
                for attack in part:
                    stock.hand_in(attack.name, attack, given=given | {"canary": str(canary(folder, attack))})
                found |= stock.autograde(*([way] if way.startswith("--") else []))
    return found


def by_otter(chosen: Iterable[Attack], folder: Path) -> dict[str, float | None]:
    """Points that stock otter gives to hostile submissions, and to the two of ``HONEST``."""
    stock = StockOtter(folder / "otter")
    with surroundings(folder / "beside-otter") as given:
        honest = [stock.hand_in(name, answers=answers) for name, answers in HONEST.items()]
        hostile = [stock.hand_in(a.name, a, given=given | {"canary": str(canary(folder, a))}) for a in chosen]
        return stock.grade([*honest, *hostile])


def by_us(chosen: Iterable[Attack], course: Course, folder: Path) -> dict[str, float | None]:
    """Points that our grader gives to hostile submissions."""
    with surroundings(folder / "beside-us") as given, Grader(course) as grader:
        released = course.assignment(ASSIGNMENT).released
        found: dict[str, float | None] = {}
        for attack in chosen:
            path = hand_in(released, folder / "ours" / attack.name / f"{ASSIGNMENT}.ipynb", attack, given=given)
            found[attack.name] = grader.grade(path, ASSIGNMENT).points
        return found


def canary(folder: Path, attack: Attack) -> Path:
    """A file of its own for each hostile submission, untouched at first."""
    path = folder / "canaries" / attack.name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("untouched")
    return path


def compare(folder: Path) -> list[Row]:
    """Every hostile submission that works in a stock grader: what it earns there, and here."""
    course = make_course(folder / "course")
    build(course, report=lambda line: None)
    chosen = [attack for attack in attacks() if attack.kind in KINDS and attack.proof in ("nbgrader", "otter")]
    stock = by_nbgrader([a for a in chosen if a.proof == "nbgrader"], folder)
    stock |= by_otter([a for a in chosen if a.proof == "otter"], folder)
    ours = by_us(chosen, course, folder)
    return [Row(a, ours[a.name], stock[a.name], canary(folder, a).read_text() != "untouched") for a in chosen]


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown; an empty field was not tried."""
    lines = ["| class | attack | ours | stock nbgrader | stock otter |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        stock = _of(row.stock) + (", and its code ran in the grader" if row.wrote else "")
        columns = [stock if row.attack.proof == tool else "" for tool in ("nbgrader", "otter")]
        kind, about = row.attack.kind.replace("_", " "), row.attack.about.rstrip(".")
        lines.append(f"| {' | '.join([kind, about, _of(row.ours), *columns])} |")
    return "\n".join(lines)


def _of(points: float | None) -> str:
    return "no grade" if points is None else f"{points:g} / {MAX_POINTS:g}"


def main() -> None:
    if len(sys.argv) > 1:
        otter_run(sys.argv[1], sys.argv[2:])
    else:
        with tempfile.TemporaryDirectory() as folder:
            print(table(compare(Path(folder))))


if __name__ == "__main__":
    main()
