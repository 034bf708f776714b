"""IMDB sentiment, question 6: train your own model (6 points). Source: lecture, section on sentiment analysis.

The judge deals the reviews anew, renames the words, sends the training part alone, and predicts the held-out part.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from autograder.checks import check, fact, fail
from autograder.data import Budget, fresh_split, load_imdb
from autograder.models import Model

SEEDS = (1, 2, 3)  # public: a seed that happens to start badly costs nothing
SECONDS = {"stand-in": 200, "IMDB": 400}  # five times the slowest right solution, two Bidirectional LSTMs
RECORDS = json.loads((Path(__file__).parent / "thresholds.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Trained:
    """What came of training a submission's model."""

    best: float
    tried: dict[int, float]
    kind: str


_trained = WeakKeyDictionary()  # submission -> Trained: one training serves both checks


@check("q6", points=3, visible=True)
def test_learns(submission, draw):
    """build_model and train learn from the training reviews: on fresh reviews beyond every known-wrong run"""
    require(trained(submission, draw), "clear_learning", "clear learning")


@check("q6", points=3, needs=test_learns)
def test_threshold(submission, draw):
    """the trained model reaches the accuracy threshold on fresh reviews"""
    require(trained(submission, draw), "threshold", "the threshold")


def require(result, number, name):
    """Fail unless the best try reached a number of the record."""
    needed = RECORDS[result.kind][number]
    if result.best < needed:
        tries = ", ".join(f"seed {seed}: {found:.3f}" for seed, found in result.tried.items())
        fail(
            f"on reviews your model had not seen, its accuracy was {tries}; {name} begins at {needed}",
            "Does the accuracy on the training reviews rise from epoch to epoch when you train at these sizes?",
        )


def trained(submission, draw):
    """Train with one public seed after another until the threshold is reached, and remember what came of it."""
    if submission not in _trained:
        _trained[submission] = train_and_measure(submission, draw)
    return _trained[submission]


def train_and_measure(submission, draw):
    data = load_imdb()
    record = RECORDS[data.kind]
    budget = Budget(**record["budget"])
    split = fresh_split(data, budget, draw)
    tried = {}
    for seed in SEEDS:
        tried[seed] = accuracy_with_seed(submission, split, budget, seed, SECONDS[data.kind])
        if tried[seed] >= record["threshold"]:
            break
    fact("data", data.source)
    fact("training seeds", ", ".join(f"{seed}: accuracy {found:.4f}" for seed, found in tried.items()))
    fact("threshold record", f"{record['date']}, n = {record['n']}, mean {record['mean']}, spread {record['spread']}")
    return Trained(max(tried.values()), tried, data.kind)


def accuracy_with_seed(submission, split, budget, seed, seconds):
    """Accuracy of the student's model on the held-out reviews after the student's training."""
    model = submission.call("build_model", budget.vocab_size, budget.length, seed=seed, seconds=60)
    if not isinstance(model, Model):
        fail(f"build_model returned {type(model).__name__}, not a Keras model", "Does your function return the model?")
    model = submission.call("train", model, split.x, split.y, budget.epochs, seed=seed, seconds=seconds)
    if not isinstance(model, Model):
        fail(
            f"train returned {type(model).__name__}, not the trained model",
            "fit returns a History. What must you return?",
        )
    probabilities = np.asarray(model.predict(split.x_held_out))
    if probabilities.size != len(split.y_held_out) or probabilities.dtype.kind != "f":
        fail(f"for {len(split.y_held_out)} reviews the model's output has the shape {probabilities.shape}")
    return float(np.mean((probabilities.ravel() > 0.5) == (split.y_held_out == 1)))
