"""Measures what the jail costs and what the warm start saves, as ratios in one run.

    python benchmarks/warm_start.py [--repeats 20] [--fits 500] [--json FILE]

Kinds of start, taken in turn so that a change of the machine's speed meets all alike:

    stock   a kernel as Jupyter starts it: a new process, no jail
    cold    in the jail, nothing imported beforehand
    open    warm, without a jail
    warm    warm, in the jail: what `autograder grade` does

Each starts a kernel and imports TensorFlow in it; `warm` and `stock` also train a small LSTM, and then the memory that is theirs
alone is read. Last, many kernels are forked one after the other and train, and each must come to its end.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from jupyter_client.manager import KernelManager  # noqa: E402  after the path and the log level

from autograder.course.config import Jail, Limits  # noqa: E402
from autograder.machine import usage  # noqa: E402
from autograder.sandbox import warm  # noqa: E402
from autograder.sandbox.kernel import Kernel  # noqa: E402
from autograder.sandbox.surroundings import Surroundings  # noqa: E402

PRELOAD = ("numpy", "tensorflow", "keras")
IMPORT = "import tensorflow"
FIT = """\
import keras, numpy as np
model = keras.Sequential([keras.Input((5, 2)), keras.layers.LSTM(8), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((64, 5, 2)), np.zeros((64, 1)), verbose=0)
"""
JAILS = {"cold": Jail(cold=True), "open": Jail(minimum="off"), "warm": Jail()}
STARTS = 5  # of one kind in a row
LIMITS = Limits(seconds_per_cell=120.0)


class Stock:
    """A kernel as Jupyter starts it, behind the two methods that are measured."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(stdout=-3, stderr=-3)
        self.client = self.manager.client()
        self.client.start_channels(stdin=False, hb=False)
        self.client.kernel_info()
        self.client.get_shell_msg(timeout=120)

    def run_cell(self, source: str, seconds: float) -> None:
        self.client.execute(source, allow_stdin=False)
        assert self.client.get_shell_msg(timeout=seconds)["content"]["status"] == "ok"

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)


@contextmanager
def parent(kind: str) -> Iterator[None]:
    """A warm parent of this kind, ready."""
    warm.settle(Surroundings(JAILS[kind], PRELOAD))
    warm.parent()
    yield
    warm.release()


def started(kind: str) -> Any:
    return Stock() if kind == "stock" else Kernel([], LIMITS)


def milliseconds(since: float) -> float:
    return 1000 * (time.perf_counter() - since)


def one_start(kind: str) -> dict[str, float]:
    """Milliseconds until the kernel was ready, until TensorFlow was there, and for its end."""
    begin = time.perf_counter()
    kernel = started(kind)
    ready = milliseconds(begin)
    kernel.run_cell(IMPORT, 120.0)
    imported = milliseconds(begin)
    end = time.perf_counter()
    kernel.stop()
    return {"ready": ready, "ready and imported": imported, "stop": milliseconds(end)}


def private_mib(kind: str) -> float:
    """Memory that one kernel has written to and shares with nobody, after it imported TensorFlow and trained."""
    kernel = started(kind)
    kernel.run_cell(FIT, 120.0)
    pids = [kernel.pid] if kind == "stock" else list(usage.list_descendants(kernel.manager.provisioner.process.pid))
    dirty = sum(_private_kib(pid) for pid in pids)
    kernel.stop()
    return dirty / 1024


def _private_kib(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_Dirty:"))


def forks(repeats: int) -> dict[str, float]:
    """Milliseconds from asking for a process to having it, with and without a jail."""
    taken = {}
    for kind in ("open", "warm"):
        with parent(kind):
            times = []
            for _ in range(repeats):
                kernel = Kernel.__new__(Kernel)
                begin = time.perf_counter()
                kernel.manager = _launched()
                times.append(milliseconds(begin))
                kernel.manager.shutdown_kernel(now=True)
            taken[kind] = statistics.median(times)
    return taken


def _launched() -> KernelManager:
    from autograder.sandbox.kernel import OurSpec

    manager = KernelManager(kernel_name="submission", kernel_spec_manager=OurSpec())
    manager.start_kernel(files=(), limits=LIMITS)
    return manager


def fits(count: int) -> int:
    """How many of this many forked kernels came to the end of a training."""
    done = 0
    with parent("warm"):
        for number in range(count):
            kernel = Kernel([], LIMITS)
            done += kernel.run_cell(FIT, 120.0) is None
            kernel.stop()
            if (number + 1) % 50 == 0:
                print(f"{number + 1} fits, {done} came to their end", file=sys.stderr)
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--fits", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    taken: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    rounds = -(-options.repeats // STARTS)
    for number in range(rounds):
        for kind in ("stock", *JAILS):
            with parent(kind) if kind in JAILS else nullcontext():
                one_start(kind)  # the first one pays for what later ones find ready
                for measured in [one_start(kind) for _ in range(STARTS)]:
                    for name, value in measured.items():
                        taken[kind][name].append(value)
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    medians = {kind: {name: statistics.median(values) for name, values in rows.items()} for kind, rows in taken.items()}
    memory = {"stock": private_mib("stock")}
    with parent("warm"):
        first = Kernel([], LIMITS)
        first.run_cell(FIT, 120.0)
        memory["warm"] = private_mib("warm")
        first.stop()
    launch = forks(options.repeats)
    figures: dict[str, Any] = {
        "medians in ms": medians,
        "stock / warm, ready and imported": medians["stock"]["ready and imported"]
        / medians["warm"]["ready and imported"],
        "jail per submission, ms": sum(medians["warm"][n] - medians["open"][n] for n in ("ready and imported", "stop")),
        "from asking to having a process, ms": launch,
        "private memory, MiB": memory,
        "private memory, warm / stock": memory["warm"] / memory["stock"],
        "starts of each kind": rounds * STARTS,
        "cores": len(os.sched_getaffinity(0)),
    }
    if options.fits:
        figures["fits that came to their end"] = f"{fits(options.fits)} of {options.fits}"
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
