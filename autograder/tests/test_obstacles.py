"""A disk that is full, a gradebook that is locked or damaged, a course that may not be written: one clear line, and nothing is lost."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.obstacles import find_obstacle, in_one_line
from autograder.tests.helpers.entered import grade, left
from autograder.tests.helpers.stand_in import StandIn
from autograder.tests.helpers.tiny_course import RIGHT, submit

COMMANDS = {"build": [], "grade": ["{class}"], "export": ["--to", "csv"]}


def run(course: Course, command: str) -> Result:
    given = [argument.format(**{"class": course.root.parent / "class"}) for argument in COMMANDS.get(command, [])]
    done = CliRunner().invoke(main, [command, *given, "--course", str(course.root)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done


@pytest.fixture
def handed_in(built: Course, stand_in: type[StandIn]) -> Course:
    submit(built, built.root.parent / "class/ann/tiny.ipynb", **RIGHT)
    return built


@pytest.mark.parametrize("command", COMMANDS)
def test_a_damaged_gradebook_is_one_clear_line(handed_in: Course, command: str) -> None:
    (handed_in.root / "gradebook.db").write_bytes(b"no database " * 1000)
    done = run(handed_in, command)
    assert done.exit_code == 2
    [line] = done.output.splitlines()
    assert line.startswith(f"autograder: {handed_in.root}/gradebook.db: cannot be used: the gradebook is damaged. ")


def test_a_gradebook_of_another_version_is_one_clear_line(handed_in: Course) -> None:
    with sqlite3.connect(handed_in.root / "gradebook.db") as database:
        database.execute("ALTER TABLE student DROP COLUMN lms_user_id")
    done = run(handed_in, "grade")
    assert done.exit_code == 2
    assert "the gradebook was made by another version of nbgrader. Copy it, run `nbgrader db upgrade`" in done.output


@pytest.mark.slow
@pytest.mark.parametrize(("lock", "status"), [("IMMEDIATE", 1), ("EXCLUSIVE", 2)])
def test_a_locked_gradebook_is_one_clear_line(handed_in: Course, lock: str, status: int) -> None:
    """It can be read while another program is about to write, and not while it writes."""
    holder = sqlite3.connect(handed_in.root / "gradebook.db")
    holder.execute(f"BEGIN {lock}")
    done = run(handed_in, "grade")
    holder.close()
    assert done.exit_code == status
    said = "another program holds the gradebook. Close it (formgrader, a second command), then"
    assert len([line for line in done.output.splitlines() if said in line]) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few MiB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.getuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def on(disk: Path, course: Course) -> Course:
    shutil.copytree(course.root, disk / "course")
    return find_course(disk / "course")


def test_a_full_disk_is_one_clear_line_each_and_loses_nothing(
    built: Course, small_disk: Path, stand_in: type[StandIn]
) -> None:
    course = on(small_disk, built)
    grade(course, "ann")
    before = left(course, "ann")
    submit(course, small_disk / "class/ben/tiny.ipynb", **RIGHT)
    filler = small_disk / "filler"
    stand_in.share = 0.5
    for room in (0, 8, 24):  # KiB: nothing can be written; some of it
        with pytest.raises(OSError, match="No space left"), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        os.truncate(filler, max(0, filler.stat().st_size - room * 1024))
        done = run(course, "grade")
        assert done.exit_code in (1, 2)
        assert "the disk is full. Make room, then " in done.output and "Error" not in done.output, (room, done.output)
        filler.unlink()
        now = left(course, "ann")
        assert now == before or (now["grades"]["q2"] == 1.5 and b'"points":2.5' in now["results/ann/tiny.json"])
    assert grade(course).exit_code == 0
    assert left(course, "ann")["grades"]["q2"] == left(course, "ben")["grades"]["q2"] == 1.5


@pytest.mark.parametrize("command", [*COMMANDS, "report"])
def test_a_course_that_may_not_be_written_is_one_clear_line(
    built: Course, small_disk: Path, stand_in: type[StandIn], command: str
) -> None:
    course = on(small_disk, built)
    grade(course, "ann")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = run(course, command)
    assert done.exit_code == 2 and stand_in.asked == ["ann"]
    [line] = done.output.splitlines()
    assert line.startswith(f"autograder: {course.root}") and re.search(
        "you may not write here|you have no rights here|Read-only", line
    )


def test_a_bug_that_quotes_an_obstacle_is_no_obstacle() -> None:
    assert not find_obstacle(ValueError("No space left on device"))
    assert in_one_line(ValueError("a\n  b"), "grade again") == "ValueError: a b"
    assert in_one_line(UsageError("say this"), "grade again") == "say this"
    try:
        try:
            raise OSError(28, "No space left on device", "/course/a")
        except OSError:
            raise KeyError("a") from None
    except KeyError as error:
        assert in_one_line(error, "grade again") == "/course/a: the disk is full. Make room, then grade again."
