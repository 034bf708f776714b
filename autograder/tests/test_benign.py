"""What an honest notebook does passes untouched in the jail, warm and cold, and gives the same values in both."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograder.course.config import Jail, Limits
from autograder.judge.compare import Tolerance, find_difference
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.helpers import SOAK

pytestmark = pytest.mark.slow
PRELOAD = ("numpy", "tensorflow", "keras", "gensim.models", "matplotlib.pyplot")

PLOT = """\
%matplotlib inline
import io
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
line, = axes.plot([1, 2, 4], label="loss")
axes.set_title("déjà vu, $x^2$"); axes.legend()
plt.show()
drawn = io.BytesIO()
figure.savefig(drawn, format="png")
value = [list(map(float, line.get_ydata())), drawn.getvalue()[:4] == b"\\x89PNG", plt.get_backend()]
"""
BAR = """\
from tqdm.auto import tqdm
value = sum(tqdm(range(200), desc="epochs"))
"""
THREADS = """\
import threading
import numpy as np
parts = np.arange(360_000, dtype="float64").reshape(4, 300, 300) / 1e5
products = [None] * 4
def multiply(i): products[i] = parts[i] @ parts[i]
workers = [threading.Thread(target=multiply, args=(i,)) for i in range(4)]
for worker in workers: worker.start()
for worker in workers: worker.join()
value = [float(product.sum()) for product in products]
"""
TIME = """\
%%time
value = sum(number * number for number in range(1000))
"""
TIMEIT = """\
result = %timeit -n 2 -r 1 -o sum(range(10))
value = result.loops
"""
SHELL = """\
open("words.txt", "w").write("a good film\\n")
listed = !ls
counted = !wc -w < words.txt
value = ["words.txt" in listed, counted[0].strip()]
"""
FILES = """\
import json, os
import numpy as np
os.makedirs("models/best", exist_ok=True)
with open("models/best/settings.json", "w", encoding="utf-8") as file:
    json.dump({"größe": 3}, file)
np.save("models/values.npy", np.arange(6).reshape(2, 3))
np.savez_compressed("models/all.npz", a=np.ones(3))
os.rename("models/values.npy", "values.npy")
settings = json.load(open("models/best/settings.json", encoding="utf-8"))
value = [settings, np.load("values.npy"), sorted(os.listdir("models")), np.load("models/all.npz")["a"]]
"""
WRITEFILE = """\
%%writefile helper.py
def double(x):
    return 2 * x
"""
IMPORTS_IT = "import helper\nvalue = helper.double(21)"
OUTPUT = """\
import sys, warnings
import numpy as np
from IPython.display import HTML, Markdown, display
for number in range(3000):
    print("step", number, "loss", 1 / (number + 1))
print("x" * 3_000_000)
print("to the error stream" * 1000, file=sys.stderr)
warnings.warn("only a warning")
display(HTML("<b>bold</b>" * 10_000), Markdown("# title"))
display(np.zeros((300, 300)))
value = 7
"""
KERAS = """\
import numpy as np
import keras
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="mse")
x = np.arange(30, dtype="float32").reshape(10, 3) / 30
model.fit(x, x.sum(axis=1), epochs=2, verbose=1)
model.save("best.keras")
model.save_weights("best.weights.h5")
again = keras.saving.load_model("best.keras")
again.load_weights("best.weights.h5")
value = [model.predict(x, verbose=0), again.predict(x, verbose=0), again.count_params()]
"""
GENSIM = """\
from gensim.models import KeyedVectors, Word2Vec
sentences = [["a", "good", "film"], ["a", "bad", "film"], ["good", "and", "bad"]] * 40
model = Word2Vec(sentences, vector_size=8, window=2, min_count=1, workers=2, seed=1, epochs=3)
model.wv.save("vectors.kv")
vectors = KeyedVectors.load("vectors.kv")
value = [sorted(model.wv.index_to_key), vectors["film"].shape, bool((vectors["film"] == model.wv["film"]).all())]
"""
POOL = """\
import math, multiprocessing
with multiprocessing.Pool(2) as pool:
    value = pool.map(math.factorial, range(8))
"""
EXECUTOR = """\
import math
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
with ThreadPoolExecutor(4) as threads, ProcessPoolExecutor(2) as processes:
    value = [list(threads.map(math.sqrt, range(5))), list(processes.map(math.sqrt, range(5)))]
"""
SUBPROCESS = """\
import subprocess, sys
done = subprocess.run([sys.executable, "-c", "import numpy; print(numpy.arange(3).sum())"], capture_output=True, text=True)
echoed = subprocess.run("echo a | tr a b", shell=True, capture_output=True, text=True)
value = [done.stdout, echoed.stdout, done.returncode]
"""
TEMPORARY = """\
import os, tempfile
with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w+") as file:
    file.write("a good film"); file.flush()
    value = [open(file.name).read(), os.path.isdir(folder), tempfile.SpooledTemporaryFile().read()  == b""]
"""
HOME = """\
from pathlib import Path
cache = Path.home() / ".cache" / "course"
cache.mkdir(parents=True)
(cache / "words.txt").write_text("a good film")
value = [(Path("~/.cache/course/words.txt").expanduser()).read_text(), Path.home() == Path("~").expanduser()]
"""
DATES = """\
import datetime, getpass, locale, os, platform, uuid
value = [datetime.datetime.now().year > 2000, bool(getpass.getuser()), platform.system(), os.cpu_count() > 0, len(str(uuid.uuid4()))]
"""
SQLITE = """\
import sqlite3
with sqlite3.connect("words.db") as base:
    base.execute("create table words (word text)")
    base.executemany("insert into words values (?)", [("good",), ("film",)])
value = sorted(word for word, in base.execute("select word from words"))
"""
ASYNC = """\
import asyncio
async def later(x):
    await asyncio.sleep(0.01)
    return x
value = list(await asyncio.gather(*(later(i) for i in range(3))))
"""
ValueOf = Callable[[str, bool], Any]
#: What an honest notebook does -> its cells; each ends with ``value``.
BENIGN = {
    "a plot": [PLOT],
    "a progress bar": [BAR],
    "numpy in threads": [THREADS],
    "%%time": [TIME],
    "%timeit": [TIMEIT],
    "!ls": [SHELL],
    "files": [FILES],
    "%%writefile": [WRITEFILE, IMPORTS_IT],
    "large outputs": [OUTPUT],
    "a .keras file": [KERAS],
    "Word2Vec": [GENSIM],
    "a pool of processes": [POOL],
    "executors": [EXECUTOR],
    "subprocess": [SUBPROCESS],
    "tempfile": [TEMPORARY],
    "the home folder": [HOME],
    "dates and names": [DATES],
    "sqlite": [SQLITE],
    "await": [ASYNC],
}
NEEDS = {"a progress bar": "tqdm"}
#: What uses something that a warm parent has: its packages, their threads, and the process itself.
COLD = BENIGN if SOAK else ("a plot", "numpy in threads", "a .keras file", "Word2Vec", "a pool of processes", "await")


def run_to_the_end(cells: list[str]) -> tuple[list[str], Any]:
    """Why cells of a notebook were stopped; and its value, where none was."""
    with NotebookRun(cells, [], Limits(seconds_per_cell=240.0, seconds_per_call=120.0)) as run:
        run.run_cells()
        reasons = [f"{stopped.reason} {stopped.hint}" for stopped in run.outcomes.values() if stopped]
        return reasons, StudentNotebook(run).value("value") if not reasons else None


@pytest.fixture(scope="module")
def value_of() -> Iterator[ValueOf]:
    """What the cells of an entry give, warm or cold; the parents are started once."""

    @functools.cache
    def asked(cold: bool) -> dict[str, tuple[list[str], Any]]:
        warm.settle(Surroundings(jail=Jail(minimum="user", cold=cold), preload=PRELOAD))
        names = [name for name in BENIGN if not cold or name in COLD]
        there = [name for name in names if name not in NEEDS or importlib.util.find_spec(NEEDS[name])]
        return {name: run_to_the_end(BENIGN[name]) for name in there}

    def value(name: str, cold: bool) -> Any:
        reasons, found = asked(cold)[name]
        assert reasons == [], f"an honest notebook was stopped, {'cold' if cold else 'warm'}"
        return found

    yield value
    warm.reset()


@pytest.mark.parametrize("name", BENIGN)
def test_it_passes_untouched_and_gives_the_same_warm_and_cold(name: str, value_of: ValueOf) -> None:
    if name in NEEDS and importlib.util.find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    one = value_of(name, False)
    assert one is not None
    if name in COLD:
        other = value_of(name, True)
        assert same(one, other), f"warm it gives {one}, cold {other}"


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, arrays and containers of them part by part."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(same(*pair) for pair in zip(one, other, strict=True))
    if hasattr(one, "shape"):
        return find_difference(other, one, Tolerance()) is None
    return bool(one == other)


def test_two_values_that_differ_are_told_apart() -> None:
    import numpy as np

    assert not same([1, [np.zeros(3)]], [1, [np.ones(3)]])
    assert not same(["a"], ["a", "b"])
    assert same([np.ones(2), "a", (1,)], [np.ones(2), "a", (1,)])
