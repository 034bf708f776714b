"""Who handed in what, from the submission_metadata.yml of a Gradescope export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml

from autograder.intake import File
from autograder.people import Person

METADATA = "submission_metadata.yml"
FOLDER = re.compile(r"submission_\d+")


@dataclass
class Submitters:
    """Folder of an export -> the person who handed it in, and when. Empty for anything that is no such export.

    Attributes:
        base: the folder that the export's folders lie in.
    """

    base: tuple[str, ...] = ()
    people: dict[str, Person] = field(default_factory=dict)
    times: dict[Person, datetime] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Sequence[File]) -> Submitters:
        """From the metadata file beside the folders of the export; a file of that name in a student's folder says nothing.

        Raises:
            Ungradable: it is damaged inside its zip.
        """
        exports = {file.parts[:i] for file in files for i, part in enumerate(file.parts[:2]) if FOLDER.fullmatch(part)}
        submitters = cls(min(exports, key=len, default=()))
        for file in files:
            if file.parts[-1] == METADATA and file.parts[:-1] == submitters.base and exports:
                try:
                    content = yaml.load(file.fetch().read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
                except yaml.YAMLError:
                    continue
                for folder, entry in content.items() if isinstance(content, dict) else ():
                    if FOLDER.fullmatch(str(folder)):
                        submitters._add(str(folder), entry)
        return submitters

    def _add(self, folder: str, entry: Any) -> None:
        submitted_by = entry.get(":submitters") if isinstance(entry, dict) else None
        if not isinstance(submitted_by, list) or not submitted_by or not isinstance(submitted_by[0], dict):
            return
        sid, email = (str(submitted_by[0].get(key) or "") or None for key in (":sid", ":email"))
        person = Person("gradescope", str(submitted_by[0].get(":name") or folder), sid, email)
        self.people[folder] = person
        if isinstance(time := entry.get(":created_at"), datetime):
            self.times[person] = time if time.tzinfo else time.replace(tzinfo=UTC)

    def person(self, parts: tuple[str, ...]) -> Person | None:
        """Who handed in the file at this path."""
        depth = len(self.base)
        return self.people.get(parts[depth]) if parts[:depth] == self.base and len(parts) > depth + 1 else None

    def time(self, person: Person) -> datetime | None:
        """When this person handed in."""
        return self.times.get(person)
