"""A plan of trainings that cost nothing."""

from __future__ import annotations

PLAN = '''\
"""A training that costs nothing: its score is drawn."""

import numpy as np

from autograder.checks import Experiment


def drawn(best, loss):
    return lambda budget, seed: best - loss / budget["epochs"] * np.random.default_rng(seed).exponential()


def experiments():
    return [
        Experiment(
            name="coins",
            data="coins",
            budgets=[{"epochs": 1}, {"epochs": 2}, {"epochs": 40}],
            right={"reference": drawn(0.95, LOSS), "another": drawn(0.97, LOSS)},
            wrong={"guesses": drawn(0.55, 0.01)},
            told={"half": drawn(0.7, 0.01)},
            guess_error=0.01,
        )
    ]
'''
