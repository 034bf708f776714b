"""`autograder build`: from the source notebooks to what students receive, for every engine."""

from __future__ import annotations

import ast
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.nbgraderformat import MetadataValidator, ValidationError

from autograder.course.cells import grade_id
from autograder.course.course import Assignment, Course
from autograder.course.gradebook import gradebook_place
from autograder.course.nbgrader_settings import course_directory, nbgrader_config
from autograder.course.registration import point_changes
from autograder.course.source import place, read_source
from autograder.engines.otter_notebook import write_otter_release
from autograder.errors import UsageError
from autograder.files import share, write_whole
from autograder.obstacles import obstacle
from autograder.release.drift import drift, explain_drift, strangers
from autograder.release.faults import OUTCOME, check_source
from autograder.release.inline import inline, without_markers
from autograder.release.leaks import Leak, exceptions, find_leaks, secrets
from autograder.release.loading import loading_faults

ENGINES = ("nbgrader", "otter")  # what is in git; the Gradescope zip holds the course's key and is not
Report = Callable[[str], None]


def build(
    course: Course,
    assignments: Iterable[str] = (),
    check: bool = False,
    solutions: bool = False,
    report: Report = print,
) -> list[str]:
    """Build the release of ``assignments`` (default: all) into ``release/`` and register them in the gradebook.

    Args:
        check: compare with what stands in ``release/`` and change nothing.
        solutions: also write ``release/solutions/``, for students to read after the deadline.
        report: told what was done, and what the instructor should know.

    Returns:
        With ``check`` a line for every file that differs from what ``source/`` gives, else nothing.

    Raises:
        UsageError: the sources are not fit to be released. Nothing was written.
    """
    chosen = [course.assignment(name) for name in (list(assignments) or course.assignments)]
    if not chosen:
        raise UsageError(f"{course.root}/source/: holds no assignment. Write source/padding/padding.ipynb, or another.")
    with tempfile.TemporaryDirectory(prefix=".build-", dir=None if check else course.root) as scratch:
        staged = Path(scratch) / "release"
        for assignment in chosen:
            stage(assignment, staged, report)
        if faults := loading_faults(course, chosen):
            raise UsageError("\n".join([*faults, f"    {OUTCOME} Correct this, then build again."]))
        if check:
            return _compare(chosen, staged, report)
        _register(course, chosen, staged, Path(scratch), report)
        for assignment in chosen:
            _publish(assignment, staged, Path(scratch))
            report(f"release/: built {assignment.name}, {assignment.max_points:g} points.")
    if solutions:
        write_solutions(course, [assignment.name for assignment in chosen], course.root / "release" / "solutions")
    return []


def _compare(chosen: list[Assignment], staged: Path, report: Report) -> list[str]:
    """Report and return the drift of the release from what was staged."""
    lines = [line for assignment in chosen for line in drift(assignment, staged, ENGINES)]
    for assignment in chosen:
        zipped = _zip_path(assignment)
        if zipped.exists() and not lines:  # it is made from the release, so drift there says enough
            lines += explain_drift(_build_zip(assignment, staged / zipped.name), zipped, assignment.course.root)
    if len(chosen) == len(chosen[0].course.assignments):
        lines += strangers(chosen[0].course, ENGINES)
    for line in lines:
        report(line)
    return lines


def stage(assignment: Assignment, staged: Path, report: Report = print) -> None:
    """Build one assignment for nbgrader and otter into the folder ``staged``, and see that nothing secret is in it.

    Raises:
        UsageError: a fault in the source, or a leak.
    """
    written = check_source(assignment)
    convert(assignment, staged / "nbgrader", register=False)
    source, otter = staged / "nbgrader" / assignment.name, staged / "otter" / assignment.name
    notebook = nbformat.read(source / f"{assignment.name}.ipynb", as_version=4)
    _refuse_broken(assignment, written, notebook)
    shutil.copytree(source, otter, ignore=shutil.ignore_patterns("*.ipynb"))
    write_otter_release(notebook, assignment.name, otter)
    _refuse_leaks(assignment, staged, report)


def convert(assignment: Assignment, release: Path, register: bool) -> None:
    """Have nbgrader write the student's notebook under ``release`` and, to ``register`` it, its cells into the gradebook.

    Raises:
        UsageError: nbgrader could not; with its own last word.
    """
    course, said = assignment.course, _Listener()
    directory = course_directory(course, release_directory=str(release), assignment_id=assignment.name)
    config = nbgrader_config(course.settings, course.root)
    config.SaveCells.enabled = register
    log = logging.Logger("nbgrader")
    log.addHandler(said)
    try:
        _OneFolder(coursedir=directory, config=config, force=True, no_database=not register, log=log).start()
    except NbGraderException as error:
        if told := obstacle(error):
            raise UsageError(f"{gradebook_place(course)}: {told}, then build again.") from error
        reason = _refused_cell(assignment) or said.reason(error)
        raise UsageError(f"{_short(assignment.source, course)}: nbgrader says: {reason}. {OUTCOME}") from error


def _refused_cell(assignment: Assignment) -> str:
    """The first cell with metadata that nbgrader refuses, and why; empty where there is none."""
    for number, cell in enumerate(read_source(assignment).cells, 1):
        try:
            MetadataValidator().validate_cell(cell)
        except ValidationError as error:
            return f"cell {number} ('{grade_id(cell)}'): {error.message}"
    return ""


class _OneFolder(GenerateAssignment):  # type: ignore[misc]
    """nbgrader's generate_assignment of one folder, by its path; nbgrader itself reads the path as a pattern."""

    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        names = sorted(path.name for path in Path(folder).glob("*.ipynb") if not path.name.startswith("."))
        self.assignments = {folder: [os.path.join(folder, name) for name in names]}


class _Listener(logging.Handler):
    """Keeps what nbgrader logs, because its exceptions only say that something was logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(record.getMessage().strip())

    def reason(self, error: Exception) -> str:
        """The last line of the traceback that was logged, or else of the exception."""
        tracebacks = [text for text in self.errors if text.startswith("Traceback")]
        return (tracebacks[-1] if tracebacks else str(error)).splitlines()[-1].rstrip(".")


def _refuse_broken(assignment: Assignment, written: NotebookNode, released: NotebookNode) -> None:
    """Raise UsageError where a cell is Python in the source, and without its solution no more."""
    left = {cell.id: cell for cell in released.cells if cell.cell_type == "code"}
    for number, cell in enumerate(written.cells, 1):
        if cell.id in left and _is_python(cell.source) and not _is_python(left[cell.id].source):
            raise UsageError(
                f"{place(assignment, number, cell)}: what students would receive of it cannot be read as Python."
                f" {OUTCOME} Put the solution's markers around whole statements, then build again."
            )


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def _refuse_leaks(assignment: Assignment, staged: Path, report: Report) -> None:
    secret = secrets(assignment)
    allowed = exceptions(assignment.course.settings.course.leak_exceptions)
    found: list[Leak] = []
    for engine in ENGINES:  # what both hold is reported once
        leaks = find_leaks(staged / engine / assignment.name, secret, f"release/{engine}/{assignment.name}")
        reported = {leak.statement for leak in found}
        found += [leak for leak in leaks if leak.statement not in reported]
    for leak in found:
        if leak.statement in allowed:
            report(f"{leak} Allowed by c.Autograder.leak_exceptions.")
    faults = [str(leak) for leak in found if leak.statement not in allowed]
    if faults:
        repair = "Change one of the two, or add the statement to c.Autograder.leak_exceptions, then build again."
        raise UsageError("\n".join([*faults, f"    {OUTCOME} {repair}"]))


def _register(course: Course, chosen: list[Assignment], staged: Path, scratch: Path, report: Report) -> None:
    """Bring the course's gradebook up to date, after a look at whether it can be for every assignment."""
    directory = course_directory(course)
    warnings = []
    for assignment in chosen:
        notebook = nbformat.read(staged / "nbgrader" / assignment.name / f"{assignment.name}.ipynb", as_version=4)
        warnings += point_changes(directory, assignment.name, notebook)
    for assignment in chosen:
        convert(assignment, scratch / "registered", register=True)
    for line in warnings:
        report(line)


def _publish(assignment: Assignment, staged: Path, scratch: Path) -> None:
    """Move what was built into place, and make the Gradescope zip from it."""
    release = assignment.course.root / "release"
    for engine in ENGINES:
        target = release / engine / assignment.name
        for folder in (release, target.parent):
            if not folder.is_dir():
                folder.mkdir()
                share(folder)
        if target.exists():
            target.rename(scratch / f"old-{engine}-{assignment.name}")
        (staged / engine / assignment.name).rename(target)
        for path in (target, *sorted(target.rglob("*"))):
            share(path)
    _build_zip(assignment, _zip_path(assignment))


def _zip_path(assignment: Assignment) -> Path:
    return assignment.course.root / "release" / "gradescope" / f"{assignment.name}.zip"


def _build_zip(assignment: Assignment, target: Path) -> Path:
    """Make the Gradescope zip from the release in place."""
    from autograder.engines.gradescope_zip import build_zip  # here, because it imports otter, which takes seconds

    build_zip(assignment, assignment.course.root / "release" / "otter" / assignment.name, target)
    return target


def write_solutions(course: Course, assignments: Iterable[str], target: Path) -> list[Path]:
    """Write each assignment's notebook with the reference in it to ``target/<assignment>/<assignment>.ipynb``.

    Raises:
        UsageError: a fault in the source. Nothing was written.
    """
    notebooks = {name: solution_notebook(course.assignment(name)) for name in assignments}
    written = []
    for name, notebook in notebooks.items():
        path = target / name / f"{name}.ipynb"
        write_whole(path, nbformat.writes(notebook) + "\n", shown=True)  # once its folder is opened
        written.append(path)
    return written


def solution_notebook(assignment: Assignment) -> NotebookNode:
    """The source notebook as a full answer: the reference inlined, the model answers in prose kept, the markers gone.

    Raises:
        UsageError: a fault in the source.
    """
    return without_markers(inline(check_source(assignment), assignment.reference))


def _short(path: Path, course: Course) -> str:
    return path.relative_to(course.root).as_posix()
