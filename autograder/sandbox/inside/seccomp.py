"""The filter of system calls: refuses calls that no notebook needs, and calls by which other jails were escaped."""

from __future__ import annotations

import ctypes
import errno
import itertools
import platform
import socket
import struct
from collections.abc import Iterable, Iterator

from jail import NEWCGROUP, NEWIPC, NEWNET, NEWNS, NEWPID, NEWUSER, NEWUTS, PR_SET_DUMPABLE, prctl_pointer

# name: number on x86_64, on aarch64 (None: does not exist there)
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # namespaces, mounts, roots
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "sched_setaffinity": (203, 122),  # the grader assigns its cores
    # objects that outlive a process
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "shmat": (30, 196),  # these use existing objects
    "shmctl": (31, 195),
    "shmdt": (67, 197),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # parts of the kernel with a long history of holes
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "vmsplice": (278, 75),
    "memfd_secret": (447, 447),
    "modify_ldt": (154, None),
    "io_setup": (206, 0),
    "uselib": (134, None),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    # the machine itself
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
}
CLONE, CLONE3, IOCTL, PERSONALITY, PRLIMIT64 = (56, 220), (435, 435), (16, 29), (135, 92), (302, 261)
SOCKET, SOCKETPAIR, CONNECT, PRCTL = (41, 198), (53, 199), (42, 203), (157, 167)
#: Scheduling, also of other processes. These calls report success and do nothing: ZeroMQ makes them for its threads.
SCHEDULING: dict[str, tuple[int | None, int | None]] = {
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
}
#: Owner, mode, times and attributes of files. Where student code runs as the grader's user, nothing else protects files outside.
METADATA: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
}
LAST_KNOWN = 466  # newer calls are unknown here; numbers of x32 calls are higher too
#: Unnamed files in memory, and rules of Landlock; a process may make any number of them.
UNSEEN_MEMORY: dict[str, tuple[int | None, int | None]] = {
    "memfd_create": (319, 279),
    "landlock_create_ruleset": (444, 444),
}
#: Descriptors that travel through a socket are visible in no process.
UNSEEN_FILES: dict[str, tuple[int | None, int | None]] = {"sendmsg": (46, 211), "sendmmsg": (307, 269)}
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column in the tables above, AUDIT_ARCH_…
TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: type into another user's terminal

# <linux/bpf_common.h>, <linux/seccomp.h>
LOAD, AND, EQUAL, SET, AT_LEAST, RETURN = 0x20, 0x54, 0x15, 0x45, 0x35, 0x06
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
# Offsets in struct seccomp_data; arguments are 64 bits, low half first.
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24
NEW_NAMESPACES = NEWNS | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET | NEWCGROUP
THREAD, SHARES_FILES = 0x00010000, 0x00000400  # CLONE_…
PR_SET_SECCOMP, MODE_FILTER = 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_system_calls(sockets: bool, connects: bool, metadata: bool) -> None:
    """Refuse the calls above, all sockets but Unix ones, and new namespaces, for good, in this process and its children.

    Args:
        sockets: whether Unix sockets may connect, which is safe where no other process's socket can be reached. Otherwise a
            process may only listen, which CUDA needs to start.
        connects: whether stream sockets may connect all the same.
        metadata: whether owner, mode, times and attributes of files may change; otherwise these calls report success and
            do nothing, since honest code copies files with them.

    Raises:
        OSError: the machine's architecture is unknown here, or its kernel has no filters.
    """
    if platform.machine() not in MACHINES:
        raise OSError(errno.ENOSYS, f"no filter of system calls for {platform.machine()}")
    _install(_program(*MACHINES[platform.machine()], sockets, connects, metadata))


def keep_in_sight(memory: bool, files: bool) -> None:
    """Refuse also the calls that hide from the watcher what a process holds, after ``filter_system_calls``.

    Args:
        memory: whether memory must stay visible, because no control group counts it.
        files: whether deleted files must stay visible, because the scratch is not a file system of its own.
    """
    if not (memory or files):
        return
    column = MACHINES[platform.machine()][0]
    refused = (UNSEEN_MEMORY if memory else {}) | (UNSEEN_FILES if files else {})
    calls = (_refuse(number, errno.ENOSYS) for numbers in refused.values() if (number := numbers[column]) is not None)
    seen = _refuse_unless(PRCTL[column], FIRST, (_step(EQUAL, PR_SET_DUMPABLE, 0, 1),), errno.EPERM)
    # A thread with descriptors of its own: its process does not show them.
    thread = (_step(AND, THREAD | SHARES_FILES), _step(EQUAL, THREAD, 0, 1))
    together = _refuse_unless(CLONE[column], FIRST, thread, errno.EPERM)
    _install(itertools.chain([_step(LOAD, NUMBER)], *calls, seen, together, [_step(RETURN, ALLOW)]))


def _install(steps: Iterable[bytes]) -> None:
    code = b"".join(steps)
    program = _Program(len(code) // 8, code)
    prctl_pointer(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program))


def _program(column: int, architecture: int, sockets: bool, connects: bool, metadata: bool) -> Iterator[bytes]:
    yield from (_step(LOAD, ARCHITECTURE), _step(EQUAL, architecture, 1, 0), _step(RETURN, KILL))
    yield from (_step(LOAD, NUMBER), _step(AT_LEAST, LAST_KNOWN + 1, 0, 1), _step(RETURN, ERROR | errno.ENOSYS))
    for table, error in ((REFUSED, errno.EPERM), (SCHEDULING, 0), ({} if metadata else METADATA, 0)):
        for numbers in table.values():
            if (number := numbers[column]) is not None:
                yield from _refuse(number, error)
    yield from _refuse_unless(PRLIMIT64[column], FIRST, (_step(EQUAL, 0, 1, 0),), errno.EPERM)  # only on itself
    yield from _refuse(CLONE3[column], errno.ENOSYS)  # a filter cannot read its flags; the C library then uses clone
    if not (sockets or connects):
        yield from _refuse(CONNECT[column], errno.ENETUNREACH)
    if not sockets:
        connected = (_step(AND, 0xF), _step(EQUAL, socket.SOCK_STREAM, 2, 0), _step(EQUAL, socket.SOCK_SEQPACKET, 1, 0))
        # Other types send without a connection, or to others than their peer.
        for call in (SOCKET, SOCKETPAIR):
            yield from _refuse_unless(call[column], SECOND, connected, errno.ENETUNREACH)
    for call in (SOCKET, SOCKETPAIR):
        yield from _refuse_unless(call[column], FIRST, (_step(EQUAL, socket.AF_UNIX, 1, 0),), errno.ENETUNREACH)
    yield from _refuse_unless(CLONE[column], FIRST, (_step(SET, NEW_NAMESPACES, 0, 1),), errno.EPERM)
    yield from _refuse_unless(
        PERSONALITY[column], FIRST, (_step(EQUAL, 0, 2, 0), _step(EQUAL, 0xFFFFFFFF, 1, 0)), errno.EPERM
    )
    for request in TERMINAL_INPUT:
        yield from _refuse_unless(IOCTL[column], SECOND, (_step(EQUAL, request, 0, 1),), errno.EPERM)
    yield _step(RETURN, ALLOW)


def _refuse(number: int, error: int) -> Iterator[bytes]:
    """Yield the steps that refuse one system call."""
    yield from (_step(EQUAL, number, 0, 1), _step(RETURN, ERROR | error))


def _refuse_unless(number: int, argument: int, test: tuple[bytes, ...], error: int) -> Iterator[bytes]:
    """Refuse a call unless the test of its argument skips the refusal; then load the call's number again."""
    inner = [_step(LOAD, argument), *test, _step(RETURN, ERROR | error)]
    yield from (_step(EQUAL, number, 0, len(inner)), *inner, _step(LOAD, NUMBER))


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", operation, if_true, if_false, value)
