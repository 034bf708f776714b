"""Fixtures shared by the tests: a tiny course, built once per test process."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from autograder.course.course import Course, find_course
from autograder.release.build import build
from autograder.sandbox.parent import INSIDE
from autograder.tests import resume
from autograder.tests.stand_in import StandIn
from autograder.tests.tiny_course import make_course

SOAK = bool(os.environ.get("SOAK"))


def pytest_configure(config: pytest.Config) -> None:
    if SOAK:
        resume.register(config)


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tiny course with its release; for tests that only read it."""
    course = make_course(tmp_path_factory.mktemp("tiny") / "course")
    build(course, report=lambda line: None)
    return course


@pytest.fixture
def built(built_once: Course, tmp_path: Path) -> Iterator[Course]:
    """A copy of the built tiny course for one test to write in."""
    folder = tmp_path / "course"
    shutil.copytree(built_once.root, folder)
    yield find_course(folder)


@pytest.fixture(scope="session")
def builder() -> Any:
    """What rebuilds models in a process of its own, here without one."""
    sys.path.insert(0, str(INSIDE))
    try:
        import builder.rebuilt
    finally:
        sys.path.remove(str(INSIDE))
    return builder.rebuilt


@pytest.fixture(scope="session")
def tables(builder: Any) -> Any:
    """What the builder knows: layers, cells and operations."""
    return sys.modules["builder.tables"]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    """Has `autograder grade` ask a stand-in for the judge."""

    class Fresh(StandIn):
        asked: ClassVar[list[str]] = []

    monkeypatch.setattr("autograder.grade.Grader", Fresh)
    return Fresh
