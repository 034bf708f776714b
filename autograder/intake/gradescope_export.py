"""Read who handed in what from the submission_metadata.yml of a Gradescope export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from autograder.errors import Ungradable
from autograder.files import read_regular
from autograder.intake.boxes import MAX_LIST_BYTES, File
from autograder.intake.people import Person
from autograder.intake.stamps import to_plausible_utc
from autograder.printable import list_some

METADATA = "submission_metadata.yml"
FOLDER = re.compile(r"submission_\d{1,20}")
MAX_DEPTH = 12  # lists and mappings in each other
MAX_GROUP = 100  # people of one submission
MAX_TEXT = 200  # characters of a name, number or address
_ENTRY = re.compile(r"^(?:(submission_\d{1,20})|\S[^\n]*?):", re.MULTILINE)
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})? ?(Z|UTC|[+-]\d\d:?\d\d)?")
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every value is text, whatever it looks like
_AGAIN = "Nobody knows whose they are without it: export the submissions from Gradescope again."


@dataclass
class Submitters:
    """Folder of an export -> the person who handed it in, and when. Empty for anything that is not such an export.

    Attributes:
        fellows: person -> the others of the group that the submission counts for.
        notes: one line for what cannot be read.
    """

    people: dict[str, Person] = field(default_factory=dict)
    fellows: dict[Person, list[Person]] = field(default_factory=dict)
    times: dict[Person, datetime] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, files: Sequence[File]) -> Submitters:
        """Read the metadata file beside the folders of the export; a file of that name in a student's folder is ignored.

        Raises:
            Ungradable: the metadata file is damaged.
        """
        submitters = cls()
        folders = {file.parts[0] for file in files if len(file.parts) > 1 and FOLDER.fullmatch(file.parts[0])}
        metadata = next((file for file in files if file.parts == (METADATA,)), None)
        if folders and metadata is not None:
            entries = dict(_split_entries(_read_text(metadata), folders))
            if not entries:
                raise Ungradable(f"{METADATA} names none of the folders beside it. {_AGAIN}")
            unknown = [folder for folder in sorted(folders) if not submitters._add(folder, entries.get(folder, ""))]
            if unknown:
                submitters.notes.append(
                    f"{metadata.origin}: does not say who handed in {list_some(unknown)}; the folders' names are used."
                )
        return submitters

    def _add(self, folder: str, text: str) -> bool:
        """Take over one entry; False where it names nobody."""
        try:
            entry = _parse(text).get(folder)
        except (yaml.YAMLError, RecursionError, ValueError):
            return False
        submitted_by = entry.get(":submitters") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(submitted_by, list):
            return False
        found = [_read_person(member, folder) for member in submitted_by[:MAX_GROUP]]
        members = list(dict.fromkeys(person for person in found if person is not None))
        if not members:
            return False
        if len(members) < len(submitted_by):
            self.notes.append(
                f"{METADATA}: does not name everybody in the group of {folder}; only those that it names get points."
            )
        person, *self.fellows[members[0]] = members
        self.people[folder] = person
        written = entry.get(":created_at")
        if time := _parse_time(written):
            self.times[person] = time
        elif written:
            self.notes.append(f"{METADATA}: {folder} has no readable time; the file's own time is used.")
        return True

    def person(self, parts: tuple[str, ...]) -> Person | None:
        """Return who handed in the file at this path."""
        return self.people.get(parts[0]) if len(parts) > 1 else None

    def time(self, person: Person) -> datetime | None:
        """Return when this person handed in."""
        return self.times.get(person)


def _read_person(member: object, folder: str) -> Person | None:
    if not isinstance(member, dict):
        return None
    name, sid, email = (_keep_text(member.get(key)) for key in (":name", ":sid", ":email"))
    return Person("gradescope", name or folder, sid, email) if name or sid or email else None


def is_export(files: Sequence[File]) -> bool:
    """Whether these are the files of an export, and no others."""
    names = {file.parts[0] for file in files if len(file.parts) > 1}
    flat = [file.parts[0] for file in files if len(file.parts) == 1]
    return bool(names) and flat == [METADATA] and all(map(FOLDER.fullmatch, names))


def _read_text(metadata: File) -> str:
    """Read the metadata file.

    Raises:
        Ungradable: there is too much of it, or it is no text.
    """
    data = read_regular(metadata.fetch(), MAX_LIST_BYTES + 1)
    if data is None or len(data) > MAX_LIST_BYTES:
        raise Ungradable(f"{METADATA} cannot be read: it has more than {MAX_LIST_BYTES >> 20} MiB. {_AGAIN}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Ungradable(f"{METADATA} cannot be read: it is no text. {_AGAIN}") from error


def _split_entries(text: str, folders: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """Yield the text of each folder's entry, so that damage in one spoils no other. The text of a second entry is blank."""
    seen = set()
    starts = list(_ENTRY.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=False):
        if (folder := start[1]) in folders:
            yield folder, "" if folder in seen else text[start.start() : end]
            seen.add(folder)


def _parse(text: str) -> dict[str, Any]:
    """Parse an entry into lists, mappings and texts.

    Raises:
        yaml.YAMLError: it is not YAML, or contains what Gradescope does not write.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH or (isinstance(event, yaml.CollectionStartEvent) and event.anchor):
            raise yaml.YAMLError("an anchor, or too many lists in each other")
    content = yaml.load(text, Loader=_LOADER)
    return content if isinstance(content, dict) else {}


def _keep_text(value: object) -> str | None:
    """Return a value if it is a text that says something and is not too long."""
    return value if isinstance(value, str) and value not in ("", "~", "null") and len(value) <= MAX_TEXT else None


def _parse_time(text: object) -> datetime | None:
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    day, clock, fraction, zone = match.groups(default="")
    try:
        time = datetime.fromisoformat(f"{day}T{clock}{fraction}{zone if zone not in ('', 'UTC') else 'Z'}")
        return to_plausible_utc(time)
    except ValueError:
        return None
