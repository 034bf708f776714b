"""Looks for the answers wherever a notebook can look from inside its own process.

The sample `failed_searches_for_answers` carries this text in a cell; its solution cells answer with whatever was found.
"""

import builtins
import gc
import linecache
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECRETS = (
    "(sub" + "mission, draw)",
    "@mis" + "conception(",
    "AUTOGRADER" + "_KEY=",
)  # of checks, misconceptions, the key
VARIABLES = {"expected", "reference", "draw", "misconceptions"}
SMALL = 30_000  # bytes
KINDS = {"", ".py", ".txt", ".json", ".jsonl", ".ipynb", ".md", ".toml", ".cfg", ".pth", ".yml", ".yaml", ".html"}
MY_OWN = "borrow" + "ed("  # stands in every cell of this notebook, and nowhere else


class Search:
    """What a search found.

    Attributes:
        found: where something secret stood.
        answers: function -> what to call, where code was found.
        looked_at: how many texts and namespaces were read.
    """

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.found: list[str] = []
        self.answers: dict[str, Any] = {}
        self.looked_at = 0
        for where, text in files():
            self._read(where, text)
        self.search_process()
        self.called = False

    def search_process(self) -> None:
        """Look at everything but files."""
        for where, text in texts():
            self._read(where, text)
        for where, values in frames():
            self.found += [f"{where}: {name}" for name in VARIABLES & set(values)]
        for where, namespace in namespaces():
            self._look_into(where, namespace)

    def _enough(self, names: set[str]) -> bool:
        """Half of the names that are asked for: a single `def pad(` stands in many libraries."""
        return len(names) >= max(1, len(self.names) // 2)

    def _read(self, where: str, text: str) -> None:
        self.looked_at += 1
        if MY_OWN in text:
            return
        code = self._enough({name for name in self.names if f"def {name}(" in text})
        if code or any(secret in text for secret in SECRETS):
            self.found.append(where)
        if code and not self.answers:
            self.answers = run(text)

    def _look_into(self, where: str, namespace: dict[Any, Any]) -> None:
        self.looked_at += 1
        mine = sys.modules["__main__"].__dict__
        if self._enough({n for n in self.names if callable(namespace.get(n)) and namespace[n] is not mine.get(n)}):
            self.found.append(where)
            self.answers = self.answers or namespace

    def borrowed(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """The answer of what was found, here or while the judge is asking."""
        if not self.called:
            self.called = True
            self.search_process()
        if name not in self.answers:
            number = "thousands of" if self.looked_at > 2000 else self.looked_at  # the same wherever it runs
            raise LookupError(f"found {self.found or 'nothing'} in {number} places")
        return self.answers[name](*args, **kwargs)


def run(text: str) -> dict[str, Any]:
    """What a found text defines."""
    namespace: dict[str, Any] = {"__name__": "found"}
    try:
        exec(text, namespace)
    except Exception:
        namespace["__name__"] = "found, but it does not run"
    return namespace


def texts() -> Iterator[tuple[str, str]]:
    """Every text in this process: arguments, environment, history, cached source, frames, memory."""
    yield "the arguments", "\n".join([*sys.argv, *sys.orig_argv])
    yield "the environment", "\n".join(f"{name}={value}" for name, value in os.environ.items())
    for name in ("cmdline", "environ"):
        yield f"/proc/self/{name}", Path(f"/proc/self/{name}").read_text(errors="replace")
    yield from history()
    yield from ((f"cached source {name}", "".join(entry[2])) for name, entry in cached_source())
    yield from ((f"a frame of {name}", text) for name, values in frames() for text in long_texts(values.values()))
    yield from (("memory", text) for thing in gc.get_objects() for text in long_texts(items(thing)))


def history() -> Iterator[tuple[str, str]]:
    """What was typed, in this session and in those before it."""
    if shell := getattr(builtins, "get_ipython", lambda: None)():
        yield from (("the history", line) for _, _, line in shell.history_manager.get_tail(10_000, include_latest=True))
        yield from (("the input", line) for line in shell.user_ns.get("In", []))


def cached_source() -> list[tuple[str, Any]]:
    return [(name, entry) for name, entry in linecache.cache.items() if len(entry) > 2]


def frames() -> Iterator[tuple[str, dict[str, Any]]]:
    """The variables of everything that is running, in any thread."""
    for frame in sys._current_frames().values():
        while frame is not None:
            yield frame.f_code.co_name, dict(frame.f_locals)
            yield f"{frame.f_code.co_name}'s module", dict(frame.f_globals)
            frame = frame.f_back  # type: ignore[assignment]


def items(thing: Any) -> Any:
    """What a container in memory holds."""
    if type(thing) is dict:
        return list(thing.values())
    return list(thing) if type(thing) in (list, tuple, set, frozenset) else ()


def long_texts(values: Any) -> Iterator[str]:
    """Those that could hold a line of code."""
    for value in values:
        if type(value) is str and len(value) > 40:
            yield value
        elif type(value) is bytes and 40 < len(value) < SMALL:
            yield value.decode(errors="replace")


def files() -> Iterator[tuple[str, str]]:
    """Small text files in the working folder and in everything that can be imported."""
    for folder in dict.fromkeys([os.getcwd(), *sys.path]):
        for place, _, names in os.walk(folder or "."):
            for name in names:
                path = Path(place, name)
                try:
                    if path.suffix in KINDS and path.stat().st_size < SMALL:
                        yield str(path), path.read_text(errors="replace")
                except OSError:
                    continue


def namespaces() -> Iterator[tuple[str, dict[Any, Any]]]:
    """Every module, and every dict in memory that is not this notebook's own."""
    own = {id(globals()), id(sys.modules["__main__"].__dict__)}
    for name, module in list(sys.modules.items()):
        if id(getattr(module, "__dict__", {})) not in own:
            yield f"the module {name}", getattr(module, "__dict__", {})
    for thing in gc.get_objects():
        if type(thing) is dict and id(thing) not in own:
            yield "a dict in memory", thing
