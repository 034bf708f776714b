"""What comes in: every way in which notebooks of a class arrive, and everything that can be wrong with it."""

from __future__ import annotations

import os
import re
import shlex
import stat
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.course.course import Course, find_course
from autograder.course.gradebook import Student
from autograder.errors import UsageError
from autograder.intake import archive
from autograder.intake.collect import Submission, collect, keep_newest
from autograder.intake.gradescope_export import METADATA
from autograder.intake.people import folder_name
from autograder.tests.helpers.uploads import NOTEBOOK, course, found, put, put_zip, zip_bytes

__all__ = ["course"]  # the fixture

# Folders and single files


def test_nbgraders_tree_gives_students_assignments_and_times(course: Course) -> None:
    put(course.root / "submitted/ben/padding/padding.ipynb")
    put(course.root / "submitted/ben/padding/timestamp.txt", b"2025-03-09 10:30:00.000000 America/New_York")
    put(course.root / "submitted/ben/padding/picture.png")
    put(course.root / "submitted/alyssa p/tensor_shapes/tensor_shapes.ipynb")
    with collect([course.root / "submitted"], course) as collection:
        assert found(collection) == {"ben": "padding", "alyssa p": "tensor_shapes"}
        ben = next(s for s in collection.submissions if s.student == "ben")
        assert ben.timestamp == datetime(2025, 3, 9, 14, 30, tzinfo=UTC)
        assert ben.origin.endswith("submitted/ben/padding/padding.ipynb")
        assert collection.notes == [] and collection.problems == []


@pytest.mark.parametrize(
    "inside", [".", "submitted", "submitted/ben", "submitted/ben/padding", "submitted/ben/padding/padding.ipynb"]
)
def test_any_folder_of_nbgraders_tree_names_the_same_student(course: Course, inside: str) -> None:
    put(course.root / "submitted/ben/padding/padding.ipynb")
    put(course.root / "submitted/ben/padding/timestamp.txt", b"2025-03-09 10:30:00 UTC")
    with collect([course.root / inside], course) as collection:
        assert found(collection) == {"ben": "padding"}
        assert collection.submissions[0].timestamp.day == 9


def test_only_the_assignment_asked_for_is_taken_from_a_tree(course: Course) -> None:
    put(course.root / "submitted/ben/padding/padding.ipynb")
    put(course.root / "submitted/ben/tensor_shapes/tensor_shapes.ipynb")
    with collect([course.root / "submitted"], course, "padding") as collection:
        assert found(collection) == {"ben": "padding"}


def test_in_nbgraders_tree_the_notebook_called_after_the_assignment_counts(course: Course) -> None:
    put(course.root / "submitted/ben/padding/padding.ipynb", day=1)
    put(course.root / "submitted/ben/padding/scratch.ipynb", day=2)
    with collect([course.root / "submitted"], course) as collection:
        assert [s.path.name for s in collection.submissions] == ["padding.ipynb"]


def test_a_folder_per_student_a_file_per_student_and_a_named_file(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class/ben/padding.ipynb")
    put(tmp_path / "class/ben/.ipynb_checkpoints/padding-checkpoint.ipynb")
    put(tmp_path / "class/ben/.DS_Store")
    put(tmp_path / "class/ben/figure.png")
    put(tmp_path / "class/eva.ipynb")
    put(tmp_path / "samples/full_points/padding.ipynb")
    with collect([tmp_path / "class", tmp_path / "samples/full_points/padding.ipynb"], course) as collection:
        assert found(collection) == {"ben": "padding", "eva": None, "full_points": "padding"}
        assert collection.notes == []


def test_assignment_folders_may_stand_above_or_below_the_students(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "a/padding/ben/work.ipynb")
    put(tmp_path / "a/padding/eva/work.ipynb")
    put(tmp_path / "b/lem/tensor_shapes/work.ipynb")
    put(tmp_path / "c/padding/louis.ipynb")
    with collect([tmp_path / "a", tmp_path / "b", tmp_path / "c/padding"], course) as collection:
        assert found(collection) == {"ben": "padding", "eva": "padding", "lem": "tensor_shapes", "louis": "padding"}


def test_what_is_no_notebook_but_was_handed_in_is_a_submission(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class/ben/solution.py")
    put(tmp_path / "class/ben/figure.png")
    put(tmp_path / "class/eva/padding.ipynb")
    put(tmp_path / "class/data/reviews.npz")
    put(tmp_path / "class/README.pdf")
    with collect([tmp_path / "class", put(tmp_path / "essay.pdf")], course) as collection:
        assert {s.student: s.path.name for s in collection.submissions} == {
            "ben": "solution.py",
            "eva": "padding.ipynb",
            "essay": "essay.pdf",
        }
        [note] = collection.notes
        assert "README.pdf" in note and "reviews.npz" in note and "not collected" in note


def test_a_link_in_a_class_folder_is_not_followed_and_is_named(course: Course, tmp_path: Path) -> None:
    secret = put(tmp_path / "course/solutions/padding.py", b"secret")
    put(tmp_path / "class/eva/padding.ipynb")
    (tmp_path / "class/ben").mkdir()
    (tmp_path / "class/ben/padding.ipynb").symlink_to(secret)
    (tmp_path / "class/lem").symlink_to(secret.parent)
    with collect([tmp_path / "class"], course) as collection:
        assert found(collection) == {"eva": "padding"}
        assert len(collection.problems) == 2 and all("is a link" in line for line in collection.problems)


# Platforms


def test_moodle_with_folders(course: Course, tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "NLP-Padding-31.zip",
        ("Alyssa Hacker_123456_assignsubmission_file_/padding.ipynb", NOTEBOOK, 5),
        "Ben Bitdiddle_123457_assignsubmission_file/my work.ipynb",  # without the last underscore since Moodle 4.1
        "Ben Bitdiddle_123457_assignsubmission_file/plot.png",
        "Ben Bitdiddle_123457_assignsubmission_onlinetext/onlinetext.html",
        "Jörg Müller_123458_assignsubmission_file_/homework/padding.ipynb",
        "__MACOSX/Ben Bitdiddle_123457_assignsubmission_file/._my work.ipynb",
    )
    with collect([path], course) as collection:
        assert found(collection) == {"Alyssa_Hacker": "padding", "Ben_Bitdiddle": None, "Jörg_Müller": "padding"}
        alyssa = collection.submissions[0]
        assert alyssa.origin == "NLP-Padding-31.zip:Alyssa Hacker_123456_assignsubmission_file_/padding.ipynb"
        assert (alyssa.name, alyssa.lms_id, alyssa.timestamp.day) == ("Alyssa Hacker", "participant 123456", 5)
        assert alyssa.path.read_bytes() == NOTEBOOK
    assert not alyssa.path.exists()


def test_moodle_without_folders_and_unpacked_by_hand(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "unpacked/Alyssa Hacker_123456_assignsubmission_file_padding.ipynb")
    put(tmp_path / "unpacked/Teilnehmer 7_123457_assignsubmission_file_padding (1).ipynb")
    with collect([tmp_path / "unpacked"], course) as collection:
        assert found(collection) == {"Alyssa_Hacker": "padding", "Teilnehmer_7": "padding"}


def test_moodles_participants_without_names_stay_apart(course: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "m.zip", *(f"Participant_{n}_assignsubmission_file_/padding.ipynb" for n in (11, 12)))
    with collect([path], course) as collection:
        assert found(collection) == {"Participant_11": "padding", "Participant_12": "padding"}
        assert len(collection.notes) == 2 and "several students have this name" in collection.notes[0]


def test_moodle_numbers_a_student_anew_for_every_assignment(course: Course, tmp_path: Path) -> None:
    one = put_zip(tmp_path / "1.zip", "Wei Lee_11_assignsubmission_file_/padding.ipynb")
    two = put_zip(tmp_path / "2.zip", "Wei Lee_57_assignsubmission_file_/tensor_shapes.ipynb")
    with collect([one, two], course) as collection:
        assert {(s.student, s.assignment) for s in collection.submissions} == {
            ("Wei_Lee", "padding"),
            ("Wei_Lee", "tensor_shapes"),
        }
    same = put_zip(tmp_path / "section2.zip", "Wei Lee_58_assignsubmission_file_/padding.ipynb")
    with collect([one, same], course) as collection:  # two numbers for one assignment are two people
        assert set(found(collection)) == {"Wei_Lee_11", "Wei_Lee_58"}


def test_canvas(course: Course, tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "submissions.zip",
        "hackeralyssa_12345_67890_padding-1.ipynb",
        "bitdiddleben_LATE_12346_67891_padding.ipynb",
        "o_connor_12347_67892_final_version_2.ipynb",
        "LATE_anon_aB3xY_67893_padding.ipynb",
        "anon_aB3xZ_67894_padding.ipynb",
        "tatelouis_12349_text.html",
        "tatelouis_12350_67900_report.pdf",
        "hackeralyssa_12345_67880_plot.png",
    )
    with collect([path], course) as collection:
        assert found(collection) == {
            "hackeralyssa_12345": "padding",
            "bitdiddleben_12346": "padding",
            "o_connor_12347": None,
            "anon_aB3xY": "padding",
            "anon_aB3xZ": "padding",
            "tatelouis_12349": None,
            "tatelouis_12350": None,
        }
        assert {s.student: s.lms_id for s in collection.submissions}["hackeralyssa_12345"] == "12345"
        assert collection.problems == []


def test_canvas_resubmission_is_decided_by_the_upload_not_by_the_zips_clock(course: Course, tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "class/class.zip",
        ("class/hackeralyssa_12345_67891_padding-1.ipynb", NOTEBOOK, 1),
        ("class/hackeralyssa_12345_67890_padding.ipynb", NOTEBOOK, 2),
    )
    with collect([path.parent], course) as collection:
        [submission] = collection.submissions
        assert submission.upload == 67891
        [note] = collection.notes
        assert note.startswith("hackeralyssa_12345, padding:") and "67890_padding.ipynb" in note.split("not graded")[1]


def test_gradescope_export(course: Course, tmp_path: Path) -> None:
    metadata = b"""\
submission_123:
  :submitters:
  - :name: Alyssa Hacker
    :sid: '990'
    :email: alyssa@example.edu
  :created_at: 2025-03-07 10:00:00.000000000 Z
submission_124:
  :submitters: []
"""
    path = put_zip(
        tmp_path / "export.zip",
        ("assignment_9_export/submission_metadata.yml", metadata),
        "assignment_9_export/submission_123/padding.ipynb",
        "assignment_9_export/submission_124/padding.ipynb",
    )
    with collect([path], course) as collection:
        assert found(collection) == {"alyssa@example.edu": "padding", "submission_124": "padding"}
        assert collection.submissions[0].timestamp == datetime(2025, 3, 7, 10, tzinfo=UTC)


def test_a_gradescope_submission_counts_for_everybody_in_its_group(course: Course, tmp_path: Path) -> None:
    metadata = b"""\
submission_123:
  :submitters:
  - :name: Alyssa Hacker
    :email: alyssa@example.edu
  - :name: Ben Bitdiddle
    :sid: '7'
  - :name:
submission_124:
  :submitters:
  - :email: eva@example.edu
"""
    names = "submission_123/padding.ipynb", "submission_124/padding.ipynb"
    path = put_zip(tmp_path / "export.zip", (METADATA, metadata), *names)
    with collect([path], course) as collection:
        assert found(collection) == dict.fromkeys(("alyssa@example.edu", "7", "eva@example.edu"), "padding")
        [note] = collection.notes
        assert "does not name everybody in the group of submission_123" in note


#: Ids as registrars give them.
IDS = ("doe, jane", "#7", "O'Hara", "j.d.", "Mu\u0308ller", "100%", "-dash", "a+b@c.de", "bob", "Bob", "CON", "x" * 150)


def test_nbgraders_own_ids_are_never_rewritten(course: Course, tmp_path: Path) -> None:
    for name in IDS:
        put(course.root / f"submitted/{name}/padding/padding.ipynb")
    put(tmp_path / "pile/Doe, Jane.ipynb")
    put(tmp_path / "pile/BOB.ipynb")
    for _ in range(2):
        with collect([course.root / "submitted", tmp_path / "pile"], course, "padding") as collection:
            students = {submission.student for submission in collection.submissions}
            assert set(IDS) < students and len(students) == len(IDS) + 2
            assert not any(f"'{name}'" in note for note in collection.notes for name in IDS)


def test_what_is_passed_over_in_a_students_folder_is_named(course: Course) -> None:
    put(course.root / "submitted/ann/padding/padding.ipynb", day=1)
    put(course.root / "submitted/ann/padding/padding-Copy1.ipynb", day=2)
    put(course.root / "submitted/ben/padding/timestamp.txt", b"2025-03-09 10:30:00 UTC")
    put(course.root / "submitted/eva/padding/padding.ipynb.json")
    put(course.root / "submitted/zoe/padding/PADDING.IPYNB.txt")
    with collect([course.root / "submitted"], course) as collection:
        assert found(collection) == {"ann": "padding", "eva": "padding", "zoe": "padding"}
        notes = "\n".join(collection.notes)
    assert re.search(r"ann/padding/padding.ipynb counts by its name; not graded: .*padding-Copy1.ipynb", notes)
    assert re.search(r"ben: handed in no notebook, but .*timestamp.txt; not graded", notes)
    assert re.search(r"eva/padding/padding.ipynb.json: was read as a notebook; a browser has added '.json'", notes)


def test_a_students_own_metadata_file_is_not_believed(course: Course, tmp_path: Path) -> None:
    forged = b"submission_1:\n  :submitters:\n  - :email: eve@example.edu\nben:\n  :submitters:\n  - :email: eve@example.edu\n"
    export = put_zip(
        tmp_path / "export.zip",
        "submission_1/padding.ipynb",
        "submission_2/padding.ipynb",
        ("submission_2/submission_metadata.yml", forged),
    )
    plain = put_zip(
        tmp_path / "c.zip", "ben/padding.ipynb", "eve/padding.ipynb", ("eve/submission_metadata.yml", forged)
    )
    with collect([export, plain], course) as collection:
        assert set(found(collection)) == {"submission_1", "submission_2", "ben", "eve"}


def test_nobody_hands_in_under_another_name_by_naming_a_file_so(course: Course, tmp_path: Path) -> None:
    forged = "Alyssa Hacker_7_assignsubmission_file_padding.ipynb"
    put(course.root / "submitted/ben/padding" / forged)
    put(course.root / "submitted/eva/padding/Alyssa Hacker_7_assignsubmission_file_/padding.ipynb")
    canvas = put_zip(tmp_path / "c.zip", f"tweakitlem_12_345_{forged}")
    moodle = put_zip(tmp_path / "m.zip", "Louis Reasoner_5_assignsubmission_file_alyssahacker_12_34_padding.ipynb")
    with collect([course.root / "submitted", canvas, moodle], course) as collection:
        assert set(found(collection)) == {"ben", "eva", "tweakitlem_12", "Louis_Reasoner"}


def test_known_students_keep_their_names(course: Course, tmp_path: Path) -> None:
    roster = [
        Student("ahacker", "Alyssa", "Hacker", lms_id="12345"),
        Student("12346", "Ben", "Bitdiddle"),  # an id that looks like somebody else's Canvas number
        Student("elu1", "Eva", "Lu"),
        Student("elu2", "Eva", "Lu"),
    ]
    canvas = put_zip(
        tmp_path / "c.zip", "hackeralyssa_12345_67890_padding.ipynb", "reasonerlouis_12346_67891_padding.ipynb"
    )
    moodle = put_zip(
        tmp_path / "m.zip",
        "ben bitdiddle_1_assignsubmission_file_/tensor_shapes.ipynb",
        "Eva Lu_2_assignsubmission_file_/tensor_shapes.ipynb",
    )
    with collect([canvas, moodle], course, roster=roster) as collection:
        assert set(found(collection)) == {"ahacker", "reasonerlouis_12346", "12346", "Eva_Lu"}


# Of several, the newest


def test_the_newest_of_two_counts_and_the_other_is_named(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class/ben/padding.ipynb", day=1)
    put(tmp_path / "class/ben/later/padding.ipynb", day=2)
    with collect([tmp_path / "class"], course) as collection:
        [submission] = collection.submissions
        assert submission.origin.endswith("later/padding.ipynb")
        [note] = collection.notes
        assert note.startswith("ben, padding:") and note.endswith("ben/padding.ipynb.")


def test_all_stay_when_the_best_counts(course: Course, tmp_path: Path) -> None:
    (course.root / "grader_config.py").write_text('c = get_config()\nc.Autograder.which_submission = "best"\n')
    for day in (1, 2):
        put(tmp_path / f"class/ben/{day}/padding.ipynb", day=day)
    with collect([tmp_path / "class"], find_course(course.root)) as collection:
        assert len(collection.submissions) == 2


def test_submissions_of_unknown_assignments_wait_until_it_is_known() -> None:
    time = datetime(2025, 3, 1, tzinfo=UTC)
    one = Submission("ben", Path("a.ipynb"), None, time, "a.ipynb")
    two = Submission("ben", Path("b.ipynb"), None, time + timedelta(hours=1), "b.ipynb")
    assert keep_newest([two, one]) == ([two, one], [])


def test_a_file_named_twice_is_one_submission(course: Course, tmp_path: Path) -> None:
    path = put(tmp_path / "class/ben/padding.ipynb")
    with collect([tmp_path / "class", path, path], course) as collection:
        assert found(collection) == {"ben": "padding"}
        assert collection.notes == []


def test_a_students_own_timestamp_txt_is_not_believed(course: Course, tmp_path: Path) -> None:
    folder = "Ben Bitdiddle_11_assignsubmission_file_"
    path = put_zip(
        tmp_path / "m.zip",
        (f"{folder}/padding.ipynb", NOTEBOOK, 20),
        (f"{folder}/timestamp.txt", b"2025-03-01 00:00:00 UTC"),
    )
    with collect([path], course) as collection:
        assert collection.submissions[0].timestamp.day == 20


def test_a_timestamp_without_a_time_is_noted(course: Course) -> None:
    put(course.root / "submitted/ben/padding/padding.ipynb", day=4)
    put(course.root / "submitted/ben/padding/timestamp.txt", b"yesterday")
    with collect([course.root / "submitted"], course) as collection:
        assert collection.submissions[0].timestamp.day == 4
        assert "timestamp.txt: holds no time" in collection.notes[0]


# Zips within, and zips that harm


def test_a_student_who_handed_in_a_zip(course: Course, tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "m.zip",
        (
            "Alyssa Hacker_1_assignsubmission_file_/all.zip",
            zip_bytes("all/padding.ipynb", "all/plot.png", "__MACOSX/._padding.ipynb"),
            5,
        ),
        ("Ben Bitdiddle_2_assignsubmission_file_/all.zip", b"PK no zip"),
        ("Eva Lu_3_assignsubmission_file_/all.zip", zip_bytes(("deep.zip", zip_bytes("padding.ipynb")))),
        "Lem Tweakit_4_assignsubmission_file_/padding.ipynb",
    )
    with collect([path], course) as collection:
        names = {s.student: s.path.name for s in collection.submissions}
        assert names == {
            "Alyssa_Hacker": "padding.ipynb",
            "Ben_Bitdiddle": "all.zip",
            "Eva_Lu": "all.zip",
            "Lem_Tweakit": "padding.ipynb",
        }
        assert (
            collection.submissions[0].timestamp.day == 5
        )  # when it was handed in, not what the student's computer says
        assert collection.submissions[0].origin.endswith("all.zip:all/padding.ipynb")
        [note] = collection.notes
        assert "Ben Bitdiddle_2" in note and "cannot be opened as a zip" in note


def test_a_folder_of_zips(course: Course, tmp_path: Path) -> None:
    put_zip(tmp_path / "class/ben.zip", "padding.ipynb")
    put_zip(tmp_path / "class/moodle.zip", "Alyssa Hacker_1_assignsubmission_file_/padding.ipynb")
    put(tmp_path / "class/broken.zip", b"no zip")
    with collect([tmp_path / "class"], course) as collection:
        assert found(collection) == {"ben": "padding", "Alyssa_Hacker": "padding"}
        [problem] = collection.problems
        assert problem.startswith(f"{tmp_path}/class/broken.zip: cannot be opened as a zip")


def test_a_folder_around_everything_in_a_zip_is_no_student(course: Course, tmp_path: Path) -> None:
    deep = put_zip(tmp_path / "week 3.zip", "week 3/ben/padding.ipynb", "week 3/eva/padding.ipynb")
    flat = put_zip(tmp_path / "class.zip", "class/lem.ipynb", "class/louis.ipynb")
    with collect([deep, flat], course) as collection:
        assert set(found(collection)) == {"ben", "eva", "lem", "louis"}


def test_entries_cannot_leave_their_folder(course: Course, tmp_path: Path) -> None:
    names = [
        "../../evil_1_assignsubmission_file_/padding.ipynb",
        "/evil2_2_assignsubmission_file_/padding.ipynb",
        "C:\\evil3_3_assignsubmission_file_\\padding.ipynb",
    ]
    path = put_zip(tmp_path / "deep/er/m.zip", *names)
    before = set(tmp_path.rglob("*"))
    with collect([path], course) as collection:
        assert set(found(collection)) == {"evil", "evil2", "evil3"}
        assert all(s.path.is_relative_to(collection.unpacked) for s in collection.submissions)
        assert len([note for note in collection.notes if "leads out of a folder" in note]) == 3
    assert set(tmp_path.rglob("*")) == before


def test_links_and_encrypted_entries_are_refused_by_name(course: Course, tmp_path: Path) -> None:
    path = tmp_path / "m.zip"
    with zipfile.ZipFile(path, "w") as file:
        link = zipfile.ZipInfo("Ben_1_assignsubmission_file_/padding.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        file.writestr("Eva_2_assignsubmission_file_/padding.ipynb", NOTEBOOK)
        file.writestr("Lem_3_assignsubmission_file_/padding.ipynb", NOTEBOOK)
    data = bytearray(path.read_bytes())
    central = data.rindex(b"PK\x01\x02")
    data[central + 8] |= 1  # the flag of an encrypted entry
    path.write_bytes(data)
    with collect([path], course) as collection:
        assert found(collection) == {"Eva": "padding"}
        assert "m.zip:Ben_1_assignsubmission_file_/padding.ipynb: is a link" in collection.problems[0]
        assert "m.zip:Lem_3_assignsubmission_file_/padding.ipynb: is encrypted" in collection.problems[1]


def test_a_damaged_entry_costs_only_itself(course: Course, tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "m.zip",
        ("Ben_1_assignsubmission_file_/padding.ipynb", os.urandom(5000)),
        "Eva_2_assignsubmission_file_/padding.ipynb",
    )
    data = bytearray(path.read_bytes())
    data[2000] ^= 255
    path.write_bytes(data)
    with collect([path], course) as collection:
        assert found(collection) == {"Eva": "padding"}
        [problem] = collection.problems
        assert problem.startswith("m.zip:Ben_1_assignsubmission_file_/padding.ipynb: is damaged")


def test_a_huge_entry_is_not_unpacked_whole(course: Course, tmp_path: Path) -> None:
    path = put_zip(
        tmp_path / "m.zip",
        ("Ben_1_assignsubmission_file_/padding.ipynb", bytes(5 * 2**20)),
        "Eva_2_assignsubmission_file_/padding.ipynb",
    )
    with collect([path], course) as collection:
        sizes = {s.student: s.path.stat().st_size for s in collection.submissions}
        assert sizes == {
            "Ben": 2**20 + 1,
            "Eva": len(NOTEBOOK),
        }  # the limit is 1 MiB; one byte more shows that it was exceeded


@pytest.mark.parametrize(
    "limit, value, message",
    [("MAX_ENTRIES", 2, "holds 3 files"), ("MAX_UNPACKED", 10, "would unpack to"), ("MAX_RATIO", 0, "would unpack")],
)
def test_a_bomb_is_refused_and_the_rest_is_collected(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, message: str
) -> None:
    monkeypatch.setattr(archive, limit, value)
    bomb = put_zip(tmp_path / "bomb.zip", "a.ipynb", "b.ipynb", "c.ipynb")
    with collect([bomb, put(tmp_path / "eva/padding.ipynb")], course) as collection:
        assert found(collection) == {"eva": "padding"}
        [problem] = collection.problems
        assert problem.startswith(f"{bomb}: {message}")


def test_a_zip_that_lies_about_its_size_still_ends(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put_zip(
        tmp_path / "m.zip", *((f"S{n}_{n}_assignsubmission_file_/padding.ipynb", bytes(600_000)) for n in range(3))
    )
    data = path.read_bytes().replace((600_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1_000_000)
    with collect([path, put(tmp_path / "eva/padding.ipynb")], course) as collection:
        assert "eva" in found(collection)
        assert sum(s.path.stat().st_size for s in collection.submissions) <= 1_000_001


# Names


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..",
        ".",
        "",
        " ",
        "a\0b",
        "a\nb",
        "\u202egnp.exe",
        "CON",
        "nul.txt",
        "x" * 500,
        "ü" * 300,
        "-rf",
        "=1+1",
        "a/b\\c:d",
        "\ud800",
        "ben.",
        "..\u200b",
    ],
)
def test_any_name_becomes_the_name_of_one_plain_folder(name: str, tmp_path: Path) -> None:
    safe = folder_name(name)
    folder = tmp_path / safe
    folder.mkdir()
    assert folder.parent == tmp_path and [p.name for p in tmp_path.iterdir()] == [safe]
    assert safe.isprintable() and len(safe.encode()) <= 100 and safe[0] not in ".-+=@" and not safe.endswith((".", " "))
    assert safe.split(".")[0].upper() not in {"CON", "NUL"}
    assert folder_name(safe) == safe


@pytest.mark.parametrize(
    "name", ["ben", "Ben Bitdiddle", "ben@example.edu", "Jörg", "李伟", "o'brien", "s_1.2-3", "_ben"]
)
def test_a_harmless_name_stays_as_it_is(name: str) -> None:
    assert folder_name(name) == name


def test_unsafe_names_are_noted_and_never_fall_together(course: Course, tmp_path: Path) -> None:
    names = ["a:b", "a?b", "a_b", "A_B", "\u202eben", "con"]
    path = put_zip(tmp_path / "class.zip", *(f"{name}/padding.ipynb" for name in names))
    with collect([path], course) as collection:
        students = set(found(collection))
        assert len({student.casefold() for student in students}) == len(names)
        assert "a_b" in students  # who has a plain name keeps it
        assert len(collection.notes) == 5
        assert all("\u202e" not in text for text in [*collection.notes, *(s.origin for s in collection.submissions)])


# Wrong use


def test_wrong_use_is_one_clear_line(course: Course, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    good = put(tmp_path / "ben/padding.ipynb")
    for paths, assignment, message in (
        ([tmp_path / "gone"], None, f"{tmp_path}/gone: does not exist."),
        ([tmp_path / "empty"], None, f"{tmp_path}/empty: holds no submission."),
        ([tmp_path / "empty", good], "padding", f"{tmp_path}/empty: holds no submission for 'padding'."),
        ([put(tmp_path / "broken.zip", b"")], None, f"{tmp_path}/broken.zip: cannot be opened as a zip"),
        ([good], "paddling", "has no assignment 'paddling'"),
    ):
        with pytest.raises(UsageError) as error:
            collect(paths, course, assignment)
        assert message in str(error.value) and "\n" not in str(error.value)


def test_every_grade_command_of_the_page_finds_its_submissions(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs/lms.md").read_text()
    commands = re.findall(r"^autograder grade (.*)$", page, re.MULTILINE)
    assert len(commands) >= 4
    put_zip(tmp_path / "moodle.zip", "Alyssa Hacker_123456_assignsubmission_file_/work.ipynb")
    put_zip(tmp_path / "canvas.zip", "hackeralyssa_12345_67890_padding-1.ipynb")
    put_zip(tmp_path / "gradescope.zip", "submission_1/padding.ipynb")
    put(tmp_path / "submitted/ben/padding/padding.ipynb")
    put(tmp_path / "class/eva/padding.ipynb")
    put(tmp_path / "late/lem.ipynb")
    monkeypatch.chdir(tmp_path)
    for command in commands:
        options = main.commands["grade"].make_context("grade", shlex.split(command, comments=True)).params
        with collect([Path(path) for path in options["paths"]], course, options["assignment"]) as collection:
            assert len(collection.submissions) == len(options["paths"])
