"""Builds the jail's own root file system: read-only, without the course, with only the needed entries of ``/proc``."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
from collections.abc import Collection, Iterable, Iterator

from jail import DEVICES, FROM_ETC, SYSTEM, call, list_graphics_cards, list_shown_of_proc

# Numbers from <sys/mount.h>.
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

SCRATCH = "/student"  # the same for every submission and on every machine that has namespaces
HOME, TEMPORARY, SHARED = f"{SCRATCH}/home", f"{SCRATCH}/tmp", f"{SCRATCH}/shm"
INSIDE = "/inside"
NOTHING, NOWHERE = "nothing", "nowhere"  # in the new root: a file and a folder that nobody may read


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Call mount(2); raise OSError with the place where it fails."""
    try:
        call("mount", *map(os.fsencode, (source, target, kind)), ctypes.c_ulong(flags), os.fsencode(options))
    except OSError as error:
        raise OSError(error.errno, f"mount {kind or source} on {target}: {os.strerror(error.errno or 0)}") from error


def enter_new_root(folder: str, ours: str, shown: Iterable[str], hidden: Iterable[str], uid: int) -> None:
    """Move this process, which has its own mount and pid namespaces, to a new read-only root that holds what is ``shown``.

    Args:
        folder: an empty folder to build it in.
        ours: the folder of this file, which becomes ``/inside``.
        shown: files and folders besides the system's own; missing ones are left out.
        hidden: files and folders that stay empty even inside a folder that is shown.
        uid: the user that student code runs as, for ``/etc/passwd``.
    """
    socket.sethostname("grading")
    keep_mounts_private()
    mount("tmpfs", folder, "tmpfs", NOSUID, "mode=755,size=16m")
    places = _remove_nested([*SYSTEM, *shown])
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
    restrict(folder, NODEV)
    for device in (*(f"/dev/{name}" for name in DEVICES), *list_graphics_cards()):
        _show(device, folder)
    _write_names(folder, uid)
    for name in ("proc", "tmp", "dev/shm", "dev/pts", "var", SCRATCH):
        os.makedirs(f"{folder}/{name.lstrip('/')}", exist_ok=True)
    os.symlink("pts/ptmx", f"{folder}/dev/ptmx")
    os.symlink("/tmp", f"{folder}/var/tmp")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{folder}/dev/{name}")
    os.symlink("/proc/self/fd", f"{folder}/dev/fd")
    restrict(folder, RDONLY | NOSUID)
    mount_proc(folder)  # while the old one is visible: otherwise an unprivileged user may not mount it
    os.chdir(folder)
    call("pivot_root", b".", b".")
    call("umount2", b".", DETACH)
    os.chdir("/")
    _refuse_if_writable()


def keep_mounts_private() -> None:
    """Let later mounts be visible in this namespace alone."""
    mount("none", "/", "", REC | PRIVATE)


def mount_proc(root: str = "") -> None:
    """Mount a ``/proc`` that shows this namespace's processes and, about the machine, the entries of ``jail.OF_PROC`` alone.

    The mount option ``subset=pid`` is no substitute: it hides those entries too, and it needs Linux 5.8.

    Args:
        root: a root that ``enter_new_root`` made.
    Raises:
        OSError: another entry can still be read.
    """
    place, shown = f"{root}/proc", list_shown_of_proc()
    mount("proc", place, "proc", NOSUID | NODEV | NOEXEC)
    for path, name in _list_masked(place, shown):
        with contextlib.suppress(FileNotFoundError):  # it disappeared after it was listed
            mount(f"{root}/{name}", path, "", BIND)
    device = os.stat(place).st_dev
    if seen := [path for path, _ in _list_masked(place, shown) if os.lstat(path).st_dev == device]:
        raise OSError(f"{seen[0]} of this machine can be read from inside")


def _list_masked(place: str, shown: Collection[str], below: str = "") -> Iterator[tuple[str, str]]:
    """Yield each entry of a ``/proc`` that must be hidden, and what hides it: ``NOTHING`` (a file) or ``NOWHERE`` (a folder).

    Links stay: they lead into a process' own folder, or to files that are visible anyway.
    """
    with os.scandir(f"{place}/{below}") as entries:
        for entry in entries:
            name = below + entry.name
            if name in shown or entry.is_symlink() or (not below and entry.name.isdecimal()):
                continue
            if any(each.startswith(f"{name}/") for each in shown):
                yield from _list_masked(place, shown, f"{name}/")
            else:
                yield f"{place}/{name}", NOWHERE if entry.is_dir(follow_symlinks=False) else NOTHING


def _remove_nested(paths: Iterable[str]) -> list[str]:
    """Return the paths that exist and do not lie in one of the others; links stay links."""
    found = sorted({os.path.normpath(path) for path in paths if os.path.lexists(path)})
    return [p for p in found if not any(p.startswith(other + "/") for other in found if not os.path.islink(other))]


def _show(path: str, root: str, name: str = "") -> None:
    """Make a file or folder visible in the new root, as ``name`` where one is given."""
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
    """Write the files that name users, groups and hosts."""
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


def restrict(root: str, flags: int) -> None:
    """Add flags to ``root`` and every mount below it, in one call where the kernel has it (Linux 5.12)."""
    attributes = (ctypes.c_uint64 * 4)(flags)  # MOUNT_ATTR_… of these flags are the same numbers
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    try:
        call("syscall", MOUNT_SETATTR, HERE, os.fsencode(root), RECURSIVE, ctypes.byref(attributes), size)
    except OSError:
        restrict_one_by_one(os.path.realpath(root), flags)


def restrict_one_by_one(root: str, flags: int) -> None:
    """Add flags to ``root`` and every mount below it, one after the other."""
    for place, options in reversed(list(_list_mounts())):
        if place == root or place.startswith(root + "/"):
            kept = sum(MOUNT_OPTIONS.get(option, 0) for option in options)
            mount("none", place, "", BIND | REMOUNT | kept | flags)


def _list_mounts() -> Iterator[tuple[str, list[str]]]:
    """Yield every mount that can be reached from our root: its place and its options."""
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            place, options = line.split(b" ")[4:6]
            place = re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), place)
            yield os.fsdecode(place), os.fsdecode(options).split(",")


def _refuse_if_writable() -> None:
    """Raise OSError unless every mount but ``/proc`` is read-only, ignores set-user-id bits, and has devices in ``/dev`` alone."""
    for place, options in _list_mounts():
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
    """Cover ``folder`` with an empty one that nobody may read."""
    mount("tmpfs", folder, "tmpfs", RDONLY | NOSUID | NODEV, "mode=000,size=4k")


def mount_scratch(mib: int, uid: int) -> None:
    """Mount empty folders to write in, all on one file system of limited size, and terminals.

    ``/tmp`` is one of the folders, unless Python itself lies in it.
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
