"""The otter road: `otter run` and the Gradescope scripts give the judge's points, whatever is handed in.

Here both run in this process; that they do so in processes of their own, `test_roads.py` shows.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from otter.run import main as run_by_otter

from autograder.course.course import Course, find_course
from autograder.engines import gradescope_zip, otter
from autograder.engines.gradescope_zip import build_wheel, build_zip
from autograder.errors import Ungradable, UsageError
from autograder.files import PACKAGE
from autograder.grading.grader import Grader
from autograder.judge.results import OUR_FAULT, Result
from autograder.machine.capacity import find_memory_mib
from autograder.reports.text import describe_check
from autograder.tests.helpers.tiny_course import RIGHT, WRONG, make_course, submit

ENDLESS = "def count_words(sentence):\n    while True:\n        pass"
VENV = Path(sys.executable).parent.parent


@pytest.fixture
def archive(built_once: Course) -> Path:
    return built_once.root / "release" / "gradescope" / "tiny.zip"


def zipped(course: Course, target: Path) -> Path:
    build_zip(course.assignment("tiny"), course.root / "release" / "otter" / "tiny", target)
    return target


@pytest.fixture
def base(archive: Path, tmp_path: Path) -> Path:
    """The /autograder folder of a Gradescope container, set up."""
    folder = tmp_path / "autograder"
    for name in ("submission", "results"):
        (folder / name).mkdir(parents=True)
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder / "source")
    (folder / "venv").symlink_to(VENV)
    return folder


def results(base: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((base / "results" / "results.json").read_text(encoding="utf-8"))
    return content


def otter_run(submission: Path, archive: Path, folder: Path) -> dict[str, Any]:
    """The results.json of `otter run`, run in this process."""
    run_by_otter(str(submission), autograder=str(archive), output_dir=str(folder), no_logo=True)
    content: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return content


def points(content: dict[str, Any]) -> float:
    return sum(float(test["score"]) for test in content["tests"])


def judged(course: Course, path: Path) -> Result:
    with Grader(course) as grader:
        return grader.grade(path, "tiny")


@pytest.mark.slow
def test_otter_run_and_gradescope_say_what_the_judge_says(
    built_once: Course, archive: Path, base: Path, tmp_path: Path
) -> None:
    handed_in = submit(built_once, base / "submission" / "tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    by_otter = otter_run(handed_in, archive, tmp_path)
    otter.write_results(base)
    by_gradescope = results(base)
    by_us = judged(built_once, handed_in)

    assert by_us.points == points(by_otter) == 3
    assert [test["output"] for test in by_otter["tests"]] == [
        describe_check(check) for check in by_us.for_students(details=True).checks
    ]
    assert by_otter == by_gradescope
    first = by_otter["tests"][0]
    assert first["name"] == "q1: count_words(sentence) is the number of words"
    assert (first["score"], first["max_score"], first["visibility"]) == (0, 1, "visible")
    assert "Counts letters and spaces" in first["output"]
    assert hashlib.sha256(handed_in.read_bytes()).hexdigest() in by_otter["output"]


class Evil:
    """A pickle that leaves a mark where it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.slow
def test_endless_loop_foreign_kernel_and_files_beside_that_are_neither_imported_nor_unpickled(
    built_once: Course, archive: Path, tmp_path: Path
) -> None:
    marks = [tmp_path / name for name in ("imported", "unpickled")]
    path = submit(built_once, tmp_path / "tiny.ipynb", q1=ENDLESS, q2=RIGHT["q2"])
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec = {"name": "conda-env-nlp-py", "display_name": "nlp", "language": "python"}
    nbformat.write(notebook, path)
    with zipfile.ZipFile(tmp_path / "handed_in.zip", "w") as file:
        file.write(path, "tiny.ipynb")
        for module in ("otter", "pandas", "pyarrow"):
            file.writestr(f"{module}.py", f"import os; os.mkdir({str(marks[0])!r})")
        file.writestr(".OTTER_LOG", pickle.dumps(Evil(marks[1])))
        file.writestr("tests/q1.py", f"import os; os.mkdir({str(marks[0])!r})")
    content = otter_run(tmp_path / "handed_in.zip", archive, tmp_path)
    assert points(content) == 3
    assert "ran longer than 5 s" in content["tests"][0]["output"]
    assert not [mark for mark in marks if mark.exists()]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"tiny.ipynb": "no notebook at all"}, "tiny.ipynb: is no notebook"),
        ({"essay.pdf": "%PDF"}, "You handed in no notebook, but essay.pdf."),
        ({}, "You handed in no notebook, but nothing."),
        ({"a.ipynb": "{}", "b/b.ipynb": "{}"}, "You handed in 2 notebooks (a.ipynb, b/b.ipynb)."),
    ],
)
def test_what_cannot_be_graded_gets_its_reason(base: Path, files: dict[str, str], reason: str) -> None:
    for name, text in files.items():
        path = base / "submission" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    otter.write_results(base)
    (entry,) = results(base)["tests"]
    assert reason in entry["output"]
    assert (entry["score"], entry["max_score"], entry["visibility"]) == (0, 5, "visible")


def test_copies_that_jupyter_and_a_mac_leave_are_no_second_notebook(tmp_path: Path) -> None:
    for name in ("tiny.ipynb", ".ipynb_checkpoints/tiny-checkpoint.ipynb", "__MACOSX/._tiny.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="utf-8")
    (tmp_path / "link.ipynb").symlink_to("/etc/hostname")
    assert otter.find_notebook(tmp_path) == tmp_path / "tiny.ipynb"


def test_names_of_files_are_plain_in_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J\u202e.pdf").write_text("")
    with pytest.raises(Ungradable) as error:
        otter.find_notebook(tmp_path)
    assert str(error.value).isprintable() and "a\ufffd[2J\ufffd.pdf" in str(error.value)
    assert error.value.code == "no-notebook"


def test_otters_results_are_made_from_what_students_may_see() -> None:
    """mypy refuses a whole result."""
    assert otter.fill_results.__annotations__["shown"] == "StudentView"


@pytest.mark.slow
def test_a_link_is_named_and_the_rest_is_graded_and_details_are_kept_back_when_the_course_says_so(
    built_once: Course, base: Path
) -> None:
    configure(base, "c.Autograder.show_details = False")
    submit(built_once, base / "submission" / "tiny.ipynb", q1=WRONG["q1"], q2=RIGHT["q2"])
    (base / "submission" / "work.ipynb").symlink_to(base / "source" / "course" / "solutions" / "tiny.py")
    otter.write_results(base)
    content = results(base)
    assert points(content) == 3
    assert "work.ipynb: is a link or special file and was not read." in content["output"]
    first = content["tests"][0]["output"]
    assert first == "count_words(sentence) is the number of words    failed  0 / 1 points"


@pytest.mark.slow
def test_a_fault_of_ours_says_so_and_shows_students_no_hidden_check(
    built_once: Course, base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = base / "source" / "course" / "tests" / "tiny" / "test_q2_vectors.py"
    test.write_text(test.read_text().replace("submission.one_hot, place", "{}['the answer'], place"))
    submit(built_once, base / "submission" / "tiny.ipynb", **RIGHT)
    otter.write_results(base)
    content = results(base)
    assert OUR_FAULT in content["output"]
    assert OUR_FAULT in content["tests"][2]["output"]
    assert "the answer" not in json.dumps(content)
    assert "the answer" in capsys.readouterr().out


def configure(base: Path, line: str) -> None:
    with open(base / "source" / "course" / "grader_config.py", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def test_a_broken_zip_is_our_fault(base: Path) -> None:
    (base / "source" / "course" / "solutions" / "tiny.py").unlink()
    (base / "source" / "course" / "source" / "tiny" / "tiny.ipynb").unlink()
    otter.write_results(base)
    assert OUR_FAULT in results(base)["output"]


def test_a_grading_that_never_ends_has_left_its_results(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: Any) -> Result:
        raise SystemExit(137)

    monkeypatch.setattr(otter, "grade_submission", killed)
    with pytest.raises(SystemExit):
        otter.write_results(base)
    assert "ran out of memory, or out of time" in results(base)["output"]


def test_a_small_container_says_which_setting_to_change(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(base, "c.Limits.memory_mib = 10**9")
    otter.write_results(base)
    line = f"This container has {find_memory_mib()} MiB of memory, and grading needs 1000000000."
    for text in (results(base)["output"], capsys.readouterr().out):
        assert line in text
        assert "Container Specifications" in text
    assert OUR_FAULT in results(base)["output"]


def test_zip_is_reproducible_and_holds_what_the_judge_needs_and_no_more(built: Course, tmp_path: Path) -> None:
    (built.root / "grader_config.py").open("a").write(
        'c.CourseDirectory.db_url = "postgresql://me:secret@host/db"\nc.Autograder.environment = {"WORDS": "few"}\n'
    )
    imports = {"tests/tiny/test_q1_words.py": "words", "solutions/words.py": "letters"}  # a module by way of another
    for name, module in imports.items():
        (built.root / "solutions" / f"{module}.py").write_text("")
        path = built.root / name
        path.write_text(f"{path.read_text()}\nfrom solutions import {module}\n")
    (built.root / "solutions/other.py").write_text("")
    again = find_course(built.root)
    one, two = zipped(again, tmp_path / "one.zip"), zipped(again, tmp_path / "two.zip")
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as file:
        names = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in file.infolist()}
        contents = b"".join(file.read(name) for name in names)
    assert names["course/.autograder_key"] == 0o600
    assert names["setup.sh"] == names["run_autograder"] == 0o755
    assert {"otter_config.json", "tests/q1.py", "requirements.lock", "course/tests/tiny/test_q1_words.py"} <= set(names)
    assert {f"course/solutions/{name}.py" for name in ("tiny", "words", "letters")} <= set(names)
    assert "course/solutions/other.py" not in names
    assert b"secret" not in contents
    assert b"index-url" not in contents
    assert b"seconds_per_cell = 5.0" in contents and b"environment = {'WORDS': 'few'}" in contents


@pytest.mark.slow
def test_wheel_is_the_same_under_another_umask_and_holds_every_module() -> None:
    name, wheel = build_wheel()
    build_wheel.cache_clear()
    usual = os.umask(0o077)
    try:
        assert build_wheel() == (name, wheel)
    finally:
        os.umask(usual)
    with zipfile.ZipFile(io.BytesIO(wheel)) as file:
        held = {entry for entry in file.namelist() if entry.startswith("autograder/")}
    checkout = PACKAGE.parent
    files = {path.relative_to(checkout) for kind in ("*.py", "*.html") for path in PACKAGE.rglob(kind)}
    assert held == {path.as_posix() for path in files if "tests" not in path.parts}


def test_key_of_another_course_gives_another_zip(
    built_once: Course, archive: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("AUTOGRADER_KEY", "another")
    assert zipped(find_course(built_once.root), tmp_path / "other.zip").read_bytes() != archive.read_bytes()


def test_zip_of_an_assignment_that_was_not_built(tmp_path: Path) -> None:
    unbuilt = make_course(tmp_path / "course")
    with pytest.raises(UsageError, match=r"is missing\. Run `autograder build` first\."):
        zipped(unbuilt, tmp_path / "tiny.zip")
    assert not list(tmp_path.glob("tiny*"))


def test_zip_without_the_list_of_packages(built_once: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradescope_zip, "LOCK", tmp_path / "requirements.lock")
    with pytest.raises(UsageError, match=r"requirements\.lock: is missing\. Build with a checkout of the kit"):
        zipped(built_once, tmp_path / "tiny.zip")


def fake(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def set_up(base: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run setup.sh on an image that has ``programs`` and nothing to download."""
    (base / "venv").unlink()
    (base / "source" / "requirements.lock").write_text("")
    environment = os.environ | {"AUTOGRADER_BASE": str(base), "PATH": f"{programs}:{os.environ['PATH']}"}
    script = base / "source" / "setup.sh"
    return subprocess.run(["bash", script], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_set_up_takes_the_newest_python_of_the_image_and_installs_the_kit(base: Path, tmp_path: Path) -> None:
    fake(tmp_path, "apt-get", 'case "$*" in update|*python3.11*) ;; *) exit 100;; esac')
    fake(tmp_path, "python3.11", f'exec {sys.executable} "$@"')
    done = set_up(base, tmp_path)
    assert done.returncode == 0, done.stderr
    seam = "from importlib.metadata import entry_points as e; print(e(group='jupyter_client.kernel_provisioners'))"
    shown = subprocess.run([base / "venv/bin/python", "-c", seam], cwd="/", capture_output=True, text=True, check=True)
    assert "autograder.sandbox.provisioner:SubmissionProvisioner" in shown.stdout
    installed = next((base / "venv").glob("lib/*/site-packages/autograder"))
    assert (installed / "judge/judge.py").is_file()
    assert not (installed / "tests").exists()


def test_set_up_on_an_image_without_a_python_that_fits(base: Path, tmp_path: Path) -> None:
    fake(tmp_path, "apt-get", '[ "$*" = update ]')
    done = set_up(base, tmp_path)
    assert done.returncode == 1
    assert "Choose Ubuntu 22.04 or later as the base image" in done.stdout
