"""Recurrent networks, question 7: LSTM (3 points). Source: lecture, LSTM."""

from pathlib import Path

from autograder.checks import agree, check, load_by_path
from solutions.recurrent_networks import build_lstm

model_facts = load_by_path(Path(__file__).with_name("facts.py"), "recurrent_networks_facts").model_facts


def weights(units, features):
    """Three gates and the candidate, each as large as a simple RNN, and the Dense layer."""
    return 4 * units * (units + features + 1) + units + 1


def agree_on_facts(submission, units, days, features, draw, count):
    x = draw.uniform(-0.5, 0.5, (12, days, features))
    like = build_lstm(units, days, features)
    seed = int(draw.integers(1000))  # the same first weights in every grading
    expected = "one number for each sequence" + (f", {weights(units, features)} trainable weights" if count else "")
    agree(
        lambda *sizes: submission.call("build_lstm", *sizes, seed=seed),
        units,
        days,
        features,
        expected=expected,
        reference=build_lstm,
        view=lambda model: model_facts(model, x, like, count=count),
        what="your model:",
    )


@check("q7", points=1, visible=True)
def test_lstm_gives_one_number(submission, draw):
    """The model gives one number for each sequence, possibly negative, from all of its days"""
    for _ in range(2):
        agree_on_facts(submission, *draw.distinct(3, 7, 3), draw, count=False)


@check("q7", points=2, needs=test_lstm_gives_one_number)
def test_has_the_weights_of_an_lstm(submission, draw):
    """The model has the weights of LSTM(units) and Dense(1), for any sizes, and predicts what these layers do"""
    for _ in range(2):
        agree_on_facts(submission, *draw.distinct(3, 7, 3), draw, count=True)
