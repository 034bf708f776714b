"""IMDB sentiment, question 3: fit with a validation split, and the epoch to keep (5 points). Source: lecture.

The lecture validates on the test set; here a part of the training reviews is held back.
"""

from pathlib import Path

import keras
import numpy as np

from autograder.checks import Model, agree, check, fail, load_by_path
from solutions.imdb_sentiment import epoch_to_keep, fit_and_validate

example_model = load_by_path(Path(__file__).with_name("example.py"), "imdb_sentiment_example").example_model
VOCAB_SIZE, LENGTH = 30, 6
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
SECONDS = 60  # a fit of these sizes takes about two


def drawn_data(draw, n, held_out):
    """Reviews with random labels; words from 20 on stand in the last ``held_out`` reviews, the others in the rest."""
    x = np.concatenate(
        [draw.integers(1, 20, size=(n - held_out, LENGTH)), draw.integers(20, 30, size=(held_out, LENGTH))]
    )
    y = draw.permutation(np.arange(n) % 2)
    return x.astype(np.int32), y.astype(np.int32)


def reference_curves(model, x, y, epochs, batch_size, share):
    """What the reference finds from the same first weights. One batch per epoch, so that shuffling plays no part."""
    return curves(fit_and_validate(model.for_a_reference(), x, y, epochs, batch_size, share))


def curves(answer):
    """The four curves in (model, history), or whatever was returned in their place."""
    history = answer[1] if isinstance(answer, (tuple, list)) and len(answer) == 2 else answer
    history = getattr(history, "history", history)
    return {name: history[name] for name in CURVES if name in history} if isinstance(history, dict) else history


def train_once(submission):
    """The student's function with a fixed training seed and time for the first fit of a process."""

    def call(*args):
        return submission.call("fit_and_validate", *args, seed=1, seconds=SECONDS)

    return call


@check("q3", points=2, visible=True)
def test_curves(submission, draw):
    """fit_and_validate trains on the first reviews, validates on the last, and returns the four curves"""
    for epochs, (n, held_out) in zip(draw.distinct(2, 5, n=2), ((40, 10), (45, 9)), strict=True):
        x, y = drawn_data(draw, n, held_out)
        model = example_model(VOCAB_SIZE, LENGTH, seed=epochs)
        args = (x, y, epochs, n, held_out / n)
        expected = reference_curves(model, *args)
        what = "your history is"
        agree(
            train_once(submission), model, *args, expected=expected, reference=fit_and_validate, view=curves, what=what
        )


@check("q3", points=1)
def test_one_step_of_adam(submission, draw):
    """every batch is a step of Adam at its usual rate, and the vectors of held-out words do not move"""
    sizes = ((40, 10, 40), (60, 12, 8), (60, 12, 16))
    named = [((1, batch_size, held_out / n), fit_and_validate, n, held_out) for n, held_out, batch_size in sizes]
    by_default = [((), None, n, held_out) for n, held_out in ((320, 64), (323, 65))]  # 2 and 3 batches of at most 128
    for settings, reference, n, held_out in (*named, *by_default):
        epochs, batch_size, _ = settings or (3, 128, 0.2)
        x, y = drawn_data(draw, n, held_out)
        y[:] = 1  # so every step moves the last bias the same way, in whatever order the reviews come
        model = example_model(VOCAB_SIZE, LENGTH, seed=n)
        before = weights(model)

        def view(answer, before=before):
            after = weights(answer[0]) if isinstance(answer, (tuple, list)) and len(answer) == 2 else []
            if [weight.shape for weight in after] != [weight.shape for weight in before]:
                fail(
                    "your function did not return (the trained model, its history)", "What does the docstring promise?"
                )
            vectors, _, last_bias = (np.abs(new - old) for new, old in zip(after, before, strict=True))
            return [last_bias[0], float(vectors[20:].max() > 1e-6)]  # how far is a matter of the order of the batches

        steps = epochs * -(-(n - held_out) // batch_size)
        agree(
            train_once(submission),
            model,
            x,
            y,
            *settings,
            # Adam divides the gradient by its own size: with a steady gradient every step is as long as the rate.
            expected=[0.001 * steps, 0.0],
            reference=reference,
            view=view,
            what="the last layer's bias moved by this, and the vectors of held-out words did (1) or did not (0):",
            rtol=0.05,
            atol=1e-6,
        )


def weights(model):
    """The example model's weights (Embedding, Dense kernel, Dense bias), or none where there is no such model."""
    if isinstance(model, keras.Model):  # a misconception's
        return model.get_weights()
    return model.weights if isinstance(model, Model) and model.crossed else []


@check("q3", points=2, visible=True)
def test_epoch_to_keep(submission, draw):
    """epoch_to_keep(history) is the epoch, counted from 1, with the lowest validation loss"""
    for epochs in draw.distinct(6, 11, n=6):  # each leaves few epochs to guess from; together they leave thousands
        history = drawn_history(draw, epochs)
        expected = 1 + history["val_loss"].index(min(history["val_loss"]))
        agree(submission.epoch_to_keep, history, expected=expected, reference=epoch_to_keep)


def drawn_history(draw, epochs):
    """Curves with the best validation loss, the best validation accuracy and the lowest loss at different epochs.

    The validation loss rises once before its best epoch, and is as low again after it.
    """
    best = int(draw.integers(2, epochs - 2))
    others = draw.permutation([epoch for epoch in range(2, epochs - 1) if epoch != best])
    most_accurate, lowest = others[0], others[1]
    numbers = {name: np.round(draw.uniform(0.30, 0.60, size=epochs), 4) for name in CURVES}
    numbers["val_loss"][:2] = 0.40, 0.65  # a first rise that is not the end; the highest is not the last
    numbers["val_loss"][best] = 0.25
    numbers["val_loss"][-2:] = 0.25, 0.55  # as low once more, later
    numbers["val_accuracy"][most_accurate] = 0.95
    numbers["loss"][lowest] = 0.05
    return {name: [float(number) for number in curve] for name, curve in numbers.items()}
