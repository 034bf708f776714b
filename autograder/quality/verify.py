"""`autograder verify`: the hidden tests, tested with right answers, with known mistakes, and with faults put into the reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from autograder import files
from autograder.course.course import Assignment, Course
from autograder.judge.judge import Trial
from autograder.judge.results import CheckResult, Result
from autograder.progress import progress
from autograder.quality.equivalents import FILE, Equivalent, read_equivalents
from autograder.quality.known_answers import (
    KnownAnswer,
    check_files,
    count_wrong_answers,
    list_misconceptions,
    list_mutant_answers,
    list_right_answers,
    pick_evenly,
)
from autograder.quality.trials import Trials, Tried

REPEATS = 3  # gradings of a right answer with --full, and of what survives: each under inputs of its own
FEW_MUTANTS = 8  # of an assignment, without --full
FEW_MISCONCEPTIONS = 8  # so many are all tried without --full, but for questions that train; of more, one a question
SURVIVES = "a mutant survives"
LOOK = (
    f"Look at what survives: it is a hole in the tests, or right too. Close the hole, or record it in {FILE} beside them."
    " The exit status does not count it."
)
CAPTION = (
    "right answers that pass; misconceptions caught, and named; mutants killed, recorded as right too, and left over; "
    "checks that alone notice something; how far the points of a wrong answer move when one check is left out"
)
TRIED = ("misconception", "mutant")
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
    """Verify assignments, all where none is named; print what was found and write a page.

    Args:
        json_file: receives one JSON object per line and assignment.
        full: everything on everything; else a share that takes minutes.
        repeats: how often each right answer is graded; default: 3 times with ``full``, else once.
        keep: go on where an interrupted run stopped.

    Returns:
        Whether nothing is certainly wrong with the tests; what survives is told, and may be right too.

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
        _verified(assignment, recorded[assignment.name], trials, full, repeats or (REPEATS if full else 1), console)
        for assignment in chosen
    ]
    if json_file is not None:
        files.write_whole(json_file, "".join(json.dumps(each.as_json()) + "\n" for each in found))
    console.print(findings_table(found))
    doubts = [line for each in found for line in each.doubts]
    for line in [*(line for each in found for line in (*each.share, *each.complaints)), *doubts]:
        console.print(Text(line), soft_wrap=True)
    if doubts:
        console.print(Text(LOOK), soft_wrap=True)
    from autograder.quality.page import write_page

    console.print(Text(f"page  {write_page(course, found)}"), soft_wrap=True)
    return not any(each.complaints for each in found)


def _verified(
    assignment: Assignment, recorded: list[Equivalent], trials: Trials, full: bool, repeats: int, console: Console
) -> Verified:
    wanted = list(_wanted(assignment, full, repeats))
    with progress(console) as bar:
        task = bar.add_task(assignment.name, total=len(wanted))
        tried = trials.run(assignment, wanted, lambda: bar.advance(task))
        again = [t for t in tried if t.known.kind == "mutant" and survived(t) and not _known(t.known, recorded)]
        more = [(t.known, Trial(t.trial.questions, n)) for t in again for n in range(1, REPEATS)]
        bar.update(task, total=len(wanted) + len(more))
        tried += trials.run(assignment, more, lambda: bar.advance(task))
    return Verified(assignment, tried, recorded, full)


def _wanted(assignment: Assignment, full: bool, repeats: int) -> Iterator[Wanted]:
    """What is tried: with ``full`` everything, else a share in which only the reference and one wrong answer train for long."""
    trains = _training(assignment)
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


def _training(assignment: Assignment) -> set[str]:
    """The questions in which something is trained."""
    return {q for q, (_, checks) in assignment.questions.items() if any(check.trains for check in checks)}


def survived(tried: Tried) -> bool:
    """Whether the checks were tried and none noticed."""
    return bool(tried.result.checks) and all(check.status == "passed" for check in tried.result.checks)


def _known(known: KnownAnswer, recorded: list[Equivalent]) -> Equivalent | None:
    return next((e for e in recorded if known.mutant is not None and e.covers(known.mutant)), None)


def lost_in(result: Result) -> set[str]:
    """The questions in which points were lost."""
    return {check.question for check in result.checks if check.points < check.max_points}


def named_in(result: Result) -> set[str]:
    """The misconceptions that feedback names."""
    return {check.misconception for check in result.checks if check.misconception}


def notices(check: CheckResult) -> bool:
    """Whether a check finds fault, also where it was skipped because of another."""
    return check.status == "failed" or (check.status == "skipped" and check.alone != "passed")


@dataclass
class Verified:
    """What was found out about the tests of one assignment."""

    assignment: Assignment
    tried: list[Tried] = field(repr=False)
    recorded: list[Equivalent]
    full: bool

    def of(self, kind: str) -> list[Tried]:
        """The trials of one kind of answer, but for those without a verdict."""
        return [t for t in self.tried if t.known.kind == kind and t.result.checks]

    @cached_property
    def ungraded(self) -> list[str]:
        """Answers without a verdict, and why."""
        left = [t for t in self.tried if not t.result.checks]
        return list(dict.fromkeys(f"{t.known.name}: {' '.join(t.result.notes)}" for t in left))

    def _names(self, kind: str) -> set[str]:
        """What was tried, with a verdict or without."""
        return {t.known.name for t in self.tried if t.known.kind == kind}

    # ---- right answers

    @cached_property
    def refused(self) -> list[str]:
        """Right answers that lost points or were given a misconception's name, and what said so; an empty one that earned some."""
        said: dict[tuple[str, str], str] = {}
        for t in self.of("right"):
            for c in t.result.checks:
                if c.status == "failed":
                    said.setdefault((t.known.name, c.check), f"{c.check} says: {c.rationale}{self._times(t, c)}")
        for t in self.of("empty"):
            said |= {(t.known.name, c.check): f"earns the points of {c.check}" for c in t.result.checks if c.points}
        return [f"{name}: {text}" for (name, _), text in said.items()]

    def _times(self, tried: Tried, check: CheckResult) -> str:
        """How often it is so, where that differs from one grading to the next."""
        same = [t for t in self.of("right") if t.known == tried.known]
        failed = sum(any(c.check == check.check and c.status != "passed" for c in t.result.checks) for t in same)
        return f" ({failed} of {len(same)} gradings)" if failed < len(same) else ""

    # ---- misconceptions

    @cached_property
    def uncaught(self) -> list[str]:
        return [t.known.name for t in self.of("misconception") if not lost_in(t.result) & {*t.known.questions}]

    @cached_property
    def spilled(self) -> list[str]:
        """Misconceptions that cost points in a question they do not get wrong."""
        spilled = [(t, lost_in(t.result) - {*t.known.questions}) for t in self.of("misconception")]
        return [f"{t.known.name} ({', '.join(sorted(more))})" for t, more in spilled if more]

    @cached_property
    def misnamed(self) -> list[str]:
        """Wrong answers that were given the name of another, and right ones that were given one."""
        named = [(t, named_in(t.result) - {t.known.name}) for t in self.of("misconception") + self.of("right")]
        return [f"{t.known.name} is called: {', '.join(sorted(names))}" for t, names in named if names]

    @cached_property
    def named(self) -> list[str]:
        return [t.known.name for t in self.of("misconception") if named_in(t.result) == {t.known.name}]

    @cached_property
    def unnamed(self) -> list[Tried]:
        """Misconceptions that are caught and given no name."""
        caught = [t for t in self.of("misconception") if lost_in(t.result) & {*t.known.questions}]
        return [t for t in caught if not named_in(t.result)]

    @cached_property
    def twins(self) -> list[tuple[str, str]]:
        """Pairs that no input of any check tells apart."""
        fits = {t.known.name: self._always_fitting(t.result) for t in self.of("misconception")}
        return [(a, b) for a, b in combinations(fits, 2) if b in fits[a] and a in fits[b]]

    def _always_fitting(self, result: Result) -> set[str]:
        sets = [set(check.fitting) for check in result.checks if check.fitting]
        return set.intersection(*sets) if sets else set()

    # ---- mutants

    @cached_property
    def verdicts(self) -> dict[str, tuple[int, int]]:
        """Mutant -> (how often it was noticed, how often it was tried)."""
        counted: dict[str, tuple[int, int]] = {}
        for t in self.of("mutant"):
            noticed, n = counted.get(t.known.name, (0, 0))
            counted[t.known.name] = noticed + (not survived(t)), n + 1
        return counted

    @cached_property
    def killed(self) -> list[str]:
        """Mutants that were noticed in most of their trials."""
        return [name for name, (noticed, n) in self.verdicts.items() if 2 * noticed > n]

    @cached_property
    def sometimes(self) -> list[KnownAnswer]:
        """Killed mutants that luck lets through now and then."""
        return [self._mutants[name] for name in self.killed if self.verdicts[name][0] < self.verdicts[name][1]]

    @cached_property
    def equivalent(self) -> list[KnownAnswer]:
        """Survivors that are recorded as right."""
        return [k for k in self._survivors if _known(k, self.recorded)]

    @cached_property
    def survivors(self) -> list[KnownAnswer]:
        return [k for k in self._survivors if not _known(k, self.recorded)]

    @cached_property
    def _survivors(self) -> list[KnownAnswer]:
        return [known for name, known in self._mutants.items() if name not in self.killed]

    @cached_property
    def _mutants(self) -> dict[str, KnownAnswer]:
        return {t.known.name: t.known for t in self.of("mutant")}

    @cached_property
    def stale(self) -> list[str]:
        """Entries of the record that cover nothing that survives; only a full run can tell."""
        return [str(entry) for entry, covered in self._covered if not covered]

    @cached_property
    def miscounted(self) -> list[str]:
        """Entries that cover another number of survivors than they say; where something trains, fewer may be luck."""
        told = []
        for entry, covered in self._covered:
            luck = any(self._trains(known) for known in covered)
            if len(covered) > entry.mutants or (0 < len(covered) < entry.mutants and not luck):
                mutants = "mutant" if entry.mutants == 1 else "mutants"
                told.append(f"{entry}: records {entry.mutants} {mutants}, and covers {len(covered)}")
        return told

    @cached_property
    def _covered(self) -> list[tuple[Equivalent, list[KnownAnswer]]]:
        """Each entry and the survivors that it covers; empty but for a full run."""
        left = self._survivors
        return [(e, [k for k in left if k.mutant and e.covers(k.mutant)]) for e in self.recorded if self.full]

    def _trains(self, known: KnownAnswer) -> bool:
        """Whether a training may decide what becomes of an answer."""
        return bool(_training(self.assignment) & {*known.questions})

    # ---- checks

    @cached_property
    def wrong(self) -> list[Tried]:
        """Each wrong answer once, also those that get through."""
        left = {known.name for known in self.survivors}
        faulty = [t for t in self.of("mutant") if survived(t) == (t.known.name in left)]
        return list({t.known.name: t for t in reversed(self.of("misconception") + faulty)}.values())

    @cached_property
    def checks(self) -> list[dict[str, Any]]:
        """Per check: how many wrong answers it notices, and how many it alone does."""
        noticed = [{c.check for c in t.result.checks if notices(c)} for t in self.wrong]
        infos = [info for _, checks in self.assignment.questions.values() for info in checks]
        return [
            {
                "check": info.name,
                "question": info.question,
                "kills": sum(info.name in names for names in noticed),
                "only_it_kills": sum(names == {info.name} for names in noticed),
            }
            for info in infos
        ]

    @cached_property
    def points_sd(self) -> float:
        """How far the points of a misconception move when one check is left out: the mean standard deviation, as a share."""
        infos = [info for _, checks in self.assignment.questions.values() for info in checks]
        total = sum(info.points for info in infos)
        moved = []
        for t in self.of("misconception"):
            lost = {c.check: c.max_points - c.points for c in t.result.checks}
            all_lost = sum(lost.values())
            shares = [1 - (all_lost - lost.get(i.name, 0.0)) / (total - i.points) for i in infos if i.points < total]
            moved.append(pstdev(shares) if len(shares) > 1 else 0.0)
        return mean(moved or [0.0])

    @cached_property
    def faults(self) -> list[str]:
        """Our own errors, which a submission brought out."""
        return list(dict.fromkeys(f"{t.known.name}: {fault}" for t in self.tried for fault in t.result.faults))

    # ---- all of it

    @cached_property
    def complaints(self) -> list[str]:
        """Everything that is certainly wrong with the tests, one line each."""
        unnamed = [t.known.name for t in self.unnamed if not self._trains(t.known)]
        sometimes = [self._told(known) for known in self.sometimes + self.survivors if self._by_luck(known)]
        kinds = (
            ("cannot be graded", self.ungraded),
            ("a right answer is refused", self.refused),
            ("a misconception gets through", self.uncaught),
            ("a misconception costs points elsewhere", self.spilled),
            ("an answer is given a wrong name", self.misnamed),
            ("a misconception is caught but not named", unnamed),
            ("two misconceptions are never told apart", [f"{a} = {b}" for a, b in self.twins]),
            ("a mutant is noticed only sometimes", sometimes),
            (f"{FILE} records what no surviving mutant is", self.stale),
            (FILE, self.miscounted),
            ("a check breaks", self.faults),
        )
        return [f"{self.assignment.name}: {kind}: {name}" for kind, names in kinds for name in names]

    @cached_property
    def doubts(self) -> list[str]:
        """What a person has to look at, because no program can tell whether it is wrong; one line each."""
        unnoticed = [known for known in self.survivors if not self._by_luck(known)]
        return [f"{self.assignment.name}: {SURVIVES}: {self._told(known)}" for known in unnoticed]

    def _by_luck(self, known: KnownAnswer) -> bool:
        """Whether a mutant is certainly wrong, because a grading noticed it, and another one did not."""
        noticed, n = self.verdicts[known.name]
        return 0 < noticed < n and not self._trains(known)

    @cached_property
    def share(self) -> list[str]:
        """A line about what was tried of how many, where that is not everything."""
        counts = [f"{len(self._names(kind))} of {n} {kind}s" for kind, n in self.there_are.items()]
        return [] if self.full else [f"{self.assignment.name}: tried {' and '.join(counts)}; --full tries all"]

    @cached_property
    def there_are(self) -> dict[str, int]:
        """How many misconceptions and mutants there are, tried or not."""
        return {kind: len(self._names(kind)) for kind in TRIED} if self.full else count_wrong_answers(self.assignment)

    def _told(self, known: KnownAnswer) -> str:
        """A mutant's name, and how often it was noticed where that is a matter of luck."""
        noticed, n = self.verdicts[known.name]
        return f"{known.name} (noticed in {noticed} of {n} gradings)" if 0 < noticed < n else known.name

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``."""
        right = [t for t in self.tried if t.known.kind == "right"]
        refused = {t.known.name for t in right if lost_in(t.result) or not t.result.checks}
        wrong = [t for t in self.tried if t.known.kind == "misconception"]
        return {
            "assignment": self.assignment.name,
            "right": {
                "total": len(self._names("right")),
                "passed": len(self._names("right") - refused),
                "gradings": len(right),
                "refused": self.refused,
            },
            "misconceptions": {
                "total": len(wrong),
                "there_are": self.there_are["misconception"],
                "caught": len(self.of("misconception")) - len(self.uncaught),
                "named": len(self.named),
                "unnamed": [t.known.name for t in self.unnamed],
                "uncaught": self.uncaught,
                "spilled": self.spilled,
                "misnamed": self.misnamed,
                "indistinguishable": [list(pair) for pair in self.twins],
            },
            "mutants": {
                "total": len(self._names("mutant")),
                "there_are": self.there_are["mutant"],
                "killed": len(self.killed),
                "equivalent": len(self.equivalent),
                "survivors": [{"mutant": k.name, "diff": k.mutant.diff} for k in self.survivors if k.mutant],
                "sometimes": [self._told(known) for known in self.sometimes],
            },
            "checks": self.checks,
            "points_sd": round(self.points_sd, 4),
            "ungraded": self.ungraded,
            "faults": self.faults,
            "full": self.full,
        }


def findings_table(found: list[Verified]) -> Table:
    """One line per assignment."""
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
