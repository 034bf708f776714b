"""What a learning management system hands out, made by hand: folders, files and zips, and a course for them."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.course.course import Course, find_course
from autograder.intake.collect import Collection

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    for name in ("padding", "tensor_shapes"):
        put(root / "source" / name / f"{name}.ipynb")
    (root / "grader_config.py").write_text("c = get_config()\nc.Limits.notebook_mib = 1\n")
    return find_course(root)


def put(path: Path, content: bytes = NOTEBOOK, day: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    time = datetime(2025, 3, day, 12, tzinfo=UTC).timestamp()
    os.utime(path, (time, time))
    return path


def put_zip(path: Path, *entries: str | tuple[str, bytes] | tuple[str, bytes, int]) -> Path:
    """A zip of entries: a name, or a name and content, or these and the day of March 2025."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for entry in entries:
            name, content, day = (*((entry, NOTEBOOK) if isinstance(entry, str) else entry), 1)[:3]
            file.writestr(zipfile.ZipInfo(str(name), (2025, 3, int(day), 12, 0, 0)), content)
    return path


def zip_bytes(*entries: str | tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for entry in entries:
            file.writestr(*((entry, NOTEBOOK) if isinstance(entry, str) else entry))
    return buffer.getvalue()


def found(collection: Collection) -> dict[str, str | None]:
    """Student -> assignment; fails when a student stands there twice."""
    students = [s.student for s in collection.submissions]
    assert len(set(students)) == len(students), students
    return {s.student: s.assignment for s in collection.submissions}
