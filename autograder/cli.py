"""The command `autograder`, with one verb for each thing an instructor does."""

from __future__ import annotations

import sys

if sys.platform != "linux":  # before the imports below, of which some exist on Linux only
    print("autograder: runs on Linux only. On Windows use WSL 2, on macOS a container: see README.md.", file=sys.stderr)
    sys.exit(2)

import codecs
import io
import logging
import signal
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from rich.text import Text

from autograder.course.config import LEVELS
from autograder.course.course import Course, find_course
from autograder.errors import UsageError
from autograder.machine.capacity import suggest_workers
from autograder.obstacles import find_obstacle, in_one_line
from autograder.progress import open_console

P = ParamSpec("P")
R = TypeVar("R")
PLAIN = {"…": "...", "±": "+-", "×": "x", "–": "-", "≥": ">=", "≤": "<=", "✓": "yes", "✗": "no"}
course_option = click.option(
    "--course", "folder", type=click.Path(path_type=Path), help="The course folder; default: where you are."
)
key_option = click.option(
    "--key", help="The draw key; it comes before the configuration, AUTOGRADER_KEY and the key file."
)


def workers_option(what: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Add ``--workers`` to a command: how many processes work at a time. ``what`` is its help."""
    usual = "as many as cores and memory allow"
    return click.option("--workers", type=click.IntRange(1), default=suggest_workers, show_default=usual, help=what)


def one_line_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end with one line: exit status 2 after wrong use or an obstacle on the machine, 130 after Ctrl-C."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except UsageError as error:
            click.echo(f"autograder: {error}", err=True)
            sys.exit(2)
        except KeyboardInterrupt:
            click.echo("autograder: stopped.", err=True)
            sys.exit(130)
        except Exception as error:
            if not find_obstacle(error):
                raise
            click.echo(f"autograder: {in_one_line(error, 'run this again')}", err=True)
            sys.exit(2)

    return wrapped


def replace_unprintable(error: UnicodeError) -> tuple[str, int]:
    """Return what to print for characters that the terminal's encoding lacks; an error handler for codecs."""
    assert isinstance(error, UnicodeEncodeError)
    text = error.object[error.start : error.end]
    return "".join(PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in text), error.end


def _course(folder: Path | None, key: str | None = None) -> Course:
    course = find_course(folder)
    if key is not None:
        if not key.strip():
            raise UsageError("--key: is blank. Give it a key, or leave it out.")
        course.settings.course.key = key
    return course


@click.group()
@click.version_option(package_name="autograder")
def main() -> None:
    """Release, grade and report the autograded assignments of one course."""
    codecs.register_error("autograder", replace_unprintable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="autograder")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    # Hide what libraries say about their own code: instructors cannot act on it, and our messages say what stopped a command.
    warnings.filterwarnings("ignore", module=r"nbgrader|traitlets|nbformat")
    logging.getLogger().addHandler(logging.NullHandler())


@main.command()
@click.argument("assignments", nargs=-1)
@click.option("--check", is_flag=True, help="Only compare release/ with what a build would write; change nothing.")
@click.option("--solutions", is_flag=True, help="Write notebooks with the reference's source, for after the deadline.")
@course_option
@key_option
@one_line_errors
def build(assignments: tuple[str, ...], check: bool, solutions: bool, folder: Path | None, key: str | None) -> None:
    """Make the releases for nbgrader, otter and Gradescope from source/."""
    from autograder.release.build import build as build_release

    drifted = build_release(
        _course(folder, key), list(assignments), check=check, solutions=solutions, report=click.echo
    )
    sys.exit(1 if drifted else 0)


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--assignment", help="The assignment of all submissions; default: found from folder, file name or content."
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write one JSON object per line and submission."
)
@workers_option("How many submissions are graded at a time.")
@click.option(
    "--jail",
    type=click.Choice(LEVELS),
    help="The least protection that must be enforced; off: no jail, for your own notebooks.",
)
@click.option("--cold", is_flag=True, help="Import no packages beforehand; each submission imports its own.")
@course_option
@key_option
@one_line_errors
def grade(
    paths: tuple[Path, ...], folder: Path | None, key: str | None, jail: str | None, cold: bool, **options: Any
) -> None:
    """Grade notebooks, folders, an nbgrader submitted/ tree or LMS download zips."""
    from autograder.course.gradebook import gradebook_place
    from autograder.grade import grade as grade_paths

    course, console = _course(folder, key), open_console()
    course.settings.jail.minimum = jail or course.settings.jail.minimum
    course.settings.jail.cold = cold or course.settings.jail.cold
    results = grade_paths(course, list(paths), **options, console=console)
    places = Text(f"gradebook  {gradebook_place(course)}\nfeedback   {course.tree('feedback')}")
    console.print(places, soft_wrap=True)
    sys.exit(0 if all(result.graded for result in results) else 1)


@main.command()
@click.argument("assignments", nargs=-1)
@click.option("--full", is_flag=True, help="Try everything, which takes hours; otherwise a share is tried.")
@click.option(
    "--repeat", "repeats", type=click.IntRange(1), help="How often right answers are graded, each time on other inputs."
)
@click.option("--anew", is_flag=True, help="Start again; otherwise an interrupted run goes on where it stopped.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="Write one JSON object per line and assignment."
)
@workers_option("How many answers are graded at a time.")
@course_option
@key_option
@one_line_errors
def verify(assignments: tuple[str, ...], anew: bool, folder: Path | None, key: str | None, **options: Any) -> None:
    """Test the hidden tests with right answers, misconceptions, and faults put into the reference."""
    from autograder.quality.verify import verify as verify_tests

    course = _course(folder, key)
    sys.exit(0 if verify_tests(course, assignments, console=open_console(), keep=not anew, **options) else 1)


@main.command()
@click.argument("assignment")
@click.option(
    "--seeds", type=click.IntRange(20), default=300, show_default=True, help="How often the reference is trained."
)
@click.option("--anew", is_flag=True, help="Start again; otherwise an interrupted run goes on where it stopped.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the new records as JSON.")
@workers_option("How many trainings run at a time.")
@course_option
@one_line_errors
def calibrate(assignment: str, anew: bool, folder: Path | None, **options: Any) -> None:
    """Train right and known-wrong solutions over many seeds, and write the thresholds that follow."""
    from autograder.quality.calibrate import calibrate as measure

    sys.exit(0 if measure(_course(folder), assignment, console=open_console(), keep=not anew, **options) else 1)


@main.command()
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the findings as JSON.")
@course_option
@one_line_errors
def doctor(json_file: Path | None, folder: Path | None) -> None:
    """Try what hostile code would try, and report what this machine enforces and has."""
    from autograder.doctor import doctor as examine

    sys.exit(0 if examine(_course(folder), json_file, open_console()) else 1)


@main.command()
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures as JSON.")
@course_option
@one_line_errors
def report(json_file: Path | None, folder: Path | None) -> None:
    """Write the class report: points, hard questions, misconceptions."""
    from autograder.reports.class_report import write_report

    page, unreadable = write_report(_course(folder), json_file)
    for line in unreadable:
        click.echo(line)
    click.echo(f"report  {page}")
    if unreadable:
        raise SystemExit(1)


@main.command()
@click.option(
    "--to",
    type=click.Choice(["canvas", "moodle", "blackboard", "brightspace", "sakai", "csv"]),
    required=True,
    help="The platform whose file is written.",
)
@click.option(
    "--template", type=click.Path(path_type=Path), help="The file that the LMS exported; its ids and columns are kept."
)
@click.option("--output", type=click.Path(path_type=Path), help="Where to write; default: grades-<lms>.csv.")
@click.option("--assignment", "assignments", multiple=True, help="Only this assignment; may be given several times.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    help="Title of the assignment's column in the template, or ASSIGNMENT=TITLE; it is written into grader_config.py.",
)
@click.option("--hold-pending", is_flag=True, help="Leave out submissions of which a person still has to grade a part.")
@course_option
@one_line_errors
def export(
    to: str,
    template: Path | None,
    output: Path | None,
    assignments: tuple[str, ...],
    columns: tuple[str, ...],
    hold_pending: bool,
    folder: Path | None,
) -> None:
    """Write points and feedback into the file that the LMS imports."""
    from autograder.reports.export import export as export_grades

    course = _course(folder)
    target = output or course.root / f"grades-{to}.csv"
    done = export_grades(
        course, to, template, target, list(assignments) or None, hold_pending=hold_pending, columns=columns
    )
    for line in done.lines():
        click.echo(line)
    click.echo(f"grades  {target}")
