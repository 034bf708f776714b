"""Find points, feedback and students in the files that learning platforms export."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from autograder.errors import UsageError
from autograder.intake.people import canvas_folder, moodle_folder, moodle_id
from autograder.printable import printable
from autograder.reports.sheet import Sheet

# the headers of Moodle's grading worksheet in English, German and Spanish
IDENTIFIER = ("identifier", "id", "identificador")
FULL_NAME = ("full name", "vollständiger name", "nombre completo")
NAMES = ("first name", "vorname", "nombre"), ("last name", "surname", "nachname", "apellido(s)")
EMAIL = ("email address", "e-mail-adresse", "dirección de correo")
ID_NUMBER = ("id number", "id-nummer", "número de id")
USERNAME = ("username", "anmeldename", "nombre de usuario")
GRADE = ("grade", "bewertung", "calificación")
MAXIMUM = ("maximum grade", "bestwertung", "calificación máxima")
LOCKED = ("grade can be changed", "bewertung kann geändert werden", "la calificación puede ser cambiada")
GROUP = ("group", "gruppe", "grupo")
COMMENT = ("feedback comments", "feedback als kommentar", "comentarios de retroalimentación")


@dataclass(frozen=True)
class Row:
    """One student's row.

    Attributes:
        label: how the instructor knows the student.
        keys: (attribute of Student, or ``participant``; value), the most reliable first: they find this student in the gradebook.
        locked: why no grade may be written; empty where one may.
        team: the name under which this student's team handed in; may be empty.
        folder: the name that `autograder grade` gives this student, where it holds the platform's number; may be empty.
    """

    index: int
    label: str
    keys: list[tuple[str, str]] = field(compare=False)
    locked: str = ""
    team: str = ""
    folder: str = ""


@dataclass
class Layout:
    """The rows of students, and for each assignment its columns (points, feedback) and the maxima that the file states."""

    rows: list[Row] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=dict)
    feedback: dict[str, int] = field(default_factory=dict)
    maxima: dict[str, set[str]] = field(default_factory=dict)


def make_slug(title: str) -> str:
    """Write a title as an assignment's name is written.

    >>> make_slug("Parameter counting"), make_slug("parameter_counting")
    ('parameter_counting', 'parameter_counting')
    """
    return re.sub(r"[\W_]+", "_", title.casefold()).strip("_")


def is_titled(header: str, title: str) -> bool:
    """Whether a column's header is ``title``, with or without what a platform adds to it: a kind, a number or a display.

    >>> is_titled("Assignment: Homework 1: Padding (Real)", "Homework 1: padding"), is_titled("TF-IDF (2)", "TF-IDF (1)")
    (True, True)
    >>> is_titled("Assignment: Padding (Real)", "Homework 1: Padding")
    False
    """
    return _is_called(header, title) or _is_called(_without_kind(header), title)


def _is_called(header: str, title: str) -> bool:
    wanted = {make_slug(title), make_slug(_without_suffix(title))} - {""}
    return bool(wanted & {make_slug(header), make_slug(_without_suffix(header))})


def _without_kind(header: str) -> str:
    return re.sub(r"^[^:]{1,40}:\s*", "", header)


def _without_suffix(header: str) -> str:
    """Return a header without Canvas' number, Moodle's display, or the points that other platforms put after a title."""
    return re.sub(r" (?:\([^()]*\)|\[[^\]]*\].*|\w+ Grade(?: <.*)?)$", "", header)


def _titled(sheet: Sheet, assignment: str) -> list[int]:
    """Find the columns that the instructor named for an assignment; ignore a header's kind only if no whole header matches."""
    if (title := sheet.titles.get(assignment)) is None:
        return []
    whole = [i for i, header in enumerate(sheet.header) if _is_called(header, title)]
    return whole or [i for i, header in enumerate(sheet.header) if is_titled(header, title)]


def read_canvas_layout(sheet: Sheet, assignments: Sequence[str]) -> Layout:
    """Read the layout of a gradebook that Canvas exported.

    Raises:
        UsageError: the file is no such gradebook, or several columns could be one assignment.
    """
    header = sheet.header
    if "ID" not in header or not {"Student", "LastName"} & set(header):
        raise UsageError(
            f"{sheet.path}: is no gradebook exported by Canvas: 'Student' or 'ID' is missing. It has the columns {sheet.columns()}."
        )
    layout, at = Layout(), {name: index for index, name in reversed(list(enumerate(header)))}
    head = [row for row in range(1, len(sheet.raw)) if sheet.cell(row, 0).strip() == "Points Possible"]
    possible = head[0] if head else 0
    read_only = {column for column in range(len(header)) if possible and sheet.cell(possible, column) == "(read only)"}
    for name in assignments:
        numbered = [
            i for i, title in enumerate(header) if make_slug(re.sub(r" \(\d+\)$", "", title)) == make_slug(name)
        ]
        if (column := _only(sheet, name, numbered, read_only)) is not None:
            layout.points[name] = column
            layout.maxima[name] = {sheet.cell(possible, column).strip()} if possible else set()
    for row in range(possible + 1, len(sheet.raw)):
        cells = {name: sheet.cell(row, index).strip() for name, index in at.items()}
        student = cells.get("Student") or ", ".join(filter(None, (cells.get("LastName"), cells.get("FirstName"))))
        if cells["ID"] and student != "Student, Test":
            label, folder = printable(f"{student} ({cells['ID']})"), canvas_folder(student, cells["ID"])
            layout.rows.append(Row(row, label, _canvas_keys(student, cells), folder=folder))
    return layout


def _canvas_keys(student: str, cells: dict[str, str]) -> list[tuple[str, str]]:
    login, number = cells.get("SIS Login ID", ""), cells.get("SIS User ID", "")
    return [
        ("lms_id", cells["ID"]),
        ("id", login),
        ("email", login),
        ("id", number),
        ("id", canvas_folder(student, cells["ID"])),
    ]


def read_moodle_layout(sheet: Sheet, assignments: Sequence[str]) -> Layout:
    """Read the layout of a grading worksheet of one assignment, or of grades exported from Moodle's gradebook.

    Raises:
        UsageError: the file is neither, or it is a worksheet and not exactly one assignment was asked for.
    """
    if _column(sheet, IDENTIFIER) is not None and _column(sheet, GRADE) is not None:
        if len(assignments) != 1:
            known = ", ".join(assignments) or "none"
            raise UsageError(
                f"{sheet.path}: is a worksheet for one assignment. Say which with --assignment; there are grades for: {known}."
            )
        return _worksheet(sheet, assignments[0])
    if any(_column(sheet, names) is not None for names in (EMAIL, ID_NUMBER, USERNAME)):
        return _gradebook(sheet, assignments)
    raise UsageError(
        f"{sheet.path}: is neither Moodle's grading worksheet nor grades exported from its gradebook (in English, German or Spanish)."
        f" It has the columns {sheet.columns()}."
    )


def _worksheet(sheet: Sheet, assignment: str) -> Layout:
    grade, maximum, comment = (_column(sheet, names) for names in (GRADE, MAXIMUM, COMMENT))
    assert grade is not None  # the caller has checked
    layout = Layout(points={assignment: grade}, feedback={} if comment is None else {assignment: comment})
    layout.maxima[assignment] = {sheet.cell(row, maximum).strip() for row in range(1, len(sheet.raw))}
    layout.rows = _moodle_rows(sheet)
    return layout


def _gradebook(sheet: Sheet, assignments: Sequence[str]) -> Layout:
    layout = Layout(rows=_moodle_rows(sheet))
    titles = [_without_kind(title) for title in sheet.header]
    for name in assignments:
        like_it = [
            i for i, title in enumerate(titles) if make_slug(re.sub(r" \([^()]*\)$", "", title)) == make_slug(name)
        ]
        named = {i: titles[i] for i in _titled(sheet, name) or like_it}
        feedback = [
            i for i, title in named.items() if title.endswith("(Feedback)") or sheet.header[i].startswith("Feedback:")
        ]
        others = {i for i, title in named.items() if not title.endswith("(Real)")}
        without = others if len(others) < len(named) else feedback
        if (column := _only(sheet, name, list(named), without)) is not None:
            layout.points[name] = column
            if feedback:
                layout.feedback[name] = feedback[0]
    return layout


def _moodle_rows(sheet: Sheet) -> list[Row]:
    columns: tuple[tuple[str, ...], ...] = (IDENTIFIER, USERNAME, EMAIL, ID_NUMBER, LOCKED, GROUP, FULL_NAME, *NAMES)
    at = {names: _column(sheet, names) for names in columns}
    rows = []
    for index in range(1, len(sheet.raw)):
        cells = {names: sheet.cell(index, column).strip() for names, column in at.items()}
        name = cells[FULL_NAME] or " ".join(filter(None, (cells[part] for part in NAMES)))
        known_by = cells[IDENTIFIER] or cells[EMAIL] or cells[ID_NUMBER] or cells[USERNAME]
        if known_by or name:
            locked = "Moodle has locked the grade" if cells[LOCKED].casefold() in ("no", "nein") else ""
            label = printable(f"{name} ({known_by})".strip())
            rows.append(Row(index, label, _moodle_keys(name, cells), locked, cells[GROUP]))
    return rows


def _moodle_keys(name: str, cells: dict[tuple[str, ...], str]) -> list[tuple[str, str]]:
    keys = [("id", cells[USERNAME]), ("email", cells[EMAIL]), ("id", cells[ID_NUMBER]), ("id", cells[EMAIL])]
    number = re.search(r"\d+$", cells[IDENTIFIER])
    if number:
        participant = moodle_id(number[0])
        keys = [("participant", participant), *keys, ("id", moodle_folder(name, participant))]
    if cells[GROUP]:  # until Moodle 4, each member of a team was called so
        keys.append(("id", moodle_folder(f"{cells[GROUP]}-{name}")))
    return [*keys, *_name_keys(name)]


def _name_keys(name: str) -> list[tuple[str, str]]:
    return [("id", moodle_folder(name)), ("id", name), ("full_name", name)] if name else []


def _column(sheet: Sheet, names: Iterable[str]) -> int | None:
    wanted = set(names)
    return next((i for i, title in enumerate(sheet.header) if title.casefold() in wanted), None)


def _only(sheet: Sheet, assignment: str, columns: list[int], without: Collection[int] = ()) -> int | None:
    """Return the column for the points of an assignment: one that the instructor named, otherwise one with its name.

    Raises:
        UsageError: several columns fit.
    """
    found = [i for i in _titled(sheet, assignment) or columns if i not in without]
    exact = [i for i in found if sheet.header[i] == sheet.titles.get(assignment)]
    if len(exact or found) > 1:
        several = ", ".join(f"'{printable(sheet.header[i])}'" for i in exact or found)
        raise UsageError(
            f"{sheet.path}: several columns could be '{assignment}': {several}. Say which with --column, or rename all but one."
        )
    return next(iter(exact or found), None)


@dataclass(frozen=True)
class Plain:
    """A platform's way to lay out grades: one row for each student, and titles that hold the assignment's name.

    Attributes:
        keys: column that identifies a student -> attribute of Student, the most reliable first.
        about: pattern of what follows the name in a title.
    """

    platform: str
    keys: dict[str, str]
    about: str

    def __call__(self, sheet: Sheet, assignments: Sequence[str]) -> Layout:
        """Read the layout of a file of this platform.

        Raises:
            UsageError: no column identifies students, or several columns could be one assignment.
        """
        at = {title.casefold(): index for index, title in reversed(list(enumerate(sheet.header)))}
        if not at.keys() & {key.casefold() for key in self.keys}:
            expected = " or ".join(f"'{key}'" for key in self.keys)
            raise UsageError(
                f"{sheet.path}: holds no grades of {self.platform}: {expected} is missing. It has the columns {sheet.columns()}."
            )
        layout = Layout()
        for name in assignments:
            found = [
                i for i, title in enumerate(sheet.header) if make_slug(re.sub(self.about, "", title)) == make_slug(name)
            ]
            if (column := _only(sheet, name, found)) is not None:
                layout.points[name] = column
        for row in range(1, len(sheet.raw)):
            cells = {key: sheet.cell(row, at.get(key.casefold())).strip().lstrip("#") for key in self.keys}
            first, last = (sheet.cell(row, at.get(part)).strip() for part in ("first name", "last name"))
            name = f"{first} {last}".strip()
            keys = [(attribute, cells[key]) for key, attribute in self.keys.items()]
            if known_by := next(filter(None, cells.values()), name):
                layout.rows.append(Row(row, printable(f"{name} ({known_by})".strip()), [*keys, *_name_keys(name)]))
        return layout


LAYOUTS: dict[str, Callable[[Sheet, Sequence[str]], Layout]] = {
    "canvas": read_canvas_layout,
    "moodle": read_moodle_layout,
    "blackboard": Plain("Blackboard", {"Username": "id", "Student ID": "id"}, r" \[[^\]]*\].*$"),
    "brightspace": Plain(
        "Brightspace", {"Username": "id", "OrgDefinedId": "id", "Email": "email"}, r" \w+ Grade(?: <[^>]*>.*)?$"
    ),
    "sakai": Plain("Sakai", {"Student ID": "id"}, r" \[[^\]]*\]$"),
}
