"""Hostile submissions that aim at verdicts and at how results travel: nothing is gained here, and each works in a stock grader."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from autograder.course.course import Course
from autograder.grading.grader import Grader
from autograder.judge.results import Result
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.attacks import Attack, attacks, hand_in
from autograder.tests.helpers.stock import HONEST, KINDS, Row, by_nbgrader, by_otter, canary, surroundings, table
from autograder.tests.helpers.tiny_course import ASSIGNMENT, MAX_POINTS, RIGHT

pytestmark = pytest.mark.slow

ALL = [attack for attack in attacks() if attack.kind in KINDS]
#: One for each way in; SOAK tries the others too.
QUICK = {
    "result_channel__daemon_writes_results__earns_nothing",
    "result_channel__forged_kernel_messages__earns_nothing",
    "result_channel__forged_lines_on_stdout__earns_nothing",
    "result_channel__outputs_forged_in_the_notebook__earns_nothing",
    "result_channel__replaces_later_cells__earns_nothing",
    "result_channel__secret_from_other_processes__earns_nothing",
    "result_channel__thread_races_for_results__earns_nothing",
    "result_channel__writes_the_gradebook__earns_nothing",
    "verdicts__check_cells_changed__earns_nothing",
    "verdicts__ends_the_process__earns_nothing",
    "verdicts__equal_to_everything__earns_nothing",
    "verdicts__patches_numpy_testing__earns_nothing",
    "verdicts__pickled_code_in_the_results__earns_nothing",
    "verdicts__redefines_helpers__earns_nothing",
    "verdicts__shadow_modules__earns_nothing",
    "verdicts__signals_the_parent__earns_nothing",
    "verdicts__silences_tracebacks__earns_nothing",
    "machine_learning__hard_coded_visible_answers__earns_nothing",
    "machine_learning__reads_expected_answers_from_the_stack__earns_nothing",
}
CHOSEN = [attack for attack in ALL if SOAK or attack.name in QUICK]
#: Those of them that are tried in a stock grader too, one for each tool and class: neither the samples nor the tools change.
PROVED = {
    "result_channel__outputs_forged_in_the_notebook__earns_nothing",
    "result_channel__replaces_later_cells__earns_nothing",
    "result_channel__thread_races_for_results__earns_nothing",
    "verdicts__equal_to_everything__earns_nothing",
    "verdicts__pickled_code_in_the_results__earns_nothing",
    "machine_learning__hard_coded_visible_answers__earns_nothing",
    "machine_learning__reads_expected_answers_from_the_stack__earns_nothing",
}


def proved_by(tool: str) -> list[Attack]:
    return [attack for attack in CHOSEN if attack.proof == tool and (SOAK or attack.name in PROVED)]


def test_every_attack_is_proved_by_a_stock_grader() -> None:
    assert {attack.name for attack in ALL} >= QUICK >= PROVED, "the quick share names samples that are not there"
    assert {attack.proof for attack in ALL} == {"nbgrader", "otter"}, "an attack without a proof is never seen to work"


# ---- here


def test_no_attack_earns_a_point_here_and_its_neighbour_loses_none(built: Course, tmp_path: Path) -> None:
    released = built.assignment(ASSIGNMENT).released
    wrong = hand_in(released, tmp_path / "all_wrong.ipynb")
    neighbour = hand_in(released, tmp_path / "neighbour.ipynb", answers=RIGHT)
    turns = 1 if SOAK else 4  # how many attacks a neighbour follows
    found: dict[str, list[str]] = {}
    with surroundings(tmp_path / "beside") as given, Grader(built) as grader:
        assert grader.grade(wrong, ASSIGNMENT).points == 0.0, (
            "an attack can only be seen to gain where nothing is earned"
        )
        judges = multiprocessing.active_children()
        gradebook = Path(given["gradebook"])
        for number, attack in enumerate(CHOSEN, start=1):
            before = gradebook.read_bytes()
            mark = canary(tmp_path, attack)
            filled = given | {"canary": str(mark)}
            path = hand_in(released, tmp_path / attack.name / "tiny.ipynb", attack, given=filled)
            result = grader.grade(path, ASSIGNMENT)
            due = number % turns == 0 or number == len(CHOSEN)
            after = grader.grade(neighbour, ASSIGNMENT).points if due else MAX_POINTS
            checks = {
                f"gained points: {result.points}": result.points != 0.0,
                f"made the grader err: {result.faults or result.notes}": _has_errors(result),
                "never ran, so nothing was tried": any("defines no" in check.rationale for check in result.checks),
                "wrote a file outside its folder": mark.read_text() != "untouched",
                "wrote the gradebook": gradebook.read_bytes() != before,
                f"it or one before it changed its neighbour's points: {after}": after != MAX_POINTS,
                "ended the judge": multiprocessing.active_children() != judges,
            }
            if said := [text for text, bad in checks.items() if bad]:
                found[attack.name] = said
    assert found == {}, "these attacks gained something here"


def _has_errors(result: Result) -> bool:
    return bool(result.faults) or any(check.status == "error" for check in result.checks)


# ---- where the defence is missing


def works(attack: Attack, points: dict[str, float | None], folder: Path) -> bool:
    """Whether a stock grader was beaten: points that were not earned, no grade at all, or a file written by the grader itself."""
    return points[attack.name] != 0.0 or canary(folder, attack).read_text() != "untouched"


@pytest.mark.parametrize(("tool", "grade"), [("nbgrader", by_nbgrader), ("otter", by_otter)])
def test_each_attack_works_in_a_stock_grader(tool: str, grade: Any, tmp_path: Path) -> None:
    chosen = proved_by(tool)
    points = grade(chosen, tmp_path)
    assert [points[name] for name in HONEST] == [MAX_POINTS, 0.0], f"stock {tool} does not tell right from wrong"
    idle = [attack.name for attack in chosen if not works(attack, points, tmp_path)]
    assert idle == [], f"stock {tool} withstands these: they are no attacks, and prove nothing about our grader"


def test_the_table_tells_no_grade_from_no_points() -> None:
    first, second = (next(attack for attack in ALL if attack.proof == proof) for proof in ("nbgrader", "otter"))
    lines = table([Row(first, 0.0, None), Row(second, 0.0, 2.5), Row(second, 0.0, 0.0, wrote=True)]).splitlines()
    kinds = [attack.kind.replace("_", " ") for attack in (first, second)]
    assert lines[2] == f"| {kinds[0]} | {first.about.rstrip('.')} | 0 / 5 | no grade |  |"
    assert lines[3] == f"| {kinds[1]} | {second.about.rstrip('.')} | 0 / 5 |  | 2.5 / 5 |"
    assert lines[4].endswith("| 0 / 5 |  | 0 / 5, and its code ran in the grader |")
