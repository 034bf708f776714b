"""Parameter counting, question 7: 15 against 47 (5 points). Source: lecture, summary after the fit with Adam."""

import re

from keras import Input, Sequential, layers

from autograder.checks import agree, check
from solutions.parameter_counting import optimizer_params, printed_total, weights_from_total

OPTIMIZERS = ("sgd", "rmsprop", "adam")


def small_model(draw, optimizer, frozen):
    """A compiled SimpleRNN with a Dense layer above; ``frozen`` says whether its recurrent layer is trained."""
    units, features, outputs = draw.distinct(2, 9, n=3)
    model = Sequential([Input((None, features)), layers.SimpleRNN(units, trainable=not frozen), layers.Dense(outputs)])
    model.compile(loss="mse", optimizer=optimizer)
    return model


def begin_fit(model):
    """What the first step of a fit does before it trains: the optimizer makes its variables."""
    model.optimizer.build(model.trainable_variables)


def size(weights):
    return sum(weight.numpy().size for weight in weights)


def printed(model, label):
    """The number that Keras' summary prints after a label."""
    lines = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    return int(re.search(rf"{label}: ([\d,]+)", "\n".join(lines))[1].replace(",", ""))


@check("q7", points=2, visible=True)
def test_what_an_optimizer_keeps(submission, draw):
    """optimizer_params(trainable, frozen, optimizer) equals Keras' "Optimizer params" after a fit, for all three"""
    for optimizer in OPTIMIZERS:
        for frozen in (False, True):
            model = small_model(draw, optimizer, frozen)
            begin_fit(model)
            agree(
                submission.optimizer_params,
                size(model.trainable_weights),
                size(model.non_trainable_weights),
                optimizer,
                expected=printed(model, "Optimizer params"),
                reference=optimizer_params,
                squeeze=True,
            )


@check("q7", points=2, visible=True)
def test_total_before_and_after_the_fit(submission, draw):
    """printed_total(trainable, frozen, optimizer, fitted) equals Keras' "Total params", before and after a fit"""
    for optimizer in OPTIMIZERS:
        for frozen in (False, True):
            model = small_model(draw, optimizer, frozen)
            for fitted in (False, True):
                if fitted:
                    begin_fit(model)
                agree(
                    submission.printed_total,
                    size(model.trainable_weights),
                    size(model.non_trainable_weights),
                    optimizer,
                    fitted,
                    expected=printed(model, "Total params"),
                    reference=printed_total,
                    squeeze=True,
                )


@check("q7", points=1, visible=True)
def test_back_from_the_total(submission, draw):
    """weights_from_total(total, optimizer) finds the weights of a fitted model in Keras' "Total params\""""
    for optimizer in OPTIMIZERS:  # all three: 47 // 3 is 15 by rounding, which hides a forgotten 2
        model = small_model(draw, optimizer, frozen=False)
        begin_fit(model)
        agree(
            submission.weights_from_total,
            printed(model, "Total params"),
            optimizer,
            expected=model.count_params(),
            reference=weights_from_total,
            squeeze=True,
        )
