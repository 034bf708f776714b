"""Fixtures shared by the tests: a tiny course, built once per test process."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import nbgrader.api
import pytest

from autograder.course.course import Course, find_course
from autograder.release.build import build
from autograder.sandbox import warm
from autograder.sandbox.parent import INSIDE
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers import SOAK, resume
from autograder.tests.helpers.stand_in import StandIn
from autograder.tests.helpers.tiny_course import make_course

if TYPE_CHECKING:
    from autograder.tests.helpers.canaries import Canaries


# It is asked for each new gradebook, and starts a process of a second and a half to say the same.
nbgrader.api.get_alembic_version = functools.cache(nbgrader.api.get_alembic_version)


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


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    from autograder.tests.helpers.canaries import canaries  # here and below, because only hostile tests need it

    with canaries(tmp_path_factory.mktemp("canaries")) as watched:
        yield watched


@pytest.fixture(scope="module")
def secret_course(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The tiny course with secrets in all that is hidden."""
    from autograder.tests.helpers.canaries import planted
    from autograder.tests.helpers.jail import configured

    folder = tmp_path_factory.mktemp("planted") / "course"
    copied = configured(built_once, folder, "Limits.seconds_per_call = 60", "Limits.seconds_per_cell = 60")
    planted(copied)
    return find_course(folder)


@pytest.fixture(scope="module")
def usual_parent_afterwards() -> Iterator[None]:
    """Leave this process with the parent that every other module has."""
    yield
    warm.reset()


@pytest.fixture(scope="module")
def keras_beforehand(usual_parent_afterwards: None) -> None:
    """Import Keras once for all students' processes of a module."""
    warm.settle(Surroundings(preload=("keras", "numpy", "tensorflow")))


@pytest.fixture
def without_a_jail(usual_parent_afterwards: None) -> None:
    from autograder.tests.helpers.jail import OFF, keep_parent

    assert keep_parent(OFF).level == "off"


@pytest.fixture
def in_a_jail(usual_parent_afterwards: None) -> None:
    from autograder.tests.helpers.jail import ON, keep_parent

    keep_parent(ON)
