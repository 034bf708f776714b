"""Attacks that the jail closes: none gains a point, reads a secret, is heard, or leaves anything; each works where a defence is missing."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.canaries import TOKEN, Canaries, planted
from autograder.tests.helpers.jail import (
    DAEMON,
    JAILED,
    LOOTING,
    NOTHING,
    OWN_PROCESS,
    PARENT,
    PYTHON_STATE,
    first,
    loot,
    placeholders,
)
from autograder.tests.helpers.other_user import ORDINARY, lent, run_python
from autograder.tests.helpers.tiny_course import MAX_POINTS, RIGHT, submit

pytestmark = pytest.mark.slow
#: What reaches something as soon as there is no jail; the others prove themselves in tests of their own.
OPEN_WITHOUT_A_JAIL = sorted(set(LOOTING) - {OWN_PROCESS, DAEMON, PYTHON_STATE, PARENT})


@pytest.fixture(scope="module")
def grader(secret_course: Course) -> Iterator[Grader]:
    with Grader(secret_course) as started:
        yield started


@pytest.mark.parametrize("name", LOOTING)
def test_nothing_is_reached_heard_or_left(
    name: str, grader: Grader, secret_course: Course, watching: Canaries, tmp_path: Path
) -> None:
    attack = dataclasses.replace(JAILED[name], answers={**JAILED[name].answers, "q2": RIGHT["q2"]})
    times = 2 if attack.kind == "persistence" else 1  # what the first one leaves, the second would find
    for attempt in range(times):
        path = attack.submit(secret_course, tmp_path / f"{attempt}.ipynb", **placeholders(watching, secret_course))
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
        honest = grader.grade(submit(secret_course, tmp_path / "honest.ipynb", **RIGHT))
        assert honest.points == MAX_POINTS, "the submission after a hostile one lost points"


@pytest.mark.parametrize("name", OPEN_WITHOUT_A_JAIL)
def test_without_a_jail_it_gets_through(
    name: str, without_a_jail: None, secret_course: Course, watching: Canaries
) -> None:
    secrets = planted(secret_course)
    found = loot(JAILED[name], placeholders(watching, secret_course))
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


LEVELS = [("an ordinary user", "namespaces"), ("an ordinary user", "landlock"), ("root", "landlock"), ("root", "user")]
AtLevel = Callable[[str, str], dict[str, object]]
TRIED = LEVELS if SOAK else LEVELS[1:2] + LEVELS[3:]


@pytest.fixture(scope="module")
def at_level(built_once: Course) -> AtLevel:
    """Asks for what each sample reaches, as a user and at a level; each is found out once."""

    @functools.cache
    def asked(who: str, level: str) -> dict[str, object]:
        with lent(built_once, 0 if who == "root" else ORDINARY) as (folder, python):
            code = f"from autograder.tests.helpers.jail import report_loot; report_loot({level!r}, {str(folder)!r})"
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


#: As root and without a Python that others may read, `test_doctor.py` asks it too.
ASKED = [("root", 0), ("an ordinary user", ORDINARY)]


@pytest.mark.parametrize("who, uid", ASKED if SOAK else ASKED[1:])
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
