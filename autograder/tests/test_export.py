"""What goes out: grades of nbgrader's gradebook in the files that Canvas and Moodle exported, and in one table."""

from __future__ import annotations

import csv
import pickle
import re
import shlex
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course, find_course
from autograder.course.nbgrader_settings import course_directory
from autograder.errors import UsageError
from autograder.grading import store
from autograder.judge.results import CheckResult, Result
from autograder.reports.export import export
from autograder.reports.fill import ExportReport

STUDENTS = {
    "ahacker": {"first_name": "Alyssa", "last_name": "Hacker", "email": "alyssa@example.edu", "lms_user_id": "101"},
    "ben@example.edu": {"first_name": "Ben", "last_name": "Bitdiddle"},
    "s-103": {"first_name": "Eva", "last_name": "Lu"},
    "tweakitlem_104": {"last_name": "tweakitlem"},
    "idle": {"first_name": "Ida", "last_name": "Idle", "email": "ida@example.edu"},
}
CANVAS = '''\
\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Padding (9001),Tensor shapes (9002),"Quiz, one (9003)",Current Score
,,,,,Manual Posting,,,
    Points Possible,,,,,6.00,10.00,5.00,(read only)
"Hacker, Alyssa",101,s-101,ahacker,"NLP, section 1",,"9.00",4.00,88.5
"Bitdiddle, Ben",102,s-102,BEN@example.edu,NLP,1.00,EX,,
"=""Lu, Eva""",103,s-103,elu,NLP,,N/A,,
"Tweakit, Lem",104,,,NLP,,,,
"Stranger, Sam",105,s-105,sam,NLP,2.00,,,
"Student, Test",999,,test,NLP,,,,
'''
WORKSHEET = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 71","Alyssa Hacker",alyssa@example.edu,"Submitted for grading",,6.00,Yes,"Monday, 3 March 2025",-,
"Participant 72","Ben Bitdiddle",ben@example.edu,"Submitted for grading",3.00,6.00,No,-,-,"Well done"
"Participant 73","Eva Lu",,"Submitted for grading",,6.00,Yes,-,-,
"Participant 74","Ida Idle",ida@example.edu,"No submission",,6.00,Yes,-,-,
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Five students; padding is out of 5 for the judge and 1 for a person."""
    root = tmp_path_factory.mktemp("course")
    (root / "grader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "nlp"\n')
    course = find_course(root)
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as book:
        for name in ("padding", "tensor_shapes"):
            book.add_assignment(name)
            book.add_notebook(name, name)
            book.add_grade_cell("q1", name, name, max_score=5, cell_type="code")
        book.add_grade_cell("explain", "padding", "padding", max_score=1, cell_type="markdown")
        book.add_solution_cell("explain", "padding", "padding")
        for student, known in STUDENTS.items():
            book.add_student(student, **known)
        enter(book, "ahacker", "padding", 4.5, 1)
        enter(book, "ben@example.edu", "padding", 5, None)
        enter(book, "s-103", "padding", 2, 0, penalty=0.25)
        enter(book, "tweakitlem_104", "padding", None, 1)
        enter(book, "ahacker", "tensor_shapes", 2 / 3)
        enter(book, "ben@example.edu", "tensor_shapes", 1)
        enter(book, "s-103", "tensor_shapes", 1)
    return course


def enter(
    book: Gradebook, student: str, assignment: str, auto: float | None, manual: float | None = None, penalty: float = 0
) -> None:
    """One submission: the judge's points of q1 (None: could not be graded), a person's of explain (None: not yet)."""
    submission = book.add_submission(assignment, student, timestamp=datetime(2025, 3, 1))
    submission.notebooks[0].late_submission_penalty = penalty
    for grade in submission.notebooks[0].grades:
        if grade.name == "q1":
            grade.auto_score, grade.needs_manual_grade = auto, auto is None
        else:
            grade.manual_score, grade.needs_manual_grade = manual, manual is None
    book.db.commit()


def no_feedback(student: str, assignment: str) -> str:
    return ""


def fill(
    course: Course, to: str, text: str, tmp_path: Path, *assignments: str, **options: Any
) -> tuple[str, ExportReport]:
    template, target = tmp_path / "template.csv", tmp_path / "out.csv"
    template.write_bytes(text.encode())
    report = export(course, to, template, target, list(assignments) or None, **{"feedback": no_feedback, **options})
    assert template.read_bytes() == text.encode()
    return target.read_bytes().decode(), report


# Canvas


def test_canvas_gets_final_points_and_every_other_byte_stays(course: Course, tmp_path: Path) -> None:
    text, report = fill(course, "canvas", CANVAS, tmp_path, hold_pending=True)
    expected = CANVAS.replace(',"NLP, section 1",,"9.00",', ',"NLP, section 1",5.5,"0.6667",').replace(
        "elu,NLP,,N/A", "elu,NLP,1.75,N/A"
    )
    assert text == expected
    assert report.written == 2


def test_canvas_students_are_matched_by_number_login_mail_and_id(course: Course, tmp_path: Path) -> None:
    text, report = fill(course, "canvas", CANVAS, tmp_path, "padding")
    rows = {row[1]: row[5] for row in csv.reader(text.splitlines())}
    assert (rows["101"], rows["102"], rows["103"]) == ("5.5", "5", "1.75")  # lms_user_id, e-mail as login, SIS User ID
    assert rows["104"] == ""  # found by the name that `grade` gave; one question could not be graded: no zero
    assert any("tweakitlem_104" in note and "could not be graded" in note for note in report.notes)
    assert report.without_student == ["Stranger, Sam (105)"] and rows["105"] == "2.00"
    assert rows["999"] == "" and "Test" not in " ".join(report.lines())


def test_what_waits_for_a_person_is_named_and_can_be_left_as_it_was(course: Course, tmp_path: Path) -> None:
    waits = "a question waits for a person to grade it (in formgrader): ben@example.edu."
    _, report = fill(course, "canvas", CANVAS, tmp_path, "padding")
    assert f"padding: the points so far were written, and {waits}" in report.notes
    text, report = fill(course, "canvas", CANVAS, tmp_path, hold_pending=True)
    assert "BEN@example.edu,NLP,1.00,EX" in text
    assert (
        "padding: left as it was, because a question waits for a person to grade it (in formgrader): ben@example.edu."
        in report.notes
    )


def test_excused_and_unassigned_students_are_left_alone(course: Course, tmp_path: Path) -> None:
    _, report = fill(course, "canvas", CANVAS, tmp_path, "tensor_shapes")
    assert "Bitdiddle, Ben (102), tensor_shapes: left unchanged, because the file says EX." in report.notes
    assert any(note.endswith("the file says N/A.") for note in report.notes)


def test_another_maximum_is_said_and_points_are_not_scaled(course: Course, tmp_path: Path) -> None:
    _, report = fill(course, "canvas", CANVAS, tmp_path, "tensor_shapes")
    assert "tensor_shapes: the file's maximum is 10, here it is 5; points were written without scaling." in report.notes
    assert not any(note.startswith("padding: the file's maximum") for note in report.notes)


def test_semicolons_decimal_commas_and_windows_line_ends_stay(course: Course, tmp_path: Path) -> None:
    sheet = "Student;ID;SIS Login ID;Section;Padding (1)\r\n    Points Possible;;;;6,00\r\nHacker, Alyssa;101;ahacker;A;\r\n"
    text, _ = fill(course, "canvas", sheet, tmp_path)
    assert text == sheet.replace("ahacker;A;", "ahacker;A;5,5")


def test_a_read_only_or_missing_column_is_not_invented(course: Course, tmp_path: Path) -> None:
    sheet = "Student,ID,Padding,Tensor shapes (2)\nPoints Possible,,(read only),5\nx,101,3,\n"
    text, report = fill(course, "canvas", sheet, tmp_path)
    assert "x,101,3,0.6667" in text and "padding: has no column in template.csv." in report.notes
    with pytest.raises(UsageError, match=r"template\.csv: has no column for 'padding'\. It has 'Student', 'ID'"):
        fill(course, "canvas", sheet, tmp_path, "padding")


def test_who_could_be_two_people_is_refused_by_name(course: Course, tmp_path: Path) -> None:
    sheet = "Student,ID,SIS Login ID,Padding (1)\nOne,900,ahacker,\nTwo,901,AHACKER,\nThree,103,s-103,\n"
    text, report = fill(course, "canvas", sheet, tmp_path)
    assert "One,900,ahacker,\nTwo,901,AHACKER,\nThree,103,s-103,1.75\n" in text
    assert "ahacker: could be One (900) and Two (901); left unchanged." in report.notes


# Moodle


def test_moodles_worksheet_gets_points_and_comments(course: Course, tmp_path: Path) -> None:
    feedback = {"ahacker": "q1: 4 / 5\n=HYPERLINK(1) <b>", "ben@example.edu": "new"}
    text, report = fill(
        course,
        "moodle",
        WORKSHEET,
        tmp_path,
        "padding",
        feedback=lambda student, _: feedback.get(student, ""),
        hold_pending=False,
    )
    rows = {row[0]: row for row in csv.reader(text.splitlines())}
    assert rows["Participant 71"][4] == "5.5"
    assert rows["Participant 71"][9] == "q1: 4 / 5<br>=HYPERLINK(1) &lt;b&gt;"
    assert rows["Participant 72"][4:] == ["3.00", "6.00", "No", "-", "-", "Well done"]
    assert any("Ben Bitdiddle (Participant 72)" in note and "locked" in note for note in report.notes)
    assert rows["Participant 73"][4] == "1.75"  # by the full name, where Moodle shows nothing better
    assert rows["Participant 74"][4] == ""  # nothing handed in is no zero
    assert report.without_row == ["tweakitlem_104"]
    assert text.splitlines()[0] == WORKSHEET.splitlines()[0]


def test_two_of_one_name_in_moodle_are_refused(course: Course, tmp_path: Path) -> None:
    sheet = "Identifier,Full name,Grade\nParticipant 1,Eva Lu,\nParticipant 2,Eva Lu,\n"
    text, report = fill(course, "moodle", sheet, tmp_path, "padding")
    assert text == sheet
    assert "s-103: could be Eva Lu (Participant 1) and Eva Lu (Participant 2); left unchanged." in report.notes


def test_a_german_worksheet(course: Course, tmp_path: Path) -> None:
    sheet = "ID,Vollständiger Name,E-Mail-Adresse,Bewertung,Bestwertung,Feedback als Kommentar\nTeilnehmer/in71,Alyssa,alyssa@example.edu,,6,00,\n"
    sheet = sheet.replace("6,00", '"6,00"')
    text, _ = fill(course, "moodle", sheet, tmp_path, "padding")
    assert text == sheet.replace(',,"6,00"', ',"5,5","6,00"')


def test_moodles_gradebook_export(course: Course, tmp_path: Path) -> None:
    sheet = (
        '"First name",Surname,"ID number","Email address","Assignment: Padding (Real)","Assignment: Padding (Feedback)",'
        '"Assignment: Padding (Percentage)","Course total (Real)"\nAlyssa,Hacker,,alyssa@example.edu,-,,-,-\nEva,Lu,s-103,,-,,-,-\n'
    )
    text, _ = fill(course, "moodle", sheet, tmp_path, "padding", feedback=lambda student, _: f"for {student}")
    assert "alyssa@example.edu,5.5,for ahacker,-,-\n" in text and "s-103,,1.75,for s-103,-,-\n" in text


# A person's words


@pytest.fixture
def commented(course: Course, tmp_path: Path) -> Course:
    """The course, where a person has overruled the judge for Alyssa and told her and Ben why."""
    shutil.copytree(course.root, tmp_path / "commented")
    copied = find_course(tmp_path / "commented")
    directory = course_directory(copied)
    with Gradebook(directory.db_url, directory.course_id) as book:
        book.find_grade("q1", "padding", "padding", "ahacker").manual_score = 5
        for student, words in (("ahacker", "=1 < 2,\nand well put"), ("ben@example.edu", "No.")):
            book.find_comment("explain", "padding", "padding", student).manual_comment = words
        book.find_comment("explain", "padding", "padding", "s-103").auto_comment = "No response."
        book.db.commit()
    check = CheckResult(
        question="q1", check="t", title="pads", status="failed", points=4.5, max_points=5, hint="Which end?"
    )
    about: dict[str, Any] = {
        "submission": "",
        "points": 4.5,
        "max_points": 5,
        "seconds": 1,
        "questions": {"q1": "Pads"},
    }
    store.save(copied, Result(assignment="padding", student="ahacker", checks=[check], **about))
    return copied


def test_the_table_holds_what_a_person_said(commented: Course, tmp_path: Path) -> None:
    export(commented, "csv", None, tmp_path / "grades.csv", ["padding"])
    with (tmp_path / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows["ahacker"]["comments"] == "explain: =1 < 2,\nand well put"
    assert (
        rows["ahacker"]["feedback"] == "q1: 5 / 5\nexplain: 1 / 1"
    )  # as a person sees it, and no hint where no point is lost
    assert rows["ben@example.edu"]["comments"] == "explain: No." and rows["s-103"]["comments"] == ""


def test_moodle_gets_what_a_person_said_and_keeps_what_it_had(commented: Course, tmp_path: Path) -> None:
    ours = "q1: 5 / 5<br>explain: 1 / 1<br>comment on explain: =1 &lt; 2, and well put"
    sheet = WORKSHEET.replace("No,-,-,", "Yes,-,-,")
    kept = "padding: comments that were already in the file were kept, ours follow them: "
    text, report = fill(commented, "moodle", sheet, tmp_path, "padding", feedback=None)
    rows = {row[0]: row[9] for row in csv.reader(text.splitlines())}
    assert rows["Participant 71"] == ours
    assert rows["Participant 72"] == "Well done<br>comment on explain: No."
    assert f"{kept}Ben Bitdiddle (Participant 72)." in report.notes and rows["Participant 73"] == ""

    earlier = "Please see me.<br />q1: 0 / 5 (Which end?)<br />comment on explain: No!"
    again = text.replace(ours, earlier)
    text, report = fill(commented, "moodle", again, tmp_path, "padding", feedback=None)
    assert text == again.replace(earlier, f"Please see me.<br>{ours}")
    assert f"{kept}Alyssa Hacker (Participant 71), Ben Bitdiddle (Participant 72)." in report.notes


# Columns

TITLED = "Student,ID,SIS Login ID,Homework 1: Padding (9001),TF-IDF (208548),TF-IDF (7)\nx,101,ahacker,,,\n"


@pytest.fixture
def copied(course: Course, tmp_path: Path) -> Course:
    shutil.copytree(course.root, tmp_path / "copied")
    return find_course(tmp_path / "copied")


def test_a_column_that_was_named_is_filled_and_remembered(copied: Course, tmp_path: Path) -> None:
    config = copied.root / "grader_config.py"
    config.write_bytes(b"\xef\xbb\xbfcfg = get_config()  # mine\r\ncfg.CourseDirectory.course_id = 'nlp'")
    config.chmod(0o640)
    columns = ["padding=Homework 1: Padding", "tensor_shapes=TF-IDF (208548)"]
    text, report = fill(copied, "canvas", TITLED, tmp_path, columns=columns)
    assert text.endswith("x,101,ahacker,5.5,0.6667,\n")
    assert f"padding: {config} remembers the column 'Homework 1: Padding'." in report.notes
    added = (
        b'\r\ncfg.Autograder.columns.update({"padding": "Homework 1: Padding"})'
        b'\r\ncfg.Autograder.columns.update({"tensor_shapes": "TF-IDF (208548)"})\r\n'
    )
    assert (
        config.read_bytes()
        == b"\xef\xbb\xbfcfg = get_config()  # mine\r\ncfg.CourseDirectory.course_id = 'nlp'" + added
    )
    assert config.stat().st_mode & 0o777 == 0o640 and {p.name for p in copied.root.iterdir()} == {
        config.name,
        "gradebook.db",
    }

    later = find_course(copied.root)
    pickle.dumps(later.settings)
    assert fill(later, "canvas", TITLED, tmp_path)[0] == text
    text, report = fill(later, "canvas", TITLED, tmp_path, "padding", columns=["Homework 1: Padding"])
    assert "5.5,,\n" in text and not any("remembers" in note for note in report.notes)
    fill(later, "canvas", TITLED, tmp_path, "tensor_shapes", columns=["TF-IDF (7)"])
    assert config.read_bytes().endswith(added.replace(b"208548", b"7"))


def test_moodles_columns_are_named_without_what_moodle_adds(copied: Course, tmp_path: Path) -> None:
    sheet = (
        '"ID number","Assignment: Homework 1: Pad (Real)","Assignment: Homework 1: Pad (Feedback)",'
        '"Assignment: Homework 1: Pad (Percentage)"\ns-103,-,,-\n'
    )
    for title in ("homework 1: pad", "Assignment: Homework 1: Pad (Real)"):
        text, _ = fill(copied, "moodle", sheet, tmp_path, "padding", feedback=lambda *_: "fine", columns=[title])
        assert text.endswith("s-103,1.75,fine,-\n")


@pytest.mark.parametrize(
    ("assignments", "columns", "message"),
    [
        (
            ["padding"],
            ["Homework 2"],
            "has no column 'Homework 2' for points. It has 'Student', 'ID', 'SIS Login ID', 'Homework 1: ",
        ),
        (
            ["padding"],
            ["TF-IDF"],
            "several columns could be 'padding': 'TF-IDF (208548)', 'TF-IDF (7)'. Say which with --column",
        ),
        ([], ["TF-IDF (7)"], '--column "TF-IDF (7)": does not say for which assignment. Add --assignment, or write'),
        (
            [],
            ["padding=TF-IDF (7)", "tensor_shapes=TF-IDF (7)"],
            "'TF-IDF (7)' is that of 'padding' and of 'tensor_shapes'.",
        ),
        (["padding"], [], "Name the column like the assignment, or say which one it is with --column."),
    ],
)
def test_a_column_that_is_none_or_several_is_one_clear_line(
    copied: Course, tmp_path: Path, assignments: list[str], columns: list[str], message: str
) -> None:
    before = (copied.root / "grader_config.py").read_bytes()
    with pytest.raises(UsageError) as error:
        fill(copied, "canvas", TITLED, tmp_path, *assignments, columns=columns)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out.csv").exists() and (copied.root / "grader_config.py").read_bytes() == before


def test_a_configuration_that_cannot_be_rewritten_says_what_to_write(copied: Course, tmp_path: Path) -> None:
    config = copied.root / "grader_config.py"
    config.write_text("c = get_config()\nif True:\n    c.Autograder.columns = {}\n\nc = None  # no more\n")
    before = config.read_bytes()
    text, report = fill(copied, "canvas", TITLED, tmp_path, "padding", columns=["Homework 1: Padding"])
    assert "x,101,ahacker,5.5,,\n" in text and config.read_bytes() == before
    [line] = [note for note in report.notes if "cannot remember" in note]
    assert line.endswith('Write there: c.Autograder.columns.update({"padding": "Homework 1: Padding"})')


# One table


def test_the_table_has_a_row_per_student_and_assignment(course: Course, tmp_path: Path) -> None:
    target = tmp_path / "grades.csv"
    report = export(course, "csv", None, target, None, lambda student, _: "=1+1" if student == "ahacker" else "-\nfine")
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == report.written == 10
    grades = {
        (row["student"], row["assignment"]): (row["points"], row["max_points"], row["late_penalty"], row["status"])
        for row in rows
    }
    assert grades["ahacker", "padding"] == ("5.5", "6", "0", "graded")
    assert grades["s-103", "padding"] == ("1.75", "6", "0.25", "graded")
    assert grades["ben@example.edu", "padding"] == ("5", "6", "0", "needs a person")
    assert grades["tweakitlem_104", "padding"] == ("", "6", "0", "not graded")
    assert grades["idle", "padding"] == ("", "6", "0", "not submitted")
    assert {row["feedback"] for row in rows} == {"'=1+1", "'-\nfine"}  # no formula when a spreadsheet opens it


def test_the_same_export_twice_gives_the_same_bytes(course: Course, tmp_path: Path) -> None:
    export(course, "csv", None, tmp_path / "1.csv", feedback=no_feedback)
    export(course, "csv", None, tmp_path / "2.csv", feedback=no_feedback)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


def test_feedback_comes_from_the_kept_results(course: Course, tmp_path: Path) -> None:
    check = CheckResult(
        question="q1", check="test_x", title="pads", status="failed", points=0, max_points=5, hint="Which\nend?"
    )
    store.save(
        course,
        Result(
            assignment="padding",
            student="ahacker",
            submission="",
            points=0,
            max_points=5,
            seconds=1,
            checks=[check],
            questions={"q1": "Pads"},
        ),
    )
    export(course, "csv", None, tmp_path / "grades.csv", ["padding"])
    assert "Which end?" in (tmp_path / "grades.csv").read_text()


# Wrong use


@pytest.mark.parametrize(
    "to, content, message",
    [
        ("canvas", b"PK\x03\x04...", "is an Excel workbook"),
        ("moodle", b"\n<!DOCTYPE html><html>", "is a web page. Download the grades as CSV."),
        ("canvas", "Student,ID\nJörg,1\n".encode("latin-1"), "is not UTF-8 text"),
        ("canvas", "\ufeffStudent,ID\n".encode("utf-16"), "is UTF-16 text"),
        ("canvas", b"", "holds no rows"),
        (
            "canvas",
            b"Name,Points\nAlyssa,3\n",
            "is no gradebook exported by Canvas: 'Student' or 'ID' is missing. It has the columns 'Name', 'Points'.",
        ),
        (
            "moodle",
            b"Name,Points\nAlyssa,3\n",
            "is neither Moodle's grading worksheet nor grades exported from its gradebook",
        ),
        (
            "moodle",
            WORKSHEET.encode(),
            "is a worksheet for one assignment. Say which with --assignment; there are grades for: padding, tensor_shapes.",
        ),
        (
            "canvas",
            b"Student,ID,Padding (1),Padding (2)\nx,1,,\n",
            "several columns could be 'padding': 'Padding (1)', 'Padding (2)'",
        ),
        (
            "canvas",
            b"Student,ID,Essay (1)\nx,1,\n",
            "has no column for 'padding'. It has 'Student', 'ID', 'Essay (1)'.",
        ),
    ],
)
def test_a_wrong_file_is_one_clear_line_and_nothing_is_written(
    course: Course, tmp_path: Path, to: str, content: bytes, message: str
) -> None:
    template, target = tmp_path / "template.csv", tmp_path / "out.csv"
    template.write_bytes(content)
    with pytest.raises(UsageError) as error:
        export(course, to, template, target, feedback=no_feedback)
    assert str(error.value).startswith(f"{template}: ") and message in str(error.value) and "\n" not in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["template.csv"]


def test_other_wrong_use_is_one_clear_line(course: Course, tmp_path: Path) -> None:
    template = tmp_path / "template.csv"
    template.write_text(CANVAS)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/grader_config.py").write_text("c = get_config()\n")
    empty = find_course(tmp_path / "empty")
    target = tmp_path / "out.csv"
    for arguments, message in (
        ((course, "canvas", None, target), "--to canvas needs --template FILE"),
        ((course, "canvas", tmp_path / "gone.csv", target), "gone.csv: cannot be read: No such file"),
        ((course, "canvas", template, template), "template.csv: is the template"),
        (
            (course, "canvas", template, target, ["paddling"]),
            "has no assignment 'paddling'. It has: padding, tensor_shapes.",
        ),
        ((course, "csv", None, tmp_path / "empty"), "empty: cannot be written (Is a directory). Name another file."),
        ((empty, "csv", None, target), "gradebook.db: there is no gradebook yet. Run `autograder grade` first."),
    ):
        with pytest.raises(UsageError) as error:
            export(*arguments)
        assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "empty/gradebook.db").exists() and not target.exists()
    assert template.read_text() == CANVAS


def test_every_export_command_of_the_page_works(
    copied: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs/lms.md").read_text()
    commands = re.findall(r"^autograder (export .*)$", page, re.MULTILINE)
    assert len(commands) >= 3
    monkeypatch.chdir(tmp_path)
    (tmp_path / "canvas-export.csv").write_text(CANVAS)
    (tmp_path / "moodle-worksheet.csv").write_text(WORKSHEET)
    for command in commands:
        outcome = CliRunner().invoke(main, [*shlex.split(command), "--course", str(copied.root), "--output", "out.csv"])
        assert outcome.exit_code == 0, outcome.output
        assert (tmp_path / "out.csv").stat().st_size > 0
