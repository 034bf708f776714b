"""Hostile submissions in a jail and without one: which there are, and what they reach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from autograder.course.config import Jail, Limits
from autograder.course.course import Course, find_course
from autograder.grading.access import list_hidden
from autograder.judge.failures import CheckFailed
from autograder.judge.results import CheckResult, Result
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.parent import Parent, WarmParent
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers.attacks import Attack, attacks
from autograder.tests.helpers.canaries import Canaries, canaries, planted
from autograder.tests.helpers.tiny_course import warm_parent

JAILED = {attack.name: attack for kind in ("disclosure", "network", "persistence") for attack in attacks(kind)}
REMEMBERS = "disclosure__remembers_the_inputs_it_was_asked__gains_nothing_from_them"
OWN_PROCESS = "disclosure__searches_its_own_process__finds_nothing"
DAEMON = "persistence__leaves_a_daemon__ends_with_its_submission"
PYTHON_STATE = "persistence__changes_python_for_those_that_follow__are_not_affected"
PARENT = "persistence__harms_the_warm_parent__the_next_one_starts"
LOOTING = sorted(set(JAILED) - {REMEMBERS})
NOTHING = "LookupError: []"


def configured(course: Course, folder: Path, *lines: str) -> Course:
    """A copy of a built course, with these lines in its configuration."""
    shutil.copytree(course.root, folder)
    with (folder / "grader_config.py").open("a") as file:
        file.writelines(f"c.{line}\n" for line in lines)
    return find_course(folder)


def placeholders(watched: Canaries, course: Course) -> dict[str, str]:
    return {**watched.given, "root": str(course.root)}


def first(result: Result) -> CheckResult:
    """The first check of the question that holds the attack."""
    return next(check for check in result.checks if check.question == "q1")


OFF = Surroundings(jail=Jail(minimum="off", cold=True))
ON = Surroundings(jail=Jail(minimum="user", cold=True))


def cells(attack: Attack, given: dict[str, str]) -> list[str]:
    return [attack.filled(attack.cell, given), attack.filled(attack.answers["q1"], given)]


def keep_parent(surroundings: Surroundings) -> Parent:
    """This process' parent in these surroundings; started anew only where it has others."""
    started = warm.start()
    if not isinstance(started, WarmParent) or started.surroundings != surroundings:
        warm.settle(surroundings)
    return warm.start()


@contextmanager
def settled(surroundings: Surroundings) -> Iterator[None]:
    """The surroundings for some tests, and those that stood before for the others."""
    warm.settle(surroundings)
    try:
        yield
    finally:
        warm.reset()


def loot(attack: Attack, given: dict[str, str]) -> list[str]:
    """What an attack reaches, at its second run if it leaves something at the first."""
    found: list[str] = []
    for _ in range(1 + ("def leave" in attack.cell)):
        with NotebookRun([*cells(attack, given), TIDIES], [], Limits(seconds_per_call=60.0)) as run:
            run.run_cells()
            assert all(outcome is None for outcome in run.outcomes.values()), run.outcomes
            submission = StudentNotebook(run)
            found = list(submission.loot())
            submission.after(not found)
    return [str(each) for each in found]


TIDIES = """\
def after(leaving):
    for name in ["leave"] if leaving else ["tidy"]:
        if name in globals():
            globals()[name]()
"""


# ---- one level of the jail after the other, as root and as an ordinary user


def report_loot(level: str, where: str) -> None:
    """Print, as JSON, what each sample reaches at one level of the jail; run in a process of its own."""
    folder = Path(where)
    course = find_course(folder / "course")
    planted(course)
    report: dict[str, object] = {}
    with canaries(folder / "canaries") as watched:
        jail = Jail(minimum="user", cold=True)
        own = tuple(
            path for path in list_hidden(course) if path.is_relative_to(course.root)
        )  # others may read this package
        warm.settle(Surroundings(jail=jail, hidden=own, levels=(level,)))
        if warm.start().level != level:
            print(json.dumps({"refused": "; ".join(warm.start().refused.values())}))
            return
        for name in LOOTING:
            found: list[str] = []
            with suppress(CheckFailed) if name == PARENT else nullcontext():  # it may end itself with its keeper
                found = loot(JAILED[name], placeholders(watched, course))
            report[name] = [found, [each.decode(errors="replace") for each in watched.heard()], watched.daemons()]
        report["parent"] = warm_parent().process.poll() is None
    warm.release()
    print(json.dumps(report))
