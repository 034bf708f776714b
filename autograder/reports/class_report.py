"""The class report: points of every student, hard questions, and the misconceptions to teach again."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from statistics import mean, median
from typing import Any
from urllib.parse import quote

from autograder import files
from autograder.course.course import Course
from autograder.course.gradebook import Grade, read_grades
from autograder.errors import UsageError
from autograder.grading import store
from autograder.judge.results import Result
from autograder.reports.feedback import page_path
from autograder.reports.fill import format_points
from autograder.reports.pages import draw_histogram, render


def write_report(course: Course, json_file: Path | None = None) -> tuple[Path, list[str]]:
    """Write report/index.html from the kept results and the gradebook.

    Returns:
        The page, and a line for each result that cannot be read and so is missing on it.

    Raises:
        UsageError: nothing has been graded yet, the gradebook cannot be read, or ``json_file`` cannot be written.
    """
    if json_file is not None:
        files.ensure_writable(json_file)
    results, unreadable = store.load_all(course)
    if not results:
        nothing = f"{course.root}: nothing has been graded yet. Run `autograder grade` first."
        raise UsageError(" ".join(unreadable[:3]) or nothing)
    names = [name for name in course.assignments if any(result.assignment == name for result in results)]
    parts = [summarise_assignment([result for result in results if result.assignment == name]) for name in names]
    if json_file is not None:
        files.write_whole(json_file, json.dumps(parts, indent=1))
    pictured = [{**part, "histogram": draw_histogram(part["points"], part["max_points"])} for part in parts]
    students = len({result.student for result in results})
    graded = sum(result.graded for result in results)
    path = course.root / "report" / "index.html"
    page = render(
        "report.html",
        assignments=pictured,
        **_class_table(course, path, results),
        noted=[(result, _link(course, path, result.student, result.assignment)) for result in results if result.notes],
        graded=graded,
        total=len(results),
        students=students,
        unreadable=unreadable,
    )
    files.write_whole(path, page)
    return path, unreadable


def _class_table(course: Course, report: Path, results: list[Result]) -> dict[str, Any]:
    """Make the table of everybody's points: columns (assignments that somebody handed in) and rows (students).

    Raises:
        UsageError: the gradebook cannot be read.
    """
    grades = read_grades(course)
    kept = {(result.student, result.assignment) for result in results}
    handed_in = kept | {of for of, grade in grades.grades.items() if grade.status != "not submitted"}
    columns = [name for name in grades.assignments if any(of[1] == name for of in handed_in)]
    names = {student: "" for student, _ in kept} | {student.id: student.full_name for student in grades.students}
    rows = [
        {
            "student": student,
            "name": names[student],
            "cells": [
                {
                    **_cell(grades.grades.get((student, name)), (student, name) in kept),
                    "link": _link(course, report, student, name),
                }
                for name in columns
            ],
        }
        for student in sorted(names)
    ]
    return {"columns": columns, "rows": rows}


def _cell(grade: Grade | None, is_kept: bool) -> dict[str, str]:
    """Describe one student's grade for one assignment; ``is_kept`` says whether there is a result, with or without points."""
    if grade is not None and grade.points is not None:
        waits = "waits for a person" if grade.status == "needs a person" else ""
        return {"text": f"{format_points(grade.points)} / {format_points(grade.max_points)}", "about": waits}
    if is_kept or (grade is not None and grade.status == "not graded"):
        return {"text": "could not be graded", "kind": "error"}
    return {"text": "not handed in", "kind": "soft"}


def _link(course: Course, report: Path, student: str, assignment: str) -> str:
    """Return the address of a feedback page relative to the report, so that the folder can move; empty where there is no page."""
    page = page_path(course, student, assignment)
    if not page.is_file():
        return ""
    return "/".join(quote(os.fsencode(part), safe="") for part in Path(os.path.relpath(page, report.parent)).parts)


def summarise_assignment(results: list[Result]) -> dict[str, Any]:
    """Summarise one assignment: points; per question the share earned and the hardest check; misconceptions by count."""
    points = [result.points for result in results if result.points is not None]
    judged = [result for result in results if result.checks]
    return {
        "name": results[0].assignment,
        "n": len(points),
        "points": points,
        "max_points": results[0].max_points,
        "mean": mean(points or [0]),
        "median": median(points or [0]),
        "questions": [_question(name, judged) for name in (judged[0].questions if judged else ())],
        "misconceptions": _misconceptions(results),
    }


def _question(name: str, results: list[Result]) -> dict[str, Any]:
    totals = [result.question_points()[name] for result in results]
    missed = Counter(c.title for r in results for c in r.checks if c.question == name and c.status == "failed")
    hardest = f"{missed.most_common(1)[0][0]} ({missed.most_common(1)[0][1]} failed)" if missed else ""
    share = sum(points for points, _ in totals) / (sum(max_points for _, max_points in totals) or 1)
    return {"name": name, "title": results[0].questions[name], "share": share, "hardest": hardest}


def _misconceptions(results: list[Result]) -> list[dict[str, Any]]:
    """Count the students who hold each named misconception, most frequent first."""
    held = {(r.student, c.question, c.misconception, c.hint) for r in results for c in r.checks if c.misconception}
    counted = Counter((question, name, hint) for _, question, name, hint in held)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [{"question": q, "name": n, "hint": h, "count": k} for (q, n, h), k in ordered]
