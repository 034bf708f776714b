"""Finds the best level of the jail that this machine allows, by trying each; and confines a process at a level."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from typing import Any

import jail
import own_root
import seccomp
from process_tree import in_child

HOLDS = b"holds"


def enclose(plan: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """Take this process into the best jail that this machine allows.

    Returns:
        Its level ("off" where none holds), and for each better level the reason why it was refused.
    """
    refused: dict[str, str] = {}
    plan["owner"] = plan["uid"] if os.getuid() == 0 else None
    jail.adopt_orphans()
    for level in plan["levels"]:
        try:
            {"namespaces": enter_namespaces, "landlock": try_landlock, "user": try_user, "off": try_nothing}[level](
                plan
            )
            return level, refused
        except OSError as error:
            refused[level] = error.strerror or str(error)
    return "off", refused


def enter_namespaces(plan: dict[str, Any]) -> None:
    """Continue as process 1 of new namespaces, in a root of its own; the two processes above it only wait for it.

    Raises:
        OSError: the machine does not allow it. This process is unchanged.
    """
    heard, told = socket.socketpair()
    if child := os.fork():
        told.close()
        if failure := heard.recv(4096):
            os.waitpid(child, 0)
            raise OSError(failure.decode())
        wait_for_end(child, plan["folder"])
    heard.close()
    jail.end_with_parent()
    try:
        if os.getuid() != 0:
            jail.become_own_root(plan["uid"])
        jail.unshare(jail.OWN)
        if inner := os.fork():
            told.close()
            wait_for_end(inner)
        jail.end_with_parent()
        own_root.enter_new_root(plan["root"], sys.path[0], plan["shown"], plan["hidden"], plan["uid"])
        own_root.mount_scratch(16, os.getuid())  # some packages write files while they are imported
        refuse_if_readable(plan)
        sys.path[0] = own_root.INSIDE
        try_level(plan, "namespaces")
    except OSError as error:
        told.send(str(error).encode())
        os._exit(1)
    told.close()


def wait_for_end(child: int, folder: str = "") -> None:
    """Wait for the child, remove ``folder`` even where the command was killed, and end with the child's exit code."""
    _, status = os.waitpid(child, 0)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def try_landlock(plan: dict[str, Any]) -> None:
    """Try whether Landlock holds, with a separate user where possible; it is applied later, to each student's process alone."""
    alone = ""
    try:
        try_user(plan)
    except OSError as error:
        plan["owner"], alone = None, str(error)
        if jail.find_landlock_version() < jail.KEEPS_SIGNALS_IN:
            raise OSError(
                f"Landlock of this kernel does not keep signals in, and there is no user of its own: {alone}"
            ) from None
    try:
        try_level(plan, "landlock")
    except OSError as error:
        raise OSError(f"{error}; {alone}" if alone else str(error)) from None


def try_user(plan: dict[str, Any]) -> None:
    """Try whether a separate user holds; only root can change to one."""
    if os.getuid() != 0:
        raise OSError("only root can start a process of another user")
    plan["owner"] = plan["uid"]
    try_level(plan, "user")


def try_nothing(plan: dict[str, Any]) -> None:
    """Accept no jail at all: the instructor asked for it."""
    plan["owner"] = None


def try_level(plan: dict[str, Any], level: str) -> None:
    """Confine a child, and check that it reads what it needs and nothing hidden, and keeps the promises of its level.

    Raises:
        OSError: the child could not be confined, or not enough.
    """
    needed = [path for path in (*plan["shown"], f"{sys.path[0]}/agent.py") if os.path.exists(path)]
    heard, told = socket.socketpair()
    if (child := os.fork()) == 0:
        in_child(try_from_inside, plan, level, needed, told)
    told.close()
    said = heard.recv(4096)
    os.waitpid(child, 0)
    if said != HOLDS:
        raise OSError(said.decode() or "the trial of this level came to no end")


def try_from_inside(plan: dict[str, Any], level: str, needed: list[str], told: socket.socket) -> int:
    """Send ``HOLDS``, or the reason why the level does not hold."""
    try:
        confine(plan, level, {"uid": plan["uid"], "role": plan["role"]})
        if level == "landlock":
            show_only_needed(plan, plan["root"], plan["role"])
        refuse_if_readable(plan)
        for path in needed:
            if not jail.can_open(path):
                raise OSError(f"user {os.getuid()} cannot read {path}, which the notebook's Python needs")
        if level != "namespaces":  # there a student's process gets a pid namespace of its own, which this child lacks
            jail.refuse_if_reached(os.getppid())
        jail.refuse_if_unconfined()
    except OSError as error:
        told.send(str(error).encode())
        return 1
    told.send(HOLDS)
    return 0


def refuse_if_readable(plan: dict[str, Any]) -> None:
    """Raise OSError where a hidden file can be read."""
    if seen := jail.list_readable(plan["hidden"]):
        raise OSError(f"{seen[0]} can be read from inside")


def find_user(plan: dict[str, Any], launch: dict[str, Any]) -> int | None:
    """Return the user that a process changes to; None where this machine or user does not allow one."""
    return None if plan["owner"] is None else launch["uid"]


def confine(plan: dict[str, Any], level: str, launch: dict[str, Any]) -> None:
    """Give up, for good, the rights and system calls that neither keeper nor student may have."""
    if level == "off":
        return
    jail.drop_privileges(find_user(plan, launch))
    seccomp.filter_system_calls(
        sockets=level == "namespaces",
        connects=launch["role"] == "judge",  # to the kernels' sockets
        metadata=level == "namespaces" or plan["owner"] is not None,
    )


def show_only_needed(plan: dict[str, Any], home: str, role: str) -> None:
    """Put Landlock on this process: it can read what Python needs, its own folder, and its own entries in ``/proc``."""
    hidden = plan["hidden_from"].get(role, [])
    shown = [path for path in plan["shown"] if path not in hidden]
    jail.restrict_files([*shown, os.path.dirname(os.path.abspath(__file__))], [home, "/proc/self"])
