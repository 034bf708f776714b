"""A pile of hand-ins as an instructor has it: everybody in it is named, a large class is no trouble, and nobody needs to be alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.course.course import KEY_FILE, Course
from autograder.course.gradebook import open_gradebook
from autograder.course.nbgrader_settings import course_directory
from autograder.engines.publish import Publisher
from autograder.grading import store
from autograder.intake.collect import collect, keep_newest
from autograder.judge.results import Result
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.entered import left
from autograder.tests.helpers.other_user import systems_python
from autograder.tests.helpers.stand_in import StandIn
from autograder.tests.helpers.tiny_course import RIGHT, make_course, submit


def grade(course: Course, *arguments: str | Path) -> tuple[int, str, list[dict[str, Any]]]:
    """Exit status, what was said, and the lines of ``--json``."""
    lines = course.root.parent / "lines.jsonl"
    done = CliRunner().invoke(main, ["grade", *map(str, arguments), "--course", str(course.root), "--json", str(lines)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    told = [json.loads(text) for text in lines.read_text().splitlines()] if lines.exists() else []
    return done.exit_code, done.output, told


def put_zip(path: Path, entries: dict[str, bytes], mode: int = 0o100644) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.external_attr = name, mode << 16  # the class would put the backslashes right
            archive.writestr(info, data)
    return path


def test_whoever_handed_in_a_link_a_pipe_or_nothing_is_named(
    built: Course, tmp_path: Path, stand_in: type[StandIn]
) -> None:
    pile = tmp_path / "class"
    submit(built, pile / "ann/tiny.ipynb", **RIGHT)
    (pile / "ann/pictures").mkdir()
    for student in ("eve", "pip", "doe, jane"):
        (pile / student / "tiny").mkdir(parents=True)
    (pile / "eve/tiny/tiny.ipynb").symlink_to("../../ann/tiny.ipynb")
    os.mkfifo(pile / "pip/tiny/tiny.ipynb")
    (pile / "doe, jane/tiny/tiny.ipynb").symlink_to("nowhere")
    (pile / "lem").symlink_to("ann")
    (pile / "cat/tiny").mkdir(parents=True)
    (pile / "cat/.DS_Store").touch()
    (pile / "dan").mkdir()
    status, said, told = grade(built, pile)
    assert status == 1
    rows = {line["student"]: line["points"] for line in told}
    assert rows == {"ann": 5.0, "eve": None, "pip": None, "doe_jane": None, "lem": None}
    for student in rows:
        assert re.search(rf"[│|] +[│|] {student} +[│|] not graded" if student != "ann" else " ann .* 5 / 5", said), said
    assert f"eve: {pile}/eve/tiny/tiny.ipynb: is a link or special file and was not read." in said
    assert f"{pile}/cat, dan: empty; nothing was handed in there." in said and "pictures" not in said

    (tmp_path / "zoe.ipynb").symlink_to("nowhere")
    _, said, told = grade(built, tmp_path / "zoe.ipynb", pile / "ann/tiny.ipynb")
    assert {line["student"]: line["points"] for line in told} == {"ann": 5.0, "zoe": None}

    shutil.rmtree(built.tree("submitted"))
    for student in ("cat", "doe, jane"):
        (built.tree("submitted") / student / "tiny").mkdir(parents=True)
    (built.tree("submitted") / "doe, jane/tiny/tiny.ipynb").symlink_to("nowhere")
    submit(built, built.tree("submitted") / "[red] a*b/tiny/tiny.ipynb", **RIGHT)
    _, said, told = grade(built, built.tree("submitted"))
    assert [line["student"] for line in told] == ["[red] a*b", "doe, jane"]
    assert left(built, "[red] a*b")["grades"]["q2"] == 3.0 and "[red] a*b" in said
    assert "submitted/cat: empty" in said

    linked = put_zip(tmp_path / "m.zip", {"Eva Lu_7_assignsubmission_file_/tiny.ipynb": b"/etc/passwd"}, 0o120777)
    with zipfile.ZipFile(linked, "a") as archive:
        archive.write(pile / "ann/tiny.ipynb", "Bo Li_8_assignsubmission_file_/tiny.ipynb")
        archive.mkdir("Cy Yu_9_assignsubmission_file_")
    _, said, told = grade(built, linked)
    assert {line["student"]: line["points"] for line in told} == {"Bo_Li": 5.0, "Eva_Lu": None}
    assert "m.zip:Cy Yu_9_assignsubmission_file_: empty; nothing was handed in there." in said


def test_a_copy_put_aside_does_not_count_however_late_it_was_saved(built: Course, tmp_path: Path) -> None:
    for name in ("tiny", "tiny-old"):
        path = submit(built, tmp_path / f"class/ann/{name}.ipynb", **RIGHT)
        os.utime(path, (1_770_000_000, 1_770_000_000 + (86_400 if name == "tiny-old" else 0)))
    with collect([tmp_path / "class"], built, "tiny") as collection:
        [kept] = collection.submissions
        [note] = collection.notes
        assert kept.path.name == "tiny.ipynb"
        assert re.search(
            r"/tiny\.ipynb is called after the assignment and counts; not graded: .*/tiny-old\.ipynb\.$", note
        )
    again = submit(built, tmp_path / "later/ann/mine.ipynb", **RIGHT)
    os.utime(again, (1_780_000_000, 1_780_000_000))
    with collect([tmp_path / "class", tmp_path / "later"], built, "tiny") as collection:
        assert [submission.path.name for submission in collection.submissions] == ["mine.ipynb"], "handed in again"
        assert "mine.ipynb is the newest and counts" in collection.notes[-1]
        assert keep_newest(collection.submissions) == (collection.submissions, [])


def test_a_zip_made_on_windows_has_backslashes_and_leads_nowhere(built: Course, tmp_path: Path) -> None:
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    path = put_zip(
        tmp_path / "class.zip", {"ann\\tiny.ipynb": notebook, "ben\\work\\tiny.ipynb": notebook, "cat\\": b""}
    )
    with collect([path], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["ann", "ben"]
        assert not [note for note in collection.notes if "leads out" in note]
        assert "class.zip:cat: empty; nothing was handed in there." in collection.notes
    odd = put_zip(tmp_path / "odd.zip", {"ann\\..\\..\\tiny.ipynb": notebook})
    with collect([odd], built) as collection:
        assert "leads out of a folder" in collection.notes[0]


def test_a_renamed_student_stays_who_it_was(built: Course, tmp_path: Path, stand_in: type[StandIn]) -> None:
    """On Canvas, by the number of the person: in the gradebook, in the trees, and in what the next command says."""
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    grade(built, put_zip(tmp_path / "first.zip", {"leeann_4711_98_tiny.ipynb": notebook}))
    _, _, [line] = grade(built, put_zip(tmp_path / "second.zip", {"millerann_4711_99_tiny.ipynb": notebook + b"\n"}))
    assert line["student"] == "leeann_4711"
    assert [path.name for path in built.tree("submitted").iterdir()] == ["leeann_4711"]
    with open_gradebook(course_directory(built)) as gradebook:
        assert [(student.id, student.last_name) for student in gradebook.students] == [("leeann_4711", "leeann")]


SIZE = 300 if SOAK else 60
CLASS = [f"Student {number:03}" for number in range(SIZE)]


@pytest.fixture
def large(built: Course, tmp_path: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A download of a whole class; what nbgrader does for one of them takes as long for each, and is left out."""
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    monkeypatch.setattr(Publisher, "_enter", lambda self, submission, graded: store.save(self.course, graded.result))
    names = {f"{name}_{n}_assignsubmission_file_/tiny.ipynb": notebook for n, name in enumerate(CLASS)}
    return put_zip(tmp_path / "moodle.zip", names)


@pytest.mark.slow
def test_a_large_class_stopped_in_the_middle_goes_on_and_everybody_is_there_once(
    built: Course, large: Path, stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        publish, published = Publisher.publish, list[str]()

        def stop_half_way(self: Publisher, submission: Any, graded: Any) -> bool:
            if len(published) == SIZE // 2:
                raise KeyboardInterrupt
            published.append(submission.student)
            return publish(self, submission, graded)

        patch.setattr(Publisher, "publish", stop_half_way)
        status, said, told = grade(built, large)
    assert status == 130 and len(told) == SIZE // 2
    assert f"Stopped: {SIZE // 2} submissions are graded and kept." in said
    stand_in.asked.clear()
    status, said, told = grade(built, large)
    assert status == 0 and not set(stand_in.asked) & set(published) and len(stand_in.asked) == SIZE // 2
    everybody = [name.replace(" ", "_") for name in CLASS]
    assert [line["student"] for line in told] == everybody
    assert len(re.findall(r"Student_\d{3} +[│|] 5 / 5", said)) == SIZE
    results, unreadable = store.load_all(built)
    assert [result.student for result in results] == everybody and not unreadable
    assert CliRunner().invoke(main, ["report", "--course", str(built.root)]).exit_code == 0
    assert f"{SIZE} of {SIZE} submissions graded" in (built.root / "report/index.html").read_text()


# Several at once, and several people


def command(course: Path, *arguments: str, python: str = sys.executable, **options: Any) -> subprocess.Popen[str]:
    """The command with a stand-in for the judge, in a process of its own."""
    called = [*options.pop("before", ()), python, "-m", "autograder.tests.helpers.stand_in", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRADER")}
    environment = {**kept, "PATH": f"{Path(python).parent}:{os.environ['PATH']}", "COLUMNS": "200", **options}
    return subprocess.Popen(
        called, cwd=course, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.slow
def test_two_commands_at_once_on_one_course_both_work(built: Course, tmp_path: Path) -> None:
    students = [f"s{number}" for number in range(6 if SOAK else 3)]
    for student in students:
        submit(built, tmp_path / f"class/{student}/tiny.ipynb", **RIGHT)
    running = [command(built.root, "grade", str(tmp_path / "class")) for _ in range(2)]
    for process in running:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
        assert said.count("5 / 5") >= len(students) and "Going on after" not in said
    for student in students:
        kept = left(built, student)
        assert kept["grades"]["q2"] == 3.0
        assert Result.model_validate_json(kept[f"results/{student}/tiny.json"]).points == 5.0
        assert f"autograded/{student}/tiny/tiny.ipynb" in kept


ANN, BEN, GRADERS = 1501, 1502, 2500


def account(user: int, groups: str = f"--groups={GRADERS}") -> list[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", groups, "--inh-caps=-all"]


@pytest.mark.slow
def test_graders_of_one_group_share_a_course(built_once: Course) -> None:
    """Two accounts build and grade in turn; a third one, not in the group, sees neither key nor grades."""
    if os.getuid() or shutil.which("setpriv") is None:
        pytest.skip("only root can be several users")
    tmp = Path(tempfile.mkdtemp(prefix="autograder-tests-"))
    try:
        tmp.chmod(0o755)
        python = str(systems_python(tmp / "python"))
        course = make_course(tmp / "course").root
        for path in (course, *course.rglob("*")):
            os.chown(path, ANN, GRADERS)
            path.chmod(0o770 if path.is_dir() else 0o660)

        def run(user: int, *arguments: str, status: int = 0) -> str:
            process = command(course, *arguments, python=python, before=account(user), HOME=str(tmp))
            said, _ = process.communicate(timeout=300)
            assert process.returncode == status, said
            return said

        pile = tmp / "class"
        for student in ("eva", "lem"):
            submit(built_once, pile / f"{student}/tiny.ipynb", **RIGHT)
        run(ANN, "build", "then", "grade", str(pile), "then", "report")
        (course / KEY_FILE).chmod(0o600)
        [line] = run(BEN, "grade", str(pile), status=2).splitlines()
        assert "cannot be read (Permission denied)" in line and line.endswith("lets their group read it: chmod g+rw.")
        (course / KEY_FILE).chmod(0o660)
        run(BEN, "grade", str(pile), "then", "build", "then", "report")
        run(ANN, "grade", str(pile / "eva"))
        for name in (KEY_FILE, "gradebook.db", "results", "submitted", "autograded", "feedback"):
            mode = (course / name).stat()
            assert mode.st_gid == GRADERS and not mode.st_mode & 0o007, name
            assert mode.st_mode & 0o060 == 0o060, name
        read = subprocess.run(
            [*account(1503, "--clear-groups"), "cat", course / KEY_FILE], capture_output=True, check=False
        )
        assert read.returncode == 1 and read.stdout == b""
    finally:
        shutil.rmtree(tmp)


@pytest.mark.slow
def test_strange_paths_and_a_terminal_without_umlauts(built_once: Course, tmp_path: Path) -> None:
    """From the sources to the file for Moodle, with the real judge, and temporary files behind a link spelled its own way."""
    course = make_course(tmp_path / "Übung [x] 100% {a} #1 'q'").root
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOGRADER")}
    environment |= {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "COLUMNS": "300", "OMP_NUM_THREADS": "1"}
    (tmp_path / "tmp dir é").mkdir(mode=0o777)
    (tmp_path / "link").symlink_to("tmp dir é")
    environment |= {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TMPDIR": f"{tmp_path}/./link//"}
    submit(built_once, course / "class [1]/Jürgen Groß_7_assignsubmission_file_/tiny.ipynb", **RIGHT)
    template = course / "Noten.csv"
    template.write_text("Identifier,Full name,Grade,Maximum Grade\nParticipant 7,Jürgen Groß,,6\n", encoding="utf-8")

    called = [sys.executable, "-P", "-m", "autograder.tests.helpers.commands", "build"]
    called += ["then", "grade", "class [1]", "--workers", "1", "then", "report"]
    called += ["then", "export", "--to", "moodle", "--template", "Noten.csv"]
    done = subprocess.run(called, cwd=course, env=environment, capture_output=True, text=True, check=False)
    said = done.stdout
    assert done.returncode == 0 and done.stderr == "", (said, done.stderr)
    assert "J\\xfcrgen_Gro\\xdf" in said and "5 / 5" in said
    assert list((tmp_path / "tmp dir é").glob("autograder-*/")) == []
    assert f"gradebook  {course}/gradebook.db".encode("ascii", "backslashreplace").decode() in said
    assert "Participant 7,Jürgen Groß,5" in (course / "grades-moodle.csv").read_text(encoding="utf-8")
