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
from autograder.gradescope import METADATA, Submitters
from autograder.intake import Box, File, Reader
from autograder.people import Person, canvas_person, moodle_person

DOCUMENT = re.compile(r"\.(py|md|txt|html?|pdf|docx?|odt|rtf|r|rmd|zip|rar|7z|gz)")


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
    stem = name[: -len(".ipynb")] if name.lower().endswith(".ipynb") else name
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
        """What was handed in, in no particular order; files that nobody handed in are named in the reader's notes."""
        box, number = _without_wrapper(box, self.assignments), next(self._numbers)
        submitters = Submitters.read(box.files)
        people: dict[tuple[Person, str | None], list[HandIn]] = defaultdict(list)
        loose = []
        for file in box.files:
            if hand_in := self._whose(file, box, number, submitters):
                people[hand_in.person, hand_in.folder].append(hand_in)
            elif file.suffix == ".zip":
                yield from self._loose_zip(file)
            elif file.parts[-1] != METADATA:
                loose.append(file.origin)
        for of_one_person in people.values():
            chosen = self._chosen(of_one_person, box)
            loose += [
                hand_in.file.origin for hand_in in of_one_person if not chosen and hand_in.rest[-1] != "timestamp.txt"
            ]
            time = submitters.time(of_one_person[0].person) or self._timestamp(of_one_person)
            yield from (replace(hand_in, time=time) for hand_in in self._wanted(chosen, box))
        if loose:
            more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
            self.reader.notes.append(
                f"not collected, because no notebook and in no student's folder: {', '.join(loose[:3])}{more}."
            )

    def _loose_zip(self, file: File) -> Iterator[HandIn]:
        """A platform's download, or one student's zip, that lies in a folder."""
        try:
            yield from self.hand_ins(self.reader.unzip(file.fetch(), file.origin))
        except Ungradable as error:
            self.reader.problems.append(f"{file.origin}: {error}")

    def _whose(self, file: File, box: Box, number: int, submitters: Submitters) -> HandIn | None:
        """The person that a file's path names; None when it names nobody."""
        *folders, last = file.parts
        if box.tree:  # everything below the student's own folder is called as the student pleases
            return self._by_folder(file, box, number)
        if person := submitters.person(file.parts):
            rest = file.parts[len(submitters.base) + 1 :]
            return HandIn(person, number, file, rest, self._folder(rest))
        for depth, part in enumerate(folders, 1):
            if found := moodle_person(part):
                return HandIn(found[0], number, file, file.parts[depth:], self._folder(file.parts[depth:]))
        if not folders and (moodle := moodle_person(last)):
            return HandIn(moodle[0], number, file, (moodle[1] or last,))
        if not folders and (canvas := canvas_person(last)):
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
        return HandIn(Person("folder", name), number, file, file.parts[depth:], assignment)

    def _folder(self, parts: Sequence[str]) -> str | None:
        return next((part for part in parts[:-1] if part in self.assignments), None)

    def _chosen(self, hand_ins: list[HandIn], box: Box) -> list[HandIn]:
        """Among all files of one person: the notebooks, else what else was plainly handed in."""
        hand_ins = [h for h in hand_ins if h.rest != ("timestamp.txt",)]
        chosen = [h for h in hand_ins if h.file.suffix == ".ipynb"] or self._inside_zips(hand_ins)
        if not chosen:
            clear = [
                h for h in hand_ins if DOCUMENT.fullmatch(h.file.suffix) or h.person.origin != "folder" or box.single
            ]
            return sorted(clear, key=lambda h: (not DOCUMENT.fullmatch(h.file.suffix), h.file.parts))[:1]
        exact = [h for h in chosen if h.rest == (f"{h.folder}.ipynb",)]
        return (
            exact if box.tree and exact else chosen
        )  # nbgrader's rule: other notebooks in that folder are scratch paper

    def _inside_zips(self, hand_ins: list[HandIn]) -> list[HandIn]:
        """The notebooks in the zips of somebody who handed in a zip; zips inside those are not opened."""
        inside = []
        for hand_in in (h for h in hand_ins if h.file.suffix == ".zip"):
            try:
                box = self.reader.unzip(hand_in.file.fetch(), hand_in.file.origin, hand_in.file.modified)
            except Ungradable as error:
                self.reader.notes.append(f"{hand_in.file.origin}: {error}")
                continue
            inside += [replace(hand_in, file=file, rest=file.parts) for file in box.files if file.suffix == ".ipynb"]
        return inside

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
        from nbgrader.utils import parse_utc

        for hand_in in hand_ins:
            if hand_in.person.origin == "folder" and hand_in.rest == ("timestamp.txt",):
                try:
                    with hand_in.file.fetch().open(encoding="utf-8") as file:
                        time: datetime = parse_utc(file.read(100).strip())  # it may be of any size
                    return time.replace(tzinfo=UTC)
                except Exception:  # whatever the parser of dates says to what is no date
                    self.reader.notes.append(f"{hand_in.file.origin}: holds no time; the file's own time is used.")
        return None


def _without_wrapper(box: Box, assignments: AbstractSet[str]) -> Box:
    """Without the one folder around everything that many programs put into a zip."""
    tops = {file.parts[0] for file in box.files}
    if box.tree or box.single or len(tops) != 1 or any(len(file.parts) < 2 for file in box.files):
        return box
    [top] = tops
    inner = {file.parts[1] for file in box.files if len(file.parts) > 2} - assignments
    flat = [file.parts[1] for file in box.files if len(file.parts) == 2]
    zipped_folder = box.zipped and top == box.name and sum(name.endswith(".ipynb") for name in flat) > 1
    if (
        moodle_person(top)
        or top in assignments
        or not (len(inner) > 1 or zipped_folder or any(canvas_person(name) or moodle_person(name) for name in flat))
    ):
        return box
    return replace(box, files=[replace(file, parts=file.parts[1:]) for file in box.files])
