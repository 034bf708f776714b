"""From each platform's zip to its grade file: who handed in, which attempt counts, and whose row gets the points. Teams too."""

from __future__ import annotations

import json
import re
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course.course import Course, find_course
from autograder.course.gradebook import Student
from autograder.course.nbgrader_settings import course_directory
from autograder.errors import UsageError
from autograder.intake.collect import Collection, collect
from autograder.reports.export import export
from autograder.tests.helpers.commands import autograder
from autograder.tests.helpers.tiny_course import RIGHT, submit
from autograder.tests.helpers.uploads import NOTEBOOK, course, found, put, put_zip, zip_bytes

__all__ = ["course"]  # the fixture


def receipt(name: str) -> bytes:
    """What Blackboard writes about one attempt; the student's own words follow."""
    return f"Name: {name}\nAssignment: Week 1\nDate Submitted: Monday\n\nComments:\nName: Eve (eve)\n".encode()


NAMES = {"jdoe": ("Jane", "Doe"), "r_roe": ("Rick", "Roe")}
BLACKBOARD: list[str | tuple[str, bytes]] = [
    ("Week_1_jdoe_attempt_2026-11-29-10-00-00.txt", receipt("Jane Doe (jdoe)")),
    "Week_1_jdoe_attempt_2026-11-29-10-00-00_padding.ipynb",
    ("Week_1_jdoe_attempt_2026-11-30-10-00-00.txt", receipt("Jane Doe (jdoe)")),
    "Week_1_jdoe_attempt_2026-11-30-10-00-00_padding.ipynb",
    "Week_1_jdoe_attempt_2026-11-30-10-00-00_Eve_attempt_2026-11-30-11-00-00_notes.py",
    ("Week_1_r_roe_attempt_2026-11-30-09-00-00.txt", receipt("Rick (Ricky) Roe (r_roe)")),
    "Week_1_r_roe_attempt_2026-11-30-09-00-00_padding.ipynb",
]
BRIGHTSPACE: list[str | tuple[str, bytes]] = [
    ("Week 1/index.html", b"<html>"),
    "Week 1/101-77 - Jane Doe - Nov 29, 2026 1005 AM/padding.ipynb",
    "Week 1/101-77 - Jane Doe - Nov 30, 2026 1205 AM/padding.ipynb",
    "Week 1/102-77 - Anne-Marie Roe - Nov 30, 2026 905 PM/padding (1).ipynb",
    "Week 1/102-77 - Anne-Marie Roe - Nov 30, 2026 905 PM/notes.pdf",
]
SAKAI: list[str | tuple[str, bytes]] = [
    ("Week 1/grades.csv", b"Week 1,Points"),
    ("Week 1/Doe, Jane(jdoe)/timestamp.txt", b"20261130102300000"),
    ("Week 1/Doe, Jane(jdoe)/comments.txt", b""),
    "Week 1/Doe, Jane(jdoe)/Submission attachment(s)/padding.ipynb",
    ("Week 1/Doe, Jane(jdoe)/Submission attachment(s)/timestamp.txt", b"2026-01-01 00:00:00 UTC"),
    ("Week 1/Roe, Rick(r_roe)/timestamp.txt", b"2026-11-30T09:00:00Z"),
    "Week 1/Roe, Rick(r_roe)/Submission attachment(s)/padding.ipynb",
]
SAKAI_TEAM: list[str | tuple[str, bytes]] = [
    ("Week 1/grades.csv", b"Week 1,Points"),
    ("Week 1/Group A/timestamp.txt", b"20261130102300000"),
    ("Week 1/Group A/members.txt", b"Doe, Jane(jdoe); Roe, Rick(r_roe)"),
    "Week 1/Group A/Submission attachment(s)/padding.ipynb",
    ("Week 1/Group A/Submission attachment(s)/members.txt", b"Eve, Eve(eve)"),
]
OPEN_EDX: list[str | tuple[str, bytes]] = [
    ("submissions.csv", b"course_id,block_id,student_id"),
    "[1]Start, [2]Sequences, [1]Padding, or not/[1] - jdoe - padding.ipynb",
    "[1]Start, [2]Sequences, [1]Padding, or not/[1] - r_roe - my - padding.ipynb",
    ("[1]Start, [2]Sequences, [1]Padding, or not/[1] - jdoe - prompt_0.txt", b"Here it is."),
]
ILIAS: list[str | tuple[str, bytes]] = [
    ("Blatt 1/Blatt 1.xlsx", b""),
    "Blatt 1/Abgaben/Doe_Jane_jdoe_1234/padding.ipynb",
    "Blatt 1/Abgaben/Roe_Rick_r_roe_1235/Verspaetete Abgabe - padding.ipynb",
    "Blatt 1/Abgaben/von_Poe_Eva_evap_1236/padding.ipynb",
]
MOODLE: list[str | tuple[str, bytes]] = [
    "Jane Doe_71_assignsubmission_file/padding.ipynb",
    "Rick Roe_72_assignsubmission_file/padding.ipynb",
]
CANVAS = ["doejane_101_9001_padding.ipynb", "doejane_LATE_101_9002_padding-1.ipynb", "roerick_102_9003_padding.ipynb"]


def mac(path: Path, *entries: str | tuple[str, bytes]) -> Path:
    """The zip as a Mac packs it: names taken apart, in UTF-8 that is not marked as such, and with its own files."""
    import unicodedata

    put_zip(path)
    with zipfile.ZipFile(path, "w") as file:
        for entry in entries:
            name, content = (entry, NOTEBOOK) if isinstance(entry, str) else entry
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = unicodedata.normalize("NFD", name)
            file.writestr(info, content)
            head, _, last = name.rpartition("/")
            file.writestr(f"__MACOSX/{head}/._{last}", b"\0\5\26\7")
    data = path.read_bytes()
    marked = bytearray(data)
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag that the name is UTF-8
        start = 0
        while (start := data.find(magic, start)) >= 0:
            marked[start + at + 1] &= ~8
            start += 4
    path.write_bytes(marked)
    return path


def times(collection: Collection) -> dict[str, datetime]:
    return {s.student: s.timestamp.astimezone(UTC) for s in collection.submissions}


# Who, and which attempt


def test_blackboard_parts_assignment_and_login_by_its_receipts(course: Course, tmp_path: Path) -> None:
    with collect([put_zip(tmp_path / "gradebook.zip", *BLACKBOARD)], course) as collection:
        assert found(collection) == {"jdoe": "padding", "r_roe": "padding"}
        assert times(collection)["jdoe"] == datetime(2026, 11, 30, 10).astimezone(UTC)
        [note] = collection.notes
        assert "not graded" in note and "2026-11-29-10-00-00_padding.ipynb" in note
        assert collection.problems == []


def test_blackboard_without_receipts_grades_nobody_under_a_guessed_name(course: Course, tmp_path: Path) -> None:
    files = [entry for entry in BLACKBOARD if isinstance(entry, str)]
    sure = "tensor_shapes_j_doe_attempt_2026-11-30-10-00-00_x.ipynb", "HW_roe_attempt_2026-11-30-10-00-00_x.ipynb"
    with collect([put_zip(tmp_path / "gradebook.zip", *files, *sure)], course) as collection:
        assert {submission.student for submission in collection.submissions} == {"j_doe", "roe"}
        [problem] = collection.problems
        assert "Week_1_jdoe_attempt_2026-11-29" in problem and "and 1 more: not graded." in problem


def test_brightspace_counts_the_newest_attempt_of_each(course: Course, tmp_path: Path) -> None:
    for entries in (BRIGHTSPACE, [BRIGHTSPACE[0], *(str(entry).replace("AM/", "AM - ") for entry in BRIGHTSPACE[1:3])]):
        with collect([put_zip(tmp_path / "Week 1 Download.zip", *entries)], course) as collection:
            assert found(collection)["Jane_Doe"] == "padding"
            assert times(collection)["Jane_Doe"] == datetime(2026, 11, 30, 0, 5).astimezone(UTC)
            assert "1005 AM" in collection.notes[0].split("not graded")[1]
    with collect([put_zip(tmp_path / "Week 1 Download.zip", *BRIGHTSPACE)], course) as collection:
        assert set(found(collection)) == {"Jane_Doe", "Anne-Marie_Roe"}


def test_brightspace_with_times_that_nobody_can_read_guesses_nothing(course: Course, tmp_path: Path) -> None:
    days = [f"101-77 - Jane Doe - 30 {month} 2026 1005/padding.ipynb" for month in ("kasım", "Aralık")]
    other = "102-77 - Rick Roe - 30 kasım 2026 1005/padding.ipynb"
    with collect([put_zip(tmp_path / "b.zip", *days, other)], course) as collection:
        assert set(found(collection)) == {"Rick_Roe"}
        assert "'Jane Doe' has several attempts" in collection.problems[0]


def test_brightspace_with_two_numbers_of_one_name_guesses_nothing(course: Course, tmp_path: Path) -> None:
    other = "Week 1/103-77 - Jane Doe - Nov 30, 2026 1023 AM/padding.ipynb"
    with collect([put_zip(tmp_path / "b.zip", *BRIGHTSPACE, other)], course) as collection:
        assert set(found(collection)) == {"Anne-Marie_Roe"}
        assert "'Jane Doe' has several numbers" in collection.problems[0]


def test_a_brightspace_group_is_not_the_student_with_its_number(course: Course, tmp_path: Path) -> None:
    one = put_zip(tmp_path / "1.zip", "101-77 - Jane Doe - Nov 30, 2026 1023 AM/padding.ipynb")
    two = put_zip(tmp_path / "2.zip", "101-78 - Pandas - Nov 30, 2026 1023 AM/tensor_shapes.ipynb")
    with collect([one, two], course, roster=[Student("jdoe", "Jane", "Doe", lms_id="101")]) as collection:
        assert found(collection) == {"jdoe": "padding", "Pandas": "tensor_shapes"}


def test_sakai_gives_login_time_and_team(course: Course, tmp_path: Path) -> None:
    with collect([put_zip(tmp_path / "bulk_download.zip", *SAKAI)], course) as collection:
        assert found(collection) == {"jdoe": "padding", "r_roe": "padding"}
        assert times(collection) == {
            "jdoe": datetime(2026, 11, 30, 10, 23, tzinfo=UTC),
            "r_roe": datetime(2026, 11, 30, 9, tzinfo=UTC),
        }
        assert collection.problems == []
    both = "Week 1/Doe, Jane(jdoe); Roe, Rick(r_roe)/Submission attachment(s)/padding.ipynb"
    flat = "Week 1/Doe, Jane(jdoe)_Submission attachment(s)_padding.ipynb"
    for entries, people in ((SAKAI_TEAM, {"jdoe", "r_roe"}), ([both], {"jdoe", "r_roe"}), ([flat], {"jdoe"})):
        with collect([put_zip(tmp_path / "bulk_download.zip", *entries)], course) as collection:
            assert set(found(collection)) == people


def test_a_remark_behind_a_name_is_no_login(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "x.zip", "Doe, Jane (late)/padding.ipynb", "Roe, Rick (late)/padding.ipynb")
    with collect([path], course) as collection:
        assert set(found(collection)) == {"Doe_Jane_late", "Roe_Rick_late"}


def test_a_list_of_members_in_a_plain_folder_says_nothing(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class/ben/Submission attachment(s)/padding.ipynb")
    put(tmp_path / "class/ben/members.txt", b"Doe, Jane(jdoe)")
    put(tmp_path / "class/eva/padding.ipynb")
    with collect([tmp_path / "class"], course) as collection:
        assert set(found(collection)) == {"ben", "eva"}


def test_names_that_no_platform_gives_cost_little_time(course: Course, tmp_path: Path) -> None:
    names = ["_" * 250, "," * 250, "1-1 - " + "-" * 240, "1-1 - " + "0 " * 120, "[1]" + ", [1]" * 48, "a,b(" * 60]
    files = [(f"{name[:-5]}{number:05}", b"") for name in names for number in range(300)]
    members = put_zip(tmp_path / "y.zip", ("G/members.txt", b"a," * 30_000), "G/Submission attachment(s)/padding.ipynb")
    receipts = put_zip(
        tmp_path / "z.zip",
        "a_b_attempt_2026-11-30-10-00-00_padding.ipynb",
        *(
            (f"a_{who}_attempt_2026-11-30-10-00-00.txt", line * 30_000)
            for who, line in enumerate((b" ", b"(", b"a: ( ", b")"))
        ),
    )
    started = time.process_time()
    with collect([put_zip(tmp_path / "x.zip", *files, "roe/padding.ipynb"), members, receipts], course) as collection:
        assert time.process_time() - started < 10
        assert {"roe", "b"} <= {submission.student for submission in collection.submissions}


def test_open_edx_names_each_file_after_its_student(course: Course, tmp_path: Path) -> None:
    with collect([put_zip(tmp_path / "ora.zip", *OPEN_EDX)], course) as collection:
        assert set(found(collection)) == {"jdoe", "r_roe"}
        assert collection.problems == []
    old = [
        f"course-v1:X+NLP+2019/block-v1:X+type@openassessment+block@1/{name}"
        for name in ("a1/attachments/", "b2/attachments/")
    ]
    csv = ("course-v1:X+NLP+2019/downloads.csv", b"")
    with collect([put_zip(tmp_path / "ora.zip", csv, *(f"{name}padding.ipynb" for name in old))], course) as collection:
        assert set(found(collection)) == {"a1", "b2"}


def test_folders_of_a_class_that_nobody_knows_are_no_students(course: Course, tmp_path: Path) -> None:
    weeks = [f"{week}/{name}/padding.ipynb" for week in ("week 1", "week 2") for name in ("jdoe", "r_roe")]
    deep = [f"NLP/block 7/{name}/padding.ipynb" for name in ("jdoe", "r_roe")]
    for entries, lost in ((weeks, 2), ([*deep, ("list.csv", b"")], 1)):
        with collect(
            [put_zip(tmp_path / "x.zip", *entries), put(tmp_path / "eva/padding.ipynb")], course
        ) as collection:
            assert set(found(collection)) == {"eva"}
            assert len(collection.problems) == lost and all("holds a class, or" in line for line in collection.problems)


def test_ilias_folders_are_students_and_its_teams_share(course: Course, tmp_path: Path) -> None:
    roster = [Student("r_roe")]
    with collect([put_zip(tmp_path / "Blatt 1.zip", *ILIAS)], course, roster=roster) as collection:
        assert found(collection) == dict.fromkeys(("Doe_Jane_jdoe_1234", "r_roe", "von_Poe_Eva_evap_1236"), "padding")
        assert collection.problems == []
    team = [str(entry).replace("Abgaben/", "Abgaben/Team 7/", 1) for entry in ILIAS[1:3]]
    path = put_zip(tmp_path / "x.zip", (team[0], NOTEBOOK, 5), (team[1], NOTEBOOK, 6), str(ILIAS[3]))
    with collect([path], course, "padding", roster) as collection:
        assert set(found(collection)) == {"Doe_Jane_jdoe_1234", "r_roe", "von_Poe_Eva_evap_1236"}
        assert {s.origin for s in collection.submissions if "Poe" not in s.student} == {f"x.zip:{team[1]}"}
        assert any("who is in Team 7. " in note and "c.Autograder.teams" in note for note in collection.notes)


CLASSROOM = ["padding.ipynb", "padding(1).ipynb", "padding(2).ipynb", "Copy of padding.ipynb"]


@pytest.mark.parametrize(
    "name, entries, students, lost",
    [
        ("Week 1-20261130T102300Z-001.zip", [f"Week 1/{name}" for name in CLASSROOM], set(), 4),
        ("classroom.zip", [f"Week 1/{name}" for name in CLASSROOM], set(), 4),
        ("classroom.zip", CLASSROOM, set(), 4),
        ("classroom.zip", [f"classroom/{name}" for name in CLASSROOM], set(), 4),
        ("x.zip", ["padding.ipynb", "padding final.ipynb", "Untitled0.ipynb", "My homework (2).ipynb"], set(), 4),
        ("x.zip", ["Week 1/padding.ipynb", "Week 1/my thoughts.ipynb"], set(), 2),
        ("Week 1-20261130T102300Z-001.zip", ["Week 1/padding.ipynb"], set(), 1),
        ("x.zip", ["x/RNN homework.ipynb", "x/RNN homework(1).ipynb", "x/my thoughts.ipynb"], set(), 3),
        ("x.zip", ["Week 1 - padding.ipynb", "Week 1 - padding(1).ipynb", "Week 1 - padding(2).ipynb"], set(), 3),
        (
            "x.zip",
            ["Jane Doe - RNN homework.ipynb", "Anne-Marie Roe - RNN homework.ipynb"],
            {"Jane Doe", "Anne-Marie Roe"},
            0,
        ),
        ("x.zip", ["doe.ipynb", "final.ipynb"], {"doe"}, 1),
        ("x.zip", ["doe.ipynb", "roe.ipynb", "poe.ipynb", "padding.ipynb"], {"doe", "roe", "poe"}, 1),
        (
            "x.zip",
            ["doe.ipynb", "roe.ipynb", "poe.ipynb", "hw_1_zoe.ipynb", "hw_1_zoe(1).ipynb"],
            {"doe", "roe", "poe"},
            2,
        ),
        ("x.zip", ["s-101.ipynb", "s-102.ipynb", "s-103 (1).ipynb"], {"s-101", "s-102", "s-103"}, 0),
        (
            "Week 1-20261130T102300Z-001.zip",
            [
                "Week 1/Jane Doe - padding.ipynb",
                "Week 1/Anne-Marie Roe - Week 1.ipynb",
                "Week 1/thoughts.ipynb",
                "Week 1/r_roe.ipynb",
            ],
            {"Jane Doe", "r_roe"},
            2,
        ),
    ],
)
def test_google_classroom_says_nothing_and_nobody_is_guessed(
    course: Course, tmp_path: Path, name: str, entries: list[str], students: set[str], lost: int
) -> None:
    path = put_zip(tmp_path / "down" / name, *entries)
    sure = put(tmp_path / "eva/padding.ipynb")
    with collect([path, sure], course, roster=[Student("r_roe")]) as collection:
        assert set(found(collection)) == students | {"eva"}
        if not lost:
            assert collection.problems == []
            return
        [problem] = collection.problems
        assert "Nothing says whose they are. Name each file after its student" in problem
        assert (
            problem.count(".ipynb") + (int(problem.split(" more:")[0].split()[-1]) if " more:" in problem else 0)
            == lost
        )


def test_a_full_name_is_the_student_who_has_it(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "x.zip", "Jane Doe - padding.ipynb", "Rick Roe - padding.ipynb")
    roster = [Student("jdoe", "Jane", "Doe"), Student("r1", "Rick", "Roe"), Student("r2", "Rick", "Roe")]
    with collect([path], course, "padding", roster) as collection:
        assert found(collection) == {"jdoe": "padding", "Rick Roe": "padding"}


def test_zips_that_could_be_anybodys_are_nobodys(course: Course, tmp_path: Path) -> None:
    inside = zip_bytes("padding.ipynb")
    names = "homework.zip", "homework(1).zip", "x.zip"
    path = put_zip(tmp_path / "HW-20261130T102300Z-001.zip", *((f"HW/{name}", inside) for name in names))
    for name in names[:2]:
        put(tmp_path / "class" / name, inside)
    put(tmp_path / "class/roe/padding.ipynb")
    put(tmp_path / "class/doe.zip", inside)
    with collect([path, tmp_path / "class"], course) as collection:
        assert set(found(collection)) == {"roe"}
        assert all("Nothing says whose they are" in problem for problem in collection.problems)
        assert len(collection.problems) == 2


def test_a_download_deep_in_folders_is_not_one_students(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "x.zip", *(f"export/week 1/{name}" for name in CANVAS))
    with pytest.raises(UsageError, match="holds a class, or"):
        collect([path], course)


def test_a_notebook_beside_the_students_of_nbgraders_tree_is_nobodys(course: Course) -> None:
    put(course.root / "submitted/roe/padding/padding.ipynb")
    put(course.root / "submitted/padding.ipynb")
    with collect([course.root / "submitted"], course) as collection:
        assert set(found(collection)) == {"roe"}
        assert collection.problems[0].endswith(
            "submitted/padding.ipynb: lies in no student's folder. It was not graded."
        )


def test_notebooks_named_side_by_side_are_one_pile(course: Course, tmp_path: Path) -> None:
    paths = [put(tmp_path / "down" / name) for name in CLASSROOM]
    with pytest.raises(UsageError, match="Nothing says whose they are"):
        collect(paths, course)
    for path, student in ((paths[0], "down"), (put(tmp_path / "down/solution.ipynb"), "solution")):
        with collect([path], course) as collection:
            assert set(found(collection)) == {student}


def test_copies_in_a_folder_that_is_named_among_students_are_that_students(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class/ann/padding.ipynb")
    put(tmp_path / "class/ben/padding.ipynb", day=1)
    put(tmp_path / "class/ben/padding (1).ipynb", day=2)
    with collect([tmp_path / "class/ann", tmp_path / "class/ben"], course) as collection:
        assert found(collection) == {"ann": "padding", "ben": "padding"}
        assert collection.problems == [] and "padding (1).ipynb is the newest" in collection.notes[0]
    with pytest.raises(UsageError, match="Nothing says whose they are"):
        collect([tmp_path / "class/ben"], course)


def test_a_students_own_box_with_one_notebook_of_each_is_no_riddle(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "ben.zip", "padding.ipynb", "tensor_shapes-2.ipynb")
    with collect([path, put_zip(tmp_path / "eva.zip", "padding final.ipynb")], course) as collection:
        assert {(s.student, s.assignment) for s in collection.submissions} == {
            ("ben", "padding"),
            ("ben", "tensor_shapes"),
            ("eva", None),
        }
        assert collection.problems == []


def test_a_hidden_notebook_is_named(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "x.zip", "doe/padding.ipynb", "doe/.padding.ipynb", "doe/._padding.ipynb", "roe/.x.IPYNB")
    put(tmp_path / "class/doe/padding.ipynb")
    put(tmp_path / "class/doe/.later.ipynb")
    put(tmp_path / "class/doe/.ipynb_checkpoints/padding.ipynb")
    for given, names in ((path, ["doe/.padding.ipynb", "roe/.x.IPYNB"]), (tmp_path / "class", ["doe/.later.ipynb"])):
        with collect([given], course) as collection:
            assert set(found(collection)) == {"doe"}
            hidden = [note for note in collection.notes if "begins with a dot" in note]
            assert [any(name in note for note in hidden) for name in names] == [True] * len(hidden)


def test_numbers_in_a_name_in_moodle_are_not_the_platforms(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "m.zip", "Ana_2_Perez_2001_assignsubmission_file/padding.ipynb")
    with collect([path], course) as collection:
        [submission] = collection.submissions
        assert (submission.name, submission.lms_id) == ("Ana_2_Perez", "participant 2001")


def test_moodle_hides_names_and_names_teams(course: Course, tmp_path: Path) -> None:
    one = put_zip(tmp_path / "1.zip", "Participant_11_assignsubmission_file/padding.ipynb")
    two = put_zip(tmp_path / "2.zip", "Participant 12_assignsubmission_file_/tensor_shapes.ipynb")
    with collect([one, two], course) as collection:
        assert found(collection) == {"Participant_11": "padding", "Participant_12": "tensor_shapes"}
    teams = put_zip(
        tmp_path / "3.zip",
        "Group A_71_assignsubmission_file/padding.ipynb",
        "Default group_assignsubmission_file/padding.ipynb",
        "The Pandas_72_assignsubmission_file/padding.ipynb",
    )
    roster = [Student("jdoe", "Jane", "Doe", lms_id="participant 71"), Student("roe", "Rick", "Roe")]
    with collect([teams], course, roster=roster) as collection:
        assert set(found(collection)) == {"Group_A", "Default_group", "The_Pandas"}
        assert "3: does not say who is in Group A, Default group." in collection.notes[0]
    old = put_zip(
        tmp_path / "4.zip",
        "Group A-Jane Doe_71_assignsubmission_file_/padding.ipynb",
        "Group A-Anne-Marie Roe_72_assignsubmission_file_/padding.ipynb",
        "Default group-Participant_73_assignsubmission_file_/padding.ipynb",
        "Anne-Marie Poe_74_assignsubmission_file_/padding.ipynb",
        "Gruppe 5-76_assignsubmission_file_/padding.ipynb",
    )
    with collect([old], course, roster=roster) as collection:
        assert set(found(collection)) == {"jdoe", "Anne-Marie_Roe", "Participant_73", "Anne-Marie_Poe", "Gruppe_5"}
    (course.root / "grader_config.py").write_text(
        'c = get_config()\nc.Autograder.teams = {"group a": ["jdoe", "Müller, K."], "The Pandas": ["roe"]}\n'
    )
    with collect([teams], find_course(course.root), roster=roster) as collection:
        assert set(found(collection)) == {"jdoe", "Müller, K.", "roe", "Default_group"}


@pytest.mark.parametrize(
    "entry",
    [
        "group1_101_9001_padding.ipynb",
        "Week 1_Group 1_attempt_2026-11-30-10-00-00_padding.ipynb",
        "101-77 - Group 1 - Nov 30, 2026 1023 AM/padding.ipynb",
        "Group-1/padding.ipynb",
        "Blatt 1/Abgaben/Group 1/Doe_Jane_jdoe_1234/padding.ipynb",
    ],
)
def test_the_instructor_may_say_who_is_in_a_team(course: Course, tmp_path: Path, entry: str) -> None:
    (course.root / "grader_config.py").write_text(
        'c = get_config()\nc.Autograder.teams = {"Group 1": ["jdoe", "r_roe"]}\n'
    )
    with collect([put_zip(tmp_path / "x.zip", entry)], find_course(course.root)) as collection:
        assert found(collection) == {"jdoe": "padding", "r_roe": "padding"}
        assert collection.notes == []


def test_a_number_of_moodles_is_a_renamed_student_and_no_team(course: Course, tmp_path: Path) -> None:
    roster = [Student("ben", last_name="Ben Old", lms_id="participant 57"), Student("jdoe", "Jane", "Doe")]
    for names, expected in (
        (["Ben New_57"], {"ben"}),
        (["Ben New_57", "Jane Doe_58"], {"ben", "jdoe"}),
        (["Group B_57"], {"Group_B"}),
        (["Pandas_57", "Tigers_58"], {"Pandas", "Tigers"}),
    ):
        path = put_zip(tmp_path / "m.zip", *(f"{name}_assignsubmission_file/padding.ipynb" for name in names))
        with collect([path], course, roster=roster) as collection:
            assert set(found(collection)) == expected


def test_a_zip_made_on_a_mac_keeps_its_people(course: Course, tmp_path: Path) -> None:
    path = mac(
        tmp_path / "m.zip",
        "Jörg Müller_5_assignsubmission_file_/padding.ipynb",
        "Zoë Roe_6_assignsubmission_file_/x.ipynb",
    )
    pile = mac(tmp_path / "p.zip", "Märta/padding.ipynb", "José/padding.ipynb", ("Märta/zip.zip", zip_bytes("a.ipynb")))
    roster = [Student("jm", "Jörg", "Müller"), Student("Jose\u0301")]
    with collect([path, pile], course, roster=roster) as collection:
        assert set(found(collection)) == {"jm", "Zoë_Roe", "Märta", "Jose\u0301"}
        assert collection.problems == [] and collection.notes == []


# From the zip to the grade file

WORKSHEET = (
    'Identifier,"Full name",Grade,"Maximum Grade",Group\n'
    '"Participant 71",Jane Doe,,10,{0}\n"Participant 72",Rick Roe,,10,{0}\n"Participant 73",Zoe Poe,,10,\n'
)
BLIND = "Identifier,Status,Grade\nParticipant 71,Submitted,\nParticipant 72,Submitted,\n"
ROUND_TRIPS = {
    "moodle": (MOODLE, "moodle", WORKSHEET.format(""), ["Jane Doe,7,", "Rick Roe,7,", "Zoe Poe,,"]),
    "moodle team": (
        ["Group A_73_assignsubmission_file/padding.ipynb"],
        "moodle",
        WORKSHEET.format('"Group A"'),
        ["Jane Doe,7,", "Rick Roe,7,", "Zoe Poe,,"],
    ),
    "moodle team of old": (
        [
            "Pandas-Jane Doe_71_assignsubmission_file_/padding.ipynb",
            "Pandas-Rick Roe_72_assignsubmission_file_/padding.ipynb",
        ],
        "moodle",
        WORKSHEET.format("Pandas"),
        ["Jane Doe,7,", "Rick Roe,7,", "Zoe Poe,,"],
    ),
    "moodle blind": (
        [f"Participant_{number}_assignsubmission_file/padding.ipynb" for number in (71, 72)],
        "moodle",
        BLIND,
        ["71,Submitted,7", "72,Submitted,7"],
    ),
    "moodle blind team": (
        ["Pandas_71_assignsubmission_file/padding.ipynb"],
        "moodle",
        BLIND,
        ["71,Submitted,\n", "72,Submitted,\n"],
    ),
    "canvas": (
        CANVAS,
        "canvas",
        'Student,ID,Padding (1)\n"Doe, Jane",101,\n"Roe, Rick",102,\n',
        ['Jane",101,7', 'Rick",102,7'],
    ),
    "canvas group": (
        ["pandas_101_9001_padding.ipynb"],
        "canvas",
        'Student,ID,Padding (1)\n"Doe, Jane",101,\n"Roe, Rick",102,\n',
        ['Jane",101,7', 'Rick",102,\n'],
    ),
    "blackboard": (
        BLACKBOARD,
        "blackboard",
        '"Last Name","First Name",Username,"Padding [Total Pts: 10 Score] |664617"\nDoe,Jane,jdoe,\nRoe,Rick,R_Roe,\nPoe,Zoe,zpoe,3\n',
        ["jdoe,7", "R_Roe,7", "zpoe,3"],
    ),
    "brightspace": (
        BRIGHTSPACE,
        "brightspace",
        "Username,Last Name,First Name,Padding Points Grade <Numeric MaxPoints:10>,End-of-Line Indicator\n"
        "#jdoe,Doe,Jane,,#\n#amroe,Roe,Anne-Marie,,#\n",
        ["#jdoe,Doe,Jane,7,#", "#amroe,Roe,Anne-Marie,7,#"],
    ),
    "sakai": (
        SAKAI,
        "sakai",
        "Student ID,Student Name,Padding [10]\njdoe,Jane,\nr_roe,Rick,\n",
        ["jdoe,Jane,7", "r_roe,Rick,7"],
    ),
    "sakai team": (
        SAKAI_TEAM,
        "sakai",
        "Student ID,Student Name,Padding [10]\njdoe,Jane,\nr_roe,Rick,\nzpoe,Zoe,\n",
        ["jdoe,Jane,7", "r_roe,Rick,7", "zpoe,Zoe,\n"],
    ),
    "open_edx": (OPEN_EDX, "csv", "", ["padding,jdoe,", "padding,r_roe,"]),
    "ilias": (ILIAS, "csv", "", ["padding,Doe_Jane_jdoe_1234,", "padding,Roe_Rick_r_roe_1235,"]),
    "ilias team": (
        [str(entry).replace("Abgaben/", "Abgaben/Team 7/", 1) for entry in ILIAS[1:3]],
        "csv",
        "",
        ["padding,Doe_Jane_jdoe_1234,", "padding,Roe_Rick_r_roe_1235,"],
    ),
    "google classroom": (
        ["Week 1/Jane Doe - padding.ipynb", "Week 1/Rick Roe - padding.ipynb"],
        "csv",
        "",
        ["padding,Jane Doe,", "padding,Rick Roe,"],
    ),
    "otter": (["jdoe/padding.ipynb", "r_roe/padding.ipynb"], "csv", "", ["padding,jdoe,", "padding,r_roe,"]),
    "gradescope": (
        [
            ("submission_metadata.yml", b"submission_1:\n  :submitters:\n  - :sid: jdoe\n  - :sid: r_roe\n"),
            "submission_1/padding.ipynb",
        ],
        "csv",
        "",
        ["padding,jdoe,", "padding,r_roe,"],
    ),
}


def enter(course: Course, collection: Collection) -> None:
    """Give everybody 7 points, under the names that recording keeps."""
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as book:
        book.add_assignment("padding")
        book.add_notebook("padding", "padding")
        book.add_grade_cell("q1", "padding", "padding", max_score=10, cell_type="code")
        for s in collection.submissions:
            book.add_student(s.student, last_name=s.name, lms_user_id=s.lms_id)
            [grade] = book.add_submission("padding", s.student).notebooks[0].grades
            grade.auto_score, grade.needs_manual_grade = 7, False
        book.db.commit()


@pytest.mark.slow
@pytest.mark.parametrize("entries, to, template, expected", ROUND_TRIPS.values(), ids=ROUND_TRIPS.keys())
def test_points_go_back_to_those_who_handed_in(
    course: Course, tmp_path: Path, entries: list[str], to: str, template: str, expected: list[str]
) -> None:
    with collect([put_zip(tmp_path / "download.zip", *entries)], course, "padding") as collection:
        assert collection.problems == []
        enter(course, collection)
    (tmp_path / "template.csv").write_text(template)
    report = export(course, to, tmp_path / "template.csv", tmp_path / "out.csv", ["padding"], lambda *_: "")
    text = (tmp_path / "out.csv").read_text()
    for line in expected:
        assert line in text, text
    if template:
        assert text.replace("7", "") == template.replace("7", "")
    lines = "\n".join(report.lines())
    assert ("in the gradebook but not in the file: Pandas" in lines) == (text == template)
    assert ("handed in as 'pandas'" in lines) == (entries == ["pandas_101_9001_padding.ipynb"])


@pytest.mark.slow
@pytest.mark.parametrize("to", ["blackboard", "brightspace", "sakai"])
def test_another_platforms_file_is_one_clear_line(course: Course, tmp_path: Path, to: str) -> None:
    with collect([put_zip(tmp_path / "d.zip", *MOODLE)], course, "padding") as collection:
        enter(course, collection)
    (tmp_path / "t.csv").write_text("Name,Padding\nJane,\n")
    with pytest.raises(UsageError, match=r"is missing\. It has the columns 'Name', 'Padding'"):
        export(course, to, tmp_path / "t.csv", tmp_path / "out.csv", ["padding"], lambda *_: "")


@pytest.mark.slow
def test_the_whole_way_of_a_team_and_of_files_that_are_nobodys(built: Course, tmp_path: Path) -> None:
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    moodle = put_zip(tmp_path / "moodle.zip", ("Group A_73_assignsubmission_file/tiny.ipynb", notebook))
    drive = put_zip(
        tmp_path / "HW-20261130T102300Z-001.zip", ("HW/tiny.ipynb", notebook), ("HW/tiny(1).ipynb", notebook)
    )
    done = autograder(built, "grade", moodle, drive, "--json", tmp_path / "grades.jsonl", "--workers", "1")
    assert done.returncode == 1 and "Nothing says whose they are" in done.stdout
    lines = [json.loads(line) for line in (tmp_path / "grades.jsonl").read_text().splitlines()]
    assert [(line["student"], line["points"]) for line in lines] == [("Group_A", 5.0), ("", None)]
    template = tmp_path / "worksheet.csv"
    template.write_text(WORKSHEET.format('"Group A"'))
    report = export(built, "moodle", template, tmp_path / "out.csv", ["tiny"], lambda *_: "")
    assert report.written == 2
    assert re.findall(r"[A-Z]\w+ [DRP]oe,\d*,", (tmp_path / "out.csv").read_text()) == [
        "Jane Doe,5,",
        "Rick Roe,5,",
        "Zoe Poe,,",
    ]
