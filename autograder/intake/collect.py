"""Find what was handed in: notebooks, folders, nbgrader's submitted/ tree, and the downloads of learning platforms."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from autograder.course.course import Course
from autograder.course.gradebook import Student
from autograder.errors import Ungradable, UsageError
from autograder.intake.boxes import Box, Remarks, Unpacker
from autograder.intake.finder import Finder
from autograder.intake.handins import HandIn
from autograder.intake.people import StudentNames, folder_name
from autograder.intake.piles import assignment_stem, is_one_students
from autograder.intake.platforms import read_path
from autograder.printable import list_some, printable


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in.

    Attributes:
        student: the name of the student's folder, safe on every system.
        path: of the file; lives as long as the Collection.
        assignment: None where neither the instructor nor a folder nor the file's name says.
        timestamp: when it was handed in, as far as is known; with a time zone.
        origin: where it came from, as the instructor would recognise it.
        lms_id: the platform's number of the student.
        name: as the platform writes it.
        upload: Canvas' number of the upload, higher for a later one; 0 when unknown.
        box: number of the folder or zip that it came in.
        file: what the student called it.
        attempt: the time of the attempt that it came with, where the platform tells attempts apart.
    """

    student: str
    path: Path
    assignment: str | None
    timestamp: datetime
    origin: str
    lms_id: str | None = None
    name: str | None = None
    upload: int = 0
    box: int = 0
    file: str = ""
    attempt: datetime | None = None

    @property
    def called_after_assignment(self) -> bool:
        return assignment_stem(self.file or self.path.name) == self.assignment


@dataclass
class Collection:
    """All submissions found; a context manager, because files out of zips live in a temporary folder of it.

    Attributes:
        notes: what was decided (the newest of two, a name changed for safety), one line each.
        problems: what could not be read although somebody may have handed it in, one line each.
        whose: line about a problem -> the student, or at least the file, that it is about.
    """

    submissions: list[Submission] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    whose: dict[str, str] = field(default_factory=dict)
    _folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="collected-"), repr=False
    )

    @property
    def unpacked(self) -> Path:
        """Where files out of zips are."""
        return Path(self._folder.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()


def collect(
    paths: Sequence[Path], course: Course, assignment: str | None = None, roster: Sequence[Student] = ()
) -> Collection:
    """Collect everything that was handed in under ``paths``.

    Args:
        paths: notebooks, folders and zips, in any mix.
        assignment: the one that all of it is for; files that plainly are for another are left out.
        roster: students known already, whose names are kept where a platform's number, e-mail or full name matches.

    Raises:
        UsageError: a path does not exist or holds no submission, the assignment is unknown, or nothing at all could be read.
    """
    if assignment is not None:
        course.assignment(assignment)
    collection = Collection()
    try:
        remarks = Remarks()
        unpacker = Unpacker(course, collection.unpacked, remarks)
        known = {student.id for student in roster}
        finder = Finder(set(course.assignments), assignment, remarks, known, course.settings.course.teams)
        found = _find_hand_ins(paths, unpacker, finder)
        names = StudentNames(_find_alike(found), roster, _find_strange(found, roster))
        submissions = _fetch_submissions(found, names, remarks, collection.whose)
        for line in [line for line in remarks.problems if line in unpacker.unread]:
            collection.whose[line] = _find_whose(*unpacker.unread[line], set(course.assignments), names)
    except BaseException:
        collection.__exit__()
        raise
    newest, notes = (submissions, []) if course.settings.course.which_submission == "best" else keep_newest(submissions)
    collection.submissions = sorted(newest, key=lambda s: (s.student, s.assignment or "", s.timestamp, s.origin))
    collection.notes = [*remarks.notes, *names.notes, *notes]
    collection.problems = remarks.problems
    return collection


def keep_newest(submissions: Iterable[Submission]) -> tuple[list[Submission], list[str]]:
    """Keep each student's newest submission for an assignment, and write a line for every student who handed in more.

    Submissions whose assignment is not known yet all stay. Call it again once it is.
    """
    groups: dict[tuple[str, str | Path], list[Submission]] = defaultdict(list)
    for submission in submissions:
        groups[submission.student, submission.assignment or submission.path].append(submission)
    kept, notes = [], []
    for group in groups.values():
        order = _sort_by_upload if all(submission.upload for submission in group) else _sort_by_age
        counts = max(_drop_backups(group), key=order)
        kept.append(counts)
        if others := sorted((other for other in group if other is not counts), key=order):
            names = list_some([submission.origin for submission in (*others[-5:], *others[:-5])], 5)
            why = (
                "is the newest and counts"
                if order(counts) >= order(others[-1])
                else "is called after the assignment and counts"
            )
            notes.append(f"{counts.student}, {counts.assignment}: {counts.origin} {why}; not graded: {names}.")
    return kept, notes


def _drop_backups(group: list[Submission]) -> list[Submission]:
    """Return those that may count: of what came together, in one folder or zip, only what is named after the assignment, if any is.

    A backup such as "padding-old.ipynb" may have been saved last.
    """
    named = {(s.box, s.attempt) for s in group if s.called_after_assignment}
    return [s for s in group if (s.box, s.attempt) not in named or s.called_after_assignment]


def _sort_by_age(submission: Submission) -> tuple[float, bool, str]:
    """Sort key: by time; of two at the same time the one that is named after its assignment counts."""
    return submission.timestamp.timestamp(), submission.called_after_assignment, submission.origin


def _sort_by_upload(submission: Submission) -> tuple[float, bool, str]:
    return submission.upload, True, ""


def _find_hand_ins(paths: Sequence[Path], unpacker: Unpacker, finder: Finder) -> list[HandIn]:
    """Find what was handed in under all paths; one that cannot be read is reported and costs the others nothing."""
    found: list[HandIn] = []
    problems = unpacker.remarks.problems
    for path, box, told in _open_boxes(paths, unpacker, finder.assignments):
        before = len(found), len(problems)
        try:
            found += finder.find_hand_ins(box)
        except Ungradable as error:
            unpacker.refuse(path, str(error))
        if not told and before == (len(found), len(problems)):
            wanted = f" for '{finder.wanted}'" if finder.wanted else ""
            raise UsageError(
                f"{printable(str(path))}: holds no submission{wanted}. Name a notebook, a folder of them, or the zip that the platform gave you.",
                code="no-submission",
            )
    if not found:
        raise UsageError(" ".join(problems[:3]))
    return found


def _open_boxes(
    paths: Sequence[Path], unpacker: Unpacker, assignments: AbstractSet[str]
) -> list[tuple[Path, Box, bool]]:
    """Open each path, and tell whether something was reported about it. Files that were named side by side are one pile."""
    boxes: dict[tuple[str, bool], tuple[Path, Box, bool]] = {}
    for path in {os.path.abspath(path): path for path in paths}.values():
        before = len(unpacker.remarks.problems)
        try:
            box = unpacker.open(path)
        except Ungradable as error:
            unpacker.refuse(path, str(error))
            continue
        pile = box.single and not box.tree
        place = os.path.abspath(path.parent if pile else path), pile
        first, others, told = boxes.get(place, (path, replace(box, files=[]), False))
        told = told or len(unpacker.remarks.problems) > before
        boxes[place] = first, replace(box, files=[*others.files, *box.files]), told
    return [
        (path, replace(box, beside=_is_beside(path, box, boxes.values(), assignments)), told)
        for path, box, told in boxes.values()
    ]


def _is_beside(path: Path, box: Box, others: Iterable[tuple[Path, Box, bool]], assignments: AbstractSet[str]) -> bool:
    """Whether a folder was named beside others that hold one student's work each, as the shell expands class/*."""
    if box.tree or box.zipped or box.single:
        return False
    folder = Path(os.path.abspath(path)).parent
    return any(
        Path(os.path.abspath(other)).parent == folder and is_one_students(each, assignments)
        for other, each, _ in others
        if other != path and not (each.tree or each.zipped or each.single)
    )


def _fetch_submissions(
    found: list[HandIn], names: StudentNames, remarks: Remarks, whose: dict[str, str]
) -> list[Submission]:
    """Fetch the files, each once, under their students' names; ``whose`` receives the student of each that cannot be fetched."""
    submissions: dict[tuple[Path, str], Submission] = {}
    for hand_in in sorted(  # first those whose id or name is kept as it is
        found, key=lambda h: (not h.person.is_id, folder_name(h.person.name) != h.person.name)
    ):
        try:
            path = hand_in.file.fetch()
        except Ungradable as error:
            remarks.problems.append(str(error))
            whose[str(error)] = names.of(hand_in.person)
            continue
        person, student = hand_in.person, names.of(hand_in.person)
        name = None if person.origin in ("folder", "ilias") or person.name == person.login else person.name or None
        time = hand_in.time or hand_in.file.modified
        submissions[path, student] = Submission(
            student,
            path,
            hand_in.assignment,
            time,
            hand_in.file.origin,
            person.lms_id,
            name,
            hand_in.upload,
            hand_in.box,
            hand_in.rest[-1],
            hand_in.time,
        )
    return list(submissions.values())


def _find_alike(found: list[HandIn]) -> set[str]:
    """Find names that several people in Moodle have: two numbers in one download, or for what may be one assignment.

    Moodle numbers a person anew for every assignment, so two numbers alone do not mean two people.
    """
    alike = set()
    seen: dict[str, list[HandIn]] = defaultdict(list)
    for hand_in in (h for h in found if h.person.origin == "moodle"):
        for other in seen[hand_in.person.name]:
            may_be_one = (
                hand_in.box == other.box
                or hand_in.assignment == other.assignment
                or None in (hand_in.assignment, other.assignment)
            )
            if may_be_one and hand_in.person.lms_id != other.person.lms_id:
                alike.add(hand_in.person.name)
        seen[hand_in.person.name].append(hand_in)
    return alike


def _find_whose(parts: tuple[str, ...], box: Box, assignments: AbstractSet[str], names: StudentNames) -> str:
    """Name the student to whom the path of an unread file belongs; else the file itself."""
    top, stem = parts[0], Path(parts[-1]).stem
    if box.tree:
        return printable(top)
    if (said := read_path(parts)) and said.person and said.person.origin != "blackboard":
        return names.of(said.person)
    folders = [folder for folder in parts[:-1] if folder not in assignments]
    return folder_name(folders[0] if folders else box.name if assignment_stem(parts[-1]) in assignments else stem)


def _find_strange(found: list[HandIn], roster: Sequence[Student]) -> set[str]:
    """Find the names in Moodle downloads that name several, and no known student: they may be teams, whose numbers are nobody's."""
    known = {student.full_name.casefold() for student in roster}
    boxes: dict[int, set[str]] = defaultdict(set)
    for hand_in in found:
        if hand_in.person.origin == "moodle":
            boxes[hand_in.box].add(hand_in.person.name)
    teams = (names for names in boxes.values() if len(names) > 1 and not known & {name.casefold() for name in names})
    return {name for names in teams for name in names}
