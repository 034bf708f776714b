"""Findings about the hidden tests of one assignment, from the gradings of its known answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from statistics import mean, pstdev
from typing import Any

from autograder.course.course import Assignment
from autograder.judge.results import CheckResult, Result
from autograder.quality.equivalents import FILE, Equivalent
from autograder.quality.known_answers import KnownAnswer, count_wrong_answers
from autograder.quality.trials import Tried

SURVIVES = "a mutant survives"
TRIED = ("misconception", "mutant")


def is_survivor(tried: Tried) -> bool:
    """Tell whether checks were run and all passed."""
    return bool(tried.result.checks) and all(check.status == "passed" for check in tried.result.checks)


def find_equivalent(known: KnownAnswer, recorded: list[Equivalent]) -> Equivalent | None:
    return next((e for e in recorded if known.mutant is not None and e.covers(known.mutant)), None)


def find_lost_questions(result: Result) -> set[str]:
    """Return the questions in which points were lost."""
    return {check.question for check in result.checks if check.points < check.max_points}


def find_named_misconceptions(result: Result) -> set[str]:
    """Return the misconceptions that feedback names."""
    return {check.misconception for check in result.checks if check.misconception}


def notices(check: CheckResult) -> bool:
    """Tell whether a check finds a fault; a skipped check counts by what it would have found alone."""
    return check.status == "failed" or (check.status == "skipped" and check.alone != "passed")


def find_training_questions(assignment: Assignment) -> set[str]:
    """Return the questions in which a check trains a model."""
    return {q for q, (_, checks) in assignment.questions.items() if any(check.trains for check in checks)}


@dataclass
class Verified:
    """The findings about the tests of one assignment.

    Attributes:
        tried: the known answers with their results.
        recorded: the equivalent mutants that are recorded.
        full: whether everything was tried.
    """

    assignment: Assignment
    tried: list[Tried] = field(repr=False)
    recorded: list[Equivalent]
    full: bool

    def of(self, kind: str) -> list[Tried]:
        """Return the trials of one kind of answer that got a verdict."""
        return [t for t in self.tried if t.known.kind == kind and t.result.checks]

    @cached_property
    def ungraded(self) -> list[str]:
        """Answers without a verdict, each with the reason."""
        left = [t for t in self.tried if not t.result.checks]
        return list(dict.fromkeys(f"{t.known.name}: {' '.join(t.result.notes)}" for t in left))

    def _names(self, kind: str) -> set[str]:
        """Return the names of the answers of one kind, with a verdict or without."""
        return {t.known.name for t in self.tried if t.known.kind == kind}

    # ---- right answers

    @cached_property
    def refused(self) -> list[str]:
        """Failed checks of right answers, and checks that give points to the empty notebook."""
        said: dict[tuple[str, str], str] = {}
        for t in self.of("right"):
            for c in t.result.checks:
                if c.status == "failed":
                    said.setdefault((t.known.name, c.check), f"{c.check} says: {c.rationale}{self._times(t, c)}")
        for t in self.of("empty"):
            said |= {(t.known.name, c.check): f"earns the points of {c.check}" for c in t.result.checks if c.points}
        return [f"{name}: {text}" for (name, _), text in said.items()]

    def _times(self, tried: Tried, check: CheckResult) -> str:
        """Return in how many gradings the check failed, as text; empty if it failed in all."""
        same = [t for t in self.of("right") if t.known == tried.known]
        failed = sum(any(c.check == check.check and c.status != "passed" for c in t.result.checks) for t in same)
        return f" ({failed} of {len(same)} gradings)" if failed < len(same) else ""

    # ---- misconceptions

    @cached_property
    def uncaught(self) -> list[str]:
        """Misconceptions that lose no points in their question."""
        return [
            t.known.name for t in self.of("misconception") if not find_lost_questions(t.result) & {*t.known.questions}
        ]

    @cached_property
    def spilled(self) -> list[str]:
        """Misconceptions that lose points in another question."""
        spilled = [(t, find_lost_questions(t.result) - {*t.known.questions}) for t in self.of("misconception")]
        return [f"{t.known.name} ({', '.join(sorted(more))})" for t, more in spilled if more]

    @cached_property
    def misnamed(self) -> list[str]:
        """Misconceptions that feedback calls by another name, and right answers that it gives a name."""
        named = [
            (t, find_named_misconceptions(t.result) - {t.known.name})
            for t in self.of("misconception") + self.of("right")
        ]
        return [f"{t.known.name} is called: {', '.join(sorted(names))}" for t, names in named if names]

    @cached_property
    def named(self) -> list[str]:
        """Misconceptions that feedback calls by their name and no other."""
        return [t.known.name for t in self.of("misconception") if find_named_misconceptions(t.result) == {t.known.name}]

    @cached_property
    def unnamed(self) -> list[Tried]:
        """Misconceptions that lose points and get no name."""
        caught = [t for t in self.of("misconception") if find_lost_questions(t.result) & {*t.known.questions}]
        return [t for t in caught if not find_named_misconceptions(t.result)]

    @cached_property
    def twins(self) -> list[tuple[str, str]]:
        """Pairs of misconceptions that no input of any check distinguishes."""
        fits = {t.known.name: self._always_fitting(t.result) for t in self.of("misconception")}
        return [(a, b) for a, b in combinations(fits, 2) if b in fits[a] and a in fits[b]]

    def _always_fitting(self, result: Result) -> set[str]:
        sets = [set(check.fitting) for check in result.checks if check.fitting]
        return set.intersection(*sets) if sets else set()

    # ---- mutants

    @cached_property
    def verdicts(self) -> dict[str, tuple[int, int]]:
        """Mutant -> (number of gradings that noticed it, number of gradings)."""
        counted: dict[str, tuple[int, int]] = {}
        for t in self.of("mutant"):
            noticed, n = counted.get(t.known.name, (0, 0))
            counted[t.known.name] = noticed + (not is_survivor(t)), n + 1
        return counted

    @cached_property
    def killed(self) -> list[str]:
        """Mutants that most of their gradings noticed."""
        return [name for name, (noticed, n) in self.verdicts.items() if 2 * noticed > n]

    @cached_property
    def sometimes(self) -> list[KnownAnswer]:
        """Killed mutants that some gradings did not notice."""
        return [self._mutants[name] for name in self.killed if self.verdicts[name][0] < self.verdicts[name][1]]

    @cached_property
    def equivalent(self) -> list[KnownAnswer]:
        """Survivors that are recorded as equivalent."""
        return [k for k in self._survivors if find_equivalent(k, self.recorded)]

    @cached_property
    def survivors(self) -> list[KnownAnswer]:
        """Survivors that are not recorded as equivalent."""
        return [k for k in self._survivors if not find_equivalent(k, self.recorded)]

    @cached_property
    def _survivors(self) -> list[KnownAnswer]:
        return [known for name, known in self._mutants.items() if name not in self.killed]

    @cached_property
    def _mutants(self) -> dict[str, KnownAnswer]:
        return {t.known.name: t.known for t in self.of("mutant")}

    @cached_property
    def stale(self) -> list[str]:
        """Recorded entries that cover no survivor; only a full run can tell."""
        return [str(entry) for entry, covered in self._covered if not covered]

    @cached_property
    def miscounted(self) -> list[str]:
        """Recorded entries that cover another number of survivors than they say; where a check trains, fewer may be luck."""
        told = []
        for entry, covered in self._covered:
            luck = any(self._trains(known) for known in covered)
            if len(covered) > entry.mutants or (0 < len(covered) < entry.mutants and not luck):
                mutants = "mutant" if entry.mutants == 1 else "mutants"
                told.append(f"{entry}: records {entry.mutants} {mutants}, and covers {len(covered)}")
        return told

    @cached_property
    def _covered(self) -> list[tuple[Equivalent, list[KnownAnswer]]]:
        """Each recorded entry with the survivors that it covers; empty without a full run."""
        left = self._survivors
        return [(e, [k for k in left if k.mutant and e.covers(k.mutant)]) for e in self.recorded if self.full]

    def _trains(self, known: KnownAnswer) -> bool:
        """Tell whether a training may decide the verdict on an answer."""
        return bool(find_training_questions(self.assignment) & {*known.questions})

    # ---- checks

    @cached_property
    def wrong(self) -> list[Tried]:
        """Each misconception and mutant once, whether noticed or not."""
        left = {known.name for known in self.survivors}
        faulty = [t for t in self.of("mutant") if is_survivor(t) == (t.known.name in left)]
        return list({t.known.name: t for t in reversed(self.of("misconception") + faulty)}.values())

    @cached_property
    def checks(self) -> list[dict[str, Any]]:
        """Per check: how many wrong answers it notices, and how many no other check notices."""
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
        """How far the points of a misconception move when one check is left out: mean standard deviation, as a share of all points."""
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
        """Errors of the hidden checks themselves."""
        return list(dict.fromkeys(f"{t.known.name}: {fault}" for t in self.tried for fault in t.result.faults))

    # ---- all of it

    @cached_property
    def complaints(self) -> list[str]:
        """Everything that is certainly wrong with the tests, a line each."""
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
            (f"{FILE} records a mutant that does not survive", self.stale),
            (FILE, self.miscounted),
            ("a check breaks", self.faults),
        )
        return [f"{self.assignment.name}: {kind}: {name}" for kind, names in kinds for name in names]

    @cached_property
    def doubts(self) -> list[str]:
        """Survivors that a person has to look at, because no program can tell whether they are equivalent; a line each."""
        unnoticed = [known for known in self.survivors if not self._by_luck(known)]
        return [f"{self.assignment.name}: {SURVIVES}: {self._told(known)}" for known in unnoticed]

    def _by_luck(self, known: KnownAnswer) -> bool:
        """Tell whether a survivor is certainly no equivalent mutant, because one grading noticed it."""
        noticed, n = self.verdicts[known.name]
        return 0 < noticed < n and not self._trains(known)

    @cached_property
    def share(self) -> list[str]:
        """A line about the share that was tried; none for a full run."""
        counts = [f"{len(self._names(kind))} of {n} {kind}s" for kind, n in self.there_are.items()]
        return [] if self.full else [f"{self.assignment.name}: tried {' and '.join(counts)}; --full tries all"]

    @cached_property
    def there_are(self) -> dict[str, int]:
        """Number of misconceptions and of mutants, tried or not."""
        return {kind: len(self._names(kind)) for kind in TRIED} if self.full else count_wrong_answers(self.assignment)

    def _told(self, known: KnownAnswer) -> str:
        """Return a mutant's name, with the number of gradings that noticed it if some did and some did not."""
        noticed, n = self.verdicts[known.name]
        return f"{known.name} (noticed in {noticed} of {n} gradings)" if 0 < noticed < n else known.name

    def as_json(self) -> dict[str, Any]:
        """Return the object for ``--json``."""
        right = [t for t in self.tried if t.known.kind == "right"]
        refused = {t.known.name for t in right if find_lost_questions(t.result) or not t.result.checks}
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
