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
            name=name,
            data="coins",
            budgets=[{"epochs": 1}, {"epochs": 2}, {"epochs": 40}],
            right={"reference": drawn(0.95, loss), "another": drawn(0.97, loss)},
            wrong={"guesses": drawn(0.55, 0.01)},
            told={"half": drawn(0.7, 0.01)},
            guess_error=0.01,
        )
        for name, loss in LOSSES.items()
    ]
'''


def plan(**losses: float) -> str:
    """The text of a plan with an experiment for each name, whose right solutions lose about so much."""
    return PLAN.replace("LOSSES", repr(losses))
