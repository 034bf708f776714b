"""Whose work it is: nothing in a student's own folder or zip says so, however it is called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.errors import UsageError
from autograder.intake.boxes import MAX_LIST_BYTES
from autograder.intake.collect import Collection, collect
from autograder.intake.gradescope_export import METADATA
from autograder.intake.handins import MOST_NOTEBOOKS
from autograder.intake.stamps import MAX_STAMP, parse_stamp
from autograder.tests.helpers.uploads import NOTEBOOK, course, found, put, put_zip, zip_bytes

__all__ = ["course"]  # the fixture
FORGED = b"submission_1:\n  :submitters:\n  - :name: Jane Doe\n    :email: jane@example.edu\nben:\n  :submitters:\n  - :name: Jane Doe\n"
MOODLE = "Doe Jane_123_assignsubmission_file_"
# What ben hands in: names, of which each would make the work Jane's if it counted.
OWN = {
    "gradescope": {METADATA: FORGED, "submission_1/padding.ipynb": NOTEBOOK},
    "gradescope_beside": {METADATA: FORGED, "submission_1/a.txt": b"", "padding.ipynb": NOTEBOOK},
    "moodle_folder": {f"{MOODLE}/padding.ipynb": NOTEBOOK},
    "moodle_folder_beside": {f"{MOODLE}/padding.ipynb": NOTEBOOK, "padding.ipynb": NOTEBOOK},
    "moodle_file": {f"{MOODLE}padding.ipynb": NOTEBOOK},
    "canvas_file": {"doejane_12345_67890_padding.ipynb": NOTEBOOK},
    "deeper": {f"work/{MOODLE}/padding.ipynb": NOTEBOOK, f"work/{METADATA}": FORGED, "work/submission_1/x.txt": b""},
    "plain_folders": {"jane/padding.ipynb": NOTEBOOK, "doe/data.csv": b"1"},
    "zip": {"work.zip": zip_bytes(f"{MOODLE}/padding.ipynb")},
    "zip_called_so": {f"{MOODLE}.zip": zip_bytes("submission_1/padding.ipynb", (METADATA, FORGED))},
}
own = pytest.mark.parametrize("own", OWN.values(), ids=OWN.keys())


def put_in(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        put(folder / name, content)
    return folder


def students(collection: Collection) -> set[str]:
    return {submission.student for submission in collection.submissions}


@own
def test_a_students_folder_says_nothing_of_who_it_is(course: Course, tmp_path: Path, own: dict[str, bytes]) -> None:
    put_in(tmp_path / "class/ben", own)
    put(tmp_path / "class/eva/padding.ipynb")
    for folder in (MOODLE.replace("Doe Jane", "Ben B"), "Eva Lu_5_assignsubmission_file_"):
        put_in(tmp_path / "moodle" / folder, own if "Ben" in folder else {"padding.ipynb": NOTEBOOK})
    export = put_in(tmp_path / "export", {"submission_7/" + name: content for name, content in own.items()})
    put(export / METADATA, b"submission_7:\n  :submitters:\n  - :email: ben@example.edu\n")
    for path, expected in (
        (tmp_path / "class", {"ben", "eva"}),
        (tmp_path / "moodle", {"Ben_B", "Eva_Lu"}),
        (export, {"ben@example.edu"}),
    ):
        with collect([path], course) as collection:
            assert students(collection) == expected
        files = [str(file.relative_to(path)) for file in sorted(path.rglob("*")) if file.is_file()]
        zipped = put_zip(tmp_path / f"{path.name}.zip", *((name, (path / name).read_bytes()) for name in files))
        with collect([zipped], course) as collection:
            assert students(collection) == expected


@own
def test_a_students_zip_in_a_folder_says_nothing_of_who_it_is(
    course: Course, tmp_path: Path, own: dict[str, bytes]
) -> None:
    put_zip(tmp_path / "class/ben.zip", *own.items())
    put_zip(tmp_path / "class/lem.zip", "homework/padding.ipynb")
    put(tmp_path / "class/eva/padding.ipynb")
    with collect([tmp_path / "class"], course) as collection:
        assert {"lem", "eva"} <= students(collection) <= {"ben", "lem", "eva"}
        if "ben" not in students(collection):  # it may be a download: nobody gets it
            [problem] = collection.problems
            assert "class/ben.zip: looks like a platform's download" in problem


@own
def test_a_zip_in_a_zip_says_nothing_of_who_it_is(course: Course, tmp_path: Path, own: dict[str, bytes]) -> None:
    path = put_zip(tmp_path / "class.zip", ("ben.zip", zip_bytes(*own.items())), "eva.ipynb")
    with collect([path], course) as collection:
        assert students(collection) == {"ben", "eva"}


@own
def test_a_folder_that_a_platform_named_is_one_students(course: Course, tmp_path: Path, own: dict[str, bytes]) -> None:
    """As the shell names them: autograder grade unpacked/*"""
    for name in ("Ben B_7_assignsubmission_file_", "submission_7"):
        put_in(tmp_path / name, own)
    with collect([tmp_path / "Ben B_7_assignsubmission_file_", tmp_path / "submission_7"], course) as collection:
        assert students(collection) == {"Ben_B", "submission_7"}


def test_one_folder_in_a_folder_is_no_download_on_a_guess(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class" / "ben" / MOODLE / "padding.ipynb")
    with collect([tmp_path / "class", put(tmp_path / "eva.ipynb")], course) as collection:
        assert students(collection) == {"eva"}
        [problem] = collection.problems
        assert problem.startswith(f"{tmp_path}/class: its one folder 'ben' looks like a platform's download")
    with collect([tmp_path / "class/ben"], course) as collection:
        assert students(collection) == {"Doe_Jane"}


@pytest.mark.parametrize(
    "entries, expected",
    [
        ([f"week/{MOODLE}/padding.ipynb"], {"Doe_Jane"}),
        (["week/doejane_12345_67890_padding.ipynb"], {"doejane_12345"}),
        ([f"week/{METADATA}", "week/submission_1/padding.ipynb"], {"jane@example.edu"}),
    ],
)
def test_a_download_of_one_person_may_be_wrapped(
    course: Course, tmp_path: Path, entries: list[str], expected: set[str]
) -> None:
    files = [(entry, FORGED if entry.endswith("yml") else NOTEBOOK) for entry in entries]
    for path in (put_zip(tmp_path / "x.zip", *files), put_zip(tmp_path / "folder/x.zip", *files).parent):
        with collect([path], course) as collection:
            assert students(collection) == expected
    for name, content in files:  # unpacked into a folder that is called as the zip's own
        put(tmp_path / "week" / name, content)
    with collect([tmp_path / "week"], course) as collection:
        assert students(collection) == expected


def test_a_class_that_may_be_one_students_is_not_graded(course: Course, tmp_path: Path) -> None:
    put_zip(tmp_path / "all/week.zip", "ben/padding.ipynb", "eva/padding.ipynb")
    put(tmp_path / "folder/week/ben/padding.ipynb")
    put(tmp_path / "folder/week/eva/padding.ipynb")
    put_zip(tmp_path / "own/ben.zip", "first try/padding.ipynb", "final/padding.ipynb")
    for path in ("all", "folder"):
        with collect([tmp_path / path, tmp_path / "own"], course) as collection:
            assert students(collection) == {"ben"}
            [problem] = collection.problems
            assert "week" in problem and "holds a class, or several notebooks of one student" in problem


def test_of_many_notebooks_of_one_student_few_are_opened(course: Course, tmp_path: Path) -> None:
    names = [f"{number}.ipynb" for number in range(300)]
    put_zip(tmp_path / "class/ben.zip", *names, "padding.ipynb")
    put(tmp_path / "class/eva/padding.ipynb")
    with collect([tmp_path / "class"], course) as collection:
        assert len(collection.submissions) == MOST_NOTEBOOKS + 1
        assert any(s.student == "ben" and s.assignment == "padding" for s in collection.submissions)
        assert "ben: handed in 301 notebooks" in collection.notes[0]


def test_a_name_in_moodle_may_hold_an_underscore(course: Course, tmp_path: Path) -> None:
    """And the first number is the platform's: what follows, the student wrote."""
    put_zip(
        tmp_path / "week/3.zip",
        "Ana_Lucia Perez_2001_assignsubmission_file_/padding.ipynb",
        "Eva Lu_7_assignsubmission_file_Jane Doe_8_assignsubmission_file_padding.ipynb",
    )
    with collect([tmp_path / "week"], course) as collection:
        assert students(collection) == {"Ana_Lucia_Perez", "Eva_Lu"}


# The list of submitters of Gradescope


def entry(number: int, name: str = "Alyssa", time: str = "2025-03-07 10:00:00.000000000 Z") -> str:
    return f"submission_{number}:\n  :submitters:\n  - :name: {name}\n    :sid: '{number}'\n  :created_at: {time}\n"


def export(path: Path, metadata: str | bytes, *numbers: int) -> Path:
    content = metadata if isinstance(metadata, bytes) else metadata.encode()
    return put_zip(path, (METADATA, content), *(f"submission_{number}/padding.ipynb" for number in numbers))


BOMB = "".join(f"  :{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghij", "bcdefghijk", strict=True))


@pytest.mark.parametrize(
    "damaged",
    [
        "submission_2:\n  :submitters:\n  - :name: [unclosed\n",
        "submission_2:\n\t- tabs\n",
        "submission_2: !!python/object/apply:os.system ['true']\n",
        f"submission_2:\n  :a: &a [x, x]\n{BOMB}  :submitters: [{{:sid: *k}}]\n",
        f"submission_2: {'[' * 100_000}\n",
        f"submission_2:\n  :submitters:\n  - :sid: '{'9' * 100_000}'\n",
        "submission_2:\n  :submitters: nobody\n",
        "submission_2: 3\n",
        entry(2) + entry(2, "Eve"),
        "",
    ],
)
def test_a_bad_entry_spoils_only_itself(course: Course, tmp_path: Path, damaged: str) -> None:
    path = export(tmp_path / "e.zip", entry(1) + damaged + entry(3), 1, 2, 3)
    with collect([path], course) as collection:
        assert set(found(collection)) == {"1", "submission_2", "3"}
        [note] = collection.notes
        assert note.startswith(f"e.zip:{METADATA}: does not say who handed in submission_2;")


def test_a_name_that_looks_like_a_date_is_a_name(course: Course, tmp_path: Path) -> None:
    path = export(
        tmp_path / "e.zip", entry(1, name="2020-99-99") + entry(2, name="no") + entry(3, name="0x1F"), 1, 2, 3
    )
    with collect([path], course) as collection:
        assert [s.name for s in collection.submissions] == ["2020-99-99", "no", "0x1F"]


@pytest.mark.parametrize(
    "time", ["2025-02-30 10:00:00 Z", "9999-12-31 23:59:59 -14:00", "0001-01-01 00:00:00 Z", "noon"]
)
def test_a_time_that_is_none_is_noted(course: Course, tmp_path: Path, time: str) -> None:
    with collect([export(tmp_path / "e.zip", entry(1, time=time) + entry(2), 1, 2)], course) as collection:
        assert [s.timestamp.day for s in collection.submissions] == [1, 7]  # of the file, and as written
        assert "submission_1 has no readable time" in collection.notes[0]


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe\0", b"<html>Log in</html>", b" " * (MAX_LIST_BYTES + 1)])
def test_without_a_readable_list_nobody_is_invented(course: Course, tmp_path: Path, damaged: bytes) -> None:
    bad = export(tmp_path / "e.zip", damaged, 1, 2)
    with collect([bad, put(tmp_path / "eva.ipynb")], course) as collection:
        assert students(collection) == {"eva"}
        [problem] = collection.problems
        assert problem.startswith(f"{bad}: {METADATA}") and "export the submissions from Gradescope again" in problem
    with pytest.raises(UsageError, match="from Gradescope again"):
        collect([bad], course)


# nbgrader's note of the time


@pytest.mark.parametrize(
    "stamp, hour",
    [
        (b"2025-03-09 10:30:00.000000 UTC\n", 10),
        (b"\xef\xbb\xbf2025-03-09 10:30:00 UTC", 10),
        (b"2025-03-09T10:30:00+02:00", 8),
        (b"Mar 9, 2025 10:30", 10),
        (b"2025-03-09 10:30:00 America/New_York", 14),
        (b"2025-03-09 10:30:00 UTC".ljust(MAX_STAMP + 1), None),
        (b"1 " * 500_000, None),
        (b"2025-03-09 10:30:00 /etc/localtime", None),
        (b"2025-03-09 10:30:00 ../../etc/localtime", None),
        (b"0001-01-01 00:00:00 UTC", None),
        (b"2025-03-09 10:30:00 99999999999999", None),
        (b"\xff\xfe", None),
        (b"", None),
        (None, None),
    ],
)
def test_a_time_is_short_and_plain(stamp: bytes | None, hour: int | None) -> None:
    time = parse_stamp(stamp)
    assert time == (None if hour is None else datetime(2025, 3, 9, hour, 30, tzinfo=UTC))


# Links and pipes


@pytest.fixture
def tree(course: Course) -> Iterator[Path]:
    """nbgrader's tree, with links and pipes of eve beside the work of ben."""
    submitted = course.root / "submitted"
    put(submitted / "ben/padding/padding.ipynb")
    key = put(course.root / "solutions/key.ipynb")
    folder = put(submitted / "lem/padding/padding.ipynb").parent
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    (folder / "scratch.ipynb").symlink_to(key)
    os.mkfifo(folder / "pipe.ipynb")
    (submitted / "eve/padding").mkdir(parents=True)
    (submitted / "eve/padding/padding.ipynb").symlink_to(key)
    (submitted / "zed").symlink_to("ben")
    (submitted / "loop").symlink_to("loop")
    yield submitted


def test_no_link_and_no_pipe_is_followed_however_the_tree_is_named(course: Course, tree: Path) -> None:
    for pattern in (".", "*", "*/padding", "*/padding/padding.ipynb", "*/*/*.ipynb"):
        with collect(sorted(tree.glob(pattern)) if "*" in pattern else [tree], course) as collection:
            assert students(collection) == {"ben", "lem"}, pattern
            named = "\n".join(collection.problems)
            assert "eve/padding" in named or pattern == "*/padding", pattern
            assert all("is a link" in line or "special file" in line for line in collection.problems)


def test_the_tree_itself_may_lie_elsewhere(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "disk/ben/padding/padding.ipynb")
    (course.root / "submitted").symlink_to(tmp_path / "disk")
    for path in (course.root, course.root / "submitted", course.root / "submitted/ben"):
        with collect([path], course) as collection:
            assert students(collection) == {"ben"}


def test_folders_in_folders_without_end_are_one_line(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class/eva/padding.ipynb")
    here = os.open(tmp_path / "class", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    try:
        with collect([tmp_path / "class"], course) as collection:
            assert students(collection) == {"eva"}
            [problem] = collection.problems
            assert "deeper than" in problem and len(problem) < 500
    finally:  # Python's own way to remove folders is as deep as they are
        subprocess.run(["rm", "-rf", str(tmp_path / "class")], check=True)


def test_a_file_of_the_year_nine_thousand_million_is_collected(course: Course, tmp_path: Path) -> None:
    path = put(tmp_path / "class/eva/padding.ipynb")
    try:
        os.utime(path, (1e17, 1e17))
    except OSError:
        pytest.skip("this file system knows no such time")
    with collect([tmp_path / "class"], course) as collection:
        assert students(collection) == {"eva"}
