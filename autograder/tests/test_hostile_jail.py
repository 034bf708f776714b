"""Attacks that the jail closes: none gains a point, reads a secret, is heard, or leaves anything; each works where a defence is missing."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import nbformat
import pytest
from jinja2 import Environment, PackageLoader
from markupsafe import escape

from autograder.course.config import Jail, Limits
from autograder.course.course import Course, find_course
from autograder.grading.access import list_hidden
from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.intake import archive
from autograder.intake.collect import collect
from autograder.judge.draw import Draw
from autograder.judge.failures import CheckFailed
from autograder.judge.results import CheckResult, Result
from autograder.judge.submission import StudentNotebook
from autograder.reports import pages
from autograder.reports.class_report import write_report
from autograder.reports.feedback import feedback_page
from autograder.sandbox import warm
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.attacks import Attack, attacks
from autograder.tests.canaries import TOKEN, Canaries, canaries, planted, token
from autograder.tests.conftest import SOAK
from autograder.tests.other_user import ORDINARY, lent, run_python
from autograder.tests.tiny_course import MAX_POINTS, RIGHT, WRONG, make_course, open_file, submit, warm_parent

pytestmark = pytest.mark.slow
JAILED = {attack.name: attack for kind in ("disclosure", "network", "persistence") for attack in attacks(kind)}
REMEMBERS = "disclosure__remembers_the_inputs_it_was_asked__gains_nothing_from_them"
OWN_PROCESS = "disclosure__searches_its_own_process__finds_nothing"
DAEMON = "persistence__leaves_a_daemon__ends_with_its_submission"
PYTHON_STATE = "persistence__changes_python_for_those_that_follow__are_not_affected"
PARENT = "persistence__harms_the_warm_parent__the_next_one_starts"
LOOTING = sorted(set(JAILED) - {REMEMBERS})
#: What reaches something as soon as there is no jail; the others prove themselves in tests of their own.
OPEN_WITHOUT_A_JAIL = sorted(set(LOOTING) - {OWN_PROCESS, DAEMON, PYTHON_STATE, PARENT})
NOTHING = "LookupError: []"


def configured(course: Course, folder: Path, *lines: str) -> Course:
    """A copy of a built course, with these lines in its configuration."""
    shutil.copytree(course.root, folder)
    with (folder / "grader_config.py").open("a") as file:
        file.writelines(f"c.{line}\n" for line in lines)
    return find_course(folder)


# ---- disclosure, network, persistence: through the grader, in the best jail of this machine


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    with canaries(tmp_path_factory.mktemp("canaries")) as watched:
        yield watched


@pytest.fixture(scope="module")
def course(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tiny course with secrets in all that is hidden."""
    folder = tmp_path_factory.mktemp("planted") / "course"
    copied = configured(built_once, folder, "Limits.seconds_per_call = 60", "Limits.seconds_per_cell = 60")
    planted(copied)
    return find_course(folder)


@pytest.fixture(scope="module")
def grader(course: Course) -> Iterator[Grader]:
    with Grader(course) as started:
        yield started


def placeholders(watched: Canaries, course: Course) -> dict[str, str]:
    return {**watched.given, "root": str(course.root)}


def first(result: Result) -> CheckResult:
    """The first check of the question that holds the attack."""
    return next(check for check in result.checks if check.question == "q1")


@pytest.mark.parametrize("name", LOOTING)
def test_nothing_is_reached_heard_or_left(
    name: str, grader: Grader, course: Course, watching: Canaries, tmp_path: Path
) -> None:
    attack = dataclasses.replace(JAILED[name], answers={**JAILED[name].answers, "q2": RIGHT["q2"]})
    times = 2 if attack.kind == "persistence" else 1  # what the first one leaves, the second would find
    for attempt in range(times):
        path = attack.submit(course, tmp_path / f"{attempt}.ipynb", **placeholders(watching, course))
        result = grader.grade(path)
        assert result.question_points() == {"q1": (0.0, 2.0), "q2": (3.0, 3.0)}, (
            "it gained a point, or lost an earned one"
        )
        assert NOTHING in first(result).rationale, f"it got through: {first(result).rationale}"
        assert not TOKEN.search(result.model_dump_json()), "a secret stands in the result"
    assert watching.heard() == [], "a listener outside the jail heard something"
    assert watching.left() == [], "a file outlived its submission"
    assert watching.daemons() == [], "a process outlived its submission"
    if attack.kind == "persistence":
        honest = grader.grade(submit(course, tmp_path / "honest.ipynb", **RIGHT))
        assert honest.points == MAX_POINTS, "the submission after a hostile one lost points"


# ---- the same where a defence is missing


OFF = Surroundings(jail=Jail(minimum="off", cold=True))


def cells(attack: Attack, given: dict[str, str]) -> list[str]:
    return [attack.filled(attack.cell, given), attack.filled(attack.answers["q1"], given)]


@contextmanager
def settled(surroundings: Surroundings) -> Iterator[None]:
    """The surroundings for some tests, and those that stood before for the others."""
    warm.settle(surroundings)
    try:
        yield
    finally:
        warm.settle(Surroundings())
        warm.release()


@pytest.fixture
def without_a_jail() -> Iterator[None]:
    with settled(OFF):
        assert warm.parent().level == "off"
        yield


@pytest.fixture
def in_a_jail() -> Iterator[None]:
    with settled(Surroundings(jail=Jail(minimum="user", cold=True))):
        yield


def loot(attack: Attack, given: dict[str, str]) -> list[str]:
    """What an attack reaches, at its second run if it leaves something at the first."""
    found: list[str] = []
    for _ in range(1 + ("def leave" in attack.cell)):
        with NotebookRun([*cells(attack, given), TIDIES], [], Limits(seconds_per_call=60.0)) as run:
            run.run_cells()
            assert all(outcome is None for outcome in run.outcomes.values()), run.outcomes
            submission = StudentNotebook(run)
            found = list(submission.loot())
            submission.after(not found)
    return [str(each) for each in found]


TIDIES = """\
def after(leaving):
    for name in ["leave"] if leaving else ["tidy"]:
        if name in globals():
            globals()[name]()
"""


@pytest.mark.parametrize("name", OPEN_WITHOUT_A_JAIL)
def test_without_a_jail_it_gets_through(name: str, without_a_jail: None, course: Course, watching: Canaries) -> None:
    secrets = planted(course)
    found = loot(JAILED[name], placeholders(watching, course))
    heard = watching.heard()
    for path in watching.left():
        if not Path(path).is_socket():
            os.unlink(path)
    assert found, "a sample that reaches nothing without a jail shows nothing about the jail"
    match name.split("__")[1]:
        case "reads_the_course_by_its_path":
            assert {each for each in found if TOKEN.search(each)} >= secrets, "not all of the course was read"
        case "walks_the_file_system_from_its_root":
            assert set(found) >= secrets, "not all of the course was found"
        case "reads_environments_and_command_lines":
            assert set(found) >= {watching.tokens["environment"], watching.tokens["arguments"]}
        case "reads_the_memory_of_another_process":
            memory = watching.tokens["memory"]
            assert set(found) >= {f"through_proc {memory}", f"through_vm {memory}", "ptrace"}
        case "opens_a_tcp_connection":
            assert b"over TCP" in heard
        case "sends_packets_and_asks_a_name_server":
            assert b"over UDP" in heard and any(b"stolen" in each for each in heard)
        case "uses_sockets_of_the_machine":
            assert heard.count(b"connected") == 4 and heard.count(b"sent") == 4, heard
        case "opens_raw_and_netlink_sockets":
            assert set(found) >= {"netlink", "packet", "raw"}
        case "leaves_shared_memory_and_queues":
            assert set(found) >= {"shmget", "semget", "msgget", "shm_open"}
        case "limits_another_process":
            assert set(found) == {"limit", "priority", "scheduling", "cores", "signal"}
        case "changes_what_files_outside_are_like":
            assert set(found) >= {"mode", "times"}


def test_a_check_in_the_students_own_process_is_found(without_a_jail: None, course: Course, watching: Canaries) -> None:
    """As where hidden checks are cells of the notebook that is run."""
    secret = token("check")
    attack = JAILED[OWN_PROCESS]
    check = f'def hidden_check():\n    """{secret}"""\n    assert count_words("a b") == 2'
    with NotebookRun([check, *cells(attack, watching.given)], [], Limits(seconds_per_call=60.0)) as run:
        run.run_cells()
        assert list(StudentNotebook(run).loot()) == [secret]


def test_a_daemon_outlives_a_process_that_nobody_keeps(watching: Canaries) -> None:
    code = "\n".join([*cells(JAILED[DAEMON], watching.given)[:1], "loot()"])
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert watching.daemons(), "the daemon is none: it ended with the process that started it"
    for pid in watching.daemons():
        os.kill(pid, signal.SIGKILL)


def test_a_daemon_lives_as_long_as_its_submission(in_a_jail: None, watching: Canaries) -> None:
    """So that the test which finds none afterwards looks for something that was there."""
    with NotebookRun(cells(JAILED[DAEMON], watching.given), [], Limits(seconds_per_call=60.0)) as run:
        run.run_cells()
        StudentNotebook(run).loot()
        assert watching.daemons(), "the daemon cannot be seen from outside"
    assert watching.daemons() == [], "the daemon outlived its submission"


def test_python_changed_in_one_process_is_changed_for_all_that_use_it(without_a_jail: None, watching: Canaries) -> None:
    """As where one kernel runs several submissions."""
    with NotebookRun(cells(JAILED[PYTHON_STATE], watching.given), [], Limits()) as run:
        run.run_cells()
        submission = StudentNotebook(run)
        with pytest.raises(CheckFailed, match=r"LookupError: \[\]"):
            submission.count_words("a")
        assert set(submission.loot()) == {"environment", "module", "path", "numpy", "builtins", "umask"}


OWN_ID = "import os\ndef own_id(): return os.getpid()"


def test_without_a_jail_the_warm_parent_is_killed(without_a_jail: None, course: Course, watching: Canaries) -> None:
    before = warm_parent().process
    given = {**watching.given, "stop": "9"}  # a parent that is only stopped would hold up this test for minutes
    with NotebookRun([*cells(JAILED[PARENT], given), OWN_ID], [], Limits(seconds_per_call=10.0)) as run:
        run.run_cells()
        own = StudentNotebook(run).own_id()
        try:
            with suppress(CheckFailed):
                StudentNotebook(run).loot()
            before.wait(30)
        finally:
            os.kill(own, signal.SIGKILL)  # neither its keeper nor the parent is left to end it
    assert before.poll() is not None, "the parent lives: the sample does it no harm even where it could"
    assert warm_parent().process is not before, "no new parent was started"


# ---- one level of the jail after the other, as root and as an ordinary user


def report_loot(level: str, folder: Path) -> None:
    """Print, as JSON, what each sample reaches at one level of the jail; run in a process of its own."""
    course = find_course(folder / "course")
    planted(course)
    report: dict[str, object] = {}
    with canaries(folder / "canaries") as watched:
        jail = Jail(minimum="user", cold=True)
        own = tuple(
            path for path in list_hidden(course) if path.is_relative_to(course.root)
        )  # others may read this package
        warm.settle(Surroundings(jail=jail, hidden=own, levels=(level,)))
        if warm.start().level != level:
            print(json.dumps({"refused": "; ".join(warm.start().refused.values())}))
            return
        for name in LOOTING:
            found: list[str] = []
            with suppress(CheckFailed) if name == PARENT else nullcontext():  # it may end itself with its keeper
                found = loot(JAILED[name], placeholders(watched, course))
            report[name] = [found, [each.decode(errors="replace") for each in watched.heard()], watched.daemons()]
        report["parent"] = warm_parent().process.poll() is None
    warm.release()
    print(json.dumps(report))


LEVELS = [("an ordinary user", "namespaces"), ("an ordinary user", "landlock"), ("root", "landlock"), ("root", "user")]
AtLevel = Callable[[str, str], dict[str, object]]
TRIED = LEVELS if SOAK else LEVELS[1:2] + LEVELS[3:]


@pytest.fixture(scope="module")
def at_level(built_once: Course) -> AtLevel:
    """Asks for what each sample reaches, as a user and at a level; each is found out once."""

    @functools.cache
    def asked(who: str, level: str) -> dict[str, object]:
        with lent(built_once, 0 if who == "root" else ORDINARY) as (folder, python):
            code = f"from autograder.tests.test_hostile_jail import *; report_loot({level!r}, Path({str(folder)!r}))"
            done = run_python(python, folder, "-c", code)
            assert done.returncode == 0, done.stderr[-2000:]
            found: dict[str, object] = json.loads(done.stdout.strip().splitlines()[-1])
            return found

    return asked


@pytest.mark.parametrize("name", [*LOOTING, "parent"])
@pytest.mark.parametrize("who, level", TRIED)
def test_nothing_is_reached_at_any_level(who: str, level: str, name: str, at_level: AtLevel) -> None:
    found = at_level(who, level)
    if level == "user" and name.startswith("disclosure__reads_environments"):
        pytest.skip("command lines of other processes can be read there, as docs/security.md says")
    if "refused" in found:
        pytest.skip(f"'{level}' cannot be had here as {who}: {found['refused']}")
    if name == "parent":
        assert found[name] is True, "the warm parent was ended by a submission"
        return
    assert found[name] == [[], [], []], f"as {who}, the level '{level}' lets through (loot, heard, daemons)"


@pytest.mark.parametrize("who, uid", [("root", 0), ("an ordinary user", ORDINARY)])
def test_the_doctor_finds_the_jail_sound(who: str, uid: int, built_once: Course) -> None:
    with lent(built_once, uid) as (folder, python):
        asked = ["doctor", "--json", str(folder / "found.json"), "--course", str(folder / "course")]
        done = run_python(python, folder, "-c", "from autograder.cli import main; main()", *asked)
        assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
        found = json.loads((folder / "found.json").read_text())
    assert found["sound"] is True, f"as {who} a notebook was let through: {found['attempts']}"
    assert found["level"] in ("namespaces", "landlock"), f"as {who} this machine has only '{found['level']}'"
    if "namespaces" not in found["missing"]:
        assert found["level"] == "namespaces"


# ---- what a student gets back


def test_answers_to_the_inputs_of_one_attempt_are_none_to_the_next(
    grader: Grader, course: Course, tmp_path: Path
) -> None:
    path = JAILED[REMEMBERS].submit(course, tmp_path / "asks.ipynb")
    said = first(grader.grade(path)).rationale
    words = said.partition("LookupError: ")[2].partition(", in the line")[0]
    assert words and set(words) == {"x", " "}, f"nothing was learned: {said}"
    knows = f"def count_words(sentence):\n    return {{{words!r}: {len(words.split())}}}.get(sentence, 0)"
    again = grader.grade(submit(course, tmp_path / "knows.ipynb", q1=knows, q2=WRONG["q2"]))
    assert again.points == 0.0, "what was asked once is asked again: a student can collect the answers"
    # It would gain points if inputs depended neither on the code nor on the key.
    where = "tiny/test_q1_words.py::test_counts_words"
    mine = Draw.keyed(course.key, open_file(path, course).student_code, where).distinct_pairs(2, 9, n=3)
    assert words in {" ".join(["x" * letters] * number) for number, letters in mine}, "these are other inputs"
    theirs = Draw.keyed(b"another key", open_file(path, course).student_code, where).distinct_pairs(2, 9, n=3)
    changed = Draw.keyed(course.key, "other code", where).distinct_pairs(2, 9, n=3)
    assert mine != theirs and mine != changed, "inputs repeat under another key or for other code"


def test_what_a_student_gets_back_holds_nothing_hidden(built: Course, watching: Canaries) -> None:
    secrets = planted(built)
    for attack in attacks("disclosure"):
        attack.submit(built, built.root / "class" / attack.name / "tiny.ipynb", **placeholders(watching, built))
    done = command(built, "class", "--workers", "1")
    returned = [p for tree in ("feedback", "autograded") for p in built.tree(tree).rglob("*") if p.is_file()]
    assert len([p for p in returned if p.name == "tiny.html"]) == len(attacks("disclosure")), done.stdout
    hidden_lines = ["test_spaces_do_not_count", "the only entry that is not zero", *secrets, *watching.tokens.values()]
    for path in returned:
        text = path.read_text(errors="replace")
        assert [line for line in hidden_lines if line in text] == [], f"{path} shows what is hidden"
    shown = CheckResult(
        question="q1", check="c", title="t", status="failed", points=0, max_points=1, rationale=min(secrets)
    )
    result = Result(assignment="tiny", student="s", submission="", points=0, max_points=1, seconds=0, checks=[shown])
    result.questions = {"q1": "words"}
    assert min(secrets) in feedback_page(result.for_students(details=True)), (
        "a search of pages would find nothing if there were something"
    )


# ---- resources


SMALL = {
    "seconds_per_cell": 30.0,
    "seconds_per_call": 3.0,
    "memory_mib": 512,
    "scratch_mib": 16,
    "output_mib": 4,
    "processes": 64,
    "open_files": 128,
}
WIDE = {
    "seconds_per_cell": 60.0,
    "seconds_per_call": 60.0,
    "memory_mib": 3000,
    "scratch_mib": 1024,
    "output_mib": 1000,
    "processes": 400,
    "open_files": 1024,
    "cpu_seconds": 100.0,
}
PAYLOAD = {"many": "200", "mib": "800", "scratch": "40", "output": "200", "seconds": "8"}
MODEST = {"many": "200", "mib": "800", "scratch": "40", "output": "200", "seconds": "3"}
PROCESSES = "at most 64 processes and threads"
DISK = "at most 16 MiB of files"
OUTPUT = "printed more than 4 MiB"
MEMORY = "512 MiB of memory"
TIME = "ran longer than 3 s"
#: Sample -> the limit that stops it, as a student reads it; empty where nothing is used and so nothing needs to stop it.
NAMED = {
    "forks_children_without_end": PROCESSES,
    "leaves_zombies": PROCESSES,
    "starts_threads_without_end": PROCESSES,
    "takes_all_memory": MEMORY,
    "takes_all_memory_with_many_processes": MEMORY,
    "fills_the_disk_with_one_file": DISK,
    "fills_the_disk_with_many_files": DISK,
    "makes_files_without_content": DISK,
    "makes_a_sparse_file": DISK,
    "prints_without_end": OUTPUT,
    "shows_huge_pages": OUTPUT,
    "writes_to_the_terminal_without_end": "",
    "opens_files_without_end": "at most 128 files open",
    "never_returns": TIME,
    "swallows_every_interrupt": TIME,
    "blocks_every_signal_in_native_code": TIME,
    "uses_up_the_processor": TIME,
}
RESOURCES = {attack.name.split("__")[1]: attack for attack in attacks("resources")}


@pytest.fixture(scope="module")
def small(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    lines = [f"Limits.{name} = {value}" for name, value in SMALL.items()]
    return configured(built_once, tmp_path_factory.mktemp("small") / "course", *lines)


@pytest.fixture(scope="module")
def two_judges(small: Course) -> Iterator[Grader]:
    with Grader(small, workers=2) as started:
        yield started


def test_every_sample_has_a_limit() -> None:
    assert set(RESOURCES) == set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_a_bomb_costs_its_own_question_and_its_limit_is_named(
    name: str, small: Course, two_judges: Grader, tmp_path: Path
) -> None:
    attack = dataclasses.replace(RESOURCES[name], answers={**RESOURCES[name].answers, "q2": RIGHT["q2"]})
    jobs = [
        Job(attack.submit(small, tmp_path / "bomb.ipynb", **PAYLOAD), "tiny"),
        Job(submit(small, tmp_path / "neighbour.ipynb", **RIGHT), "tiny"),
    ]
    futures = [two_judges.start(job) for job in jobs]
    bomb, neighbour = (two_judges.finish(job, future).result for job, future in zip(jobs, futures, strict=True))
    assert neighbour.points == MAX_POINTS, f"the neighbour lost points: {neighbour.checks} {neighbour.notes}"
    assert bomb.question_points() == {"q1": (0.0, 2.0), "q2": (3.0, 3.0)}, f"{bomb.checks} {bomb.notes} {bomb.faults}"
    said = f"{first(bomb).rationale} {first(bomb).hint}"
    assert NAMED[name] in said, f"the student is not told which limit it was: {said}"


WITHOUT_A_SCRATCH = ("forks_children", "takes_all_memory", "fills_the_disk_with_many", "makes_files_without")


@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith(WITHOUT_A_SCRATCH)])
def test_a_bomb_is_stopped_where_there_are_no_namespaces(name: str) -> None:
    """There the folder of a submission is one of the machine's own, and limits are kept by whoever watches."""
    with settled(Surroundings(jail=Jail(minimum="user", cold=True), levels=("landlock",))):
        if warm.start().level != "landlock":
            pytest.skip(f"this machine has no Landlock: {warm.start().refused}")
        with NotebookRun(cells(RESOURCES[name], PAYLOAD), [], Limits(**(SMALL | {"seconds_per_call": 20.0}))) as run:
            run.run_cells()
            with pytest.raises(CheckFailed):
                StudentNotebook(run).count_words("a b")
            assert StudentNotebook(run).value("__name__") == "__main__", "the next question gets no answer"


def test_processor_time_is_named(in_a_jail: None) -> None:
    """Where it is used up before the time of the call is; on a machine with much else to do that cannot be told beforehand."""
    limits = Limits(seconds_per_call=120.0, cpu_seconds=1.0)
    with NotebookRun(cells(RESOURCES["uses_up_the_processor"], PAYLOAD), [], limits) as run:
        run.run_cells()
        with pytest.raises(CheckFailed) as failure:
            StudentNotebook(run).count_words("a b")
    assert "used up its 1 s of processor time" in failure.value.rationale, "the student is not told which limit it was"


@pytest.mark.parametrize("name", [name for name in NAMED if NAMED[name] and name != "makes_files_without_content"])
def test_under_wider_limits_the_same_bomb_goes_off(name: str, in_a_jail: None) -> None:
    with NotebookRun(cells(RESOURCES[name], MODEST), [], Limits(**WIDE)) as run:
        run.run_cells()
        assert StudentNotebook(run).count_words("a b") == 0, "it does not do what it says, or another limit stops it"


def test_without_a_jail_files_without_content_have_no_limit(without_a_jail: None) -> None:
    with NotebookRun(cells(RESOURCES["makes_files_without_content"], MODEST), [], Limits(**WIDE)) as run:
        run.run_cells()
        assert StudentNotebook(run).count_words("a b") == 0


def test_what_is_written_to_the_terminal_gets_there_without_a_jail() -> None:
    code = attack_code("writes_to_the_terminal_without_end")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert len(done.stdout) == len(done.stderr) == 200 << 16


def attack_code(name: str) -> str:
    return "\n".join([*cells(RESOURCES[name], MODEST), "count_words('a b')"])


# ---- output


ESCAPE = "\x1b[2J"
FORBIDDEN_IN_PAGES = ("<script>alert", "<img src=x", "\x1b", "\x07")
NAMES = ("</title><script>alert(3)</script>", "[red]eve[/]", "[/nothing]", "eve\x1b[2J\x07")


def command(course: Course, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`autograder grade`, in a process of its own."""
    code = "from autograder.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRADER")}
    return subprocess.run(
        [sys.executable, "-c", code, "grade", *arguments],
        cwd=course.root,
        env={**environment, "COLUMNS": "300", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


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
    return Graded(course, number, command(course, "class", "--workers", "2", "--json", "grades.jsonl"))


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
    assert str(escape("<script>alert(1)</script>")) in feedback_page(result.for_students(details=True))
    careless = Environment(loader=PackageLoader("autograder.reports"), autoescape=False)
    monkeypatch.setattr(pages, "load_templates", lambda: careless)
    assert "<script>alert(1)</script>" in feedback_page(result.for_students(details=True))


# ---- archives: what test_collect.py does not try


def put_zip(path: Path, entries: Sequence[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


def of_kind(kind: int, name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


KINDS = {"fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK, "block": stat.S_IFBLK, "character": stat.S_IFCHR}


def test_special_files_in_a_zip_are_named_and_not_made(built: Course, tmp_path: Path) -> None:
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    special = [
        (of_kind(kind, f"{name}_{n}_assignsubmission_file_/tiny.ipynb"), b"")
        for n, (name, kind) in enumerate(KINDS.items())
    ]
    path = put_zip(tmp_path / "m.zip", [*special, ("Eva_9_assignsubmission_file_/tiny.ipynb", notebook)])
    with collect([path], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["Eva"]
        assert len([line for line in collection.problems if "link or special file" in line]) == len(KINDS)
        made = list(collection.unpacked.rglob("*"))
        assert all(p.is_dir() or stat.S_ISREG(p.lstat().st_mode) for p in made), "an entry became a special file"


def test_a_zip_of_very_many_entries_is_not_unpacked(built: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "many.zip", [(f"{n}/tiny.ipynb", b"") for n in range(archive.MAX_ENTRIES + 1)])
    beside = submit(built, tmp_path / "eve" / "tiny.ipynb", **RIGHT)
    with collect([path, beside], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["eve"]
        assert f"more than {archive.MAX_ENTRIES} are not unpacked" in collection.problems[0]


def test_entries_that_share_their_content_are_a_bomb_by_their_sum(built: Course, tmp_path: Path) -> None:
    """Overlapping entries: a few hundred bytes for each, and all of them the same mebibytes."""
    count, size = 300, 40 << 20
    single = put_zip(tmp_path / "one.zip", [("tiny.ipynb", bytes(size))])
    data = single.read_bytes()
    central = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    record = data[central:end]
    tail = bytearray(data[end:])
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = (count * len(record)).to_bytes(4, "little")
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(data[:central] + record * count + bytes(tail))
    with zipfile.ZipFile(bomb) as opened:
        assert len(opened.infolist()) == count, "this is no bomb"
    beside = submit(built, tmp_path / "eve" / "tiny.ipynb", **RIGHT)
    with collect([bomb, beside], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["eve"]
        assert "would unpack to" in collection.problems[0]


def test_a_name_in_a_zip_moves_no_cursor(built: Course, tmp_path: Path) -> None:
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    name = f"eve{ESCAPE}\x07[red]<script>alert(1)<\u2215script>"
    path = put_zip(tmp_path / "m.zip", [(f"{name}_1_assignsubmission_file_/tiny.ipynb", notebook)])
    with collect([path], built) as collection:
        [submission] = collection.submissions
        said = [submission.student, submission.origin, *collection.notes, *collection.problems]
        assert all("\x1b" not in text and "\x07" not in text for text in said), said


def test_the_tiny_course_is_what_these_tests_take_it_for(tmp_path: Path) -> None:
    assert make_course(tmp_path / "course").settings.limits.memory_mib == SMALL["memory_mib"]
