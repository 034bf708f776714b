"""Makes one process in the jail: a maker prepares its namespaces, a keeper watches over it, and it becomes the student's process.

At the level `namespaces` the keeper is process 1: when it ends, the system ends every other process in its namespaces.

    worker           zygote    maker                 keeper                        student
    launch --------> fork ---> new namespaces,
                               scratch, what this
                               role must not see
                               hidden; fork -------> own /proc, cores
                     id <----- ends                  user, rights, system calls
                                                     given up for good
                                                     files unpacked; limits
      <--------------------------------------------- "started", its pidfd
    puts the keeper into
    a control group
    "counted" -------------------------------------> fork -----------------------> own process group, no
    or "watched"                                     passes SIGINT on,             descriptor but its own,
                                                     collects orphans              clean environment, Landlock
      <--------------------------------------------- "exit" or "signal" <--------- runs what the launch names

Student code runs last: by then everything that it inherits is limited, and its keeper is in the control group or watched.
"""

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
from jail_levels import confine, find_user, show_only_needed
from process_tree import in_child

MOST_DESCRIPTORS = 1 << 12


def live_in(home: str) -> None:
    """Make ``home`` the working folder, and name it in the environment."""
    temporary = own_root.TEMPORARY if home == own_root.HOME else home
    os.environ |= {"HOME": home, "KERAS_HOME": f"{home}/.keras", "TMPDIR": temporary}
    tempfile.tempdir = None  # forget a folder that was looked up before
    os.chdir(home)


def make_namespaces(plan: dict[str, Any], level: str, launch: dict[str, Any], descriptors: list[int], told: int) -> int:
    """Enter new namespaces with an empty scratch, fork the keeper into them, and write its process id to ``told``."""
    home, owner = launch["home"], find_user(plan, launch)
    if level == "namespaces":
        jail.unshare(jail.OWN)
        own_root.keep_mounts_private()
        own_root.mount_scratch(launch["scratch_mib"], os.getuid() if owner is None else owner)
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
    """Start the student's process, pass interrupts on to it, and send how it ended."""
    worker, words, last = socket.socket(fileno=descriptors[0]), descriptors[1], 2 + launch["sockets"]
    sockets, archive = descriptors[2:last], descriptors[last:]
    try:
        if level == "namespaces":
            own_root.mount_proc()
        jail.adopt_orphans()
        os.sched_setaffinity(0, plan["cores"])
        this = os.pidfd_open(os.getpid())
        confine(plan, level, launch)
        unpack(archive, home)
        jail.set_limits(launch["limits"])
    except (OSError, tarfile.TarError) as error:
        worker.send(str(error).encode())
        return 1
    socket.send_fds(worker, [b"started"], [this])
    counted = worker.recv(16) == b"counted"  # by a control group; otherwise the worker watches it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if (student := os.fork()) == 0:
        worker.close()
        in_child(become_student, plan, level, launch, home, sockets, words, counted)
    signal.signal(signal.SIGINT, lambda *_: os.killpg(student, signal.SIGINT))
    for descriptor in (words, *sockets):
        os.close(descriptor)
    worker.send(json.dumps(wait_for_student(student, launch["limits"]["cpu"])).encode())
    return 0


def unpack(archive: list[int], home: str) -> None:
    """Unpack the files that lie beside the notebook, if there are any."""
    for descriptor in archive:
        with open(descriptor, "rb") as file, tarfile.open(fileobj=file) as files:
            files.extraction_filter = getattr(tarfile, "data_filter", None)  # Python before 3.11.4 has none
            files.extractall(home)


def wait_for_student(student: int, cpu_seconds: int) -> dict[str, int]:
    """Wait for the student's process, and collect every orphan that ends before it.

    Returns:
        The exit code, or the signal that ended it; SIGXCPU also where it ignored that signal and was killed seconds later.
    """
    while True:
        pid, status, used = os.wait4(-1, 0)
        if pid == student:
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGKILL and used.ru_utime + used.ru_stime >= cpu_seconds:
                return {"signal": signal.SIGXCPU}
            return {"signal": -code} if code < 0 else {"exit": code}


def become_student(
    plan: dict[str, Any], level: str, launch: dict[str, Any], home: str, sockets: list[int], words: int, counted: bool
) -> int:
    """Become the student's process: its sockets and standard error alone, a clean environment, and fresh random generators."""
    jail.end_with_parent()
    if level != "user":  # there nothing else protects its memory from processes of the same user
        jail.open_own_proc()
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number, descriptor in enumerate((nowhere, nowhere, words)):
        os.dup2(descriptor, number)
    faulthandler.enable()  # reports where a crash happened
    for low, high in itertools.pairwise([2, *sorted(sockets), MOST_DESCRIPTORS]):
        os.closerange(low + 1, high)
    os.environ.clear()
    os.environ.update(launch["environment"])
    live_in(home)
    if level == "landlock":
        show_only_needed(plan, home, launch["role"])
    if level != "off" and launch["role"] != "judge":  # a judge passes sockets to its worker
        seccomp.keep_in_sight(memory=not counted, files=level != "namespaces")
    sys.path.insert(0, "")  # a notebook may import files beside it
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    module, _, function = launch["serve"].partition(":")
    getattr(importlib.import_module(module), function)(launch["given"], sockets)
    return 0
