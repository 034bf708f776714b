"""Recurrent networks: wrong solutions that people write, each with a question that moves them on."""

from autograder.checks import misconception
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


@misconception(last_state, hint="What does the second city's first day know about the first city's last day?")
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


@misconception(last_state, hint="The layer has three arrays of weights. Which of them does your formula not use?")
def forgets_the_bias(X, kernel, recurrent_kernel, bias):
    """Leaves the bias out."""
    import numpy as np

    state = np.zeros((len(X), len(bias)))
    for t in range(X.shape[1]):
        state = np.tanh(X[:, t] @ kernel + state @ recurrent_kernel)
    return state


@misconception(last_state, hint="Can a state still lie between -1 and 1 if something is added after the tanh?")
def adds_the_bias_after_tanh(X, kernel, recurrent_kernel, bias):
    """Adds the bias after the tanh."""
    import numpy as np

    state = np.zeros((len(X), len(bias)))
    for t in range(X.shape[1]):
        state = np.tanh(X[:, t] @ kernel + state @ recurrent_kernel) + bias
    return state


@misconception(last_state, hint="If you change only the first day of a city, does your last state change?")
def has_no_memory(X, kernel, recurrent_kernel, bias):
    """Computes the last state from the last day alone."""
    import numpy as np

    return np.tanh(X[:, -1] @ kernel + bias)


@misconception(last_state, hint="Unit i reads unit j of the day before with weight [j, i]. Which one do you use?")
def turns_the_recurrent_kernel(X, kernel, recurrent_kernel, bias):
    """Multiplies the state by the transposed recurrent kernel."""
    return last_state(X, kernel, recurrent_kernel.T, bias)


@misconception(last_state, hint="Which day does your loop read last?")
def reads_backwards(X, kernel, recurrent_kernel, bias):
    """Reads the days from the last to the first."""
    return last_state(X[:, ::-1], kernel, recurrent_kernel, bias)


@misconception(last_state, hint="Between which two numbers lies a state? Which activation gives numbers between them?")
def uses_a_sigmoid(X, kernel, recurrent_kernel, bias):
    """Uses a sigmoid in place of the tanh."""
    import numpy as np

    state = np.zeros((len(X), len(bias)))
    for t in range(X.shape[1]):
        state = 1 / (1 + np.exp(-(X[:, t] @ kernel + state @ recurrent_kernel + bias)))
    return state


@misconception(all_states, hint="Is the first state you return the one before or the one after the first day?")
def returns_the_state_before_each_day(X, kernel, recurrent_kernel, bias):
    """Returns y(0), ..., y(T-1): the zeros first, and not the state after the last day."""
    import numpy as np

    states = all_states(X, kernel, recurrent_kernel, bias)
    return np.concatenate([np.zeros_like(states[:, :1]), states[:, :-1]], axis=1)


@misconception(all_states, hint="Your list has one array per day. Along which axis must these be stacked?")
def stacks_the_days_first(X, kernel, recurrent_kernel, bias):
    """Returns the days on the first axis and the sequences on the second."""
    import numpy as np

    return np.swapaxes(all_states(X, kernel, recurrent_kernel, bias), 0, 1)


@misconception(all_states, hint="Which numbers of the day before does the formula of y(t) read?")
def treats_every_day_alone(X, kernel, recurrent_kernel, bias):
    """Computes the state of each day from that day alone."""
    import numpy as np

    return np.tanh(X @ kernel + bias)


@misconception(all_states, hint="After which day is the state that fills your whole answer?")
def repeats_the_last_state(X, kernel, recurrent_kernel, bias):
    """Repeats the last state for every day."""
    import numpy as np

    return np.repeat(all_states(X, kernel, recurrent_kernel, bias)[:, -1:], X.shape[1], axis=1)


@misconception(all_states, hint="What does the second city's first day know about the first city's last day?")
def carries_all_states_over(X, kernel, recurrent_kernel, bias):
    """Lets each sequence go on from the last state of the sequence before it."""
    sequences, days, features = X.shape
    joined = all_states(X.reshape(1, sequences * days, features), kernel, recurrent_kernel, bias)
    return joined.reshape(sequences, days, -1)


# Question 2: from the state to the prediction


@misconception(
    predict_last_day, hint="y(T) has n_h numbers. How many numbers has the prediction, and which layer makes them?"
)
def takes_the_state_for_the_prediction(states, kernel, bias):
    """Returns the last state itself."""
    return states[:, -1]


@misconception(predict_last_day, hint="A Dense layer has two arrays. Where did the second one go?")
def predicts_without_bias(states, kernel, bias):
    """Leaves the bias of the Dense layer out."""
    return states[:, -1] @ kernel


@misconception(predict_last_day, hint="Could your model ever predict a pollution of 110?")
def squashes_the_prediction(states, kernel, bias):
    """Applies a tanh to the prediction."""
    import numpy as np

    return np.tanh(states[:, -1] @ kernel + bias)


@misconception(predict_last_day, hint="Which state has seen all the days already?")
def averages_the_states(states, kernel, bias):
    """Applies the Dense layer to the mean of all states."""
    return states.mean(axis=1) @ kernel + bias


@misconception(predict_last_day, hint="The axes of the states are sequences, days, units. Which day is states[:, 0]?")
def predicts_from_the_first_day(states, kernel, bias):
    """Applies the Dense layer to the first state."""
    return states[:, 0] @ kernel + bias


@misconception(predict_every_day, hint="How many predictions do you return for a sequence of four days?")
def predicts_the_last_day_only(states, kernel, bias):
    """Returns the prediction of the last day only."""
    return states[:, -1] @ kernel + bias


@misconception(predict_every_day, hint="Does the prediction of day 1 know the state of day 4?")
def repeats_the_last_prediction(states, kernel, bias):
    """Gives every day the prediction of the last day."""
    import numpy as np

    return np.repeat((states[:, -1:] @ kernel + bias), states.shape[1], axis=1)


@misconception(predict_every_day, hint="The states already remember the days before. What do you add up?")
def adds_the_days_up(states, kernel, bias):
    """Adds up the states of the days so far."""
    import numpy as np

    return np.cumsum(states, axis=1) @ kernel + bias


@misconception(predict_every_day, hint="A Dense layer has two arrays. Where did the second one go?")
def predicts_every_day_without_bias(states, kernel, bias):
    """Leaves the bias out on every day."""
    return states @ kernel


# Question 3: SimpleRNN and Dense


@misconception(build_rnn, hint="With y of shape (3, 1), how many predictions per city does return_sequences=True give?")
def leaves_return_sequences_on(units, days, features):
    """Returns a prediction for every day: return_sequences=True on the only recurrent layer."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units, return_sequences=True), Dense(1)])


@misconception(build_rnn, hint="Which layer turns the n_h numbers of the state into the one number that is predicted?")
def has_no_dense_layer(units, days, features):
    """Ends with the SimpleRNN: the state is taken for the prediction."""
    from keras import Sequential
    from keras.layers import Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units)])


@misconception(build_rnn, hint="What is the softmax of a single number?")
def ends_with_softmax(units, days, features):
    """Ends with a softmax over one unit."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units), Dense(1, activation="softmax")])


@misconception(build_rnn, hint="Can a sigmoid predict a pollution of 110, or a scaled target of -1.4?")
def ends_with_a_sigmoid(units, days, features):
    """Ends with a sigmoid, as a classifier would."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units), Dense(1, activation="sigmoid")])


@misconception(build_rnn, hint="A scaled target may be -1.4. Which numbers can come out of a relu?")
def ends_with_a_relu(units, days, features):
    """Ends with a relu, as pollution is never negative."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units), Dense(1, activation="relu")])


@misconception(build_rnn, hint="How many weights does your model have if there are twice as many days?")
def flattens_the_days(units, days, features):
    """Flattens the days in place of a recurrent layer."""
    from keras import Sequential
    from keras.layers import Dense, Flatten, Input

    return Sequential([Input((days, features)), Flatten(), Dense(units, activation="tanh"), Dense(1)])


@misconception(build_rnn, hint="The lecture draws two units. Where does your model read how many are asked for?")
def always_has_two_units(units, days, features):
    """Always has two units, as in the lecture."""
    return build_rnn(2, days, features)


@misconception(build_rnn, hint="Which axis of X comes first, days or features?")
def swaps_days_and_features(units, days, features):
    """Takes the features for the days and the days for the features."""
    return build_rnn(units, features, days)


# Question 4: a deeper head


@misconception(
    build_deeper_head, hint="Two Dense layers without an activation between them: how many layers are they really?"
)
def forgets_the_relu(units, hidden, days, features):
    """Leaves the hidden Dense layer without an activation."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden), Dense(1)])


@misconception(build_deeper_head, hint="Which activation does the text give the layer in the middle?")
def gives_the_hidden_layer_a_tanh(units, hidden, days, features):
    """Gives the hidden Dense layer a tanh."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden, activation="tanh"), Dense(1)])


@misconception(
    build_deeper_head, hint="How many numbers come out of your last layer, and how many are to be predicted?"
)
def ends_with_the_hidden_layer(units, hidden, days, features):
    """Ends with the hidden layer."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), SimpleRNN(units), Dense(hidden, activation="relu")])


@misconception(build_deeper_head, hint="What does a relu in the last layer do to a prediction of -1.4?")
def ends_with_relu(units, hidden, days, features):
    """Puts a relu on the last layer too."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    layers = [SimpleRNN(units), Dense(hidden, activation="relu"), Dense(1, activation="relu")]
    return Sequential([Input((days, features)), *layers])


@misconception(build_deeper_head, hint="What does the hidden layer read: the days, or the state after the last day?")
def puts_the_hidden_layer_first(units, hidden, days, features):
    """Puts the hidden layer before the recurrent layer."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((days, features)), Dense(hidden, activation="relu"), SimpleRNN(units), Dense(1)])


@misconception(
    build_deeper_head, hint="Which argument is the size of the state, and which the size of the hidden layer?"
)
def swaps_units_and_hidden(units, hidden, days, features):
    """Gives the recurrent layer the size of the hidden layer, and the hidden layer that of the state."""
    return build_deeper_head(hidden, units, days, features)


@misconception(build_deeper_head, hint="How many layers are asked for after the recurrent one?")
def has_no_hidden_layer(units, hidden, days, features):
    """Has no hidden layer."""
    return build_rnn(units, days, features)


# Question 5: two linear layers are one


@misconception(two_dense_layers, hint="After which of the two layers does the relu stand?")
def puts_the_relu_at_the_end(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """Applies the relu to the output of the second layer."""
    import numpy as np

    outputs = two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, False)
    return np.maximum(outputs, 0) if relu else outputs


@misconception(two_dense_layers, hint="Does the argument relu change anything in your function?")
def ignores_the_relu(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """Never applies a relu."""
    return two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, False)


@misconception(two_dense_layers, hint="What should happen when relu is False?")
def always_applies_the_relu(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """Always applies the relu."""
    return two_dense_layers(X, kernel_1, bias_1, kernel_2, bias_2, True)


@misconception(two_dense_layers, hint="Does a relu come before or after the bias is added?")
def adds_the_bias_after_the_relu(X, kernel_1, bias_1, kernel_2, bias_2, relu):
    """Adds the first bias after the relu."""
    import numpy as np

    hidden = np.maximum(X @ kernel_1, 0) if relu else X @ kernel_1
    return (hidden + bias_1) @ kernel_2 + bias_2


@misconception(collapse, hint="What do the two layers give for an input of zeros? What does yours?")
def drops_the_first_bias(kernel_1, bias_1, kernel_2, bias_2):
    """Keeps only the second bias."""
    return kernel_1 @ kernel_2, bias_2


@misconception(collapse, hint="What do the two layers give for an input of zeros? What does yours?")
def drops_the_second_bias(kernel_1, bias_1, kernel_2, bias_2):
    """Keeps only what becomes of the first bias."""
    return kernel_1 @ kernel_2, bias_1 @ kernel_2


@misconception(collapse, hint="The second layer multiplies what it reads by its kernel. Is the first bias spared?")
def adds_the_biases(kernel_1, bias_1, kernel_2, bias_2):
    """Adds the first bias up and to the second, without the second kernel."""
    return kernel_1 @ kernel_2, bias_1.sum() + bias_2


@misconception(collapse, hint="Keras' kernel has a row per input. What has yours?")
def returns_the_kernel_transposed(kernel_1, bias_1, kernel_2, bias_2):
    """Returns the kernel with one row per output."""
    return (kernel_1 @ kernel_2).T, bias_1 @ kernel_2 + bias_2


# Question 6: stacked recurrent layers


@misconception(
    build_stack, hint="What does the last recurrent layer hand to the Dense layer: one state, or one per day?"
)
def returns_sequences_everywhere(units, days, features):
    """Sets return_sequences=True on the last recurrent layer too."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    recurrent = [SimpleRNN(n, return_sequences=True) for n in units]
    return Sequential([Input((days, features)), *recurrent, Dense(1)])


@misconception(build_stack, hint="How many recurrent layers has your model when units has four numbers?")
def builds_one_layer(units, days, features):
    """Builds the first recurrent layer only."""
    return build_rnn(units[0], days, features)


@misconception(build_stack, hint="Which number in units belongs to the layer that reads X?")
def builds_from_the_end(units, days, features):
    """Builds the layers in reverse order."""
    return build_stack(list(units)[::-1], days, features)


@misconception(build_stack, hint="Where does the number of units of your second layer come from?")
def repeats_the_first_size(units, days, features):
    """Gives every recurrent layer the first number of units."""
    return build_stack([units[0]] * len(units), days, features)


@misconception(build_stack, hint="How many numbers should be predicted for one city?")
def stacks_without_dense(units, days, features):
    """Ends with the last recurrent layer."""
    from keras import Sequential
    from keras.layers import Input, SimpleRNN

    recurrent = [SimpleRNN(n, return_sequences=True) for n in units[:-1]]
    return Sequential([Input((days, features)), *recurrent, SimpleRNN(units[-1])])


# Question 7: LSTM


@misconception(build_lstm, hint="How many weights has SimpleRNN(2) on three features, and how many has LSTM(2)?")
def still_a_simple_rnn(units, days, features):
    """Uses a SimpleRNN."""
    return build_rnn(units, days, features)


@misconception(build_lstm, hint="A GRU has no cell state and one gate less. Which layer was asked for?")
def uses_a_gru(units, days, features):
    """Uses a GRU."""
    from keras import Sequential
    from keras.layers import GRU, Dense, Input

    return Sequential([Input((days, features)), GRU(units), Dense(1)])


@misconception(
    build_lstm, hint="With y of shape (3, 1), how many predictions per city does return_sequences=True give?"
)
def lstm_returns_sequences(units, days, features):
    """Returns a prediction for every day: return_sequences=True on the LSTM."""
    from keras import Sequential
    from keras.layers import LSTM, Dense, Input

    return Sequential([Input((days, features)), LSTM(units, return_sequences=True), Dense(1)])


@misconception(build_lstm, hint="What keeps an LSTM's state from growing? Is it still there in your layer?")
def lstm_with_relu(units, days, features):
    """Gives the LSTM a relu in place of its tanh."""
    from keras import Sequential
    from keras.layers import LSTM, Dense, Input

    return Sequential([Input((days, features)), LSTM(units, activation="relu"), Dense(1)])


@misconception(build_lstm, hint="How many numbers should be predicted for one city?")
def lstm_without_dense(units, days, features):
    """Ends with the LSTM."""
    from keras import Sequential
    from keras.layers import LSTM, Input

    return Sequential([Input((days, features)), LSTM(units)])


# Question 8: a prediction for every day


@misconception(build_sequence_model, hint="How many states does a SimpleRNN hand on by default?")
def returns_the_last_state_only(units, features):
    """Predicts one number per sequence: return_sequences is missing."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((None, features)), SimpleRNN(units), Dense(1)])


@misconception(build_sequence_model, hint="Does the prediction of Monday change when you change Thursday?")
def reads_in_both_directions(units, features):
    """Reads the days in both directions."""
    from keras import Sequential
    from keras.layers import Bidirectional, Dense, Input, SimpleRNN

    return Sequential([Input((None, features)), Bidirectional(SimpleRNN(units, return_sequences=True)), Dense(1)])


@misconception(build_sequence_model, hint="Which layer of your model remembers the days before?")
def treats_days_alone(units, features):
    """Applies Dense layers to each day, without a recurrent layer."""
    from keras import Sequential
    from keras.layers import Dense, Input

    return Sequential([Input((None, features)), Dense(units, activation="tanh"), Dense(1)])


@misconception(build_sequence_model, hint="What changes in your model when a sequence has five days?")
def fixes_four_days(units, features):
    """Takes four days, as in the lecture's example, and nothing else."""
    from keras import Model
    from keras.layers import Dense, Input, SimpleRNN

    inputs = Input((4, features))  # a functional model holds on to that number, a Sequential one does not
    return Model(inputs, Dense(1)(SimpleRNN(units, return_sequences=True)(inputs)))


@misconception(build_sequence_model, hint="How many numbers has y(t), and how many has the prediction of day t?")
def sequence_without_dense(units, features):
    """Returns the states themselves."""
    from keras import Sequential
    from keras.layers import Input, SimpleRNN

    return Sequential([Input((None, features)), SimpleRNN(units, return_sequences=True)])


@misconception(build_sequence_model, hint="Does the prediction of Monday change when you change Thursday?")
def reads_the_sequence_backwards(units, features):
    """Reads the days from the last to the first."""
    from keras import Sequential
    from keras.layers import Dense, Input, SimpleRNN

    return Sequential([Input((None, features)), SimpleRNN(units, return_sequences=True, go_backwards=True), Dense(1)])


# Question 9: scaling


@misconception(mean_and_std, hint="Temperature and pollution have different units. Does one mean suit both?")
def one_mean_for_all_features(values):
    """Computes one mean and one deviation over all features together, once for each feature."""
    import numpy as np

    features = np.shape(values)[-1]
    return np.full(features, np.mean(values)), np.full(features, np.std(values))


@misconception(mean_and_std, hint="Your arrays have a day axis. How many means are asked for per feature?")
def one_mean_per_day(values):
    """Computes a mean for every day: it averages over the sequences only."""
    import numpy as np

    std = np.std(values, axis=0)
    return np.mean(values, axis=0), np.where(std == 0, 1, std)


@misconception(mean_and_std, hint="What is the unit of a variance, and what is the unit of the feature?")
def returns_the_variance(values):
    """Returns the variance in place of the standard deviation."""
    import numpy as np

    mean, std = mean_and_std(values)
    return mean, np.where(np.var(values, axis=tuple(range(np.ndim(values) - 1))) == 0, 1, std**2)


@misconception(mean_and_std, hint="By which number do you divide: n or n - 1? Which one does the text name?")
def divides_by_one_less(values):
    """Divides by n - 1, as for a sample."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    std = np.std(values, axis=axes, ddof=1)
    return np.mean(values, axis=axes), np.where(std == 0, 1, std)


@misconception(mean_and_std, hint="What is 0 / 0? Which feature gives it?")
def keeps_a_deviation_of_zero(values):
    """Returns 0 as the deviation of a feature that never changes."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    return np.mean(values, axis=axes), np.std(values, axis=axes)


@misconception(
    mean_and_std, hint="A feature that never changed differs by 1 in a new city. What is 1 in units of your deviation?"
)
def adds_a_tiny_number(values):
    """Adds a tiny number to each deviation."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    return np.mean(values, axis=axes), np.std(values, axis=axes) + 1e-8


@misconception(mean_and_std, hint="A feature lies between 0.1 and 0.9. How large can its deviation be?")
def has_no_deviation_below_one(values):
    """Raises each deviation below 1 to 1."""
    import numpy as np

    axes = tuple(range(np.ndim(values) - 1))
    return np.mean(values, axis=axes), np.maximum(np.std(values, axis=axes), 1)


@misconception(mean_and_std, hint="How many axes have values without days? Which of them holds the features?")
def averages_over_two_axes(values):
    """Averages over the first two axes, even if there are only two."""
    import numpy as np

    std = np.std(values, axis=(0, 1))
    return np.mean(values, axis=(0, 1)), np.where(std == 0, 1, std)


@misconception(scale, hint="Is the mean in the same unit before you divide as after it?")
def subtracts_after_dividing(values, mean, std):
    """Divides by the deviation first and then subtracts the mean."""
    return values / std - mean


@misconception(scale, hint="How large is the deviation of your scaled values?")
def only_subtracts_the_mean(values, mean, std):
    """Only subtracts the mean."""
    return values - mean


@misconception(scale, hint="Whose mean and deviation does your function use?")
def scales_with_its_own_statistics(values, mean, std):
    """Uses mean and deviation of the values it gets, not the ones it is given."""
    return scale(values, *mean_and_std(values))


@misconception(unscale, hint="scale subtracts first and divides last. In which order is that undone?")
def undoes_in_the_same_order(scaled, mean, std):
    """Adds the mean first and multiplies afterwards."""
    return (scaled + mean) * std


@misconception(unscale, hint="Around which number lie your values after unscaling a forecast of 0?")
def forgets_to_add_the_mean(scaled, mean, std):
    """Multiplies by the deviation and adds no mean."""
    return scaled * std


# Question 10: training on the three cities


@misconception(train, hint="How large are the inputs of the tanh when a pollution of 95 goes in as it is?")
def trains_on_unscaled_data(model, X, y, X_scale, y_scale):
    """Trains on X and y as they are."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(X, y, 1000), epochs=1, verbose=0)
    return model


@misconception(train, hint="The last layer starts near 0. How many steps of about 0.05 is it from there to 110?")
def scales_the_inputs_only(model, X, y, X_scale, y_scale):
    """Scales X and leaves y as it is."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(scale(X, *X_scale), y, 1000), epochs=1, verbose=0)
    return model


@misconception(train, hint="How large are the inputs of the tanh when a pollution of 95 goes in as it is?")
def scales_the_targets_only(model, X, y, X_scale, y_scale):
    """Scales y and leaves X as it is."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.05), loss="mse", steps_per_execution=100)
    model.fit(repeated(X, scale(y, *y_scale), 1000), epochs=1, verbose=0)
    return model


@misconception(
    train, hint="How often does one epoch over three cities in one batch change the weights, and by how much?"
)
def trains_for_one_step(model, X, y, X_scale, y_scale):
    """Hardly moves the weights: a single step, as one epoch over one batch is, or steps that are too small."""
    from keras.optimizers import Adam

    model.compile(optimizer=Adam(learning_rate=0.01), loss="mse")
    model.fit(scale(X, *X_scale), scale(y, *y_scale), epochs=1, verbose=0)
    return model


@misconception(forecast, hint="In which unit is a forecast of 0.3?")
def forgets_to_unscale(model, X, X_scale, y_scale):
    """Returns the scaled prediction."""
    return model.predict(scale(X, *X_scale), verbose=0)


@misconception(forecast, hint="What kind of inputs was the model trained on?")
def forgets_to_scale_the_inputs(model, X, X_scale, y_scale):
    """Gives the model X as it is."""
    return unscale(model.predict(X, verbose=0), *y_scale)


@misconception(forecast, hint="A single new city: what do its own mean and deviation say about the training data?")
def scales_with_the_new_cities(model, X, X_scale, y_scale):
    """Scales the new cities with their own mean and deviation."""
    return unscale(model.predict(scale(X, *mean_and_std(X)), verbose=0), *y_scale)


@misconception(forecast, hint="Which pair of numbers was measured on pollution, which on all three features?")
def unscales_with_the_inputs(model, X, X_scale, y_scale):
    """Unscales with mean and deviation of the last input feature."""
    mean, std = X_scale
    return unscale(model.predict(scale(X, *X_scale), verbose=0), mean[-1:], std[-1:])


# Question 11: why the unscaled run cannot learn


@misconception(saturated_share, hint="Is a state of -1 saturated?")
def counts_the_positive_end_only(states, limit=0.99):
    """Counts the states near 1 and not those near -1."""
    import numpy as np

    return float(np.mean(states > limit))


@misconception(saturated_share, hint="What is the largest share there can be?")
def returns_a_count(states, limit=0.99):
    """Returns how many states are saturated."""
    import numpy as np

    return int(np.sum(np.abs(states) > limit))


@misconception(saturated_share, hint="Which states are saturated: those close to 0 or those far from it?")
def counts_the_others(states, limit=0.99):
    """Counts the states that are not saturated."""
    return 1 - saturated_share(states, limit)


@misconception(saturated_share, hint="Is 0.5 further than 0.5 from zero?")
def counts_the_limit_too(states, limit=0.99):
    """Counts a state exactly at the limit too."""
    import numpy as np

    return float(np.mean(np.abs(states) >= limit))


@misconception(saturated_share, hint="What does your function do with limit=0.5?")
def keeps_its_own_limit(states, limit=0.99):
    """Uses 0.99 whatever the limit."""
    return saturated_share(states, 0.99)


@misconception(mean_slope, hint="That is the slope of the sigmoid. What is the slope of tanh where its value is 0?")
def takes_the_slope_of_a_sigmoid(states):
    """Takes y (1 - y), the slope of a sigmoid."""
    import numpy as np

    return float(np.mean(states * (1 - states)))


@misconception(mean_slope, hint="Is a state what goes into the tanh or what comes out?")
def applies_tanh_again(states):
    """Takes the states for what went into the tanh."""
    import numpy as np

    return mean_slope(np.tanh(states))


@misconception(mean_slope, hint="What is the slope of tanh at 0, where it is steepest?")
def forgets_to_subtract_from_one(states):
    """Returns the mean of y * y."""
    return 1 - mean_slope(states)


@misconception(mean_slope, hint="The states are near 1 and near -1. What is their mean, and what is the slope there?")
def takes_the_slope_at_the_mean(states):
    """Averages the states first and takes the slope there."""
    import numpy as np

    return float(1 - np.mean(states) ** 2)


@misconception(smallest_gap, hint="How far is a city from itself?")
def compares_a_city_with_itself(last_states):
    """Compares each city with itself too."""
    return 0.0


@misconception(smallest_gap, hint="With four cities, how many pairs are there? How many do you look at?")
def compares_neighbours_only(last_states):
    """Compares each city with the next one only."""
    import numpy as np

    return float(np.min(np.max(np.abs(np.diff(last_states, axis=0)), axis=1)))


@misconception(smallest_gap, hint="Which pair of cities is the hardest to tell apart?")
def returns_the_largest_gap(last_states):
    """Returns the distance of the two cities that are furthest apart."""
    import numpy as np

    return float(np.max(np.ptp(last_states, axis=0)))


@misconception(smallest_gap, hint="How far apart are two different cities that have one and the same state?")
def leaves_out_gaps_of_zero(last_states):
    """Leaves out pairs of cities whose states are the same."""
    import numpy as np

    cities = range(len(last_states))
    gaps = [np.max(np.abs(last_states[i] - last_states[j])) for i in cities for j in cities if i < j]
    return float(min(gap for gap in gaps if gap > 0))


@misconception(
    smallest_gap, hint="Two cities differ in one unit and agree in another. Can a Dense layer tell them apart?"
)
def takes_the_closest_unit(last_states):
    """Takes the smallest difference over the units in place of the largest."""
    import numpy as np

    cities = range(len(last_states))
    return float(min(np.min(np.abs(last_states[i] - last_states[j])) for i in cities for j in cities if i < j))


# Question 12: the previous target as a feature


@misconception(add_previous_target, hint="On which day do you know the number that you want to predict?")
def leaks_the_same_day(X, y):
    """Puts the target of the same day beside the features."""
    import numpy as np

    return np.concatenate([X, y], axis=-1)


@misconception(add_previous_target, hint="Which number stands on the first day, and when did it become known?")
def rolls_the_last_day_to_the_front(X, y):
    """Gives the first day the target of the last day."""
    import numpy as np

    return np.concatenate([X, np.roll(y, 1, axis=1)], axis=-1)


@misconception(
    add_previous_target, hint="In which direction did the targets move: does day 1 hold the target of day 2?"
)
def leaks_the_next_day(X, y):
    """Puts the target of the next day beside the features."""
    import numpy as np

    following = np.zeros(y.shape)
    following[:, :-1] = y[:, 1:]
    return np.concatenate([X, following], axis=-1)


@misconception(add_previous_target, hint="Whose last day comes before the first day of the second sequence?")
def crosses_into_the_next_sequence(X, y):
    """Gives the first day of a sequence the last target of the sequence before it."""
    import numpy as np

    previous = np.concatenate([[0], np.reshape(y, -1)[:-1]]).reshape(y.shape)
    return np.concatenate([X, previous], axis=-1)


@misconception(add_previous_target, hint="What is known about y before the first day?")
def repeats_the_first_target(X, y):
    """Gives the first day its own target."""
    import numpy as np

    previous = np.concatenate([y[:, :1], y[:, :-1]], axis=1)
    return np.concatenate([X, previous], axis=-1)


@misconception(add_previous_target, hint="Which position has the new feature in your array, and which is asked for?")
def puts_the_target_first(X, y):
    """Puts the previous target before the features."""
    import numpy as np

    return np.roll(add_previous_target(X, y), 1, axis=-1)
