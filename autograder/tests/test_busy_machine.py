"""The class of right samples on a machine that others keep busy: the same points as on a quiet one."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.tests.helpers import SOAK
from autograder.tests.helpers.first_road import KEY, SAMPLES, sample, sample_course
from autograder.tests.helpers.load import busy

RIGHT = "full_points"
CPU = Path("/sys/fs/cgroup/cpu")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not SOAK, reason="takes an hour: `make soak` has it")]


@contextmanager
def sixteen_busy_processes() -> Iterator[list[str]]:
    with busy(8):
        yield []


@contextmanager
def eight_workers() -> Iterator[list[str]]:
    yield ["--workers", "8"]


@contextmanager
def half_a_core() -> Iterator[list[str]]:
    """A control group as containers have one; of version 1, where a student's own group lies elsewhere."""
    group = CPU / f"autograder-tests-{os.getpid()}"
    before = Path("/proc/self/cgroup").read_text()
    place = next((line.split(":")[2] for line in before.splitlines() if "cpu" in line.split(":")[1].split(",")), None)
    if place is None:
        pytest.skip("there are no control groups of version 1 for processor time here")
    try:
        group.mkdir()
        (group / "cpu.cfs_quota_us").write_text("50000")
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        pytest.skip(f"no control group can be made here: {error}")
    try:
        yield []
    finally:
        (CPU / place.lstrip("/") / "cgroup.procs").write_text(str(os.getpid()))
        with contextlib.suppress(OSError):
            group.rmdir()


@pytest.mark.parametrize("machine", [sixteen_busy_processes, eight_workers, half_a_core])
def test_right_answers_keep_their_points(
    machine: Callable[[], contextlib.AbstractContextManager[list[str]]],
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
) -> None:
    course = tmp_path / "course"
    shutil.copytree(sample_course(tmp_path_factory).root, course)
    for assignment, outcome in SAMPLES:
        if outcome == RIGHT or outcome.startswith(f"{RIGHT}_written_another_way"):
            folder = tmp_path / "class" / outcome.replace("_", "-") / assignment
            folder.mkdir(parents=True)
            shutil.copy(sample(assignment, outcome), folder / f"{assignment}.ipynb")
    command = [Path(sys.executable).parent / "autograder", "grade", tmp_path / "class", "--course", course]
    with machine() as options:
        done = subprocess.run(
            [*map(str, command), "--json", str(tmp_path / "grades.jsonl"), *options],
            env=os.environ | {"AUTOGRADER_KEY": KEY},
            capture_output=True,
            text=True,
        )
    lines = [json.loads(line) for line in (tmp_path / "grades.jsonl").read_text().splitlines()]
    lost = {
        (line["assignment"], line["student"]): line["notes"] for line in lines if line["points"] != line["max_points"]
    }
    assert len(lines) > 20 and not lost, done.stdout
