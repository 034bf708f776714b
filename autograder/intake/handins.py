"""Choose which files of one person count, for which assignment, and read when they were handed in."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from autograder.errors import Ungradable
from autograder.intake.boxes import Box, File, Remarks
from autograder.intake.people import Person
from autograder.intake.piles import assignment_stem
from autograder.intake.stamps import STAMP_FILE, parse_stamp, read_stamp
from autograder.intake.walk import NOTEBOOK_NAME
from autograder.printable import printable

DOCUMENT = re.compile(r"\.(py|md|txt|html?|pdf|docx?|odt|rtf|r|rmd|zip|rar|7z|gz)")
MOST_NOTEBOOKS, MOST_ZIPS = 20, 3  # of one student: that many are opened


@dataclass(frozen=True)
class HandIn:
    """One file handed in by one person.

    Attributes:
        box: number of the folder or zip that it came in.
        rest: its path below the person's and the assignment's folder.
        folder: the assignment whose folder it is in.
        assignment: the assignment that it is for; None where nothing but its content can tell.
        upload: Canvas' number of the upload, or 0.
        time: when it was handed in, where that was noted.
        fellows: the others for whom it counts.
        team: the team that the platform names with it.
    """

    person: Person
    box: int
    file: File
    rest: tuple[str, ...]
    folder: str | None = None
    assignment: str | None = None
    upload: int = 0
    time: datetime | None = None
    fellows: tuple[Person, ...] = ()
    team: str | None = None


class Chooser:
    """Chooses among the files of one person."""

    def __init__(self, assignments: AbstractSet[str], wanted: str | None, remarks: Remarks) -> None:
        """
        Args:
            assignments: of the course.
            wanted: the one that everything is for, if the instructor said so.
        """
        self.assignments, self.wanted, self.remarks = assignments, wanted, remarks

    def choose(self, hand_ins: list[HandIn], box: Box) -> list[HandIn]:
        """Choose among all files of one person: the notebooks, else one other file that was clearly handed in."""
        hand_ins = [h for h in hand_ins if h.rest != (STAMP_FILE,)]
        chosen = [h for h in hand_ins if h.file.suffix == ".ipynb"] or self._find_in_zips(hand_ins)
        if not chosen:
            clear = [
                h for h in hand_ins if DOCUMENT.fullmatch(h.file.suffix) or h.person.origin != "folder" or box.single
            ]
            return sorted(clear, key=lambda h: (not DOCUMENT.fullmatch(h.file.suffix), h.file.parts))[:1]
        for hand_in in chosen[:MOST_NOTEBOOKS]:
            if (name := NOTEBOOK_NAME.fullmatch(hand_in.rest[-1])) and name["more"]:
                self.remarks.notes.append(
                    f"{hand_in.file.origin}: was read as a notebook; a browser has added '{name['more']}'."
                )
        exact = [h for h in chosen if h.rest == (f"{h.folder}.ipynb",)]
        if box.tree and exact:  # nbgrader's rule: it ignores other notebooks in that folder
            if passed_over := [h.file.origin for h in chosen if h not in exact]:
                self.remarks.notes.append(
                    f"{exact[0].file.origin} counts by its name; not graded: {', '.join(passed_over[:5])}."
                )
            chosen = exact
        return self._limit(chosen, MOST_NOTEBOOKS, "notebooks")

    def _find_in_zips(self, hand_ins: list[HandIn]) -> list[HandIn]:
        """Find the notebooks in the zips that a person handed in; zips inside those are not opened."""
        inside = []
        for hand_in in self._limit([h for h in hand_ins if h.file.suffix == ".zip"], MOST_ZIPS, "zips"):
            try:
                box = hand_in.file.open_zip()
            except Ungradable as error:
                self.remarks.notes.append(f"{hand_in.file.origin}: {error}")
                continue
            inside += _list_notebooks(hand_in, box)
        return inside

    def _limit(self, hand_ins: list[HandIn], most: int, what: str) -> list[HandIn]:
        """Return no more hand-ins of one person than are opened: those named after an assignment first, then the newest."""
        if len(hand_ins) <= most:
            return hand_ins
        first = hand_ins[0]
        self.remarks.notes.append(
            f"{printable(first.person.name)}: handed in {len(hand_ins)} {what} ({first.file.origin}, ...). "
            f"At most {most} of one student are opened."
        )
        return sorted(
            hand_ins,
            key=lambda h: (self._read_assignment(h.rest[-1]) is not None, h.time or h.file.modified, h.file.parts),
            reverse=True,
        )[:most]

    def assign(self, chosen: list[HandIn], box: Box) -> list[HandIn]:
        """Give each its assignment, and leave out those that are clearly for another than the instructor asked for."""
        named = [replace(h, assignment=h.folder or self._read_assignment(h.rest[-1])) for h in chosen]
        if self.wanted is None:
            fallback = box.name if box.name in self.assignments and not box.tree else None
            return [replace(h, assignment=h.assignment or fallback) for h in named]
        fitting = [h for h in named if h.assignment in (None, self.wanted)] or [h for h in named if h.folder is None]
        return [replace(h, assignment=self.wanted) for h in fitting]

    def _read_assignment(self, name: str) -> str | None:
        """Return the assignment after which a file is named."""
        stem = assignment_stem(name)
        return stem if stem in self.assignments else None

    def read_time(self, hand_ins: list[HandIn]) -> datetime | None:
        """Read the time that nbgrader noted; a student's own timestamp.txt inside a platform's download is not believed."""
        for hand_in in hand_ins:
            if hand_in.person.origin == "folder" and hand_in.rest == (STAMP_FILE,):
                try:
                    time = parse_stamp(read_stamp(hand_in.file.fetch()))
                except Ungradable:
                    time = None
                if time is not None:
                    return time
                self.remarks.notes.append(f"{hand_in.file.origin}: holds no time; the file's own time is used.")
        return None


def _list_notebooks(hand_in: HandIn, inside: Box) -> list[HandIn]:
    """List the notebooks in a student's own zip, with the zip's own time: the student can forge the times in it."""
    return [
        replace(hand_in, file=replace(file, modified=hand_in.file.modified), rest=file.parts)
        for file in inside.files
        if file.suffix == ".ipynb"
    ]
