"""What a command says while it works, and the table at its end, on terminals of any width and in files."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import TextColumn

from autograder.grade import make_class_table
from autograder.judge.results import CheckResult, Result
from autograder.progress import open_console, progress


def test_in_a_file_each_submission_is_a_line_that_is_there_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log"
    monkeypatch.delenv("COLUMNS", raising=False)
    with path.open("w", buffering=1 << 16) as file:
        monkeypatch.setattr("sys.stdout", file)
        with progress(open_console(), TextColumn("{task.fields[last]}")) as bar:
            task = bar.add_task("grading", total=2, last="starting the judge")
            assert path.read_text() == "grading 0 of 2: starting the judge\n"
            bar.update(task, advance=1, last="ann [bold] " + 60 * "x")
            assert path.read_text().splitlines()[1] == "grading 1 of 2: ann [bold] " + 60 * "x"


def test_a_long_task_has_about_a_hundred_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file, progress(Console(file=file)) as bar:
        task = bar.add_task("mutants", total=2345)
        for _ in range(2345):
            bar.advance(task)
    lines = path.read_text().splitlines()
    assert 90 <= len(lines) <= 110 and lines[-1] == "mutants 2345 of 2345"


@pytest.mark.parametrize("width", [50, 80, 120, 10_000])
def test_the_table_breaks_no_name(width: int, tmp_path: Path) -> None:
    student = "full_points_written_another_way_plain_loops"
    check = CheckResult(question="q1", check="t", title="t", status="failed", points=0, max_points=2)
    result = Result(
        assignment="recurrent_networks",
        student=student,
        submission="",
        points=1,
        max_points=12,
        seconds=2,
        checks=[check],
    )
    with (tmp_path / "log").open("w") as file:
        Console(file=file, width=width).print(make_class_table([result], width))
    lines = (tmp_path / "log").read_text().splitlines()
    for name in (student, "recurrent_networks", "q1 0/2"):
        assert any(name in line for line in lines)
    assert max(map(len, lines)) <= width
