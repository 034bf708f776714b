"""What holds grades or secrets can be read by its owner alone, or by the group of graders too, whatever the umask."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder import files
from autograder.cli import main
from autograder.course.course import KEY_FILE, Course, find_course
from autograder.errors import UsageError
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.stand_in import StandIn
from autograder.tests.helpers.tiny_course import RIGHT, submit

PRIVATE = ("results", "submitted", "autograded", "feedback", "report", "verified", "gradebook.db", "release/gradescope")


@pytest.fixture(params=[0o022, 0o000] if SOAK else [0o000], ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def untouched(built_once: Course, tmp_path: Path, umask: int) -> Course:
    """A course as it comes out of git: no release, no gradebook, no key."""
    folder = tmp_path / "course"
    folder.mkdir()
    kept = ("grader_config.py", "nbgrader_config.py", "source", "solutions", "tests")
    subprocess.run(["cp", "-r", *(str(built_once.root / name) for name in kept), str(folder)], check=True)
    return find_course(folder)


def run(course: Course, *arguments: str | Path) -> None:
    done = CliRunner().invoke(main, [*map(str, arguments), "--course", str(course.root)])
    assert done.exit_code == 0, done.output


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


def reachable(folder: Path, rights: int) -> Iterator[Path]:
    """Files below ``folder`` that can be read with ``rights`` (S_IROTH | S_IXOTH, say), by way of folders that let in."""
    for path in folder.iterdir() if folder.is_dir() else [folder]:
        if path.is_dir() and path.stat().st_mode & rights & 0o111:
            yield from reachable(path, rights)
        elif path.is_file() and path.stat().st_mode & rights & 0o444:
            yield path


def use(course: Course) -> None:
    """Make everything that the commands make."""
    run(course, "build")
    handed_in = submit(course, course.root.parent / "handed_in" / "ann" / "tiny.ipynb", **RIGHT)
    run(course, "grade", handed_in, "--assignment", "tiny", "--json", course.root / "lines.jsonl", "--workers", "1")
    run(course, "report")
    run(course, "export", "--to", "csv")
    files.write_whole(course.root / "verified" / "tiny" / "state.jsonl", "{}")


@pytest.mark.slow
def test_nothing_is_for_everybody(untouched: Course) -> None:
    use(untouched)
    for name in (*PRIVATE, "lines.jsonl", "grades-csv.csv", KEY_FILE):
        path = untouched.root / name
        assert path.exists(), name
        assert mode(path) == ("700" if path.is_dir() else "600"), name
        assert not path.is_dir() or list(reachable(path, 0o077)) == []
    inside = [path for name in PRIVATE for path in (untouched.root / name).rglob("*")]
    open_ones = [path for path in inside if path.is_file() and path.stat().st_mode & 0o077]
    assert {path.suffix for path in open_ones} == {".html"}, "only what release_feedback copies, mode and all"
    for path in inside:
        assert not path.is_dir() or path.parent.name in ("autograded", "ann") or mode(path) == "700", path


@pytest.mark.slow
def test_graders_who_share_the_course_keep_their_rights(untouched: Course, stand_in: type[StandIn]) -> None:
    (untouched.root / "release").mkdir()
    for folder in (untouched.root, untouched.root / "release"):  # as with git's core.sharedRepository
        folder.chmod(0o2770)
    use(untouched)
    for name in (*PRIVATE, "lines.jsonl", KEY_FILE):
        path = untouched.root / name
        assert mode(path) == ("2770" if path.is_dir() else "660"), name
        assert list(reachable(path, 0o007)) == []
    assert mode(untouched.root / "results" / "ann" / "tiny.json") == "660"
    assert mode(untouched.root / "release" / "gradescope" / "tiny.zip") == "660"
    graded = untouched.root / "autograded" / "ann" / "tiny" / "tiny.ipynb"
    assert int(mode(graded), 8) & 0o077 == 0o040


def test_a_folder_that_everybody_may_write_in_is_no_groups(tmp_path: Path, umask: int) -> None:
    (tmp_path / "all").mkdir()
    (tmp_path / "all").chmod(0o1777)
    files.write_whole(tmp_path / "all" / "grades" / "one.json", "{}")
    assert mode(tmp_path / "all" / "grades") == "700"
    assert mode(tmp_path / "all" / "grades" / "one.json") == "600"


def test_a_draft_is_private_before_it_holds_anything(
    tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    replace = os.replace

    def look_and_replace(draft: Path, path: Path) -> None:
        seen.append(mode(draft))
        replace(draft, path)

    monkeypatch.setattr(os, "replace", look_and_replace)
    trap = tmp_path / "elsewhere"
    (tmp_path / f"one.json.{os.getpid()}.tmp").symlink_to(trap)  # a name that can be foreseen
    files.write_whole(tmp_path / "one.json", "{}")
    assert seen == ["600"] and not trap.exists()
    files.write_whole(tmp_path / "page.html", "<p>", shown=True)
    assert mode(tmp_path / "page.html") == "644"


def test_of_two_writers_of_a_new_file_one_wins(tmp_path: Path) -> None:
    files.write_new(tmp_path / "key", "first")
    files.write_new(tmp_path / "key", "second")
    assert (tmp_path / "key").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.fixture
def keyed(built: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A course with a key in each place but the command."""
    monkeypatch.setenv("AUTOGRADER_KEY", "of the environment")
    (built.root / KEY_FILE).write_text("of the file\n")
    with (built.root / "grader_config.py").open("a") as file:
        file.write('c.Autograder.key = "of the configuration"\n')
    return find_course(built.root)


def key_of_the_command(course: Course, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, str]:
    """(the key that `build` was given, its output)."""
    keys: list[bytes] = []
    monkeypatch.setattr("autograder.release.build.build", lambda course, *_, **__: keys.append(course.key))
    done = CliRunner().invoke(main, ["build", "--course", str(course.root), *arguments])
    return b"".join(keys).decode(), done.output


def test_the_most_explicit_key_wins(keyed: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    config = keyed.root / "grader_config.py"
    assert key_of_the_command(keyed, monkeypatch, "--key", " of the command\n")[0] == "of the command"
    assert os.environ["AUTOGRADER_KEY"] == "of the environment", "nothing of it is left behind"
    assert key_of_the_command(keyed, monkeypatch)[0] == "of the configuration"
    config.write_text(config.read_text().replace("of the configuration", ""))
    assert key_of_the_command(keyed, monkeypatch)[0] == "of the environment"
    monkeypatch.delenv("AUTOGRADER_KEY")
    assert key_of_the_command(keyed, monkeypatch)[0] == "of the file"
    (keyed.root / KEY_FILE).unlink()
    assert len(key_of_the_command(keyed, monkeypatch)[0]) == 64


@pytest.mark.parametrize("blank", ["", " \n\t"])
def test_a_blank_key_is_none(keyed: Course, blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key, said = key_of_the_command(keyed, monkeypatch, "--key", blank)
    assert key == "" and said == "autograder: --key: is blank. Give it a key, or leave it out.\n"
    config = keyed.root / "grader_config.py"
    config.write_text(config.read_text().replace("of the configuration", blank.encode("unicode_escape").decode()))
    if blank:
        assert "autograder: c.Autograder.key: is blank" in key_of_the_command(keyed, monkeypatch)[1]
        config.write_text(config.read_text().replace(blank.encode("unicode_escape").decode(), ""))
    monkeypatch.setenv("AUTOGRADER_KEY", blank)
    assert "autograder: AUTOGRADER_KEY: is blank" in key_of_the_command(keyed, monkeypatch)[1]
    monkeypatch.delenv("AUTOGRADER_KEY")
    (keyed.root / KEY_FILE).write_text(blank)
    assert f"{KEY_FILE}: is blank, and so no draw key. Put the key back" in key_of_the_command(keyed, monkeypatch)[1]


def test_a_key_file_that_cannot_be_read(built: Course) -> None:
    path = built.root / KEY_FILE
    path.unlink(missing_ok=True)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"\.autograder_key: cannot be read \(no text\)\. It must hold the draw key\."):
        _ = find_course(built.root).key
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        _ = find_course(built.root).key
