"""Each submission is recorded by itself: what fails in the recording or drawing of one costs nobody else anything."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner, Result
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.course import Course, find_course
from autograder.judge.pictures import curve_png, draw_pictures
from autograder.judge.results import MAX_CURVES, MAX_EPOCHS, MAX_IMAGE, MAX_LABEL, CheckResult, Picture
from autograder.judge.results import Result as Graded
from autograder.reports.feedback import write_feedback
from autograder.reports.pages import draw_histogram, show_picture
from autograder.tests.helpers.tiny_course import RIGHT, TEST_Q1, submit

HONEST, OTHER = "{'loss': [3.0, 2.0, 1.5]}", "{'loss': [3.0, 2.5, 2.0]}"
HOSTILE_CURVES = {
    "huge": "{'loss': [1e308, -1e308, 1.0]}",
    "no_numbers": "{'loss': [float('nan'), float('inf'), 'a', None, [1]]}",
    "formula": "{r'$\\\\nosuch$': [1.0], r'$\\\\frac{': [2.0], '_hidden': [1.0], '$' * 99: [1.0]}",
    "long_name": "{'a' * 10**5 + '\\\\n': [1.0], '\\u202e\\x1b[31m<script>\\x00': [1.0], '': []}",
    "many": "{str(i): [float(i)] * 1200 for i in range(30)}",
    "no_curve": "{'loss': 1.0, 'b': 'text', 'c': {}}",
}


def curve(data: dict[Any, Any], label: str = "loss") -> Picture:
    return Picture(kind="curve", label=label, data=data)


@pytest.mark.parametrize(
    "data",
    [
        {"loss": [1e308, -1e308, 1.0]},
        {"loss": [float("nan"), float("inf"), 10**400, "a", None, [1]]},
        {"$\\nosuch$": [1.0], "$\\frac{": [2.0], "_hidden": [1.0], "$" * 99: [1.0]},
        {"a" * 10**5 + "\n": [1.0], "\u202e\x1b[31m\x00": [1.0], "": []},
        {str(i): [float(i)] * 2000 for i in range(300)},
        {"loss": 1.0, "b": "text", "c": {}},
        {},
        {"不": [1.0, 2.0], "🙂": [2.0, 1.0]},
        {"loss": [1e12, -1e12, 1e-320]},
    ],
)
def test_every_curve_is_bounded_plain_and_drawn(data: dict[str, Any]) -> None:
    picture = curve(data, label="$\\nosuch$ \x1b\n" + "a" * 1000)
    assert len(picture.label) <= MAX_LABEL and "\n" not in picture.label and "\x1b" not in picture.label
    assert len(picture.data) <= MAX_CURVES and all(len(numbers) <= MAX_EPOCHS for numbers in picture.data.values())
    assert all(len(name) <= MAX_LABEL and not re.search("[\x00-\x1f\u202e]", name) for name in picture.data)
    assert curve_png(picture).startswith(b"\x89PNG") and len(curve_png(picture)) < 300_000
    again = Picture.model_validate_json(picture.model_dump_json())
    assert again == picture, "kept and read again it is the same"


def test_what_is_left_out_of_a_curve_is_said() -> None:
    picture = curve(
        {
            "loss": [1.0, float("nan"), 1e308],
            "a": [1.0] * (MAX_EPOCHS + 1),
            **{str(i): [1.0] for i in range(MAX_CURVES)},
        }
    )
    said = "left out: 2 further curves, what follows epoch 1000, 2 values that are no numbers or beyond ±1e+12"
    assert picture.left_out == said and said in show_picture(picture)
    assert curve({"loss": [3.0, 2.0]}).left_out == ""


def test_a_page_only_embeds_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture that cannot be drawn becomes a note; the others are drawn, and the page draws nothing itself."""
    good, bad = curve({"loss": [3.0, 2.0]}), curve({"bad": [1.0]}, label="bad")
    check = CheckResult(
        question="q1", check="c", title="t", status="passed", points=1, max_points=1, pictures=[good, bad]
    )
    result = Graded(assignment="tiny", student="ann", submission="0", points=1, max_points=1, seconds=0, checks=[check])
    with monkeypatch.context() as patch:
        patch.setattr("autograder.judge.pictures.curve_png", lambda p: curve_png(p) if "loss" in p.data else 1 / 0)
        draw_pictures(result)
    assert result.checks[0].pictures == [good] and base64.b64decode(good.image).startswith(b"\x89PNG")
    assert result.notes == ["q1: the picture 'bad' was not drawn (ZeroDivisionError)."]
    assert f"data:image/png;base64,{good.image}" in show_picture(good) and "<img" not in show_picture(bad)


def test_a_chart_is_an_image_that_is_the_same_each_time() -> None:
    one, two = (draw_histogram([1.0, 2.0, 2.0], 5.0) for _ in range(2))
    assert one == two, "no date, no random ids"
    found = re.match(
        r'<figure><img alt="submissions by points" src="data:image/svg\+xml;base64,([\w+/=]+)"><figcap', one
    )
    assert found and b">points</text>" in base64.b64decode(found[1]), "text is text"


@pytest.mark.parametrize(
    "image", ["no base64", '" onload="a', base64.b64encode(b"<svg>").decode(), "iVBORw0KGgo" + "A" * MAX_IMAGE]
)
def test_an_image_is_a_small_png(image: str) -> None:
    with pytest.raises(ValueError, match="image"):
        Picture(kind="curve", label="loss", data={}, image=image)


@pytest.mark.parametrize(
    "data",
    [
        {"shape": [2, 2], "values": ["1"] * 3, "wrong": [0, 0]},
        {"shape": [2], "values": ["1"] * 2, "wrong": [2]},
        {"shape": [2], "values": ["1"] * 2, "wrong": [0, 0]},
        {"shape": [401], "values": ["1"] * 401, "wrong": [0]},
        {"shape": [1], "values": ["1"], "wrong": [-1]},
        {"shape": [1], "values": ["1"]},
        {"shape": "a", "values": 1, "wrong": None},
    ],
)
def test_an_array_that_does_not_fit_its_shape_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Picture(kind="array", label="a", data=data)


# Whole classes

SHOWS = TEST_Q1.replace("import agree, check", "import agree, check, curve").replace(
    "    for words, letters", '    curve("your training", submission.history())\n    for words, letters', 1
)


@dataclass(frozen=True)
class Recorded:
    """What one run of the command left.

    Attributes:
        lines: of the students, without the time that each took.
        entered: the students whom the gradebook knows a submission of.
    """

    course: Course
    done: Result
    lines: dict[str, dict[str, Any]]
    entered: set[str]

    def points(self, students: Iterable[str]) -> dict[str, float | None]:
        return {student: self.lines[student]["points"] for student in students}

    def page(self, student: str) -> str:
        return (self.course.tree("feedback") / student / "tiny/tiny.html").read_text()


def grade(course: Course, answers: dict[str, str]) -> Recorded:
    """Grade a class of these students, of whom each names a curve."""
    handed_in = course.root.parent / f"class of {len(answers)}"
    for student, history in answers.items():
        source = f"{RIGHT['q1']}\n\ndef history():\n    return {history}"
        submit(course, handed_in / student / "tiny.ipynb", q1=source, q2=RIGHT["q2"])
    path = course.root.parent / "lines.jsonl"
    done = CliRunner().invoke(main, ["grade", str(handed_in), "--course", str(course.root), "--json", str(path)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert "Traceback" not in done.output
    lines = {line["student"]: line for line in map(json.loads, path.read_text().splitlines())}
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        entered = {submission.student.id for submission in gradebook.assignment_submissions("tiny")}
    return Recorded(course, done, {student: {**line, "seconds": 0} for student, line in lines.items()}, entered)


@pytest.fixture(scope="module")
def obstructed(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """The tiny course with a check that shows a curve, and a class in which each of three has something in the way."""
    root = tmp_path_factory.mktemp("recording") / "course"
    shutil.copytree(built_once.root, root)
    (root / "tests/tiny/test_q1_words.py").write_text(SHOWS)
    course = find_course(root)
    ways = [course.tree("feedback") / "ben", course.tree("submitted") / "cat", course.tree("submitted") / "eve"]
    for place in ways:
        place.parent.mkdir(exist_ok=True)
    for place in ways[:2]:
        place.write_text("a file where a folder should be")
    (course.tree("submitted") / "ann/tiny").mkdir(parents=True)
    ways[2].symlink_to("ann")
    found = grade(course, {**dict.fromkeys(("ann", "ben", "cat", "dan"), HONEST), "eve": OTHER})
    for place in ways:
        place.unlink()
    return found


@pytest.fixture(scope="module")
def hostile(obstructed: Recorded) -> Recorded:
    """The same course, and a class in which two name an honest curve."""
    return grade(obstructed.course, {"ann": HONEST, "dan": HONEST, **HOSTILE_CURVES})


@pytest.mark.slow
def test_what_fails_for_one_is_a_note_of_that_one(obstructed: Recorded) -> None:
    lines = obstructed.lines
    assert obstructed.points(["ann", "ben", "cat", "dan"]) == {"ann": 5.0, "ben": 5.0, "cat": None, "dan": 5.0}
    assert re.match("No feedback was written: .*(exists|directory)", lines["ben"]["notes"][-1])
    assert re.match("Not recorded: .*(exists|directory)", lines["cat"]["notes"][0])
    assert obstructed.done.exit_code == 1 and obstructed.entered == {"ann", "ben", "dan"}


@pytest.mark.slow
def test_a_students_folder_that_is_a_link_leads_to_no_neighbours_work(obstructed: Recorded) -> None:
    assert obstructed.lines["eve"]["points"] is None
    assert "submitted/eve is a link" in obstructed.lines["eve"]["notes"][0]
    kept = (obstructed.course.tree("submitted") / "ann/tiny/tiny.ipynb").read_text()
    assert HONEST in kept and OTHER not in kept


@pytest.mark.slow
def test_hostile_curves_cost_no_neighbour_anything(obstructed: Recorded, hostile: Recorded) -> None:
    assert set(hostile.lines) == {"ann", "dan", *HOSTILE_CURVES}
    assert all(hostile.lines[student] == obstructed.lines[student] for student in ("ann", "dan"))
    assert hostile.done.exit_code == 0, hostile.done.output
    assert set(hostile.points(hostile.lines).values()) == {5.0}, hostile.done.output
    for student in hostile.lines:
        page = hostile.page(student)
        assert page.count('<img alt="your training') == 1 and not set("\x1b\u202e\x00") & set(page)
    assert "2 values that are no numbers or beyond" in hostile.page("huge")


@pytest.mark.parametrize("strange", ["long", "link", "pipe", "binary"])
def test_the_page_holds_no_time_or_secret_that_nbgrader_did_not_write(built: Course, strange: str) -> None:
    folder = built.tree("submitted") / "ann/tiny"
    folder.mkdir(parents=True)
    key = built.root / "solutions/key"
    key.write_text("2026-01-31 12:00:00 UTC")
    for name in ("timestamp.txt", "submission_secret.txt"):
        path = folder / name
        if strange == "link":
            path.symlink_to(key)
        elif strange == "pipe":
            os.mkfifo(path)
        else:
            path.write_bytes(b"1 " * 500_000 if strange == "long" else b"\xff\x1b[2J")
    result = Graded(assignment="tiny", student="ann", submission="", points=None, max_points=5.0, seconds=0.0)
    page = write_feedback(built, result)
    assert page.with_name("timestamp.txt").read_bytes() == b""  # release_feedback wants the file
    assert re.fullmatch("[0-9a-f]{64}", page.with_name("submission_secret.txt").read_text())
