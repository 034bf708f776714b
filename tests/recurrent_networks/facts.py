"""What the hidden checks see of a model: its predictions and the number of its weights, put into words.

A model of a student's own class keeps the weights that Keras draws. One that is rebuilt here is given others. Either has to
predict what the layers asked for predict with the same weights. A sentence serves three times: it is compared, it is
what the student reads, and it tells one misconception from another: hence the number at its end, as many look alike in words.
"""

from typing import Any

import numpy as np

from autograder.checks import NOT_REBUILT, Model, await_person
from solutions.recurrent_networks import mean_and_std, scale, unscale

Array = np.ndarray

# Question 10. Left out of the orders of the targets: 125, 110, 75, which a reference run in 25 does not tell apart, and
# 75, 110, 125, to which an untrained model is close.
X = np.array(
    [
        [[10, 25, 50], [13, 10, 70], [9, 5, 90], [7, 0, 95]],
        [[25, 20, 30], [26, 24, 50], [28, 20, 80], [22, 3, 110]],
        [[15, 10, 60], [25, 20, 65], [35, 10, 75], [36, 15, 70]],
    ],
    dtype="float32",
)
RECORD = "three cities"
ORDERS = ((110, 75, 125), (125, 75, 110), (75, 125, 110))
SEEDS = (1, 2, 3, 4, 5)
HUGE = (
    3e4  # times an input of at most a half: no unit of a tanh follows it, and numbers of half precision hold its double
)
NEARLY_THE_SAME = 0.3  # mean change of a scaled prediction; a single step of Adam at rate 0.01 moves it by less


def model_facts(model: Any, x: Array, like: Any, head: str = "", count: bool = True) -> str:
    """What a model that should predict one number per sequence is seen to do, in one line.

    Args:
        model: an ``autograder.checks.Model``.
        x: (n_sequences, days, features), a dozen sequences of small numbers.
        like: a Keras model of the layers that are asked for.
        head: "relu" to ask for a relu between the state and the prediction as well.
        count: whether the layers count too: the number of weights is told, and what is predicted with other weights compared.
    """
    n, days = x.shape[:2]
    one_day_changed = [np.where(np.arange(days)[:, None] == day, x + 1, x) for day in range(days)]
    parts = [x, -x, 0 * x, HUGE * x, 2 * HUGE * x, *one_day_changed]
    model, predictions, trouble = _untrained_predictions(model, np.concatenate(parts))
    if predictions is None:
        return trouble
    weights = f"{model.trainable_params} trainable weights"  # asked after predict, which builds a model of a class
    if predictions.shape != (n * len(parts), 1):
        return f"predictions of shape {(n, *predictions.shape[1:])} for {n} sequences, {weights}"
    normal, turned, zero, huge, twice, *changed = np.split(predictions, len(parts))
    faults = _number_faults(model, np.concatenate([x, -x]), np.concatenate([normal, turned]), zero)
    if not faults:
        ignored = [day + 1 for day, other in enumerate(changed) if np.allclose(other, normal, rtol=0, atol=1e-6)]
        faults += [f"day {day} of {days} plays no part" for day in ignored[:1]]
        faults += _growth_faults(huge, twice)
        if head == "relu" and np.allclose(turned, -normal, rtol=1e-3, atol=1e-5):
            faults.append("turning every input's sign turns every prediction's, as without a relu")
    return _line("one number for each sequence", faults, weights, model, like, x, count)


def sequence_facts(model: Any, x: Array, like: Any, count: bool = True) -> str:
    """What a model that should predict one number for every day is seen to do, in one line.

    Args:
        model, like, count: as for ``model_facts``.
        x: (n_sequences, days, features), a dozen sequences of small numbers, at least three days.
    """
    n, days = x.shape[:2]
    middle = days // 2
    day = np.arange(days)[:, None]
    parts = [
        x,
        -x,
        0 * x,
        HUGE * x,
        2 * HUGE * x,
        np.where(day >= middle, x + 1, x),
        np.where(day == 0, x + 1, x),
        np.where(day == days - 1, x + 1, x),
    ]
    model, predictions, trouble = _untrained_predictions(model, np.concatenate(parts))
    if predictions is None:
        return trouble
    weights = f"{model.trainable_params} trainable weights"
    if predictions.shape != (n * len(parts), days, 1):
        return f"predictions of shape {(n, *predictions.shape[1:])} for {n} sequences of {days} days, {weights}"
    normal, turned, zero, huge, twice, later, first, last = np.split(predictions, len(parts))
    faults = _number_faults(model, np.concatenate([x, -x]), np.concatenate([normal, turned]), zero)
    if not faults:
        same = {"rtol": 0, "atol": 1e-6}
        if not np.allclose(later[:, :middle], normal[:, :middle], rtol=1e-4, atol=1e-5):
            faults.append("the prediction of a day changes when only later days change")
        if np.allclose(first[:, -1], normal[:, -1], **same):
            faults.append("the first day plays no part in the last prediction")
        if np.allclose(last[:, -1], normal[:, -1], **same):
            faults.append("the last day plays no part in the last prediction")
        faults += _growth_faults(huge, twice)
    return _line("one number for each day", faults, weights, model, like, x, count)


def predictions_or_trouble(model: Any, x: Array) -> tuple[Array | None, str]:
    """Predictions, or why there are none."""
    if not hasattr(model, "predict"):
        return None, "no Keras model"
    try:
        return model.predict(x.astype("float32") if model.crossed else x), ""
    except Exception as error:  # Keras refuses a wrong shape with several kinds of exception
        if getattr(error, "final", False):  # a process ran out of time or ended: not a matter of shapes
            raise
        shape = model.input_shape  # tells a model for other sizes from one that swaps them
        takes = f"inputs of shape {shape} and " if shape else ""
        return None, f"it takes {takes}no sequences of {x.shape[1]} days with {x.shape[2]} features"


def _untrained_predictions(model: Any, x: Array) -> tuple[Any, Array | None, str]:
    """The model with biases of zero, whatever initial weights it was given, and its predictions, or why there are none."""
    if getattr(model, "crossed", False):
        predictions, trouble = predictions_or_trouble(model, x[:1])  # builds a model that is not yet
        if predictions is None:
            return model, None, trouble
        model = _with_our_weights(model, biases=False)
    return model, *predictions_or_trouble(model, x)


def _with_our_weights(model: Model, biases: bool) -> Model:
    """A model with weights that are the same for the same shapes; biases of zero, as Keras' are, or others."""
    drawn = np.random.default_rng(1)
    weights = model.weights
    for place in model.trainable:
        values = drawn.uniform(-1, 1, weights[place].shape)
        weights[place] = 2 * values if biases else 0.8 * values * ("bias" not in model.weight_names[place])
    return model.with_weights(weights)


def _number_faults(model: Any, x: Array, predictions: Array, at_zero: Array) -> list[str]:
    """Whether the predictions ``x`` -> ``predictions`` are numbers that may be negative and differ from input to input."""
    if not np.isfinite(predictions).all():
        return ["a prediction is not a finite number"]
    if np.ptp(predictions) < 1e-6:
        return ["every prediction is the same number"]
    zero_kept = np.abs(at_zero).max() < 1e-6  # by a tanh and by a relu without bias
    if predictions.min() >= 0 and _is_never_negative(model, x, zero_kept and not (predictions == 0).any()):
        return ["no prediction is negative"]
    return [] if zero_kept else ["a sequence of zeros does not give 0, although the biases are 0"]


def _is_never_negative(model: Any, x: Array, may_be_chance: bool) -> bool:
    """Whether predictions that are all positive stay so when the last layer's weights change their sign.

    Nobody can change the weights of a model of a student's own class. There it is no chance if something keeps the
    predictions positive: a relu makes zeros of the others, and a sigmoid one half of the zero for a sequence of zeros.
    """
    if not model.crossed:
        return not may_be_chance
    weights = model.weights
    for place in model.trainable[-2:]:
        weights[place] = -weights[place]
    return bool(model.with_weights(weights).predict(x.astype("float32")).min() >= 0)


def _growth_faults(huge: Array, twice: Array) -> list[str]:
    """A state between -1 and 1 cannot follow inputs that grow to twice their size; one without tanh does."""
    bounded = np.isfinite(twice).all() and np.abs(twice).sum() <= 1.5 * np.abs(huge).sum()
    return [] if bounded else ["predictions grow with the inputs without limit, as without tanh"]


def _line(right: str, faults: list[str], weights: str, model: Any, like: Any, x: Array, count: bool) -> str:
    """The sentence about a model that gives predictions of the right shape."""
    as_many = model.trainable_params == like.count_params()
    evidence = []
    if not model.crossed and count and not faults and _predicts_otherwise(model, like, x):
        faults = ["with its own weights it predicts other numbers than the layers asked for"]
    if model.crossed and (faults or count):
        predicted, ours = _predictions_with_biases(model, x), Model.own(like)
        comparable = _shapes(model) == _shapes(ours)  # layers written in another way may arrange theirs anew
        if comparable and not faults and not _agree(predicted, _predictions_with_biases(ours, x)):
            faults = ["with weights of ours it predicts other numbers than the layers asked for"]
        if not comparable and not faults and as_many:
            await_person(
                "your model has as many weights as the layers asked for, but in arrays of other shapes, so a program cannot compare"
                " the two: these points await a person. Build it of the layers that the question names to have it graded."
            )
        if faults or not as_many:
            evidence = [f"gives {predicted.flat[0]:.4f} with our weights"]
    told = [right, *faults] + ([weights] if faults or count else []) + evidence
    return ", ".join(told)


def _predicts_otherwise(model: Any, like: Any, x: Array) -> bool:
    """Whether a model of the student's own class predicts something else than ``like`` does with the same weights."""
    weights = model.weights
    if [weight.shape for weight in weights] != [weight.shape for weight in like.get_weights()]:
        await_person(NOT_REBUILT)
    like.set_weights(weights)
    predicted = np.asarray(model.predict(x))
    agree = _agree(predicted, np.asarray(like(x.astype("float32"))))
    if not agree and _relative_rounding(predicted):  # by how much the days add up to, nobody knows
        await_person(NOT_REBUILT)
    return not agree


def _agree(predicted: Array, expected: Array) -> bool:
    """Whether predictions are the expected ones, in the precision in which the model computes."""
    rounding = _relative_rounding(predicted)
    return np.allclose(predicted, expected, rtol=max(1e-3, 16 * rounding), atol=max(1e-4, 4 * rounding))


def _relative_rounding(values: Array) -> float:
    """Of the numbers that a model of half precision computes with, float16 or bfloat16; 0 for all others."""
    single = values.astype("float32")
    halves = {2.0**-10: single.astype("float16"), 2.0**-7: (single.view("uint32") & 0xFFFF0000).view("float32")}
    return next((rounding for rounding, half in halves.items() if np.array_equal(half, single)), 0.0)


def _predictions_with_biases(model: Model, x: Array) -> Array:
    return _with_our_weights(model, biases=True).predict(x.astype("float32"))


def _shapes(model: Model) -> list[tuple[int, ...]]:
    return [model.weights[place].shape for place in model.trainable]


def training_facts(model: Any, X: Array, y: Array, before: Array, limit: float) -> str:
    """What a trained model has learned, in words.

    Args:
        model: an ``autograder.checks.Model``; it should read scaled inputs and predict scaled targets.
        X, y: (n_sequences, days, features) and (n_sequences, 1), in the lecture's units.
        before: what the model predicted for scaled X before it was trained.
        limit: how close to its target every city should be, in the unit of y.
    """
    scaled_X = scale(X, *mean_and_std(X))
    from_scaled, trouble = predictions_or_trouble(model, scaled_X)
    if from_scaled is None:
        return trouble
    if from_scaled.size != y.size:
        return f"predictions of shape {from_scaled.shape} for {len(X)} cities"
    if largest_error(from_scaled, y) < limit:
        return f"every city within {limit:g} of its target"
    from_raw, _ = predictions_or_trouble(model, X)
    if distance(from_scaled, y) < 1.7 * y.std():
        return "it has learned to predict y as it is, not scaled y"
    if distance(from_raw, y) < 1.7 * y.std():
        return "it has learned to predict y as it is from X as it is"
    if np.abs(from_raw).max() < 0.02:  # saturated states, and of all constants 0 is the nearest to scaled y
        return "it has learned from X as it is, and predicts the mean of scaled y for every city"
    change = np.abs(from_scaled - np.reshape(before, from_scaled.shape))
    if change.max() < 1e-5:
        return "after training it predicts what it predicted before"
    if change.mean() < NEARLY_THE_SAME:
        return "after training it predicts nearly what it predicted before"
    return f"a city is {limit:g} or more away from its target"


def largest_error(predicted: Array, y: Array) -> float:
    """Largest distance from a target, in the unit of y, of predictions of scaled y; infinite where one is no number."""
    error = np.abs(unscale(np.reshape(predicted, y.shape), *mean_and_std(y)) - y)
    return float(error.max()) if np.isfinite(error).all() else float("inf")


def distance(predicted: Array, y: Array) -> float:
    """Root of the mean squared error; the best constant is y.std() away."""
    return float(np.sqrt(np.mean(np.square(np.reshape(predicted, y.shape) - y))))


def draw_targets(draw: np.random.Generator) -> Array:
    """The lecture's three targets, given to the cities in another order than the lecture's."""
    return draw.choice(ORDERS).astype("float32").reshape(3, 1)
