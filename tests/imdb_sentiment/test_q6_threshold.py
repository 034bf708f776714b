"""IMDB sentiment, question 6: train your own model (6 points). Source: lecture, section on sentiment analysis.

The judge splits reviews so that they cannot be looked up (see ``fresh_split``), sends only the training part, and predicts the
held-out part.
"""

from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from autograder.checks import (
    NOT_REBUILT,
    CheckFailed,
    Model,
    await_person,
    check,
    curve,
    fact,
    fail,
    has_gpu,
    on_a_gpu,
    read_record,
    read_records,
)
from solutions.reviews import Budget, fresh_split, load_imdb

SEEDS = (1, 2, 3)  # public: a seed that happens to start badly costs nothing
SECONDS = {"stand-in": 200, "IMDB": 400}  # five times the slowest right solution, two Bidirectional LSTMs
RECORDS = Path(__file__).with_name("thresholds.json")


@dataclass(frozen=True)
class Trained:
    """The outcome of training a submission's model."""

    best: float
    tried: dict[int, float]
    record: str  # its name
    epochs: int  # of the last training, as its History tells; 0 where it has none
    rebuilt: bool  # every model that was tried: otherwise the student's own process said what it predicts


_trained = WeakKeyDictionary()  # submission -> Trained: one training serves both checks


@check("q6", points=3, visible=True, trains=True)
def test_learns(submission, draw):
    """build_model and train learn from the training reviews: on fresh reviews beyond every known-wrong run"""
    require(trained(submission, draw), "clear_learning", "clear learning")


@check("q6", points=3, needs=test_learns, trains=True)
def test_threshold(submission, draw):
    """the trained model reaches the accuracy threshold on fresh reviews, at any sizes and within the given epochs"""
    result = trained(submission, draw)
    require(result, "threshold", "the threshold")
    given = read_record(RECORDS, result.record).budget["epochs"]
    if result.epochs > given:
        fail(
            f"train was given {given} epochs, and your training took {result.epochs}",
            "Which line of your function says how often the reviews are seen?",
        )
    heeds_its_arguments(submission, draw)


def require(result, number, name):
    """Fail unless the best try reached a number of the record."""
    record = read_record(RECORDS, result.record)
    needed = getattr(record, number)
    if result.best < needed:
        tries = ", ".join(f"seed {seed}: {found:.4f}" for seed, found in result.tried.items())
        fail(
            f"on reviews your model had not seen, its accuracy was {tries}; {record.compared(needed)} for {name}",
            "Does the accuracy on the training reviews rise from epoch to epoch when you train at these sizes?",
        )
    if not result.rebuilt:
        await_person(NOT_REBUILT)


def trained(submission, draw):
    """Train with one public seed after another until the threshold is reached, once for each submission."""
    if submission not in _trained:
        _trained[submission] = train_and_measure(submission, draw)
    return _trained[submission]


def heeds_its_arguments(submission, draw):
    """Fail unless build_model and train follow their arguments: other sizes, no epoch (nothing is learnt), and one epoch."""
    vocab_size, length = 1300, 23
    x = draw.integers(1, vocab_size, size=(16, length)).astype(np.int32)
    x[0, -1] = vocab_size - 1
    model = submission.call("build_model", vocab_size, length, seed=1, seconds=60)
    before = model.predict(x) if isinstance(model, Model) else np.zeros(0)
    if before.size != len(x):
        fail(f"build_model({vocab_size}, {length}) gives no model for reviews of {length} words")
    if not model.built:
        return  # its weights are made by its use, here and there other ones: nothing to compare
    after = train_briefly(submission, model, x, epochs=0)
    if after is not None and not np.allclose(after.predict(x), before, atol=1e-6):
        fail(
            "train was called with epochs=0, and the model came back changed: it has seen reviews more often than allowed",
            "Which line of your function says how often the reviews are seen?",
        )
    after = train_briefly(submission, model, x[:2], epochs=1)
    if after is not None and after.steps > 2:  # one a review
        fail(
            f"train was called with two reviews and epochs=1, and the optimizer took {after.steps} steps: it has seen reviews more"
            " often than allowed",
            "How often is fit called, and for how many epochs each time?",
        )


def train_briefly(submission, model, x, epochs):
    """Return what train gives for these reviews; None where it fails on so few, which is not the mistake looked for here."""
    try:
        after = submission.call("train", model, x, np.arange(len(x)) % 2, epochs, seed=1, seconds=60)
    except CheckFailed:
        return None
    return after if isinstance(after, Model) else None


def train_and_measure(submission, draw):
    """Train try after try, each with its own seed and reviews, as in the runs that the record was measured on."""
    data = load_imdb()
    name = record_name(data)
    record = read_record(RECORDS, name)
    budget = Budget(**record.budget)
    fact("data", data.source)
    fact("threshold record", record.cited())
    tried, rebuilt = {}, True
    for seed in SEEDS:
        split = fresh_split(data, budget, draw)
        model = train_with_seed(submission, split, budget, seed, SECONDS[data.kind])
        tried[seed] = accuracy_on_held_out(model, split)
        rebuilt = rebuilt and model.crossed
        fact("training seeds", ", ".join(f"{seed}: accuracy {found:.4f}" for seed, found in tried.items()))
        if tried[seed] >= record.threshold:
            break
    if history := model.history:
        curve(f"your training with seed {seed}", history)
    return Trained(max(tried.values()), tried, name, max(map(len, history.values()), default=0), rebuilt)


def record_name(data):
    """Name the record for these data; on a GPU that of a GPU, if one was measured (real reviews at the lecture's full size)."""
    name = on_a_gpu(data.kind)
    return name if has_gpu() and name in read_records(RECORDS) else data.kind


def train_with_seed(submission, split, budget, seed, seconds):
    """Build and train the student's model with the student's functions."""
    model = submission.call("build_model", budget.vocab_size, budget.length, seed=seed, seconds=60)
    if not isinstance(model, Model):
        fail(f"build_model returned {type(model).__name__}, not a Keras model", "Does your function return the model?")
    model = submission.call("train", model, split.x, split.y, budget.epochs, seed=seed, seconds=seconds)
    if not isinstance(model, Model):
        fail(
            f"train returned {type(model).__name__}, not the trained model",
            "fit returns a History. What must you return?",
        )
    return model


def accuracy_on_held_out(model, split):
    """Share of right predictions for reviews whose labels only the judge has; 0 if the training diverged to NaN."""
    probabilities = np.asarray(model.predict(split.x_held_out))
    if probabilities.size != len(split.y_held_out) or probabilities.dtype.kind != "f":
        fail(f"for {len(split.y_held_out)} reviews the model's output has the shape {probabilities.shape}")
    if np.isnan(probabilities).any():
        return 0.0
    if not np.all((probabilities >= 0) & (probabilities <= 1)):
        fail("some outputs of your model are not probabilities between 0 and 1", "Which activation has its last layer?")
    return float(np.mean((probabilities.ravel() > 0.5) == (split.y_held_out == 1)))
