"""What people get wrong in imdb_sentiment, each with a question that moves them on."""

import keras
import numpy as np
from keras.layers import LSTM, Dense, Embedding

from autograder.checks import misconception
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


@misconception(prepare, hint="Which words does the LSTM read last, and how many zeros come after them?")
def pads_behind(reviews, vocab_size, length):
    """Pads behind the words."""
    known = [[word if word < vocab_size else UNKNOWN for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length, padding="post")


@misconception(
    prepare, hint="Where in a review does its writer usually say the verdict: is that part still in your row?"
)
def keeps_the_beginning(reviews, vocab_size, length):
    """Cuts off the end of a long review."""
    known = [[word if word < vocab_size else UNKNOWN for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length, truncating="post")


@misconception(
    prepare, hint="How long is a review before and after you handle its rare words? Should it become shorter?"
)
def drops_rare_words(reviews, vocab_size, length):
    """Leaves rare words out."""
    known = [[word for word in review if word < vocab_size] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length)


@misconception(
    prepare, hint="How many rows has an Embedding with input_dim=10, and what is the number of its last row?"
)
def keeps_the_limit(reviews, vocab_size, length):
    """Keeps the id vocab_size itself."""
    known = [[word if word <= vocab_size else UNKNOWN for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length)


@misconception(prepare, hint="0 says that there is no word here. Which id says that there is a word you do not know?")
def rare_words_are_padding(reviews, vocab_size, length):
    """Turns rare words into 0."""
    known = [[word if word < vocab_size else 0 for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length)


@misconception(share_cut, hint="Does a review of exactly `length` words lose any?")
def counts_exact_fits(reviews, length):
    """Counts reviews that fit exactly as cut."""
    return float(np.mean([len(review) >= length for review in reviews]))


@misconception(share_cut, hint="Is your number between 0 and 1?")
def counts_reviews(reviews, length):
    """Gives the number of reviews in place of their share."""
    return sum(len(review) > length for review in reviews)


@misconception(share_cut, hint="Which reviews did you count: those that lose words, or the others?")
def share_that_fits(reviews, length):
    """Gives the share that is not cut."""
    return float(np.mean([len(review) <= length for review in reviews]))


@misconception(share_cut, hint="A share of what is asked for: of the reviews or of the words?")
def share_of_words(reviews, length):
    """Gives the share of words that are lost."""
    return sum(max(0, len(review) - length) for review in reviews) / sum(len(review) for review in reviews)


# Question 2


@misconception(lecture_model, hint="Can a probability be negative? Which activation keeps a number between 0 and 1?")
def no_sigmoid(vocab_size, length, embedding_dim=50, units=64):
    """Leaves the last layer without an activation."""
    layers = [keras.Input((length,)), Embedding(vocab_size, embedding_dim), LSTM(units), Dense(1)]
    return keras.Sequential(layers)


@misconception(lecture_model, hint="A softmax makes the outputs add up to 1. What is left for a single output?")
def softmax_on_one_unit(vocab_size, length, embedding_dim=50, units=64):
    """Uses softmax on one unit, which always gives 1."""
    head = Dense(1, activation="softmax")
    return keras.Sequential([keras.Input((length,)), Embedding(vocab_size, embedding_dim), LSTM(units), head])


@misconception(
    lecture_model, hint="How many numbers does the LSTM hand to the Dense layer: one state, or one per word?"
)
def returns_sequences(vocab_size, length, embedding_dim=50, units=64):
    """Sets return_sequences, so that there is a prediction for every word."""
    body = [Embedding(vocab_size, embedding_dim), LSTM(units, return_sequences=True)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@misconception(
    lecture_model, hint="Which of the two numbers is the length of a word's vector, and which is the size of the state?"
)
def sizes_swapped(vocab_size, length, embedding_dim=50, units=64):
    """Swaps embedding_dim and units."""
    body = [Embedding(vocab_size, units), LSTM(embedding_dim)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@misconception(lecture_model, hint="How many gates has the layer that you used, and how many has an LSTM?")
def simple_rnn(vocab_size, length, embedding_dim=50, units=64):
    """Uses a SimpleRNN in place of the LSTM."""
    from keras.layers import SimpleRNN

    body = [Embedding(vocab_size, embedding_dim), SimpleRNN(units)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@misconception(
    lecture_model,
    hint="Is the id 0 already among the vocab_size ids here, or does it come on top as with the Tokenizer?",
)
def one_row_too_many(vocab_size, length, embedding_dim=50, units=64):
    """Adds a row for the padding, which Keras' IMDB already counts."""
    body = [Embedding(vocab_size + 1, embedding_dim), LSTM(units)]
    return keras.Sequential([keras.Input((length,)), *body, Dense(1, activation="sigmoid")])


@misconception(lecture_model, hint="How many weights can an LSTM have before it knows what its input looks like?")
def without_input(vocab_size, length, embedding_dim=50, units=64):
    """Begins without an Input, so that no weights are made."""
    return keras.Sequential([Embedding(vocab_size, embedding_dim), LSTM(units), Dense(1, activation="sigmoid")])


# Question 3


@misconception(
    fit_and_validate, hint="What can a validation loss tell you that is measured on reviews the model has trained on?"
)
def validates_on_training_reviews(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Validates on the reviews it trains on."""
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_data=(x, y), verbose=0)
    return model, history.history


@misconception(fit_and_validate, hint="Which reviews does validation_split hold back: the first or the last ones?")
def holds_back_the_first(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Holds back the first reviews in place of the last."""
    held_out = round(validation_share * len(x))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    first = (x[:held_out], y[:held_out])
    history = model.fit(
        x[held_out:], y[held_out:], batch_size=batch_size, epochs=epochs, validation_data=first, verbose=0
    )
    return model, history.history


@misconception(
    fit_and_validate, hint="Which curves does your history hold? How would you see from them that the model overfits?"
)
def no_validation(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Trains on everything and validates on nothing."""
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)
    return model, history.history


@misconception(fit_and_validate, hint="The targets are two classes. Which loss goes with a sigmoid and two classes?")
def squared_error(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Uses the mean squared error as its loss."""
    model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=validation_share, verbose=0)
    return model, history.history


@misconception(
    fit_and_validate, hint="How far does a weight move in one step of plain gradient descent, and how far with Adam?"
)
def gradient_descent(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Compiles with SGD in place of Adam."""
    model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=validation_share, verbose=0)
    return model, history.history


@misconception(fit_and_validate, hint="How many reviews does one step see when you are called with batch_size=8?")
def always_the_same_batch(model, x, y, epochs=3, batch_size=128, validation_share=0.2):
    """Trains in batches of 128 whatever batch_size says."""
    return fit_and_validate(model, x, y, epochs, 128, validation_share)


@misconception(epoch_to_keep, hint="Could the validation loss fall again after it has risen once?")
def first_rise(history):
    """Stops before the validation loss rises for the first time."""
    losses = list(history["val_loss"])
    rises = [epoch for epoch in range(1, len(losses)) if losses[epoch] > losses[epoch - 1]]
    return rises[0] if rises else len(losses)


@misconception(epoch_to_keep, hint="Two epochs have the same validation loss. Which of them does the docstring name?")
def later_of_equal_ones(history):
    """Takes the later of two equally good epochs."""
    losses = list(history["val_loss"])
    return max(epoch for epoch, loss in enumerate(losses, start=1) if loss == min(losses))


@misconception(epoch_to_keep, hint="Is the first epoch number 0 or number 1 in Keras' output and in the docstring?")
def counts_from_zero(history):
    """Counts epochs from 0."""
    return int(np.argmin(history["val_loss"]))


@misconception(epoch_to_keep, hint="What has the validation loss been doing before the last epoch?")
def last_epoch(history):
    """Keeps the last epoch."""
    return len(history["val_loss"])


@misconception(epoch_to_keep, hint="Which of the four curves is measured on reviews that the model does not train on?")
def lowest_training_loss(history):
    """Looks at the training loss."""
    return int(np.argmin(history["loss"])) + 1


@misconception(
    epoch_to_keep, hint="Accuracy and loss can disagree about the best epoch. Which of them does the docstring name?"
)
def highest_validation_accuracy(history):
    """Looks at the validation accuracy."""
    return int(np.argmax(history["val_accuracy"])) + 1


@misconception(epoch_to_keep, hint="Is a loss better when it is high or when it is low?")
def highest_validation_loss(history):
    """Takes the epoch with the highest validation loss."""
    return int(np.argmax(history["val_loss"])) + 1


# Question 4


@misconception(
    accuracy, hint="What is the shape of `(probabilities > 0.5) == labels`? How many comparisons did you ask for?"
)
def broadcasts(probabilities, labels):
    """Compares (n, 1) with (n,), which makes (n, n) comparisons."""
    return float(np.mean((probabilities > 0.5) == labels))


@misconception(accuracy, hint="argmax picks the largest of several columns. How many columns are there?")
def argmax_of_one_column(probabilities, labels):
    """Takes the argmax of a single column, which is always 0."""
    return float(np.mean(np.argmax(probabilities, axis=1) == labels))


@misconception(accuracy, hint="What should your function return for a model that is always right?")
def share_of_errors(probabilities, labels):
    """Gives the share of wrong predictions."""
    return float(np.mean((probabilities[:, 0] > 0.5) != labels))


@misconception(accuracy, hint="Is your number between 0 and 1?")
def number_of_right_ones(probabilities, labels):
    """Gives the number of right predictions in place of their share."""
    return int(np.sum((probabilities[:, 0] > 0.5) == labels))


@misconception(accuracy, hint="A model says 0.6 for a positive review. Is that prediction right, or 0.6 right?")
def average_closeness(probabilities, labels):
    """Gives one minus the mean distance of probability and label."""
    return float(1 - np.mean(np.abs(probabilities[:, 0] - labels)))


@misconception(accuracy, hint="What does the docstring say of a probability of exactly 0.5?")
def half_is_positive(probabilities, labels):
    """Counts a probability of exactly 0.5 as positive."""
    return float(np.mean((probabilities[:, 0] >= 0.5) == labels))


@misconception(progress_bar, hint="40 reviews in batches of 8 are five steps. How many numbers stand in your sum?")
def one_step_too_many(correct, batch_size=32):
    """Adds a last step also when all batches are full."""
    seen = np.append(np.arange(batch_size, len(correct) + 1, batch_size), len(correct))
    running = np.cumsum(correct)[seen - 1] / seen
    return float(np.mean(running)), float(running[-1])


@misconception(
    progress_bar,
    hint="Over which reviews is the accuracy taken that the bar shows at step 5: those of one step, or all so far?",
)
def mean_of_batch_accuracies(correct, batch_size=32):
    """Averages the accuracies of single batches in place of the running ones."""
    batches = [correct[i : i + batch_size] for i in range(0, len(correct), batch_size)]
    return float(np.mean([np.mean(batch) for batch in batches])), float(np.mean(correct))


@misconception(
    progress_bar, hint="The last batch is smaller. Do its reviews count as much as the others in your final accuracy?"
)
def final_from_batches(correct, batch_size=32):
    """Takes the mean of the batch accuracies as the final accuracy."""
    seen = np.append(np.arange(batch_size, len(correct), batch_size), len(correct))
    running = np.cumsum(correct)[seen - 1] / seen
    batches = np.split(correct, seen[:-1])
    return float(np.mean(running)), float(np.mean([np.mean(batch) for batch in batches]))


@misconception(
    progress_bar, hint="If the bar showed the accuracy over all reviews, why would 0.8683 and 0.8694 differ?"
)
def twice_the_same(correct, batch_size=32):
    """Takes the bar's last number for the final accuracy."""
    return float(np.mean(correct)), float(np.mean(correct))


@misconception(
    progress_bar, hint="25,000 reviews in batches of 32 make 781.25 batches. How many steps does the bar count?"
)
def forgets_the_last_step(correct, batch_size=32):
    """Leaves out the last, smaller batch."""
    seen = np.arange(batch_size, len(correct) + 1, batch_size)
    running = np.cumsum(correct)[seen - 1] / seen
    return float(np.mean(running)), float(running[-1])


@misconception(progress_bar, hint="Which of your two numbers is the one that evaluate returns?")
def numbers_swapped(correct, batch_size=32):
    """Returns the final accuracy first."""
    seen = np.append(np.arange(batch_size, len(correct), batch_size), len(correct))
    running = np.cumsum(correct)[seen - 1] / seen
    return float(running[-1]), float(np.mean(running))


# Question 5


@misconception(
    encode, hint="The most frequent word has rank 1. Which id has it in the reviews, and what does id 1 stand for?"
)
def forgets_the_offset(sentence, word_index, vocab_size):
    """Uses the rank as the id."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ids = [word_index.get(word, UNKNOWN) for word in words]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


@misconception(encode, hint="With which id does every review in x_train begin?")
def forgets_the_start(sentence, word_index, vocab_size):
    """Leaves out the start marker."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ids = [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in words]
    return [number if number < vocab_size else UNKNOWN for number in ids]


@misconception(encode, hint="How many ids should a sentence of five words have when one of them is unknown?")
def drops_unknown_words(sentence, word_index, vocab_size):
    """Leaves unknown words out, as the Tokenizer does."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ids = [word_index[word] + OFFSET for word in words if word in word_index]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


@misconception(encode, hint="0 says that there is no word here. Which id says that there is a word you do not know?")
def unknown_words_are_padding(sentence, word_index, vocab_size):
    """Gives unknown words the id 0."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ids = [word_index[word] + OFFSET if word in word_index else 0 for word in words]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


@misconception(encode, hint="What does the Embedding do with an id that is not below its input_dim?")
def keeps_rare_words(sentence, word_index, vocab_size):
    """Keeps ids from vocab_size on."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    return [START] + [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in words]


@misconception(encode, hint="Is it the rank or the id that must stay below vocab_size?")
def compares_the_rank(sentence, word_index, vocab_size):
    """Compares the rank, not the id, with vocab_size."""
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ranks = [word_index.get(word, vocab_size) for word in words]
    return [START] + [rank + OFFSET if rank < vocab_size else UNKNOWN for rank in ranks]


@misconception(encode, hint="Is 'Film' in the word index, or only 'film'?")
def minds_capitals(sentence, word_index, vocab_size):
    """Looks words up with their capital letters."""
    words = sentence.translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ids = [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in words]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


@misconception(encode, hint="Is the apostrophe among the characters in PUNCTUATION?")
def minds_apostrophes(sentence, word_index, vocab_size):
    """Treats the apostrophe as punctuation."""
    return encode(sentence.replace("'", " "), word_index, vocab_size)


@misconception(encode, hint="What are the words of 'great film, really' after split()?")
def keeps_punctuation(sentence, word_index, vocab_size):
    """Leaves punctuation on the words."""
    ids = [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in sentence.lower().split()]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


@misconception(probability, hint="How did you pad the reviews that the model was trained on?")
def pads_the_review_behind(model, review, length):
    """Pads the review behind its words."""
    batch = keras.utils.pad_sequences([review], maxlen=length, padding="post")
    return float(model.predict(batch, verbose=0)[0, 0])


@misconception(probability, hint="Which part of a long review did the model see in training: its beginning or its end?")
def cuts_the_end(model, review, length):
    """Keeps the beginning of a long review."""
    batch = keras.utils.pad_sequences([review], maxlen=length, truncating="post")
    return float(model.predict(batch, verbose=0)[0, 0])


@misconception(probability, hint="Does the docstring ask for the verdict or for how sure the model is?")
def gives_the_verdict(model, review, length):
    """Gives the verdict, 0 or 1, in place of the probability."""
    batch = keras.utils.pad_sequences([review], maxlen=length)
    return float(model.predict(batch, verbose=0)[0, 0] > 0.5)


@misconception(probability, hint="Label 1 is a positive review. Which of the two probabilities does the model give?")
def probability_of_negative(model, review, length):
    """Gives the probability that the review is negative."""
    batch = keras.utils.pad_sequences([review], maxlen=length)
    return 1 - float(model.predict(batch, verbose=0)[0, 0])


# Question 6


@misconception(
    build_model, hint="Is word 200 twice as positive as word 100? Which layer gives each word numbers of its own?"
)
def ids_as_numbers(vocab_size, length):
    """Feeds the ids to the LSTM as if they were measurements, without an Embedding."""
    from keras.layers import Rescaling, Reshape

    body = [Reshape((length, 1)), Rescaling(1 / vocab_size), LSTM(64), Dense(1, activation="sigmoid")]
    return keras.Sequential([keras.Input((length,)), *body])


@misconception(build_model, hint="A softmax makes the outputs add up to 1. What is left for a single output?")
def always_sure(vocab_size, length):
    """Ends in a softmax on one unit, which always says positive."""
    body = [Embedding(vocab_size, 50), LSTM(64), Dense(1, activation="softmax")]
    return keras.Sequential([keras.Input((length,)), *body])


@misconception(train, hint="Which line of your function changes a weight?")
def never_fits(model, x, y, epochs):
    """Compiles the model and returns it untrained."""
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


@misconception(train, hint="After shuffling, does row i of x still belong to label i of y?")
def shuffles_labels_away(model, x, y, epochs):
    """Shuffles reviews and labels separately."""
    x, y = np.random.permutation(x), np.random.permutation(y)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    return model


@misconception(train, hint="How far do the weights move in one step with this learning rate?")
def hardly_moves(model, x, y, epochs):
    """Trains with plain gradient descent at rate 0.0001."""
    model.compile(optimizer=keras.optimizers.SGD(1e-4), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    return model


@misconception(train, hint="Which line of your function says how often the reviews are seen?")
def sees_them_five_times_as_often(model, x, y, epochs):
    """Trains for five times the epochs that it was given."""
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=5 * epochs, verbose=0)
    return model
