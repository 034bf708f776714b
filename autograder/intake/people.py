"""People who handed something in, as learning platforms name them, and the names of their folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from autograder.course.gradebook import Student
from autograder.printable import printable

MAX_NAME_BYTES = 100
# Moodle's name for everybody, where it hides the names.
HIDDEN = {"participant", "teilnehmer/in", "teilnehmerin", "teilnehmer", "participante", "partecipante", "deelnemer"}
# Platforms' names for teams; a person's name begins like that only by chance.
TEAM = re.compile(r"(?:default |standard)?(?:group|gruppe|team|grupo|groupe|gruppo|équipe|equipo)[ _-]*\w{0,3}", re.I)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """Somebody who handed in, as far as the platform or the folder tells.

    Attributes:
        origin: where the name was read; it decides what makes two people the same.
        name: as written there.
        lms_id: the platform's number for this person; Moodle's ("participant 57") is for one assignment only.
        login: with which this person logs in to the platform.
        is_id: whether the name is an id of nbgrader's own, which is never rewritten.
    """

    origin: Literal[
        "moodle", "canvas", "gradescope", "blackboard", "brightspace", "sakai", "open_edx", "ilias", "folder"
    ]
    name: str
    lms_id: str | None = None
    email: str | None = None
    login: str | None = None
    is_id: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether Moodle says "Participant" in place of the name."""
        return self.origin == "moodle" and self.name.casefold() in HIDDEN


def moodle_id(number: str) -> str:
    """Return Moodle's number of somebody in one assignment, in a form that no number of a person has."""
    return f"participant {number}"


def moodle_folder(name: str, lms_id: str | None = None) -> str:
    """Return the folder of somebody with this name in Moodle; with the number where others have the same name."""
    number = lms_id.removeprefix("participant ") if lms_id else ""
    return folder_name("_".join([*name.split(), *filter(None, [number])]))


def team_key(name: str) -> str:
    """Return a team's name without what platforms write differently: case, blanks and signs."""
    return "".join(c for c in _nfc(name).casefold() if c.isalnum())


def canvas_folder(name: str, lms_id: str) -> str:
    """Return the folder of somebody with this name ("Hacker, Alyssa") and number in Canvas, written as in Canvas' file names."""
    return folder_name("_".join(filter(None, (re.sub(r"\W", "", name.lower()), lms_id))))


def folder_name(name: str) -> str:
    """Return the name of one folder that every system takes, and that still reads like ``name``.

    >>> folder_name("Ben B."), folder_name("../../etc/passwd"), folder_name("NUL"), folder_name(chr(0x202E))
    ('Ben B', 'etc_passwd', '_NUL', 'student')
    """
    text = unicodedata.normalize("NFC", name)
    if not all(_plain(c) for c in text):
        text = "_".join("".join(c if _plain(c) else " " for c in text).split())
    text = re.sub(r"^[ .+@'-][ ._+@'-]*|[ .]+$", "", text)
    if len(text.encode()) > MAX_NAME_BYTES:
        text = f"{text.encode()[: MAX_NAME_BYTES - 9].decode(errors='ignore')}_{_digest(name)}"
    return f"_{text}" if _RESERVED.fullmatch(text) else text or "student"


def _plain(c: str) -> bool:
    return c.isalnum() or c in " _.-+@'" or unicodedata.category(c).startswith("M")


class StudentNames:
    """Gives every person one folder name and never one name to two people.

    Attributes:
        notes: one line for every name that was changed.
    """

    def __init__(
        self,
        alike: AbstractSet[str] = frozenset(),
        roster: Sequence[Student] = (),
        strange: AbstractSet[str] = frozenset(),
    ) -> None:
        """
        Args:
            alike: Moodle names that several people have.
            roster: the students known already; somebody found there keeps that name.
            strange: names in Moodle downloads in which nobody has a known name: they may be teams.
        """
        self.alike, self.strange = alike, strange
        self.roster = roster
        self.notes: list[str] = []
        self._names: dict[tuple[str, str | None], str] = {}

    def of(self, person: Person) -> str:
        """Return the folder name of ``person``: the same at every call."""
        identity = self._identify(person)
        if person.is_id:
            self._names[identity] = person.name
        if identity not in self._names:
            name = self._find_known(person) or self._propose(person)
            taken = {other.casefold() for other in self._names.values()}
            unique = f"{name}_{_digest(repr(identity))}" if name.casefold() in taken else name
            self._names[identity] = unique
            self._note(person, name, unique)
        return self._names[identity]

    def _identify(self, person: Person) -> tuple[str, str | None]:
        """Return what is equal for two records of the same person, and different for two people."""
        if person.origin in ("folder", "ilias") or (person.origin == "moodle" and not self._is_alike(person)):
            return person.origin, person.name
        number = (
            f"{person.lms_id} {person.name}" if person.origin == "brightspace" else person.lms_id
        )  # groups have numbers too
        return person.origin, person.login or number or person.email or person.name

    def _may_be_team(self, person: Person) -> bool:
        moodle = bool(TEAM.fullmatch(person.name)) or person.name in self.strange
        return person.origin == "brightspace" or (person.origin == "moodle" and not person.is_hidden and moodle)

    def _is_alike(self, person: Person) -> bool:
        return person.name in self.alike or person.is_hidden

    def _find_known(self, person: Person) -> str | None:
        """Find the one student of the roster with this login, number or e-mail, or with the full name where there is nothing better."""
        name = None if self._is_alike(person) else person.name
        wanted: dict[str, list[tuple[str, str | None]]] = {
            "canvas": [("lms_id", person.lms_id)],
            "gradescope": [("id", person.lms_id), ("email", person.email), ("id", person.email)],
            "moodle": [("lms_id", person.lms_id), ("full_name", name)],
            "brightspace": [("lms_id", person.lms_id), ("full_name", name)],
            "ilias": [("id", login) for login in _list_ilias_logins(person.name)],
            "folder": [("full_name", person.name if " " in person.name else None)],
        }
        if person.origin == "folder" and (own := [s.id for s in self.roster if _nfc(s.id) == person.name]):
            return person.name if person.name in own else own[0]
        for attribute, value in wanted.get(person.origin, [("id", person.login)]):
            same = [s for s in self.roster if value and _fold(getattr(s, attribute)) == _fold(value)]
            if attribute == "lms_id" and self._may_be_team(person):  # teams have numbers too
                same = [s for s in same if _fold(s.full_name) == _fold(person.name)]
            found = [s.id for s in same if getattr(s, attribute) == value] or [s.id for s in same]
            if len(found) == 1 and _is_folder(found[0]):
                return found[0]
        return None

    def _propose(self, person: Person) -> str:
        if person.origin == "canvas":
            return canvas_folder(person.name, person.lms_id or "")
        if person.origin == "moodle":
            return moodle_folder(person.name, person.lms_id if self._is_alike(person) else None)
        if person.origin == "brightspace":
            return moodle_folder(person.name)
        return folder_name(
            person.login or person.email or (person.origin == "gradescope" and person.lms_id) or person.name
        )

    def _note(self, person: Person, name: str, unique: str) -> None:
        """Note a name that was changed for safety, or to tell it apart from another."""
        if unique != name:
            reason = "another student's name gives the same folder"
        elif person.origin == "moodle" and self._is_alike(person):
            reason = "several students have this name"
        elif (person.origin == "folder" and _nfc(name) != person.name) or not _harmless(person.name):
            reason = "this name is not safe for a folder"
        else:
            return
        self.notes.append(f"student '{printable(person.name)}': {reason}; called '{unique}' here.")


def _list_ilias_logins(folder: str) -> list[str]:
    """List what may be the login in "Lastname_Firstname_login_123"; names and login may contain "_" themselves.

    >>> _list_ilias_logins("Doe_Jane_j_doe_123")
    ['j_doe', 'doe']
    """
    parts = folder.split("_")
    return ["_".join(parts[at:-1]) for at in range(2, len(parts) - 1)]


def _is_folder(name: str) -> bool:
    """Whether an id in nbgrader can be the name of one folder."""
    return name.strip(". ") != "" and not re.search(r"[/\\\0]", name)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _fold(text: str | None) -> str:
    return _nfc(text or "").casefold()


def _harmless(name: str) -> bool:
    """Whether a platform's name can neither lead out of a folder nor deceive a reader."""
    return name.isprintable() and not re.search(r"[/\\]|\.\.", name) and len(name.encode()) <= MAX_NAME_BYTES


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
