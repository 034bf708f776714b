"""The command as an instructor meets it: a whole class with everything wrong in it, and wrong use; each trouble is one clear line."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import notebook_hash

from autograder.cli import main
from autograder.course.course import Course, find_course
from autograder.course.nbgrader_settings import course_directory
from autograder.grading import store
from autograder.judge.results import OUR_FAULT, Result
from autograder.tests.helpers import ROOT, SOAK
from autograder.tests.helpers.commands import BIN, autograder, environment, line
from autograder.tests.helpers.stand_in import StandIn
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, edit, make_course, submit

FIELDS = ["assignment", "student", "submission", "points", "max_points", "seconds", "checks", "notes"]
CHECK_FIELDS = ["question", "check", "title", "status", "points", "max_points", "misconception", "rationale", "hint"]
MALLORY = "../..\\evil: $(id)"


def at(path: Path, hour: int) -> Path:
    """The file, as if it had been saved at that hour of a day."""
    stamp = 1_769_860_800 + 3600 * hour  # 31 January 2026, 12:00 UTC
    os.utime(path, (stamp, stamp))
    return path


# A class with everything in it


def in_own_words(path: Path) -> None:
    """Answer the question that a person grades."""
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "explain").source = "Seven is not more of a word than three."
    nbformat.write(notebook, path)


def make_class(course: Course, folder: Path) -> list[Path]:
    """A folder and a Moodle download: right, wrong and empty ones, and every kind of trouble."""
    in_own_words(submit(course, folder / "ann/tiny.ipynb", **RIGHT))
    at(folder / "ann/tiny.ipynb", 0)
    at(submit(course, folder / "ben/tiny.ipynb", **RIGHT), 0)
    at(submit(course, folder / "ben/tiny (1).ipynb", q1=WRONG["q1"], q2=RIGHT["q2"]), 1)
    at(submit(course, folder / "cat/tiny.ipynb"), 0)
    at(submit(course, folder / "kim/tiny.ipynb", **RIGHT), 0)
    submit(course, folder / "fay/draft/draft.ipynb", **RIGHT)
    (folder / "eve").mkdir()
    (folder / "eve/tiny.ipynb").write_text("<!DOCTYPE html>")
    other = nbformat.read(submit(course, folder / "rob/tiny.ipynb", **RIGHT), as_version=4)
    other.metadata = {
        "kernelspec": {"name": "ir", "display_name": "R", "language": "R"},
        "language_info": {"name": "R"},
    }
    nbformat.write(other, folder / "rob/tiny.ipynb")
    (folder / "max").mkdir()
    with open(folder / "max/tiny.ipynb", "wb") as file:
        file.truncate(200 << 20)
    with zipfile.ZipFile(folder.parent / "moodle.zip", "w") as archive:
        archive.write(folder / "ann/tiny.ipynb", f"{MALLORY}_57_assignsubmission_file_/tiny.ipynb")
    return [folder, folder.parent / "moodle.zip"]


@dataclass(frozen=True)
class Graded:
    """What one run of the command left."""

    course: Course
    paths: list[Path]
    done: subprocess.CompletedProcess[str]
    lines: list[dict[str, Any]]

    def of(self, student: str) -> dict[str, Any]:
        [found] = [line for line in self.lines if line["student"] == student]
        return found


def grade(course: Course, paths: list[Path], *options: str) -> Graded:
    file = course.root.parent / "grades.jsonl"
    done = autograder(course, "grade", *paths, "--json", file, "--workers", "1", *options)
    return Graded(course, paths, done, [json.loads(text) for text in file.read_text().splitlines()])


def scores(course: Course, student: str) -> dict[str, tuple[float | None, float | None]]:
    """Question -> (automatic points, manual points) in nbgrader's gradebook."""
    with Gradebook(course_directory(course).db_url) as gradebook:
        notebooks = gradebook.find_submission("tiny", student).notebooks
        return {
            grade.name: (grade.auto_score, grade.manual_score) for notebook in notebooks for grade in notebook.grades
        }


@pytest.fixture(scope="module")
def graded(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    folder = tmp_path_factory.mktemp("graded")
    shutil.copytree(built_once.root, folder / "course")
    course = find_course(folder / "course")
    secret = course.root / "submitted/ann/tiny/submission_secret.txt"  # ann handed in through nbgrader's exchange
    secret.parent.mkdir(parents=True)
    secret.write_text("what only ann knows")
    (course.root / "source/draft").mkdir()
    shutil.copy(course.assignment("tiny").source, course.root / "source/draft/draft.ipynb")
    return grade(course, make_class(course, folder / "class"), "--key", "one key")


@pytest.mark.slow
class TestAClass:
    def test_who_can_be_graded_is_and_the_others_are_named(self, graded: Graded) -> None:
        assert graded.done.returncode == 1
        assert "Traceback" not in graded.done.stdout and graded.done.stderr == ""
        points = {line["student"]: line["points"] for line in graded.lines}
        mallory = points.pop(next(name for name in points if "evil" in name))
        ungraded = dict.fromkeys(("eve", "fay", "rob", "max"))
        assert points == {"ann": 5.0, "ben": 3.0, "cat": 0.0, "kim": 5.0, **ungraded}
        assert mallory == 5.0

    @pytest.mark.parametrize(
        ("student", "note"),
        [
            ("eve", "tiny.ipynb: is no notebook (JSONDecodeError). Hand in the .ipynb file that Jupyter saved."),
            (
                "rob",
                "tiny.ipynb: is written for R, and this course is graded in Python. Choose a Python kernel and hand in again.",
            ),
            (
                "max",
                "tiny.ipynb: has 200 MiB; the limit is 50 MiB. "
                "Clear the outputs (Kernel > Restart and Clear Output), save, and hand in again.",
            ),
        ],
    )
    def test_what_cannot_be_graded_gets_its_line_and_its_reason(self, graded: Graded, student: str, note: str) -> None:
        found = graded.of(student)
        assert (found["points"], found["checks"], found["notes"]) == (None, [], [note])
        assert note[:30] in graded.done.stdout

    def test_json_lines_have_exactly_the_agreed_fields(self, graded: Graded) -> None:
        assert len(graded.lines) == 9
        assert all(list(line) == FIELDS for line in graded.lines)
        assert all(list(check) == CHECK_FIELDS for line in graded.lines for check in line["checks"])
        assert {len(line["submission"]) for line in graded.lines if line["assignment"] == "tiny"} == {64}

    def test_a_draft_that_is_not_built_costs_the_others_nothing(self, graded: Graded) -> None:
        fay = graded.of("fay")
        assert (fay["assignment"], fay["points"]) == ("draft", None)
        [note] = fay["notes"]
        assert re.fullmatch(r"Not graded: .*does not know draft yet\. Run `autograder build` first\.", note)
        said = line("grade", graded.paths[0], "--assignment", "draft", "--course", graded.course.root)
        assert said.endswith("does not know draft yet. Run `autograder build` first.")

    def test_of_two_submissions_the_newest_counts_and_the_other_is_named(self, graded: Graded) -> None:
        told = [text for text in graded.done.stdout.splitlines() if text.startswith("ben, tiny:")]
        assert len(told) == 1
        assert "tiny (1).ipynb is the newest and counts; not graded:" in told[0] and told[0].endswith(
            "class/ben/tiny.ipynb."
        )

    def test_a_name_with_path_characters_stays_in_one_folder(self, graded: Graded) -> None:
        students = sorted(path.name for path in (graded.course.root / "submitted").iterdir())
        [mallory] = [name for name in students if "evil" in name]
        assert not set("/\\:$") & set(mallory) and not mallory.startswith(".")
        assert not list(graded.course.root.parent.glob("*evil*")) and not list(graded.course.root.glob("*evil*"))

    def test_the_table_shows_points_where_they_were_lost_and_why(self, graded: Graded) -> None:
        [ben] = [text for text in graded.done.stdout.splitlines() if " ben " in text and "│" in text]
        assert "3 / 5" in ben and "q1 0/2" in ben
        assert "ben tiny: q1: Counts letters and spaces" in graded.done.stdout

    def test_progress_is_told_where_the_output_is_no_terminal(self, graded: Graded) -> None:
        told = [text for text in graded.done.stdout.splitlines() if text.startswith("grading ")]
        assert told[0] == f"grading 0 of {len(told) - 1}: starting the judge" and "ben tiny 3 / 5" in " ".join(told)

    def test_nbgrader_finds_points_trees_and_times(self, graded: Graded) -> None:
        assert scores(graded.course, "ann") == {"q1": (2.0, None), "q2": (3.0, None), "explain": (None, None)}
        assert scores(graded.course, "ben")["q1"] == (0.0, None)
        root = graded.course.root
        for tree in ("submitted", "autograded"):
            assert (root / tree / "ben/tiny/tiny.ipynb").is_file()
            assert (root / tree / "ben/tiny/timestamp.txt").read_text().startswith("2026-01-31 13:00:00")
        api = NbGraderAPI(course_directory(graded.course))
        found = {entry["student"]: entry for entry in api.get_submissions("tiny")}
        assert (found["ann"]["score"], found["ann"]["max_score"], found["ann"]["needs_manual_grade"]) == (
            5.0,
            6.0,
            True,
        )
        assert found["ann"]["autograded"] and found["ann"]["submitted"]

    def test_every_submission_has_its_feedback_page(self, graded: Graded) -> None:
        pages = {
            student: (graded.course.root / "feedback" / student / "tiny/tiny.html").read_text()
            for student in ("ann", "ben", "eve")
        }
        assert "Counts letters and spaces" in pages["ben"] and "1 more points await a person" in pages["ann"]
        assert "is no notebook" in pages["eve"]
        assert all("test_counts_words" not in page and str(graded.course.root) not in page for page in pages.values())

    def test_nbgrader_gives_the_feedback_back(self, graded: Graded, tmp_path: Path) -> None:
        exchange = tmp_path / "exchange"
        exchange.mkdir(mode=0o777)
        exchange.chmod(0o777)
        options = [f"--Exchange.root={exchange}", "--Exchange.assignment_dir=."]
        command = [str(BIN / "nbgrader"), "release_feedback", "tiny", *options]
        done = subprocess.run(
            command, cwd=graded.course.root, env=environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        released = {path.name for path in exchange.glob("tiny-course/feedback/*.html")}
        assert len(released) == 8
        assert f"{notebook_hash(secret='what only ann knows', notebook_id='tiny')}.html" in released


@pytest.fixture(scope="module")
def regraded(graded: Graded) -> Graded:
    """The same class once more, after a person has given ann points and a comment, and kim has spoilt the file."""
    with Gradebook(course_directory(graded.course).db_url) as gradebook:
        given = gradebook.find_grade("explain", "tiny", "tiny", "ann")
        given.manual_score, given.needs_manual_grade = 1.0, False
        overruled = gradebook.find_grade("q1", "tiny", "tiny", "ben")
        overruled.manual_score = 1.5
        gradebook.find_comment("explain", "tiny", "tiny", "ann").manual_comment = "well put"
        gradebook.db.commit()
    (graded.paths[0] / "kim/tiny.ipynb").write_text("hello")
    return grade(graded.course, graded.paths, "--key", "one key")


@pytest.mark.slow
class TestARegrade:
    def test_it_says_the_same_apart_from_times(self, graded: Graded, regraded: Graded) -> None:
        one, two = (
            [{**line, "seconds": 0} for line in run.lines if line["student"] != "kim"] for run in (graded, regraded)
        )
        assert one == two

    def test_a_later_file_that_cannot_be_graded_leaves_the_points_and_says_so(self, regraded: Graded) -> None:
        assert regraded.done.returncode == 1
        assert regraded.of("kim")["points"] is None
        assert "The gradebook still holds the points of an earlier submission." in regraded.of("kim")["notes"]
        assert scores(regraded.course, "kim")["q1"] == (2.0, None)

    def test_what_a_person_gave_stays(self, regraded: Graded) -> None:
        assert scores(regraded.course, "ann")["explain"] == (None, 1.0)
        assert scores(regraded.course, "ben")["q1"] == (0.0, 1.5)
        with Gradebook(course_directory(regraded.course).db_url) as gradebook:
            assert gradebook.find_comment("explain", "tiny", "tiny", "ann").comment == "well put"


OTHER = """\
c.CourseDirectory.submitted_directory = 'handed_in'
c.CourseDirectory.autograded_directory = 'judged'
c.CourseDirectory.feedback_directory = 'returned'
c.CourseDirectory.db_url = 'sqlite:///{folder}/grades.db'
c.Autograder.which_submission = 'best'
c.Autograder.show_direction = True
"""


@pytest.fixture(scope="module")
def other(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """A course with a configuration and a key of its own; one of its hidden checks breaks on one submission."""
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(built_once.root, folder / "course")
    with open(folder / "course/grader_config.py", "a") as file:
        file.write(OTHER.format(folder=folder))
    course = find_course(folder / "course")
    assert autograder(course, "build").returncode == 0
    loop = "    for length in draw.distinct(3, 30, n=3):"
    bug = "    if submission.one_hot(7, 8)[7] == 2:\n        raise KeyError('bug of ours')\n"
    edit(course, "tests/tiny/test_q2_vectors.py", loop, bug + loop)
    make_class(course, folder / "class")
    trap = "def one_hot(index, size):\n    return np.eye(size)[index] * (2 if (index, size) == (7, 8) else 1)"
    submit(course, folder / "class/dan/tiny.ipynb", q1=RIGHT["q1"], q2=trap)
    submit(course, folder / "class/zoe/tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    shutil.copytree(folder / "class/ann", course.root / "handed_in/ann/tiny")
    paths = [course.root / "handed_in", *(folder / "class" / name for name in ("ben", "dan", "zoe"))]
    return grade(course, paths, "--key", "another key")


@pytest.mark.slow
class TestAnotherCourse:
    def test_our_own_fault_is_no_zero(self, other: Graded) -> None:
        """A hidden check breaks on one submission: that one waits for a person, the others do not."""
        assert other.done.returncode == 1
        points = {line["student"]: line["points"] for line in other.lines}
        assert points == {"ann": 5.0, "ben": 5.0, "dan": None, "zoe": 3.0}
        assert OUR_FAULT in other.of("dan")["notes"]
        assert any("KeyError: 'bug of ours' (test_q2_vectors.py" in note for note in other.of("dan")["notes"])
        assert scores(other.course, "dan")["q1"] == (2.0, None)
        assert scores(other.course, "dan")["q2"] == (None, None)
        assert "bug of ours" not in (other.course.root / "returned/dan/tiny/tiny.html").read_text()

    def test_another_key_gives_other_inputs_and_the_same_points(self, graded: Graded, other: Graded) -> None:
        one, two = graded.of("ben")["checks"], other.of("zoe")["checks"]  # who answered the same
        for check, again in zip(one, two, strict=True):
            assert all(check[of] == again[of] for of in ("status", "points", "misconception"))
        assert one[0]["rationale"] != two[0]["rationale"].removesuffix(", too large")

    def test_the_course_may_say_more(self, graded: Graded, other: Graded) -> None:
        assert other.of("zoe")["checks"][0]["rationale"].endswith(", too large")
        assert "too large" not in graded.of("ben")["checks"][0]["rationale"]

    def test_trees_and_gradebook_go_by_the_names_that_the_configuration_gives_them(self, other: Graded) -> None:
        root = other.course.root
        assert f"gradebook  {root.parent}/grades.db" in other.done.stdout
        assert f"feedback   {root}/returned" in other.done.stdout
        assert scores(other.course, "ann")["q1"] == (2.0, None) and (root.parent / "grades.db").is_file()
        assert (root / "judged/ann/tiny/tiny.ipynb").is_file()
        assert (root / "returned/ann/tiny/tiny.html").is_file()
        assert not [name for name in ("submitted", "autograded", "feedback") if (root / name).exists()]

    def test_the_best_of_two_counts(self, other: Graded) -> None:
        course, late = other.course, other.course.root.parent / "late"
        submit(course, late / "ann.ipynb", q1=RIGHT["q1"], q2=WRONG["q2"])
        submit(course, late / "ben.ipynb", **RIGHT)
        (course.root / "results/ben/tiny.json").write_text("{")  # damaged: its place is taken
        third = grade(course, [late], "--assignment", "tiny", "--key", "another key")
        assert [(line["student"], line["points"]) for line in third.lines] == [("ann", 5.0), ("ben", 5.0)]
        assert third.of("ann")["notes"][-1].startswith("An earlier submission counts; ")
        assert not third.of("ben")["notes"]
        assert scores(course, "ann")["q2"] == (3.0, None)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM] if SOAK else [signal.SIGINT])
def test_whoever_ends_it_loses_nothing_and_nothing_is_left(built: Course, tmp_path: Path, sent: signal.Signals) -> None:
    with open(built.root / "grader_config.py", "a") as file:
        file.write("c.Limits.seconds_per_cell = 200\n")  # no limit ends what Ctrl-C is to end
    submit(built, tmp_path / "class/ann/tiny.ipynb", **RIGHT)
    slow = "import time\nwhile True:\n    try: time.sleep(60)\n    except KeyboardInterrupt: pass"
    for student in ("zac", "zoe"):
        submit(built, tmp_path / f"class/{student}/tiny.ipynb", q1=slow, q2=slow)
    (tmp_path / "tmp").mkdir()
    grades, kept = tmp_path / "grades.jsonl", built.root / "feedback/ann/tiny"  # what is written last
    command = [str(BIN / "autograder"), "grade", str(tmp_path / "class"), "--json", str(grades), "--workers", "1"]
    process = subprocess.Popen(
        command,
        cwd=built.root,
        env=environment(TMPDIR=str(tmp_path / "tmp")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Where the tests run in the background, a shell has let them ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 200
    while not (list(kept.glob("*")) and list((tmp_path / "tmp").glob("autograder-*/sockets/[1-9]*"))):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(2)  # by now the second submission hangs
    started = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(sent)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in output and "Stopped: 1 submissions are graded and kept." in output
    assert [json.loads(text)["student"] for text in grades.read_text().splitlines()] == ["ann"]
    assert scores(built, "ann")["q2"] == (3.0, None)
    assert not psutil.wait_procs(started, timeout=10)[1]
    left = [path.name for path in (tmp_path / "tmp").iterdir()]
    assert not [name for name in left if name.startswith(("autograder-", "collected-"))]
    assert not list(built.root.rglob("*.tmp"))


def test_sigterm_stops_it_as_ctrl_c_does(
    built: Course, tmp_path: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(built, tmp_path / "class/ann/tiny.ipynb", **RIGHT)
    monkeypatch.setattr(stand_in, "finish", lambda *_: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    try:
        done = autograder(built, "grade", tmp_path / "class")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done.returncode == 130 and "Stopped: 0 submissions are graded and kept." in done.stdout


# Other systems


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_another_system_than_linux_gets_one_line(system: str) -> None:
    absent = "del os.memfd_create, os.sched_getaffinity, signal.pidfd_send_signal"
    program = f"import os, signal, sys; sys.platform = {system!r}; {absent}; from autograder.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, "report"], capture_output=True, text=True, check=False)
    [said] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert said == "autograder: runs on Linux only. On Windows use WSL 2, on macOS a container: see README.md."


def test_make_on_another_system_says_one_line(tmp_path: Path) -> None:
    (tmp_path / "uname").write_text("#!/bin/sh\necho Darwin\n")
    (tmp_path / "uname").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(["make", "demo"], cwd=ROOT, env={"PATH": path}, capture_output=True, text=True, check=False)
    [said] = done.stderr.splitlines()
    assert done.returncode == 2 and "This runs on Linux only. On Windows use WSL 2, on macOS a container" in said


# Wrong use


def test_a_place_without_a_course(tmp_path: Path) -> None:
    said = line("grade", tmp_path, "--course", tmp_path)
    assert said == f"autograder: {tmp_path}: no grader_config.py here or above. Run this inside a course folder."


def test_a_course_not_built(tmp_path: Path) -> None:
    make_course(tmp_path / "course")
    (tmp_path / "ann.ipynb").write_text("{}")
    said = line("grade", tmp_path / "ann.ipynb", "--course", tmp_path / "course")
    assert said.endswith("does not know tiny yet. Run `autograder build` first.")


def test_a_release_that_is_gone(built: Course, tmp_path: Path) -> None:
    paths = [submit(built, tmp_path / f"ann/{name}.ipynb", **RIGHT) for name in ("tiny", "work")]
    released = built.assignment("tiny").released
    released.unlink()
    for given in paths:
        assert (
            line("grade", given, "--course", built.root)
            == f"autograder: {released}: is missing. Run `autograder build` first."
        )
    assert not (built.root / "submitted").exists()


def test_an_unknown_assignment(built: Course, tmp_path: Path) -> None:
    path = submit(built, tmp_path / "ann.ipynb", **RIGHT)
    said = line("grade", path, "--assignment", "tinny", "--course", built.root)
    assert said == f"autograder: {built.root}: has no assignment 'tinny'. It has: tiny."


def test_a_path_that_is_not_there(built: Course, tmp_path: Path) -> None:
    path = submit(built, tmp_path / "ann.ipynb", **RIGHT)
    assert (
        line("grade", path, tmp_path / "gone", "--course", built.root)
        == f"autograder: {tmp_path}/gone: does not exist."
    )
    assert not (built.root / "submitted").exists(), "nothing is graded before all paths are found"


def test_points_that_do_not_add_up(built: Course) -> None:
    notebook = nbformat.read(built.assignment("tiny").source, as_version=4)
    next(cell for cell in notebook.cells if cell.id == "q2").metadata.nbgrader.points = 4
    nbformat.write(notebook, built.assignment("tiny").source)
    before = built.assignment("tiny").released.read_bytes()
    done = CliRunner().invoke(main, ["build", "--course", str(built.root)])
    assert done.exit_code == 2 and "Traceback" not in done.output
    assert (
        "cell 10 ('q2'): offers 4 points, but the checks in tests/tiny/test_q2_vectors.py add up to 3." in done.output
    )
    assert built.assignment("tiny").released.read_bytes() == before


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("c.Limits.seconds_per_sell = 3", "c.Limits.seconds_per_sell is unknown. Did you mean 'seconds_per_cell'?"),
        ("c.Limit.seconds_per_cell = 3", "c.Limit is unknown. Did you mean 'Limits'?"),
        (
            "c.CourseDirectory.source_directory = 'x'",
            "c.CourseDirectory.source_directory cannot be chosen; the judge relies on its own. Remove the line.",
        ),
        (
            "c.Autograde.autograde_preprocessors = []",
            "c.Autograde.autograde_preprocessors cannot be chosen; the judge relies on its own. Remove the line.",
        ),
        ("c.CourseDirectory.course_idd = 'x'", "c.CourseDirectory.course_idd is unknown. Did you mean 'course_id'?"),
        ("c.Limits.seconds_per_cell = 'long'", "seconds_per_cell"),
        ("c.Autograder.which_submission = 'oldest'", "which_submission"),
        (
            "c.Autograder.data_folder = 'data'",
            "c.Autograder.data_folder names {root}/data, which is no folder. Make it, or remove the line.",
        ),
        (
            "c.Autograder.private_folder = '../private'",
            "c.Autograder.private_folder names {root}/../private, which is no folder.",
        ),
        ("c.Autograder.environment = {'WORDS': 3}", "environment"),
        (
            "c.Autograder.environment = {'PYTHONPATH': '/x'}",
            "c.Autograder.environment: 'PYTHONPATH' cannot be set. Choose",
        ),
        ("c.Autograder.environment = {'LD_PRELOAD': 'x.so'}", "c.Autograder.environment: 'LD_PRELOAD' cannot be set."),
        ("c.Autograder.environment = {'PATH': '/x'}", "c.Autograder.environment: 'PATH' cannot be set."),
        ("c.Autograder.environment = {'a=b': 'x'}", "c.Autograder.environment: 'a=b' cannot be set."),
        ("c.Autograder.environment = {'A': 'x' * 201}", "c.Autograder.environment: the value of 'A' is no short text."),
        ("c.Autograder.environment = {'A': 'x\\0'}", "c.Autograder.environment: the value of 'A' is no short text."),
        (
            "c.Autograder.environment = {f'A{i}': 'x' for i in range(33)}",
            "c.Autograder.environment: sets 33 variables. Set at most 32.",
        ),
        ("c.Limits.seconds_per_cell = =", "cannot be read as Python: SyntaxError"),
        ("import no_such_module", "cannot be read as Python: ModuleNotFoundError"),
    ],
)
def test_a_wrong_configuration(built: Course, setting: str, says: str) -> None:
    with open(built.root / "grader_config.py", "a") as file:
        file.write(setting + "\n")
    said = line("grade", built.root, "--course", built.root)
    assert said.startswith(f"autograder: {built.root}/grader_config.py")
    assert says.format(root=built.root) in said


def test_a_file_that_cannot_be_written_is_told_before_anything_is_graded(built: Course, tmp_path: Path) -> None:
    path = submit(built, tmp_path / "ann.ipynb", **RIGHT)
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file/grades.jsonl", tmp_path):
        said = line("grade", path, "--json", target, "--course", built.root)
        assert said.startswith(f"autograder: {target}: cannot be written (") and said.endswith("). Name another file.")
        assert line("report", "--json", target, "--course", built.root) == said
    assert not (built.root / "submitted").exists()


def test_a_data_folder_of_the_environment_that_is_none(built: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(built.root / "nowhere"))
    said = line("report", "--course", built.root)
    assert (
        said
        == f"autograder: AUTOGRADER_DATA names {built.root}/nowhere, which is no folder. Make it, or unset the variable."
    )


@pytest.mark.slow
def test_a_missing_data_file_is_one_line_and_no_fault_of_a_check(built: Course, tmp_path: Path) -> None:
    test = built.root / "tests/tiny/test_q2_vectors.py"
    shutil.copy(ROOT / "solutions/reviews.py", built.root / "solutions")  # beside the reference, as in this course
    loads = "    from solutions.reviews import load_imdb\n    load_imdb()\n"
    test.write_text(test.read_text().replace("    for index, more", loads + "    for index, more"))
    (built.root / "data").mkdir()
    with open(built.root / "grader_config.py", "a") as file:
        file.write("c.Autograder.data_folder = 'data'\n")
    submit(built, tmp_path / "class/ann/tiny.ipynb", **RIGHT)
    done = autograder(built, "grade", tmp_path / "class")
    assert done.returncode == 2
    [said] = done.stderr.splitlines()
    assert said == (
        f"autograder: {built.root}/data/imdb.npz: is missing. Put it there, or name no data folder to use the stand-in."
    )


def test_a_damaged_result_costs_the_others_nothing(built: Course, tmp_path: Path) -> None:
    """Neither the report nor an export stops; both say what is missing."""
    for student, points in (("ann", 3.0), ("ben", 2.0)):
        result = Result(
            assignment="tiny", student=student, submission="", points=points, max_points=5.0, seconds=1.0, notes=[]
        )
        store.save(built, result)
    damaged = built.root / "results/ben/tiny.json"
    damaged.write_bytes(b'{"assignment": "tiny", \xff')
    said = f"{damaged}: is no result of this version. Grade the submission again."
    done = CliRunner().invoke(main, ["report", "--course", str(built.root)])
    assert done.exit_code == 1 and done.output.splitlines()[0] == said
    page = (built.root / "report/index.html").read_text()
    assert "1 of 1 submissions graded" in page and said in page
    done = CliRunner().invoke(main, ["export", "--to", "csv", "--course", str(built.root)])
    assert done.exit_code == 0 and said in done.output
    damaged.with_name("other.json").write_text("{")
    (built.root / "results/ann/tiny.json").unlink()
    assert line("report", "--course", built.root).startswith(f"autograder: {built.root / 'results/ben'}")


def test_a_report_of_nothing(built: Course) -> None:
    assert (
        line("report", "--course", built.root)
        == f"autograder: {built.root}: nothing has been graded yet. Run `autograder grade` first."
    )


def test_options_that_are_none() -> None:
    done = CliRunner().invoke(main, ["grade"])
    assert done.exit_code == 2 and "Missing argument 'PATHS...'" in done.output
