"""Tell from its names what a pile of files is: a platform's download, a class, one student's work, or unknown."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from autograder.errors import Ungradable
from autograder.intake.boxes import Box, File
from autograder.intake.platforms import is_download, read_path
from autograder.intake.walk import NOTEBOOK_NAME
from autograder.printable import printable

# Folders that platforms put around a class, and how many folders may lie in each other so.
WRAPPER = re.compile(r"submissions?|abgaben?|einreichungen|soumissions|rendus|entregas|consegne", re.IGNORECASE)
MAX_WRAPPERS = 4
DRIVE = re.compile(r".*-\d{8}T\d{6}Z(?:-\d+)*(?: ?\(\d+\))?")  # the zips that Google Drive makes of folders
# Words for another version of a notebook: they name nobody.
VERSION = re.compile(
    r"v?\d+|v|ver|version|final|finished|done|new|old|copy\d*|kopie|latest|last|fixed|updated|solutions?|submission|"
    r"answers?|draft|test|attempt|try|later|first|second|backup|abgabe|lösung|versuch|neu|alt|fertig|of|the|my|homework|hw"
)


def assignment_stem(name: str) -> str:
    """Return a notebook's file name without what browsers, Canvas and Colab add to it.

    >>> [assignment_stem(n) for n in ("padding-1.ipynb", "padding (2).ipynb", "Copy of padding.ipynb")]
    ['padding', 'padding', 'padding']
    """
    notebook = NOTEBOOK_NAME.fullmatch(name)
    stem = notebook["stem"] if notebook else name
    return re.sub(r"^Copy of |(-\d{1,3}| ?\(\d{1,3}\))+$", "", stem)


def remove_wrapper(box: Box, assignments: AbstractSet[str]) -> Box:
    """Return a box without the folders that platforms and many programs put around everything in a zip.

    Raises:
        Ungradable: the one folder of a folder may be such a wrapper, or a student's own.
    """
    if box.tree or box.single or is_download(box.files):
        return box
    top, inside = _find_inside(box.files, assignments)
    for depth in range(MAX_WRAPPERS):
        if top is None:
            return box
        if is_download(inside) and (depth == 0 or WRAPPER.fullmatch(top)):
            if not box.zipped and top != box.name and not WRAPPER.fullmatch(top):
                raise Ungradable(
                    f"its one folder '{printable(top)}' looks like a platform's download, or is a student's own. It was not graded. "
                    "If it is a download, name that folder."
                )
            return replace(box, files=inside)
        platforms = WRAPPER.fullmatch(top) and (
            len({file.parts[0] for file in inside}) > 1 or any(read_path(f.parts) for f in inside)
        )
        drive = DRIVE.fullmatch(box.name) or _is_pile(inside, assignments, same=top == box.name)
        if box.zipped and (platforms or (depth == 0 and drive)):
            box = replace(box, files=inside)
        top, inside = _find_inside(inside, assignments)
    return box


def _find_inside(files: Sequence[File], assignments: AbstractSet[str]) -> tuple[str | None, list[File]]:
    """Find the one folder that holds everything that may have been handed in, and the files in it."""
    below = [file for file in files if len(file.parts) > 1]
    tops = {file.parts[0] for file in below}
    beside = [
        file for file in files if len(file.parts) == 1 and file.suffix in (".ipynb", ".zip", ".py", ".pdf", ".yml")
    ]
    if len(tops) != 1 or beside or tops & assignments or any(read_path(file.parts) for file in below):
        return None, []
    return tops.pop(), [replace(file, parts=file.parts[1:]) for file in below]


def _is_pile(files: Sequence[File], assignments: AbstractSet[str], same: bool) -> bool:
    """Whether the files of a zip's one folder are those of a class.

    Args:
        same: whether that folder has the zip's name.
    """
    folders = {file.parts[0] for file in files if len(file.parts) > 1} - assignments
    stems = [assignment_stem(file.parts[0]) for file in files if len(file.parts) == 1 and file.suffix == ".ipynb"]
    if same:
        return len(stems) > 1 or len(folders) > 1
    alone = len(set(stems)) == len(stems) and assignments >= set(stems)
    return (len(folders) > 1 and not stems) or (len(stems) > 1 and not alone)


def is_one_students(box: Box, assignments: AbstractSet[str]) -> bool:
    """Whether a folder holds one notebook, named after its assignment: then the folder has the student's name."""
    notebooks = [file.parts for file in box.files if file.suffix == ".ipynb"]
    return len(notebooks) == 1 and len(notebooks[0]) == 1 and assignment_stem(notebooks[0][0]) in assignments


def may_be_class(files: Sequence[File], assignments: AbstractSet[str]) -> bool:
    """Whether the files may be several students': a platform names several, or folders that are not versions hold the same notebook."""
    while True:
        said = [read_path(file.parts) for file in files]
        if len({each.person for each in said if each and each.person and each.person.origin != "ilias"}) > 1:
            return True
        folders: dict[str, set[str]] = defaultdict(set)
        for file in files:
            if len(file.parts) > 1 and file.suffix == ".ipynb":
                folders[file.parts[0]].add(assignment_stem(file.parts[-1]))
        if len(folders) != 1:
            stems = [stem for name, inside in folders.items() if not _says_nobody(name, assignments) for stem in inside]
            return len(stems) > len(set(stems))
        files = [replace(file, parts=file.parts[1:]) for file in files if file.parts[0] in folders]


def find_loose_names(
    box: Box, suffix: str, assignments: AbstractSet[str], known: Collection[str]
) -> dict[tuple[str, ...], str | None]:
    """Find after whom the files that lie in no student's folder are named; None for those that name nobody for certain.

    Args:
        suffix: of the files to look at: notebooks or zips.
        known: ids of students.
    """
    files = [file for file in box.files if file.suffix == suffix]
    loose = [file for file in files if assignments >= set(file.parts[:-1])]
    stems = {file.parts: _remove_count(file.parts[-1]) for file in loose}
    names = _find_before_dash(stems, assignments) | {parts: stem for parts, stem in stems.items() if stem in known}
    rest = {parts: stem for parts, stem in stems.items() if not names.get(parts)}
    drive = bool(DRIVE.fullmatch(box.name))
    often = Counter(rest.values())
    nobody = [stem for stem in rest.values() if often[stem] > 1 or _says_nobody(stem, assignments)]
    if not nobody and not drive:
        return names | rest
    # One student's box holds one notebook, or one of each assignment.
    exact = [assignment_stem(stem) for stem in nobody]
    alone = len(rest) == 1 or (len(set(exact)) == len(rest) and assignments >= set(exact))
    if (alone or box.beside) and len(rest) == len(files) == len(nobody) and not drive:
        return {
            parts: stem if box.single and not assignments & set(exact) else box.name for parts, stem in rest.items()
        }
    # Where half were never given a name of their own, the other names need not be people's either.
    nameless = [stem for stem in nobody if often[stem] > 1 or not all(map(VERSION.fullmatch, _split_words(stem)))]
    unnamed = drive or 2 * len(nameless) >= len(rest)
    return names | {parts: None if unnamed or stem in nobody else stem for parts, stem in rest.items()}


def _remove_count(name: str) -> str:
    """Return a file's name without its suffix, and without the number that browsers and Google Drive add to a name that exists."""
    notebook = NOTEBOOK_NAME.fullmatch(name)
    return re.sub(r"( ?\(\d{1,3}\))+$", "", notebook["stem"] if notebook else Path(name).stem)


def _find_before_dash(
    stems: Mapping[tuple[str, ...], str], assignments: AbstractSet[str]
) -> dict[tuple[str, ...], str | None]:
    """Find the people in names such as "Jane Doe - padding", as Google Classroom names copies. None where two are named alike."""
    split = {parts: stem.rpartition(" - ")[::2] for parts, stem in stems.items()}
    split = {parts: said for parts, said in split.items() if said[0] and not _says_nobody(said[0], assignments)}
    often, titles = Counter(split.values()), Counter(title for _, title in set(split.values()))
    return {
        parts: person if often[person, title] == 1 else None
        for parts, (person, title) in split.items()
        if titles[title] > 1 or _says_nobody(title, assignments)
    }


def _says_nobody(stem: str, assignments: AbstractSet[str]) -> bool:
    """Whether a notebook's name is that of an assignment, of a version, or of both.

    >>> [_says_nobody(stem, {"tensor_shapes"}) for stem in ("Tensor shapes final v2", "Untitled3", "doe", "doe_tensor_shapes")]
    [True, True, False, False]
    """
    words = " ".join(_split_words(stem))
    for assignment in assignments:
        words = re.sub(rf"\b{re.escape(' '.join(_split_words(assignment)))}\b", "", words)
    return all(VERSION.fullmatch(word) or re.fullmatch(r"untitled\d*", word) for word in words.split())


def _split_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())
