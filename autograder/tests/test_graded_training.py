"""The hidden checks of sentiment's graded training, on trainings that cost nothing: tries, limits, and what students read."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from autograder.judge.failures import AwaitsPerson, CheckFailed
from autograder.judge.misconceptions import load_by_path
from autograder.judge.models import Model
from autograder.judge.rebuilt import RebuiltModel
from autograder.judge.recording import start_recording
from autograder.judge.thresholds import read_record
from autograder.quality.experiment import load_experiments
from autograder.tests.helpers import ROOT, SOAK
from autograder.tests.helpers.data import REAL, needs_real_reviews
from solutions.reviews import fresh_split

pytestmark = pytest.mark.slow
SENTIMENT = ROOT / "tests/imdb_sentiment"
STAND_IN = read_record(SENTIMENT / "thresholds.json", "stand-in")
ENOUGH, LITTLE, NOTHING = STAND_IN.threshold + 0.01, STAND_IN.clear_learning + 0.01, 0.5
PASSED = ""


class Predicts(Model):
    """A model that says the same for any input."""

    def __init__(self, said: Any = None, crossed: bool = True) -> None:
        super().__init__(0, cast(RebuiltModel, object()) if crossed else None)
        self.said = said

    def predict(self, inputs: Any, verbose: Any = 0) -> Any:
        return self.said


class Submission:
    """Remembers the reviews that each training was given."""

    def __init__(self) -> None:
        self.trained_on: list[Any] = []

    def call(self, function: str, *arguments: Any, **_: Any) -> Model:
        if function == "train":
            self.trained_on.append(arguments[1])
        return Predicts()


@pytest.fixture
def q6(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The hidden checks of question 6, on the stand-in; with few reviews, of which no model here learns anything."""
    monkeypatch.delenv("AUTOGRADER_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", "/nowhere")
    module = load_by_path(SENTIMENT / "test_q6_threshold.py", "sentiment_q6")
    if not SOAK:
        few = {"reviews": 40, "held_out": 20}
        monkeypatch.setattr(module, "fresh_split", lambda d, budget, draw: fresh_split(d, replace(budget, **few), draw))
    return module


def judged(
    q6: ModuleType, monkeypatch: pytest.MonkeyPatch, *accuracies: float
) -> tuple[list[str], Submission, dict[str, str]]:
    """(what either check says, the submission, the facts), of trainings that reach these accuracies one after the other."""
    facts: dict[str, str] = {}
    reached, submission, said = iter(accuracies), Submission(), []
    monkeypatch.setattr(q6, "accuracy_on_held_out", lambda *_: next(reached))
    monkeypatch.setattr(q6, "heeds_its_arguments", lambda *_: None)
    draw = np.random.default_rng(3)
    for check in (q6.test_learns, q6.test_threshold):
        with start_recording([]) as record:
            try:
                check(submission, draw)
                said.append(PASSED)
            except CheckFailed as error:
                said.append(error.rationale)
        facts |= record.facts
    assert not list(reached), "a try was not made"
    return said, submission, facts


def test_the_first_try_that_reaches_the_threshold_is_the_last(q6: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    said, _, facts = judged(q6, monkeypatch, LITTLE, ENOUGH)
    assert said == [PASSED, PASSED]
    assert facts["training seeds"] == f"1: accuracy {LITTLE:.4f}, 2: accuracy {ENOUGH:.4f}"
    needed = f"a right solution gives {STAND_IN.mean:.3f} ± {STAND_IN.spread:.3f}; needed {STAND_IN.threshold:.3f}"
    assert needed in facts["threshold record"] and STAND_IN.date in facts["threshold record"]


def test_each_try_has_reviews_of_its_own(q6: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the runs have from which the bound for three tries is worked out."""
    said, submission, _ = judged(q6, monkeypatch, LITTLE, NOTHING, LITTLE)
    assert said[0] == PASSED and f"needed {STAND_IN.threshold:.3f} for the threshold" in said[1]
    one, two, three = submission.trained_on
    assert not np.array_equal(one, two) and not np.array_equal(two, three)


def test_the_best_try_counts_and_a_failure_says_all_of_them(q6: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    just_below = STAND_IN.clear_learning - 0.0002
    said, _, _ = judged(q6, monkeypatch, NOTHING, just_below, NOTHING)
    tries = f"seed 1: 0.5000, seed 2: {just_below:.4f}, seed 3: 0.5000"
    assert all(tries in line for line in said)  # and not 0.630 where 0.630 is needed
    assert f"needed {STAND_IN.clear_learning:.3f} for clear learning" in said[0]


def test_only_a_model_that_is_rebuilt_earns_points(q6: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not, and would pass, awaits a person; one that has learnt nothing needs none."""
    monkeypatch.setattr(Submission, "call", lambda *_, **__: Predicts(crossed=False))
    for reached, raised in ((ENOUGH, AwaitsPerson), (LITTLE, AwaitsPerson), (NOTHING, CheckFailed)):
        monkeypatch.setattr(q6, "accuracy_on_held_out", lambda *_, reached=reached: reached)
        with start_recording([]), pytest.raises(raised) as error:
            q6.test_learns(Submission(), np.random.default_rng(3))
        assert raised is CheckFailed or "Return a keras.Sequential or a functional model" in str(error.value)


@pytest.mark.parametrize(("steps", "fails"), [(0, False), (1, False), (2, False), (12, True)])
def test_an_epoch_is_no_more_than_each_review_once(q6: ModuleType, steps: int, fails: bool) -> None:
    """Twelve fits leave a History as long as one; the number of the optimizer's steps tells them apart."""

    class Counted(Predicts):
        built, steps = True, 0

        def predict(self, inputs: Any, verbose: Any = 0) -> Any:
            return np.full(len(inputs), 0.5)

    def call(function: str, *arguments: Any, **_: Any) -> Model:
        model = Counted()
        if function == "train":
            model.steps = steps * arguments[-1]  # a property of every other model
        return model

    told = pytest.raises(CheckFailed, match="two reviews and epochs=1, and the optimizer took 12 steps")
    with told if fails else nullcontext():
        q6.heeds_its_arguments(SimpleNamespace(call=call), np.random.default_rng(3))


@pytest.mark.parametrize(
    ("predictions", "reached"),
    [
        ([0.9, 0.2, 0.7, 0.4], 0.75),
        ([[0.9], [0.2], [0.7], [0.4]], 0.75),
        ([float("nan")] * 4, 0.0),  # a training that ran away: the next seed is tried
        ([0.9, 0.2, 1.7, 0.4], "are not probabilities"),
        ([0.9, 0.2], "has the shape (2,)"),
    ],
)
def test_accuracy(q6: ModuleType, predictions: Any, reached: float | str) -> None:
    split = SimpleNamespace(x_held_out=np.zeros((4, 3)), y_held_out=np.array([1, 0, 1, 1]))
    model = Predicts(np.array(predictions, dtype="float32"))
    if isinstance(reached, float):
        assert q6.accuracy_on_held_out(model, split) == reached
    else:
        with pytest.raises(CheckFailed) as error:
            q6.accuracy_on_held_out(model, split)
        assert reached in error.value.rationale


def test_a_gpu_has_a_record_of_its_own(q6: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(q6, "has_gpu", lambda: True)
    _, _, facts = judged(q6, monkeypatch, ENOUGH)
    assert "CPU" in facts["threshold record"]  # where none was measured on a GPU
    measured = STAND_IN.model_copy(update={"device": "a GPU", "threshold": NOTHING, "clear_learning": NOTHING - 0.01})
    records = {"stand-in": STAND_IN, "stand-in on a GPU": measured}
    path = tmp_path / "thresholds.json"
    path.write_text(json.dumps({name: record.model_dump(exclude_none=True) for name, record in records.items()}))
    monkeypatch.setattr(q6, "RECORDS", path)
    said, _, facts = judged(q6, monkeypatch, NOTHING)
    assert said == [PASSED, PASSED] and "needed 0.500" in facts["threshold record"]


@needs_real_reviews
def test_a_gpu_is_measured_at_the_lectures_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_DATA", str(REAL))
    monkeypatch.syspath_prepend(ROOT)
    plan = SENTIMENT / "calibration.py"
    assert [experiment.name for experiment in load_experiments(ROOT, REAL, plan)] == ["IMDB"]
    monkeypatch.setattr("autograder.checks.has_gpu", lambda: True)
    [experiment] = load_experiments(ROOT, REAL, plan)
    assert experiment.name == "IMDB on a GPU"
    assert (experiment.budgets[0]["vocab_size"], experiment.budgets[0]["length"]) == (10_000, 500)
