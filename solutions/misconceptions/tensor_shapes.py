"""Wrong solutions that people really write for tensor_shapes, each with a question that moves them on."""

import numpy as np

from autograder.checks import misconceptions_of
from solutions.tensor_shapes import (
    axes_of_an_observation,
    common_length,
    cut,
    cut_next_day,
    cut_with_classes,
    describe_axes,
    fits,
    input_shape_for,
    make_x,
    make_y,
    make_y_sequence,
    mean_absolute_error,
)

# Question 1: lists to X and y

wrong = misconceptions_of(make_x)
wrong.formula(
    "np.array(sequences, dtype=np.float32).transpose(0, 2, 1)",
    name="Puts the features before the days",
    hint="What does x[0] hold: everything about one city, or one feature of every city?",
)
wrong.formula(
    "np.array(sequences, dtype=np.float32).transpose(1, 0, 2)",
    name="Puts the days before the sequences",
    hint="How many cities are there, and how many days? Which of the two does len(x) give?",
)
wrong.formula(
    "np.array(sequences, dtype=np.float32).reshape(len(sequences), -1)",
    name="Writes all days of a sequence into one row",
    hint="Where in x does the network see that one day ends and the next begins?",
)
wrong.formula(
    "np.array(sequences)",
    name="Leaves the type of X to numpy",
    hint="What is x.dtype when all numbers in the lists are whole, and what when one has a point?",
)

wrong = misconceptions_of(make_y)
wrong.formula(
    "np.array(targets, dtype=np.float32)",
    name="Gives y one axis",
    hint="X has three axes. Which axes does each target need, to say how many days and features it has?",
)
wrong.formula(
    "np.array(targets, dtype=np.float32).reshape(-1, 1)",
    name="Gives y two axes, without the days",
    hint="y has an axis for the sequences and an axis for the features. Which axis of X is missing?",
)
wrong.formula(
    "np.array([[targets]], dtype=np.float32)",
    name="Puts the targets of all sequences into one",
    hint="Does y[0] belong to one city or to all of them?",
)
wrong.formula(
    "np.array(targets).reshape(-1, 1, 1)",
    name="Leaves the type of y to numpy",
    hint="What is y.dtype when all targets are whole numbers?",
)

# Question 2: the axes of an array

wrong = misconceptions_of(describe_axes)
wrong.formula(
    '{"sequences": len(x), "observations": len(x[0]), **axes_of_an_observation(x)}',
    name="Takes the length of the first sequence for all",
    hint="How long is the second sequence of a ragged X? Which single number is true of both?",
)
wrong.formula(
    '{"sequences": len(x), "observations": max(len(s) for s in x), **axes_of_an_observation(x)}',
    name="Takes the length of the longest sequence for all",
    hint="Has anybody padded X yet? Which sequences are shorter than the number you give?",
)
wrong.formula(
    '{"sequences": None, "observations": common_length(x), **axes_of_an_observation(x)}',
    name="Leaves the number of sequences open, as a Keras model does",
    hint="Is this about a model, which takes any number of sequences, or about an X that you hold?",
)
wrong.formula(
    '{"sequences": len(x), "observations": None, **axes_of_an_observation(x)}',
    name="Leaves the number of observations open even where all sequences agree",
    hint="When all sequences of this X are equally long, is there a reason to leave their length open?",
)
wrong.formula(
    '{"observations": len(x), "sequences": common_length(x), **axes_of_an_observation(x)}',
    name="Calls the first axis observations and the second sequences",
    hint="What is x[0]: one whole sequence, or one observation of every sequence?",
)


@wrong(hint="An array of shape (2, 5) prints as 2 lines of 5 numbers. Which of the two is its height?")
def width_before_height(x):
    """Names the width of an image before its height."""
    axes = axes_of_an_observation(x)
    if "height" in axes:
        axes["height"], axes["width"] = axes["width"], axes["height"]
    return {"sequences": len(x), "observations": common_length(x), **axes}


@wrong(hint="A coloured pixel is a list of three numbers. On which axis of the frame do they lie?")
def channels_before_height(x):
    """Names the channels of an image before its height."""
    axes = axes_of_an_observation(x)
    if "channels" in axes:
        axes = dict(zip(["channels", "height", "width"], axes.values(), strict=True))
    return {"sequences": len(x), "observations": common_length(x), **axes}


# Question 3: predicting a whole sequence

wrong = misconceptions_of(make_y_sequence)
wrong.formula(
    "np.asarray(sequences)[:, :, [feature]]",
    name="Takes the same day's value, which the network already sees",
    hint="On Monday evening the network has seen Monday. Which day is left to predict?",
)


@wrong(hint="Is the value at position 1 of y later or earlier than day 1 of X?")
def day_before(sequences, targets, feature):
    """Shifts the days the other way round."""
    days = np.asarray(sequences)[:, :, feature]
    return np.concatenate([np.reshape(targets, (-1, 1)), days[:, :-1]], axis=1)[:, :, np.newaxis]


wrong.formula(
    "np.repeat(np.reshape(targets, (-1, 1, 1)), len(sequences[0]), axis=1)",
    name="Repeats the last target for every day",
    hint="How many different days does the network predict for one city?",
)
wrong.formula(
    "np.roll(np.asarray(sequences)[:, :, [feature]], -1, axis=1)",
    name="Lets the first day follow the last one",
    hint="Which day follows the last observation? Does any day in the lists hold it?",
)
wrong.formula(
    "np.asarray(sequences)[:, 1:, [feature]]",
    name="Leaves out the day after the last observation",
    hint="The network gives one prediction per observation. How many targets has each sequence got?",
)


@wrong(hint="Each prediction is a list of features, if only of one. Which axis says so?")
def sequence_without_features(sequences, targets, feature):
    """Leaves out the axis of the features."""
    days = np.asarray(sequences)[:, 1:, feature]
    return np.concatenate([days, np.reshape(targets, (-1, 1))], axis=1)


@wrong(hint="Are these several features of one day, or one feature of several days?")
def days_as_features(sequences, targets, feature):
    """Puts the days on the axis of the features."""
    days = np.asarray(sequences)[:, 1:, feature]
    return np.concatenate([days, np.reshape(targets, (-1, 1))], axis=1)[:, np.newaxis, :]


@wrong(hint="Which argument says what is predicted? Try feature=0 and look at the first city.")
def pollution_whatever_is_asked(sequences, targets, feature):
    """Predicts the pollution, whichever feature is asked for."""
    days = np.asarray(sequences)[:, 1:, 2]
    return np.concatenate([days, np.reshape(targets, (-1, 1))], axis=1)[:, :, np.newaxis]


# Question 4: windows and the next day

wrong = misconceptions_of(cut_next_day)


@wrong(hint="Five days, windows of four: which days are in X, and which day is in y?")
def next_day_one_window_short(recordings, n_observations):
    """Stops one window too early."""
    starts = range(recordings.shape[1] - n_observations - 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = [r[s + n_observations : s + n_observations + 1] for r in recordings for s in starts]
    return np.reshape(x, (-1, n_observations, recordings.shape[2])), np.reshape(y, (-1, 1, recordings.shape[2]))


@wrong(hint="If one window starts on Monday, on which day does the next one start?")
def next_day_without_overlap(recordings, n_observations):
    """Starts each window where the one before ended."""
    starts = range(0, recordings.shape[1] - n_observations, n_observations)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = [r[s + n_observations : s + n_observations + 1] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="After the first window of the first recording: which window comes next in X?")
def next_day_windows_first(recordings, n_observations):
    """Puts the windows before the sequences."""
    starts = range(recordings.shape[1] - n_observations)
    x = [r[s : s + n_observations] for s in starts for r in recordings]
    y = [r[s + n_observations : s + n_observations + 1] for s in starts for r in recordings]
    return np.array(x), np.array(y)


@wrong(hint="Does the day after the last day of Paris lie in Berlin?")
def next_day_across_recordings(recordings, n_observations):
    """Joins the recordings into one long one before cutting."""
    days = recordings.reshape(-1, recordings.shape[2])
    starts = range(len(days) - n_observations)
    x = [days[s : s + n_observations] for s in starts]
    y = [days[s + n_observations : s + n_observations + 1] for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="The window ends on Monday. Which day does your y hold, and which is the next day?")
def next_day_leaves_one_out(recordings, n_observations):
    """Leaves out a day between the window and its target."""
    starts = range(recordings.shape[1] - n_observations - 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = [r[s + n_observations + 1 : s + n_observations + 2] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="On which day of a recording does your first window start? Which number has Python for it?")
def next_day_without_the_first_window(recordings, n_observations):
    """Leaves out the first window of each recording."""
    starts = range(1, recordings.shape[1] - n_observations)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = [r[s + n_observations : s + n_observations + 1] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="Can the network read the target from the last day of its window?")
def next_day_inside_the_window(recordings, n_observations):
    """Takes the window's own last day as the target."""
    starts = range(recordings.shape[1] - n_observations)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    return np.array(x), np.array(x)[:, -1:]


@wrong(hint="y has an axis for the windows and one for the features. Where does it say: one day?")
def next_day_y_of_rank_two(recordings, n_observations):
    """Gives y two axes, without the days."""
    starts = range(recordings.shape[1] - n_observations)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = [r[s + n_observations] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="A recurrent network takes three axes. How many has your X, and which two are both sequences to it?")
def next_day_an_axis_for_recordings(recordings, n_observations):
    """Keeps an axis for the recordings."""
    starts = range(recordings.shape[1] - n_observations)
    x = [[r[s : s + n_observations] for s in starts] for r in recordings]
    y = [[r[s + n_observations : s + n_observations + 1] for s in starts] for r in recordings]
    return np.array(x), np.array(y)


@wrong(hint="What is x[0][0]: the first day of a window, or the first feature on all its days?")
def next_day_features_before_days(recordings, n_observations):
    """Puts the features before the days, as sliding_window_view does."""
    starts = range(recordings.shape[1] - n_observations)
    x = [r[s : s + n_observations].T for r in recordings for s in starts]
    y = [r[s + n_observations : s + n_observations + 1] for r in recordings for s in starts]
    return np.array(x), np.array(y)


# Question 5: any days, any features

wrong = misconceptions_of(cut)


@wrong(hint="The window ends on Thursday. Which offset has Friday?")
def offsets_from_zero(recordings, n_observations, offsets, inputs, outputs):
    """Counts the day after the window as day 0."""
    starts = range(recordings.shape[1] - n_observations - max(offsets))
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + n_observations + o for o in offsets]][:, list(outputs)] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="Offset 1 is the first day that the network has not seen. Is your first target in the window?")
def offsets_from_the_last_day(recordings, n_observations, offsets, inputs, outputs):
    """Counts the last day of the window as day 1."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + n_observations + o - 2 for o in offsets]][:, list(outputs)] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="Which day does the first offset ask for? What lies between the window and that day?")
def as_many_days_as_offsets(recordings, n_observations, offsets, inputs, outputs):
    """Takes the next days, as many as there are offsets."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [
        r[s + n_observations : s + n_observations + len(offsets)][:, list(outputs)] for r in recordings for s in starts
    ]
    return np.array(x), np.array(y)


@wrong(hint="How many days do the offsets name, and how many has your y?")
def every_day_between_the_offsets(recordings, n_observations, offsets, inputs, outputs):
    """Takes every day from the first offset to the last."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    days = range(n_observations + min(offsets) - 1, n_observations + max(offsets))
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + day for day in days]][:, list(outputs)] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="The recording has six days and offset 1 is asked for. On which day does the last window of four end?")
def cut_one_window_short(recordings, n_observations, offsets, inputs, outputs):
    """Stops one window too early."""
    starts = range(recordings.shape[1] - n_observations - max(offsets))
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + n_observations + o - 1 for o in offsets]][:, list(outputs)] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="You select the inputs first. Is output 0 then still the recording's feature 0?")
def outputs_among_the_inputs(recordings, n_observations, offsets, inputs, outputs):
    """Counts the outputs among the inputs, not among the features of the recording."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    chosen = recordings[:, :, list(inputs)]
    x = [r[s : s + n_observations] for r in chosen for s in starts]
    y = [r[[s + n_observations + o - 1 for o in offsets]][:, list(outputs)] for r in chosen for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="Which features may the network see, and which are in your X?")
def every_feature_as_input(recordings, n_observations, offsets, inputs, outputs):
    """Puts every feature into X."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = [r[[s + n_observations + o - 1 for o in offsets]][:, list(outputs)] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="Which features are asked for in y? Must a network predict everything that it sees?")
def inputs_as_outputs(recordings, n_observations, offsets, inputs, outputs):
    """Predicts the features that are in X."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + n_observations + o - 1 for o in offsets]][:, list(inputs)] for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="y[0] is one target. Is its first axis the days, as in X, or the features?")
def outputs_before_days(recordings, n_observations, offsets, inputs, outputs):
    """Puts the features of y before its days."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + n_observations + o - 1 for o in offsets]][:, list(outputs)].T for r in recordings for s in starts]
    return np.array(x), np.array(y)


@wrong(hint="How does a reader of y know where one day ends and the next begins?")
def targets_in_one_row(recordings, n_observations, offsets, inputs, outputs):
    """Writes all days of y into one row."""
    starts = range(recordings.shape[1] - n_observations - max(offsets) + 1)
    x = [r[s : s + n_observations][:, list(inputs)] for r in recordings for s in starts]
    y = [r[[s + n_observations + o - 1 for o in offsets]][:, list(outputs)].ravel() for r in recordings for s in starts]
    return np.array(x), np.array(y)


# Question 6: one class per sequence

wrong = misconceptions_of(cut_with_classes)


@wrong(hint="Which day after the window do you need, when the target is a class?")
def classes_one_window_short(recordings, classes, n_observations):
    """Leaves a day free after the last window, as if it were the target."""
    n_windows = recordings.shape[1] - n_observations
    x = [r[s : s + n_observations] for r in recordings for s in range(n_windows)]
    y = np.repeat(classes, n_windows).reshape(-1, 1, 1)
    return np.reshape(x, (-1, n_observations, recordings.shape[2])), y


@wrong(hint="How many sequences has X after cutting, and how many targets has y?")
def one_class_per_recording(recordings, classes, n_observations):
    """Gives one class per recording, not per window."""
    starts = range(recordings.shape[1] - n_observations + 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    return np.array(x), np.reshape(classes, (-1, 1, 1))


@wrong(hint="From which recording should windows 0 and 1 of X be cut, and which classes do you give them?")
def classes_in_turn(recordings, classes, n_observations):
    """Goes through the classes in turn, one window each."""
    starts = range(recordings.shape[1] - n_observations + 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    return np.array(x), np.tile(classes, len(starts)).reshape(-1, 1, 1)


@wrong(hint="Does the network name a class after every day, or once after the last?")
def one_class_per_day(recordings, classes, n_observations):
    """Gives one class per day of the window."""
    starts = range(recordings.shape[1] - n_observations + 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    y = np.repeat(np.repeat(classes, len(starts)).reshape(-1, 1, 1), n_observations, axis=1)
    return np.array(x), y


@wrong(hint="Every y of this assignment has three axes. Which two are missing here?")
def classes_of_rank_one(recordings, classes, n_observations):
    """Gives y one axis."""
    starts = range(recordings.shape[1] - n_observations + 1)
    x = [r[s : s + n_observations] for r in recordings for s in starts]
    return np.array(x), np.repeat(classes, len(starts))


# Question 7: None

wrong = misconceptions_of(fits)
wrong.formula(
    "tuple(input_shape) == tuple(shape)",
    name="Compares the two shapes as they stand",
    hint="Does any array have None in its shape? What does None say about the size?",
)
wrong.formula(
    "tuple(1 if size is None else size for size in input_shape) == tuple(shape)",
    name="Reads None as one",
    hint="A model was built with (None, 4, 3). Does it take only one sequence at a time?",
)


@wrong(hint="What does a None in the second place say about the number of days?")
def only_the_batch_is_open(input_shape, shape):
    """Takes None for the first axis only."""
    first = input_shape[0] is None or input_shape[0] == shape[0]
    return first and tuple(input_shape[1:]) == tuple(shape[1:])


wrong.formula(
    "all(expected is None or expected == size for expected, size in zip(input_shape, shape, strict=False))",
    name="Compares as many axes as the shorter shape has",
    hint="Two axes agree, and the third has nothing to be compared with. May the array have that many axes?",
)


@wrong(hint="The first axis is a number here. How many sequences does the model then take?")
def batch_never_compared(input_shape, shape):
    """Never looks at the first axis."""
    pairs = zip(input_shape[1:], shape[1:], strict=False)
    return len(input_shape) == len(shape) and all(expected is None or expected == size for expected, size in pairs)


wrong = misconceptions_of(input_shape_for)
wrong.formula(
    "tuple(axis[0] if len(set(axis)) == 1 else None for axis in zip(*shapes, strict=True))",
    name="Fixes the number of sequences when all arrays agree on it",
    hint="All arrays happen to hold equally many sequences. Must the next one, too?",
)
wrong.formula(
    "(None,) * len(shapes[0])",
    name="Leaves every axis open",
    hint="How many weights has a recurrent layer whose number of features is open?",
)
wrong.formula(
    "(None, *shapes[0][1:])",
    name="Takes the shape of the first array behind the batch axis",
    hint="Does the second array have the same number of days as the first?",
)
wrong.formula(
    "(None, *(max(axis) for axis in list(zip(*shapes, strict=True))[1:]))",
    name="Takes the largest size of each axis behind the batch axis",
    hint="Has anybody padded the shorter arrays? Which of them would this shape refuse?",
)
wrong.formula(
    "tuple(axis[0] if len(set(axis)) == 1 else None for axis in list(zip(*shapes, strict=True))[1:])",
    name="Leaves out the batch axis, as Input(shape=...) does",
    hint="Keras' Input(shape=...) leaves out an axis that model.input_shape shows. Which?",
)

# Question 8: the error of a prediction

wrong = misconceptions_of(mean_absolute_error)
wrong.formula(
    "np.mean(np.abs(y - prediction))",
    name="Subtracts arrays of different shapes, so that numpy compares every target with every prediction",
    hint="Print the shape of y - prediction. How many differences should there be?",
)
wrong.formula(
    "np.mean(y - np.reshape(prediction, y.shape))",
    name="Takes the mean without the absolute value",
    hint="One prediction is 10 too high and another 10 too low. Is the model perfect?",
)
wrong.formula(
    "np.mean((y - np.reshape(prediction, y.shape)) ** 2)",
    name="Squares the differences",
    hint="All predictions are off by 3. Which error should come out: 3 or 9?",
)
wrong.formula(
    "np.sqrt(np.mean((y - np.reshape(prediction, y.shape)) ** 2))",
    name="Takes the root of the mean square",
    hint="One difference is 6 and one is 0. Is their mean distance 3, or larger?",
)
wrong.formula(
    "np.sum(np.abs(y - np.reshape(prediction, y.shape)))",
    name="Adds the errors up",
    hint="Should the error of a model grow with the number of cities it is tried on?",
)
wrong.formula(
    "np.sum(np.abs(y - np.reshape(prediction, y.shape))) / len(y)",
    name="Divides by the number of sequences, not by the number of predicted values",
    hint="How many numbers does the model predict for one city? By what do you divide?",
)
