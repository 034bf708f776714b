"""A verdict in plain lines: what the table, nbgrader's cells and the text of otter and the LMS say."""

from __future__ import annotations

from autograder.results import CheckResult, Result


def check_text(check: CheckResult, details: bool = True) -> str:
    """One check: its title, status and points, then what was seen, the misconception and the hint.

    Args:
        details: False leaves the title and the points alone, where a course shows no more before the deadline.
    """
    lines = [f"{check.title}    {check.status}  {check.points:g} / {check.max_points:g} points"]
    if details and check.status != "passed":
        lines += [
            f"    {text}" for text in (check.rationale, _named(check), check.hint and f"hint: {check.hint}") if text
        ]
    return "\n".join(lines)


def _named(check: CheckResult) -> str:
    return f"a known mistake: {check.misconception}" if check.misconception else ""


def question_text(result: Result, question: str, details: bool = True) -> str:
    """All checks of one question."""
    return "\n".join(check_text(check, details) for check in result.checks if check.question == question)


def summary(result: Result, details: bool = True) -> str:
    """One line per question: its points and, where points were lost and ``details`` may show, what to look at first."""
    if not result.checks:
        return " ".join(result.notes)
    lines = []
    for question, (points, max_points) in result.question_points().items():
        lost = [c for c in result.checks if c.question == question and c.status in ("failed", "error")]
        lines.append(
            f"{question}: {points:g} / {max_points:g}"
            + (f" ({lost[0].hint or lost[0].rationale})" if lost and details else "")
        )
    return "\n".join(lines)
