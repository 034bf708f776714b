"""One feedback page: the judge's verdict with a person's points and words, whichever command wrote it last."""

from __future__ import annotations

import html
import os
import re
import subprocess
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from autograder.course.course import Course
from autograder.course.nbgrader_settings import course_directory, nbgrader_config
from autograder.engines.publish import Publisher
from autograder.grading import store
from autograder.grading.job import Graded
from autograder.intake.collect import Submission
from autograder.intake.harmless import disarm_notebook
from autograder.judge.results import CheckResult, Result, StudentCheck, StudentView
from autograder.reports.class_report import write_report
from autograder.reports.feedback import render_page, write_feedback
from autograder.reports.text import describe_check, describe_question, summarise_result
from autograder.tests.helpers.commands import BIN
from autograder.tests.helpers.tiny_course import RIGHT, open_file, submit

SCRIPT = "<script>alert(1)</script>"
WORDS = f'Well argued, "but" 1 < 2 {SCRIPT}\nSee page 3.'


def record(
    course: Course, student: str = "ann", prose: str | None = "Words have no order.", damaged: bool = False
) -> Result:
    """Record a submission of which the judge has said: q1 wrong (0 of 2), q2 right (3 of 3)."""
    path = submit(course, course.root / "class" / student / "tiny.ipynb", **RIGHT)
    notebook = nbformat.read(path, as_version=4)
    if prose is not None:
        next(cell for cell in notebook.cells if cell.id == "explain").source = prose
        nbformat.write(notebook, path)
    opened = open_file(path, course)
    opened.notebook = disarm_notebook(opened.notebook, nbformat.read(course.assignment("tiny").released, as_version=4))
    about: dict[str, Any] = {"check": "test", "title": "about it"}
    checks = [
        CheckResult(question="q1", status="failed", points=0, max_points=2, hint="How many?", **about),
        CheckResult(question="q2", status="passed", points=3, max_points=3, **about),
    ]
    result = Result(
        assignment="tiny",
        student=student,
        submission="",
        points=None if damaged else 3.0,
        max_points=5.0,
        seconds=1.0,
        checks=[] if damaged else checks,
        notes=["tiny.ipynb: is a damaged notebook."] if damaged else [],
        questions={"q1": "words", "q2": "vectors"},
    )
    submission = Submission(student, path, "tiny", datetime(2026, 1, 31, tzinfo=UTC), str(path))
    Publisher(course).publish(submission, Graded(result, None if damaged else opened.as_data()))
    return result


def test_students_read_the_view_which_holds_nothing_of_the_instructors() -> None:
    taken = [(render_page, "result"), (describe_question, "result"), (summarise_result, "result")]
    assert {function.__annotations__[name] for function, name in taken} == {"StudentView"}
    assert describe_check.__annotations__["check"] == "StudentCheck"
    assert not issubclass(Result, StudentView) and not issubclass(CheckResult, StudentCheck), "mypy tells them apart"
    assert not {"faults", "remarks"} & {field.name for field in fields(StudentView)}
    assert not {"fitting", "alone", "visible"} & {field.name for field in fields(StudentCheck)}


def test_without_details_students_see_titles_and_points_alone() -> None:
    about: dict[str, Any] = {"check": "c", "title": "t", "points": 0.0, "max_points": 1.0, "hint": "Why?"}
    about |= {
        "rationale": "seen",
        "misconception": "M",
        "worked": ">>> 1",
        "pictures": [{"kind": "curve", "label": "l", "data": {}}],
    }
    checks = [
        CheckResult(question=status, status=status, **about) for status in ("passed", "failed", "skipped", "error")
    ]
    result = Result(assignment="a", student="s", submission="", points=None, max_points=4, seconds=0, checks=checks)
    seen, whole = result.for_students(details=False).checks, result.for_students(details=True).checks
    kept = [[bool(c.rationale), bool(c.hint), bool(c.misconception), bool(c.worked), bool(c.pictures)] for c in seen]
    assert kept == [[True] * 4 + [False], [False] * 5, *[[True] * 4 + [False]] * 2]
    assert all(one.pictures and one.rationale == "seen" for one in whole)
    assert result.for_students(details=False).question_points() == result.question_points()


def answer_in_formgrader(course: Course, student: str = "ann") -> None:
    """What a person does there: points for the prose, one question overruled, extra credit, a penalty and two comments."""
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as book:
        notebook = book.find_submission_notebook("tiny", "tiny", student)
        grades = {grade.name: grade for grade in notebook.grades}
        grades["explain"].manual_score, grades["explain"].extra_credit = 0.75, 0.5
        grades["q1"].manual_score = 1.5
        for grade in grades.values():
            grade.needs_manual_grade = False
        comments = {comment.name: comment for comment in notebook.comments}
        comments["explain"].manual_comment = WORDS
        comments["q1-solution"].manual_comment = "A slip of the pen."
        notebook.late_submission_penalty = 1
        book.db.commit()


def page(course: Course, student: str = "ann") -> str:
    return (course.tree("feedback") / student / "tiny/tiny.html").read_text()


def text(course: Course, student: str = "ann") -> str:
    """What one reads."""
    body = page(course, student).split("<body>")[1]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def test_the_page_of_a_fresh_verdict_says_what_waits(built: Course) -> None:
    record(built)
    told = text(built)
    assert "3 of 5 points 1 more points await a person" in told
    assert "explain – / 1 awaits a person your answer Words have no order." in told
    record(built, "bob", prose=None)
    assert "explain 0 / 1 comment No response." in text(built, "bob") and "YOUR ANSWER" not in text(built, "bob")


@pytest.mark.parametrize("writer", ["nbgrader generate_feedback", "formgrader", "autograder grade"])
def test_whoever_writes_the_page_it_holds_verdict_points_and_words(built: Course, writer: str) -> None:
    result = record(built)
    before = page(built)
    answer_in_formgrader(built)
    if writer == "autograder grade":
        write_feedback(built, result)
    elif writer == "formgrader":
        api = NbGraderAPI(course_directory(built), config=nbgrader_config(built.settings, built.root))
        assert api.generate_feedback("tiny", "ann")["success"]
    else:
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        command = [str(BIN / "nbgrader"), "generate_feedback", "tiny"]
        done = subprocess.run(command, cwd=built.root, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    told = text(built)
    assert "4.75 of 6 points 1 point was taken off: handed in late" in told  # 1.5 + 3 + 0.75 + 0.5 - 1
    assert "q1 words 1.5 / 2 given by a person; the checks below give 0 comment A slip of the pen." in told
    assert "How many?" in told and told.count("about it") == 2
    assert "explain 1.25 / 1 graded by a person; 0.5 of it extra credit" in told
    assert 'comment Well argued, "but" 1 < 2 <script>alert(1)</script> See page 3.' in told
    assert SCRIPT not in page(built) and before != page(built)
    beside = built.tree("feedback") / "ann/tiny"
    assert (beside / "timestamp.txt").read_text().startswith("2026-01-31")
    assert re.fullmatch("[0-9a-f]{64}", (beside / "submission_secret.txt").read_text())
    assert built.tree("feedback").stat().st_mode & 0o077 == 0


def test_a_persons_points_stand_also_where_the_judge_could_not_grade(built: Course) -> None:
    result = record(built)
    directory = course_directory(built)
    with Gradebook(directory.db_url, directory.course_id) as book:
        book.find_grade("q1", "tiny", "tiny", "ann").auto_score = None
        book.db.commit()
    result.points, result.checks[0].status = None, "error"
    write_feedback(built, result)
    assert "not graded" in text(built)
    answer_in_formgrader(built)
    write_feedback(built, result)
    assert "4.75 of 6 points" in text(built)


def test_a_later_file_that_cannot_be_graded_leaves_verdict_and_words_on_the_page(built: Course) -> None:
    record(built)
    answer_in_formgrader(built)
    record(built, damaged=True)
    told = text(built)
    assert "tiny.ipynb: is a damaged notebook. The gradebook still holds the points of an earlier submission." in told
    assert "4.75 of 6 points" in told and "A slip of the pen." in told


def test_without_a_kept_verdict_nbgraders_own_page_is_written(built: Course) -> None:
    record(built)
    answer_in_formgrader(built)
    store.result_path(built, "ann", "tiny").write_text("{")
    api = NbGraderAPI(course_directory(built), config=nbgrader_config(built.settings, built.root))
    assert api.generate_feedback("tiny", "ann")["success"]
    assert "A slip of the pen." in page(built) and "split" in page(built)


def test_an_answer_reads_as_it_was_written(built: Course) -> None:
    record(built, prose=f"**Bold** {SCRIPT} and 1 < 2")
    assert "<strong>Bold</strong>" in page(built) and SCRIPT not in page(built)
    assert f"your answer Bold {SCRIPT} and 1 < 2" in text(built)


def test_the_report_shows_who_has_what_and_leads_to_each_page(built: Course, tmp_path: Path) -> None:
    """The links hold where the folder is moved to, whatever a student is called."""
    record(built, "ann #7 & 100%")
    answer_in_formgrader(built, "ann #7 & 100%")
    record(built, "ben")
    record(built, "eve", damaged=True)
    directory = course_directory(built)
    with Gradebook(directory.db_url, directory.course_id) as book:
        book.add_student("idle", first_name="Ida", last_name="<b>Idle")
    write_report(built)
    moved = tmp_path / "elsewhere"
    built.root.rename(moved)
    page = (moved / "report/index.html").read_text()
    rows = BeautifulSoup(page, "html.parser").select("table.class tr")[1:]
    told = [[cell.get_text(" ") for cell in row.select("th, td")] for row in rows]
    assert told == [
        ["ann #7 & 100%", "4.75 / 6"],
        ["ben", "3 / 6 waits for a person"],
        ["eve", "could not be graded"],
        ["idle Ida <b>Idle", "not handed in"],
    ]
    links = [[str(link["href"]) for link in row.select("a")] for row in rows]
    for [link], student in zip(links[:3], ("ann #7 & 100%", "ben", "eve"), strict=True):
        assert f'<div class="soft">{html.escape(student)}</div>' in (moved / "report" / unquote(link)).read_text()
    assert links[3] == []
