"""The walls of each level of the jail, each tried from inside; and that a level which cannot hold them is not offered."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed
from autograder.judge.submission import StudentNotebook
from autograder.machine import usage
from autograder.machine.cgroup import Group
from autograder.sandbox import warm
from autograder.sandbox.parent import INSIDE, PACKAGES
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers import SOAK, TESTS
from autograder.tests.helpers.jail import ON, keep_parent
from autograder.tests.helpers.other_user import ORDINARY, lent, run_python

pytestmark = pytest.mark.slow
WITHIN = "AUTOGRADER_TESTS_LEVELS"  # set where these tests run as somebody else
LEVELS = tuple(os.environ.get(WITHIN, "namespaces landlock user").split())
MIB = 1 << 20

TRIES = '''\
import ctypes, errno, os, socket

libc = ctypes.CDLL(None, use_errno=True)


def readable(folder):
    """What of a folder can be read, as deep as the first thing in it: a folder counts where it holds anything."""
    found = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        try:
            if os.path.isdir(path):
                found += [name] if os.listdir(path) else []
            else:
                with open(path, "rb") as file:
                    found += [name] if file.read(1) else []
        except OSError:
            pass
    return sorted(found)


def opens(path, mode="rb"):
    try:
        with open(path, mode) as file:
            return mode != "rb" or bool(file.read(1))
    except OSError:
        return False


def writable(folder):
    """The files of a folder that take what they hold already."""
    found = []
    for path in (f"{place}/{name}" for place, _, names in os.walk(folder) for name in names):
        try:
            with open(path, "r+b", buffering=0) as file:
                file.write(file.read())
                found.append(path)
        except OSError:
            pass
    return found


def system_call(number):
    """What a system call without sense says: the name of its error."""
    return errno.errorcode.get(ctypes.get_errno(), "") if libc.syscall(ctypes.c_long(number), -1, 0, 0, 0, 0) < 0 else ""


def sends_a_datagram(addresses):
    """By every kind of pair that does not need a connection."""
    sent = 0
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_RDM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
        for flags in (0, socket.SOCK_NONBLOCK, socket.SOCK_CLOEXEC, socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC):
            for make in (socket.socketpair, lambda *how: [socket.socket(*how)]):
                try:
                    ours = make(socket.AF_UNIX, kind | flags)
                except OSError:
                    continue
                for address in addresses:
                    for send in (ours[0].sendto, lambda data, to: ours[0].sendmsg([data], [], 0, to)):
                        try:
                            sent += send(b"out", address)
                        except OSError:
                            pass
    return sent


def own_id():
    return os.getpid()


def talks_to_itself():
    """As asyncio does."""
    import asyncio

    async def both():
        one, other = socket.socketpair()
        reader, kept = await asyncio.open_connection(sock=one)
        _, writer = await asyncio.open_connection(sock=other)
        writer.write(b"hello")
        return await reader.readexactly(5)

    import threading
    said = []
    thread = threading.Thread(target=lambda: said.append(asyncio.run(both())))
    thread.start()
    thread.join()
    return said[0].decode()
'''


def settle(level: str) -> None:
    warm.settle(at(level))


def at(level: str) -> Surroundings:
    return dataclasses.replace(ON, levels=(level,))


@pytest.fixture
def unsettled() -> Iterator[None]:
    yield
    warm.reset()


@pytest.fixture(scope="module", params=LEVELS)
def of_module(request: pytest.FixtureRequest) -> Iterator[str]:
    """A level, for all tests of it in a row."""
    yield str(request.param)
    warm.reset()


@pytest.fixture
def level(of_module: str) -> str:
    """A level at which this process' parent is; started anew only where another test has changed that."""
    started = keep_parent(at(of_module))
    if started.level != of_module:
        pytest.skip(f"cannot be had here: {started.refused}")
    return of_module


def inside(*cells: str, **limits: float) -> NotebookRun:
    run = NotebookRun([TRIES, *cells], [], Limits(seconds_per_call=60.0, **limits))
    run.run_cells()
    return run


# ---- /proc


def test_of_proc_only_processes_and_named_files_can_be_read(level: str) -> None:
    listed = "def entries(): return [name for name in os.listdir('/proc') if not name.isdigit()]"
    if level != "namespaces":
        pytest.skip("there /proc is the machine's")
    cards = {"devices", "modules", "driver"} if any(Path("/dev").glob("nvidia*")) else set()
    with inside(listed) as run:
        submission = StudentNotebook(run)
        allowed = {"cpuinfo", "meminfo", "stat", "filesystems", "self", "thread-self", "mounts", "net", *cards}
        found = {name for name in submission.readable("/proc") if not name.isdigit()}
        assert found == allowed & set(submission.entries())
        if cards:
            assert set(submission.readable("/proc/driver")) <= {"nvidia"}


def test_the_machines_own_files_cannot_be_read(level: str) -> None:
    if level == "user":
        pytest.skip("not promised there, as docs/security.md says")
    paths = ["kallsyms", "keys", "version", "cmdline", "sys/kernel/osrelease", "vmstat", "fs", "irq"]
    with inside() as run:
        submission = StudentNotebook(run)
        assert [path for path in paths if submission.opens(f"/proc/{path}")] == []
        if level == "namespaces":
            assert not {*paths} & {*submission.readable("/proc")}


def test_sockets_of_the_machine_have_no_names(level: str) -> None:
    if level != "namespaces":
        pytest.skip("not promised there, as docs/security.md says")
    with socket.socket(socket.AF_UNIX) as listening, inside("def names(): return open('/proc/net/unix').read()") as run:
        listening.bind("\0a name of this machine")
        assert "a name of this machine" in Path("/proc/net/unix").read_text()
        assert "a name of this machine" not in StudentNotebook(run).names()


def test_nothing_of_the_system_can_be_set(level: str) -> None:
    with inside() as run:
        submission = StudentNotebook(run)
        assert list(submission.writable("/proc/sys")) == []
        assert submission.opens("/proc/sysrq-trigger", "w") is False


# ---- mounts

ODD = ["with blank", "tab\there", "new\nline", "ümläut", "back\\slash", "octal \\040", "a#b,c:d"]


@pytest.mark.parametrize("name", ODD if SOAK else [" ".join(ODD)])
def test_wherever_the_root_is_built_nothing_in_it_can_be_written(
    name: str, unsettled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        monkeypatch.setattr("tempfile.tempdir", str(place))
        settle("namespaces")
        if warm.start().level != "namespaces":
            pytest.skip(f"cannot be had here: {warm.start().refused}")
        with inside(WRITES) as run:
            written = StudentNotebook(run).writes([sys.prefix, sys.base_prefix, *PACKAGES, "/", "/usr", "/inside"])
        assert list(written) == []


WRITES = """\
def writes(folders):
    '''Folders whose mount lets anybody write, whoever owns them.'''
    return [folder for folder in folders if not os.statvfs(folder).f_flag & os.ST_RDONLY]
"""

NEW_ROOT = """\
import os, sys
sys.path.insert(0, {inside!r})
import jail, own_root
{change}
root = {root!r}
if os.getuid():
    jail.become_own_root(65520)
jail.unshare(jail.OWN)
if os.fork() == 0:
    try:
        own_root.enter_new_root(root, {inside!r}, [sys.prefix], [], 65520)
        print("offered")
    except OSError as error:
        print(error)
    sys.stdout.flush()
    os._exit(0)
os.wait()
"""


@pytest.mark.parametrize(
    "change, said",
    [
        ("", "offered"),
        ("own_root.MOUNT_SETATTR = 9999", "offered"),  # as before Linux 5.12: each mount by its place
        ("own_root.restrict = lambda *_: None", "is mounted without"),
        (
            "own_root.restrict = lambda root, flags: own_root.restrict_one_by_one(root + '/usr', flags)",
            "is mounted without",
        ),
        (
            "plain = own_root.mount\nown_root.mount = lambda *a: None if a[1].endswith('/kallsyms') else plain(*a)",
            "can be read",
        ),
    ],
)
@pytest.mark.parametrize("name", ["plain", *ODD])
def test_a_root_that_can_be_written_or_shows_the_machine_is_not_offered(
    change: str, said: str, name: str, tmp_path: Path
) -> None:
    if name != "plain" and said != "offered":
        pytest.skip("tried once")
    folder = tmp_path / name
    folder.mkdir()
    code = NEW_ROOT.format(inside=str(INSIDE), change=change, root=str(folder))
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False, timeout=60)
    if "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr[-200:]}")
    assert said in done.stdout, done.stdout + done.stderr


# ---- system calls


def test_system_calls_that_the_filter_does_not_know_do_not_exist(level: str) -> None:
    numbers = [467, 468, 469, 470, 500, 547, 1000, 0x40000000 + 41, 0x7FFFFFFF]
    with inside() as run:
        submission = StudentNotebook(run)
        assert {number: submission.system_call(number) for number in numbers} == dict.fromkeys(numbers, "ENOSYS")


def test_no_datagram_leaves(level: str, tmp_path: Path) -> None:
    path = tmp_path / "socket" if len(str(tmp_path)) < 90 else Path("/tmp/autograder-tests-socket")
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as named,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as not_in_a_folder,
    ):
        named.bind(str(path))
        path.chmod(0o777)
        not_in_a_folder.bind(f"\0autograder-tests-{os.getpid()}")
        with inside() as run:
            StudentNotebook(run).sends_a_datagram([str(path), not_in_a_folder.getsockname().decode()])
        path.unlink()
        for listening in (named, not_in_a_folder):
            listening.setblocking(False)
            with pytest.raises(BlockingIOError):
                listening.recv(10)


def test_pairs_of_sockets_that_are_connected_work(level: str) -> None:
    with inside() as run:
        assert StudentNotebook(run).talks_to_itself() == "hello"


def test_the_memory_of_another_submission_cannot_be_opened(level: str) -> None:
    if level == "namespaces":
        pytest.skip("there is no way to name another's process")
    with inside() as one, inside() as other:
        victim = StudentNotebook(one).own_id()
        StudentNotebook(other).own_id()
        assert StudentNotebook(other).opens(f"/proc/{victim}/mem", "r+b") is False
        assert StudentNotebook(other).opens(f"/proc/{victim}/environ") is False


# ---- what can be counted


def held_by(code: str) -> Iterator[int]:
    """Run Python code, wait until it has printed a line, and have it counted."""
    with subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid
        child.kill()


WAITS = "\nprint('ready', flush=True)\ninput()"
HELD = {
    "shared_memory_out_of_its_own_count": """
import mmap
held = mmap.mmap(-1, 64 << 20)
held.write(bytes(64 << 20))
held.madvise(mmap.MADV_DONTNEED)
""",
    "what_waits_in_sockets": """
import socket
held = [socket.socketpair() for _ in range(200)]
for pair in held:
    for each in pair:
        each.setblocking(False)
        try:
            each.send(bytes(1 << 20))
        except BlockingIOError:
            pass
""",
    "what_outlives_the_first_thread": """
import ctypes, threading, time

def holds():
    held = bytearray(64 << 20)
    print("ready", flush=True)
    time.sleep(60)

threading.Thread(target=holds).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[__import__("os").uname().machine], 0)
""",
    "tables_of_pages": """
import mmap
held = [mmap.mmap(-1, 8 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000) for _ in range(4)]
for each in held:
    each.madvise(15)  # no huge pages
    for place in range(0, 8 << 30, 2 << 20):
        each[place]
""",
}


@pytest.mark.parametrize("name", HELD)
def test_memory_that_no_process_counts_as_its_own_is_counted(name: str) -> None:
    before = usage.measure_memory(os.getpid())
    for _ in held_by(HELD[name] + WAITS):
        assert usage.measure_memory(os.getpid()) - before > 40 * MIB


@pytest.mark.parametrize("keeps", ["open", "mapped"])
def test_deleted_files_are_counted_as_long_as_they_are_held(keeps: str, tmp_path: Path) -> None:
    code = f"""
import mmap, os
held = []
for number in range(8):
    file = open(os.path.join({str(tmp_path)!r}, str(number)), "w+b")
    file.write(bytes(4 << 20))
    file.flush()
    os.remove(file.name)
    held.append(file if {keeps!r} == "open" else mmap.mmap(file.fileno(), 0))
    if {keeps!r} == "mapped":
        file.close()
"""
    for _ in held_by(code + WAITS):
        assert list(tmp_path.iterdir()) == []
        assert 32 * MIB <= usage.measure_files(os.getpid(), [tmp_path], os.getuid()) < 80 * MIB


def test_without_a_control_group_memory_without_a_name_is_refused(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = "def made():\n    try:\n        return os.memfd_create('a') > 0\n    except OSError:\n        return False"
    with inside(names) as run:
        counted = run.kernel is not None and run.kernel.manager.provisioner.process.group is not None
        assert StudentNotebook(run).made() is counted
    monkeypatch.setattr(Group, "make", lambda *_: None)
    with inside(names) as run:
        assert StudentNotebook(run).made() is False


@pytest.mark.parametrize("passes", [False, True])
def test_deleted_files_come_to_an_end(passes: bool, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where their descriptors are on their way through a socket, and so in no process."""
    monkeypatch.setattr(Group, "make", lambda *_: None)
    fills = f"""
import time
def fills():
    held, (one, other) = [], socket.socketpair()
    for number in range(20):
        file = open(str(number), "w+b")
        file.write(bytes(4 << 20))
        file.flush()
        os.remove(str(number))
        if {passes}:
            socket.send_fds(one, [b"x"], [file.fileno()])
            file.close()
        else:
            held.append(file)
    time.sleep(5)
    return "filled"
"""
    with inside(fills, scratch_mib=16.0) as run, pytest.raises(CheckFailed):
        StudentNotebook(run).fills()


def test_files_are_measured_a_fifth_of_the_time(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everybody's folders hold so many that it takes long, the grader has other things to do."""
    if level == "namespaces":
        pytest.skip("there the system limits them")
    measured = 0

    def measure_slowly(*_: object) -> int:
        nonlocal measured
        measured += 1
        time.sleep(0.2)
        return 0

    monkeypatch.setattr("autograder.machine.usage.measure_files", measure_slowly)
    began = time.monotonic()
    with inside("def waits():\n    __import__('time').sleep(4)\n    return True") as run:
        assert StudentNotebook(run).waits() is True
    assert measured > 0 and 4 * 0.2 * measured <= time.monotonic() - began


# ---- a level that cannot hold is not offered

OFFERED = """\
import json, sys
from autograder.sandbox import warm
from autograder.course.config import Jail
from autograder.sandbox.surroundings import Surroundings
for level in {levels!r}:
    warm.settle(Surroundings(jail=Jail(minimum="user", cold=True), levels=(level,)))
    print(warm.start().level, *warm.start().refused.values())
    warm.release()
"""


def test_root_that_can_become_nobody_else_gets_no_level() -> None:
    """Its students' processes would be root's, for whom the system limits nothing."""
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is missing")
    with lent(None, 0) as (folder, python):
        less = ["setpriv", "--bounding-set=-setuid,-setgid", *python]
        done = run_python(less, folder, "-c", OFFERED.format(levels=LEVELS))
    lines = done.stdout.splitlines()
    assert len(lines) == len(LEVELS), done.stderr
    assert [line.split()[0] for line in lines] == ["off"] * len(LEVELS), lines


def test_a_trial_that_comes_to_no_end_offers_nothing(
    unsettled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "inside"
    shutil.copytree(INSIDE, copied)
    copied.chmod(0o755)
    with (copied / "jail.py").open("a") as file:
        file.write("def refuse_if_unconfined(): raise ValueError\n")
    monkeypatch.setattr("autograder.sandbox.parent.INSIDE", copied)
    for level in LEVELS:
        settle(level)
        assert warm.start().level == "off"


@pytest.mark.skipif(WITHIN in os.environ, reason="this is the other run")
@pytest.mark.parametrize(
    "who, levels",
    [(0, "landlock user"), (ORDINARY, "namespaces landlock")] if SOAK else [(0, "user"), (ORDINARY, "landlock")],
)
def test_the_same_with_a_python_that_everybody_may_read(who: int, levels: str) -> None:
    """Here Python may lie in root's own folder, where the users of these levels cannot read it."""
    with lent(None, who) as (folder, python):
        own = ["-p", "no:cacheprovider", "--basetemp", str(folder / "pytest"), "-rs"]
        bombs = TESTS / "test_hostile_resources.py::test_a_bomb_is_stopped_where_there_are_no_namespaces"
        files = [__file__, str(TESTS / "test_leftovers.py"), str(bombs)]
        if not who and not SOAK:  # as root the others say the same with any Python
            own += ["-k", f"{levels} or bomb or leftovers"]
        done = run_python(["env", f"{WITHIN}={levels}", *python], folder, "-m", "pytest", *own, *files)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout and "cannot be had here" not in done.stdout
