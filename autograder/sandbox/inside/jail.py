"""Rights, limits and Landlock of a process in the jail.

These functions run between a fork and a student's first cell, on Linux, with the standard library alone. Each does one thing, and
raises OSError where the machine does not allow it; `jail_levels.py` and `keeper.py` decide what follows.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)

# Numbers from <linux/sched.h>, <linux/prctl.h> and <linux/landlock.h>.
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
OWN = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 36, 38
CAPABILITY_VERSION_3 = 0x20080522
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # system calls, the same on every machine
KEEPS_SIGNALS_IN = 6  # version of Landlock
FILE_READ, FILE_WRITE, FILE_EXECUTE, DIR_READ, DEVICE_CONTROL = 1 << 2, 1 << 1 | 1 << 14, 1 << 0, 1 << 3, 1 << 15

SECONDS_TO_DIE = 5  # of processor time, from SIGXCPU, which names the limit, to SIGKILL, which cannot be ignored
DEVICES = ("null", "zero", "full", "random", "urandom")
FROM_ETC = ("ld.so.cache", "localtime", "alternatives", "fonts")
#: Entries about the machine that numpy, its linear algebra, TensorFlow and psutil read; and CUDA, where there is a card.
OF_PROC, OF_PROC_FOR_CARDS = ("cpuinfo", "meminfo", "stat", "filesystems"), ("devices", "modules", "driver/nvidia")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/sys/devices/system")


def call(name: str, *arguments: Any) -> int:
    """Call a function of the C library; raise OSError where it fails."""
    result: int = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """Set one property of this process."""
    call("prctl", option, *(ctypes.c_ulong(v) for v in (value, 0, 0, 0)))


def prctl_pointer(option: int, kind: int, pointer: Any) -> None:
    """Set one property of this process that is a structure."""
    call("prctl", option, ctypes.c_ulong(kind), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0))


def unshare(flags: int) -> None:
    """Move to new namespaces, named by ``flags``; a new pid namespace applies to later children alone."""
    call("unshare", flags)


def end_with_parent() -> None:
    """Be killed when the parent ends."""
    prctl(PR_SET_PDEATHSIG, 9)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def open_own_proc() -> None:
    """Let this process open its own ``/proc/self`` again after ``drop_privileges``."""
    prctl(PR_SET_DUMPABLE, 1)


def become_own_root(uid: int) -> None:
    """Enter a new user namespace as its only user, with every capability inside it and none outside.

    Args:
        uid: the user's number inside.
    """
    outer, group = os.getuid(), os.getgid()
    unshare(NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {outer} 1"), ("gid_map", f"{uid} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def remove_files_of(uid: int) -> None:
    """Remove a user's files from the folders that are open to everybody, and from those below that the user can enter."""
    for top in ("/tmp", "/var/tmp", "/dev/shm"):
        own = []
        for place, folders, names in os.walk(top):
            entered = []
            for name in (*folders, *names):
                path = f"{place}/{name}"
                try:
                    found = os.lstat(path)
                    if not stat.S_ISDIR(found.st_mode):
                        if found.st_uid == uid:
                            os.remove(path)
                        continue
                except OSError:  # it is already gone
                    continue
                if found.st_uid == uid:
                    own.append(path)
                if found.st_uid == uid or found.st_mode & (stat.S_IXGRP if found.st_gid == uid else stat.S_IXOTH):
                    entered.append(name)
            folders[:] = entered
        for path in reversed(own):
            with contextlib.suppress(OSError):  # another user's file lies in it
                os.rmdir(path)


# ---- what a process may do


def drop_privileges(uid: int | None) -> None:
    """Give up every capability for good; first change to ``uid`` where it is given, which only root can."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # EINVAL: beyond the last one; EPERM: no capability at all, so none to lose
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)  # nobody reads this process' memory or descriptors through /proc


def refuse_if_unconfined() -> None:
    """Raise OSError unless the system enforces what this process was confined to; afterwards it cannot fork."""
    with open("/proc/self/status") as file:
        status = {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        if int(status[name], 16):
            raise OSError(f"user {os.getuid()} keeps capabilities ({name} {status[name]})")
    if (status["NoNewPrivs"], status["Seccomp"]) != ("1", "2"):
        raise OSError("the system does not keep privileges down, or has no filter of system calls")
    set_limits({"nproc": 0})
    try:
        if os.fork() == 0:
            os._exit(0)
    except BlockingIOError:
        return
    raise OSError(f"the system does not limit how many processes user {os.getuid()} has")


def refuse_if_reached(pid: int) -> None:
    """Raise OSError if this process may signal a process outside its jail."""
    with contextlib.suppress(PermissionError):
        os.kill(pid, 0)
        raise OSError(f"user {os.getuid()} can send signals to processes outside")


def set_limits(limits: Mapping[str, int]) -> None:
    """Limit this process and its children.

    Args:
        limits: name as in ``resource.RLIMIT_…``, in lower case -> value; a limit is never raised above the present one.
    """
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(number)[1]
        wanted = value + SECONDS_TO_DIE if name == "cpu" else value
        hard = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(number, (min(value, hard), hard))


def list_graphics_cards() -> Iterator[str]:
    """Yield the device files of NVIDIA cards."""
    yield from (entry.path for entry in os.scandir("/dev") if entry.name.startswith("nvidia"))


def list_shown_of_proc() -> tuple[str, ...]:
    """Return the entries of ``/proc`` about the machine that stay readable."""
    return OF_PROC + (OF_PROC_FOR_CARDS if any(list_graphics_cards()) else ())


# ---- Landlock: where no root of its own can be had


def find_landlock_version() -> int:
    """Return the version of Landlock's interface; 0 where the kernel has none."""
    version: int = _libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    return max(0, version)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def restrict_files(read: Iterable[str], write: Iterable[str]) -> None:
    """Allow these files and folders alone from here on, and no TCP, signal or abstract socket to the outside, by Landlock.

    Version 4 of Landlock refuses TCP, version 6 signals and abstract sockets.

    Args:
        read: may be read and executed.
        write: may be used in any way.
    """
    version = find_landlock_version()
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    every = (1 << bits) - 1
    rules = _Ruleset(every, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    if version == 0:
        raise OSError("this kernel has no Landlock")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    ruleset = call("syscall", LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    of_etc, of_proc = (f"/etc/{name}" for name in FROM_ETC), (f"/proc/{name}" for name in list_shown_of_proc())
    system = [path for path in (*SYSTEM, *of_etc, *of_proc) if os.path.exists(path)]
    devices = [f"/dev/{name}" for name in DEVICES]
    allowed = (
        ([*system, *read], FILE_READ | FILE_EXECUTE | DIR_READ),
        (devices, FILE_READ | FILE_WRITE),
        (list_graphics_cards(), FILE_READ | FILE_WRITE | DEVICE_CONTROL),
        (write, every),
    )
    for paths, wanted in allowed:
        for path in paths:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            files = wanted if os.path.isdir(path) else wanted & (FILE_READ | FILE_WRITE | FILE_EXECUTE | DEVICE_CONTROL)
            rule = _Beneath(files & every, place)
            call("syscall", LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), 0)
            os.close(place)
    call("syscall", LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def list_readable(paths: Iterable[str]) -> list[str]:
    """Return those of ``paths`` in which this process can read something."""
    return [path for path in paths if can_open(path) and (not os.path.isdir(path) or os.listdir(path))]


def can_open(path: str) -> bool:
    """Whether this process can open a file or folder to read it."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True
