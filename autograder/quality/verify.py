"""`autograder verify`: test the hidden tests with right answers, misconceptions and mutants of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from autograder import files
from autograder.course.course import Assignment, Course
from autograder.judge.judge import Trial
from autograder.progress import progress
from autograder.quality.equivalents import FILE, Equivalent, read_equivalents
from autograder.quality.findings import Verified, find_equivalent, find_training_questions, is_survivor
from autograder.quality.known_answers import (
    KnownAnswer,
    check_files,
    list_misconceptions,
    list_mutant_answers,
    list_right_answers,
    pick_evenly,
)
from autograder.quality.page import write_page
from autograder.quality.trials import Trials

REPEATS = 3  # gradings of a right answer with --full, and of a survivor, each with its own inputs
FEW_MUTANTS = 8  # number tried for each assignment without --full
FEW_MISCONCEPTIONS = (
    8  # up to so many, all are tried without --full, except in questions that train; else one a question
)
LOOK = (
    f"Look at each surviving mutant: it is a hole in the tests, or an equivalent mutant. Close the hole, or record it in {FILE}"
    " beside the tests. The exit status does not count survivors."
)
CAPTION = (
    "right answers that pass; misconceptions caught, and named; mutants killed, equivalent, surviving; "
    "checks that alone notice something; how far the points of a wrong answer move when one check is left out"
)
Wanted = tuple[KnownAnswer, Trial]


def verify(
    course: Course,
    names: Iterable[str],
    json_file: Path | None,
    workers: int,
    console: Console,
    full: bool = False,
    repeats: int | None = None,
    keep: bool = True,
) -> bool:
    """Verify assignments (default: all), print the findings and write a page.

    Args:
        json_file: receives one JSON object per line and assignment.
        full: try everything; else a share that takes minutes.
        repeats: gradings of each right answer; default: 3 with ``full``, else 1.
        keep: continue an interrupted run.

    Returns:
        Whether nothing is certainly wrong with the tests. Survivors are only reported, since they may be equivalent mutants.

    Raises:
        UsageError: an assignment is unknown or not built, or a file of it is wrong or cannot be written.
    """
    if json_file is not None:
        files.ensure_writable(json_file)
    chosen = [course.assignment(name) for name in (list(names) or course.assignments)]
    recorded = {assignment.name: read_equivalents(assignment) for assignment in chosen}
    for assignment in chosen:
        check_files(assignment)
    trials = Trials(course, workers, keep)
    found = [
        _verify_one(assignment, recorded[assignment.name], trials, full, repeats or (REPEATS if full else 1), console)
        for assignment in chosen
    ]
    if json_file is not None:
        files.write_whole(json_file, "".join(json.dumps(each.as_json()) + "\n" for each in found))
    console.print(_make_table(found))
    doubts = [line for each in found for line in each.doubts]
    for line in [*(line for each in found for line in (*each.share, *each.complaints)), *doubts]:
        console.print(Text(line), soft_wrap=True)
    if doubts:
        console.print(Text(LOOK), soft_wrap=True)
    console.print(Text(f"page  {write_page(course, found)}"), soft_wrap=True)
    return not any(each.complaints for each in found)


def _verify_one(
    assignment: Assignment, recorded: list[Equivalent], trials: Trials, full: bool, repeats: int, console: Console
) -> Verified:
    wanted = list(plan_trials(assignment, full, repeats))
    with progress(console) as bar:
        task = bar.add_task(assignment.name, total=len(wanted))
        tried = trials.run(assignment, wanted, lambda: bar.advance(task))
        again = [
            t for t in tried if t.known.kind == "mutant" and is_survivor(t) and not find_equivalent(t.known, recorded)
        ]
        more = [(t.known, Trial(t.trial.questions, n)) for t in again for n in range(1, REPEATS)]
        bar.update(task, total=len(wanted) + len(more))
        tried += trials.run(assignment, more, lambda: bar.advance(task))
    return Verified(assignment, tried, recorded, full)


def plan_trials(assignment: Assignment, full: bool, repeats: int) -> Iterator[Wanted]:
    """Yield what is tried: with ``full`` everything, else a share in which only the reference and one wrong answer train."""
    trains = find_training_questions(assignment)
    quick = tuple(q for q in assignment.questions if q not in trains)
    for position, known in enumerate(list_right_answers(assignment)):
        for repetition in range(repeats if known.kind == "right" else 1):
            if repetition < REPEATS and (full or position == 0):
                yield known, Trial((), repetition)
            elif quick:
                yield known, Trial(quick, repetition)
    bank = list(list_misconceptions(assignment))
    few = len(bank) <= FEW_MISCONCEPTIONS
    met: set[str] = set()
    for known in bank:
        if full or (few and not trains & {*known.questions}) or not met.issuperset(known.questions):
            yield known, Trial(() if full else known.questions)
        met.update(known.questions)
    faults = [known for known in list_mutant_answers(assignment) if known.questions]
    if not full:
        faults = pick_evenly([known for known in faults if not trains & {*known.questions}], FEW_MUTANTS)
    yield from ((known, Trial(known.questions)) for known in faults)


def _make_table(found: list[Verified]) -> Table:
    """Return a table with one line per assignment."""
    headers = ("right", "caught", "named", "killed", "equal", "left", "alone", "move")
    columns = [Column(name, no_wrap=True) for name in ("assignment", *headers)]
    shown = Table(*columns, box=box.SIMPLE_HEAD, caption=CAPTION, caption_justify="left")
    for each in found:
        told = each.as_json()
        right, wrong, faulty = told["right"], told["misconceptions"], told["mutants"]
        needed = sum(check["only_it_kills"] > 0 for check in each.checks)
        row = (
            told["assignment"],
            f"{right['passed']}/{right['total']}",
            f"{wrong['caught']}/{wrong['total']}",
            f"{wrong['named']}/{wrong['total']}",
            f"{faulty['killed']}/{faulty['total'] - faulty['equivalent']}",
            str(faulty["equivalent"]),
            str(len(faulty["survivors"])),
            f"{needed}/{len(each.checks)}",
            f"{100 * each.points_sd:.1f} %",
        )
        shown.add_row(*row)
    return shown
