"""Recurrent networks, question 6: stacked recurrent layers (4 points). Source: lecture, deeper networks."""

from pathlib import Path

from autograder.checks import agree, check, load_by_path
from solutions.recurrent_networks import build_stack

model_facts = load_by_path(Path(__file__).with_name("facts.py"), "recurrent_networks_facts").model_facts


def weights(units, features):
    """Each recurrent layer reads the states of the one below it; the Dense layer reads the last."""
    total = 0
    for n in units:
        total += n * (n + features + 1)
        features = n
    return total + features + 1


def agree_on_facts(submission, units, days, features, draw, count):
    x = draw.uniform(-0.5, 0.5, (12, days, features))
    like = build_stack(units, days, features)
    seed = int(draw.integers(1000))  # the same first weights in every grading
    expected = "one number for each sequence" + (f", {weights(units, features)} trainable weights" if count else "")
    agree(
        lambda *sizes: submission.call("build_stack", *sizes, seed=seed),
        units,
        days,
        features,
        expected=expected,
        reference=build_stack,
        view=lambda model: model_facts(model, x, like, count=count),
        what="your model:",
    )


@check("q6", points=2, visible=True)
def test_two_layers_one_number(submission, draw):
    """Two recurrent layers can be stacked and still give one number for each sequence"""
    for _ in range(2):
        first, second, days, features = draw.distinct(3, 8, 4)
        agree_on_facts(submission, [first, second], days, features, draw, count=False)


@check("q6", points=2, needs=test_two_layers_one_number)
def test_one_layer_for_each_size(submission, draw):
    """The model has one SimpleRNN for each number in units, in their order: one, two or three; it predicts what these layers do"""
    for depth in (3, 2, 1):
        *units, days, features = draw.distinct(3, 8, depth + 2)
        agree_on_facts(submission, units, days, features, draw, count=True)
