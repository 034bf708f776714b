"""What hostile code would try: `autograder doctor` runs this text in the jail, as a student's notebook, a reader and a judge.

Each function returns only if the system let it through, and then leaves nothing changed. It imports nothing of the package.
"""

import ctypes
import errno
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: Any) -> None:
    """Call a function of the C library."""
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def read(path: str) -> None:
    if os.path.isdir(path):
        os.listdir(path)
    else:
        with open(path, "rb") as file:
            file.read(1)


def send(kind: socket.SocketKind, port: int) -> None:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.connect(("127.0.0.1", port))
        probe.send(b"out")


def send_to_unix_socket(name: str) -> None:
    ours, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.sendto(b"out", "\0" + name)


def make_newer_system_call() -> None:
    libc.syscall(467, -1, 0, 0, 0, 0)  # open_tree_attr, which came with Linux 6.15
    if ctypes.get_errno() == errno.ENOSYS:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def write_in(folder: str) -> None:
    path = os.path.join(folder, "written by a notebook")
    with open(path, "w"):
        pass
    os.remove(path)


def send_signal(pid: int) -> None:
    os.kill(pid, 0)


def mount() -> None:
    os.mkdir("mounted")
    call("mount", b"none", b"mounted", b"tmpfs", ctypes.c_ulong(0), None)
    call("umount", b"mounted")


def trace() -> None:
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        call("ptrace", 16, child, None, None)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def enter_namespace() -> None:
    child = os.fork()
    if child == 0:
        os._exit(libc.unshare(0x10000000) != 0)
    if os.waitpid(child, 0)[1]:
        raise PermissionError(1, os.strerror(1))


def start_more_threads_than(number: int) -> None:
    """Start threads: they count as processes do, and take hardly any memory."""
    stop, started = threading.Event(), list[threading.Thread]()
    try:
        for _ in range(number + 1):
            started.append(threading.Thread(target=stop.wait))
            started[-1].start()
    except RuntimeError as error:
        started.pop()
        raise OSError(str(error)) from error
    finally:
        stop.set()
        for thread in started:
            thread.join()


def write_more_than(mib: int) -> None:
    with open("large", "wb") as file:
        try:
            file.truncate((mib << 20) + 1)
        finally:
            os.remove("large")


def find_shared_memory(key: int) -> None:
    call("shmget", key, ctypes.c_size_t(1), 0)


def make_attempts(
    paths: Sequence[str],
    port: int,
    name: str,
    pid: int,
    folders: Sequence[str],
    key: int,
    processes: int,
    scratch_mib: int,
) -> list[tuple[str, str]]:
    """Try everything; for each attempt return what it was and what the system said, empty where it was let through."""
    tried: dict[str, tuple[Callable[..., None], *tuple[Any, ...]]] = {f"read {path}": (read, path) for path in paths}
    tried["open a TCP connection"] = (send, socket.SOCK_STREAM, port)
    tried["send a UDP packet"] = (send, socket.SOCK_DGRAM, port)
    tried["send to a Unix socket"] = (send_to_unix_socket, name)
    tried["signal the judge"] = (send_signal, pid)
    tried |= {f"write in {folder}": (write_in, folder) for folder in folders}
    tried["join another user's group"] = (os.setgroups, [0])
    tried["mount a file system"] = (mount,)
    tried["make a user namespace"] = (enter_namespace,)
    tried["trace a process"] = (trace,)
    tried["make a system call that the filter does not know"] = (make_newer_system_call,)
    tried["find shared memory of System V"] = (find_shared_memory, key)
    tried["start more threads than it may"] = (start_more_threads_than, processes)
    tried["make a file that is larger than it may"] = (write_more_than, scratch_mib)
    outcomes = []
    for what, (function, *arguments) in tried.items():
        try:
            function(*arguments)
            outcomes.append((what, ""))
        except OSError as error:
            outcomes.append((what, error.strerror or str(error)))
    return outcomes
