"""What people get wrong in imdb_sentiment, each with a question that moves them on."""

import keras
import numpy as np
from keras.layers import LSTM, Dense, Embedding

from autograder.checks import misconceptions_of
from solutions.imdb_sentiment import (
    NO_WORD,
    OFFSET,
    START,
    UNKNOWN,
    accuracy,
    build_model,
    encode,
    epoch_to_keep,
    fit_and_validate,
    lecture_model,
    prepare,
    probability,
    progress_bar,
    share_cut,
    train,
)

# Question 1

wrong = misconceptions_of(prepare)
wrong.edit(
    "keras.utils.pad_sequences(known, maxlen=length, padding='pre', truncating='pre')",
    "keras.utils.pad_sequences(known, maxlen=length, padding='post')",
    name="Pads behind the words",
    hint="Which words does the LSTM read last, and how many zeros come after them?",
)
wrong.edit(
    "keras.utils.pad_sequences(known, maxlen=length, padding='pre', truncating='pre')",
    "keras.utils.pad_sequences(known, maxlen=length, truncating='post')",
    name="Cuts off the end of a long review",
    hint="Where in a review does its writer usually say the verdict: is that part still in your row?",
)


@wrong(hint="How long is a review before and after you handle its rare words? Should it become shorter?")
def drops_rare_words(reviews, vocab_size, length):
    """Leaves rare words out."""
    known = [[word for word in review if word < vocab_size] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length)


@wrong(hint="How many rows has an Embedding with input_dim=10, and what is the number of its last row?")
def keeps_the_limit(reviews, vocab_size, length):
    """Keeps the id vocab_size itself."""
    known = [[word if word <= vocab_size else UNKNOWN for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length)


@wrong(hint="0 says that there is no word here. Which id says that there is a word you do not know?")
def rare_words_are_padding(reviews, vocab_size, length):
    """Turns rare words into 0."""
    known = [[word if word < vocab_size else 0 for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length)


wrong = misconceptions_of(share_cut)
wrong.formula(
    "float(np.mean([len(review) >= length for review in reviews]))",
    name="Counts reviews that fit exactly as cut",
    hint="Does a review of exactly `length` words lose any?",
)
wrong.formula(
    "sum(len(review) > length for review in reviews)",
    name="Gives the number of reviews in place of their share",
    hint="Is your number between 0 and 1?",
)
wrong.formula(
    "float(np.mean([len(review) <= length for review in reviews]))",
    name="Gives the share that is not cut",
    hint="Which reviews did you count: those that lose words, or the others?",
)
wrong.formula(
    "sum(max(0, len(review) - length) for review in reviews) / sum(len(review) for review in reviews)",
    name="Gives the share of words that are lost",
    hint="A share of what is asked for: of the reviews or of the words?",
)

# Question 2

wrong = misconceptions_of(lecture_model)


@wrong(hint="Can a probability be negative? Which activation keeps a number between 0 and 1?")
def no_sigmoid(vocab_size, length, embedding_dim=50, units=64):
    """Leaves the last layer without an activation."""
    layers = [keras.Input((length,)), Embedding(vocab_size, embedding_dim), LSTM(units), Dense(1)]
    return keras.Sequential(layers)


@wrong(hint="A softmax makes the outputs add up to 1. What is left for a single output?")
def softmax_on_one_unit(vocab_size, length, embedding_dim=50, units=64):
    """Uses softmax on one unit, which always gives 1."""
    head = Dense(1, activation="softmax")
    return keras.Sequential([keras.Input((length,)), Embedding(vocab_size, embedding_dim), LSTM(units), head])


@wrong(hint="How many numbers does the LSTM hand to the Dense layer: one state, or one per word?")
def returns_sequences(vocab_size, length, embedding_dim=50, units=64):
    """Sets return_sequences, so that there is a prediction for every word."""
    body = [Embedding(vocab_size, embedding_dim), LSTM(units, return_sequences=True)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@wrong(hint="Which of the two numbers is the length of a word's vector, and which is the size of the state?")
def sizes_swapped(vocab_size, length, embedding_dim=50, units=64):
    """Swaps embedding_dim and units."""
    body = [Embedding(vocab_size, units), LSTM(embedding_dim)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@wrong(hint="How many gates has the layer that you used, and how many has an LSTM?")
def simple_rnn(vocab_size, length, embedding_dim=50, units=64):
    """Uses a SimpleRNN in place of the LSTM."""
    from keras.layers import SimpleRNN

    body = [Embedding(vocab_size, embedding_dim), SimpleRNN(units)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@wrong(hint="Is the id 0 already among the vocab_size ids here, or does it come on top as with the Tokenizer?")
def one_row_too_many(vocab_size, length, embedding_dim=50, units=64):
    """Adds a row for the padding, which Keras' IMDB already counts."""
    body = [Embedding(vocab_size + 1, embedding_dim), LSTM(units)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


wrong.formula(
    'keras.Sequential([Embedding(vocab_size, embedding_dim), LSTM(units), Dense(1, activation="sigmoid")])',
    name="Begins without an Input, so that no weights are made",
    hint="How many weights can an LSTM have before it knows what its input looks like?",
)

# Question 3

wrong = misconceptions_of(fit_and_validate)
wrong.edit(
    "model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=validation_share, verbose=0)",
    "model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_data=(x, y), verbose=0)",
    name="Validates on the reviews it trains on",
    hint="What can a validation loss tell you that is measured on reviews the model has trained on?",
)


@wrong(hint="Which reviews does validation_split hold back: the first or the last ones?")
def holds_back_the_first(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Holds back the first reviews in place of the last."""
    held_out = round(validation_share * len(x))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    first = (x[:held_out], y[:held_out])
    history = model.fit(
        x[held_out:], y[held_out:], batch_size=batch_size, epochs=epochs, validation_data=first, verbose=0
    )
    return model, history.history


wrong.edit(
    "model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=validation_share, verbose=0)",
    "model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)",
    name="Trains on everything and validates on nothing",
    hint="Which curves does your history hold? How would you see from them that the model overfits?",
)
wrong.edit(
    "'binary_crossentropy'",
    "'mse'",
    name="Uses the mean squared error as its loss",
    hint="The targets are two classes. Which loss goes with a sigmoid and two classes?",
)
wrong.edit(
    "model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])",
    "model.compile(optimizer='sgd', loss='binary_crossentropy', metrics=['accuracy'])",
    name="Compiles with SGD in place of Adam",
    hint="How far does a weight move in one step of plain gradient descent, and how far with Adam?",
)
wrong.formula(
    "fit_and_validate(model, x, y, epochs, 128, validation_share)",
    name="Trains in batches of 128 whatever batch_size says",
    hint="How many reviews does one step see when you are called with batch_size=8?",
)

wrong = misconceptions_of(epoch_to_keep)


@wrong(hint="Could the validation loss fall again after it has risen once?")
def first_rise(history):
    """Stops before the validation loss rises for the first time."""
    losses = list(history["val_loss"])
    rises = [epoch for epoch in range(1, len(losses)) if losses[epoch] > losses[epoch - 1]]
    return rises[0] if rises else len(losses)


@wrong(hint="Two epochs have the same validation loss. Which of them does the docstring name?")
def later_of_equal_ones(history):
    """Takes the later of two equally good epochs."""
    losses = list(history["val_loss"])
    return max(epoch for epoch, loss in enumerate(losses, start=1) if loss == min(losses))


wrong.formula(
    'int(np.argmin(history["val_loss"]))',
    name="Counts epochs from 0",
    hint="Is the first epoch number 0 or number 1 in Keras' output and in the docstring?",
)
wrong.formula(
    'len(history["val_loss"])',
    name="Keeps the last epoch",
    hint="What has the validation loss been doing before the last epoch?",
)
wrong.formula(
    'int(np.argmin(history["loss"])) + 1',
    name="Looks at the training loss",
    hint="Which of the four curves is measured on reviews that the model does not train on?",
)
wrong.formula(
    'int(np.argmax(history["val_accuracy"])) + 1',
    name="Looks at the validation accuracy",
    hint="Accuracy and loss can disagree about the best epoch. Which of them does the docstring name?",
)
wrong.formula(
    'int(np.argmax(history["val_loss"])) + 1',
    name="Takes the epoch with the highest validation loss",
    hint="Is a loss better when it is high or when it is low?",
)

# Question 4

wrong = misconceptions_of(accuracy)
wrong.formula(
    "float(np.mean((probabilities > 0.5) == labels))",
    name="Compares (n, 1) with (n,), which makes (n, n) comparisons",
    hint="What is the shape of `(probabilities > 0.5) == labels`? How many comparisons did you ask for?",
)
wrong.formula(
    "float(np.mean(np.argmax(probabilities, axis=1) == labels))",
    name="Takes the argmax of a single column, which is always 0",
    hint="argmax picks the largest of several columns. How many columns are there?",
)
wrong.formula(
    "float(np.mean((probabilities[:, 0] > 0.5) != labels))",
    name="Gives the share of wrong predictions",
    hint="What should your function return for a model that is always right?",
)
wrong.formula(
    "int(np.sum((probabilities[:, 0] > 0.5) == labels))",
    name="Gives the number of right predictions in place of their share",
    hint="Is your number between 0 and 1?",
)
wrong.formula(
    "float(1 - np.mean(np.abs(probabilities[:, 0] - labels)))",
    name="Gives one minus the mean distance of probability and label",
    hint="A model says 0.6 for a positive review. Is that prediction right, or 0.6 right?",
)
wrong.formula(
    "float(np.mean((probabilities[:, 0] >= 0.5) == labels))",
    name="Counts a probability of exactly 0.5 as positive",
    hint="What does the docstring say of a probability of exactly 0.5?",
)

wrong = misconceptions_of(progress_bar)
wrong.edit(
    "np.arange(batch_size, len(correct), batch_size)",
    "np.arange(batch_size, len(correct) + 1, batch_size)",
    name="Adds a last step also when all batches are full",
    hint="40 reviews in batches of 8 are five steps. How many numbers stand in your sum?",
)


@wrong(hint="Over which reviews is the accuracy taken that the bar shows at step 5: those of one step, or all so far?")
def mean_of_batch_accuracies(correct, batch_size=32):
    """Averages the accuracies of single batches in place of the running ones."""
    batches = [correct[i : i + batch_size] for i in range(0, len(correct), batch_size)]
    return float(np.mean([np.mean(batch) for batch in batches])), float(np.mean(correct))


@wrong(hint="The last batch is smaller. Do its reviews count as much as the others in your final accuracy?")
def final_from_batches(correct, batch_size=32):
    """Takes the mean of the batch accuracies as the final accuracy."""
    seen = np.append(np.arange(batch_size, len(correct), batch_size), len(correct))
    running = np.cumsum(correct)[seen - 1] / seen
    batches = np.split(correct, seen[:-1])
    return float(np.mean(running)), float(np.mean([np.mean(batch) for batch in batches]))


wrong.formula(
    "float(np.mean(correct)), float(np.mean(correct))",
    name="Takes the bar's last number for the final accuracy",
    hint="If the bar showed the accuracy over all reviews, why would 0.8683 and 0.8694 differ?",
)
wrong.edit(
    "np.append(np.arange(batch_size, len(correct), batch_size), len(correct))",
    "np.arange(batch_size, len(correct) + 1, batch_size)",
    name="Leaves out the last, smaller batch",
    hint="25,000 reviews in batches of 32 make 781.25 batches. How many steps does the bar count?",
)
wrong.edit(
    "(float(np.mean(running)), float(running[-1]))",
    "(float(running[-1]), float(np.mean(running)))",
    name="Returns the final accuracy first",
    hint="Which of your two numbers is the one that evaluate returns?",
)

# Question 5

wrong = misconceptions_of(encode)
wrong.edit(
    "word_index[word] + OFFSET if word in word_index else UNKNOWN",
    "word_index.get(word, UNKNOWN)",
    name="Uses the rank as the id",
    hint="The most frequent word has rank 1. Which id has it in the reviews, and what does id 1 stand for?",
)
wrong.edit(
    "[START] + [number if number < vocab_size else UNKNOWN for number in ids]",
    "[number if number < vocab_size else UNKNOWN for number in ids]",
    name="Leaves out the start marker",
    hint="With which id does every review in x_train begin?",
)
wrong.edit(
    "[word_index[word] + OFFSET if word in word_index else UNKNOWN for word in words]",
    "[word_index[word] + OFFSET for word in words if word in word_index]",
    name="Leaves unknown words out, as the Tokenizer does",
    hint="How many ids should a sentence of five words have when one of them is unknown?",
)
wrong.edit(
    "word_index[word] + OFFSET if word in word_index else UNKNOWN",
    "word_index[word] + OFFSET if word in word_index else 0",
    name="Gives unknown words the id 0",
    hint="0 says that there is no word here. Which id says that there is a word you do not know?",
)


@wrong(hint="What does the Embedding do with an id that is not below its input_dim?")
def keeps_rare_words(sentence, word_index, vocab_size):
    """Keeps ids from vocab_size on."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    return [START] + [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in words]


@wrong(hint="Is it the rank or the id that must stay below vocab_size?")
def compares_the_rank(sentence, word_index, vocab_size):
    """Compares the rank, not the id, with vocab_size."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ranks = [word_index.get(word, vocab_size) for word in words]
    return [START] + [rank + OFFSET if rank < vocab_size else UNKNOWN for rank in ranks]


wrong.edit(
    "sentence.lower()",
    "sentence",
    name="Looks words up with their capital letters",
    hint="Is 'Film' in the word index, or only 'film'?",
)
wrong.formula(
    'encode(sentence.replace("\'", " "), word_index, vocab_size)',
    name="Treats the apostrophe as punctuation",
    hint="Is the apostrophe among the characters in PUNCTUATION?",
)


@wrong(hint="What are the words of 'great film, really' after split()?")
def keeps_punctuation(sentence, word_index, vocab_size):
    """Leaves punctuation on the words."""
    ids = [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in sentence.lower().split()]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


wrong = misconceptions_of(probability)
wrong.edit(
    "keras.utils.pad_sequences([review], maxlen=length, padding='pre', truncating='pre')",
    "keras.utils.pad_sequences([review], maxlen=length, padding='post')",
    name="Pads the review behind its words",
    hint="How did you pad the reviews that the model was trained on?",
)
wrong.edit(
    "keras.utils.pad_sequences([review], maxlen=length, padding='pre', truncating='pre')",
    "keras.utils.pad_sequences([review], maxlen=length, truncating='post')",
    name="Keeps the beginning of a long review",
    hint="Which part of a long review did the model see in training: its beginning or its end?",
)


@wrong(hint="Does the docstring ask for the verdict or for how sure the model is?")
def gives_the_verdict(model, review, length):
    """Gives the verdict, 0 or 1, in place of the probability."""
    batch = keras.utils.pad_sequences([review], maxlen=length)
    return float(model.predict(batch, verbose=0)[0, 0] > 0.5)


@wrong(hint="Label 1 is a positive review. Which of the two probabilities does the model give?")
def probability_of_negative(model, review, length):
    """Gives the probability that the review is negative."""
    batch = keras.utils.pad_sequences([review], maxlen=length)
    return 1 - float(model.predict(batch, verbose=0)[0, 0])


# Question 6

wrong = misconceptions_of(build_model)


@wrong(hint="Is word 200 twice as positive as word 100? Which layer gives each word numbers of its own?")
def ids_as_numbers(vocab_size, length):
    """Feeds the ids to the LSTM as if they were measurements, without an Embedding."""
    from keras.layers import Rescaling, Reshape

    body = [Reshape((length, 1)), Rescaling(1 / vocab_size), LSTM(64), Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((length,)), *body])


@wrong(hint="A softmax makes the outputs add up to 1. What is left for a single output?")
def always_sure(vocab_size, length):
    """Ends in a softmax on one unit, which always says positive."""
    body = [Embedding(vocab_size, 50), LSTM(64), Dense(1, activation="softmax")]
    return keras.Sequential([keras.Input((length,)), *body])


wrong = misconceptions_of(train)


@wrong(hint="Which line of your function changes a weight?")
def never_fits(model, x, y, epochs):
    """Compiles the model and returns it untrained."""
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


@wrong(hint="After shuffling, does row i of x still belong to label i of y?")
def shuffles_labels_away(model, x, y, epochs):
    """Shuffles reviews and labels separately."""
    x, y = np.random.permutation(x), np.random.permutation(y)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    return model


wrong.edit(
    "model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])",
    "model.compile(optimizer=keras.optimizers.SGD(0.0001), loss='binary_crossentropy', metrics=['accuracy'])",
    name="Trains with plain gradient descent at rate 0.0001",
    hint="How far do the weights move in one step with this learning rate?",
)
wrong.edit(
    "model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)",
    "model.fit(x, y, batch_size=128, epochs=5 * epochs, verbose=0)",
    name="Trains for five times the epochs that it was given",
    hint="Which line of your function says how often the reviews are seen?",
)
