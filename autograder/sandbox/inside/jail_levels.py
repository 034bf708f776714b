"""Which level of the jail this machine allows, found out by trying; and what is given up on each."""

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
        Its level ("off" where none holds), and for each better one why it cannot be had.
    """
    refused: dict[str, str] = {}
    plan["owner"] = plan["uid"] if os.getuid() == 0 else None
    jail.no_orphans()
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
    """Go on as process 1 of namespaces of our own, in a root of our own; the processes that were there before only wait.

    Raises:
        OSError: the machine does not allow it. This process is as it was.
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
        own_root.new_root(plan["root"], sys.path[0], plan["shown"], plan["hidden"], plan["uid"])
        own_root.own_scratch(16, os.getuid())  # some packages want to write while they are imported
        refuse_if_readable(plan)
        sys.path[0] = own_root.INSIDE
        trial(plan, "namespaces")
    except OSError as error:
        told.send(str(error).encode())
        os._exit(1)
    told.close()


def wait_for_end(child: int, folder: str = "") -> None:
    """End as the child ends, and leave no ``folder`` behind, even when whoever started us was killed."""
    _, status = os.waitpid(child, 0)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def try_landlock(plan: dict[str, Any]) -> None:
    """See whether Landlock would hold, with a user of its own where that can be; it is put on each student's process alone."""
    alone = ""
    try:
        try_user(plan)
    except OSError as error:
        plan["owner"], alone = None, str(error)
        if jail.landlock_version() < jail.KEEPS_SIGNALS_IN:
            raise OSError(
                f"Landlock of this kernel does not keep signals in, and there is no user of its own: {alone}"
            ) from None
    try:
        trial(plan, "landlock")
    except OSError as error:
        raise OSError(f"{error}; {alone}" if alone else str(error)) from None


def try_user(plan: dict[str, Any]) -> None:
    """See whether a user of its own would hold; only root can become one."""
    if os.getuid() != 0:
        raise OSError("only root can start a process of another user")
    plan["owner"] = plan["uid"]
    trial(plan, "user")


def try_nothing(plan: dict[str, Any]) -> None:
    """No jail at all, which the instructor asked for."""
    plan["owner"] = None


def trial(plan: dict[str, Any], level: str) -> None:
    """Confine a child and see that it can read what it needs, nothing that is hidden, and that what every level promises holds.

    Raises:
        OSError: it could not be confined, or not enough.
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
    """Say ``HOLDS``, or what does not."""
    try:
        confine(plan, level, {"uid": plan["uid"], "role": plan["role"]})
        if level == "landlock":
            see_only_needed(plan, plan["root"], plan["role"])
        refuse_if_readable(plan)
        for path in needed:
            if not jail.opens(path):
                raise OSError(f"user {os.getuid()} cannot read {path}, which the notebook's Python needs")
        if level != "namespaces":  # there a student's process has a namespace of its own, which this one has not
            jail.refuse_if_reached(os.getppid())
        jail.refuse_if_unconfined()
    except OSError as error:
        told.send(str(error).encode())
        return 1
    told.send(HOLDS)
    return 0


def refuse_if_readable(plan: dict[str, Any]) -> None:
    if seen := jail.readable(plan["hidden"]):
        raise OSError(f"{seen[0]} can be read from inside")


def user(plan: dict[str, Any], launch: dict[str, Any]) -> int | None:
    """The user that a process becomes; None where it cannot be another one."""
    return None if plan["owner"] is None else launch["uid"]


def confine(plan: dict[str, Any], level: str, launch: dict[str, Any]) -> None:
    """Give up what neither keeper nor student may have, for good."""
    if level == "off":
        return
    jail.drop_privileges(user(plan, launch))
    seccomp.filter_system_calls(
        sockets=level == "namespaces",
        connects=launch["role"] == "judge",  # to the kernels' sockets
        metadata=level == "namespaces" or plan["owner"] is not None,
    )


def see_only_needed(plan: dict[str, Any], home: str, role: str) -> None:
    """Landlock on this process: what Python needs, what lies in its own folder, and what ``/proc`` says of itself."""
    hidden = plan["hidden_from"].get(role, [])
    shown = [path for path in plan["shown"] if path not in hidden]
    jail.landlock([*shown, os.path.dirname(os.path.abspath(__file__))], [home, "/proc/self"])
