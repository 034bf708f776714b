"""The jail around a student's process: what it sees, what it may ask of the system, how much it may use.

Linux alone, and nothing beyond the standard library: these functions run between a fork and a student's first cell. Each does one
thing, and raises OSError where the machine does not allow it; `zygote.py` decides what follows.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import resource
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)

# Numbers of <linux/sched.h>, <sys/mount.h>, <linux/prctl.h> and <linux/landlock.h>.
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
OWN = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, NOATIME, NODIRATIME = 1, 2, 4, 8, 32, 1024, 2048
BIND, REC, PRIVATE, RELATIME = 4096, 16384, 1 << 18, 1 << 21
MOUNT_OPTIONS = {
    "ro": RDONLY,
    "nosuid": NOSUID,
    "nodev": NODEV,
    "noexec": NOEXEC,
    "noatime": NOATIME,
    "nodiratime": NODIRATIME,
    "relatime": RELATIME,
}
DETACH = 2
MOUNT_SETATTR, HERE, RECURSIVE = 442, -100, 0x8000  # a system call, the same on every machine; AT_FDCWD; AT_RECURSIVE
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 36, 38
CAPABILITY_VERSION_3 = 0x20080522
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # system calls, the same on every machine
KEEPS_SIGNALS_IN = 6  # version of Landlock
FILE_READ, FILE_WRITE, FILE_EXECUTE, DIR_READ, DEVICE_CONTROL = 1 << 2, 1 << 1 | 1 << 14, 1 << 0, 1 << 3, 1 << 15

SCRATCH = "/student"  # of every submission, on every machine that has namespaces
HOME, TEMPORARY, SHARED = f"{SCRATCH}/home", f"{SCRATCH}/tmp", f"{SCRATCH}/shm"
INSIDE = "/inside"
SECONDS_TO_DIE = 5  # of processor time, between the signal that names the limit and the one that nobody can ignore
DEVICES = ("null", "zero", "full", "random", "urandom")
FROM_ETC = ("ld.so.cache", "localtime", "alternatives", "fonts")
#: What numpy, its linear algebra, TensorFlow and psutil read about the machine; and CUDA, where there is a card.
OF_PROC, OF_PROC_FOR_CARDS = ("cpuinfo", "meminfo", "stat", "filesystems"), ("devices", "modules", "driver/nvidia")
NOTHING, NOWHERE = "nothing", "nowhere"  # in the new root: a file and a folder that nobody may read
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/sys/devices/system")


def _call(name: str, *arguments: Any) -> int:
    """A function of the C library, its failure as OSError."""
    result: int = getattr(_libc, name)(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, value: int) -> None:
    """Set one property of this process."""
    _call("prctl", option, *(ctypes.c_ulong(v) for v in (value, 0, 0, 0)))


def prctl_pointer(option: int, kind: int, pointer: Any) -> None:
    """Set one property that is a structure."""
    _call("prctl", option, ctypes.c_ulong(kind), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0))


def unshare(flags: int) -> None:
    """Leave the namespaces named by ``flags`` for new ones; that of process ids counts from the next child on."""
    _call("unshare", flags)


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2), its failure with the place it is about."""
    try:
        _call("mount", *map(os.fsencode, (source, target, kind)), ctypes.c_ulong(flags), os.fsencode(options))
    except OSError as error:
        raise OSError(error.errno, f"mount {kind or source} on {target}: {os.strerror(error.errno or 0)}") from error


def end_with_parent() -> None:
    """Be killed when the parent ends."""
    prctl(PR_SET_PDEATHSIG, 9)


def no_orphans(*_: object) -> None:
    """Become the parent of every descendant whose own parent ends."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def readable_by_itself() -> None:
    """Let a process open its own ``/proc/self`` again after ``drop_privileges``."""
    prctl(PR_SET_DUMPABLE, 1)


# ---- a root file system of its own


def become_own_root(uid: int) -> None:
    """Become, in a user namespace, the one user there is, with every capability inside it and none outside.

    Args:
        uid: by which the user is known inside.
    """
    outer, group = os.getuid(), os.getgid()
    unshare(NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {outer} 1"), ("gid_map", f"{uid} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def new_root(folder: str, ours: str, shown: Iterable[str], hidden: Iterable[str], uid: int) -> None:
    """Move this process, in mount and pid namespaces of its own, to a root that holds what is ``shown``, read-only.

    Args:
        folder: an empty folder to build it in.
        ours: the folder of this file, which becomes ``/inside``.
        shown: files and folders besides the system's own; what does not exist is left out.
        hidden: folders that stay empty even where they lie in something shown.
        uid: the user that student code runs as, for ``/etc/passwd``.
    """
    socket.sethostname("grading")
    keep_mounts_private()
    mount("tmpfs", folder, "tmpfs", NOSUID, "mode=755,size=16m")
    places = _without_nested([*SYSTEM, *shown])
    for path in places:
        _show(path, folder)
    os.close(os.open(f"{folder}/{NOTHING}", os.O_CREAT | os.O_WRONLY, 0))
    os.mkdir(f"{folder}/{NOWHERE}", 0)
    for path in map(os.path.realpath, hidden):
        if os.path.lexists(folder + path):
            if os.path.isdir(path):
                mount("tmpfs", folder + path, "tmpfs", NOSUID | NODEV, "mode=000,size=4k")
            else:
                mount(f"{folder}/{NOTHING}", folder + path, "", BIND)
    _show(ours, folder, INSIDE)
    for name in FROM_ETC:
        _show(f"/etc/{name}", folder)
    _restrict(folder, NODEV)
    for device in (*(f"/dev/{name}" for name in DEVICES), *_graphics_cards()):
        _show(device, folder)
    _write_names(folder, uid)
    for name in ("proc", "tmp", "dev/shm", "dev/pts", "var", SCRATCH):
        os.makedirs(f"{folder}/{name.lstrip('/')}", exist_ok=True)
    os.symlink("pts/ptmx", f"{folder}/dev/ptmx")
    os.symlink("/tmp", f"{folder}/var/tmp")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{folder}/dev/{name}")
    os.symlink("/proc/self/fd", f"{folder}/dev/fd")
    _restrict(folder, RDONLY | NOSUID)
    own_proc(folder)  # while the old one can be seen: an ordinary user may mount no other
    os.chdir(folder)
    _call("pivot_root", b".", b".")
    _call("umount2", b".", DETACH)
    os.chdir("/")
    _refuse_if_writable()


def keep_mounts_private() -> None:
    """What is mounted from here on is seen in this namespace alone."""
    mount("none", "/", "", REC | PRIVATE)


def own_proc(root: str = "") -> None:
    """Mount ``/proc`` with the processes of our own namespace and, of all it says about the machine, ``OF_PROC`` alone.

    The option ``subset=pid`` would leave out those files too, and none can be put into such a ``/proc``; it also needs Linux 5.8.

    Args:
        root: a root that ``new_root`` made.
    Raises:
        OSError: something else could still be read.
    """
    place, shown = f"{root}/proc", _shown_of_proc()
    mount("proc", place, "proc", NOSUID | NODEV | NOEXEC)
    for path, name in _masked(place, shown):
        with contextlib.suppress(FileNotFoundError):  # it has gone since it was listed
            mount(f"{root}/{name}", path, "", BIND)
    device = os.stat(place).st_dev
    if seen := [path for path, _ in _masked(place, shown) if os.lstat(path).st_dev == device]:
        raise OSError(f"{seen[0]} of this machine can be read from inside")


def _shown_of_proc() -> tuple[str, ...]:
    return OF_PROC + (OF_PROC_FOR_CARDS if any(_graphics_cards()) else ())


def _masked(place: str, shown: Collection[str], below: str = "") -> Iterator[tuple[str, str]]:
    """Find what of a ``/proc`` must not be seen, and what hides it: a file or a folder.

    Links stay: they lead into a process' own folder, or to what can be seen without them.
    """
    with os.scandir(f"{place}/{below}") as entries:
        for entry in entries:
            name = below + entry.name
            if name in shown or entry.is_symlink() or (not below and entry.name.isdecimal()):
                continue
            if any(each.startswith(f"{name}/") for each in shown):
                yield from _masked(place, shown, f"{name}/")
            else:
                yield f"{place}/{name}", NOWHERE if entry.is_dir(follow_symlinks=False) else NOTHING


def _graphics_cards() -> Iterator[str]:
    yield from (entry.path for entry in os.scandir("/dev") if entry.name.startswith("nvidia"))


def _without_nested(paths: Iterable[str]) -> list[str]:
    """The paths that exist and lie in no other of them; links among them stay links."""
    found = sorted({os.path.normpath(path) for path in paths if os.path.lexists(path)})
    return [p for p in found if not any(p.startswith(other + "/") for other in found if not os.path.islink(other))]


def _show(path: str, root: str, name: str = "") -> None:
    target = root + (name or path)
    if not os.path.lexists(path) or os.path.lexists(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
    elif os.path.isdir(path):
        os.mkdir(target)
        mount(path, target, "", BIND | REC)
    else:
        open(target, "w").close()
        mount(path, target, "", BIND)


def _write_names(root: str, uid: int) -> None:
    os.makedirs(f"{root}/etc", exist_ok=True)
    lines = {
        "passwd": f"student:x:{uid}:{uid}::{HOME}:/bin/sh",
        "group": f"student:x:{uid}:",
        "hosts": "127.0.0.1 localhost",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files",
    }
    for name, text in lines.items():
        with open(f"{root}/etc/{name}", "w") as file:
            file.write(text + "\n")


def _restrict(root: str, flags: int) -> None:
    """Add flags to every mount under ``root`` and to itself, at once where the kernel can (Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(flags)  # MOUNT_ATTR_… of these flags are the same numbers
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    try:
        _call("syscall", MOUNT_SETATTR, HERE, os.fsencode(root), RECURSIVE, ctypes.byref(attributes), size)
    except OSError:
        _restrict_one_by_one(os.path.realpath(root), flags)


def _restrict_one_by_one(root: str, flags: int) -> None:
    for place, options in reversed(list(_mounts())):
        if place == root or place.startswith(root + "/"):
            kept = sum(MOUNT_OPTIONS.get(option, 0) for option in options)
            mount("none", place, "", BIND | REMOUNT | kept | flags)


def _mounts() -> Iterator[tuple[str, list[str]]]:
    """Every mount that can be reached from our root: its place and its options."""
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            place, options = line.split(b" ")[4:6]
            place = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), place)
            yield os.fsdecode(place), os.fsdecode(options).split(",")


def _refuse_if_writable() -> None:
    """Raise OSError unless every mount of our root but ``/proc`` is read-only, knows no set-user-id, and no device out of place."""
    for place, options in _mounts():
        wanted = (
            {"nosuid"}
            | ({"ro"} if place != "/proc" else set())
            | ({"nodev"} if not place.startswith("/dev/") else set())
        )
        if missing := wanted - set(options):
            raise OSError(f"{place} is mounted without {', '.join(sorted(missing))}")
        with contextlib.suppress(FileNotFoundError):  # another mount hides the place of this one
            if "ro" in wanted and not os.statvfs(place).f_flag & os.ST_RDONLY:
                raise OSError(f"{place} can be written to")


def hide(folder: str) -> None:
    """An empty folder that nobody may read in the place of ``folder``."""
    mount("tmpfs", folder, "tmpfs", RDONLY | NOSUID | NODEV, "mode=000,size=4k")


def own_scratch(mib: int, uid: int) -> None:
    """Empty folders to write in, all of one size-limited file system, and terminals.

    ``/tmp`` is one of them where nothing of Python's lies in it.
    """
    mount("tmpfs", SCRATCH, "tmpfs", NOSUID | NODEV, f"mode=755,size={mib}m,nr_inodes=20000")
    for folder, mode in ((HOME, 0o700), (TEMPORARY, 0o700), (SHARED, 0o1777)):
        os.mkdir(folder)
        os.chown(folder, uid, uid)
        os.chmod(folder, mode)
    mount(SHARED, "/dev/shm", "", BIND)
    if os.path.ismount("/tmp") or not os.listdir("/tmp"):
        mount(TEMPORARY, "/tmp", "", BIND)
    mount("devpts", "/dev/pts", "devpts", NOSUID | NOEXEC, "newinstance,ptmxmode=0666,mode=620")


def remove_files_of(uid: int) -> None:
    """What a user left in the folders that everybody may write to."""
    for top in ("/tmp", "/var/tmp", "/dev/shm"):
        for place, folders, names in os.walk(top, topdown=False):
            for name in (*folders, *names):
                path = f"{place}/{name}"
                try:
                    if os.lstat(path).st_uid == uid:
                        (os.rmdir if name in folders and not os.path.islink(path) else os.remove)(path)
                except OSError:  # somebody else's file lies in it, or it is gone already
                    continue


# ---- what a process may do


def drop_privileges(uid: int | None) -> None:
    """Give up every capability for good; and become ``uid`` where it is given, which only root can."""
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
    _call("capset", header, (ctypes.c_uint32 * 6)())
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_DUMPABLE, 0)  # nobody reads this process' memory or descriptors through /proc


def refuse_if_unconfined() -> None:
    """Raise OSError unless the system keeps to what was asked of it for this process, which cannot fork afterwards."""
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
    """Raise OSError if this process may send a signal to one outside its jail."""
    with contextlib.suppress(PermissionError):
        os.kill(pid, 0)
        raise OSError(f"user {os.getuid()} can send signals to processes outside")


def set_limits(limits: Mapping[str, int]) -> None:
    """Limits of this process and its children.

    Args:
        limits: name as in ``resource.RLIMIT_…``, in lower case -> value; never raised above what holds already.
    """
    for name, value in limits.items():
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        hard = resource.getrlimit(number)[1]
        wanted = value + SECONDS_TO_DIE if name == "cpu" else value
        hard = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(number, (min(value, hard), hard))


# ---- Landlock: where no root of its own can be had


def landlock_version() -> int:
    """Version of the interface; 0 where there is none."""
    version: int = _libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    return max(0, version)


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def landlock(read: Iterable[str], write: Iterable[str]) -> None:
    """From here on only these files and folders, no TCP, and no signal or abstract socket outwards.

    The last two where the version has them (4 and 6).

    Args:
        read: may be read and executed.
        write: anything goes.
    """
    version = landlock_version()
    bits = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    every = (1 << bits) - 1
    rules = _Ruleset(every, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    if version == 0:
        raise OSError("this kernel has no Landlock")
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    ruleset = _call("syscall", LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    of_etc, of_proc = (f"/etc/{name}" for name in FROM_ETC), (f"/proc/{name}" for name in _shown_of_proc())
    system = [path for path in (*SYSTEM, *of_etc, *of_proc) if os.path.exists(path)]
    devices = [f"/dev/{name}" for name in DEVICES]
    allowed = (
        ([*system, *read], FILE_READ | FILE_EXECUTE | DIR_READ),
        (devices, FILE_READ | FILE_WRITE),
        (_graphics_cards(), FILE_READ | FILE_WRITE | DEVICE_CONTROL),
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
            _call("syscall", LANDLOCK_ADD, ruleset, 1, ctypes.byref(rule), 0)
            os.close(place)
    _call("syscall", LANDLOCK_RESTRICT, ruleset, 0)
    os.close(ruleset)


def readable(paths: Iterable[str]) -> list[str]:
    """Those of ``paths`` in which this process could still read something."""
    return [path for path in paths if opens(path) and (not os.path.isdir(path) or os.listdir(path))]


def opens(path: str) -> bool:
    """Whether this process can open a file or folder to read it."""
    try:
        os.close(os.open(path, os.O_RDONLY))
    except OSError:
        return False
    return True
