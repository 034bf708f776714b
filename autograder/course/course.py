"""A course is a folder with a `grader_config.py`; an assignment is the files of one name in it."""

from __future__ import annotations

import ast
import os
import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from autograder.course.config import CONFIG_FILE, Settings, load_settings
from autograder.errors import UsageError
from autograder.files import write_new

KEY_FILE = ".autograder_key"
KEY_VARIABLE = "AUTOGRADER_KEY"  # of the environment; the configuration's key comes first


@dataclass(frozen=True)
class CheckInfo:
    """What the file of a hidden check says of it, read without running the file."""

    question: str
    name: str
    title: str
    points: float
    visible: bool
    trains: bool


@dataclass(frozen=True)
class Assignment:
    """The files of one assignment.

    Attributes:
        name: such as ``padding``.
        source: the instructor's notebook.
        reference: the reference solution's module.
        misconceptions: the module of known wrong solutions (a course may have none).
        right_answers: modules of other right solutions, for testing the tests.
        tests: the folder of hidden tests.
    """

    name: str
    course: Course

    @property
    def source(self) -> Path:
        return self.course.root / "source" / self.name / f"{self.name}.ipynb"

    @property
    def reference(self) -> Path:
        return self.course.private / "solutions" / f"{self.name}.py"

    @property
    def misconceptions(self) -> Path:
        return self.course.private / "solutions" / "misconceptions" / f"{self.name}.py"

    @property
    def right_answers(self) -> list[Path]:
        """Modules with right answers written independently of the reference (there may be none)."""
        return sorted((self.course.private / "solutions" / "right" / self.name).glob("*.py"))

    @property
    def tests(self) -> Path:
        return self.course.private / "tests" / self.name

    @property
    def released(self) -> Path:
        """The student's notebook as nbgrader releases it."""
        return self.course.root / "release" / "nbgrader" / self.name / f"{self.name}.ipynb"

    def require_release(self) -> None:
        """Raise UsageError when the student's notebook has not been built."""
        if not self.released.is_file():
            raise UsageError(f"{self.released}: is missing. Run `autograder build` first.", code="not-built")

    @cached_property
    def questions(self) -> dict[str, tuple[str, list[CheckInfo]]]:
        """Question -> (title, its checks), in the order of the test files; read from the source text, nothing is run."""
        questions: dict[str, tuple[str, list[CheckInfo]]] = {}
        for path in sorted(self.tests.glob("test_*.py"), key=_sort_by_number):
            try:
                module = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
            except SyntaxError as error:
                raise UsageError(f"{path}, line {error.lineno}: cannot be read as Python: {error.msg}.") from error
            title = _read_title((ast.get_docstring(module) or path.stem).splitlines()[0])
            collected = _list_collected(module)
            for node in (n for n in ast.walk(module) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))):
                try:
                    info = _read_check(node)
                except (KeyError, TypeError, ValueError) as error:
                    raise UsageError(
                        f"{path}, line {node.lineno}: {node.name}: what @check is given cannot be read without running it."
                        ' Write it out, such as @check("q3", points=2).'
                    ) from error
                if info is not None and node not in collected:
                    raise UsageError(
                        f"{path}, line {node.lineno}: {node.name} is marked @check where pytest may not find it. Write it as a"
                        " function called test_…, at the top of the file or in a class called Test…, without async."
                    )
                if info is not None:
                    questions.setdefault(info.question, (title, []))[1].append(info)
        names = [check.name for _, checks in questions.values() for check in checks]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise UsageError(f"{self.tests}: two checks are called {twice[0]}. Give every check a name of its own.")
        if not questions:
            raise UsageError(f"{self.tests}: holds no hidden check. Add test_q1_….py with functions marked @check.")
        return questions

    @property
    def max_points(self) -> float:
        return sum(check.points for _, checks in self.questions.values() for check in checks)


def _read_title(line: str) -> str:
    """Read a question's title from ``Padding, question 2: pad and cut (5 points). Source: lecture.``

    >>> _read_title("Padding, question 2: pad and cut (5 points). Source: lecture.")
    'pad and cut'
    """
    return re.sub(r"^.*?, question \d+: *| *\(\d+(\.\d+)? points?\).*$", "", line)


def _sort_by_number(path: Path) -> tuple[int, str]:
    """Sort key: test_q10_x.py comes after test_q9_x.py."""
    digits = "".join(c for c in path.stem.split("_")[1] if c.isdigit()) if "_" in path.stem else ""
    return (int(digits) if digits else 0, path.name)


def _list_collected(module: ast.Module) -> list[ast.stmt]:
    """List the functions that pytest finds by their names and places."""
    classes = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    functions = [node for body in (module.body, *(found.body for found in classes)) for node in body]
    return [node for node in functions if isinstance(node, ast.FunctionDef) and node.name.startswith("test")]


def _read_check(node: ast.FunctionDef | ast.AsyncFunctionDef) -> CheckInfo | None:
    """Read the arguments of ``@check("q3", points=2, visible=True)`` above a function; None for a helper."""
    if (mark := check_mark(node)) is None:
        return None
    given = {k.arg: k.value for k in mark.keywords if k.arg} | dict(
        zip(("question", "points", "needs", "visible", "trains"), mark.args, strict=False)
    )
    visible, trains = (given.get(name, ast.Constant(False)) for name in ("visible", "trains"))
    return CheckInfo(
        question=str(ast.literal_eval(given["question"])),
        name=node.name,
        title=(ast.get_docstring(node) or node.name).splitlines()[0],
        points=float(ast.literal_eval(given["points"])),
        visible=bool(ast.literal_eval(visible)),
        trains=bool(ast.literal_eval(trains)),
    )


def check_mark(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Call | None:
    """Find the ``@check(...)`` above a function; None where there is none."""
    calls = [decorator for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    return next((c for c in calls if "check" in (getattr(c.func, "id", ""), getattr(c.func, "attr", ""))), None)


@dataclass(frozen=True)
class Course:
    """One course: where its files are and how it is configured."""

    root: Path
    settings: Settings = field(repr=False)

    @property
    def private(self) -> Path:
        """The folder of ``solutions/`` and ``tests/``: the course itself, or a private one that the instructor named."""
        folder = self.settings.course.private_folder
        return (self.root / folder).resolve() if folder else self.root

    def tree(self, kind: Literal["submitted", "autograded", "feedback"]) -> Path:
        """Return one of nbgrader's trees, ``<tree>/<student>/<assignment>/``, under the name that the configuration gives it."""
        return self.root / str(self.settings.raw.CourseDirectory.get(f"{kind}_directory", kind))

    @property
    def assignments(self) -> list[str]:
        """The names of all assignments with a source notebook, in the teaching order of the configuration, then by name."""
        found = sorted(p.parent.name for p in self.root.glob("source/*/*.ipynb") if p.stem == p.parent.name)
        order = list(self.settings.course.teaching_order)
        return [a for a in order if a in found] + [a for a in found if a not in order]

    def assignment(self, name: str) -> Assignment:
        """Return the assignment called ``name``.

        Raises:
            UsageError: there is none.
        """
        if name not in self.assignments:
            known = ", ".join(self.assignments) or "none"
            raise UsageError(f"{self.root}: has no assignment '{name}'. It has: {known}.")
        return Assignment(name, self)

    @cached_property
    def key(self) -> bytes:
        """The draw key: --key, then c.Autograder.key, then AUTOGRADER_KEY, then a file that is made at first use.

        A setting of this command comes before one of the course, and that before one of the environment.

        Raises:
            UsageError: the one that counts is blank or cannot be read.
        """
        if given := self.settings.course.key:
            return _parse_key(given, "c.Autograder.key", "Give it a key, or remove the line")
        if (named := os.environ.get(KEY_VARIABLE)) is not None:
            return _parse_key(named, KEY_VARIABLE, "Give it a key, or unset the variable")
        path = self.root / KEY_FILE
        try:
            write_new(path, secrets.token_hex(32) + "\n")
            return _parse_key(
                path.read_text("utf-8"), str(path), "Put the key back, or remove the file to have a new one made"
            )
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no text"
            denied = isinstance(error, PermissionError)
            shared = " Where several people grade, its owner lets their group read it: chmod g+rw." if denied else ""
            raise UsageError(f"{path}: cannot be read ({reason}). It must hold the draw key.{shared}") from error


def _parse_key(text: str, where: str, repair: str) -> bytes:
    """Return the draw key in ``text``, without blanks around it."""
    if not (key := text.strip()):
        raise UsageError(f"{where}: is blank, and so no draw key. {repair}.")
    return key.encode()


def find_course(start: Path | None = None) -> Course:
    """Find the course that ``start`` (default: the working folder) lies in.

    Raises:
        UsageError: no folder upwards holds a grader_config.py, or that file is wrong.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / CONFIG_FILE).is_file():
            return Course(folder, load_settings(folder / CONFIG_FILE))
    raise UsageError(f"{start}: no {CONFIG_FILE} here or above. Run this inside a course folder.", code="no-course")
