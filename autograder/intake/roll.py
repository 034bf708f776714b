"""Read who handed in each file of a download: from its name, and from what the platform has put beside the students' files."""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from autograder.errors import Ungradable
from autograder.files import read_regular
from autograder.intake.boxes import File
from autograder.intake.gradescope_export import Submitters
from autograder.intake.people import TEAM, Person
from autograder.intake.platforms import (
    BLACKBOARD,
    BRIGHTSPACE,
    MOODLE,
    SAKAI,
    PathInfo,
    find_sakai_teams,
    is_sakais_own,
    parse_brightspace_time,
    parse_sakai_people,
    read_path,
)
from autograder.intake.stamps import MAX_STAMP, STAMP_FILE, parse_stamp

MAX_RECEIPT, MAX_LINE = 2**16, 500  # bytes of a platform's note about one hand-in, and letters of its first line
RECEIPT = re.compile(r"[^:]+: *(?P<name>[^()]*(?:\([^()]*\)[^()]*)*?)\((?P<login>[^()\s]+)\)\s*")
NO_LOGIN = "Only Blackboard's own receipts say where the login begins. Leave the .txt files in the download, or give each student a folder."
NO_TIME = "'{}' has several attempts, and their times cannot be read. Leave only the newest in the download."
TWO_NUMBERS = (
    "'{}' has several numbers: one student or several? Put each student's files into a folder named after the student."
)


@dataclass
class Roll:
    """Who handed in each file of one download, by its name and by the platform's own lists, receipts and times beside it.

    Attributes:
        submitters: of a Gradescope export.
        logins: beginning of a Blackboard name, assignment and login together -> who that is.
        doubts: name in Brightspace -> why nobody can tell which person or attempt it is.
        teams: folder in Sakai -> the members of its team.
        times: folder in Sakai -> when it was handed in.
        members: name in Moodle -> its team, and the member's own name.
    """

    submitters: Submitters = field(default_factory=Submitters)
    logins: dict[str, Person] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    teams: dict[str, list[Person]] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Sequence[File], titles: Iterable[str]) -> Roll:
        """Read the roll from the files at the top of a download.

        Args:
            titles: names that the assignment may have in Blackboard.

        Raises:
            Ungradable: Gradescope's list is damaged.
        """
        roll = cls(Submitters.read(files))
        roll._part_blackboard(files, titles)
        roll._doubt_brightspace(files)
        roll._part_moodle(files)
        roll.teams = {
            top: people
            for top, file in find_sakai_teams(files).items()
            if (people := parse_sakai_people(_read_text(file)))
        }
        stamps = [file for file in files if file.parts[1:] == (STAMP_FILE,)]
        stamps = [file for file in stamps if file.parts[0] in roll.teams or SAKAI.fullmatch(file.parts[0])]
        times = {file.parts[0]: parse_stamp(_read_bytes(file, MAX_STAMP + 1)) for file in stamps}
        roll.times = {top: time for top, time in times.items() if time}
        return roll

    def read_path(self, parts: tuple[str, ...]) -> PathInfo | None:
        """Read a path, and what the platform's own files add to it; None where no platform names its files so."""
        top, *below = parts
        if person := self.submitters.person(parts):
            fellows = tuple(self.submitters.fellows.get(person, []))
            return PathInfo(person, tuple(below), time=self.submitters.time(person), fellows=fellows)
        if below and (members := self.teams.get(top)):
            time = self.times.get(top)
            return PathInfo(
                None if is_sakais_own(below) else members[0], tuple(below), time=time, fellows=tuple(members[1:])
            )
        said = read_path(parts)
        if said is None or said.person is None:
            return said
        if said.person.origin == "moodle" and (member := self.members.get(said.person.name)):
            team, name = member
            person = replace(said.person, name=team, lms_id=None) if name.isdigit() else replace(said.person, name=name)
            return replace(said, person=person)
        if said.person.origin == "blackboard":
            known = self.logins.get(said.person.name)
            return replace(said, person=known, doubt="" if known else NO_LOGIN)
        if doubt := said.person.origin == "brightspace" and self.doubts.get(said.person.name):
            return replace(said, person=None, doubt=doubt)
        return replace(said, time=said.time or self.times.get(top))

    def _part_blackboard(self, files: Sequence[File], titles: Iterable[str]) -> None:
        """Part assignment from login: by the receipts, else by the assignment's title, else where only one way is possible."""
        top = [file for file in files if len(file.parts) == 1]
        found = {file: match for file in top if (match := BLACKBOARD.fullmatch(file.parts[0]))}
        known = {_plain(title) for title in titles}
        for file, match in found.items():
            receipt = (
                RECEIPT.fullmatch(_read_text(file).strip().split("\n")[0][:MAX_LINE]) if match["receipt"] else None
            )
            if receipt and match["who"].casefold().endswith(f"_{receipt['login']}".casefold()):
                login = match["who"][-len(receipt["login"]) :]
                self.logins[match["who"]] = Person("blackboard", receipt["name"].strip(), login=login)
                known.add(_plain(match["who"][: -len(login) - 1]))
        for who in {match["who"] for match in found.values()} - set(self.logins):
            cuts = [at for at, letter in enumerate(who) if letter == "_"]
            fitting = [at for at in cuts if _plain(who[:at]) in known] or (cuts if len(cuts) == 1 else [])
            if len(fitting) == 1 and who[fitting[0] + 1 :]:
                login = who[fitting[0] + 1 :]
                self.logins[who] = Person("blackboard", login, login=login)

    def _doubt_brightspace(self, files: Sequence[File]) -> None:
        """Doubt a name that has several numbers, or several attempts of which nobody can tell the newest."""
        attempts = {match[0]: match for top in _list_tops(files) if (match := BRIGHTSPACE.fullmatch(top))}
        numbers: dict[str, set[str]] = defaultdict(set)
        timeless: Counter[str] = Counter()
        for name, number, time in {(match["name"], match["id"], match["time"]) for match in attempts.values()}:
            numbers[name].add(number)
            timeless[name] += parse_brightspace_time(time) is None
        self.doubts = {name: NO_TIME.format(name) for name, count in timeless.items() if count > 1}
        self.doubts |= {name: TWO_NUMBERS.format(name) for name, ids in numbers.items() if len(ids) > 1}

    def _part_moodle(self, files: Sequence[File]) -> None:
        """Part team from member: until Moodle 4, "Group A-Jane Doe_123" was a member's name. Names may contain a hyphen themselves."""
        for name in {match["name"] for top in _list_tops(files) if (match := MOODLE.fullmatch(top))}:
            cuts = [at for at, letter in enumerate(name) if letter == "-" and TEAM.fullmatch(name[:at])]
            if cuts:
                self.members[name] = name[: cuts[-1]], name[cuts[-1] + 1 :]


def _list_tops(files: Sequence[File]) -> set[str]:
    return {file.parts[0] for file in files}


def _plain(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def _read_text(file: File) -> str:
    text = _read_bytes(file, MAX_RECEIPT).decode("utf-8-sig", errors="replace")
    return html.unescape(text.replace("\r", ""))


def _read_bytes(file: File, most: int) -> bytes:
    """Return the first bytes of a platform's own file; nothing where it is damaged."""
    try:
        return read_regular(file.fetch(), most) or b""
    except Ungradable:
        return b""
