"""Read grader_config.py, the one file that an instructor edits, strictly: a misspelt key is an error and is never ignored."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets import Bool, Dict, Enum, Float, HasTraits, Int, List, TraitError, Unicode, validate
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

from autograder.errors import UsageError

CONFIG_FILE = "grader_config.py"
DATA_VARIABLE = "AUTOGRADER_DATA"  # of the environment; the configuration's data_folder comes first
LEVELS = ("off", "user", "landlock", "namespaces")  # of the jail; each holds more than the one before
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")  # a name that c.Autograder.environment may set …
KEPT_VARIABLES = (
    "PATH",
    "HOME",
    "MPLBACKEND",
    "SHELL",
    "TMPDIR",
    "USER",
    "TF_CPP_MIN_LOG_LEVEL",
)  # … unless it is here
KEPT_PREFIXES = ("AUTOGRADER", "BASH", "GLIBC", "IPYTHON", "JUPYTER", "LD_", "MALLOC", "PYTHON")
LONGEST_VALUE, MOST_VARIABLES = (
    200,
    32,
)  # characters; they travel in one message to the process that starts students' code
SET_BY_US = {
    "CourseDirectory": ("root", "source_directory", "release_directory", "directory_structure"),
    "Autograde": ("exporter_class", "sanitize_preprocessors", "autograde_preprocessors"),
}


class Autograder(Configurable):
    """Settings of the course, beyond nbgrader's own CourseDirectory."""

    private_folder = Unicode(
        "", help="Folder that holds solutions/ and tests/, relative to the course; empty: the course itself."
    ).tag(config=True)
    data_folder = Unicode(
        "",
        help="Folder with the data files that hidden checks read; empty: the folder that AUTOGRADER_DATA names.",
    ).tag(config=True)
    teaching_order = List(Unicode(), help="Assignments in the order they are taught; others follow by name.").tag(
        config=True
    )
    which_submission = Enum(
        ["newest", "best"], "newest", help="Of several submissions by one student, the one that counts."
    ).tag(config=True)
    teams = Dict(
        value_trait=List(Unicode()),
        key_trait=Unicode(),
        help='Teams whose members a platform does not name: {"Group A": ["doe", "roe"]}, with the students\' ids.',
    ).tag(config=True)
    show_details = Bool(True, help="Whether students see what a hidden check observed; its title they always see.").tag(
        config=True
    )
    show_direction = Bool(
        False,
        help="Whether feedback says that a wrong number is too small or too large; for courses that limit the attempts.",
    ).tag(config=True)
    leak_exceptions = List(
        Unicode(), help="Solution statements that may stand in a release although the reference holds them."
    ).tag(config=True)
    columns = Dict(
        Unicode(), help="Assignment: title of its column in the learning platform's file, where the names differ."
    ).tag(config=True)
    environment = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        help='Environment variables for students\' code, such as {"DATA": "small"}.',
    ).tag(config=True)
    key = Unicode("", help="The draw key, unless --key gives one; empty: AUTOGRADER_KEY, then the key file.").tag(
        config=True
    )

    @validate("environment")
    def _harmless(self, proposal: Any) -> dict[str, str]:
        """Refuse names that Python, the loader or the kit reads, and values that are no short texts."""
        variables: dict[str, str] = proposal["value"]
        for name, value in variables.items():
            if not VARIABLE.fullmatch(name) or name in KEPT_VARIABLES or name.startswith(KEPT_PREFIXES):
                raise TraitError(
                    f"c.Autograder.environment: {name!r} cannot be set. Choose a name of capital letters, digits and '_' that"
                    " neither Python, the system nor the grader uses."
                )
            if len(value) > LONGEST_VALUE or not value.isprintable():
                raise TraitError(
                    f"c.Autograder.environment: the value of '{name}' is no short text. Use at most {LONGEST_VALUE} printable"
                    " characters."
                )
        if len(variables) > MOST_VARIABLES:
            raise TraitError(
                f"c.Autograder.environment: sets {len(variables)} variables. Set at most {MOST_VARIABLES}."
            )
        return variables


class Limits(Configurable):
    """Limits of what one submission may use while it is graded."""

    seconds_per_cell = Float(
        30.0,
        min=0.1,
        help="Seconds of one notebook cell, without those in which it waits for a core of a busy machine.",
    ).tag(config=True)
    seconds_per_call = Float(
        20.0, min=0.1, help="The same of one call of a student's function, unless the check gives another."
    ).tag(config=True)
    seconds_per_submission = Float(900.0, min=1.0, help="The same of all that one submission runs.").tag(config=True)
    notebook_mib = Int(50, min=1, help="Largest notebook file that is opened.").tag(config=True)
    answer_mib = Int(64, min=1, help="Largest answer to one question of the judge.").tag(config=True)
    memory_mib = Int(4096, min=512, help="Memory of one submission, with every process that it starts.").tag(
        config=True
    )
    scratch_mib = Int(512, min=16, help="Files that one submission may write, in all.").tag(config=True)
    output_mib = Int(64, min=1, help="What one cell may print; it is stopped there.").tag(config=True)
    cpu_seconds = Float(1800.0, min=1.0, help="Processor time of one process of a submission.").tag(config=True)
    processes = Int(256, min=64, help="Processes and threads that one submission may have at a time.").tag(config=True)
    open_files = Int(1024, min=128, help="Files that one process of a submission may have open.").tag(config=True)


class Jail(Configurable):
    """Settings of the jail that keeps student code from this machine."""

    minimum = Enum(
        LEVELS,
        "landlock",
        help="The least that must be enforced, or nothing is graded: namespaces, landlock, user or off.",
    ).tag(config=True)
    cold = Bool(False, help="Whether every submission starts without packages imported beforehand.").tag(config=True)
    preload = List(
        Unicode(), help="Packages to import once for all submissions; empty: those that the released notebooks import."
    ).tag(config=True)


@dataclass(frozen=True)
class Settings:
    """The configuration of one course, checked.

    Attributes:
        raw: the whole traitlets config, nbgrader's part included.
    """

    raw: Config
    course: Autograder
    limits: Limits
    jail: Jail


def without_nbgraders(settings: Settings) -> Settings:
    """Return a copy that can be sent to another process: nbgrader's part may hold functions and classes of the configuration's own."""
    own = (settings.course, settings.limits, settings.jail)
    values = {type(part).__name__: {key: getattr(part, key) for key in part.trait_names(config=True)} for part in own}
    config = Config(values)
    return Settings(Config(), Autograder(config=config), Limits(config=config), Jail(config=config))


def load_settings(path: Path) -> Settings:
    """Read a grader_config.py.

    Raises:
        UsageError: it does not run, a key or value in it is unknown to every class it could configure, or a folder it
            names is missing.
    """
    if str(path.parent) not in sys.path:  # as in nbgrader's own command, for the course's own plugins
        sys.path.append(str(path.parent))
    try:
        config = PyFileConfigLoader(path.name, path=str(path.parent)).load_config()
    except Exception as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise UsageError(f"{path}{line}: cannot be read as Python: {type(error).__name__}: {error}") from error
    settings = settings_from(config, path)
    _check_folders(settings, path)
    return settings


def _check_folders(settings: Settings, path: Path) -> None:
    for key in ("private_folder", "data_folder"):
        folder = path.parent / getattr(settings.course, key)  # an empty name is the course itself
        if not folder.is_dir():
            raise UsageError(
                f"{path}: c.Autograder.{key} names {folder}, which is no folder. Make it, or remove the line."
            )
    if (named := os.environ.get(DATA_VARIABLE)) and not Path(named).is_dir():
        raise UsageError(f"{DATA_VARIABLE} names {named}, which is no folder. Make it, or unset the variable.")


def settings_from(config: Config, path: Path) -> Settings:
    """Check a config that was read from ``path``, and return its settings.

    Raises:
        UsageError: as ``load_settings``.
    """
    check_keys(config, path)
    try:
        return Settings(config, Autograder(config=config), Limits(config=config), Jail(config=config))
    except TraitError as error:
        raise UsageError(f"{path}: {error}") from error


def check_keys(config: Config, path: Path) -> None:
    """Raise UsageError where ``config`` has a section or key that no known class has, or that a course may not set."""
    classes: dict[str, set[str]] = defaultdict(set)  # several may share a name: nbgrader has two called Exchange
    for cls in _list_configurable_classes():
        classes[cls.__name__] |= set(cls.class_trait_names(config=True))
    own = _list_own_classes(config)
    for section, keys in config.items():
        if section in own:
            continue
        if section not in classes:
            raise UsageError(f"{path}: c.{section} is unknown.{_suggest(section, classes)}")
        for key in keys:
            if key in SET_BY_US.get(section, ()):
                raise UsageError(
                    f"{path}: c.{section}.{key} cannot be chosen; the judge relies on its own. Remove the line."
                )
            if key not in classes[section]:
                raise UsageError(f"{path}: c.{section}.{key} is unknown.{_suggest(key, classes[section])}")


def _list_own_classes(config: Config) -> set[str]:
    """List the names of the course's own classes, such as a plugin for late submissions, which may be configured too."""
    named = [value for keys in config.values() for key, value in keys.items() if key.endswith("_class")]
    return {value.split(".")[-1] if isinstance(value, str) else getattr(value, "__name__", "") for value in named}


def _suggest(word: str, known: object) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)  # type: ignore[call-overload]
    return f" Did you mean '{close[0]}'?" if close else " Remove it, or look up its name in the docs."


def _list_configurable_classes() -> Iterator[type[HasTraits]]:
    """List our classes, and all that nbgrader, its exporters and its Jupyter base can configure."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.apps.nbgraderapp import NbGraderApp
    from nbgrader.exchange import default

    # The application lists only the abstract classes that these are made from.
    exchange = [getattr(default, name) for name in default.__all__]
    yield Autograder
    yield Limits
    yield Jail
    for cls in (*NbGraderApp().all_configurable_classes(), NbGraderAPI, *exchange):
        for base in cls.mro():
            if isinstance(base, type) and issubclass(base, HasTraits):
                yield base
