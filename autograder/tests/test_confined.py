"""Readers and judges, who interpret what students made: without a network, without rights, within limits, on every level of the jail."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Literal

import psutil
import pytest

from autograder.course.config import LEVELS
from autograder.course.course import Course, find_course
from autograder.errors import Ungradable, UsageError
from autograder.grading.grader import Grader
from autograder.grading.job import Job
from autograder.grading.worker import Ended, Worker
from autograder.judge.results import CheckResult, Result
from autograder.machine.users import own_users
from autograder.sandbox.inside.frames import receive_frame, send_frame
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.hostile_files import BOMBS
from autograder.tests.helpers.other_user import ORDINARY, lent, run_python
from autograder.tests.helpers.tiny_course import MAX_POINTS, RIGHT, submit

pytestmark = pytest.mark.slow

PROBE = '''\
"""Tiny, question 3: what a judge may do (7 points)."""

import os
import socket
import struct
import subprocess
from pathlib import Path

from autograder.checks import check, fail


def refused(function, *arguments):
    try:
        function(*arguments)
    except OSError:
        return
    fail(f"nothing refused {arguments}")


@check("q3", points=1)
def test_another_user(submission, draw):
    """The judge is not root"""
    if os.getuid() == 0 or os.geteuid() == 0 or 0 in os.getgroups():
        fail(f"uid {os.getuid()}, groups {os.getgroups()}")


@check("q3", points=1)
def test_no_tcp(submission, draw):
    """The judge has no TCP"""
    refused(socket.create_connection, ("127.0.0.1", PORT), 2)


@check("q3", points=1)
def test_no_udp(submission, draw):
    """The judge has no UDP"""

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.sendto(b"out", ("127.0.0.1", PORT))

    refused(send)


@check("q3", points=1)
def test_no_file_changes(submission, draw):
    """The judge changes no file of the course, of its copy or of Python"""
    for folder in (COURSE, Path(__file__).parent, Path(os.__file__).parent, Path(check.__code__.co_filename).parent):
        refused(open, f"{folder}/written by a judge", "x")
    refused(open, __file__, "a")


@check("q3", points=1)
def test_no_gradebook(submission, draw):
    """The judge reads neither gradebook nor key nor what others handed in"""
    for name in ("gradebook.db", ".autograder_key", "submitted"):
        refused(os.stat if LEVEL == "namespaces" else os.listdir if name == "submitted" else open, f"{COURSE}/{name}")


@check("q3", points=1)
def test_no_signals(submission, draw):
    """The judge sends no signal to the process that started it"""
    refused(os.kill, WORKER, 0)


@check("q3", points=1)
def test_no_capabilities(submission, draw):
    """The judge has no capability and can gain none"""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    held = {name: status[name].strip() for name in ("CapPrm", "CapEff", "CapInh", "NoNewPrivs", "Seccomp")}
    if held != {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapInh": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}:
        fail(str(held))
'''


MARK = "left-behind-by-a-submission"
#: Processes that fork and fork, one of them known by its command line; folders in folders; a name that is no text.
BOMB = f"""import ctypes, os, subprocess, sys, time
def count_words(sentence):
    ctypes.CDLL(None).prctl(15, b"\\xff\\xfe", 0, 0, 0)
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", {MARK!r}], start_new_session=True)
        while True:
            try:
                os.fork()
            except OSError:
                time.sleep({0 if SOAK else 0.05})
    return 0"""
DEEP = """import os
def one_hot(index, size):
    for _ in range(1100):  # more than a recursion may
        os.mkdir("d")
        os.chdir("d")
    return []"""


#: For root there is `test_the_same_on_the_other_levels_and_as_an_ordinary_user`: where others may not read root's Python,
#: these levels are refused.
@pytest.fixture(params=LEVELS[:0:-1] if SOAK or os.getuid() else ["namespaces"])
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def listening() -> Iterator[int]:
    """A port on which somebody listens, by TCP and UDP; fails where something was heard."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(tcp.getsockname())
        yield tcp.getsockname()[1]
        for heard in (tcp, udp):
            heard.setblocking(False)
            with pytest.raises(BlockingIOError):
                heard.accept() if heard is tcp else heard.recv(16)


@contextmanager
def only_hidden(monkeypatch: pytest.MonkeyPatch, *names: str) -> Iterator[None]:
    """Hide parts of the course alone; others may read the samples of this package."""
    with monkeypatch.context() as patch:
        patch.setattr("autograder.grading.worker.list_hidden", lambda course: [course.root / name for name in names])
        yield


@pytest.mark.parametrize("umask", [0o027, 0o077] if SOAK else [0o077], ids="umask {:03o}".format)
def test_a_private_umask_keeps_nobody_from_being_graded(
    built: Course, tmp_path: Path, level: str, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of other users have to enter the folders that the command makes for them."""
    built.settings.jail.minimum = "user"
    before = os.umask(umask)
    try:
        with only_hidden(monkeypatch, "tests"), started(built, level) as worker:
            assert judged(worker, submit(built, tmp_path / "tiny.ipynb", **RIGHT)).points == MAX_POINTS
    finally:
        os.umask(before)


@contextmanager
def started(course: Course, level: str) -> Iterator[Worker]:
    """A worker on one level of the jail."""
    worker = Worker(course, levels=(level,))
    try:
        if worker.confined.level != level:
            pytest.skip(f"this machine has no level {level}: {worker.confined.refused}")
        yield worker
    finally:
        worker.close()


def judged(worker: Worker, path: Path) -> Result:
    return worker.judge(Job(path, "tiny"), worker.open(path, "tiny")).result


def test_a_judge_has_neither_network_nor_rights_nor_a_file_to_write(
    built: Course, tmp_path: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with only_hidden(monkeypatch, ""):
        try_walls(built.root, tmp_path, level)


def try_walls(root: Path, folder: Path, level: str) -> None:
    """Grade a submission that leaves processes behind, and then one whose hidden checks try what a judge may do."""
    for name in ("gradebook.db", ".autograder_key"):
        (root / name).touch(0o600)
    (root / "submitted").mkdir(mode=0o700, exist_ok=True)
    root.chmod(0o700)  # on the level `user` nothing else hides it
    with listening() as port:
        place = f"COURSE, PORT, WORKER, LEVEL = {str(root)!r}, {port}, {os.getpid()}, {level!r}\n\n\ndef refused("
        (root / "tests/tiny/test_q3_walls.py").write_text(PROBE.replace("def refused(", place, 1))
        course = find_course(root)
        course.settings.jail.minimum, course.settings.limits.processes = "user", 64
        with started(course, level) as worker:
            judged(worker, submit(course, folder / "bomb.ipynb", q1=BOMB, q2=DEEP))
            result = judged(worker, submit(course, folder / "tiny.ipynb", **RIGHT))
            left = [p for p in psutil.process_iter(["cmdline"]) if MARK in " ".join(p.info["cmdline"] or ())]
            assert left == [], "processes outlived their submission"
    walls = [check for check in result.checks if check.question == "q3"]
    assert [told(check) for check in walls] == [(check.check, "passed", "") for check in walls], result.faults
    assert result.points == MAX_POINTS + 7


SOME = [(0, "user"), (ORDINARY, "landlock")]
ALL = [(uid, level) for uid in (0, ORDINARY) for level in LEVELS[:0:-1]]


@pytest.mark.parametrize(("uid", "level"), ALL if SOAK else SOME)
def test_the_same_on_the_other_levels_and_as_an_ordinary_user(uid: int, level: str, built_once: Course) -> None:
    with lent(built_once, uid) as (folder, python):
        done = run_python(python, folder, "-m", "autograder.tests.test_confined", str(folder), level)
    if "Skipped: " in done.stderr and (uid, level) not in SOME:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0 and done.stdout == "tried\n", (done.stdout + done.stderr)[-5000:]


def told(check: CheckResult) -> tuple[str, str, str]:
    return check.check, check.status, check.rationale


def test_a_worker_holds_nothing_that_could_interpret_a_notebook() -> None:
    heavy = ["nbformat", "nbconvert", "numpy", "pytest", "IPython", "ipykernel", "keras", "tensorflow"]
    script = f"import sys, autograder.grading.worker_process; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_two_processes_never_have_the_same_users() -> None:
    if os.getuid() != 0:
        pytest.skip("only root becomes other users")
    ask = "from autograder.machine.users import own_users; print(own_users().student, flush=True); input()"

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", ask], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    others = [begin() for _ in range(4)]
    try:
        numbers = [int(other.stdout.readline()) for other in others if other.stdout is not None]
        assert len({*numbers, own_users().student}) == 5
        others[2].kill()
        others[2].wait()
        others.append(begin())
        last = others[-1]
        assert last.stdout is not None
        assert int(last.stdout.readline()) <= max(numbers), "the number of a process that was killed is free again"
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_more_workers_than_user_numbers_are_refused(built_once: Course) -> None:
    with pytest.raises(UsageError, match="--workers 5000: at most 1024"):
        Grader(built_once, 5000)


@pytest.fixture(scope="module")
def worker(built_once: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    root = tmp_path_factory.mktemp("confined") / "course"
    shutil.copytree(built_once.root, root)
    started = Worker(find_course(root))
    yield started
    started.close()


@pytest.mark.parametrize("bomb", BOMBS)
def test_reading_has_limits_and_the_next_notebook_is_read(bomb: str, worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "bomb.ipynb").write_bytes(BOMBS[bomb])
    try:
        opened = worker.open(tmp_path / "bomb.ipynb", "tiny")
        assert opened["assignment"] == "tiny"
    except Ungradable as error:
        assert str(error).startswith("bomb.ipynb: ") and "\n" not in str(error)
    assert worker.open(submit(worker.course, tmp_path / "tiny.ipynb", **RIGHT), "tiny")["assignment"] == "tiny"


def test_a_reader_sees_no_hidden_check(worker: Worker) -> None:
    """What it is shown of the course is what students have."""
    job = {"paths": [str(worker.copy.private / name) for name in ("", "tests", "solutions/tiny.py")]}
    assert worker.ask("reader", "autograder.tests.test_confined:look", job) == {"seen": []}


def look(given: object, sockets: list[int]) -> None:
    """Runs as a reader: which paths can be read from there."""
    stream = socket.socket(fileno=sockets[0])
    job, _ = receive_frame(stream, 1 << 20)
    seen = [path for path in job["paths"] if os.access(path, os.R_OK) and (os.path.isfile(path) or os.listdir(path))]
    send_frame(stream, {"seen": seen})


BOASTS = list(product(["lists", "objects", "texts", "length"], ["reader", "judge"]))
SOME_BOASTS = [("lists", "reader"), ("objects", "judge"), ("texts", "reader"), ("length", "judge")]


@pytest.mark.parametrize(("kind", "role"), BOASTS if SOAK else SOME_BOASTS)
def test_what_a_compromised_process_answers_costs_its_worker_little(
    kind: str, role: Literal["reader", "judge"], worker: Worker
) -> None:
    """A few bytes may become an object of two hundred in the worker, which nobody limits."""
    Path("/proc/self/clear_refs").write_text("5")  # the largest size so far is forgotten
    before = largest_mib()
    with pytest.raises(Ended):
        worker.ask(role, "autograder.tests.test_confined:boast", {"kind": kind}, most_mib=64)
    assert largest_mib() - before < 512


def boast(given: object, sockets: list[int]) -> None:
    """Runs as a reader or a judge that says far more than it has to say."""
    stream = socket.socket(fileno=sockets[0])
    job, _ = receive_frame(stream, 1 << 20)
    size = 60 << 20
    texts = {"lists": b"[],", "objects": b'{"":0},', "texts": b'"\\u0416",', "length": b"9" * 80}
    piece = texts[job["kind"]]
    body = b'{"opened":[' + piece * (size // len(piece)) + b"0]}" if job["kind"] != "length" else b""
    stream.sendall(struct.pack("<QQ", len(body) or 65 << 20, 0) + body)
    time.sleep(10)


def largest_mib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) >> 10


def test_checks_that_were_repaired_count_from_the_next_submission_on(worker: Worker, tmp_path: Path) -> None:
    path = submit(worker.course, tmp_path / "tiny.ipynb", **RIGHT)
    hidden = worker.course.root / "tests/tiny/test_q1_words.py"
    right = hidden.read_text()
    assert judged(worker, path).points == MAX_POINTS
    hidden.write_text(right.replace("expected=", "expected=1 + ", 1))
    assert judged(worker, path).points != MAX_POINTS
    hidden.write_text(right)
    assert judged(worker, path).points == MAX_POINTS


def test_a_judge_that_ends_leaves_nothing_running(worker: Worker, tmp_path: Path) -> None:
    deadly = worker.course.root / "tests/tiny/test_q3_dies.py"
    deadly.write_text(
        '"""Tiny, question 3: dies (1 point)."""\n\nimport os\n\nfrom autograder.checks import check\n\n\n'
        '@check("q3", points=1)\ndef test_dies(submission, draw):\n    """Ends the judge"""\n'
        '    submission.count_words("a film")\n    os.kill(os.getpid(), 9)\n'
    )
    try:
        with pytest.raises(Ended):
            judged(worker, submit(worker.course, tmp_path / "tiny.ipynb", **RIGHT))
        assert list((worker.confined.folder / "sockets").iterdir()) == [], "the student's process was not ended"
    finally:
        deadly.unlink()


if __name__ == "__main__":  # as another user: the folder with the course, and the level
    own = Path(sys.argv[1])
    os.umask(0o077)
    with only_hidden(pytest.MonkeyPatch(), ""):
        try_walls(own / "course", own, sys.argv[2])
    print("tried")
