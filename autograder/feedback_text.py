"""A verdict in plain lines: what the table, nbgrader's cells and the text of otter and the LMS say."""

from __future__ import annotations

from textwrap import indent

from autograder.results import CheckResult, Result


def check_text(check: CheckResult) -> str:
    """One check: its title, status and points, then what was seen, the misconception, the hint and a case worked out."""
    lines = [f"{check.title}    {check.status}  {check.points:g} / {check.max_points:g} points"]
    if check.status != "passed":
        told = (check.rationale, _named(check), check.hint and f"hint: {check.hint}", _worked(check))
        lines += [indent(text, "    ") for text in told if text]
    return "\n".join(lines)


def _named(check: CheckResult) -> str:
    return f"a known mistake: {check.misconception}" if check.misconception else ""


def _worked(check: CheckResult) -> str:
    return f"a small case, worked out:\n{indent(check.worked, '    ')}" if check.worked else ""


def question_text(result: Result, question: str) -> str:
    """All checks of one question."""
    return "\n".join(check_text(check) for check in result.checks if check.question == question)


def summary(result: Result) -> str:
    """One line per question: its points and, where points were lost, what to look at first."""
    if not result.checks:
        return " ".join(result.notes)
    lines = []
    for question, (points, max_points) in result.question_points().items():
        lost = [c for c in result.checks if c.question == question and c.status in ("failed", "error")]
        first = lost[0].hint or lost[0].rationale if lost else ""
        lines.append(f"{question}: {points:g} / {max_points:g}" + (f" ({first})" if first else ""))
    return "\n".join(lines)
