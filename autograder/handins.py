"""Whose each file is, which files of one person were handed in, and for which assignment."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from autograder.errors import Ungradable
from autograder.gradescope import FOLDER, METADATA, Submitters, is_export
from autograder.intake import NOTEBOOK_NAME, Box, File, Reader, plausible, read_regular
from autograder.people import Person, canvas_person, moodle_person, printable

DOCUMENT = re.compile(r"\.(py|md|txt|html?|pdf|docx?|odt|rtf|r|rmd|zip|rar|7z|gz)")
# Names that platforms give to the zips of a whole class.
DOWNLOAD = re.compile(r"moodle|canvas|gradescope|submissions|export|-\d{2,}( ?\(\d+\))?$", re.IGNORECASE)
MOST_NOTEBOOKS, MOST_ZIPS = 20, 3  # of one student: that many are opened
STAMP_FILE = "timestamp.txt"
MAX_STAMP = 100  # bytes of a time: the time that its parser needs grows with the square of them
# What a time is written with, as nbgrader and the programs around it do; a zone is no path out of the system's list of zones.
STAMP = re.compile(r"(?!.*(?:\.\.|(?:^| )[/:]))[\w .:,+/-]+", re.ASCII)


@dataclass(frozen=True)
class HandIn:
    """One file handed in by one person.

    Attributes:
        box: number of the folder or zip it came in.
        rest: its path below the person's and the assignment's folder.
        folder: the assignment whose folder it is in.
        assignment: the assignment it is for; None when nothing but its content could tell.
        upload: Canvas' number of the upload, or 0.
        time: when it was handed in, where that was noted.
    """

    person: Person
    box: int
    file: File
    rest: tuple[str, ...]
    folder: str | None = None
    assignment: str | None = None
    upload: int = 0
    time: datetime | None = None


def assignment_stem(name: str) -> str:
    """A notebook's file name without what browsers, Canvas and Colab add to it.

    >>> [assignment_stem(n) for n in ("padding-1.ipynb", "padding (2).ipynb", "Copy of padding.ipynb")]
    ['padding', 'padding', 'padding']
    """
    notebook = NOTEBOOK_NAME.fullmatch(name)
    stem = notebook["stem"] if notebook else name
    return re.sub(r"^Copy of |(-\d{1,3}| ?\(\d{1,3}\))+$", "", stem)


class Finder:
    """Finds what was handed in among the files of a box."""

    def __init__(self, assignments: AbstractSet[str], wanted: str | None, reader: Reader) -> None:
        """
        Args:
            assignments: of the course.
            wanted: the one that everything is for, when the instructor said so.
        """
        self.assignments, self.wanted, self.reader = assignments, wanted, reader
        self._numbers = count()

    def hand_ins(self, box: Box) -> Iterator[HandIn]:
        """What was handed in, in no particular order; files that nobody handed in are named in the reader's notes.

        Raises:
            Ungradable: nothing in it says whose anything is.
        """
        number, owner = next(self._numbers), _owner(box)
        box = box if owner else _without_wrapper(box, self.assignments)
        tops = {file.parts[0] for file in box.files} - self.assignments
        if not owner and not box.tree and len(tops) == 1:
            below = [replace(file, parts=file.parts[1:]) for file in box.files if len(file.parts) > 1]
            self._note_many(min(tops), below)
        submitters = Submitters.read([] if box.tree or owner else box.files)
        self.reader.notes += submitters.notes
        people: dict[tuple[Person, str | None], list[HandIn]] = defaultdict(list)
        loose, zips = [], []
        for file in box.files:
            if owner:
                people[owner, None].append(HandIn(owner, number, file, file.parts, self._folder(file.parts)))
            elif hand_in := self._whose(file, box, number, submitters):
                people[hand_in.person, hand_in.folder].append(hand_in)
            elif file.suffix == ".zip":
                zips.append(file)
            elif file.parts[-1] != METADATA:
                loose.append(file.origin)
        downloads, own = self._loose_zips(zips, number)
        mixed = bool(own) or any(person.origin == "folder" for person, _ in people)
        for hand_in in own:
            people[hand_in.person, hand_in.folder].append(hand_in)
        for of_one_person in people.values():
            chosen = self._chosen(of_one_person, box)
            if not chosen and box.tree:
                names = ", ".join(hand_in.file.origin for hand_in in of_one_person[:3])
                self.reader.notes.append(
                    f"{printable(of_one_person[0].person.name)}: handed in no notebook, but {names}; not graded."
                )
            elif not chosen:
                loose += [hand_in.file.origin for hand_in in of_one_person if hand_in.rest[-1] != STAMP_FILE]
            person = of_one_person[0].person
            time = submitters.time(person) or self._timestamp(of_one_person)
            for hand_in in self._wanted(chosen, box):
                group = [person, *submitters.fellows.get(person, [])]
                yield from (replace(hand_in, person=member, time=time) for member in group)
        for file, download in downloads:
            yield from self._in_download(file, download, mixed)
        if loose:
            more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
            self.reader.notes.append(
                f"not collected, because no notebook and in no student's folder: {', '.join(loose[:3])}{more}."
            )

    def _loose_zips(self, zips: list[File], number: int) -> tuple[list[tuple[File, Box]], list[HandIn]]:
        """The platforms' downloads among the zips that lie in a folder, and those of one student each."""
        downloads: list[tuple[File, Box]] = []
        own: list[HandIn] = []
        for file in zips:
            try:
                inside = self.reader.unzip(file.fetch(), file.origin)
            except Ungradable as error:
                self.reader.problems.append(f"{file.origin}: {error}")
                continue
            if is_download(_without_wrapper(inside, self.assignments).files):
                downloads.append((file, inside))
            else:
                self._note_many(file.origin, _without_wrapper(inside, self.assignments).files)
                student = Person("folder", Path(file.parts[-1]).stem)
                own.append(HandIn(student, number, file, file.parts[-1:], self._folder(file.parts)))
        return downloads, own

    def _note_many(self, origin: str, files: list[File]) -> None:
        """Say so where what was read as one student's may be a class: its folders hold notebooks, or a platform's names stand in it."""
        folders = {file.parts[0] for file in files if len(file.parts) > 1 and file.suffix == ".ipynb"}
        people = [file for file in files if moodle_person(file.parts[0]) or canvas_person(file.parts[0])]
        if len(folders - self.assignments) > 1 or people:
            self.reader.notes.append(
                f"{printable(origin)}: was read as one student's. If it holds a class, name it itself."
            )

    def _in_download(self, file: File, download: Box, mixed: bool) -> Iterator[HandIn]:
        """What is in a platform's download that lies in a folder.

        Args:
            mixed: whether students' own files lie beside it: then this may be a student's too, who made it look like a download.
        """
        if mixed and not DOWNLOAD.search(download.name):
            self.reader.problems.append(
                f"{file.origin}: looks like a platform's download, and lies among what single students handed in. "
                "It was not graded. If it is a download, name it itself; if it is a student's, unpack it into a folder of that student."
            )
            return
        try:
            yield from self.hand_ins(download)
        except Ungradable as error:
            self.reader.problems.append(f"{file.origin}: {error}")

    def _whose(self, file: File, box: Box, number: int, submitters: Submitters) -> HandIn | None:
        """The person that a file's path names; None when it names nobody.

        A platform's names count at the top alone: everything below a student's own folder is called as the student pleases.
        """
        top, *below = file.parts
        if box.tree:
            return self._by_folder(file, box, number)
        rest = tuple(below)
        if person := submitters.person(file.parts):
            return HandIn(person, number, file, rest, self._folder(rest))
        if moodle := moodle_person(top):
            return HandIn(moodle[0], number, file, rest or (moodle[1] or top,), self._folder(rest))
        if not below and (canvas := canvas_person(top)):
            return HandIn(canvas[0], number, file, (canvas[1],), upload=canvas[2])
        return self._by_folder(file, box, number)

    def _by_folder(self, file: File, box: Box, number: int) -> HandIn | None:
        """The person whose folder it is in, or whom the file is called after."""
        *folders, last = file.parts
        assignment = self._folder(file.parts[1:] if box.tree else file.parts)
        people = folders if box.tree else [folder for folder in folders if folder not in self.assignments]
        depth = folders.index(assignment, int(box.tree)) + 1 if assignment else 0
        if people:
            name, depth = people[0], max(depth, folders.index(people[0]) + 1)
        elif assignment_stem(last) in self.assignments:
            name = box.name
        elif file.suffix == ".ipynb" or box.single or (box.zipped and file.suffix == ".zip"):
            name = assignment_stem(last) if file.suffix == ".ipynb" else Path(last).stem
        else:
            return None
        return HandIn(Person("folder", name, is_id=box.tree), number, file, file.parts[depth:], assignment)

    def _folder(self, parts: Sequence[str]) -> str | None:
        return next((part for part in parts[:-1] if part in self.assignments), None)

    def _chosen(self, hand_ins: list[HandIn], box: Box) -> list[HandIn]:
        """Among all files of one person: the notebooks, else what else was plainly handed in."""
        hand_ins = [h for h in hand_ins if h.rest != (STAMP_FILE,)]
        chosen = [h for h in hand_ins if h.file.suffix == ".ipynb"] or self._inside_zips(hand_ins)
        if not chosen:
            clear = [
                h for h in hand_ins if DOCUMENT.fullmatch(h.file.suffix) or h.person.origin != "folder" or box.single
            ]
            return sorted(clear, key=lambda h: (not DOCUMENT.fullmatch(h.file.suffix), h.file.parts))[:1]
        for hand_in in chosen[:MOST_NOTEBOOKS]:
            if (name := NOTEBOOK_NAME.fullmatch(hand_in.rest[-1])) and name["more"]:
                self.reader.notes.append(
                    f"{hand_in.file.origin}: was read as a notebook; a browser has added '{name['more']}'."
                )
        exact = [h for h in chosen if h.rest == (f"{h.folder}.ipynb",)]
        if box.tree and exact:  # nbgrader's rule: other notebooks in that folder are scratch paper
            if passed_over := [h.file.origin for h in chosen if h not in exact]:
                self.reader.notes.append(
                    f"{exact[0].file.origin} counts by its name; not graded: {', '.join(passed_over[:5])}."
                )
            chosen = exact
        return self._some(chosen, MOST_NOTEBOOKS, "notebooks")

    def _inside_zips(self, hand_ins: list[HandIn]) -> list[HandIn]:
        """The notebooks in the zips of somebody who handed in a zip; zips inside those are not opened."""
        inside = []
        for hand_in in self._some([h for h in hand_ins if h.file.suffix == ".zip"], MOST_ZIPS, "zips"):
            try:
                box = self.reader.unzip(hand_in.file.fetch(), hand_in.file.origin)
            except Ungradable as error:
                self.reader.notes.append(f"{hand_in.file.origin}: {error}")
                continue
            inside += _notebooks(hand_in, box)
        return inside

    def _some(self, hand_ins: list[HandIn], most: int, what: str) -> list[HandIn]:
        """No more of one person than are looked at: those called after an assignment first, then the newest."""
        if len(hand_ins) <= most:
            return hand_ins
        first = hand_ins[0]
        self.reader.notes.append(
            f"{printable(first.person.name)}: handed in {len(hand_ins)} {what} ({first.file.origin}, ...). "
            f"At most {most} of one student are opened."
        )
        return sorted(
            hand_ins,
            key=lambda h: (self._from_name(h.rest[-1]) is not None, h.file.modified, h.file.parts),
            reverse=True,
        )[:most]

    def _wanted(self, chosen: list[HandIn], box: Box) -> list[HandIn]:
        """Each with its assignment, without those that plainly are for another than the instructor asked for."""
        named = [replace(h, assignment=h.folder or self._from_name(h.rest[-1])) for h in chosen]
        if self.wanted is None:
            fallback = box.name if box.name in self.assignments and not box.tree else None
            return [replace(h, assignment=h.assignment or fallback) for h in named]
        fitting = [h for h in named if h.assignment in (None, self.wanted)] or [h for h in named if h.folder is None]
        return [replace(h, assignment=self.wanted) for h in fitting]

    def _from_name(self, name: str) -> str | None:
        stem = assignment_stem(name)
        return stem if stem in self.assignments else None

    def _timestamp(self, hand_ins: list[HandIn]) -> datetime | None:
        """What nbgrader noted at submission; a student's own timestamp.txt inside a platform's download says nothing."""
        for hand_in in hand_ins:
            if hand_in.person.origin == "folder" and hand_in.rest == (STAMP_FILE,):
                try:
                    time = noted_time(read_regular(hand_in.file.fetch(), MAX_STAMP + 1))
                except Ungradable:
                    time = None
                if time is not None:
                    return time
                self.reader.notes.append(f"{hand_in.file.origin}: holds no time; the file's own time is used.")
        return None


def noted_time(stamp: bytes | None) -> datetime | None:
    """The time in nbgrader's timestamp.txt, which a student can write to; None when it says none.

    >>> noted_time(b"2025-03-09 10:30:00 America/New_York").isoformat()
    '2025-03-09T14:30:00+00:00'
    """
    from nbgrader.utils import parse_utc

    if stamp is None or len(stamp) > MAX_STAMP:
        return None
    try:
        text = stamp.decode("utf-8-sig").strip()
        if not STAMP.fullmatch(text):
            return None
        time: datetime = parse_utc(text)
    except Exception:  # whatever the parser of dates says to what is no date
        return None
    return plausible(time.replace(tzinfo=UTC))


def is_download(files: Sequence[File]) -> bool:
    """Whether these are the files of one platform's download, and no others."""
    return bool(files) and (
        is_export(files)
        or all(moodle_person(file.parts[0]) for file in files)
        or all(len(file.parts) == 1 and canvas_person(file.parts[0]) for file in files)
    )


def _owner(box: Box) -> Person | None:
    """Whose a whole folder or zip is, where a platform has named it after one person."""
    if box.tree or box.single:
        return None
    if moodle := moodle_person(box.name):
        return moodle[0]
    return Person("folder", box.name) if FOLDER.fullmatch(box.name) else None


def _notebooks(hand_in: HandIn, inside: Box) -> list[HandIn]:
    """The notebooks in somebody's own zip. They are as old as the zip: the times in it are a student's."""
    return [
        replace(hand_in, file=replace(file, modified=hand_in.file.modified), rest=file.parts)
        for file in inside.files
        if file.suffix == ".ipynb"
    ]


def _without_wrapper(box: Box, assignments: AbstractSet[str]) -> Box:
    """Without the one folder around everything that many programs put into a zip.

    Raises:
        Ungradable: the one folder of a folder may be such a wrapper, or a student's own.
    """
    tops = {file.parts[0] for file in box.files}
    if box.tree or box.single or len(tops) != 1 or any(len(file.parts) < 2 for file in box.files):
        return box
    [top] = tops
    if moodle_person(top) or top in assignments:
        return box
    inside = replace(box, files=[replace(file, parts=file.parts[1:]) for file in box.files])
    same = top == box.name
    if is_download(inside.files):
        if not box.zipped and not same:
            raise Ungradable(
                f"its one folder '{printable(top)}' looks like a platform's download, or is a student's own. It was not graded. "
                "If it is a download, name that folder."
            )
        return inside
    inner = {file.parts[0] for file in inside.files if len(file.parts) > 1} - assignments
    notebooks = sum(len(file.parts) == 1 and file.suffix == ".ipynb" for file in inside.files)
    wrapped = notebooks > 1 or len(inner) > 1 if same else len(inner) > 1 and not notebooks
    return inside if box.zipped and wrapped else box
