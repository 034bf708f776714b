"""What the two limits of question 10 are measured on: `autograder calibrate recurrent_networks`.

A score is minus the largest error over the three cities, in the unit of their targets. Each run draws the targets as the grader does.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from autograder.checks import Experiment, load_by_path
from solutions.misconceptions import recurrent_networks as wrong
from solutions.recurrent_networks import build_model, mean_and_std, repeated, scale, train

facts = load_by_path(Path(__file__).with_name("facts.py"), "recurrent_networks_facts")

X = facts.X
HALF_WAY = (125 - 110) / 2  # the least error of whoever predicts one number for the two cities that are closest
Build = Callable[[int, int], Any]
Train = Callable[..., Any]


def experiments() -> list[Experiment]:
    return [
        Experiment(
            name=facts.RECORD,
            data="the three cities of the lecture, score: minus the largest error",
            budgets=[{}],
            right={
                "reference": run(),
                "SimpleRNN of 2 units, as in the lecture": run(build=recurrent(layers.SimpleRNN, 2)),
                "LSTM of 4 units": run(build=recurrent(layers.LSTM, 4)),
                "GRU of 4 units": run(build=recurrent(layers.GRU, 4)),
                "1,000 steps at rate 0.02": run(fit=trainer(keras.optimizers.Adam, rate=0.02, steps=1_000)),
                "3,000 steps at rate 0.01": run(fit=trainer(keras.optimizers.Adam, rate=0.01, steps=3_000)),
                "RMSprop at rate 0.01": run(fit=trainer(keras.optimizers.RMSprop, rate=0.01, steps=2_000)),
            },
            wrong={
                "untrained": run(fit=lambda model, *_: model),
                "nothing scaled": run(fit=wrong.trains_on_unscaled_data),
                "X alone scaled": run(fit=wrong.scales_the_inputs_only),
                "y alone scaled": run(fit=wrong.scales_the_targets_only),
                "a single step": run(fit=wrong.trains_for_one_step),
                "two cities alike": lambda *_: -HALF_WAY,
            },
            guess_error=0.1,
            step=1.0,
            tries=len(facts.SEEDS),
        )
    ]


def run(build: Build = build_model, fit: Train = train) -> Callable[[Mapping[str, Any], int], float]:
    """Minus the largest error after training with a seed."""

    def closeness(_budget: Mapping[str, Any], seed: int) -> float:
        y = facts.draw_targets(np.random.default_rng([seed, 2026]))
        model = fit(build(*X.shape[1:]), X, y, mean_and_std(X), mean_and_std(y))
        return -facts.largest_error(model.predict(scale(X, *mean_and_std(X)), verbose=0), y)

    return closeness


def recurrent(layer: Any, units: int) -> Build:
    """A model of one recurrent layer and a Dense one."""

    def build(days: int, features: int) -> Any:
        return keras.Sequential([keras.Input((days, features)), layer(units), layers.Dense(1)])

    return build


def trainer(optimizer: Any, rate: float, steps: int) -> Train:
    """A train function with another optimizer."""

    def fit(model: Any, X: Any, y: Any, X_scale: Any, y_scale: Any) -> Any:
        model.compile(optimizer=optimizer(learning_rate=rate), loss="mse", steps_per_execution=100)
        model.fit(repeated(scale(X, *X_scale), scale(y, *y_scale), steps), epochs=1, verbose=0)
        return model

    return fit
