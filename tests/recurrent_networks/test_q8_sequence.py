"""Recurrent networks, question 8: a prediction for every day (5 points). Source: lecture, predicting sequences."""

from pathlib import Path

from autograder.checks import agree, check, load_by_path
from solutions.recurrent_networks import build_sequence_model

sequence_facts = load_by_path(Path(__file__).with_name("facts.py"), "recurrent_networks_facts").sequence_facts


def weights(units, features):
    """The Dense layer is one and the same on every day, so its weights count once."""
    return units * (units + features + 1) + units + 1


def agree_on_facts(submission, units, days, features, draw, count):
    x = draw.uniform(-0.5, 0.5, (12, days, features))
    like = build_sequence_model(units, features)
    seed = int(draw.integers(1000))  # the same first weights in every grading
    expected = "one number for each day" + (f", {weights(units, features)} trainable weights" if count else "")
    agree(
        lambda *sizes: submission.call("build_sequence_model", *sizes, seed=seed),
        units,
        features,
        expected=expected,
        reference=build_sequence_model,
        view=lambda model: sequence_facts(model, x, like, count=count),
        what="your model:",
    )


def draw_sizes(draw, days):
    """Units and features that differ from the number of days and from each other."""
    units, features = [n for n in draw.distinct(3, 9, 3) if n != days][:2]
    return units, days, features


@check("q8", points=3, visible=True)
def test_every_day_from_the_days_so_far(submission, draw):
    """The model gives one number for each day, from that day and the days before it"""
    for days in (5, 7):
        agree_on_facts(submission, *draw_sizes(draw, days), draw, count=False)


@check("q8", points=2, needs=test_every_day_from_the_days_so_far)
def test_sequence_model_has_the_weights_of_both_layers(submission, draw):
    """The model has the weights of SimpleRNN(units) and one Dense(1), for any number of days, and predicts what these layers do"""
    for days in (3, 11):
        agree_on_facts(submission, *draw_sizes(draw, days), draw, count=True)
