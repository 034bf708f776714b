"""`autograder build`: make what students receive from the source notebooks, for every engine."""

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
from autograder.obstacles import find_obstacle
from autograder.release.drift import explain_drift, find_drift, list_strangers
from autograder.release.faults import OUTCOME, check_source
from autograder.release.inline import inline, remove_markers
from autograder.release.leaks import Leak, find_leaks, list_secrets, read_exceptions
from autograder.release.loading import find_loading_faults

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
        check: compare with the files in ``release/`` and change nothing.
        solutions: also write ``release/solutions/``, for students to read after the deadline.
        report: receives a line for each thing done or to be known.

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
        if faults := find_loading_faults(course, chosen):
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
    """Report and return a line for each difference between the release and what was staged."""
    lines = [line for assignment in chosen for line in find_drift(assignment, staged, ENGINES)]
    for assignment in chosen:
        zipped = _get_zip_path(assignment)
        if zipped.exists() and not lines:  # it is made from the release, so drift there says enough
            lines += explain_drift(_build_zip(assignment, staged / zipped.name), zipped, assignment.course.root)
    if len(chosen) == len(chosen[0].course.assignments):
        lines += list_strangers(chosen[0].course, ENGINES)
    for line in lines:
        report(line)
    return lines


def stage(assignment: Assignment, staged: Path, report: Report = print) -> None:
    """Build one assignment for nbgrader and otter into the folder ``staged``, and check that it holds nothing secret.

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
        UsageError: nbgrader failed; the message gives its reason.
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
        if found := find_obstacle(error):
            raise UsageError(f"{gradebook_place(course)}: {found.text}, then build again.", code=found.code) from error
        reason = _find_refused_cell(assignment) or said.reason(error)
        raise UsageError(f"{_shorten(assignment.source, course)}: nbgrader says: {reason}. {OUTCOME}") from error


def _find_refused_cell(assignment: Assignment) -> str:
    """Return the first cell whose metadata nbgrader refuses, with the reason; empty if there is none."""
    for number, cell in enumerate(read_source(assignment).cells, 1):
        try:
            MetadataValidator().validate_cell(cell)
        except ValidationError as error:
            return f"cell {number} ('{grade_id(cell)}'): {error.message}"
    return ""


class _OneFolder(GenerateAssignment):  # type: ignore[misc]
    """nbgrader's generate_assignment for one folder by its path, which nbgrader itself reads as a pattern."""

    def init_notebooks(self) -> None:
        folder = self._format_source(self.coursedir.assignment_id, self.coursedir.student_id)
        names = sorted(path.name for path in Path(folder).glob("*.ipynb") if not path.name.startswith("."))
        self.assignments = {folder: [os.path.join(folder, name) for name in names]}


class _Listener(logging.Handler):
    """A handler that keeps what nbgrader logs, because its exceptions only say that something was logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(record.getMessage().strip())

    def reason(self, error: Exception) -> str:
        """Return the last line of the logged traceback, or else the first of the exception."""
        tracebacks = [text for text in self.errors if text.startswith("Traceback")]
        return (tracebacks[-1] if tracebacks else str(error)).splitlines()[-1].rstrip(".")


def _refuse_broken(assignment: Assignment, written: NotebookNode, released: NotebookNode) -> None:
    """Raise UsageError if a cell is valid Python in the source but not without its solution."""
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
    secret = list_secrets(assignment)
    allowed = read_exceptions(assignment.course.settings.course.leak_exceptions)
    found: list[Leak] = []
    for engine in ENGINES:  # a leak in both is reported once
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
    """Update the course's gradebook, after checking that every assignment can be updated."""
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
    """Move the built files into place and make the Gradescope zip from them."""
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
    _build_zip(assignment, _get_zip_path(assignment))


def _get_zip_path(assignment: Assignment) -> Path:
    return assignment.course.root / "release" / "gradescope" / f"{assignment.name}.zip"


def _build_zip(assignment: Assignment, target: Path) -> Path:
    """Make the Gradescope zip from the release in place."""
    from autograder.engines.gradescope_zip import build_zip  # here, because it imports otter, which takes seconds

    build_zip(assignment, assignment.course.root / "release" / "otter" / assignment.name, target)
    return target


def write_solutions(course: Course, assignments: Iterable[str], target: Path) -> list[Path]:
    """Write each assignment's solution notebook to ``target/<assignment>/<assignment>.ipynb`` and return the paths.

    Raises:
        UsageError: a fault in the source. Nothing was written.
    """
    notebooks = {name: make_solution_notebook(course.assignment(name)) for name in assignments}
    written = []
    for name, notebook in notebooks.items():
        path = target / name / f"{name}.ipynb"
        write_whole(path, nbformat.writes(notebook) + "\n", shown=True)  # once its folder is opened
        written.append(path)
    return written


def make_solution_notebook(assignment: Assignment) -> NotebookNode:
    """Return the source notebook with the reference inlined, the model answers in prose kept, and no markers.

    Raises:
        UsageError: a fault in the source.
    """
    return remove_markers(inline(check_source(assignment), assignment.reference))


def _shorten(path: Path, course: Course) -> str:
    return path.relative_to(course.root).as_posix()
