"""This process' own warm parent: started when it is first needed, replaced when it dies, ended with this process.

settle(surroundings)   release the old parent, note how to make the next one, and start it; does not wait for it
parent()               start one where none lives; wait until it tells its level; refuse less than ``c.Jail.minimum``
parent().launch(...)   start a process in the jail; see inside/keeper.py
release()              end the parent and all its processes; the next parent() starts one in the same way
reset()                release it, and note how to make the usual parent
adopt(parent)          in a judge: use a parent that lives in the worker (broker.py)
"""

from __future__ import annotations

import atexit
from collections.abc import Callable

from autograder.course.config import LEVELS
from autograder.errors import UsageError
from autograder.sandbox.parent import Parent, WarmParent
from autograder.sandbox.surroundings import Surroundings

_parent: Parent | None = None
_usual = Surroundings()
_make: Callable[[], Parent] = lambda: WarmParent(_usual)  # noqa: E731
_minimum = _usual.jail.minimum


def settle(surroundings: Surroundings) -> None:
    """Set what students' processes are started with from here on, and start the parent without waiting for it."""
    _use(lambda: WarmParent(surroundings), surroundings.jail.minimum)
    start()


def reset() -> None:
    """End this process' parent, and return to the usual surroundings."""
    _use(lambda: WarmParent(_usual), _usual.jail.minimum)


def adopt(parent: Parent) -> None:
    """Let another process start students' processes for this one; that process enforces the configured minimum."""
    _use(lambda: parent, LEVELS[0])


def _use(make: Callable[[], Parent], minimum: str) -> None:
    global _make, _minimum
    release()
    _make, _minimum = make, minimum


def start() -> Parent:
    """Return this process' parent, and start one where none lives; its jail may enforce less than the minimum."""
    global _parent
    if _parent is None or not _parent.is_alive():
        release()
        _parent = _make()
    return _parent


def release() -> None:
    """End this process' parent, if it has one; the next process comes from a new one."""
    global _parent
    if _parent is not None:
        _parent.close()
        _parent = None


def parent() -> Parent:
    """Return this process' parent, and start one where none lives.

    Raises:
        UsageError: the machine enforces less than the configuration asks for.
        OSError: the parent could not be started.
    """
    started = start()
    ensure_level(started, _minimum)
    return started


def ensure_level(started: Parent, minimum: str) -> None:
    """Raise UsageError where the machine enforces less than ``minimum``."""
    if LEVELS.index(started.level) < LEVELS.index(minimum):
        why = "; ".join(f"{level}: {reason}" for level, reason in started.refused.items())
        raise UsageError(
            f"this machine's jail is '{started.level}', and c.Jail.minimum asks for '{minimum}' ({why})."
            " Run `autograder doctor`; or grade notebooks that you trust with --jail=off.",
            code="weak-jail",
        )


atexit.register(release)
