"""Wrong ways to count parameters that people really take, each with a question that moves them on."""

from autograder.checks import misconception
from solutions.parameter_counting import (
    OPTIMIZER_COPIES,
    bidirectional_output,
    bidirectional_params,
    dense_params,
    embedding_params,
    flattened_params,
    gru_params,
    imdb_params,
    last_batch,
    layer_output,
    layer_params,
    left_out,
    lstm_params,
    optimizer_params,
    plain_params,
    printed_total,
    shared_params,
    simple_rnn_params,
    simple_rnn_parts,
    stack_params,
    steps_per_epoch,
    unshared_params,
    weights_from_total,
)

# Question 1: Dense and Embedding


@misconception(
    dense_params, hint="What does a Dense layer answer when all its inputs are zero, and what learns that answer?"
)
def dense_without_bias(units, features):
    """Counts the connections of a Dense layer and no bias."""
    return units * features


@misconception(dense_params, hint="Do two units of one layer have to share their offset, or does each learn its own?")
def dense_with_one_bias(units, features):
    """Counts one bias for the whole Dense layer."""
    return units * features + 1


@misconception(dense_params, hint="Draw one unit: how many arrows end in it, and how many biases does it add?")
def dense_bias_per_feature(units, features):
    """Counts one bias per input feature, or takes units for features."""
    return features * (units + 1)


@misconception(
    embedding_params, hint="Looking up a row of a table: what is added to it? And who counted the row of the padding?"
)
def embedding_with_output_dim_more(input_dim, output_dim):
    """Counts output_dim numbers more than the table holds, as a bias or as one more row for the padding."""
    return (input_dim + 1) * output_dim


@misconception(embedding_params, hint="If the table were printed, how many numbers would stand in it?")
def embedding_sides_added(input_dim, output_dim):
    """Adds the two sides of the Embedding's table."""
    return input_dim + output_dim


@misconception(embedding_params, hint="How many numbers describe one word once it is embedded?")
def embedding_one_number_per_word(input_dim, output_dim):
    """Counts one number per word of the vocabulary."""
    return input_dim


# Question 2: SimpleRNN


@misconception(
    simple_rnn_parts, hint="Which states of yesterday does one unit read today: its own, or those of all units?"
)
def parts_own_state_only(units, features):
    """Counts one recurrent weight per unit, as if a unit read its own state only."""
    return features * units, units, units


@misconception(simple_rnn_parts, hint="The recurrent kernel multiplies y(t-1). How many numbers does y(t-1) have?")
def parts_recurrent_like_kernel(units, features):
    """Gives the recurrent kernel the size of the kernel."""
    return features * units, features * units, units


@misconception(simple_rnn_parts, hint="Which of the two matrices meets x(t), and which one y(t-1)?")
def parts_kernels_exchanged(units, features):
    """Names the recurrent kernel first and the kernel second."""
    return units * units, features * units, units


@misconception(
    simple_rnn_parts,
    hint="Every unit applies tanh to a sum of its own. How many sums are there, and what does each add?",
)
def parts_one_bias(units, features):
    """Counts one bias for the whole layer among the three parts."""
    return features * units, units * units, 1


@misconception(simple_rnn_params, hint="What does a unit add to its two products before tanh is applied?")
def rnn_without_bias(units, features):
    """Counts kernel and recurrent kernel of a SimpleRNN and no bias."""
    return units * (units + features)


@misconception(simple_rnn_params, hint="What besides x(t) does a recurrent layer read at every step?")
def rnn_without_recurrent_kernel(units, features):
    """Counts a SimpleRNN as a Dense layer, without the recurrent kernel."""
    return units * (features + 1)


@misconception(
    simple_rnn_params, hint="Which states of yesterday does one unit read today: its own, or those of all units?"
)
def rnn_own_state_only(units, features):
    """Counts one recurrent weight per unit of a SimpleRNN."""
    return units * (1 + features + 1)


@misconception(
    simple_rnn_params,
    hint="Every unit applies tanh to a sum of its own. How many sums are there, and what does each add?",
)
def rnn_one_bias(units, features):
    """Counts one bias for the whole SimpleRNN."""
    return units * (units + features) + 1


@misconception(simple_rnn_params, hint="Which of the two numbers is the size of the state?")
def rnn_sizes_exchanged(units, features):
    """Takes units for features and features for units in a SimpleRNN."""
    return features * (features + units + 1)


@misconception(
    simple_rnn_params, hint="The two products of a step go into one sum. How many biases does one sum need in Keras?"
)
def rnn_two_biases(units, features):
    """Counts a bias for the kernel and another one for the recurrent kernel of a SimpleRNN."""
    return units * (units + features + 2)


# Question 3: LSTM and GRU


@misconception(
    lstm_params, hint="A simple RNN updates its state once per step. How many such updates does an LSTM cell make?"
)
def lstm_one_gate(units, features):
    """Counts one gate of four, as for a SimpleRNN."""
    return units * (units + features + 1)


@misconception(lstm_params, hint="Forget, input and output gate: which of them makes the new content that is let in?")
def lstm_three_gates(units, features):
    """Counts the three gates of an LSTM and not the candidate."""
    return 3 * units * (units + features + 1)


@misconception(lstm_params, hint="What does each gate add to its two products before the sigmoid is applied?")
def lstm_without_bias(units, features):
    """Counts the kernels of an LSTM and no bias."""
    return 4 * units * (units + features)


@misconception(
    lstm_params, hint="Other libraries keep two biases per gate. How many entries has the bias of a Keras LSTM layer?"
)
def lstm_two_biases(units, features):
    """Counts two biases per gate of an LSTM."""
    return 4 * units * (units + features + 2)


@misconception(
    lstm_params, hint="The cell state c(t) is scaled and added to. Does Keras multiply it with a matrix of weights?"
)
def lstm_cell_state_read_by_gates(units, features):
    """Lets the gates of an LSTM read the cell state with weights of its own."""
    return 4 * units * (2 * units + features + 1)


@misconception(gru_params, hint="Which gate of an LSTM has the GRU done without?")
def gru_four_gates(units, features, reset_after=True):
    """Counts four updates per step of a GRU, as for an LSTM."""
    return 4 * units * (units + features + (2 if reset_after else 1))


@misconception(gru_params, hint="Update gate and reset gate: what is it that they mix and reset?")
def gru_two_gates(units, features, reset_after=True):
    """Counts the two gates of a GRU and not the candidate."""
    return 2 * units * (units + features + (2 if reset_after else 1))


@misconception(gru_params, hint="Look at the shape of the bias of a Keras GRU layer. What does its first axis count?")
def gru_one_bias(units, features, reset_after=True):
    """Counts one bias per update of a GRU, whatever reset_after says."""
    return 3 * units * (units + features + 1)


@misconception(gru_params, hint="Which of the two forms keeps the two products apart, and which adds them up at once?")
def gru_reset_after_exchanged(units, features, reset_after=True):
    """Counts two biases per update of a GRU for reset_after=False and one for True."""
    return 3 * units * (units + features + (1 if reset_after else 2))


@misconception(
    gru_params, hint="With reset_after=False the two products go into one sum. How many biases does one sum need?"
)
def gru_always_two_biases(units, features, reset_after=True):
    """Counts two biases per update of a GRU, whatever reset_after says."""
    return 3 * units * (units + features + 2)


@misconception(gru_params, hint="What does each gate add to its products before the sigmoid is applied?")
def gru_without_bias(units, features, reset_after=True):
    """Counts the kernels of a GRU and no bias."""
    return 3 * units * (units + features)


# Question 4: Bidirectional


@misconception(
    bidirectional_params, hint="Could one set of weights read the sequence forwards and backwards at the same time?"
)
def bidirectional_one_direction(kind, units, features):
    """Counts the weights of one direction."""
    return plain_params(kind, units, features)


@misconception(bidirectional_params, hint="In Bidirectional(LSTM(64)), how many units does the forward layer have?")
def bidirectional_half_units(kind, units, features):
    """Splits the units between the two directions."""
    return 2 * plain_params(kind, units // 2, features)


@misconception(bidirectional_params, hint="Does the forward layer read the state of the backward layer?")
def bidirectional_as_wide_layer(kind, units, features):
    """Counts one layer with twice the units, whose directions read each other's states."""
    return plain_params(kind, 2 * units, features)


@misconception(
    bidirectional_params, hint="What does the backward layer read: the sequence, or what the forward layer returns?"
)
def bidirectional_one_after_the_other(kind, units, features):
    """Lets the backward layer read what the forward layer returns."""
    return plain_params(kind, units, features) + plain_params(kind, units, units)


@misconception(
    bidirectional_params, hint="Which layer is inside the wrapper, and how many updates does its cell make per step?"
)
def bidirectional_always_simple(kind, units, features):
    """Counts two SimpleRNN layers, whatever the kind."""
    return 2 * simple_rnn_params(units, features)


@misconception(
    bidirectional_output, hint="Two states are placed side by side. How many numbers does the next layer see?"
)
def output_of_one_direction(units, merge_mode="concat"):
    """Hands on as many features as one direction has units, in every merge_mode."""
    return units


@misconception(bidirectional_output, hint="The sum of two vectors of four numbers has how many numbers?")
def output_always_doubled(units, merge_mode="concat"):
    """Hands on twice the units, in every merge_mode."""
    return 2 * units


# Question 5: a stack of layers


@misconception(
    stack_params, hint="What does the second layer read: the features of X, or what the first layer hands on?"
)
def stack_same_features_everywhere(layers, input_shape):
    """Lets every layer of a stack read the features of X."""
    return [layer_params(layer, input_shape[-1]) for layer in layers]


@misconception(
    stack_params, hint="Does a recurrent layer learn new weights for the second day, or use those of the first again?"
)
def stack_times_length(layers, input_shape):
    """Multiplies the weights of the recurrent layers by the number of time steps."""
    features, column = input_shape[-1], []
    for layer in layers:
        steps = 1 if layer[0] in ("Embedding", "Dropout", "Dense") else input_shape[0] or 1
        column.append(steps * layer_params(layer, features))
        features = layer_output(layer, features)
    return column


@misconception(
    stack_params,
    hint="A Bidirectional layer places two states side by side. How many features does the next layer read?",
)
def stack_bidirectional_hands_on_one_state(layers, input_shape):
    """Forgets that a layer above a Bidirectional one reads the states of both directions."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = features if layer[0] == "Dropout" else layer[-1]
    return column


@misconception(stack_params, hint="How many recurrent layers does a Bidirectional wrapper hold?")
def stack_bidirectional_counted_once(layers, input_shape):
    """Counts the weights of one direction of the Bidirectional layers in a stack."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer[1:] if layer[0] == "Bidirectional" else layer, features))
        features = layer_output(layer, features)
    return column


@misconception(stack_params, hint="An index goes into the Embedding. How many numbers come out for each word?")
def stack_reads_the_vocabulary(layers, input_shape):
    """Lets the layer above an Embedding read input_dim features."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = layer[1] if layer[0] == "Embedding" else layer_output(layer, features)
    return column


@misconception(
    stack_params,
    hint="Dropout sets some features to zero while training. Are they then missing, or do they still arrive?",
)
def stack_dropout_removes_features(layers, input_shape):
    """Lets the layer above a Dropout read only the share of the features that is kept."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = round(features * (1 - layer[1])) if layer[0] == "Dropout" else layer_output(layer, features)
    return column


@misconception(
    stack_params, hint="Does the summary show a line for a layer that learns nothing, and what stands in it?"
)
def stack_skips_layers_without_weights(layers, input_shape):
    """Leaves the layers without weights out of the list."""
    features, column = input_shape[-1], []
    for layer in layers:
        if layer[0] != "Dropout":
            column.append(layer_params(layer, features))
        features = layer_output(layer, features)
    return column


# Question 6: why the length does not enter


@misconception(
    shared_params, hint="Does a recurrent layer learn new weights for the second day, or use those of the first again?"
)
def shared_times_length(units, features, length):
    """Multiplies the weights of a SimpleRNN by the number of time steps."""
    return length * simple_rnn_params(units, features)


@misconception(shared_params, hint="At one step, does the layer read the features of one day or those of all days?")
def shared_kernel_per_step(units, features, length):
    """Gives every day of the input a kernel of its own."""
    return units * (units + length * features + 1)


@misconception(shared_params, hint="A thermometer is read 400 days instead of 4: does it need other wiring?")
def shared_bias_per_step(units, features, length):
    """Gives every day a bias of its own."""
    return units * (units + features + length)


@misconception(
    unshared_params, hint="If nothing is shared, what does the second step use in place of the first step's weights?"
)
def unshared_still_shared(units, features, length):
    """Counts the weights of one step for all of them."""
    return simple_rnn_params(units, features)


@misconception(unshared_params, hint="Three arrays make one step. Which of them do your steps still share?")
def unshared_one_recurrent_kernel(units, features, length):
    """Gives every step its own kernel and bias, and all of them one recurrent kernel."""
    return units * (length * (features + 1) + units)


@misconception(unshared_params, hint="Three arrays make one step. Which of them do your steps still share?")
def unshared_one_bias(units, features, length):
    """Gives every step its own two kernels, and all of them one bias."""
    return units * (length * (units + features) + 1)


@misconception(unshared_params, hint="The question gives the first step all three arrays. What did yours leave out?")
def unshared_first_step_without_state(units, features, length):
    """Gives the first step no recurrent kernel."""
    return length * simple_rnn_params(units, features) - units * units


@misconception(flattened_params, hint="After Flatten, how many numbers arrive at one unit of the Dense layer?")
def flattened_one_day(units, features, length):
    """Lets the Dense layer read the features of one day."""
    return dense_params(units, features)


@misconception(
    flattened_params, hint="After Flatten there are no days any more. How many sums does the layer make per sequence?"
)
def flattened_bias_per_day(units, features, length):
    """Counts a bias for every unit and day."""
    return length * dense_params(units, features)


@misconception(flattened_params, hint="Does a Dense layer read its own output of the step before?")
def flattened_with_recurrent_kernel(units, features, length):
    """Keeps the recurrent kernel in the Dense layer."""
    return simple_rnn_params(units, length * features)


# Question 7: 15 against 47


@misconception(
    optimizer_params, hint="Besides its means for each weight, what single numbers must an optimizer remember?"
)
def optimizer_means_only(trainable, frozen, optimizer):
    """Counts what the optimizer keeps per weight, without the iteration and the learning rate."""
    return OPTIMIZER_COPIES[optimizer] * trainable


@misconception(
    optimizer_params,
    hint="Write down the update rules of SGD, RMSprop and Adam. What does each carry from step to step?",
)
def optimizer_always_adam(trainable, frozen, optimizer):
    """Counts what Adam keeps, whatever the optimizer."""
    return 2 * trainable + 2


@misconception(
    optimizer_params,
    hint="Write down the update rules of SGD, RMSprop and Adam. What does each carry from step to step?",
)
def optimizer_one_mean_each(trainable, frozen, optimizer):
    """Counts one mean per weight, whatever the optimizer."""
    return trainable + 2


@misconception(
    optimizer_params,
    hint="Would plain SGD know its learning rate after the model is saved and loaded, if it kept nothing?",
)
def optimizer_sgd_keeps_nothing(trainable, frozen, optimizer):
    """Counts nothing at all for SGD."""
    return 0 if optimizer == "sgd" else OPTIMIZER_COPIES[optimizer] * trainable + 2


@misconception(optimizer_params, hint="For which weights does the optimizer ever see a gradient?")
def optimizer_keeps_means_of_frozen_weights(trainable, frozen, optimizer):
    """Counts the optimizer's means for frozen weights too."""
    return OPTIMIZER_COPIES[optimizer] * (trainable + frozen) + 2


@misconception(printed_total, hint="Compare the summary before and after a fit. Which line is new?")
def total_of_weights_only(trainable, frozen, optimizer, fitted):
    """Prints the weights only, although the fit has added the optimizer's variables."""
    return trainable + frozen


@misconception(printed_total, hint="When does an optimizer first need to remember a gradient?")
def total_with_optimizer_before_the_fit(trainable, frozen, optimizer, fitted):
    """Adds the optimizer's variables before there has been a fit."""
    return trainable + frozen + optimizer_params(trainable, frozen, optimizer)


@misconception(printed_total, hint="A frozen weight is not trained. Is it gone from the model?")
def total_without_frozen_weights(trainable, frozen, optimizer, fitted):
    """Leaves the frozen weights out of the total."""
    return trainable + (optimizer_params(trainable, frozen, optimizer) if fitted else 0)


@misconception(printed_total, hint="For which weights does the optimizer ever see a gradient?")
def total_with_means_of_frozen_weights(trainable, frozen, optimizer, fitted):
    """Adds the optimizer's means for frozen weights too."""
    weights = trainable + frozen
    return weights + (optimizer_params(weights, 0, optimizer) if fitted else 0)


@misconception(
    weights_from_total, hint="Which part of the printed total belongs to the optimizer and not to the model?"
)
def weights_are_the_total(total, optimizer):
    """Takes the printed total for the number of weights: 47 in place of 15."""
    return total


@misconception(
    weights_from_total,
    hint="Iteration and learning rate are two numbers. What else does the optimizer keep per weight?",
)
def weights_are_the_total_less_two(total, optimizer):
    """Takes only the iteration and the learning rate off the printed total."""
    return total - 2


@misconception(weights_from_total, hint="Your rule fits one optimizer. What do the other two keep per weight?")
def weights_by_adams_law(total, optimizer):
    """Turns the total back by Adam's law, whatever the optimizer."""
    return (total - 2) // 3


@misconception(
    weights_from_total,
    hint="47 // 3 is 15 by luck of rounding. Does the same rule turn the totals of SGD and RMSprop back?",
)
def weights_by_rounding(total, optimizer):
    """Divides the total without taking the two single numbers off first."""
    return total // (OPTIMIZER_COPIES[optimizer] + 1)


# Question 8: the IMDB model


@misconception(imdb_params, hint="Which layer turns the state of the LSTM into one probability?")
def imdb_without_head(num_words, length, dimensions, units):
    """Leaves out the Dense layer at the end."""
    return embedding_params(num_words, dimensions) + lstm_params(units, dimensions)


@misconception(
    imdb_params, hint="Does the Embedding hold a row per word of the vocabulary, or per position in the review?"
)
def imdb_row_per_position(num_words, length, dimensions, units):
    """Gives the Embedding a row for every position of a review."""
    return embedding_params(length, dimensions) + lstm_params(units, dimensions) + dense_params(1, units)


@misconception(
    imdb_params, hint="A simple RNN updates its state once per step. How many such updates does an LSTM cell make?"
)
def imdb_simple_rnn(num_words, length, dimensions, units):
    """Counts the LSTM of the IMDB model as a SimpleRNN."""
    return embedding_params(num_words, dimensions) + simple_rnn_params(units, dimensions) + dense_params(1, units)


@misconception(
    imdb_params, hint="At one step, how many numbers does the LSTM read: the words of a review, or one embedded word?"
)
def imdb_lstm_reads_all_words(num_words, length, dimensions, units):
    """Takes the words of a review for the features that the LSTM reads."""
    return embedding_params(num_words, dimensions) + lstm_params(units, length) + dense_params(1, units)


@misconception(imdb_params, hint="Does the Dense layer read the state after the last word, or one state per word?")
def imdb_head_reads_all_states(num_words, length, dimensions, units):
    """Lets the Dense layer read the states of all words, flattened."""
    return embedding_params(num_words, dimensions) + lstm_params(units, dimensions) + dense_params(1, length * units)


@misconception(steps_per_epoch, hint="Some sequences are left after the full batches. Does Keras throw them away?")
def steps_rounded_down(sequences, batch_size):
    """Counts the full batches only."""
    return sequences // batch_size


@misconception(steps_per_epoch, hint="What is in your last batch when the batch size divides the number of sequences?")
def steps_always_one_more(sequences, batch_size):
    """Adds a batch to the full ones even when nothing is left for it."""
    return sequences // batch_size + 1


@misconception(steps_per_epoch, hint="Can the progress bar count a quarter of a step?")
def steps_as_fraction(sequences, batch_size):
    """Divides and does not round."""
    return sequences / batch_size


@misconception(last_batch, hint="Would Keras make a step with no sequence in it?")
def last_batch_empty(sequences, batch_size):
    """Gives the remainder, which is 0 when the batch size divides the number of sequences."""
    return sequences % batch_size


@misconception(last_batch, hint="How many sequences are left when all the full batches are gone?")
def last_batch_full(sequences, batch_size):
    """Takes the last batch to be as large as the others."""
    return batch_size


@misconception(last_batch, hint="Which is it that you counted: the sequences in the last batch, or the empty places?")
def last_batch_empty_places(sequences, batch_size):
    """Counts the places of the last batch that stay empty."""
    return batch_size - sequences % batch_size


@misconception(left_out, hint="If the last batch is full, is anything left out?")
def left_out_is_last_batch(sequences, batch_size):
    """Leaves the last batch out, even a full one."""
    return last_batch(sequences, batch_size)


@misconception(left_out, hint="A stateful layer takes full batches only. Where do the remaining sequences go?")
def left_out_nothing(sequences, batch_size):
    """Leaves nothing out."""
    return 0


@misconception(
    left_out, hint="Which is it that you counted: the sequences that fill no batch, or the empty places beside them?"
)
def left_out_empty_places(sequences, batch_size):
    """Counts the places that stay empty in place of the sequences left out."""
    return -sequences % batch_size
