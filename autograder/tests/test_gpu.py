"""The jail on a machine with a GPU: students' code can use it, and nothing of it passes from one submission to the next.

CUDA is called as every framework calls it, through the driver's own library, so that no particular framework is needed.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from autograder.course.config import Jail, Limits
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers.tiny_course import warm_parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/dev/nvidia0").exists(), reason="this machine has no NVIDIA GPU"),
]
MIB = 1 << 20
CUDA = '''\
import ctypes
import os

cuda = ctypes.CDLL("libcuda.so.1")
context = ctypes.c_void_p()
held = []


def call(name, *args):
    """A function of the driver's; it raises what the driver answers."""
    if code := getattr(cuda, name)(*args):
        raise RuntimeError(f"{name} answered {code}")


def begin():
    call("cuInit", 0)
    device = ctypes.c_int()
    call("cuDeviceGet", ctypes.byref(device), 0)
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    call("cuCtxSetCurrent", context)


def memory():
    """Free and total bytes of the GPU."""
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    call("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    return [free.value, total.value]


def fill(mib, byte):
    """Take memory of the GPU, write the byte everywhere, and read its last MiB back."""
    begin()
    place, size = ctypes.c_uint64(), mib << 20
    call("cuMemAlloc_v2", ctypes.byref(place), ctypes.c_size_t(size))
    call("cuMemsetD8_v2", place, ctypes.c_ubyte(byte), ctypes.c_size_t(size))
    back = ctypes.create_string_buffer(1 << 20)
    call("cuMemcpyDtoH_v2", back, ctypes.c_uint64(place.value + size - (1 << 20)), ctypes.c_size_t(1 << 20))
    held.append(place)
    return back.raw == bytes([byte]) * (1 << 20)


def hold(mib):
    """A process of its own holds the memory, ignores every signal that can be ignored, and outlives the notebook if it may.

    Under Landlock a child cannot use the GPU, because it may not read /proc of its own; then the notebook's process holds it.
    """
    import signal
    import time

    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            if fill(mib, 7):
                os.write(writing, b"y")
                time.sleep(600)
        finally:
            os._exit(0)
    os.close(writing)
    return os.read(reading, 1) == b"y" or fill(mib, 7)


def count_left_behind(mib, byte):
    """How many of the GPU's free MiB, taken in pieces, begin with the byte that somebody else wrote there."""
    begin()
    found = 0
    for _ in range(mib // 64):
        place = ctypes.c_uint64()
        if cuda.cuMemAlloc_v2(ctypes.byref(place), ctypes.c_size_t(64 << 20)):
            break
        back = ctypes.create_string_buffer(4096)
        for piece in range(64):
            call("cuMemcpyDtoH_v2", back, ctypes.c_uint64(place.value + (piece << 20)), ctypes.c_size_t(4096))
            found += back.raw == bytes([byte]) * 4096
    return found


def memory_now():
    begin()
    return memory()
'''


FRAMEWORK = next((name for name in ("tensorflow", "torch") if importlib.util.find_spec(name)), "")
MULTIPLIES = {
    "tensorflow": """\
import tensorflow as tf


def multiply():
    with tf.device("GPU:0"):
        product = tf.matmul(tf.ones((64, 64)), tf.ones((64, 64)))
    return [product.device[-5:], float(tf.reduce_sum(product))]
""",
    "torch": """\
import torch


def multiply():
    product = torch.ones(64, 64, device="cuda:0") @ torch.ones(64, 64, device="cuda:0")
    return [str(product.device).upper().replace("CUDA", "GPU"), float(product.sum())]
""",
}


@pytest.fixture(params=["namespaces", "landlock"])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Each level of the jail that this machine has, with a framework imported before the fork, and the settings of a judge."""
    monkeypatch.setenv("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    asked = str(request.param)
    warm.settle(Surroundings(jail=Jail(minimum="user"), levels=(asked, "user"), preload=(FRAMEWORK,)))
    if (found := warm.parent().level) != asked:
        warm.reset()
        pytest.skip(f"this machine has the level {found} and not {asked}")
    yield asked
    warm.reset()


@contextmanager
def running(cell: str) -> Iterator[StudentNotebook]:
    """A submission of one cell, in a process of its own."""
    with NotebookRun([cell], [], Limits(seconds_per_cell=120.0, seconds_per_call=120.0)) as run:
        run.run_cells()
        yield StudentNotebook(run)


def run_one(cell: str, function: str, *args: int) -> object:
    """What a function of a submission returns."""
    with running(cell) as submission:
        return getattr(submission, function)(*args)


def free_mib() -> int:
    answer = run_one(CUDA, "memory_now")
    assert isinstance(answer, list)
    return int(answer[0]) // MIB


def settled_free_mib(at_least: int, seconds: float = 20.0) -> int:
    """Free memory once the driver has taken back what ended processes held."""
    deadline = time.monotonic() + seconds
    while (free := free_mib()) < at_least and time.monotonic() < deadline:
        time.sleep(0.5)
    return free


def test_a_student_uses_the_gpu(level: str) -> None:
    assert run_one(CUDA, "fill", 512, 77) is True


def test_memory_that_a_submission_holds_is_free_for_the_next(level: str) -> None:
    before = free_mib()
    with running(CUDA) as submission:
        assert submission.hold(4096) is True
        during = free_mib()
        assert during < before - 4000, "the memory was never held: nothing is tried"
    assert settled_free_mib(before - 64) >= before - 64, (
        "a process of an earlier submission still holds the GPU's memory"
    )


def test_nobody_reads_what_an_earlier_submission_left_in_the_gpus_memory(level: str) -> None:
    with running(CUDA) as submission:
        assert submission.fill(8192, 201) is True
        assert submission.fill(256, 201) is True
    assert run_one(CUDA, "count_left_behind", 16384, 201) == 0


def test_a_framework_imported_before_the_fork_uses_the_gpu_after_it(level: str) -> None:
    assert run_one(MULTIPLIES[FRAMEWORK], "multiply") == ["GPU:0", 64.0**3]
    parent = psutil.Process(warm_parent().process.pid)
    opened = {os.readlink(link) for p in [parent, *parent.children(recursive=True)] for link in descriptors(p.pid)}
    assert not {name for name in opened if name.startswith("/dev/nvidia")}, "the parent has begun to use the GPU"


def descriptors(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/fd").iterdir())
