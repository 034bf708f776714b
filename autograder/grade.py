"""`autograder grade`: collect submissions, judge them in parallel, publish their results, and show the progress."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import TextColumn
from rich.table import Column, Table
from rich.text import Text

from autograder import files
from autograder.course.course import Course
from autograder.engines.publish import Publisher
from autograder.errors import UsageError
from autograder.grading import store
from autograder.grading.grader import Grader
from autograder.grading.job import Graded, Job
from autograder.grading.unfinished import Unfinished, open_unfinished
from autograder.intake.collect import Collection, Submission, collect, keep_newest
from autograder.judge.results import Result
from autograder.progress import progress

LEAST_LOST = 16  # columns of the terminal for the lost points: one question with its points, in any course


def grade(
    course: Course, paths: list[Path], assignment: str | None, json_file: Path | None, workers: int, console: Console
) -> list[Result]:
    """Grade everything under ``paths`` and show a table.

    Args:
        assignment: the assignment of all submissions; None finds it out from folder, file name or content.
        json_file: receives one JSON object per line and submission.
        workers: number of submissions that are judged at a time.

    Returns:
        One result per submission that counts, by assignment and student.

    Raises:
        UsageError: a path does not exist or holds nothing to grade, the course is not built, or ``json_file`` cannot be
            written; then nothing was graded. Or ``json_file`` could be written before the class was graded, and not after.
    """
    if json_file is not None:
        files.ensure_writable(json_file)
    publisher = Publisher(course)
    if assignment in publisher.unbuilt:
        raise UsageError(publisher.unbuilt[assignment], code="not-built")
    counted: dict[tuple[str, str, str], Result] = {}
    with (
        open_unfinished(course) as earlier,
        collect(paths, course, assignment, publisher.read_roster()) as collection,
        Grader(course, min(workers, max(1, len(collection.submissions)))) as grader,
    ):
        jobs, notes = _choose_jobs(collection, grader, console)
        for submission, _ in jobs:
            if why := publisher.unbuilt.get(submission.assignment or ""):
                of = (submission.assignment or "", submission.student, "")
                counted[of] = _refuse(f"Not graded: {why}", "not-built", submission.assignment, submission.student)
        jobs = [(submission, job) for submission, job in jobs if submission.assignment not in publisher.unbuilt]
        for note in [*collection.notes, *notes, *collection.problems]:
            console.print(Text(note), soft_wrap=True)
        known, left = _split_finished(earlier, jobs)
        counted |= known
        if known:
            console.print(
                f"Going on after {len(known)} of {len(jobs)} submissions, which an interrupted command graded."
            )
        try:
            for submission, graded in _judge_all(grader, left, console):
                result = graded.result
                of = (result.assignment, result.student, "" if result.assignment else submission.origin)
                other = counted.get(of) or _find_earlier(course, submission, result)
                if _is_better(result, other):
                    if publisher.publish(submission, graded) and result.graded:
                        earlier.add(result)
                    counted[of] = result
                elif other is not None:
                    counted[of] = other
        except KeyboardInterrupt:
            done = sum(result.graded for result in counted.values())
            more = " The same command goes on from there." if earlier.keeps else ""
            console.print(f"Stopped: {done} submissions are graded and kept.{more}")
            raise
        finally:  # write the lines of the graded submissions, whatever stops the rest
            unread = [
                _refuse(line, "ungradable", student=collection.whose.get(line, "")) for line in collection.problems
            ]
            results = [counted[key] for key in sorted(counted)] + unread
            unwritten = _write_lines(json_file, results)
    console.print(make_class_table(results, console.width))
    for line in [line for result in results for line in list_remarks(result)]:
        console.print(Text(line), soft_wrap=True)
    if unwritten is not None:
        raise UsageError(
            f"{json_file}: cannot be written ({unwritten.strerror}). The grades above are in the gradebook."
        )
    return results


def _split_finished(
    earlier: Unfinished, jobs: list[tuple[Submission, Job]]
) -> tuple[dict[tuple[str, str, str], Result], list[tuple[Submission, Job]]]:
    """Return the results of the submissions that an interrupted command has finished, and the jobs that are left."""
    known, left = {}, []
    for submission, job in jobs:
        result = submission.assignment and earlier.find_result(submission.assignment, submission.student, job.path)
        if result:
            known[result.assignment, result.student, ""] = result
        else:
            left.append((submission, job))
    return known, left


def _write_lines(json_file: Path | None, results: list[Result]) -> OSError | None:
    """Write one line per result where a file is named; return the error if it cannot be written, because all is graded by now."""
    try:
        if json_file is not None:
            files.write_whole(json_file, "".join(result.json_line() + "\n" for result in results))
    except OSError as error:
        return error
    return None


def _choose_jobs(
    collection: Collection, grader: Grader, console: Console
) -> tuple[list[tuple[Submission, Job]], list[str]]:
    """Return the submissions that may count, with their assignments and jobs, and a note for each of the others."""
    opened = _open_unknown([s for s in collection.submissions if s.assignment is None], grader, console)
    found = [
        replace(s, assignment=str(opened[s.path]["assignment"])) if s.path in opened else s
        for s in collection.submissions
    ]
    newest = grader.course.settings.course.which_submission == "newest"
    kept, notes = keep_newest(found) if newest else (found, [])
    return [(s, Job(s.path, s.assignment, s.student, opened=opened.get(s.path))) for s in kept], notes


def _open_unknown(submissions: list[Submission], grader: Grader, console: Console) -> dict[Path, Mapping[str, Any]]:
    """Open the notebooks whose assignment only their content can tell; those that cannot be opened are left out, and grading says why."""
    opened = {}
    with progress(console) as bar:
        task = bar.add_task("opening", total=len(submissions), visible=bool(submissions))
        started = {grader.open(submission.path): submission.path for submission in submissions}
        for future in as_completed(started):
            bar.update(task, advance=1)
            try:
                opened[started[future]] = future.result()
            except UsageError:
                raise
            except Exception:  # grading says why
                continue
    return opened


def _is_better(result: Result, other: Result | None) -> bool:
    """Whether ``result`` counts more than ``other``, another submission of the same student."""
    return other is None or (result.points is not None and (other.points is None or result.points > other.points))


def _find_earlier(course: Course, submission: Submission, result: Result) -> Result | None:
    """Return the result of an earlier submission of the same student, in a course where the best one counts."""
    if course.settings.course.which_submission != "best" or not result.assignment:
        return None
    try:
        earlier = store.load(course, result.student, result.assignment)
    except UsageError:  # a damaged file, which this result replaces
        return None
    if earlier is None or earlier.submission == result.submission:  # the same file, graded again
        return None
    note = f"An earlier submission counts; {submission.origin} has {_format_points(result)}."
    return earlier.model_copy(update={"notes": [*earlier.notes, note]})


def _refuse(why: str, code: str, assignment: str | None = None, student: str = "") -> Result:
    return Result(
        assignment=assignment or "",
        student=student,
        submission="",
        points=None,
        max_points=0.0,
        seconds=0.0,
        notes=[why],
        code=code,
    )


def _judge_all(
    grader: Grader, jobs: list[tuple[Submission, Job]], console: Console
) -> Iterable[tuple[Submission, Graded]]:
    """Judge the submissions; yield each with its outcome as soon as it is known. Doubtful ones are tried again at the end, alone."""
    with progress(console, TextColumn("{task.fields[last]}", markup=False)) as bar:
        task = bar.add_task("grading", total=len(jobs), last="starting the judge")
        started = {grader.start(job): (submission, job) for submission, job in jobs}
        doubtful = []
        for future in as_completed(started):
            submission, job = started[future]
            graded = grader.finish(job, future)
            if graded.is_doubtful:
                doubtful.append((submission, job, graded))
                continue
            yield submission, graded
            result = graded.result
            bar.update(task, advance=1, last=f"{result.student} {result.assignment} {_format_points(result)}")
        for submission, job, doubted in doubtful:
            bar.update(task, last=f"{job.student} {job.assignment} once more, alone")
            graded = grader.try_again(job, doubted)
            yield submission, graded
            bar.update(
                task, advance=1, last=f"{job.student} {job.assignment} {_format_points(graded.result)}, at a second try"
            )


def _format_points(result: Result) -> str:
    return "not graded" if result.points is None else f"{result.points:g} / {result.max_points:g}"


def make_class_table(results: list[Result], room: int) -> RenderableType:
    """Show points per submission, and the questions that lost some: as a table, or as lines where a table would break names in two."""
    titles = ("assignment", "student", "points", "seconds", "lost in")
    rows = [
        (
            r.assignment,
            r.student,
            _format_points(r),
            f"{r.seconds:.1f}",
            ", ".join(f"{q} {p:g}/{m:g}" for q, p, m in _find_lost(r)),
        )
        for r in results
    ]
    widths = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)]
    frame = 3 * len(titles) + 1  # two blanks and a line for each column
    if sum(widths[:-1]) + min(widths[-1], LEAST_LOST) + frame > room:
        lines = [(f"{name}  {student}  {points}", lost) for name, student, points, _, lost in rows]
        return Group(
            *(Padding(Text(line), (0, 0, 0, 4 * level)) for of in lines for level, line in enumerate(of) if line)
        )
    shown = Table(*(Column(title, no_wrap=True) for title in titles[:-1]), titles[-1])
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def _find_lost(result: Result) -> list[tuple[str, float, float]]:
    return [(question, p, m) for question, (p, m) in result.question_points().items() if p < m]


def list_remarks(result: Result) -> list[str]:
    """List what else there is to say of a submission: the misconceptions that were named, and every note."""
    named = dict.fromkeys(f"{c.question}: {c.misconception}" for c in result.checks if c.misconception)
    about = " ".join(filter(None, [result.student, result.assignment]))
    return [": ".join(filter(None, [about, text])) for text in [*named, *result.notes, *result.faults, *result.remarks]]
