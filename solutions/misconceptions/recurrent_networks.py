"""Recurrent networks: wrong solutions that people write, each with a question that moves them on."""

from autograder.checks import misconceptions_of
from solutions.recurrent_networks import (
    add_previous_target,
    all_states,
    build_deeper_head,
    build_lstm,
    build_rnn,
    build_sequence_model,
    build_stack,
    collapse,
    forecast,
    last_state,
    mean_and_std,
    mean_slope,
    predict_every_day,
    predict_last_day,
    repeated,
    saturated_share,
    scale,
    smallest_gap,
    train,
    two_dense_layers,
    unscale,
)

# Question 1: the states of a simple RNN

wrong = misconceptions_of(last_state)


@wrong(hint="What does the second city's first day know about the first city's last day?")
def carries_the_state_over(X, kernel, recurrent_kernel, bias):
    """Starts a sequence from the last state of the sequence before it."""
    import numpy as np

    state = np.zeros(len(bias))
    last = []
    for sequence in X:
        for day in sequence:
            state = np.tanh(day @ kernel + state @ recurrent_kernel + bias)
        last.append(state)
    return np.stack(last)


@wrong(hint="The layer has three arrays of weights. Which of them does your formula not use?")
def forgets_the_bias(X, kernel, recurrent_kernel, bias):
    """Leaves the bias out."""
    import numpy as np

    state = np.zeros((len(X), len(bias)))
    for t in range(X.shape[1]):
        state = np.tanh(X[:, t] @ kernel + state @ recurrent_kernel)
    return state


@wrong(hint="Can a state still lie between -1 and 1 if something is added after the tanh?")
def adds_the_bias_after_tanh(X, kernel, recurrent_kernel, bias):
    """Adds the bias after the tanh."""
    import numpy as np

    state = np.zeros((len(X), len(bias)))
    for t in range(X.shape[1]):
        state = np.tanh(X[:, t] @ kernel + state @ recurrent_kernel) + bias
    return state


wrong.formula(
    "np.tanh(X[:, -1] @ kernel + bias)",
    name="Computes the last state from the last day alone",
    hint="If you change only the first day of a city, does your last state change?",
)
wrong.formula(
    "last_state(X, kernel, recurrent_kernel.T, bias)",
    name="Multiplies the state by the transposed recurrent kernel",
    hint="Unit i reads unit j of the day before with weight [j, i]. Which one do you use?",
)
wrong.formula(
    "last_state(X[:, ::-1], kernel, recurrent_kernel, bias)",
    name="Reads the days from the last to the first",
    hint="Which day does your loop read last?",
)


@wrong(hint="Between which two numbers lies a state? Which activation gives numbers between them?")
def uses_a_sigmoid(X, kernel, recurrent_kernel, bias):
    """Uses a sigmoid in place of the tanh."""
    import numpy as np

    state = np.zeros((len(X), len(bias)))
    for t in range(X.shape[1]):
        state = 1 / (1 + np.exp(-(X[:, t] @ kernel + state @ recurrent_kernel + bias)))
    return state


wrong = misconceptions_of(all_states)


@wrong(hint="Is the first state you return the one before or the one after the first day?")
def returns_the_state_before_each_day(X, kernel, recurrent_kernel, bias):
    """Returns y(0), ..., y(T-1): the zeros first, and not the state after the last day."""
    import numpy as np

    states = all_states(X, kernel, recurrent_kernel, bias)
    return np.concatenate([np.zeros_like(states[:, :1]), states[:, :-1]], axis=1)


wrong.formula(
    "np.swapaxes(all_states(X, kernel, recurrent_kernel, bias), 0, 1)",
    name="Returns the days on the first axis and the sequences on the second",
    hint="Your list has one array per day. Along which axis must these be stacked?",
)
wrong.formula(
    "np.tanh(X @ kernel + bias)",
    name="Computes the state of each day from that day alone",
    hint="Which numbers of the day before does the formula of y(t) read?",
)
wrong.formula(
    "np.repeat(all_states(X, kernel, recurrent_kernel, bias)[:, -1:], X.shape[1], axis=1)",
    name="Repeats the last state for every day",
    hint="After which day is the state that fills your whole answer?",
)


@wrong(hint="What does the second city's first day know about the first city's last day?")
def carries_all_states_over(X, kernel, recurrent_kernel, bias):
    """Lets each sequence go on from the last state of the sequence before it."""
    sequences, days, features = X.shape
    joined = all_states(X.reshape(1, sequences * days, features), kernel, recurrent_kernel, bias)
    return joined.reshape(sequences, days, -1)


# Question 2: from the state to the prediction

wrong = misconceptions_of(predict_last_day)
wrong.formula(
    "states[:, -1]",
    name="Returns the last state itself",
    hint="y(T) has n_h numbers. How many numbers has the prediction, and which layer makes them?",
)
wrong.formula(
    "states[:, -1] @ kernel",
    name="Leaves the bias of the Dense layer out",
    hint="A Dense layer has two arrays. Where did the second one go?",
)
wrong.formula(
    "np.tanh(states[:, -1] @ kernel + bias)",
    name="Applies a tanh to the prediction",
    hint="Could your model ever predict a pollution of 110?",
)
wrong.formula(
    "states.mean(axis=1) @ kernel + bias",
    name="Applies the Dense layer to the mean of all states",
    hint="Which state has seen all the days already?",
)
wrong.formula(
    "states[:, 0] @ kernel + bias",
    name="Applies the Dense layer to the first state",
    hint="The axes of the states are sequences, days, units. Which day is states[:, 0]?",
)

wrong = misconceptions_of(predict_every_day)
wrong.formula(
    "states[:, -1] @ kernel + bias",
    name="Returns the prediction of the last day only",
    hint="How many predictions do you return for a sequence of four days?",
)
wrong.formula(
    "np.repeat((states[:, -1:] @ kernel + bias), states.shape[1], axis=1)",
    name="Gives every day the prediction of the last day",
    hint="Does the prediction of day 1 know the state of day 4?",
)
wrong.formula(
    "np.cumsum(states, axis=1) @ kernel + bias",
    name="Adds up the states of the days so far",
    hint="The states already remember the days before. What do you add up?",
)
wrong.formula(
    "states @ kernel",
    name="Leaves the bias out on every day",
    hint="A Dense layer has two arrays. Where did the second one go?",
)

# Question 3: SimpleRNN and Dense

wrong = misconceptions_of(build_rnn)
wrong.formula(
    "Sequential([Input((days, features)), SimpleRNN(units, return_sequences=True), Dense(1)])",
    name="Returns a prediction for every day: return_sequences=True on the only recurrent layer",
    hint="With y of shape (3, 1), how many predictions per city does return_sequences=True give?",
)
wrong.formula(
    "Sequential([Input((days, features)), SimpleRNN(units)])",
    name="Ends with the SimpleRNN: the state is taken for the prediction",
    hint="Which layer turns the n_h numbers of the state into the one number that is predicted?",
)
wrong.formula(
    'Sequential([Input((days, features)), SimpleRNN(units), Dense(1, activation="softmax")])',
    name="Ends with a softmax over one unit",
    hint="What is the softmax of a single number?",
)
wrong.formula(
    'Sequential([Input((days, features)), SimpleRNN(units), Dense(1, activation="sigmoid")])',
    name="Ends with a sigmoid, as a classifier would",
    hint="Can a sigmoid predict a pollution of 110, or a scaled target of -1.4?",
)
wrong.formula(
    'Sequential([Input((days, features)), SimpleRNN(units), Dense(1, activation="relu")])',
    name="Ends with a relu, as pollution is never negative",
    hint="A scaled target may be -1.4. Which numbers can come out of a relu?",
)


@wrong(hint="How many weights does your model have if there are twice as many days?")
def flattens_the_days(units, days, features):
    """Flattens the days in place of a recurrent layer."""
    from keras import Sequential
    from keras.layers import Dense, Flatten, Input

    return Sequential([Input((days, features)), Flatten(), Dense(units, activation="tanh"), Dense(1)])


wrong.formula(
    "build_rnn(2, days, features)",
    name="Always has two units, as in the lecture",
    hint="The lecture draws two units. Where does your model read how many are asked for?",
)
wrong.formula(
    "build_rnn(units, features, days)",
    name="Takes the features for the days and the days for the features",
    hint="Which axis of X comes first, days or features?",
)

# Question 4: a deeper head

wrong = misconceptions_of(build_deeper_head)
wrong.formula(
    "Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden), Dense(1)])",
    name="Leaves the hidden Dense layer without an activation",
    hint="Two Dense layers without an activation between them: how many layers are they really?",
)
wrong.formula(
    'Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden, activation="tanh"), Dense(1)])',
    name="Gives the hidden Dense layer a tanh",
    hint="Which activation does the text give the layer in the middle?",
)
wrong.formula(
    'Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden, activation="relu")])',
    name="Ends with the hidden layer",
    hint="How many numbers come out of your last layer, and how many are to be predicted?",
)


@wrong(hint="What does a relu in the last layer do to a prediction of -1.4?")
def ends_with_relu(units, hidden, days, features):
    """Puts a relu on the last layer too."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    layers = [SimpleRNN(units), Dense(hidden, activation="relu"), Dense(1, activation="relu")]
    return Sequential([Input((days, features)), *layers])


wrong.formula(
    'Sequential([Input((days, features)), Dense(hidden, activation="relu"), SimpleRNN(units), Dense(1)])',
    name="Puts the hidden layer before the recurrent layer",
    hint="What does the hidden layer read: the days, or the state after the last day?",
)
wrong.formula(
    "build_deeper_head(hidden, units, days, features)",
    name="Gives the recurrent layer the size of the hidden layer, and the hidden layer that of the state",
    hint="Which argument is the size of the state, and which the size of the hidden layer?",
)
wrong.formula(
    "build_rnn(units, days, features)",
    name="Has no hidden layer",
    hint="How many layers are asked for after the recurrent one?",
)

# Question 5: two linear layers are one

wrong = misconceptions_of(two_dense_layers)


@wrong(hint="After which of the two layers does the relu stand?")
def puts_the_relu_at_the_end(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """Applies the relu to the output of the second layer."""
    import numpy as np

    outputs = two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, False)
    return np.maximum(outputs, 0) if relu else outputs


wrong.formula(
    "two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, False)",
    name="Never applies a relu",
    hint="Does the argument relu change anything in your function?",
)
wrong.formula(
    "two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, True)",
    name="Always applies the relu",
    hint="What should happen when relu is False?",
)


@wrong(hint="Does a relu come before or after the bias is added?")
def adds_the_bias_after_the_relu(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """Adds the first bias after the relu."""
    import numpy as np

    hidden = np.maximum(X @ kernel_1, 0) if relu else X @ kernel_1
    return (hidden + bias_1) @ kernel_2 + bias_2


wrong = misconceptions_of(collapse)
wrong.formula(
    "kernel_1 @ kernel_2, bias_2",
    name="Keeps only the second bias",
    hint="What do the two layers give for an input of zeros? What does yours?",
)
wrong.formula(
    "kernel_1 @ kernel_2, bias_1 @ kernel_2",
    name="Keeps only what becomes of the first bias",
    hint="What do the two layers give for an input of zeros? What does yours?",
)
wrong.formula(
    "kernel_1 @ kernel_2, bias_1.sum() + bias_2",
    name="Adds the first bias up and to the second, without the second kernel",
    hint="The second layer multiplies what it reads by its kernel. Is the first bias spared?",
)
wrong.formula(
    "(kernel_1 @ kernel_2).T, bias_1 @ kernel_2 + bias_2",
    name="Returns the kernel with one row per output",
    hint="Keras' kernel has a row per input. What has yours?",
)

# Question 6: stacked recurrent layers

wrong = misconceptions_of(build_stack)


@wrong(hint="What does the last recurrent layer hand to the Dense layer: one state, or one per day?")
def returns_sequences_everywhere(units, days, features):
    """Sets return_sequences=True on the last recurrent layer too."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    recurrent = [SimpleRNN(n, return_sequences=True) for n in units]
    return Sequential([Input((days, features)), *recurrent, Dense(1)])


wrong.formula(
    "build_rnn(units[0], days, features)",
    name="Builds the first recurrent layer only",
    hint="How many recurrent layers has your model when units has four numbers?",
)
wrong.formula(
    "build_stack(list(units)[::-1], days, features)",
    name="Builds the layers in reverse order",
    hint="Which number in units belongs to the layer that reads X?",
)
wrong.formula(
    "build_stack([units[0]] * len(units), days, features)",
    name="Gives every recurrent layer the first number of units",
    hint="Where does the number of units of your second layer come from?",
)


@wrong(hint="How many numbers should be predicted for one city?")
def stacks_without_dense(units, days, features):
    """Ends with the last recurrent layer."""
    from keras import Sequential
    from keras.layers import Input, SimpleRNN

    recurrent = [SimpleRNN(n, return_sequences=True) for n in units[:-1]]
    return Sequential([Input((days, features)), *recurrent, SimpleRNN(units[-1])])


# Question 7: LSTM

wrong = misconceptions_of(build_lstm)
wrong.formula(
    "build_rnn(units, days, features)",
    name="Uses a SimpleRNN",
    hint="How many weights has SimpleRNN(2) on three features, and how many has LSTM(2)?",
)


@wrong(hint="A GRU has no cell state and one gate less. Which layer was asked for?")
def uses_a_gru(units, days, features):
    """Uses a GRU."""
    from keras import Sequential
    from keras.layers import GRU, Dense, Input

    return Sequential([Input((days, features)), GRU(units), Dense(1)])


wrong.formula(
    "Sequential([Input((days, features)), LSTM(units, return_sequences=True), Dense(1)])",
    name="Returns a prediction for every day: return_sequences=True on the LSTM",
    hint="With y of shape (3, 1), how many predictions per city does return_sequences=True give?",
)
wrong.formula(
    'Sequential([Input((days, features)), LSTM(units, activation="relu"), Dense(1)])',
    name="Gives the LSTM a relu in place of its tanh",
    hint="What keeps an LSTM's state from growing? Is it still there in your layer?",
)
wrong.formula(
    "Sequential([Input((days, features)), LSTM(units)])",
    name="Ends with the LSTM",
    hint="How many numbers should be predicted for one city?",
)

# Question 8: a prediction for every day

wrong = misconceptions_of(build_sequence_model)
wrong.formula(
    "Sequential([Input((None, features)), SimpleRNN(units), Dense(1)])",
    name="Predicts one number per sequence: return_sequences is missing",
    hint="How many states does a SimpleRNN hand on by default?",
)


@wrong(hint="Does the prediction of Monday change when you change Thursday?")
def reads_in_both_directions(units, features):
    """Reads the days in both directions."""
    from keras import Sequential
    from keras.layers import Bidirectional, Dense, Input, SimpleRNN

    return Sequential([Input((None, features)), Bidirectional(SimpleRNN(units, return_sequences=True)), Dense(1)])


wrong.formula(
    'Sequential([Input((None, features)), Dense(units, activation="tanh"), Dense(1)])',
    name="Applies Dense layers to each day, without a recurrent layer",
    hint="Which layer of your model remembers the days before?",
)


@wrong(hint="What changes in your model when a sequence has five days?")
def fixes_four_days(units, features):
    """Takes four days, as in the lecture's example, and nothing else."""
    from keras import Model
    from keras.layers import Dense, Input, SimpleRNN

    inputs = Input((4, features))  # a functional model holds on to that number, a Sequential one does not
    return Model(inputs, Dense(1)(SimpleRNN(units, return_sequences=True)(inputs)))


wrong.formula(
    "Sequential([Input((None, features)), SimpleRNN(units, return_sequences=True)])",
    name="Returns the states themselves",
    hint="How many numbers has y(t), and how many has the prediction of day t?",
)
wrong.edit(
    "SimpleRNN(units, return_sequences=True)",
    "SimpleRNN(units, return_sequences=True, go_backwards=True)",
    name="Reads the days from the last to the first",
    hint="Does the prediction of Monday change when you change Thursday?",
)

# Question 9: scaling

wrong = misconceptions_of(mean_and_std)


@wrong(hint="Temperature and pollution have different units. Does one mean suit both?")
def one_mean_for_all_features(values):
    """Computes one mean and one deviation over all features together, once for each feature."""
    import numpy as np

    features = np.shape(values)[-1]
    return np.full(features, np.mean(values)), np.full(features, np.std(values))


@wrong(hint="Your arrays have a day axis. How many means are asked for per feature?")
def one_mean_per_day(values):
    """Computes a mean for every day: it averages over the sequences only."""
    import numpy as np

    std = np.std(values, axis=0)
    return np.mean(values, axis=0), np.where(std == 0, 1, std)


@wrong(hint="What is the unit of a variance, and what is the unit of the feature?")
def returns_the_variance(values):
    """Returns the variance in place of the standard deviation."""
    import numpy as np

    mean, std = mean_and_std(values)
    return mean, np.where(np.var(values, axis=tuple(range(np.ndim(values) - 1))) == 0, 1, std**2)


@wrong(hint="By which number do you divide: n or n - 1? Which one does the text name?")
def divides_by_one_less(values):
    """Divides by n - 1, as for a sample."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    std = np.std(values, axis=axes, ddof=1)
    return np.mean(values, axis=axes), np.where(std == 0, 1, std)


@wrong(hint="What is 0 / 0? Which feature gives it?")
def keeps_a_deviation_of_zero(values):
    """Returns 0 as the deviation of a feature that never changes."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    return np.mean(values, axis=axes), np.std(values, axis=axes)


@wrong(hint="A feature that never changed differs by 1 in a new city. What is 1 in units of your deviation?")
def adds_a_tiny_number(values):
    """Adds a tiny number to each deviation."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    return np.mean(values, axis=axes), np.std(values, axis=axes) + 1e-8


@wrong(hint="A feature lies between 0.1 and 0.9. How large can its deviation be?")
def has_no_deviation_below_one(values):
    """Raises each deviation below 1 to 1."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    return np.mean(values, axis=axes), np.maximum(np.std(values, axis=axes), 1)


@wrong(hint="How many axes have values without days? Which of them holds the features?")
def averages_over_two_axes(values):
    """Averages over the first two axes, even if there are only two."""
    import numpy as np

    std = np.std(values, axis=(0, 1))
    return np.mean(values, axis=(0, 1)), np.where(std == 0, 1, std)


wrong = misconceptions_of(scale)
wrong.formula(
    "values / std - mean",
    name="Divides by the deviation first and then subtracts the mean",
    hint="Is the mean in the same unit before you divide as after it?",
)
wrong.formula(
    "values - mean",
    name="Only subtracts the mean",
    hint="How large is the deviation of your scaled values?",
)
wrong.formula(
    "scale(values, *mean_and_std(values))",
    name="Uses mean and deviation of the values it gets, not the ones it is given",
    hint="Whose mean and deviation does your function use?",
)

wrong = misconceptions_of(unscale)
wrong.formula(
    "(scaled + mean) * std",
    name="Adds the mean first and multiplies afterwards",
    hint="scale subtracts first and divides last. In which order is that undone?",
)
wrong.formula(
    "scaled * std",
    name="Multiplies by the deviation and adds no mean",
    hint="Around which number lie your values after unscaling a forecast of 0?",
)

# Question 10: training on the three cities

wrong = misconceptions_of(train)


@wrong(hint="How large are the inputs of the tanh when a pollution of 95 goes in as it is?")
def trains_on_unscaled_data(model, X, y, X_scale, y_scale):
    """Trains on X and y as they are."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(X, y, 1000), epochs=1, verbose=0)
    return model


@wrong(hint="The last layer starts near 0. How many steps of about 0.05 is it from there to 110?")
def scales_the_inputs_only(model, X, y, X_scale, y_scale):
    """Scales X and leaves y as it is."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(scale(X, *X_scale), y, 1000), epochs=1, verbose=0)
    return model


@wrong(hint="How large are the inputs of the tanh when a pollution of 95 goes in as it is?")
def scales_the_targets_only(model, X, y, X_scale, y_scale):
    """Scales y and leaves X as it is."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(X, scale(y, *y_scale), 1000), epochs=1, verbose=0)
    return model


@wrong(hint="How often does one epoch over three cities in one batch change the weights, and by how much?")
def trains_for_one_step(model, X, y, X_scale, y_scale):
    """Hardly moves the weights: a single step, as one epoch over one batch is, or steps that are too small."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.01), loss="mse")
    model.fit(scale(X, *X_scale), scale(y, *y_scale), epochs=1, verbose=0)
    return model


wrong = misconceptions_of(forecast)
wrong.formula(
    "model.predict(scale(X, *X_scale), verbose=0)",
    name="Returns the scaled prediction",
    hint="In which unit is a forecast of 0.3?",
)
wrong.formula(
    "unscale(model.predict(X, verbose=0), *y_scale)",
    name="Gives the model X as it is",
    hint="What kind of inputs was the model trained on?",
)
wrong.formula(
    "unscale(model.predict(scale(X, *mean_and_std(X)), verbose=0), *y_scale)",
    name="Scales the new cities with their own mean and deviation",
    hint="A single new city: what do its own mean and deviation say about the training data?",
)


@wrong(hint="Which pair of numbers was measured on pollution, which on all three features?")
def unscales_with_the_inputs(model, X, X_scale, y_scale):
    """Unscales with mean and deviation of the last input feature."""
    mean, std = X_scale
    return unscale(model.predict(scale(X, *X_scale), verbose=0), mean[-1:], std[-1:])


# Question 11: why the unscaled run cannot learn

wrong = misconceptions_of(saturated_share)
wrong.formula(
    "float(np.mean(states > limit))",
    name="Counts the states near 1 and not those near -1",
    hint="Is a state of -1 saturated?",
)
wrong.formula(
    "int(np.sum(np.abs(states) > limit))",
    name="Returns how many states are saturated",
    hint="What is the largest share there can be?",
)
wrong.formula(
    "1 - saturated_share(states, limit)",
    name="Counts the states that are not saturated",
    hint="Which states are saturated: those close to 0 or those far from it?",
)
wrong.formula(
    "float(np.mean(np.abs(states) >= limit))",
    name="Counts a state exactly at the limit too",
    hint="Is 0.5 further than 0.5 from zero?",
)
wrong.formula(
    "saturated_share(states, 0.99)",
    name="Uses 0.99 whatever the limit",
    hint="What does your function do with limit=0.5?",
)

wrong = misconceptions_of(mean_slope)
wrong.formula(
    "float(np.mean(states * (1 - states)))",
    name="Takes y (1 - y), the slope of a sigmoid",
    hint="That is the slope of the sigmoid. What is the slope of tanh where its value is 0?",
)
wrong.formula(
    "mean_slope(np.tanh(states))",
    name="Takes the states for what went into the tanh",
    hint="Is a state what goes into the tanh or what comes out?",
)
wrong.formula(
    "1 - mean_slope(states)",
    name="Returns the mean of y * y",
    hint="What is the slope of tanh at 0, where it is steepest?",
)
wrong.formula(
    "float(1 - np.mean(states) ** 2)",
    name="Averages the states first and takes the slope there",
    hint="The states are near 1 and near -1. What is their mean, and what is the slope there?",
)

wrong = misconceptions_of(smallest_gap)
wrong.formula(
    "0.0",
    name="Compares each city with itself too",
    hint="How far is a city from itself?",
)
wrong.formula(
    "float(np.min(np.max(np.abs(np.diff(last_states, axis=0)), axis=1)))",
    name="Compares each city with the next one only",
    hint="With four cities, how many pairs are there? How many do you look at?",
)
wrong.formula(
    "float(np.max(np.ptp(last_states, axis=0)))",
    name="Returns the distance of the two cities that are furthest apart",
    hint="Which pair of cities is the hardest to tell apart?",
)


@wrong(hint="How far apart are two different cities that have one and the same state?")
def leaves_out_gaps_of_zero(last_states):
    """Leaves out pairs of cities whose states are the same."""
    import numpy as np

    cities = range(len(last_states))
    gaps = [np.max(np.abs(last_states[i] - last_states[j])) for i in cities for j in cities if i < j]
    return float(min(gap for gap in gaps if gap > 0))


wrong.edit(
    "np.max(np.abs(last_states[i] - last_states[j]))",
    "np.min(np.abs(last_states[i] - last_states[j]))",
    name="Takes the smallest difference over the units in place of the largest",
    hint="Two cities differ in one unit and agree in another. Can a Dense layer tell them apart?",
)

# Question 12: the previous target as a feature

wrong = misconceptions_of(add_previous_target)
wrong.formula(
    "np.concatenate([X, y], axis=-1)",
    name="Puts the target of the same day beside the features",
    hint="On which day do you know the number that you want to predict?",
)
wrong.formula(
    "np.concatenate([X, np.roll(y, 1, axis=1)], axis=-1)",
    name="Gives the first day the target of the last day",
    hint="Which number stands on the first day, and when did it become known?",
)


@wrong(hint="In which direction did the targets move: does day 1 hold the target of day 2?")
def leaks_the_next_day(X, y):
    """Puts the target of the next day beside the features."""
    import numpy as np

    following = np.zeros(y.shape)
    following[:, :-1] = y[:, 1:]
    return np.concatenate([X, following], axis=-1)


@wrong(hint="Whose last day comes before the first day of the second sequence?")
def crosses_into_the_next_sequence(X, y):
    """Gives the first day of a sequence the last target of the sequence before it."""
    import numpy as np

    previous = np.concatenate([[0], np.reshape(y, -1)[:-1]]).reshape(y.shape)
    return np.concatenate([X, previous], axis=-1)


@wrong(hint="What is known about y before the first day?")
def repeats_the_first_target(X, y):
    """Gives the first day its own target."""
    import numpy as np

    previous = np.concatenate([y[:, :1], y[:, :-1]], axis=1)
    return np.concatenate([X, previous], axis=-1)


wrong.formula(
    "np.roll(add_previous_target(X, y), 1, axis=-1)",
    name="Puts the previous target before the features",
    hint="Which position has the new feature in your array, and which is asked for?",
)
