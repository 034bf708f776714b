"""The page of `autograder verify`: per assignment the figures, the matrix of wrong answers and checks, and the survivors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autograder import files
from autograder.course.course import Course
from autograder.quality.findings import Verified, notices
from autograder.reports.pages import draw_chart, render


def write_page(course: Course, found: list[Verified]) -> Path:
    """Write report/verify.html and return its path."""
    parts = [_part(each) for each in found]
    path = course.root / "report" / "verify.html"
    files.write_whole(path, render("verify.html", assignments=parts))
    return path


def _part(each: Verified) -> dict[str, Any]:
    reasons: dict[str, list[str]] = {entry.reason: [] for entry in each.recorded}
    for known in each.equivalent:
        entry = next(e for e in each.recorded if known.mutant is not None and e.covers(known.mutant))
        reasons[entry.reason].append(known.name)
    return {
        **each.as_json(),
        "matrix": _matrix(each),
        "complaints": each.complaints,
        "equivalents": {reason: names for reason, names in reasons.items() if names},
        "unneeded": [check["check"] for check in each.checks if not check["only_it_kills"]],
    }


def _matrix(each: Verified) -> Any:
    """Draw which check notices which wrong answer."""
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure

    names = [info.name for _, checks in each.assignment.questions.values() for info in checks]
    questions = list(each.assignment.questions)
    wrong = sorted(each.wrong, key=lambda t: (questions.index(t.known.questions[0]), t.known.kind))
    values = np.zeros((len(names), max(1, len(wrong))))
    for column, tried in enumerate(wrong):
        seen = [check for check in tried.result.checks if notices(check)]
        for check in seen:
            values[names.index(check.check), column] = 2 if len(seen) == 1 else 1
    figure = Figure(figsize=(11, 0.9 + 0.22 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    colours = ListedColormap(["#f4f5f7", "#7aa6d8", "#1c4e89"])
    axes.imshow(values, aspect="auto", interpolation="none", cmap=colours, vmin=0, vmax=2)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    first = [t.known.questions[0] for t in wrong]
    starts = [first.index(question) for question in questions if question in first]
    axes.set_xticks(starts, [q for q in questions if q in first], fontsize=7)
    for start in starts[1:]:
        axes.axvline(start - 0.5, color="white", linewidth=1.5)
    label = f"{each.assignment.name}: {len(wrong)} wrong answers, by question, and the {len(names)} checks"
    return draw_chart(figure, f"{label}; dark where a check is the only one that notices")
