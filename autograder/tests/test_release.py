"""`autograder build`: the releases are complete, repeatable, known to the gradebook, and never half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from autograder.course.course import KEY_FILE, Course, find_course
from autograder.course.nbgrader_settings import course_directory
from autograder.course.registration import point_changes
from autograder.errors import UsageError
from autograder.release.build import build, write_solutions
from autograder.tests.helpers.commands import autograder
from autograder.tests.helpers.tiny_course import MAX_POINTS, make_course, source_notebook

NOTEBOOK = "release/nbgrader/tiny/tiny.ipynb"
OTTER = "release/otter/tiny"
ZIP = "release/gradescope/tiny.zip"


@pytest.fixture(scope="session")
def built(built_once: Course) -> Path:
    """The built tiny course, to read."""
    return built_once.root


def copied(built: Path, folder: Path) -> Course:
    shutil.copytree(built, folder / "course")
    return find_course(folder / "course")


@pytest.fixture
def course(built: Path, tmp_path: Path) -> Course:
    """A copy of the built course to change."""
    return copied(built, tmp_path)


@pytest.fixture(scope="module")
def rebuilt(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of which the release was removed and built again, with solutions, by the command."""
    course = copied(built, tmp_path_factory.mktemp("rebuilt"))
    shutil.rmtree(course.root / "release")
    done = autograder(course, "build", "tiny", "--solutions")
    assert (done.returncode, done.stdout) == (0, "release/: built tiny, 5 points.\n"), done.stderr
    return course


@pytest.fixture(scope="module")
def changed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, list[str]]:
    """A copy of which the source was changed in several ways and built again, and what the build said."""
    course, said = copied(built, tmp_path_factory.mktemp("changed")), list[str]()
    folder = course.assignment("tiny").source.parent
    for name in ("figures/a.png", ".a.swp", "__pycache__/a.pyc", ".ipynb_checkpoints/tiny-checkpoint.ipynb"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"\x89PNG\xff")
    change_source(course, "q1-solution", source="def count_words(sentence):\n    return sentence.count(' ') + 1")
    png = {"image/png": "iVBORw0KGgo="}
    solution = "A hint: ![](attachment:a%20hint.png)\n\n### BEGIN SOLUTION\n![](attachment:key.png)\n### END SOLUTION"
    pictures = {"a hint.png": png, "key.png": png, "unused.png": png}
    change_source(course, "explain", source=solution, attachments=pictures)
    give_points(course, "q1", 4)
    build(course, report=said.append)
    return course, said


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def read(path: Path) -> dict[str, NotebookNode]:
    """A notebook's cells by id."""
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def change_source(course: Course, name: str, **changes: object) -> None:
    """Change attributes of a cell of the source notebook; ``points`` goes into its nbgrader metadata."""
    notebook = nbformat.read(course.assignment("tiny").source, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.id == name)
    if "points" in changes:
        cell.metadata.nbgrader.points = changes.pop("points")
    cell.update(changes)
    nbformat.write(notebook, course.assignment("tiny").source)


def give_points(course: Course, question: str, points: int) -> None:
    """Let a question's cell and its first check offer more."""
    change_source(course, question, points=points)
    path = next(course.assignment("tiny").tests.glob(f"test_{question}_*"))
    rest = points - 1
    text = path.read_text().replace("points=1, visible", f"points={rest}, visible")
    path.write_text(text)


def nbgrader(course: Course, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """nbgrader's own command in the course folder, as in an environment that was not activated."""
    environment = {**os.environ, "PATH": path or os.defpath, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True)


def test_students_get_stubs_and_no_instructor_cell(built: Path) -> None:
    cells = read(built / NOTEBOOK)
    assert list(cells) == [cell.id for cell in source_notebook().cells if cell.id != "instructor"]
    assert cells["q1-solution"].source.endswith("# YOUR CODE HERE\n    raise NotImplementedError()")
    assert cells["explain"].source == "YOUR ANSWER HERE"
    assert "solutions" not in (built / NOTEBOOK).read_text()


def test_engines_have_the_same_cells(built: Path) -> None:
    ours, otters = read(built / NOTEBOOK), read(built / OTTER / "tiny.ipynb")
    assert [*otters][1:] == [*ours]
    assert all(otters[name].metadata == cell.metadata for name, cell in ours.items())
    assert sorted(contents(built / OTTER)) == ["tests/q1.py", "tests/q2.py", "tiny.ipynb"]


def test_zip_is_made_from_the_release(built: Path) -> None:
    with zipfile.ZipFile(built / ZIP) as zipped:
        assert zipped.read("course/" + NOTEBOOK) == (built / NOTEBOOK).read_bytes()
        assert zipped.read("tests/q1.py") == (built / OTTER / "tests/q1.py").read_bytes()


def test_gradebook_knows_the_questions(built: Path) -> None:
    with Gradebook(f"sqlite:///{built}/gradebook.db") as gradebook:
        cells = gradebook.find_notebook("tiny", "tiny").grade_cells
        assert {cell.name: cell.max_score for cell in cells} == {"q1": 2.0, "q2": 3.0, "explain": 1.0}
        assert gradebook.find_assignment("tiny").max_code_score == MAX_POINTS


def test_building_again_gives_the_same_bytes(built: Path, rebuilt: Course) -> None:
    release = contents(rebuilt.root / "release")
    assert {name: data for name, data in release.items() if not name.startswith("solutions/")} == contents(
        built / "release"
    )


@pytest.mark.slow
def test_nbgrader_alone_gives_the_same_bytes(course: Course) -> None:
    fresh = make_course(course.root.with_name("fresh"))  # nbgrader makes its gradebook too
    done = nbgrader(fresh, "generate_assignment", "tiny", "--force")
    assert done.returncode == 0, done.stderr
    assert contents(fresh.root / "release/nbgrader") == contents(course.root / "release/nbgrader")


def test_pictures_travel_and_nothing_else(changed: tuple[Course, list[str]]) -> None:
    course, _ = changed
    assert sorted(contents(course.root / "release/nbgrader/tiny")) == ["figures/a.png", "tiny.ipynb"]
    assert "figures/a.png" in contents(course.root / OTTER)


def test_solution_without_markers_is_cleared_whole(changed: tuple[Course, list[str]]) -> None:
    course, _ = changed
    assert read(course.root / NOTEBOOK)["q1-solution"].source == "# YOUR CODE HERE\nraise NotImplementedError()"


def test_a_picture_that_only_the_solution_shows_is_not_released(changed: tuple[Course, list[str]]) -> None:
    course, _ = changed
    for engine in ("nbgrader", "otter"):
        [path] = (course.root / "release" / engine).rglob("tiny.ipynb")
        assert list(read(path)["explain"].attachments) == ["a hint.png"]


def test_a_failed_build_changes_nothing(course: Course) -> None:
    change_source(course, "q2-text", source="Try `vector[index] = ONE`, and see.")
    before = contents(course.root)
    with pytest.raises(UsageError, match="vector"):
        build(course)
    assert contents(course.root) == before


def test_nbgraders_refusal_is_one_line(course: Course) -> None:
    change_source(course, "explain", points=-1)
    before = contents(course.root)
    with pytest.raises(UsageError) as raised:
        build(course)
    line = str(raised.value)
    assert line.startswith(
        "source/tiny/tiny.ipynb: nbgrader says: cell 12 ('explain'): -1 is less than the minimum of 0."
    )
    assert "Nothing was written" in line
    assert "\n" not in line and "raceback" not in line
    assert contents(course.root) == before


def test_what_is_left_of_a_cell_can_be_read(course: Course) -> None:
    source = "@staticmethod\n### BEGIN SOLUTION\ndef count_words(sentence):\n    return 1\n### END SOLUTION"
    change_source(course, "q1-solution", source=source)
    before = contents(course.root)
    with pytest.raises(
        UsageError, match=r"^source/tiny/tiny.ipynb, cell 6 \('q1-solution'\): what students would receive of it"
    ):
        build(course)
    assert contents(course.root) == before


def test_unknown_assignment_is_named(course: Course) -> None:
    with pytest.raises(UsageError, match=r"no assignment 'tinny'\. It has: tiny\."):
        build(course, ["tinny"])


def test_course_without_assignments(tmp_path: Path) -> None:
    (tmp_path / "grader_config.py").touch()
    with pytest.raises(UsageError, match="source/: holds no assignment"):
        build(find_course(tmp_path))


def test_check_names_every_drifted_file_and_makes_neither_gradebook_nor_key(course: Course) -> None:
    root = course.root
    (root / "gradebook.db").unlink()
    (root / KEY_FILE).unlink()
    (root / NOTEBOOK).write_text((root / NOTEBOOK).read_text().replace("two steps", "three steps"))
    (root / OTTER / "tests/q2.py").unlink()
    (root / OTTER / "tests/q9.py").touch()
    (root / "release/nbgrader/old").mkdir()
    before = contents(root)
    done = autograder(course, "build", "--check")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "release/nbgrader/tiny/tiny.ipynb: is not what a build gives now. Run `autograder build`.",
        "release/otter/tiny/tests/q2.py: is missing. Run `autograder build`.",
        "release/otter/tiny/tests/q9.py: comes from nothing in source/. Remove it, or run `autograder build`.",
        "release/nbgrader/old: comes from nothing in source/. Remove it.",
    ]
    assert contents(root) == before


@pytest.mark.slow
def test_check_compares_the_zip_where_there_is_one(course: Course) -> None:
    assert build(course, check=True) == []
    path = course.assignment("tiny").reference  # travels in the zip, but not in what students receive
    path.write_text(path.read_text() + "\n# a remark\n")
    drift = ["release/gradescope/tiny.zip: is not what a build gives now. Run `autograder build`."]
    assert build(course, check=True) == drift
    (course.root / ZIP).unlink()
    done = autograder(course, "build", "--check")
    assert (done.returncode, done.stdout) == (0, "")


def submit(course: Course) -> None:
    """Somebody's submission, as nbgrader knows it."""
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        gradebook.add_student("bitdiddle")
        gradebook.add_submission("tiny", "bitdiddle")


def test_changed_points_are_told_once_submissions_are_in(course: Course) -> None:
    submit(course)
    give_points(course, "q1", 4)
    said: list[str] = []
    build(course, report=said.append)
    assert said[0] == (
        "source/tiny/tiny.ipynb, cell 'q1': offers 4 points instead of 2, and submissions have come in."
        " Grade them again, so that all are treated alike."
    )
    with Gradebook(f"sqlite:///{course.root}/gradebook.db") as gradebook:
        assert gradebook.find_grade_cell("q1", "tiny", "tiny").max_score == 4


def test_changed_points_are_told_when_work_lies_in_submitted(course: Course, changed: tuple[Course, list[str]]) -> None:
    released = nbformat.read(changed[0].root / NOTEBOOK, as_version=4)
    directory = course_directory(course)
    assert point_changes(directory, "tiny", released) == []
    (course.root / "submitted/bitdiddle/tiny").mkdir(parents=True)
    [said] = point_changes(directory, "tiny", released)
    assert "offers 4 points instead of 2" in said


def test_changed_points_need_no_word_before_submissions(changed: tuple[Course, list[str]]) -> None:
    _, said = changed
    assert said == ["release/: built tiny, 7 points."]


def test_cells_cannot_come_or_go_after_grading(course: Course) -> None:
    submit(course)
    notebook = source_notebook()
    notebook.cells = [cell for cell in notebook.cells if cell.id != "q1-text"]
    nbformat.write(notebook, course.assignment("tiny").source)
    before = contents(course.root)
    with pytest.raises(UsageError, match=r"cells were added or removed \(q1-text\), but submissions have been graded"):
        build(course)
    assert contents(course.root) == before


def test_solutions_are_notebooks_that_run(rebuilt: Course) -> None:
    cells = read(rebuilt.root / "release/solutions/tiny/tiny.ipynb")
    assert "return len(sentence.split())" in cells["q1-solution"].source
    assert "# the only entry that is not zero" in cells["q2-solution"].source
    assert cells["explain"].source == "Numbers have an order; words have none."
    assert "SOLUTION" not in "".join(cell.source for cell in cells.values())
    names: dict[str, object] = {}
    for cell in cells.values():
        if cell.cell_type == "code":
            exec(cell.source, names)  # the visible checks among them


def test_solutions_go_where_they_are_asked_to(course: Course, tmp_path: Path) -> None:
    assert write_solutions(course, ["tiny"], tmp_path / "answers") == [tmp_path / "answers/tiny/tiny.ipynb"]
    assert not (course.root / "release/solutions").exists()
