"""Read the names in platforms' downloads: who handed in, with whom, which attempt, and when.

Each platform is one entry of ``PLATFORMS``. What names cannot tell, ``roll.py`` reads from the files that a platform puts beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from autograder.intake.boxes import File
from autograder.intake.gradescope_export import is_export
from autograder.intake.people import Person, moodle_id
from autograder.intake.stamps import to_plausible_utc

MOODLE = re.compile(
    r"(?P<name>(?:(?!_\d+_).)+?)(?:[_ ](?P<id>\d+))?_assignsubmission_[a-z]+_?(?P<rest>.*)", re.DOTALL
)  # the first number is its own; a name that Canvas gives begins with another
MOODLE_FOLDER = re.compile(r"(?P<name>.+?)(?:[_ ](?P<id>\d+))?_assignsubmission_[a-z]+_?", re.DOTALL)
CANVAS = re.compile(
    r"(?:(?P<name>(?!LATE_|anon_).+?)_)?(?:LATE_)?(?P<id>\d{2,}|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<upload>\d{2,})_(?P<rest>.+)|(?P<entry>text\.html|link\.html))",
    re.DOTALL,
)
BLACKBOARD = re.compile(
    r"(?P<who>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|(?P<receipt>\.txt))", re.DOTALL
)
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
ILIAS_LATE = re.compile(r"(?:late submission|versp(?:ä|ae)tete abgabe) - ", re.IGNORECASE)
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
class PathInfo:
    """What the path of one file tells.

    Attributes:
        person: who handed in; None where nobody did, or where nobody can tell.
        rest: the path as the student gave it.
        upload: Canvas' number of the upload, or 0.
        time: of the attempt, where the name says it.
        fellows: the others for whom it counts.
        team: the folder that is common to the hand-ins of one team.
        doubt: why nobody can tell who handed in.
    """

    person: Person | None
    rest: tuple[str, ...] = ()
    upload: int = 0
    time: datetime | None = None
    fellows: tuple[Person, ...] = ()
    team: str | None = None
    doubt: str = ""


def _moodle(parts: Sequence[str]) -> PathInfo | None:
    top, *below = parts
    match = (MOODLE_FOLDER if below else MOODLE).fullmatch(top)
    if match is None:
        return None
    number = match["id"] and moodle_id(match["id"])
    return PathInfo(Person("moodle", match["name"], number), tuple(below) or (match["rest"] or top,))


def _canvas(parts: Sequence[str]) -> PathInfo | None:
    match = CANVAS.fullmatch(parts[0]) if len(parts) == 1 else None
    if match is None:
        return None
    person = Person("canvas", match["name"] or "", match["id"])
    return PathInfo(person, (match["rest"] or match["entry"],), int(match["upload"] or 0))


def _blackboard(parts: Sequence[str]) -> PathInfo | None:
    """Read a name in which assignment and login stand together: only the Roll can part them."""
    match = BLACKBOARD.fullmatch(parts[0]) if len(parts) == 1 else None
    if match is None or "_" not in match["who"]:
        return None
    try:
        time = to_plausible_utc(datetime.strptime(match["time"], "%Y-%m-%d-%H-%M-%S").astimezone())
    except (ValueError, OverflowError, OSError):
        time = None
    person = None if match["receipt"] else Person("blackboard", match["who"])
    return PathInfo(person, (match["rest"] or parts[0],), time=time)


def _brightspace(parts: Sequence[str]) -> PathInfo | None:
    top, *below = parts
    match = BRIGHTSPACE.fullmatch(top)
    if match is None or bool(match["rest"]) == bool(below):
        return None
    return PathInfo(
        Person("brightspace", match["name"], match["id"]),
        tuple(below) or (match["rest"],),
        time=parse_brightspace_time(match["time"]),
    )


def parse_brightspace_time(text: str) -> datetime | None:
    """Parse the time in a name, in this machine's zone; None where its language is unknown.

    >>> [f"{parse_brightspace_time(text):%m-%d %H:%M}" for text in ("Nov 30, 2026 1205 AM", "30. Nov. 2026 905", "3 déc. 2026 21 h 05")]
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
        return to_plausible_utc(datetime(int(numbers[1]), month, int(numbers[0]), hour, int(clock[-2:])).astimezone())
    except (ValueError, OverflowError, OSError):
        return None


def _sakai(parts: Sequence[str]) -> PathInfo | None:
    top, *below = parts
    match = SAKAI.fullmatch(top)
    if match is None or bool(match["rest"]) == bool(below):
        return None
    if is_sakais_own(below):
        return PathInfo(None)
    person, *fellows = parse_sakai_people(match["people"])
    return PathInfo(person, tuple(below) or (match["rest"],), fellows=tuple(fellows))


def is_sakais_own(below: Sequence[str]) -> bool:
    """Whether Sakai put a file into somebody's folder; a student's files lie in a folder in it."""
    return bool(SAKAI_OWN.fullmatch(below[0]) if len(below) == 1 else below and below[0].startswith("Feedback "))


def parse_sakai_people(text: str) -> list[Person]:
    """Parse a list of people such as "Doe, Jane(jdoe);Roe, Rick(r_roe)"."""
    found = [SAKAI_PERSON.fullmatch(each.strip()) for each in text.split(";")]
    return [Person("sakai", match["name"].strip(" ,"), login=match["login"]) for match in found if match]


def _open_edx(parts: Sequence[str]) -> PathInfo | None:
    if len(parts) > 3 and parts[0].startswith("course-v1:") and parts[1].startswith("block-v1:"):  # until 2020
        return PathInfo(Person("open_edx", parts[2], login=parts[2]), tuple(parts[3:]))
    match = OPEN_EDX_FILE.fullmatch(parts[1]) if len(parts) == 2 and OPEN_EDX.fullmatch(parts[0]) else None
    if match is None:
        return None
    return PathInfo(Person("open_edx", match["login"], login=match["login"]), (match["rest"] or parts[1],))


def _ilias(parts: Sequence[str]) -> PathInfo | None:
    top, *below = parts
    if below:
        below[-1] = ILIAS_LATE.sub("", below[-1], count=1)
    if below and ILIAS.fullmatch(top):
        return PathInfo(Person("ilias", top), tuple(below))
    if len(below) > 1 and ILIAS_TEAM.fullmatch(top) and ILIAS.fullmatch(below[0]):
        return PathInfo(Person("ilias", below[0]), tuple(below[1:]), team=top)
    return None


PLATFORMS: dict[str, Callable[[Sequence[str]], PathInfo | None]] = {
    "moodle": _moodle,
    "blackboard": _blackboard,
    "brightspace": _brightspace,
    "canvas": _canvas,
    "sakai": _sakai,
    "open_edx": _open_edx,
    "ilias": _ilias,
}


def read_path(parts: Sequence[str]) -> PathInfo | None:
    """Read a path by its names alone; None where no platform names its files so."""
    return next((said for read in PLATFORMS.values() if (said := read(parts))), None)


def is_download(files: Sequence[File]) -> bool:
    """Whether these are the files of one platform's download, and no others."""
    if is_export(files) or find_sakai_teams(files):
        return True
    for platform, read in PLATFORMS.items():
        own = OWN.get(platform)
        theirs = [file for file in files if not (own and len(file.parts) == 1 and own.fullmatch(file.parts[0]))]
        if theirs and all(read(file.parts) for file in theirs):
            return platform != "ilias" or len({file.parts[0] for file in theirs}) > 1  # many folders are called so
    return False


def find_sakai_teams(files: Sequence[File]) -> dict[str, File]:
    """Find the lists of members in a Sakai download: folder of a team -> list. Students' files lie deeper than the list."""
    lists = {file.parts[0]: file for file in files if file.parts[1:] == (MEMBERS,)}
    for file in files:
        depth = len(file.parts)
        own = OWN["sakai"].fullmatch(file.parts[0]) if depth == 1 else depth == 2 and SAKAI_OWN.fullmatch(file.parts[1])
        if not own and (depth < 3 or file.parts[0] not in lists):
            return {}
    return lists
