"""One process in the jail: its namespaces, its keeper, and what it becomes."""

from __future__ import annotations

import faulthandler
import importlib
import itertools
import json
import os
import random
import signal
import socket
import sys
import tarfile
import tempfile
from typing import Any

import jail
import own_root
import seccomp
from jail_levels import confine, see_only_needed, user
from process_tree import in_child

MOST_DESCRIPTORS = 1 << 12


def live_in(home: str) -> None:
    """Have ``home`` as working folder, and tell everybody who asks the environment."""
    temporary = own_root.TEMPORARY if home == own_root.HOME else home
    os.environ |= {"HOME": home, "KERAS_HOME": f"{home}/.keras", "TMPDIR": temporary}
    tempfile.tempdir = None  # where it was looked up before
    os.chdir(home)


def make_namespaces(plan: dict[str, Any], level: str, launch: dict[str, Any], descriptors: list[int], told: int) -> int:
    """Leave for namespaces of our own, with an empty scratch, and fork the keeper into them; ``told`` gets its number."""
    home, owner = launch["home"], user(plan, launch)
    if level == "namespaces":
        jail.unshare(jail.OWN)
        own_root.keep_mounts_private()
        own_root.own_scratch(launch["scratch_mib"], os.getuid() if owner is None else owner)
        for path in plan["hidden_from"].get(launch["role"], []):
            own_root.hide(path)
        home = own_root.HOME
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
            own_root.own_proc()
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
