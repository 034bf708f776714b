"""Find whose each file of a box is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import count
from pathlib import Path

from autograder.errors import Ungradable
from autograder.intake.boxes import Box, File, Remarks
from autograder.intake.gradescope_export import FOLDER, METADATA
from autograder.intake.handins import Chooser, HandIn
from autograder.intake.people import TEAM, Person, team_key
from autograder.intake.piles import DRIVE, find_loose_names, may_be_class, remove_wrapper
from autograder.intake.platforms import OWN, is_download, read_path
from autograder.intake.roll import Roll
from autograder.intake.stamps import STAMP_FILE
from autograder.printable import list_some, printable

# Names that platforms give to the zips of a whole class.
DOWNLOAD = re.compile(
    r"moodle|canvas|gradescope|gradebook|bulk_download|submissions|abgaben|export|-\d{2,}( ?\(\d+\))?$", re.IGNORECASE
)
NOBODYS = "Nothing says whose they are. Name each file after its student, or give each student a folder and name the one around them."


class Finder:
    """Finds what was handed in among the files of a box."""

    def __init__(
        self,
        assignments: AbstractSet[str],
        wanted: str | None,
        remarks: Remarks,
        known: AbstractSet[str] = frozenset(),
        teams: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """
        Args:
            assignments: of the course.
            wanted: the one that everything is for, when the instructor said so.
            known: ids of students.
            teams: name -> ids of its members.
        """
        self.assignments, self.wanted, self.remarks, self.known = assignments, wanted, remarks, known
        self.chooser = Chooser(assignments, wanted, remarks)
        self.teams = {team_key(name): members for name, members in (teams or {}).items()}
        self._numbers = count()

    def find_hand_ins(self, box: Box) -> Iterator[HandIn]:
        """Find what was handed in, in no particular order; the remarks name files that nobody handed in.

        Raises:
            Ungradable: nothing in the box says whose anything is.
        """
        number, owner = next(self._numbers), _find_owner(box)
        box = box if owner else remove_wrapper(box, self.assignments)
        people: dict[tuple[Person, str | None], list[HandIn]] = defaultdict(list)
        loose, zips = [], []
        for file, hand_in in self._find_whose(box, number, owner):
            if hand_in:
                people[hand_in.person, hand_in.folder].append(hand_in)
            elif file.suffix == ".zip":
                zips.append(file)
            elif file.parts[-1] != METADATA and not any(own.fullmatch(file.parts[-1]) for own in OWN.values()):
                loose.append(file.origin)
        downloads, own = self._part_loose_zips(box, zips, number)
        mixed = bool(own) or any(person.origin == "folder" for person, _ in people)
        for hand_in in own:
            people[hand_in.person, hand_in.folder].append(hand_in)
        if not (box.tree or owner):
            for key in [key for key, some in people.items() if key[0].origin == "folder" and self._is_class(some)]:
                self._refuse_class(f"{box.name}/{key[0].name}")
                del people[key]
        yield from self._find_counting(people, box, loose)
        for file, download in downloads:
            yield from self._find_in_download(file, download, mixed)
        if loose:
            self.remarks.notes.append(
                f"not collected, because no notebook and in no student's folder: {list_some(loose)}."
            )

    def _find_whose(self, box: Box, number: int, owner: Person | None) -> Iterator[tuple[File, HandIn | None]]:
        """Yield each file with the hand-in that its path tells of, or None; not the platform's own and those that could be anybody's.

        Platforms' names are read at the top only: below their own folder, students choose the names.
        """
        if box.tree or owner:
            for file in box.files:
                own = HandIn(owner, number, file, file.parts, self._find_folder(file.parts)) if owner else None
                own = own or self._read_person(file, box, number, {})
                if not own and file.suffix == ".ipynb":
                    self.remarks.problems.append(f"{file.origin}: lies in no student's folder. It was not graded.")
                else:
                    yield file, own
            return
        roll = Roll.read(box.files, self.assignments)
        self.remarks.notes += roll.submitters.notes
        names = find_loose_names(box, ".ipynb", self.assignments, self.known)
        if box.zipped:  # a zip in a zip is one student's
            names |= find_loose_names(box, ".zip", self.assignments, self.known)
        doubts: dict[str, list[str]] = defaultdict(list)
        for file in box.files:
            said = roll.read_path(file.parts)
            if said and said.doubt:
                doubts[said.doubt].append(file.origin)
            elif said and said.person:
                folder = self._find_folder(said.rest)
                hand_in = HandIn(said.person, number, file, said.rest, folder, None, said.upload, said.time)
                yield file, replace(hand_in, fellows=said.fellows, team=said.team)
            elif not said and file.parts in names and names[file.parts] is None:
                doubts[NOBODYS].append(file.origin)
            elif not said:
                yield file, self._read_person(file, box, number, names)
        self.remarks.problems += [f"{list_some(files)}: not graded. {why}" for why, files in doubts.items()]

    def _find_counting(
        self, people: Mapping[tuple[Person, str | None], list[HandIn]], box: Box, loose: list[str]
    ) -> Iterator[HandIn]:
        """Yield what counts among the files of each person, once for everybody it counts for; add the others to ``loose``."""
        uploaders: dict[str | None, dict[Person, None]] = defaultdict(dict)
        for of_one_person in people.values():
            uploaders[of_one_person[0].team][of_one_person[0].person] = None
        unnamed: dict[str, None] = {}
        for of_one_person in people.values():
            chosen = self.chooser.choose(of_one_person, box)
            if not chosen and box.tree:
                names = ", ".join(hand_in.file.origin for hand_in in of_one_person[:3])
                self.remarks.notes.append(
                    f"{printable(of_one_person[0].person.name)}: handed in no notebook, but {names}; not graded."
                )
            elif not chosen:
                loose += [hand_in.file.origin for hand_in in of_one_person if hand_in.rest[-1] != STAMP_FILE]
            stamp = self.chooser.read_time(of_one_person)
            for hand_in in self.chooser.assign(chosen, box):
                time, members = hand_in.time or stamp, self._list_members(hand_in)
                if not members and (team := _find_unnamed_team(hand_in)):
                    unnamed[printable(team)] = None
                mates = uploaders[hand_in.team] if hand_in.team else {}
                for member in members or dict.fromkeys([hand_in.person, *hand_in.fellows, *mates]):
                    yield replace(hand_in, person=member, time=time)
        if unnamed:
            self.remarks.notes.append(
                f"{printable(box.name)}: does not say who is in {list_some(list(unnamed))}. Points go to the team's name, or to the "
                "student who uploaded, until you name the members in c.Autograder.teams (with Moodle, the export may find them)."
            )

    def _list_members(self, hand_in: HandIn) -> list[Person]:
        """Return the members that the instructor has named for the team that handed in."""
        names = filter(None, (hand_in.team, None if hand_in.person.is_id else hand_in.person.name))
        members = next((found for name in names if (found := self.teams.get(team_key(name)))), ())
        return [Person("folder", member, is_id=True) for member in members]

    def _part_loose_zips(self, box: Box, zips: list[File], number: int) -> tuple[list[tuple[File, Box]], list[HandIn]]:
        """Part the zips that lie in a folder into platforms' downloads and those of one student each; report the others."""
        downloads: list[tuple[File, Box]] = []
        own: list[HandIn] = []
        unsure = []
        names = find_loose_names(box, ".zip", self.assignments, self.known)
        for file in zips:
            try:
                inside = file.open_zip()
            except Ungradable as error:
                self.remarks.problems.append(f"{file.origin}: {error}")
                continue
            files = remove_wrapper(inside, self.assignments).files
            if is_download(files) or DRIVE.fullmatch(inside.name):
                downloads.append((file, inside))
            elif may_be_class(files, self.assignments):
                self._refuse_class(file.origin)
            elif (name := names.get(file.parts)) is None:
                unsure.append(file.origin)
            else:
                if any(read_path(each.parts) for each in files):
                    self.remarks.notes.append(
                        f"{file.origin}: was read as one student's. If it holds a class, name the zip itself in the command."
                    )
                student = Person("folder", name)
                own.append(HandIn(student, number, file, file.parts[-1:], self._find_folder(file.parts)))
        if unsure:
            self.remarks.problems.append(f"{list_some(unsure)}: not graded. {NOBODYS}")
        return downloads, own

    def _is_class(self, of_one_person: list[HandIn]) -> bool:
        """Whether what lies in one folder may be of many."""
        return may_be_class([replace(hand_in.file, parts=hand_in.rest) for hand_in in of_one_person], self.assignments)

    def _refuse_class(self, origin: str) -> None:
        """Report a folder or zip that is read as one student's and may hold a class."""
        self.remarks.problems.append(
            f"{printable(origin)}: holds a class, or several notebooks of one student. It was not graded. "
            "If it is a class, name it itself in the command; else leave one notebook for each assignment."
        )

    def _find_in_download(self, file: File, download: Box, mixed: bool) -> Iterator[HandIn]:
        """Find what is in a platform's download that lies in a folder.

        Args:
            mixed: whether students' own files lie beside it: then a student may have made it look like a download.
        """
        if mixed and not DOWNLOAD.search(download.name):
            self.remarks.problems.append(
                f"{file.origin}: looks like a platform's download, and lies among single students' files. It was not graded. "
                "If it is a download, name it itself in the command; if it is a student's, unpack it into that student's folder."
            )
            return
        try:
            yield from self.find_hand_ins(download)
        except Ungradable as error:
            self.remarks.problems.append(f"{file.origin}: {error}")

    def _read_person(
        self, file: File, box: Box, number: int, names: Mapping[tuple[str, ...], str | None]
    ) -> HandIn | None:
        """Read the person whose folder a file is in, or after whom it is named; None where nothing names anybody."""
        *folders, last = file.parts
        assignment = self._find_folder(file.parts[1:] if box.tree else file.parts)
        people = folders if box.tree else [folder for folder in folders if folder not in self.assignments]
        depth = folders.index(assignment, int(box.tree)) + 1 if assignment else 0
        if people:
            name, depth = people[0], max(depth, folders.index(people[0]) + 1)
        elif own := names.get(file.parts):
            name = own
        elif box.single:
            name = Path(last).stem
        else:
            return None
        return HandIn(Person("folder", name, is_id=box.tree), number, file, file.parts[depth:], assignment)

    def _find_folder(self, parts: Sequence[str]) -> str | None:
        """Find the assignment's folder that a file lies in."""
        return next((part for part in parts[:-1] if part in self.assignments), None)


def _find_unnamed_team(hand_in: HandIn) -> str | None:
    """Return the team that handed in, if its name shows that it is one and the platform names no other member."""
    person = hand_in.person
    if hand_in.team or hand_in.fellows or person.origin in ("folder", "gradescope"):
        return hand_in.team
    is_team = TEAM.fullmatch(person.name) or (person.origin == "moodle" and person.lms_id is None)
    return person.name if is_team else None


def _find_owner(box: Box) -> Person | None:
    """Return the person after whom a platform has named the whole folder or zip."""
    if box.tree or box.single:
        return None
    if (
        (said := read_path((box.name, ".")))
        and said.person
        and said.person.origin in ("moodle", "brightspace", "sakai")
    ):
        return said.person
    return Person("folder", box.name) if FOLDER.fullmatch(box.name) else None
