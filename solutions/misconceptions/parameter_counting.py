"""Wrong ways to count parameters that people really take, each with a question that moves them on."""

from autograder.checks import misconceptions_of
from solutions.parameter_counting import (
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

wrong = misconceptions_of(dense_params)
wrong.formula(
    "units * features",
    name="Counts the connections of a Dense layer and no bias",
    hint="What does a Dense layer answer when all its inputs are zero, and what learns that answer?",
)
wrong.formula(
    "units * features + 1",
    name="Counts one bias for the whole Dense layer",
    hint="Do two units of one layer have to share their offset, or does each learn its own?",
)
wrong.formula(
    "features * (units + 1)",
    name="Counts one bias per input feature, or takes units for features",
    hint="Draw one unit: how many arrows end in it, and how many biases does it add?",
)

wrong = misconceptions_of(embedding_params)
wrong.formula(
    "(input_dim + 1) * output_dim",
    name="Counts output_dim numbers more than the table holds, as a bias or as one more row for the padding",
    hint="Looking up a row of a table: what is added to it? And who counted the row of the padding?",
)
wrong.formula(
    "input_dim + output_dim",
    name="Adds the two sides of the Embedding's table",
    hint="If the table were printed, how many numbers would stand in it?",
)
wrong.formula(
    "input_dim",
    name="Counts one number per word of the vocabulary",
    hint="How many numbers describe one word once it is embedded?",
)

# Question 2: SimpleRNN

wrong = misconceptions_of(simple_rnn_parts)
wrong.formula(
    "features * units, units, units",
    name="Counts one recurrent weight per unit, as if a unit read its own state only",
    hint="Which states of yesterday does one unit read today: its own, or those of all units?",
)
wrong.formula(
    "features * units, features * units, units",
    name="Gives the recurrent kernel the size of the kernel",
    hint="The recurrent kernel multiplies y(t-1). How many numbers does y(t-1) have?",
)
wrong.formula(
    "units * units, features * units, units",
    name="Names the recurrent kernel first and the kernel second",
    hint="Which of the two matrices meets x(t), and which one y(t-1)?",
)
wrong.formula(
    "features * units, units * units, 1",
    name="Counts one bias for the whole layer among the three parts",
    hint="Every unit applies tanh to a sum of its own. How many sums are there, and what does each add?",
)

wrong = misconceptions_of(simple_rnn_params)
wrong.formula(
    "units * (units + features)",
    name="Counts kernel and recurrent kernel of a SimpleRNN and no bias",
    hint="What does a unit add to its two products before tanh is applied?",
)
wrong.formula(
    "units * (features + 1)",
    name="Counts a SimpleRNN as a Dense layer, without the recurrent kernel",
    hint="What besides x(t) does a recurrent layer read at every step?",
)
wrong.formula(
    "units * (1 + features + 1)",
    name="Counts one recurrent weight per unit of a SimpleRNN",
    hint="Which states of yesterday does one unit read today: its own, or those of all units?",
)
wrong.formula(
    "units * (units + features) + 1",
    name="Counts one bias for the whole SimpleRNN",
    hint="Every unit applies tanh to a sum of its own. How many sums are there, and what does each add?",
)
wrong.formula(
    "features * (features + units + 1)",
    name="Takes units for features and features for units in a SimpleRNN",
    hint="Which of the two numbers is the size of the state?",
)
wrong.formula(
    "units * (units + features + 2)",
    name="Counts a bias for the kernel and another one for the recurrent kernel of a SimpleRNN",
    hint="The two products of a step go into one sum. How many biases does one sum need in Keras?",
)

# Question 3: LSTM and GRU

wrong = misconceptions_of(lstm_params)
wrong.formula(
    "units * (units + features + 1)",
    name="Counts one gate of four, as for a SimpleRNN",
    hint="A simple RNN updates its state once per step. How many such updates does an LSTM cell make?",
)
wrong.formula(
    "3 * units * (units + features + 1)",
    name="Counts the three gates of an LSTM and not the candidate",
    hint="Forget, input and output gate: which of them makes the new content that is let in?",
)
wrong.formula(
    "4 * units * (units + features)",
    name="Counts the kernels of an LSTM and no bias",
    hint="What does each gate add to its two products before the sigmoid is applied?",
)
wrong.formula(
    "4 * units * (units + features + 2)",
    name="Counts two biases per gate of an LSTM",
    hint="Other libraries keep two biases per gate. How many entries has the bias of a Keras LSTM layer?",
)
wrong.formula(
    "4 * units * (2 * units + features + 1)",
    name="Lets the gates of an LSTM read the cell state with weights of its own",
    hint="The cell state c(t) is scaled and added to. Does Keras multiply it with a matrix of weights?",
)

wrong = misconceptions_of(gru_params)
wrong.formula(
    "4 * units * (units + features + (2 if reset_after else 1))",
    name="Counts four updates per step of a GRU, as for an LSTM",
    hint="Which gate of an LSTM has the GRU done without?",
)
wrong.formula(
    "2 * units * (units + features + (2 if reset_after else 1))",
    name="Counts the two gates of a GRU and not the candidate",
    hint="Update gate and reset gate: what is it that they mix and reset?",
)
wrong.formula(
    "3 * units * (units + features + 1)",
    name="Counts one bias per update of a GRU, whatever reset_after says",
    hint="Look at the shape of the bias of a Keras GRU layer. What does its first axis count?",
)
wrong.formula(
    "3 * units * (units + features + (1 if reset_after else 2))",
    name="Counts two biases per update of a GRU for reset_after=False and one for True",
    hint="Which of the two forms keeps the two products apart, and which adds them up at once?",
)
wrong.formula(
    "3 * units * (units + features + 2)",
    name="Counts two biases per update of a GRU, whatever reset_after says",
    hint="With reset_after=False the two products go into one sum. How many biases does one sum need?",
)
wrong.formula(
    "3 * units * (units + features)",
    name="Counts the kernels of a GRU and no bias",
    hint="What does each gate add to its products before the sigmoid is applied?",
)

# Question 4: Bidirectional

wrong = misconceptions_of(bidirectional_params)
wrong.formula(
    "plain_params(kind, units, features)",
    name="Counts the weights of one direction",
    hint="Could one set of weights read the sequence forwards and backwards at the same time?",
)
wrong.formula(
    "2 * plain_params(kind, units // 2, features)",
    name="Splits the units between the two directions",
    hint="In Bidirectional(LSTM(64)), how many units does the forward layer have?",
)
wrong.formula(
    "plain_params(kind, 2 * units, features)",
    name="Counts one layer with twice the units, whose directions read each other's states",
    hint="Does the forward layer read the state of the backward layer?",
)
wrong.formula(
    "plain_params(kind, units, features) + plain_params(kind, units, units)",
    name="Lets the backward layer read what the forward layer returns",
    hint="What does the backward layer read: the sequence, or what the forward layer returns?",
)
wrong.formula(
    "2 * simple_rnn_params(units, features)",
    name="Counts two SimpleRNN layers, whatever the kind",
    hint="Which layer is inside the wrapper, and how many updates does its cell make per step?",
)

wrong = misconceptions_of(bidirectional_output)
wrong.formula(
    "units",
    name="Hands on as many features as one direction has units, in every merge_mode",
    hint="Two states are placed side by side. How many numbers does the next layer see?",
)
wrong.formula(
    "2 * units",
    name="Hands on twice the units, in every merge_mode",
    hint="The sum of two vectors of four numbers has how many numbers?",
)

# Question 5: a stack of layers

wrong = misconceptions_of(stack_params)
wrong.formula(
    "[layer_params(layer, input_shape[-1]) for layer in layers]",
    name="Lets every layer of a stack read the features of X",
    hint="What does the second layer read: the features of X, or what the first layer hands on?",
)


@wrong(hint="Does a recurrent layer learn new weights for the second day, or use those of the first again?")
def stack_times_length(layers, input_shape):
    """Multiplies the weights of the recurrent layers by the number of time steps."""
    features, column = input_shape[-1], []
    for layer in layers:
        steps = 1 if layer[0] in ("Embedding", "Dropout", "Dense") else input_shape[0] or 1
        column.append(steps * layer_params(layer, features))
        features = layer_output(layer, features)
    return column


@wrong(hint="A Bidirectional layer places two states side by side. How many features does the next layer read?")
def stack_bidirectional_hands_on_one_state(layers, input_shape):
    """Forgets that a layer above a Bidirectional one reads the states of both directions."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = features if layer[0] == "Dropout" else layer[-1]
    return column


@wrong(hint="How many recurrent layers does a Bidirectional wrapper hold?")
def stack_bidirectional_counted_once(layers, input_shape):
    """Counts the weights of one direction of the Bidirectional layers in a stack."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer[1:] if layer[0] == "Bidirectional" else layer, features))
        features = layer_output(layer, features)
    return column


@wrong(hint="An index goes into the Embedding. How many numbers come out for each word?")
def stack_reads_the_vocabulary(layers, input_shape):
    """Lets the layer above an Embedding read input_dim features."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = layer[1] if layer[0] == "Embedding" else layer_output(layer, features)
    return column


@wrong(hint="Dropout sets some features to zero while training. Are they then missing, or do they still arrive?")
def stack_dropout_removes_features(layers, input_shape):
    """Lets the layer above a Dropout read only the share of the features that is kept."""
    features, column = input_shape[-1], []
    for layer in layers:
        column.append(layer_params(layer, features))
        features = round(features * (1 - layer[1])) if layer[0] == "Dropout" else layer_output(layer, features)
    return column


@wrong(hint="Does the summary show a line for a layer that learns nothing, and what stands in it?")
def stack_skips_layers_without_weights(layers, input_shape):
    """Leaves the layers without weights out of the list."""
    features, column = input_shape[-1], []
    for layer in layers:
        if layer[0] != "Dropout":
            column.append(layer_params(layer, features))
        features = layer_output(layer, features)
    return column


# Question 6: why the length does not enter

wrong = misconceptions_of(shared_params)
wrong.formula(
    "length * simple_rnn_params(units, features)",
    name="Multiplies the weights of a SimpleRNN by the number of time steps",
    hint="Does a recurrent layer learn new weights for the second day, or use those of the first again?",
)
wrong.formula(
    "units * (units + length * features + 1)",
    name="Gives every day of the input a kernel of its own",
    hint="At one step, does the layer read the features of one day or those of all days?",
)
wrong.formula(
    "units * (units + features + length)",
    name="Gives every day a bias of its own",
    hint="A thermometer is read 400 days instead of 4: does it need other wiring?",
)

wrong = misconceptions_of(unshared_params)
wrong.formula(
    "simple_rnn_params(units, features)",
    name="Counts the weights of one step for all of them",
    hint="If nothing is shared, what does the second step use in place of the first step's weights?",
)
wrong.formula(
    "units * (length * (features + 1) + units)",
    name="Gives every step its own kernel and bias, and all of them one recurrent kernel",
    hint="Three arrays make one step. Which of them do your steps still share?",
)
wrong.formula(
    "units * (length * (units + features) + 1)",
    name="Gives every step its own two kernels, and all of them one bias",
    hint="Three arrays make one step. Which of them do your steps still share?",
)
wrong.formula(
    "length * simple_rnn_params(units, features) - units * units",
    name="Gives the first step no recurrent kernel",
    hint="The question gives the first step all three arrays. What did yours leave out?",
)

wrong = misconceptions_of(flattened_params)
wrong.formula(
    "dense_params(units, features)",
    name="Lets the Dense layer read the features of one day",
    hint="After Flatten, how many numbers arrive at one unit of the Dense layer?",
)
wrong.formula(
    "length * dense_params(units, features)",
    name="Counts a bias for every unit and day",
    hint="After Flatten there are no days any more. How many sums does the layer make per sequence?",
)
wrong.formula(
    "simple_rnn_params(units, length * features)",
    name="Keeps the recurrent kernel in the Dense layer",
    hint="Does a Dense layer read its own output of the step before?",
)

# Question 7: 15 against 47

wrong = misconceptions_of(optimizer_params)
wrong.formula(
    "OPTIMIZER_COPIES[optimizer] * trainable",
    name="Counts what the optimizer keeps per weight, without the iteration and the learning rate",
    hint="Besides its means for each weight, what single numbers must an optimizer remember?",
)
wrong.formula(
    "2 * trainable + 2",
    name="Counts what Adam keeps, whatever the optimizer",
    hint="Write down the update rules of SGD, RMSprop and Adam. What does each carry from step to step?",
)
wrong.formula(
    "trainable + 2",
    name="Counts one mean per weight, whatever the optimizer",
    hint="Write down the update rules of SGD, RMSprop and Adam. What does each carry from step to step?",
)
wrong.formula(
    '0 if optimizer == "sgd" else OPTIMIZER_COPIES[optimizer] * trainable + 2',
    name="Counts nothing at all for SGD",
    hint="Would plain SGD know its learning rate after the model is saved and loaded, if it kept nothing?",
)
wrong.formula(
    "OPTIMIZER_COPIES[optimizer] * (trainable + frozen) + 2",
    name="Counts the optimizer's means for frozen weights too",
    hint="For which weights does the optimizer ever see a gradient?",
)

wrong = misconceptions_of(printed_total)
wrong.formula(
    "trainable + frozen",
    name="Prints the weights only, although the fit has added the optimizer's variables",
    hint="Compare the summary before and after a fit. Which line is new?",
)
wrong.formula(
    "trainable + frozen + optimizer_params(trainable, frozen, optimizer)",
    name="Adds the optimizer's variables before there has been a fit",
    hint="When does an optimizer first need to remember a gradient?",
)
wrong.formula(
    "trainable + (optimizer_params(trainable, frozen, optimizer) if fitted else 0)",
    name="Leaves the frozen weights out of the total",
    hint="A frozen weight is not trained. Is it gone from the model?",
)
wrong.edit(
    "weights + optimizer_params(trainable, frozen, optimizer) if fitted else weights",
    "weights + (optimizer_params(weights, 0, optimizer) if fitted else 0)",
    name="Adds the optimizer's means for frozen weights too",
    hint="For which weights does the optimizer ever see a gradient?",
)

wrong = misconceptions_of(weights_from_total)
wrong.formula(
    "total",
    name="Takes the printed total for the number of weights: 47 in place of 15",
    hint="Which part of the printed total belongs to the optimizer and not to the model?",
)
wrong.formula(
    "total - 2",
    name="Takes only the iteration and the learning rate off the printed total",
    hint="Iteration and learning rate are two numbers. What else does the optimizer keep per weight?",
)
wrong.formula(
    "(total - 2) // 3",
    name="Turns the total back by Adam's law, whatever the optimizer",
    hint="Your rule fits one optimizer. What do the other two keep per weight?",
)
wrong.formula(
    "total // (OPTIMIZER_COPIES[optimizer] + 1)",
    name="Divides the total without taking the two single numbers off first",
    hint="47 // 3 is 15 by luck of rounding. Does the same rule turn the totals of SGD and RMSprop back?",
)

# Question 8: the IMDB model

wrong = misconceptions_of(imdb_params)
wrong.formula(
    "embedding_params(num_words, dimensions) + lstm_params(units, dimensions)",
    name="Leaves out the Dense layer at the end",
    hint="Which layer turns the state of the LSTM into one probability?",
)
wrong.formula(
    "embedding_params(length, dimensions) + lstm_params(units, dimensions) + dense_params(1, units)",
    name="Gives the Embedding a row for every position of a review",
    hint="Does the Embedding hold a row per word of the vocabulary, or per position in the review?",
)
wrong.formula(
    "embedding_params(num_words, dimensions) + simple_rnn_params(units, dimensions) + dense_params(1, units)",
    name="Counts the LSTM of the IMDB model as a SimpleRNN",
    hint="A simple RNN updates its state once per step. How many such updates does an LSTM cell make?",
)
wrong.formula(
    "embedding_params(num_words, dimensions) + lstm_params(units, length) + dense_params(1, units)",
    name="Takes the words of a review for the features that the LSTM reads",
    hint="At one step, how many numbers does the LSTM read: the words of a review, or one embedded word?",
)
wrong.edit(
    "dense_params(1, units)",
    "dense_params(1, length * units)",
    name="Lets the Dense layer read the states of all words, flattened",
    hint="Does the Dense layer read the state after the last word, or one state per word?",
)

wrong = misconceptions_of(steps_per_epoch)
wrong.formula(
    "sequences // batch_size",
    name="Counts the full batches only",
    hint="Some sequences are left after the full batches. Does Keras throw them away?",
)
wrong.formula(
    "sequences // batch_size + 1",
    name="Adds a batch to the full ones even when nothing is left for it",
    hint="What is in your last batch when the batch size divides the number of sequences?",
)
wrong.formula(
    "sequences / batch_size",
    name="Divides and does not round",
    hint="Can the progress bar count a quarter of a step?",
)

wrong = misconceptions_of(last_batch)
wrong.formula(
    "sequences % batch_size",
    name="Gives the remainder, which is 0 when the batch size divides the number of sequences",
    hint="Would Keras make a step with no sequence in it?",
)
wrong.formula(
    "batch_size",
    name="Takes the last batch to be as large as the others",
    hint="How many sequences are left when all the full batches are gone?",
)
wrong.formula(
    "batch_size - sequences % batch_size",
    name="Counts the places of the last batch that stay empty",
    hint="Which is it that you counted: the sequences in the last batch, or the empty places?",
)

wrong = misconceptions_of(left_out)
wrong.formula(
    "last_batch(sequences, batch_size)",
    name="Leaves the last batch out, even a full one",
    hint="If the last batch is full, is anything left out?",
)
wrong.formula(
    "0",
    name="Leaves nothing out",
    hint="A stateful layer takes full batches only. Where do the remaining sequences go?",
)
wrong.formula(
    "-sequences % batch_size",
    name="Counts the places that stay empty in place of the sequences left out",
    hint="Which is it that you counted: the sequences that fill no batch, or the empty places beside them?",
)
