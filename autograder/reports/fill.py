"""Fill in the sheet of a learning platform: match rows with students, write what is final, and report everything else."""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from autograder.course.gradebook import Grade, Grades, Student
from autograder.intake.people import HIDDEN, TEAM, team_key
from autograder.printable import printable
from autograder.reports.lms import Layout, Row
from autograder.reports.sheet import Sheet, escape_formula
from autograder.reports.text import list_comments

Feedback = Callable[[str, str], str]  # (student, assignment) -> text
WAITING = {
    "needs a person": "a question waits for a person to grade it (in formgrader)",
    "not graded": "a question could not be graded",
}


@dataclass
class ExportReport:
    """What an export did.

    Attributes:
        written: number of rows that got at least one grade.
        without_row: students with a grade but without a row in the file.
        without_student: rows of the file that match nobody in the gradebook.
        notes: one line for each thing that was left unchanged, with the reason.
    """

    written: int = 0
    without_row: list[str] = field(default_factory=list)
    without_student: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the report as the instructor reads it."""
        lines = [f"{self.written} rows written", *self.notes]
        if self.without_row:
            lines.append(f"in the gradebook but not in the file: {', '.join(self.without_row)}")
        if self.without_student:
            lines.append(f"in the file but not in the gradebook: {', '.join(self.without_student)}")
        return [printable(line) for line in lines]


def format_points(points: float) -> str:
    """Write points without trailing zeros.

    >>> format_points(7.0), format_points(2 / 3)
    ('7', '0.6667')
    """
    return f"{points:.4f}".rstrip("0").rstrip(".")


class Filling:
    """One sheet while it is filled in."""

    def __init__(self, sheet: Sheet, layout: Layout, grades: Grades, feedback: Feedback, hold_pending: bool) -> None:
        self.sheet, self.layout, self.grades, self.feedback = sheet, layout, grades, feedback
        self.final = {"graded"} if hold_pending else {"graded", "needs a person"}
        self.decimal = "," if any("," in text for texts in layout.maxima.values() for text in texts) else "."
        self.report = ExportReport()
        self.kept: dict[str, list[str]] = defaultdict(list)  # assignment -> rows with a comment that is not ours

    def fill(self) -> ExportReport:
        """Fill in the points, leave everything else as it is, and report it."""
        matched = match_rows(self.layout.rows, self.grades.students, self.report)
        there = {student.id for student in matched.values()}
        teams = self._teams(there)
        for row in self.layout.rows:
            student, team = matched.get(row), teams.get(team_key(row.team))
            graded = [grade for name in self.layout.points if (grade := self._grade(name, student, team))]
            self.report.written += sum(self._fill_cell(row, grade) for grade in graded) > 0
            there |= {grade.student for grade in graded}
            if team and row.label in self.report.without_student:
                self.report.without_student.remove(row.label)
        graded_ids = {
            g.student
            for g in self.grades.grades.values()
            if g.status != "not submitted" and g.assignment in self.layout.points
        }
        self.report.without_row += sorted(graded_ids - there)
        self._note_teams(matched)
        self._note_waiting(there)
        self._note_maxima()
        for name, labels in self.kept.items():
            self.report.notes.append(
                f"{name}: comments that were already in the file were kept, ours follow them: {', '.join(labels)}."
            )
        return self.report

    def _teams(self, there: set[str]) -> dict[str, Student]:
        """Map each team to the gradebook's student of that name; a student with a row of their own is no team."""
        by_key: dict[str, list[Student]] = defaultdict(list)
        for student in self.grades.students:
            if student.id not in there:
                by_key[team_key(student.id)].append(student)
        return {key: found[0] for key, found in by_key.items() if len(found) == 1}

    def _note_teams(self, matched: dict[Row, Student]) -> None:
        """Note what was graded under a team's name, as far as names show it."""
        for row, student in matched.items():
            name, _, lms_id = student.id.rpartition("_")
            if row.folder and name and row.folder != student.id and row.folder.endswith(f"_{lms_id}"):
                self.report.notes.append(
                    f"{row.label}: was handed in as '{name}'. If that is a group, give its points to the other members too."
                )
        if teams := [student for student in self.report.without_row if TEAM.fullmatch(student)]:
            self.report.notes.append(
                f"{', '.join(teams)}: no row says who is in this team. Name its members in c.Autograder.teams, and grade again."
            )

    def _grade(self, assignment: str, student: Student | None, team: Student | None) -> Grade | None:
        """Return the grade for a row: the student's own, otherwise the team's."""
        grades = [self.grades.grades[who.id, assignment] for who in (student, team) if who]
        return next((grade for grade in grades if grade.status != "not submitted"), None)

    def _fill_cell(self, row: Row, grade: Grade) -> bool:
        column = self.layout.points[grade.assignment]
        there = self.sheet.cell(row.index, column).strip()
        if grade.points is None or grade.status not in self.final:
            return False
        if row.locked or there in ("EX", "N/A"):
            self.report.notes.append(
                f"{row.label}, {grade.assignment}: left unchanged, because {row.locked or f'the file says {there}'}."
            )
            return False
        self.sheet.set(row.index, column, format_points(grade.points).replace(".", self.decimal))
        comments = self.layout.feedback.get(grade.assignment)
        if comments is not None:
            self._fill_comment(row, comments, grade)
        return True

    def _fill_comment(self, row: Row, column: int, grade: Grade) -> None:
        """Write the feedback of the judge and of a person; replace only what an earlier export wrote there."""
        there = self.sheet.cell(row.index, column)
        lines = [*self.feedback(grade.student, grade.assignment).splitlines(), *list_comments(grade.comments)]
        ours = "<br>".join(html.escape(line) for line in lines)
        theirs = _without_ours(there, grade)
        if not ours:
            return
        if theirs:
            self.kept[grade.assignment].append(row.label)
        self.sheet.set(row.index, column, f"{theirs}<br>{ours}" if theirs else escape_formula(ours))

    def _note_waiting(self, there: set[str]) -> None:
        """Note who handed something in but got no points yet, or not all."""
        for name in self.layout.points:
            for status, why in WAITING.items():
                grades = [g for g in self.grades.grades.values() if (g.assignment, g.status) == (name, status)]
                waiting = sorted(grade.student for grade in grades if grade.student in there)
                done = "the points so far were written, and" if status in self.final else "left as it was, because"
                if waiting:
                    self.report.notes.append(f"{name}: {done} {why}: {', '.join(waiting)}.")

    def _note_maxima(self) -> None:
        for name, texts in self.layout.maxima.items():
            ours = {grade.max_points for grade in self.grades.grades.values() if grade.assignment == name}
            for theirs in sorted({value for text in texts if (value := _value(text)) is not None} - ours):
                here = " or ".join(map(format_points, sorted(ours)))
                self.report.notes.append(
                    f"{name}: the file's maximum is {format_points(theirs)}, here it is {here}; points were written without scaling."
                )


def _without_ours(comment: str, grade: Grade) -> str:
    """Return a comment without the lines that an earlier export wrote.

    >>> from autograder.course.gradebook import Mark
    >>> grade = Grade("ann", "padding", 1.0, 2.0, 0.0, "graded", (Mark("q1", 1.0, 2.0),))
    >>> _without_ours("Well done!<br />q1: 0 / 2 (Which end?)<br>comment on q1: a slip", grade)
    'Well done!'
    """
    names = {html.escape(part) for part in (*(m.question for m in grade.marks), *(c.cell for c in grade.comments))}
    if not names:
        return comment
    name = f"(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})"
    ours = re.compile(rf"\s*(?:<p[^>]*>)?(?:comment on {name}: |{name}: [\d.]+ / [\d.]+)")
    return "<br>".join(line for line in re.split(r"<br ?/?>", comment.strip()) if not ours.match(line))


def _value(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def match_rows(rows: list[Row], students: list[Student], report: ExportReport) -> dict[Row, Student]:
    """Match rows with students by the most reliable key they share; name in the report those without a certain match."""
    matched = []
    for row in rows:
        found = _find_candidates(row, students)
        if len(found) == 1:
            matched.append((row, found[0]))
        elif found:
            report.notes.append(f"{row.label}: could be {' or '.join(sorted(s.id for s in found))}; left unchanged.")
        else:
            report.without_student.append(row.label)
    claims = Counter(student.id for _, student in matched)
    for student_id in sorted(id for id, count in claims.items() if count > 1):
        labels = " and ".join(row.label for row, student in matched if student.id == student_id)
        report.notes.append(f"{student_id}: could be {labels}; left unchanged.")
    return {row: student for row, student in matched if claims[student.id] == 1}


def _find_candidates(row: Row, students: list[Student]) -> list[Student]:
    """Find the students that share the row's most reliable key that anybody shares."""
    for attribute, value in row.keys:
        found = [s for s in students if value and (_get_key(s, attribute) or "").casefold() == value.casefold()]
        if found:
            return found
    return []


def _get_key(student: Student, attribute: str) -> str | None:
    """Return an attribute of a student; ``participant`` is the number of somebody whose name Moodle hides, else it may be a group's."""
    if attribute == "participant":
        return student.lms_id if student.full_name.casefold() in HIDDEN else None
    value: str | None = getattr(student, attribute)
    return value
