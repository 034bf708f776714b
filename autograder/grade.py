"""`autograder grade`: collect, judge in parallel, record, write feedback, and show how it goes."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import as_completed
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import TextColumn
from rich.table import Column, Table
from rich.text import Text

from autograder import store
from autograder.collect import Collection, Submission, collect, keep_newest
from autograder.course import Course
from autograder.errors import Ungradable, UsageError
from autograder.grading import Grader, Job
from autograder.notebook import open_notebook
from autograder.progress import progress
from autograder.record import Recorder
from autograder.results import Result


def grade(
    course: Course, paths: list[Path], assignment: str | None, json_file: Path | None, workers: int, console: Console
) -> list[Result]:
    """Grade everything under ``paths`` and show a table.

    Args:
        assignment: what the submissions are for; None finds out from folder, file name or content.
        json_file: receives one JSON object per line and submission.

    Returns:
        One result per submission that counts, by assignment and student.

    Raises:
        UsageError: a path does not exist or holds nothing to grade, the course is not built, or ``json_file`` cannot be
            written; nothing was graded. Or it could be written before the class was graded, and not after.
    """
    if json_file is not None:
        store.ensure_writable(json_file)
    recorder = Recorder(course)
    counted: dict[tuple[str, str, str], Result] = {}
    with collect(paths, course, assignment, recorder.roster()) as collection:
        submissions, notes = _to_grade(collection, course)
        for note in [*collection.notes, *notes, *collection.problems]:
            console.print(Text(note))
        try:
            for submission, result in _judged(course, submissions, workers, console):
                of = (result.assignment, result.student, "" if result.assignment else submission.origin)
                if _better(result, counted.get(of)):
                    counted[of] = result
                    recorder.record(submission, result)
        finally:  # what was graded is kept, whatever stops the rest
            results = [counted[key] for key in sorted(counted)] + [_unread(problem) for problem in collection.problems]
            unwritten = _write_lines(json_file, results)
    console.print(table(results))
    for line in [line for result in results for line in remarks(result)]:
        console.print(Text(line), soft_wrap=True)
    if unwritten is not None:
        raise UsageError(
            f"{json_file}: cannot be written ({unwritten.strerror}). The grades above are in the gradebook."
        )
    return results


def _write_lines(json_file: Path | None, results: list[Result]) -> OSError | None:
    """Write one line per result, where that was asked for; the error that stood in the way, once all is graded."""
    try:
        if json_file is not None:
            store.write_whole(json_file, "".join(result.json_line() + "\n" for result in results))
    except OSError as error:
        return error
    return None


def _to_grade(collection: Collection, course: Course) -> tuple[list[Submission], list[str]]:
    """Every submission with its assignment, and of several by one student those that may count."""
    recognised = [_recognised(submission, course) for submission in collection.submissions]
    return (recognised, []) if course.settings.course.which_submission == "best" else keep_newest(recognised)


def _better(result: Result, other: Result | None) -> bool:
    """Whether ``result`` counts rather than ``other``, which the same student handed in too."""
    return other is None or (result.points is not None and (other.points is None or result.points > other.points))


def _unread(problem: str) -> Result:
    return Result(assignment="", student="", submission="", points=None, max_points=0.0, seconds=0.0, notes=[problem])


def _recognised(submission: Submission, course: Course) -> Submission:
    """The submission with its assignment found from its content, where nothing else told."""
    if submission.assignment is not None:
        return submission
    try:
        return replace(submission, assignment=open_notebook(submission.path, course).assignment.name)
    except Ungradable:
        return submission  # grading says why


def _judged(
    course: Course, submissions: list[Submission], workers: int, console: Console
) -> Iterable[tuple[Submission, Result]]:
    """Each submission with its result, as they come."""
    with (
        Grader(course, min(workers, max(1, len(submissions)))) as grader,
        progress(console, TextColumn("{task.fields[last]}")) as bar,
    ):
        task = bar.add_task("grading", total=len(submissions), last="starting the judge")
        jobs = [Job(s.path, s.assignment, s.student) for s in submissions]
        started = {grader.start(job): index for index, job in enumerate(jobs)}
        for future in as_completed(started):
            submission, job = submissions[started[future]], jobs[started[future]]
            result = grader.finish(job, future)
            yield submission, result
            bar.update(task, advance=1, last=Text(f"{result.student} {result.assignment} {_points(result)}").plain)


def _points(result: Result) -> str:
    return "not graded" if result.points is None else f"{result.points:g} / {result.max_points:g}"


def table(results: list[Result]) -> Table:
    """Points per submission, and where they were lost."""
    shown = Table(
        *(Column(name, overflow="fold") for name in ("assignment", "student", "points", "seconds", "lost in"))
    )
    for result in results:
        lost = [f"{q} {p:g}/{m:g}" for q, (p, m) in result.question_points().items() if p < m]
        row = (result.assignment, result.student, _points(result), f"{result.seconds:.1f}", ", ".join(lost))
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def remarks(result: Result) -> list[str]:
    """What else there is to say of a submission: the misconceptions named, and every note."""
    named = dict.fromkeys(f"{c.question}: {c.misconception}" for c in result.checks if c.misconception)
    about = " ".join(filter(None, [result.student, result.assignment]))
    return [": ".join(filter(None, [about, text])) for text in [*named, *result.notes, *result.faults]]
