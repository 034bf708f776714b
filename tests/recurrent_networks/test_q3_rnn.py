"""Recurrent networks, question 3: SimpleRNN and Dense (4 points). Source: lecture, simple RNN."""

from pathlib import Path

from autograder.checks import agree, check, load_by_path
from solutions.recurrent_networks import build_rnn

model_facts = load_by_path(Path(__file__).with_name("facts.py"), "recurrent_networks_facts").model_facts


def weights(units, features):
    """n_h (n_h + n_x + 1) of the recurrent layer, and n_h + 1 of the Dense layer."""
    return units * (units + features + 1) + units + 1


def agree_on_facts(submission, units, days, features, draw, count):
    x = draw.uniform(-0.5, 0.5, (12, days, features))
    like = build_rnn(units, days, features)
    seed = int(draw.integers(1000))  # the same first weights in every grading
    expected = "one number for each sequence" + (f", {weights(units, features)} trainable weights" if count else "")
    agree(
        lambda *sizes: submission.call("build_rnn", *sizes, seed=seed),
        units,
        days,
        features,
        expected=expected,
        reference=build_rnn,
        view=lambda model: model_facts(model, x, like, count=count),
        what="your model:",
    )


@check("q3", points=2, visible=True)
def test_rnn_gives_one_number(submission, draw):
    """The model gives one number for each sequence, possibly negative, from all of its days"""
    for _ in range(2):
        agree_on_facts(submission, *draw.distinct(3, 8, 3), draw, count=False)


@check("q3", points=2, needs=test_rnn_gives_one_number)
def test_rnn_has_the_weights_of_both_layers(submission, draw):
    """The model has the weights of SimpleRNN(units) and Dense(1), for any sizes, and predicts what these layers do"""
    for _ in range(2):
        agree_on_facts(submission, *draw.distinct(3, 8, 3), draw, count=True)
