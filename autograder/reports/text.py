"""A verdict in plain lines: what the table, nbgrader's cells and the text of otter and the LMS say."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import indent
from typing import TYPE_CHECKING

from autograder.judge.results import StudentCheck, StudentView

if TYPE_CHECKING:  # nbgrader is not where otter grades
    from autograder.course.gradebook import Comment, Grade


def check_text(check: StudentCheck) -> str:
    """One check: its title, status and points, then what was seen, the misconception, the hint and a case worked out."""
    lines = [f"{check.title}    {check.status}  {check.points:g} / {check.max_points:g} points"]
    if check.status != "passed":
        told = (check.rationale, _named(check), check.hint and f"hint: {check.hint}", _worked(check))
        lines += [indent(text, "    ") for text in told if text]
    return "\n".join(lines)


def _named(check: StudentCheck) -> str:
    return f"a known mistake: {check.misconception}" if check.misconception else ""


def _worked(check: StudentCheck) -> str:
    return f"a small case, worked out:\n{indent(check.worked, '    ')}" if check.worked else ""


def question_text(result: StudentView, question: str) -> str:
    """All checks of one question."""
    return "\n".join(check_text(check) for check in result.checks if check.question == question)


def summary(result: StudentView, grade: Grade | None = None) -> str:
    """One line per question: its points, a person's where there are some, and where the judge took points, what to look at first."""
    if not result.checks:
        return " ".join(result.notes)
    marks = {mark.question: mark for mark in grade.marks} if grade else {}
    judged = result.question_points()
    lines = []
    for question in [*judged, *(name for name in marks if name not in judged)]:
        mark = marks.get(question)
        points, max_points = judged.get(question, (None, 0.0))
        if mark is not None and mark.points is not None:
            points, max_points = mark.points, mark.max_points
        if points is None:
            continue  # it waits for a person
        lost = [c for c in result.checks if c.question == question and c.status in ("failed", "error")]
        first = " ".join((lost[0].hint or lost[0].rationale).split()) if lost and points < max_points else ""
        lines.append(f"{question}: {points:g} / {max_points:g}" + (f" ({first})" if first else ""))
    return "\n".join(lines)


def said(comments: Iterable[Comment]) -> list[str]:
    """What a person said of a submission, one line per cell."""
    return [f"comment on {c.cell}: {' '.join(c.text.split())}" for c in comments if c.by_person]
