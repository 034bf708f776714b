"""The feedback and the report as a browser shows them: what came from students is text there, and never runs."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.grading import store
from autograder.judge.pictures import draw_pictures
from autograder.judge.results import CheckResult, Picture, Result
from autograder.reports.class_report import write_report
from autograder.reports.feedback import render_page

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="chromium is missing: pages cannot be opened (apt-get install chromium)"
    ),
]
SCRIPT = "<script>document.body.dataset.ran = 1</script>"
IMAGE = "<img src=x onerror='document.body.dataset.ran = 1'>"
ESCAPED = "</p></div>\x1b[31mred\x1b]8;;javascript:alert(1)\x07 \u202eturned"


def shown(page: Path) -> str:
    """The page's document after a browser has loaded it and run what it would run."""
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=1000",
        "--dump-dom",
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "</html>" in done.stdout
    return done.stdout


def text_of(document: str) -> str:
    """What one reads."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", document)).split())


def hostile(student: str = f"ann {IMAGE}") -> Result:
    """A result in which everything that a student can write tries to be more than text."""
    array = Picture(kind="array", label=IMAGE, data={"shape": [1, 2], "values": [SCRIPT, "0.5"], "wrong": [0, 1]})
    curve = Picture(kind="curve", label=f"loss {SCRIPT}", data={f"{IMAGE}$x_": [3.0, 2.0, float("nan")]})
    check = CheckResult(
        question="q1",
        check="test_counts_words",
        title="count_words(sentence) is the number of words",
        status="failed",
        points=0.0,
        max_points=1.0,
        misconception="Counts letters & spaces",
        rationale=f"your function returned '{SCRIPT}{IMAGE}' {ESCAPED}",
        hint="How many words has 'a good film'?",
        worked=f">>> count_words('a <b>')\n2 {SCRIPT}",
        pictures=[array, curve],
    )
    result = Result(
        assignment="tiny",
        student=student,
        submission="0" * 64,
        points=0.0,
        max_points=1.0,
        seconds=1.0,
        checks=[check],
        notes=[f"Cell '{SCRIPT}' stood twice."],
        questions={"q1": "Question 1: words"},
        facts={"data": SCRIPT},
    )
    draw_pictures(result)
    return result


def test_this_browser_runs_what_is_not_escaped(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(f"<html><body>{SCRIPT}</body></html>")
    assert "data-ran" in shown(tmp_path / "page.html")


def test_feedback_shows_a_students_output_as_text(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(render_page(hostile().for_students(details=True)), encoding="utf-8")
    document = shown(tmp_path / "page.html")
    assert "data-ran" not in document and "<script" not in document
    assert not set("\x1b\x07\u202e") & set(document)
    text = text_of(document)
    assert text.count(SCRIPT) >= 4, "in the rationale, a note, a fact and an array"
    assert text.count(IMAGE) >= 3, "in the name, the rationale and a label"
    for said in (
        "0 of 1 points",
        "Question 1: words",
        "failed",
        "Counts letters & spaces",
        "How many words has 'a good film'?",
        "a small case, worked out >>> count_words('a <b>') 2",
    ):
        assert said in text
    assert document.count("<img") == 1 and 'src="data:image/png;base64,' in document, "the learning curve"
    assert 'class="wrong"' in document


def test_a_page_needs_nothing_beside_it() -> None:
    page = render_page(hostile().for_students(details=True))
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert "@import" not in page and "url(" not in page


def test_without_details_a_page_shows_titles_and_points_alone() -> None:
    page = render_page(hostile().for_students(details=False))
    assert "count_words(sentence) is the number of words" in page and "0 / 1" in page
    assert "your function returned" not in page and "Counts letters" not in page and "How many words" not in page
    assert "worked out" not in page and "<img" not in page
    passed = hostile()
    passed.checks[0].status = "passed"
    assert "<img" in render_page(passed.for_students(details=True)) and "<img" not in render_page(
        passed.for_students(details=False)
    )


def test_a_submission_that_could_not_be_graded_says_why_and_shows_no_points() -> None:
    page = text_of(
        render_page(
            hostile()
            .model_copy(update={"points": None, "checks": [], "notes": ["tiny.ipynb: is no notebook."]})
            .for_students(details=True)
        )
    )
    assert "not graded" in page and "tiny.ipynb: is no notebook." in page
    assert "of 1 points" not in page


def test_the_report_shows_names_and_notes_as_text_and_counts_misconceptions(built: Course) -> None:
    for student in (f"ann {IMAGE}".replace("/", ""), "ben"):
        store.save(built, hostile(student))
    ungraded = hostile("cat").model_copy(
        update={"points": None, "checks": [], "notes": [f"cat.ipynb: is no notebook {SCRIPT}"]}
    )
    store.save(built, ungraded)
    document = shown(write_report(built)[0])
    assert "data-ran" not in document and "<script" not in document
    text = text_of(document)
    assert "2 of 3 submissions graded, 3 students" in text
    assert re.search(r"2 Counts letters & spaces q1 How many words has 'a good film'\?", text)
    assert f"ann {IMAGE}" in text and f"cat.ipynb: is no notebook {SCRIPT}" in text
