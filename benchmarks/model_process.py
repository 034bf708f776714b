"""Measures what it costs that a student's models are rebuilt and asked in a process of their own.

    python benchmarks/model_process.py [--submissions 20] [--models 10] [--json FILE]

A submission rebuilds ``--models`` networks as recurrent networks asks for them and has each predict three times. It does so in a model
process in the jail, forked from the warm parent, and by Keras' own deserialiser in a process that is forked from this one, as a judge
is that has Keras imported and rebuilds models itself; the two take turns. The model process' time is all of the warm parent's and of
what it forks, from the fork until it has answered.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402  after the path and the log level
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

from autograder.course.config import Limits  # noqa: E402
from autograder.judge.models import Model  # noqa: E402
from autograder.judge.rebuilt import InModelProcess  # noqa: E402
from autograder.machine import usage  # noqa: E402
from autograder.sandbox import warm  # noqa: E402
from autograder.sandbox.limits import TimeBudget  # noqa: E402
from autograder.sandbox.model_process import ModelProcess  # noqa: E402
from autograder.sandbox.parent import WarmParent  # noqa: E402
from autograder.sandbox.surroundings import Surroundings  # noqa: E402

PREDICTIONS = 3  # of each model
TICK = os.sysconf("SC_CLK_TCK")


def forked(function: Callable[[], Any]) -> Any:
    """What a function returns in a process forked from this one, in which TensorFlow has not started yet."""
    heard, told = os.pipe()
    if (child := os.fork()) == 0:
        with open(told, "wb") as out:
            pickle.dump(function(), out)
        os._exit(0)
    os.close(told)
    with open(heard, "rb") as file:
        answer = pickle.load(file)
    os.waitpid(child, 0)
    return answer


def networks(count: int) -> list[tuple[str, list[Any]]]:
    """Config and weights of networks of different sizes, as a student's process sends them."""
    kinds = layers.SimpleRNN, layers.LSTM
    made = [keras.Sequential([keras.Input((4, 3)), kinds[n % 2](3 + n % 5), layers.Dense(1)]) for n in range(count)]
    return [(json.dumps(keras.saving.serialize_keras_object(model)), model.get_weights()) for model in made]


def seconds_of_the_jail() -> float:
    """Processor seconds of the warm parent and of what it has forked and is alive."""
    parent = warm.parent()
    assert isinstance(parent, WarmParent)
    root = parent.process.pid
    ticks = 0
    for pid in (root, *usage.list_descendants(root)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, and those of children that were waited for: see proc(5)
    return ticks / TICK


def in_a_process(sent: list[tuple[str, list[Any]]], x: Any) -> dict[str, float]:
    """Processor seconds of one submission's models in a process of their own."""
    jail, own = seconds_of_the_jail(), time.process_time()
    process = ModelProcess(Limits(), TimeBudget(600.0))
    for config, weights in sent:
        model = Model(0, InModelProcess.build(process, config, weights))
        assert model.crossed
        for _ in range(PREDICTIONS):
            model.predict(x)
    taken = {"model process": seconds_of_the_jail() - jail, "asking it": time.process_time() - own}
    process.close()
    return taken


def in_the_judge(sent: list[tuple[str, list[Any]]], x: Any) -> dict[str, float]:
    """Processor seconds of the same in this process, by Keras' own deserialiser."""
    own = time.process_time()
    for config, weights in sent:
        model = keras.saving.deserialize_keras_object(json.loads(config))
        model.set_weights(weights)
        for _ in range(PREDICTIONS):
            np.asarray(model(x, training=False))
    return {"in the judge": time.process_time() - own}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=20)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()

    warm.settle(Surroundings(preload=("numpy", "tensorflow", "keras")))
    warm.parent()
    sent, x = (
        forked(lambda: networks(options.models)),
        np.random.default_rng(0).normal(size=(12, 4, 3)).astype("float32"),
    )
    taken: dict[str, list[float]] = defaultdict(list)
    in_a_process(sent, x)  # the first one pays for what later ones find ready
    for _ in range(options.submissions):
        for name, seconds in (in_a_process(sent, x) | forked(lambda: in_the_judge(sent, x))).items():
            taken[name].append(seconds)
    means = {name: round(statistics.fmean(values), 3) for name, values in taken.items()}
    figures = {
        "processor seconds of a submission, means": means,
        "more than in the judge": round(means["model process"] + means["asking it"] - means["in the judge"], 3),
        "models": options.models,
        "submissions": options.submissions,
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
