"""What a notebook can see from inside its own process: nothing of the hidden checks, the answers, the key, or the course."""

from __future__ import annotations

import re
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from autograder.course.config import Limits
from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.judge.submission import StudentNotebook
from autograder.sandbox.parent import INSIDE, PACKAGES
from autograder.sandbox.run import NotebookRun
from autograder.tests.helpers.tiny_course import MISCONCEPTIONS, REFERENCE, TEST_Q1, submit

pytestmark = pytest.mark.slow

#: Runs in the student's process. What is looked for comes backwards, so that no search finds itself.
SEARCH = '''\
import gc, linecache, os, sys
from pathlib import Path

planted = ["a text that only stands " + "in memory"]


def texts():
    """Every text this process holds, and where: environment, arguments, links, frames, memory."""
    yield "environment", repr(dict(os.environ))
    yield "arguments", repr([sys.argv, sys.orig_argv, sys.path, sys.prefix, os.getcwd()])
    yield "modules", repr([(name, getattr(module, "__file__", "")) for name, module in sys.modules.items()])
    for name in ("cmdline", "environ", "maps"):
        yield "/proc/self/" + name, Path("/proc/self", name).read_text(errors="replace")
    for link in [Path("/proc/self/cwd"), Path("/proc/self/exe"), *Path("/proc/self/fd").iterdir()]:
        try:
            yield str(link), os.readlink(link)
        except OSError:
            pass
    yield from (("cached source", "".join(entry[2])) for entry in list(linecache.cache.values()) if len(entry) > 2)
    for frame in sys._current_frames().values():
        while frame is not None:
            if frame.f_code.co_filename != texts.__code__.co_filename:
                yield "frames", repr([v for v in frame.f_locals.values() if type(v) in (str, bytes)])
            frame = frame.f_back
    for thing in gc.get_objects():
        values = list(thing.values()) if type(thing) is dict else thing if type(thing) in (list, tuple, set) else ()
        yield from (("memory", str(value)) for value in values if type(value) in (str, bytes) and len(value) > 7)


def files():
    """Every small file in the working folder, beside the program, and under every entry of the import path."""
    for folder in {os.getcwd(), str(Path.home()), *sys.path}:
        for place, _, names in os.walk(folder):
            for path in (Path(place, name) for name in names if name.endswith((".py", ".pth", ".json", ".txt", ".ipynb"))):
                if path.is_file() and path.stat().st_size < 30_000:
                    yield "a file", path.read_text(errors="replace")


def search(backwards, *places):
    return sorted({(where, text) for place in places for where, content in place() for text in backwards if text[::-1] in content})
'''


def secrets(course: Course) -> list[str]:
    """Lines of everything that is hidden, the key, and the place of the course; backwards."""
    lines = ["def test_spaces_do_not_count(", "the only entry that is not zero", "Counts the gaps between words"]
    assert all(line in text for line, text in zip(lines, (TEST_Q1, REFERENCE, MISCONCEPTIONS), strict=True))
    return [text[::-1] for text in (*lines, course.key.decode(), str(course.root), "environment-of-the-grader")]


def test_a_search_of_process_and_files_finds_what_was_planted_and_nothing_else(
    built: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AUTOGRADER_KEY", "AUTOGRADER_DATA", "CANVAS_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, f"/environment-of-the-grader/{name}")
    beside = tmp_path / "lecture.txt"
    beside.write_text("a text that only stands in a file")
    hidden = secrets(built)
    planted = ["a text that only stands in memory"[::-1], "a text that only stands in a file"[::-1]]
    everywhere = "def search_everywhere(backwards): return search(backwards, texts, files)"
    with NotebookRun([SEARCH, everywhere], [beside], Limits(seconds_per_call=300.0)) as run:
        run.run_cells()
        found = StudentNotebook(run).search_everywhere([*hidden, *planted])
    assert set(found) == {("memory", planted[0]), ("a file", planted[1])}


def searching(backwards: list[str]) -> str:
    """A right answer that searches first, whenever it is called."""
    return f"""{SEARCH}

def count_words(sentence):
    if found := search({backwards!r}, texts):
        raise LookupError(found)
    return len(sentence.split())"""


def test_nothing_is_found_while_the_judge_is_asking(built: Course, tmp_path: Path) -> None:
    """The judge of this submission has the checks, the reference and the key in its memory at that moment."""
    with Grader(built) as grader:
        honest = submit(built, tmp_path / "a.ipynb", q1=searching(secrets(built)))
        control = submit(built, tmp_path / "b.ipynb", q1=searching(["yromem ni"]))
        assert grader.grade(honest).question_points()["q1"] == (2.0, 2.0)
        assert "('memory', 'yromem ni')" in grader.grade(control).checks[0].rationale


LEAVES = """\
import tempfile
from pathlib import Path
for folder in (Path.cwd(), Path.home(), Path(tempfile.gettempdir())):
    (folder / "left_behind.py").write_text("answer = 42")
"""
LOOKS = """\
import importlib.util, os, tempfile
from pathlib import Path
seen = sorted({name for folder in (Path.cwd(), Path.home(), Path(tempfile.gettempdir())) for name in os.listdir(folder)})
found = importlib.util.find_spec("left_behind") is not None
"""


def test_two_submissions_share_no_file_of_their_working_folder(tmp_path: Path) -> None:
    given = tmp_path / "words.txt"
    given.write_text("a good film")
    for cell in (LEAVES, LOOKS):
        with NotebookRun([cell, "open('words.txt', 'a').write(' indeed')"], [given], Limits()) as run:
            run.run_cells()
            assert run.outcomes == {0: None, 1: None}
            last = StudentNotebook(run)
            if cell is LOOKS:
                assert last.value("found") is False
                assert [name for name in last.value("seen") if not name.startswith(".")] == ["words.txt"]
    assert given.read_text() == "a good film", "what was released is only copied"


IMPORTABLE = """\
import importlib.util

def importable(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
"""


def test_the_course_cannot_be_imported(built: Course) -> None:
    names = ["solutions", "solutions.tiny", "test_q1_words", "autograder.tests", "grader_config"]
    with NotebookRun([IMPORTABLE], [], Limits()) as run:
        run.run_cells()
        assert [name for name in [*names, "numpy"] if StudentNotebook(run).importable(name)] == ["numpy"]


def test_our_modules_take_no_name_from_a_notebook() -> None:
    """They are first on the import path of a student's process, before Python's own and every installed package."""
    ours = {path.stem for path in INSIDE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert {"agent", "builder", "wire", "zygote"} <= ours
    assert {name for name in ours if name in sys.stdlib_module_names or PathFinder.find_spec(name, PACKAGES)} == set()


def test_what_runs_in_the_jail_imports_nothing_of_the_package() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in INSIDE.rglob("*.py")}
    assert [
        path.name for path, text in texts.items() if re.search(r"^\s*(from|import) autograder", text, re.MULTILINE)
    ] == []
