"""A result in plain lines, for the table, nbgrader's cells, otter and the learning platforms."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import indent
from typing import TYPE_CHECKING

from autograder.judge.results import StudentCheck, StudentView

if TYPE_CHECKING:  # nbgrader is not where otter grades
    from autograder.course.gradebook import Comment, Grade


def describe_check(check: StudentCheck) -> str:
    """Describe one check: title, status and points, then what was seen, the misconception, the hint and a worked case."""
    lines = [f"{check.title}    {check.status}  {check.points:g} / {check.max_points:g} points"]
    if check.status != "passed":
        told = (check.rationale, _named(check), check.hint and f"hint: {check.hint}", _worked(check))
        lines += [indent(text, "    ") for text in told if text]
    return "\n".join(lines)


def _named(check: StudentCheck) -> str:
    return f"a known mistake: {check.misconception}" if check.misconception else ""


def _worked(check: StudentCheck) -> str:
    return f"a small case, worked out:\n{indent(check.worked, '    ')}" if check.worked else ""


def describe_question(result: StudentView, question: str) -> str:
    """Describe all checks of one question."""
    return "\n".join(describe_check(check) for check in result.checks if check.question == question)


def summarise_result(result: StudentView, grade: Grade | None = None) -> str:
    """Give one line per question: its points (a person's where there are some), and where points were lost, what to look at first."""
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
            continue  # a person has not graded it yet
        lost = [c for c in result.checks if c.question == question and c.status in ("failed", "error")]
        first = " ".join((lost[0].hint or lost[0].rationale).split()) if lost and points < max_points else ""
        lines.append(f"{question}: {points:g} / {max_points:g}" + (f" ({first})" if first else ""))
    return "\n".join(lines)


def list_comments(comments: Iterable[Comment]) -> list[str]:
    """List a person's comments, one line per cell."""
    return [f"comment on {c.cell}: {' '.join(c.text.split())}" for c in comments if c.by_person]
