"""Zips made to harm whoever unpacks them: special files, bombs, names that a terminal would obey."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.intake import archive
from autograder.intake.collect import collect
from autograder.tests.helpers.tiny_course import RIGHT, submit

pytestmark = pytest.mark.slow

ESCAPE = "\x1b[2J"


def put_zip(path: Path, entries: Sequence[tuple[zipfile.ZipInfo | str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries:
            file.writestr(name, content)
    return path


def of_kind(kind: int, name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o777) << 16
    return info


KINDS = {"fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK, "block": stat.S_IFBLK, "character": stat.S_IFCHR}


def test_special_files_in_a_zip_are_named_and_not_made(built: Course, tmp_path: Path) -> None:
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    special = [
        (of_kind(kind, f"{name}_{n}_assignsubmission_file_/tiny.ipynb"), b"")
        for n, (name, kind) in enumerate(KINDS.items())
    ]
    path = put_zip(tmp_path / "m.zip", [*special, ("Eva_9_assignsubmission_file_/tiny.ipynb", notebook)])
    with collect([path], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["Eva"]
        assert len([line for line in collection.problems if "link or special file" in line]) == len(KINDS)
        made = list(collection.unpacked.rglob("*"))
        assert all(p.is_dir() or stat.S_ISREG(p.lstat().st_mode) for p in made), "an entry became a special file"


def test_a_zip_of_very_many_entries_is_not_unpacked(built: Course, tmp_path: Path) -> None:
    path = put_zip(tmp_path / "many.zip", [(f"{n}/tiny.ipynb", b"") for n in range(archive.MAX_ENTRIES + 1)])
    beside = submit(built, tmp_path / "eve" / "tiny.ipynb", **RIGHT)
    with collect([path, beside], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["eve"]
        assert f"more than {archive.MAX_ENTRIES} are not unpacked" in collection.problems[0]


def test_entries_that_share_their_content_are_a_bomb_by_their_sum(built: Course, tmp_path: Path) -> None:
    """Overlapping entries: a few hundred bytes for each, and all of them the same mebibytes."""
    count, size = 300, 40 << 20
    single = put_zip(tmp_path / "one.zip", [("tiny.ipynb", bytes(size))])
    data = single.read_bytes()
    central = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    record = data[central:end]
    tail = bytearray(data[end:])
    tail[8:10] = tail[10:12] = count.to_bytes(2, "little")
    tail[12:16] = (count * len(record)).to_bytes(4, "little")
    bomb = tmp_path / "bomb.zip"
    bomb.write_bytes(data[:central] + record * count + bytes(tail))
    with zipfile.ZipFile(bomb) as opened:
        assert len(opened.infolist()) == count, "this is no bomb"
    beside = submit(built, tmp_path / "eve" / "tiny.ipynb", **RIGHT)
    with collect([bomb, beside], built) as collection:
        assert [submission.student for submission in collection.submissions] == ["eve"]
        assert "would unpack to" in collection.problems[0]


def test_a_name_in_a_zip_moves_no_cursor(built: Course, tmp_path: Path) -> None:
    notebook = submit(built, tmp_path / "right.ipynb", **RIGHT).read_bytes()
    name = f"eve{ESCAPE}\x07[red]<script>alert(1)<\u2215script>"
    path = put_zip(tmp_path / "m.zip", [(f"{name}_1_assignsubmission_file_/tiny.ipynb", notebook)])
    with collect([path], built) as collection:
        [submission] = collection.submissions
        said = [submission.student, submission.origin, *collection.notes, *collection.problems]
        assert all("\x1b" not in text and "\x07" not in text for text in said), said
