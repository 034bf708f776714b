"""Zips that harm: each costs little time and memory, is one clear line, and no neighbour pays for it."""

from __future__ import annotations

import base64
import bz2
import io
import os
import resource
import stat
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.course.course import Course
from autograder.errors import Ungradable
from autograder.intake.archive import MAX_ENTRIES, Archive
from autograder.intake.collect import collect
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.uploads import NOTEBOOK, course, put, zip_bytes

__all__ = ["course"]  # the fixture
#: ``bz2.compress(bytes(400 * 2**20))``, which takes three seconds to make.
PACKED = zlib.decompress(
    base64.b64decode(
        "eNpzisqwNHSMVAuO5ON8dJ8xvs+B4QADA4cCg0GDr5vTAtWVXA3TR+VB8p0Rn38zGHQlAOWZICrOsGouU1HYptIi3r1TaY6Gh4H4"
        "JmcGAMEhZXw="
    )
)
SIZES = struct.Struct("<LLL")  # of an entry: its check sum, and how large it is packed and unpacked


def replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def bombs_of_another_method() -> bytes:
    """A small entry by its own word, of which Python would unpack 400 MiB at once."""
    assert not SOAK or bz2.compress(bytes(400 * 2**20)) == PACKED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(zipfile.ZipInfo("padding.ipynb"), PACKED)
    info = zipfile.ZipFile(buffer).infolist()[0]
    sizes = SIZES.pack(info.CRC, len(PACKED), len(PACKED))
    data = replaced(buffer.getvalue(), sizes, SIZES.pack(info.CRC, len(PACKED), 100))
    central = data.rindex(b"PK\x01\x02")
    method = struct.pack("<H", zipfile.ZIP_BZIP2)
    return data[:8] + method + data[10 : central + 10] + method + data[central + 12 :]


def a_list_of_files(entries: int, name: bytes = b"a") -> bytes:
    """A zip that is nothing but its list of files."""
    size = len(name)
    one = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, size, 0, 0, 0, 0, 0, 0) + name
    length = len(one) * entries
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, length, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, length, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return one * entries + end64 + locator + end


def overlapping() -> bytes:
    """A hundred entries that are all the same bytes of the file."""
    data = zip_bytes(("padding.ipynb", bytes(2**20)))
    central, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    one = data[central:end]
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 100, 100, len(one) * 100, central, 0)
    return data[:central] + one * 100 + tail


def links(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for number in range(count):
            info = zipfile.ZipInfo(f"{number}/padding.ipynb")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            file.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def of_zip64() -> bytes:
    """An entry that says that it unpacks to 2**62 bytes."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as file,
        file.open(zipfile.ZipInfo("padding.ipynb"), "w", force_zip64=True) as one,
    ):
        one.write(NOTEBOOK)
    data = buffer.getvalue()
    central, size = data.rindex(b"PK\x01\x02"), len(NOTEBOOK)
    extra = struct.pack("<HHQ", 1, 8, 2**62)
    head = bytearray(data[central : central + 46])
    head[24:28], head[30:32] = b"\xff" * 4, struct.pack("<H", len(extra))
    assert size < 2**32
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(head) + 13 + len(extra), central, 0)
    return data[:central] + bytes(head) + b"padding.ipynb" + extra + tail


def shifted() -> bytes:
    """An entry that begins outside the file."""
    data = bytearray(zip_bytes("padding.ipynb", "other.ipynb"))
    central = data.index(b"PK\x01\x02")
    data[central + 42 : central + 46] = b"\xff\xff\xff\xf7"
    return bytes(data)


KINDS: dict[str, Callable[[], bytes]] = {
    "bzip2": bombs_of_another_method,
    "200,000 entries": lambda: a_list_of_files(200_000),
    "empty entries": lambda: a_list_of_files(MAX_ENTRIES),
    "nothing": lambda: a_list_of_files(0),
    "overlapping": overlapping,
    "links": lambda: links(10_000),
    "zip64": of_zip64,
    "shifted": shifted,
    "a name of digits": lambda: zip_bytes("1" * 65_000 + ".ipynb", "padding.ipynb"),
    "a name without end": lambda: zip_bytes("a/" * 30_000 + "padding.ipynb"),
    "no name": lambda: replaced(zip_bytes("padding.ipynb"), b"padding.ipynb", b"\0" * 13),
    "directories": lambda: zip_bytes(*((f"{number}/", b"") for number in range(2000))),
    "zips in zips": lambda: zip_bytes(("a.zip", zip_bytes(("b.zip", zip_bytes("padding.ipynb"))))),
    "noise": lambda: os.urandom(10_000),
}


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """Memory is no longer watched after a test."""
    yield
    tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_hostile_zip_costs_little_and_nobody_else(course: Course, tmp_path: Path, kind: Callable[[], bytes]) -> None:
    data = kind()
    folder = tmp_path / "moodle"
    put(folder / "Ben B_1_assignsubmission_file_/work.zip", data)
    put(folder / "Eva Lu_2_assignsubmission_file_/padding.ipynb")
    put(tmp_path / "class/ben.zip", data)
    put(tmp_path / "class/eva/padding.ipynb")
    small = len(data) < 10**6
    if small:  # to watch the memory of many small objects takes ten times as long
        tracemalloc.start()
    began = time.process_time()
    roads = [(folder, "Eva_Lu"), (tmp_path / "class", "eva")]
    for path, eva in roads if SOAK or small else roads[:1]:
        with collect([path], course) as collection:
            assert eva in {s.student for s in collection.submissions}
            assert len(collection.submissions) <= 21
            lines = [*collection.notes, *collection.problems]
            assert len(lines) <= 8
            assert all(line.isprintable() and len(line) < 1000 for line in lines)
    assert time.process_time() - began < 10
    assert tracemalloc.get_traced_memory()[1] < 250 << 20


NAMES = [
    "\x1b[2Jpadding.ipynb",
    "\u202epadding.ipynb",
    "a\nb.ipynb",
    "..\\..\\\x07.ipynb",
    "/\x9b31m.ipynb",
    "\u2066.ipynb",
]


def test_no_name_reaches_the_terminal_as_it_is(course: Course, tmp_path: Path) -> None:
    put(tmp_path / "class.zip", zip_bytes(*NAMES, *(f"{name}/x.ipynb" for name in NAMES)))
    put(tmp_path / "folder/ben/work.zip", zip_bytes(*NAMES))
    put(tmp_path / "folder/eva\x1b[2J/padding.ipynb")
    put(tmp_path / "folder/ben/\x1b]0;x\x07.zip", b"no zip")
    (tmp_path / "folder/ben/\x1b[2Jlink").symlink_to("/etc")
    for path in ("class.zip", "folder"):
        with collect([tmp_path / path], course) as collection:
            assert collection.submissions
            for line in [*collection.notes, *collection.problems, *(s.origin for s in collection.submissions)]:
                assert line.isprintable(), line
            assert all(s.student.isprintable() and s.path.name.isprintable() for s in collection.submissions)


def test_two_entries_of_one_name_are_two_files(course: Course, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = put(tmp_path / "class/ben.zip", zip_bytes("padding.ipynb", ("padding.ipynb", b"{}")))
    with collect([path.parent], course) as collection:
        [submission] = collection.submissions
        assert submission.student == "ben"
        assert "is the newest and counts" in collection.notes[0]


def test_a_list_of_files_of_500_mb_is_not_read(tmp_path: Path) -> None:
    path, size = tmp_path / "a.zip", 500 << 20
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, size, 0, 0))
    tracemalloc.start()
    with pytest.raises(Ungradable, match="its list of files has 500 MiB"):
        Archive(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20


def test_a_class_may_have_more_zips_than_files_may_be_open(course: Course, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    inside = len(os.listdir("/proc/self/fd")) + 30
    for number in range(100):
        put(tmp_path / f"class/s{number}.zip", zip_bytes("padding.ipynb"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (inside, hard))
    try:
        with collect([tmp_path / "class"], course) as collection:
            assert len(collection.submissions) == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
