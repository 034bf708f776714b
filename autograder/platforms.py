"""What the names in the platforms' downloads say: who handed in, with whom, which attempt, and when.

A platform is one entry of ``PLATFORMS``; what its names cannot say by themselves, ``Roll`` reads from the files that it puts beside.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from autograder.gradescope import Submitters, is_export
from autograder.intake import File, plausible, read_regular
from autograder.people import TEAM, Person, moodle_id

STAMP_FILE = "timestamp.txt"
MAX_STAMP = 100  # bytes of a time: the time that its parser needs grows with the square of them
MAX_RECEIPT, MAX_LINE = 2**16, 500  # bytes of a platform's note about one hand-in, and letters of its first line
# What a time is written with, as nbgrader and the programs around it do; a zone is no path out of the system's list of zones.
STAMP = re.compile(r"(?!.*(?:\.\.|(?:^| )[/:]))[\w .:,+/-]+", re.ASCII)
MOODLE = re.compile(
    r"(?P<name>(?:(?!_\d+_).)+?)(?:[_ ](?P<id>\d+))?_assignsubmission_[a-z]+_?(?P<rest>.*)", re.DOTALL
)  # the first number is its own; a name that Canvas gives begins with another
CANVAS = re.compile(
    r"(?:(?P<name>(?!LATE_|anon_).+?)_)?(?:LATE_)?(?P<id>\d{2,}|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<upload>\d{2,})_(?P<rest>.+)|(?P<entry>text\.html|link\.html))",
    re.DOTALL,
)
BLACKBOARD = re.compile(
    r"(?P<who>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|(?P<receipt>\.txt))", re.DOTALL
)
RECEIPT = re.compile(r"[^:]+: *(?P<name>[^()]*(?:\([^()]*\)[^()]*)*?)\((?P<login>[^()\s]+)\)\s*")
BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ - (?P<name>.+?) ?- (?P<time>[^-]{0,24}\d{4}[^-]{0,24}?)(?: - (?P<rest>.+))?", re.DOTALL
)
SAKAI_PERSON = re.compile(r"(?P<name>[^(),]+,[^()]*)(?<! )\((?P<login>[^()]+)\)")
SAKAI = re.compile(
    r"(?P<people>[^(),;]+,[^();]*(?<! )\([^()]+\)(?:;[^(),;]+,[^();]*(?<! )\([^()]+\))*)(?:_Submission attachment\(s\)_(?P<rest>.+))?",
    re.DOTALL,
)
SAKAI_OWN = re.compile(r"(?:timestamp|comments|members)\.txt|feedbackText\.html|.*_submissionText\.html", re.DOTALL)
MEMBERS = "members.txt"
ILIAS = re.compile(r"[^_]+_[^_]+_.+_\d{2,}", re.DOTALL)
ILIAS_TEAM = re.compile(r"\w+ \d+")
OPEN_EDX = re.compile(r"\[\d+\].*, \[\d+\].*, \[\d+\].*|Removed from course", re.DOTALL)
OPEN_EDX_FILE = re.compile(r"\[(?:\d+|x)\] - (?P<login>\S+?)(?: - (?P<rest>.+)|\.\w+)", re.DOTALL)
# Files that a platform puts beside what was handed in.
OWN = {
    "brightspace": re.compile(r"index\.html"),
    "sakai": re.compile(r"grades\.\w+"),
    "open_edx": re.compile(r"(?:submissions|downloads)\.csv"),
    "ilias": re.compile(r"[^/]+\.xlsx?|status\.csv"),
}
# The beginnings of the months' names in English, German, French, Spanish, Italian, Dutch and Portuguese.
MONTHS = dict.fromkeys(("jan", "ene", "gen"), 1) | dict.fromkeys(("feb", "fév", "fev"), 2)
MONTHS |= dict.fromkeys(("mar", "mär", "mrz", "maa", "mrt"), 3) | dict.fromkeys(("apr", "avr", "abr"), 4)
MONTHS |= dict.fromkeys(("may", "mai", "mag", "mei"), 5) | dict.fromkeys(("jun", "giu"), 6)
MONTHS |= dict.fromkeys(("jul", "lug"), 7) | dict.fromkeys(("aug", "aoû", "ago"), 8)
MONTHS |= dict.fromkeys(("sep", "set"), 9) | dict.fromkeys(("oct", "okt", "ott", "out"), 10)
MONTHS |= {"nov": 11} | dict.fromkeys(("dec", "dez", "déc", "dic"), 12)


@dataclass(frozen=True)
class Named:
    """What one path says.

    Attributes:
        person: who handed in; None where nobody did, or where it cannot be told.
        rest: the path as the student gave it.
        upload: Canvas' number of the upload, or 0.
        time: of the attempt, where the name says it.
        fellows: who else it counts for.
        team: the folder that the hand-ins of one team share.
        doubt: why it cannot be told who handed in.
    """

    person: Person | None
    rest: tuple[str, ...] = ()
    upload: int = 0
    time: datetime | None = None
    fellows: tuple[Person, ...] = ()
    team: str | None = None
    doubt: str = ""


def _moodle(parts: Sequence[str]) -> Named | None:
    top, *below = parts
    if match := MOODLE.fullmatch(top):
        number = match["id"] and moodle_id(match["id"])
        return Named(Person("moodle", match["name"], number), tuple(below) or (match["rest"] or top,))
    return None


def _canvas(parts: Sequence[str]) -> Named | None:
    match = CANVAS.fullmatch(parts[0]) if len(parts) == 1 else None
    if match is None:
        return None
    person = Person("canvas", match["name"] or "", match["id"])
    return Named(person, (match["rest"] or match["entry"],), int(match["upload"] or 0))


def _blackboard(parts: Sequence[str]) -> Named | None:
    """The person is assignment and login in one: only the Roll can part them."""
    match = BLACKBOARD.fullmatch(parts[0]) if len(parts) == 1 else None
    if match is None or "_" not in match["who"]:
        return None
    try:
        time = plausible(datetime.strptime(match["time"], "%Y-%m-%d-%H-%M-%S").astimezone())
    except (ValueError, OverflowError, OSError):
        time = None
    person = None if match["receipt"] else Person("blackboard", match["who"])
    return Named(person, (match["rest"] or parts[0],), time=time)


def _brightspace(parts: Sequence[str]) -> Named | None:
    top, *below = parts
    match = BRIGHTSPACE.fullmatch(top)
    if match is None or bool(match["rest"]) == bool(below):
        return None
    return Named(
        Person("brightspace", match["name"], match["id"]),
        tuple(below) or (match["rest"],),
        time=_brightspace_time(match["time"]),
    )


def _brightspace_time(text: str) -> datetime | None:
    """The time in a name, as this machine's clock has it; None where its language is unknown.

    >>> [f"{_brightspace_time(text):%m-%d %H:%M}" for text in ("Nov 30, 2026 1205 AM", "30. Nov. 2026 905", "3 déc. 2026 21 h 05")]
    ['11-30 00:05', '11-30 09:05', '12-03 21:05']
    """
    words, numbers = re.findall(r"[^\W\d_]+", text.lower()), re.findall(r"\d+", text)
    month = next((MONTHS[word[:3]] for word in words if word[:3] in MONTHS), None)
    clock = "".join(numbers[2:])
    if month is None or not 3 <= len(clock) <= 4:
        return None
    hour = int(clock[:-2])
    if {"am", "pm"} & set(words):
        hour = hour % 12 + 12 * ("pm" in words)
    try:
        return plausible(datetime(int(numbers[1]), month, int(numbers[0]), hour, int(clock[-2:])).astimezone())
    except (ValueError, OverflowError, OSError):
        return None


def _sakai(parts: Sequence[str]) -> Named | None:
    top, *below = parts
    match = SAKAI.fullmatch(top)
    if match is None or bool(match["rest"]) == bool(below):
        return None
    if _sakais_own(below):
        return Named(None)
    person, *fellows = _sakai_people(match["people"])
    return Named(person, tuple(below) or (match["rest"],), fellows=tuple(fellows))


def _sakais_own(below: Sequence[str]) -> bool:
    """Whether Sakai put a file into somebody's folder; what is a student's lies in a folder there."""
    return bool(SAKAI_OWN.fullmatch(below[0]) if len(below) == 1 else below and below[0].startswith("Feedback "))


def _sakai_people(text: str) -> list[Person]:
    found = [SAKAI_PERSON.fullmatch(each.strip()) for each in text.split(";")]
    return [Person("sakai", match["name"].strip(" ,"), login=match["login"]) for match in found if match]


def _open_edx(parts: Sequence[str]) -> Named | None:
    if len(parts) > 3 and parts[0].startswith("course-v1:") and parts[1].startswith("block-v1:"):  # until 2020
        return Named(Person("open_edx", parts[2], login=parts[2]), tuple(parts[3:]))
    match = OPEN_EDX_FILE.fullmatch(parts[1]) if len(parts) == 2 and OPEN_EDX.fullmatch(parts[0]) else None
    if match is None:
        return None
    return Named(Person("open_edx", match["login"], login=match["login"]), (match["rest"] or parts[1],))


def _ilias(parts: Sequence[str]) -> Named | None:
    top, *below = parts
    if below and ILIAS.fullmatch(top):
        return Named(Person("ilias", top), tuple(below))
    if len(below) > 1 and ILIAS_TEAM.fullmatch(top) and ILIAS.fullmatch(below[0]):
        return Named(Person("ilias", below[0]), tuple(below[1:]), team=top)
    return None


PLATFORMS: dict[str, Callable[[Sequence[str]], Named | None]] = {
    "moodle": _moodle,
    "blackboard": _blackboard,
    "brightspace": _brightspace,
    "canvas": _canvas,
    "sakai": _sakai,
    "open_edx": _open_edx,
    "ilias": _ilias,
}


def named(parts: Sequence[str]) -> Named | None:
    """What a path says by its names alone; None when no platform calls its files so."""
    return next((said for read in PLATFORMS.values() if (said := read(parts))), None)


def is_download(files: Sequence[File]) -> bool:
    """Whether these are the files of one platform's download, and no others."""
    if is_export(files) or _sakai_teams(files):
        return True
    for platform, read in PLATFORMS.items():
        own = OWN.get(platform)
        theirs = [file for file in files if not (own and len(file.parts) == 1 and own.fullmatch(file.parts[0]))]
        if theirs and all(read(file.parts) for file in theirs):
            return platform != "ilias" or len({file.parts[0] for file in theirs}) > 1  # many folders are called so
    return False


def _sakai_teams(files: Sequence[File]) -> dict[str, File]:
    """Folder of a team -> its list of members, in a download of Sakai's: whatever is a student's lies deeper than that list."""
    lists = {file.parts[0]: file for file in files if file.parts[1:] == (MEMBERS,)}
    for file in files:
        depth = len(file.parts)
        own = OWN["sakai"].fullmatch(file.parts[0]) if depth == 1 else depth == 2 and SAKAI_OWN.fullmatch(file.parts[1])
        if not own and (depth < 3 or file.parts[0] not in lists):
            return {}
    return lists


@dataclass
class Roll:
    """Who handed in what of one download, by its names and by the lists, receipts and stamps of the platform's own beside them."""

    submitters: Submitters = field(default_factory=Submitters)
    logins: dict[str, Person] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    teams: dict[str, list[Person]] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)
    members: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Sequence[File], titles: Iterable[str]) -> Roll:
        """From the files at the top of a download.

        Args:
            titles: what Blackboard may call the assignment.

        Raises:
            Ungradable: Gradescope's list is damaged.
        """
        roll = cls(Submitters.read(files))
        roll._part_blackboard(files, titles)
        roll._doubt_brightspace(files)
        roll._part_moodle(files)
        roll.teams = {
            top: people for top, file in _sakai_teams(files).items() if (people := _sakai_people(_text(file)))
        }
        stamps = [file for file in files if file.parts[1:] == (STAMP_FILE,)]
        stamps = [file for file in stamps if file.parts[0] in roll.teams or SAKAI.fullmatch(file.parts[0])]
        times = {file.parts[0]: noted_time(read_regular(file.fetch(), MAX_STAMP + 1)) for file in stamps}
        roll.times = {top: time for top, time in times.items() if time}
        return roll

    def named(self, parts: tuple[str, ...]) -> Named | None:
        """What a path says, and what the platform's own files add to it; None when no platform calls its files so."""
        top, *below = parts
        if person := self.submitters.person(parts):
            fellows = tuple(self.submitters.fellows.get(person, []))
            return Named(person, tuple(below), time=self.submitters.time(person), fellows=fellows)
        if below and (members := self.teams.get(top)):
            time = self.times.get(top)
            return Named(
                None if _sakais_own(below) else members[0], tuple(below), time=time, fellows=tuple(members[1:])
            )
        said = named(parts)
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
            receipt = RECEIPT.fullmatch(_text(file).strip().split("\n")[0][:MAX_LINE]) if match["receipt"] else None
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
        """Doubt a name that stands there with several numbers, or with several attempts of which none can be told to be the newest."""
        attempts = {match[0]: match for top in _tops(files) if (match := BRIGHTSPACE.fullmatch(top))}
        numbers: dict[str, set[str]] = defaultdict(set)
        timeless: Counter[str] = Counter()
        for name, number, time in {(match["name"], match["id"], match["time"]) for match in attempts.values()}:
            numbers[name].add(number)
            timeless[name] += _brightspace_time(time) is None
        self.doubts = {name: NO_TIME.format(name) for name, count in timeless.items() if count > 1}
        self.doubts |= {name: TWO_NUMBERS.format(name) for name, ids in numbers.items() if len(ids) > 1}

    def _part_moodle(self, files: Sequence[File]) -> None:
        """Part team from member: until Moodle 4, "Group A-Jane Doe_123" was in a team. Names may hold a hyphen themselves."""
        for name in {match["name"] for top in _tops(files) if (match := MOODLE.fullmatch(top))}:
            cuts = [at for at, letter in enumerate(name) if letter == "-" and TEAM.fullmatch(name[:at])]
            if cuts:
                self.members[name] = name[: cuts[-1]], name[cuts[-1] + 1 :]


def _tops(files: Sequence[File]) -> set[str]:
    return {file.parts[0] for file in files}


NO_LOGIN = "Where the login begins, only Blackboard's own receipts say. Leave the .txt files in the download, or give each student a folder."
NO_TIME = "'{}' has several attempts, and their times cannot be read. Leave the newest alone in the download."
TWO_NUMBERS = (
    "'{}' has several numbers: one student or several? Put what belongs to one into a folder called as the student."
)


def _plain(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def _text(file: File) -> str:
    text = (read_regular(file.fetch(), MAX_RECEIPT) or b"").decode("utf-8-sig", errors="replace")
    return html.unescape(text.replace("\r", ""))


def noted_time(stamp: bytes | None) -> datetime | None:
    """The time in the timestamp.txt of nbgrader, which a student can write to, or of Sakai; None when it says none.

    >>> noted_time(b"2025-03-09 10:30:00 America/New_York").isoformat()
    '2025-03-09T14:30:00+00:00'
    >>> noted_time(b"20261130102300000").isoformat()
    '2026-11-30T10:23:00+00:00'
    """
    from nbgrader.utils import parse_utc

    if stamp is None or len(stamp) > MAX_STAMP:
        return None
    try:
        text = stamp.decode("utf-8-sig").strip()
        if not STAMP.fullmatch(text):
            return None
        sakai = re.fullmatch(r"(\d{14})\d{3}", text)
        time = datetime.strptime(sakai[1], "%Y%m%d%H%M%S") if sakai else parse_utc(text)
    except Exception:  # whatever the parser of dates says to what is no date
        return None
    return plausible(time.replace(tzinfo=UTC))
