"""Finding what was handed in: notebooks, folders, nbgrader's submitted/ tree, and the downloads of Moodle, Canvas and Gradescope."""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.course import Course
from autograder.errors import Ungradable, UsageError
from autograder.gradescope import METADATA, Submitters
from autograder.intake import Box, File, Reader
from autograder.people import Person, Student, StudentNames, canvas_person, moodle_person

DOCUMENTS = {".py", ".md", ".txt", ".html", ".htm", ".pdf", ".doc", ".docx", ".odt", ".rtf", ".r", ".rmd", ".zip", ".rar", ".7z", ".gz"}


@dataclass(frozen=True)
class Submission:
    """One file that somebody handed in.

    Attributes:
        student: the name of the student's folder, safe on every system.
        path: of the file; lives as long as the Collection.
        assignment: None when neither the instructor nor a folder nor the file's name says.
        timestamp: when it was handed in, as far as is known; with a time zone.
        origin: where it came from, as the instructor would recognise it.
        lms_id: the platform's number of the student.
        name: as the platform writes it.
        upload: Canvas' number of the upload; a later one is higher. 0: unknown.
    """

    student: str
    path: Path
    assignment: str | None
    timestamp: datetime
    origin: str
    lms_id: str | None = None
    name: str | None = None
    upload: int = 0


class Collection:
    """All submissions found; a context manager, because files out of zips live in a temporary folder of it.

    Attributes:
        notes: what was decided (the newest of two, a name changed for safety), one line each.
        problems: what could not be read although somebody may have handed it in, one line each.
    """

    def __init__(self) -> None:
        self.submissions: list[Submission] = []
        self.notes: list[str] = []
        self.problems: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="collected-")

    @property
    def unpacked(self) -> Path:
        """Where files out of zips are."""
        return Path(self._folder.name)

    def close(self) -> None:
        """Delete what was unpacked."""
        self._folder.cleanup()

    def __enter__(self) -> Collection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def collect(paths: Sequence[Path], course: Course, assignment: str | None = None, roster: Sequence[Student] = ()) -> Collection:
    """Everything handed in under ``paths``.

    Args:
        paths: notebooks, folders and zips, in any mix.
        assignment: the one that all of it is for; submissions that clearly are for another are left out.
        roster: students known already, whose names are kept where a platform's number, e-mail or full name matches.

    Raises:
        UsageError: a path does not exist or holds no submission, the assignment is unknown, or nothing at all could be read.
    """
    if assignment is not None:
        course.assignment(assignment)
    collection = Collection()
    try:
        with ExitStack() as stack:
            _Collector(course, assignment, collection, stack).run(paths, roster)
    except BaseException:
        collection.close()
        raise
    return collection


def keep_newest(submissions: Iterable[Submission]) -> tuple[list[Submission], list[str]]:
    """The newest of each student's submissions for one assignment, and a line for every student who had more.

    Submissions whose assignment is not known yet all stay. Call it again once it is.
    """
    groups: dict[tuple[str, str | None, Path | None], list[Submission]] = defaultdict(list)
    for submission in submissions:
        groups[submission.student, submission.assignment, None if submission.assignment else submission.path].append(submission)
    kept, notes = [], []
    for group in groups.values():
        numbered = all(submission.upload for submission in group)
        *older, newest = sorted(group, key=lambda s: (s.upload if numbered else s.timestamp.timestamp(), assignment_stem(s.path.name) == s.assignment, s.origin))
        kept.append(newest)
        if older:
            names = ", ".join(submission.origin for submission in older)
            notes.append(f"{newest.student}, {newest.assignment}: {newest.origin} is the newest and counts; not graded: {names}.")
    return kept, notes


def assignment_stem(name: str) -> str:
    """A notebook's file name without what browsers, Canvas and Colab add to it.

    >>> [assignment_stem(n) for n in ("padding-1.ipynb", "padding (2).ipynb", "Copy of padding.ipynb")]
    ['padding', 'padding', 'padding']
    """
    stem = name[: -len(".ipynb")] if name.lower().endswith(".ipynb") else name
    return re.sub(r"^Copy of |(-\d{1,3}| ?\(\d{1,3}\))+$", "", stem)


@dataclass(frozen=True)
class _HandIn:
    """One file with whoever it belongs to; ``rest`` is its path below that person's (and assignment's) folder."""

    person: Person
    box: int
    file: File
    rest: tuple[str, ...]
    folder_assignment: str | None = None
    upload: int = 0


class _Collector:
    """Goes through the boxes: whose is each file, which files of each person count, and what each person is called."""

    def __init__(self, course: Course, assignment: str | None, collection: Collection, stack: ExitStack) -> None:
        self.known = set(course.assignments)
        self.assignment = assignment
        self.keep_all = course.settings.course.which_submission == "best"
        self.collection = collection
        self.reader = Reader(course, collection.unpacked, stack)
        self.boxes: list[Box] = []
        self.found: list[tuple[_HandIn, Submission]] = []

    def run(self, paths: Sequence[Path], roster: Sequence[Student]) -> None:
        """Fill the collection."""
        for path in dict.fromkeys(paths):
            problems, found = len(self.reader.problems), len(self.found)
            try:
                self._box(self.reader.open(path))
            except Ungradable as error:
                self.reader.problems.append(f"{path}: {error}")
            if len(self.reader.problems) == problems and len(self.found) == found:
                wanted = f" of '{self.assignment}'" if self.assignment else ""
                raise UsageError(f"{path}: holds no submission{wanted}. Name a notebook, a folder of them, or the zip that the platform gave you.")
        if not self.found:
            raise UsageError(" ".join(self.reader.problems[:3]))
        self._finish(roster)

    def _box(self, box: Box) -> None:
        """Add what one box holds."""
        box = _without_wrapper(box, self.known)
        self.boxes.append(box)
        submitters = Submitters.read(box.files)
        people: dict[tuple[Person, str | None], list[_HandIn]] = defaultdict(list)
        loose = []
        for file in box.files:
            hand_in = self._whose(file, box, submitters)
            if hand_in is not None:
                people[hand_in.person, hand_in.folder_assignment].append(hand_in)
            elif file.suffix == ".zip":
                self._loose_zip(file)
            elif file.parts[-1] != METADATA:
                loose.append(file.origin)
        for hand_ins in people.values():
            self._choose(hand_ins, box, submitters)
        if loose and not box.single:
            more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
            self.reader.notes.append(f"no notebook and in nobody's folder, so not collected: {', '.join(loose[:3])}{more}.")

    def _loose_zip(self, file: File) -> None:
        """A platform's download, or one student's, that lies in a folder."""
        try:
            self._box(self.reader.unzip(file.fetch(), file.origin))
        except Ungradable as error:
            self.reader.problems.append(f"{file.origin}: {error}")

    def _whose(self, file: File, box: Box, submitters: Submitters) -> _HandIn | None:
        """The person that a file's path names; None when it names nobody."""
        number, parts = len(self.boxes), file.parts
        for depth, part in enumerate(parts, 1):
            if found := moodle_person(part):
                rest = parts[depth:] or (found[1] or part,)
                return _HandIn(found[0], number, file, rest, self._folder_assignment(rest))
            if person := submitters.person(part):
                return _HandIn(person, number, file, parts[depth:], self._folder_assignment(parts[depth:]))
        if len(parts) == 1 and (canvas := canvas_person(parts[0])):
            return _HandIn(canvas[0], number, file, (canvas[1],), upload=canvas[2])
        return self._by_folder(file, box, number)

    def _by_folder(self, file: File, box: Box, number: int) -> _HandIn | None:
        """The person whose folder it is in, or whom the file is called after."""
        *folders, last = file.parts
        assignment = self._folder_assignment(file.parts[1:] if box.tree else file.parts)
        people = folders if box.tree else [folder for folder in folders if folder not in self.known]
        if people:
            name, depth = people[0], 1 + max(folders.index(people[0]), folders.index(assignment) if assignment else 0)
        elif assignment_stem(last) in self.known:
            name, depth = box.name, len(folders)
        elif file.suffix == ".ipynb" or box.single or (box.zipped and file.suffix == ".zip"):
            name, depth = assignment_stem(last) if file.suffix == ".ipynb" else Path(last).stem, len(folders)
        else:
            return None
        return _HandIn(Person("folder", name), number, file, file.parts[depth:], assignment)

    def _folder_assignment(self, parts: Sequence[str]) -> str | None:
        return next((part for part in parts[:-1] if part in self.known), None)

    def _choose(self, hand_ins: list[_HandIn], box: Box, submitters: Submitters) -> None:
        """Add the submissions among all files of one person: notebooks, else what else was plainly handed in."""
        time = submitters.time(hand_ins[0].person) or self._timestamp(hand_ins)
        hand_ins = [h for h in hand_ins if h.rest[-1] != "timestamp.txt"]
        chosen = [h for h in hand_ins if h.file.suffix == ".ipynb"] or self._inside_zips(hand_ins)
        if not chosen:
            chosen = sorted(hand_ins, key=lambda h: (h.file.suffix not in DOCUMENTS, h.file.parts))[:1]
        exact = [h for h in chosen if h.rest == (f"{h.folder_assignment}.ipynb",)]
        if box.tree and exact:  # nbgrader's own rule: other notebooks in the assignment's folder are scratch paper
            chosen = exact
        for hand_in, assignment in self._wanted(chosen, box):
            self._add(hand_in, assignment, time)

    def _wanted(self, chosen: list[_HandIn], box: Box) -> list[tuple[_HandIn, str | None]]:
        """Each file with its assignment; without those of another assignment than the instructor asked for."""
        named = [(h, h.folder_assignment or self._from_name(h.rest[-1])) for h in chosen]
        if self.assignment is None:
            fallback = box.name if box.name in self.known and not box.tree else None
            return [(h, name or fallback) for h, name in named]
        fitting = [h for h, name in named if name in (None, self.assignment)]
        return [(h, self.assignment) for h in fitting or [h for h in chosen if h.folder_assignment is None]]

    def _from_name(self, name: str) -> str | None:
        stem = assignment_stem(name)
        return stem if stem in self.known else None

    def _inside_zips(self, hand_ins: list[_HandIn]) -> list[_HandIn]:
        """The notebooks in the zips of somebody who handed in a zip; zips inside those are not opened."""
        inside = []
        for hand_in in hand_ins:
            if hand_in.file.suffix == ".zip":
                try:
                    box = self.reader.unzip(hand_in.file.fetch(), hand_in.file.origin, hand_in.file.modified)
                except Ungradable as error:
                    self.reader.notes.append(f"{hand_in.file.origin}: {error}")
                    continue
                inside += [replace(hand_in, file=file, rest=file.parts) for file in box.files if file.suffix == ".ipynb"]
        return inside

    def _timestamp(self, hand_ins: list[_HandIn]) -> datetime | None:
        """What nbgrader noted at submission; a student's own timestamp.txt inside a platform's download says nothing."""
        for hand_in in hand_ins:
            if hand_in.person.origin == "folder" and hand_in.rest == ("timestamp.txt",):
                from nbgrader.utils import parse_utc

                try:
                    time: datetime = parse_utc(hand_in.file.fetch().read_text(encoding="utf-8")[:100].strip())
                    return time.replace(tzinfo=UTC)
                except (ValueError, OverflowError, AttributeError, Ungradable):
                    self.reader.notes.append(f"{hand_in.file.origin}: holds no time; the file's own time is used.")
        return None

    def _add(self, hand_in: _HandIn, assignment: str | None, time: datetime | None) -> None:
        try:
            path = hand_in.file.fetch()
        except Ungradable as error:
            self.reader.problems.append(str(error))
            return
        if path in (submission.path for _, submission in self.found):
            return  # the same file, named twice
        person = hand_in.person
        name = None if person.origin == "folder" else person.name or None
        self.found.append(
            (hand_in, Submission("", path, assignment, time or hand_in.file.modified, hand_in.file.origin, person.lms_id, name, hand_in.upload))
        )

    def _finish(self, roster: Sequence[Student]) -> None:
        """Name the students and drop what a newer submission replaces."""
        names = StudentNames(self._alike(), roster)
        ordered = sorted(self.found, key=lambda pair: pair[0].person.origin != "folder" or not pair[0].person.name.isalnum())
        student = {id(hand_in): names.of(hand_in.person) for hand_in, _ in ordered}
        submissions = [replace(submission, student=student[id(hand_in)]) for hand_in, submission in self.found]
        kept, notes = (submissions, []) if self.keep_all else keep_newest(submissions)
        self.collection.submissions = sorted(kept, key=lambda s: (s.student, s.assignment or "", s.timestamp, s.origin))
        self.collection.notes = [*self.reader.notes, *names.notes, *notes]
        self.collection.problems = self.reader.problems

    def _alike(self) -> set[str]:
        """Moodle names that several people have: of one name, two numbers in one download or for what may be one assignment."""
        numbers: dict[tuple[str, object], set[str | None]] = defaultdict(set)
        for hand_in, submission in self.found:
            if hand_in.person.origin == "moodle":
                for context in (hand_in.box, submission.assignment):
                    numbers[hand_in.person.name, context].add(hand_in.person.lms_id)
        unsure = {name for (name, context) in numbers if context is None}
        everywhere: dict[str, set[str | None]] = defaultdict(set)
        for (name, _), ids in numbers.items():
            everywhere[name] |= ids
        return {name for (name, _), ids in numbers.items() if len(ids) > 1 or (name in unsure and len(everywhere[name]) > 1)}


def _without_wrapper(box: Box, assignments: set[str]) -> Box:
    """Without the one folder around everything that many programs put into a zip."""
    tops = {file.parts[0] for file in box.files}
    if box.tree or box.single or len(tops) != 1 or any(len(file.parts) < 2 for file in box.files):
        return box
    [top] = tops
    inner = {file.parts[1] for file in box.files if len(file.parts) > 2} - assignments
    flat = [file.parts[1] for file in box.files if len(file.parts) == 2]
    zipped_folder = box.zipped and top == box.name and sum(name.endswith(".ipynb") for name in flat) > 1
    if moodle_person(top) or top in assignments or not (len(inner) > 1 or zipped_folder or any(map(canvas_person, flat))):
        return box
    return replace(box, files=[replace(file, parts=file.parts[1:]) for file in box.files])
