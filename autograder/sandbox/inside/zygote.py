"""The warm parent: imports the heavy packages once, then forks each student's process from itself, into its jail.

    python -s -S -P zygote.py SITE_PACKAGES[:SITE_PACKAGES] DESCRIPTOR

The descriptor is one end of a packet socket. Over it comes, as JSON, first the plan and then one launch after the other, as
`parent.py` sends them. The parent lives in the jail itself and ends with whoever started it, and all that it forked with it. For a
launch it forks a maker of namespaces, which ends at once; that forks the keeper, process 1 of the student's own namespace, which
waits and says how it ended; and that the student's process. A launch names the function that this process runs: `agent.serve` for
student code, `builder.serving.serve` for a model that is rebuilt without it.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":  # -S left site-packages off the path, and with it every .pth file that could name the course
    sys.path += sys.argv[1].split(":")
    sys.path.insert(0, __file__.rpartition("/")[0])

import contextlib
import faulthandler
import gc
import importlib
import itertools
import json
import os
import random
import select
import shutil
import signal
import socket
import tarfile
import tempfile
import time
from collections.abc import Callable, Set
from typing import Any

import jail
import seccomp

MESSAGE, DESCRIPTORS, MOST_DESCRIPTORS = 1 << 17, 16, 1 << 12
HOLDS = b"holds"


def main(control: socket.socket) -> None:
    os.umask(0o022)  # whatever that of the command is: other users have to enter the folders that are made here
    plan = json.loads(control.recv(MESSAGE))
    level, refused = enclose(plan)
    live_in(plan["root"] if level != "namespaces" else jail.HOME)
    sys.path += plan["path"]
    importlib.import_module("agent")
    for name in plan["preload"]:
        with contextlib.suppress(Exception):  # missing or broken here: the notebook that imports it will say so
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or else the first collection in every child would copy all that is shared
    control.send(json.dumps({"level": level, "refused": refused}).encode())
    sys.setrecursionlimit(20_000)  # folders may lie in one another as deep as a path can name
    remove_files(plan, level)  # of one that was killed
    try:
        serve(control, plan, level)
    finally:  # whoever started this has ended, or this has a fault of its own
        end_children()
        remove_files(plan, level)
        shutil.rmtree(plan["folder"], ignore_errors=True)


def remove_files(plan: dict[str, Any], level: str) -> None:
    """Remove what students' users have left where everybody may write; their numbers are this command's alone."""
    for owner in plan["leave_files"] if level == "user" else ():
        jail.remove_files_of(owner)


def serve(control: socket.socket, plan: dict[str, Any], level: str) -> None:
    """Fork one process after the other until nobody is there to ask for one."""
    keepers: dict[int, int | None] = {}  # process id -> user
    while True:
        ready, _, _ = select.select([control], [], [], 1.0 if level == "namespaces" else 0.05)
        for owner in [keepers.pop(pid) for pid in reap() & keepers.keys()]:
            if level != "namespaces":
                end_children(keepers.keys())  # nothing else holds together what a keeper leaves behind
            if level == "user" and owner is not None:
                jail.remove_files_of(owner)
        if not ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, DESCRIPTORS)
        if not message:
            return
        launch = json.loads(message)
        heard, told = os.pipe()
        if (maker := os.fork()) == 0:
            control.close()
            in_child(make_namespaces, plan, level, launch, descriptors, told)
        for descriptor in (*descriptors, told):
            os.close(descriptor)
        os.waitpid(maker, 0)
        leaves_files = launch["role"] in ("student", "model")  # the others' user owns what the worker has made for them
        owner = user(plan, launch) if leaves_files else None
        keepers |= {int(pid): owner for pid in os.read(heard, 32).split()}
        os.close(heard)


def live_in(home: str) -> None:
    """Have ``home`` as working folder, and tell everybody who asks the environment."""
    temporary = jail.TEMPORARY if home == jail.HOME else home
    os.environ |= {"HOME": home, "KERAS_HOME": f"{home}/.keras", "TMPDIR": temporary}
    tempfile.tempdir = None  # where it was looked up before
    os.chdir(home)


def in_child(function: Callable[..., int], *arguments: Any) -> None:
    """Run ``function`` in a forked process and end there with its exit code; the parent's own code is never returned to."""
    code = 1
    try:
        code = function(*arguments)
    finally:
        os._exit(code)


def reap() -> set[int]:
    """Take leave of children that ended."""
    ended = set()
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.add(pid)
    return ended


def end_children(spared: Set[int] = frozenset()) -> None:
    """End every descendant but those of ``spared`` children, however fast they make new ones.

    Whoever is stopped makes none: all are, until no other is seen, and only then killed. One whose parent is gone has become a
    child of this process, so none is out of sight.
    """
    while seen := descendants(os.getpid(), spared):
        stopped: set[int] = set()
        while fresh := seen - stopped:
            send(fresh, signal.SIGSTOP)
            stopped |= fresh
            seen = descendants(os.getpid(), spared)
        send(stopped, signal.SIGKILL)
        for _ in range(100):  # those whose parents were among them become ours a moment later
            for each in stopped:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each, os.WNOHANG)
            if not descendants(os.getpid(), spared) & stopped:
                break
            time.sleep(0.01)


def send(pids: Set[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def descendants(pid: int, spared: Set[int]) -> set[int]:
    """All descendants of a process, without the ``spared`` ones and theirs."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{each}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{each}/task/{task}/children") as file:
                    fresh = {int(child) for child in file.read().split()} - found - spared
                    found |= fresh
                    waiting += fresh
    return found


# ---- the jail of the parent itself


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
        jail.new_root(plan["root"], sys.path[0], plan["shown"], plan["hidden"], plan["uid"])
        jail.own_scratch(16, os.getuid())  # some packages want to write while they are imported
        refuse_if_readable(plan)
        sys.path[0] = jail.INSIDE
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


# ---- one student's process


def make_namespaces(plan: dict[str, Any], level: str, launch: dict[str, Any], descriptors: list[int], told: int) -> int:
    """Leave for namespaces of our own, with an empty scratch, and fork the keeper into them; ``told`` gets its number."""
    home, owner = launch["home"], user(plan, launch)
    if level == "namespaces":
        jail.unshare(jail.OWN)
        jail.keep_mounts_private()
        jail.own_scratch(launch["scratch_mib"], os.getuid() if owner is None else owner)
        for path in plan["hidden_from"].get(launch["role"], []):
            jail.hide(path)
        home = jail.HOME
    elif owner is not None:
        os.chown(home, owner, owner)
    if (keeper := os.fork()) == 0:
        os.close(told)
        in_child(keep, plan, level, home, launch, descriptors)
    os.write(told, str(keeper).encode())
    return 0


def keep(plan: dict[str, Any], level: str, home: str, launch: dict[str, Any], descriptors: list[int]) -> int:
    """Start the student's process, pass interrupts on to it, and say how it ended."""
    judge, words, last = socket.socket(fileno=descriptors[0]), descriptors[1], 2 + launch["sockets"]
    sockets, archive = descriptors[2:last], descriptors[last:]
    try:
        if level == "namespaces":
            jail.own_proc()
        jail.no_orphans()
        os.sched_setaffinity(0, plan["cores"])
        this = os.pidfd_open(os.getpid())
        confine(plan, level, launch)
        unpack(archive, home)
        jail.set_limits(launch["limits"])
    except (OSError, tarfile.TarError) as error:
        judge.send(str(error).encode())
        return 1
    socket.send_fds(judge, [b"started"], [this])
    counted = judge.recv(16) == b"counted"  # by a control group, else the judge watches
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (student := os.fork()) == 0:
        judge.close()
        in_child(be_student, plan, level, launch, home, sockets, words, counted)
    signal.signal(signal.SIGINT, lambda *_: os.killpg(student, signal.SIGINT))
    for descriptor in (words, *sockets):
        os.close(descriptor)
    judge.send(json.dumps(wait_for(student, launch["limits"]["cpu"])).encode())
    return 0


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


def unpack(archive: list[int], home: str) -> None:
    """Unpack what lies beside the notebook, if anything does."""
    for descriptor in archive:
        with open(descriptor, "rb") as file, tarfile.open(fileobj=file) as files:
            files.extraction_filter = getattr(tarfile, "data_filter", None)  # Python before 3.11.4 has none
            files.extractall(home)


def wait_for(student: int, cpu_seconds: int) -> dict[str, int]:
    """Wait for the student's process, and take leave of every orphan that ends before it.

    Returns:
        Its exit code or the signal that ended it; SIGXCPU also where it ignored that and was killed some seconds later.
    """
    while True:
        pid, status, used = os.wait4(-1, 0)
        if pid == student:
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGKILL and used.ru_utime + used.ru_stime >= cpu_seconds:
                return {"signal": signal.SIGXCPU}
            return {"signal": -code} if code < 0 else {"exit": code}


def be_student(
    plan: dict[str, Any], level: str, launch: dict[str, Any], home: str, sockets: list[int], words: int, counted: bool
) -> int:
    """Become the student's process: no descriptor but its sockets and its standard error, an environment and randomness of its own."""
    jail.end_with_parent()
    if level != "user":  # there nothing else keeps a process of the same user from its memory
        jail.readable_by_itself()
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number, descriptor in enumerate((nowhere, nowhere, words)):
        os.dup2(descriptor, number)
    faulthandler.enable()  # says where a crash was
    for low, high in itertools.pairwise([2, *sorted(sockets), MOST_DESCRIPTORS]):
        os.closerange(low + 1, high)
    os.environ.clear()
    os.environ.update(launch["environment"])
    live_in(home)
    if level == "landlock":
        see_only_needed(plan, home, launch["role"])
    if level != "off" and launch["role"] != "judge":  # which passes a socket on to its worker
        seccomp.keep_in_sight(memory=not counted, files=level != "namespaces")
    sys.path.insert(0, "")  # a notebook may import what lies beside it
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    module, _, function = launch["serve"].partition(":")
    getattr(importlib.import_module(module), function)(launch["given"], sockets)
    return 0


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[2])))
