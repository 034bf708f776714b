"""A submission is entered in nbgrader's tree and gradebook whole, or not at all; one line says why not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.course.course import Course, find_course
from autograder.course.nbgrader_settings import course_directory, nbgrader_config
from autograder.engines.nbgrader import SaveVerdict
from autograder.grading import store
from autograder.grading.grader import Grader
from autograder.grading.job import Graded, Job
from autograder.nbgrader_config import configure as configure_nbgrader
from autograder.sandbox.limits import Doubt
from autograder.tests.helpers.entered import grade, left
from autograder.tests.helpers.stand_in import StandIn, judged
from autograder.tests.helpers.tiny_course import NBGRADER_CONFIG, RIGHT, submit

DUE = "2026-01-31 12:00:00 UTC"
PLUGIN = """\
from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float


class Late(LateSubmissionPlugin):
    points = Float(1.0).tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return self.points / (student_id != "ben")
"""


def configure(course: Course, text: str) -> None:
    with open(course.root / "grader_config.py", "a") as file:
        file.write(text)


@pytest.fixture
def late(built: Course, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> Course:
    """Everybody is late, and the course has a plugin of its own for that."""
    others = [path for path in sys.path if not Path(path, "plugins_of_tiny.py").exists()]  # earlier tests' courses
    monkeypatch.setattr(sys, "path", others)
    (built.root / "plugins_of_tiny.py").write_text(PLUGIN)
    configure(built, "c.AssignLatePenalties.plugin_class = 'plugins_of_tiny.Late'\nc.Late.points = 0.5\n")
    with Gradebook(course_directory(built).db_url) as gradebook:
        gradebook.update_or_create_assignment("tiny", duedate=DUE)
    sys.modules.pop("plugins_of_tiny", None)
    return built


def test_a_courses_own_plugin_is_used_and_costs_only_those_with_whom_it_fails(
    late: Course, stand_in: type[StandIn]
) -> None:
    plugin = late.root / "plugins_of_tiny.py"
    plugin.write_text(PLUGIN.replace('"ben"', '"nobody"'))
    assert grade(late, "ann", "ben").exit_code == 0
    assert left(late, "ann")["late"] == 0.5
    before = left(late, "ben")
    sys.modules.pop("plugins_of_tiny")
    plugin.write_text(PLUGIN)
    stand_in.share = 0.5
    done = grade(late)
    assert done.exit_code == 1
    assert (
        "ben tiny: Not recorded: ZeroDivisionError: float division by zero (plugins_of_tiny.py, line 9)" in done.output
    )
    assert left(late, "ben") == before, "the earlier grade and everything that belongs to it"
    assert left(late, "ann")["grades"] == {"q1": 1.0, "q2": 1.5, "explain": 0.0}


def test_a_plugin_may_be_a_class_and_a_hook_a_function_of_the_configuration(late: Course) -> None:
    configure(late, "from plugins_of_tiny import Late\nc.AssignLatePenalties.plugin_class = Late\n")
    configure(late, "c.Autograde.pre_convert_hook = lambda **_: open('hooked', 'w').close()\n")
    assert grade(late, "ann").exit_code == 0
    assert left(late, "ann")["late"] == 0.5 and (late.root / "hooked").exists()
    with Grader(find_course(late.root)) as grader:  # its workers are other processes
        assert grader.open(late.root.parent / "class/ann/tiny.ipynb").result()["assignment"] == "tiny"


def test_a_plugin_that_cannot_be_had_is_told_before_anything_is_graded(late: Course, stand_in: type[StandIn]) -> None:
    (late.root / "plugins_of_tiny.py").unlink()
    done = grade(late, "ann")
    assert done.exit_code == 2 and stand_in.asked == []
    [line] = done.output.splitlines()
    assert line.startswith(
        f"autograder: {late.root}/grader_config.py: c.AssignLatePenalties.plugin_class cannot be used: "
    )
    assert "plugins_of_tiny.Late" in line


def test_points_that_were_changed_and_not_built_stop_before_anything_is_graded(
    built: Course, stand_in: type[StandIn]
) -> None:
    path = built.root / "tests/tiny/test_q2_vectors.py"
    path.write_text(path.read_text().replace("points=2", "points=4"))
    said = "tests/tiny: the checks of q2 add up to 5 points, and what was built offers 3 points. Run `autograder build` first."
    done = grade(built, "ann")
    assert (done.exit_code, stand_in.asked, done.output) == (2, [], f"autograder: {said}\n")
    path.write_text(path.read_text() + "def broken(:\n")
    assert grade(built).output.startswith(f"autograder: {path}, line ")


@pytest.mark.slow
def test_nbgraders_own_command_says_why_in_one_line(built: Course) -> None:
    """What stops everybody is said once, and nothing is removed for it."""
    path = built.root / "tests/tiny/test_q2_vectors.py"
    path.write_text(path.read_text().replace("points=2", "points=4"))
    for student in ("ann", "ben"):
        submit(built, built.root / f"submitted/{student}/tiny/tiny.ipynb", **RIGHT)
        (built.root / f"autograded/{student}/tiny").mkdir(parents=True)
        (built.root / f"autograded/{student}/tiny/tiny.ipynb").write_text("of an earlier submission")
    (built.root / "gradebook.db").chmod(0o644)
    command = [str(Path(sys.executable).parent / "nbgrader"), "autograde", "tiny", "--force"]
    done = subprocess.run(command, cwd=built.root, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and "the above traceback" not in done.stderr
    assert done.stderr.count("tests/tiny: the checks of q2 add up to 5 points") == 1
    assert (built.root / "autograded/ben/tiny/tiny.ipynb").read_text() == "of an earlier submission"
    assert os.stat(built.root / "gradebook.db").st_mode & 0o777 == 0o600


def formgrader(course: Course) -> NbGraderAPI:
    """What formgrader's buttons call, in a process that lives for days."""
    config = nbgrader_config(find_course(course.root).settings, course.root)
    return NbGraderAPI(course_directory(course), config=config)


def test_formgrader_grades_by_the_course_as_it_is_now(
    built: Course, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    class Judge(StandIn):
        def __exit__(self, *error: object) -> None:
            seen.append(self.course.settings.course.show_details)

    monkeypatch.setattr("autograder.engines.nbgrader.Grader", Judge)
    grade(built, "ann", "ben")
    api = formgrader(built)
    for share, student in ((0.5, "ann"), (1.0, "ben"), (0.0, "ann")):
        monkeypatch.setattr(Judge, "share", share)
        assert api.autograde("tiny", student)["success"]
        kept = store.load(built, student, "tiny")
        assert kept is not None and kept.points == 5 * share
        assert left(built, student)["grades"]["q1"] == 2 * share
        if len(seen) == 2:
            configure(built, "c.Autograder.show_details = False\n")
    assert seen == [True, True, False], "the judge ends with the command, and the next one reads the settings again"


def test_two_writers_in_one_process_wait_for_each_other(built: Course) -> None:
    entered = threading.Event()

    def write() -> None:
        with store.write_alone(built):
            entered.set()

    with store.write_alone(built):
        other = threading.Thread(target=write)
        other.start()
        assert not entered.wait(0.2)
    assert entered.wait(5)
    other.join()


def test_formgrader_shows_why_too(late: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its interface gives back nbgrader's log."""
    monkeypatch.setattr("autograder.engines.nbgrader.Grader", StandIn)
    assert grade(late, "ann", "ben").exit_code == 1
    api = formgrader(late)

    def log(student: str) -> str:
        outcome = api.autograde("tiny", student)
        assert not outcome["success"] and "Traceback" not in outcome["log"]
        return str(outcome["log"])

    assert "ben, tiny: ZeroDivisionError: float division by zero (plugins_of_tiny.py, line 9)" in log("ben")
    (late.root / "gradebook.db").write_bytes(b"no database " * 1000)
    before = (late.root / "autograded/ann/tiny/tiny.ipynb").read_bytes()
    assert "gradebook.db: cannot be used: the gradebook is damaged. " in log("ann")
    assert (late.root / "autograded/ann/tiny/tiny.ipynb").read_bytes() == before


def interrupt(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Ctrl-C while nbgrader enters a submission's second question, once ``after`` submissions are entered."""
    enter, questions = SaveVerdict._add_score, []

    def entered(self: SaveVerdict, cell: Any, resources: Any) -> None:
        questions.append(cell)
        if len(questions) == 3 * after + 2:  # with the one that a person grades there are three
            raise KeyboardInterrupt
        enter(self, cell, resources)

    monkeypatch.setattr(SaveVerdict, "_add_score", entered)


def test_ctrl_c_ends_at_once_loses_nothing_and_the_same_command_goes_on(
    built: Course, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = {"ann", "ben"}
    grade(built, *everybody)
    before = {student: left(built, student) for student in everybody}
    stand_in.share = 0.5
    with monkeypatch.context() as patch:
        interrupt(patch, after=1)
        done = grade(built)
    assert done.exit_code == 130 and done.output.endswith("autograder: stopped.\n")
    assert "Stopped: 1 submissions are graded and kept. The same command goes on from there." in done.output
    waiting = {student for student in everybody if left(built, student) == before[student]}
    [finished] = everybody - waiting
    assert left(built, finished)["grades"]["q2"] == 1.5

    stand_in.asked.clear()
    done = grade(built)
    assert done.exit_code == 0 and set(stand_in.asked) == waiting, done.output
    assert "Going on after 1 of 2 submissions, which an interrupted command graded." in done.output
    assert all(f" {student} " in done.output for student in everybody) and done.output.count("2.5 / 5") >= 2
    stand_in.asked.clear()
    grade(built)
    assert set(stand_in.asked) == everybody, "what ended of itself is graded anew"


def test_a_second_try_counts_as_done_only_when_it_is(
    built: Course, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubt(self: StandIn, job: Job, future: object) -> Graded:
        return replace(judged(self.course, job.path, job.student, 0.5), doubts=(Doubt("it waited", short=True),))

    def stop(self: StandIn, job: Job, doubtful: Graded) -> Graded:
        raise KeyboardInterrupt

    monkeypatch.setattr(stand_in, "finish", doubt)
    monkeypatch.setattr(stand_in, "try_again", stop, raising=False)
    done = grade(built, "ann")
    assert (
        done.exit_code == 130
        and "grading 0 of 1: ann tiny once more, alone" in done.output
        and "grading 1 of 1" not in done.output
    )


def test_what_changed_since_it_was_stopped_is_graded_anew(
    built: Course, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    students = {"ann", "ben", "cat"}
    with monkeypatch.context() as patch:
        interrupt(patch, after=2)
        assert grade(built, *students).exit_code == 130
    [waiting] = {student for student in students if not (built.root / store.FOLDER / student).exists()}
    finished, *_ = students - {waiting}
    submit(built, built.root.parent / f"class/{finished}/tiny.ipynb", q1="count_words = len")
    stand_in.asked.clear()
    with monkeypatch.context() as patch:
        interrupt(patch, after=0)
        assert grade(built).exit_code == 130
    assert set(stand_in.asked) == {waiting, finished}, "another file"
    with open(built.root / "solutions/tiny.py", "a") as file:
        file.write("# repaired\n")
    stand_in.asked.clear()
    grade(built)
    assert set(stand_in.asked) == students, "another reference"


def test_a_tree_that_a_killed_command_left_in_between_is_put_back(built: Course, stand_in: type[StandIn]) -> None:
    grade(built, "ann")
    tree = built.tree("autograded") / "ann/tiny"
    whole = (tree / "tiny.ipynb").read_bytes()
    tree.rename(tree.with_name(".tiny.earlier"))
    tree.mkdir()
    (tree / "tiny.ipynb").write_text("{")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AssignLatePenalties, "preprocess", lambda *_: 1 / 0)
        assert "Not recorded: ZeroDivisionError: division by zero" in grade(built).output
    assert (tree / "tiny.ipynb").read_bytes() == whole and [path.name for path in tree.parent.iterdir()] == ["tiny"]


@pytest.mark.parametrize("made", [False, True], ids=["new", "of an older version"])
def test_nbgrader_makes_and_finds_a_gradebook_that_others_cannot_read(built: Course, made: bool) -> None:
    gradebook = built.root / "gradebook.db"
    gradebook.chmod(0o644)
    if not made:
        gradebook.unlink()
    source = built.root / "nbgrader_config.py"
    exec(compile(NBGRADER_CONFIG, source, "exec"), {"c": Config(), "__file__": str(source)})
    assert gradebook.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["[x]", "a*b"])
def test_nbgraders_own_commands_refuse_a_path_in_which_they_find_nothing(
    tmp_path: Path, name: str, capsys: Any
) -> None:
    with pytest.raises(SystemExit) as stopped:
        configure_nbgrader(Config(), str(tmp_path / name / "nbgrader_config.py"))
    assert stopped.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path}/{name}: nbgrader's own commands find nothing below a folder with [")
