"""Recurrent networks, question 4: a deeper head (4 points). Source: lecture, simple RNN."""

from pathlib import Path

from autograder.checks import agree, check, load_by_path
from solutions.recurrent_networks import build_deeper_head

model_facts = load_by_path(Path(__file__).with_name("facts.py"), "recurrent_networks_facts").model_facts


def weights(units, hidden, features):
    """The recurrent layer, the hidden layer and the last one."""
    return units * (units + features + 1) + hidden * (units + 1) + hidden + 1


def agree_on_facts(submission, units, hidden, days, features, draw, count):
    x = draw.uniform(-0.5, 0.5, (12, days, features))
    like = build_deeper_head(units, hidden, days, features)
    seed = int(draw.integers(1000))  # the same first weights in every grading
    expected = "one number for each sequence" + (
        f", {weights(units, hidden, features)} trainable weights" if count else ""
    )
    agree(
        lambda *sizes: submission.call("build_deeper_head", *sizes, seed=seed),
        units,
        hidden,
        days,
        features,
        expected=expected,
        reference=build_deeper_head,
        view=lambda model: model_facts(model, x, like, head="relu", count=count),
        what="your model:",
    )


def draw_sizes(draw):
    """A hidden layer of some width: with few units all of its relus may happen to be zero for the drawn inputs."""
    units, days, features = draw.distinct(3, 7, 3)
    return units, int(draw.integers(10, 20)), days, features


@check("q4", points=2, visible=True)
def test_a_relu_between_state_and_prediction(submission, draw):
    """The model gives one number for each sequence, possibly negative, with a relu between the state and the last layer"""
    for _ in range(2):
        agree_on_facts(submission, *draw_sizes(draw), draw, count=False)


@check("q4", points=2, needs=test_a_relu_between_state_and_prediction)
def test_has_the_weights_of_three_layers(submission, draw):
    """The model has the weights of the three layers, for any sizes, and predicts what these layers do"""
    for _ in range(2):
        agree_on_facts(submission, *draw_sizes(draw), draw, count=True)
