"""Wrong solutions that people really write for padding, each with a question that moves them on."""

import numpy as np

from autograder.checks import misconception
from solutions.padding import (
    SEPARATORS,
    bag_of_words,
    build_embedding,
    build_masked,
    embed,
    fit_vocabulary,
    input_dim,
    last_real_state,
    masked_mean,
    pad,
    padding_error,
    padding_mask,
    rnn_last_state,
    split_words,
    to_sequences,
)

# Question 1: tokenize


@misconception(fit_vocabulary, hint="Which index will stand for the padding, and may a word have the same one?")
def starts_at_zero(sentences):
    """Gives the first word index 0."""
    return {word: index - 1 for word, index in fit_vocabulary(sentences).items()}


@misconception(fit_vocabulary, hint="Which word should have index 1: the first one you meet, or the most frequent one?")
def in_order_of_appearance(sentences):
    """Numbers the words as they appear, whatever their frequency."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    return {word: index for index, word in enumerate(dict.fromkeys(words), start=1)}


@misconception(fit_vocabulary, hint="Two words occur once each. Which of them does the stub put first?")
def ties_by_alphabet(sentences):
    """Puts equally frequent words in the order of the alphabet."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    ordered = sorted(set(words), key=lambda word: (-words.count(word), word))
    return {word: index for index, word in enumerate(ordered, start=1)}


@misconception(
    fit_vocabulary, hint="You turned an ascending order round. What did that do to words of equal frequency?"
)
def ties_turned_round(sentences):
    """Puts equally frequent words in the opposite of the order in which they appear."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    ordered = sorted(dict.fromkeys(words), key=words.count)[::-1]
    return {word: index for index, word in enumerate(ordered, start=1)}


@misconception(fit_vocabulary, hint="A word stands three times in one sentence. By how much should its count grow?")
def counts_sentences(sentences):
    """Counts the sentences in which a word occurs, not how often it occurs."""
    return fit_vocabulary([" ".join(dict.fromkeys(split_words(sentence))) for sentence in sentences])


@misconception(fit_vocabulary, hint="Should the rarest word get index 1, or the most frequent one?")
def rarest_first(sentences):
    """Numbers the rarest words first."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    ordered = sorted(dict.fromkeys(words), key=words.count)
    return {word: index for index, word in enumerate(ordered, start=1)}


@misconception(fit_vocabulary, hint="Are 'The' and 'the' one word or two?")
def keeps_capitals(sentences):
    """Keeps capital letters."""
    from collections import Counter

    table = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
    words = [word for sentence in sentences for word in sentence.translate(table).split()]
    return {word: index for index, (word, _) in enumerate(Counter(words).most_common(), start=1)}


@misconception(fit_vocabulary, hint="After splitting at spaces, are 'clean' and 'clean,' the same word?")
def keeps_punctuation(sentences):
    """Leaves punctuation at the words."""
    from collections import Counter

    words = [word for sentence in sentences for word in sentence.lower().split()]
    return {word: index for index, (word, _) in enumerate(Counter(words).most_common(), start=1)}


@misconception(fit_vocabulary, hint="What becomes of 'well-known': two words, or one that nobody wrote?")
def deletes_punctuation(sentences):
    """Deletes punctuation without leaving a space."""
    table = str.maketrans("", "", SEPARATORS.replace("\t", "").replace("\n", ""))
    return fit_vocabulary([sentence.translate(table) for sentence in sentences])


@misconception(fit_vocabulary, hint='Is the apostrophe among the characters in PUNCTUATION? What becomes of "don\'t"?')
def splits_at_apostrophes(sentences):
    """Treats the apostrophe as punctuation."""
    return fit_vocabulary([sentence.replace("'", " ") for sentence in sentences])


@misconception(to_sequences, hint="What does index 0 stand for, and is an unknown word the same thing?")
def unknown_is_zero(sentences, word_index):
    """Writes 0 for an unknown word."""
    return [[word_index.get(word, 0) for word in split_words(sentence)] for sentence in sentences]


@misconception(to_sequences, hint="How many rows would an Embedding need if unknown words had an index of their own?")
def unknown_is_one_more(sentences, word_index):
    """Gives unknown words an index of their own."""
    unknown = len(word_index) + 1
    return [[word_index.get(word, unknown) for word in split_words(sentence)] for sentence in sentences]


@misconception(
    to_sequences, hint="The words of the vocabulary were cleaned. Are the words that you look up cleaned too?"
)
def looks_up_without_cleaning(sentences, word_index):
    """Looks words up without cleaning them first."""
    return [[word_index[word] for word in sentence.split() if word in word_index] for sentence in sentences]


@misconception(to_sequences, hint="Whose indices does a trained network know: those of the vocabulary, or new ones?")
def numbers_again(sentences, word_index):
    """Numbers the words of the new sentences again."""
    return to_sequences(sentences, fit_vocabulary(sentences))


@misconception(to_sequences, hint="What is left of the order of the words, and of a word that occurs twice?")
def each_word_once(sentences, word_index):
    """Writes each word of a sentence once, in the order of the indices."""
    return [sorted(set(sequence)) for sequence in to_sequences(sentences, word_index)]


@misconception(to_sequences, hint="Can you still see where one sentence ends and the next one begins?")
def one_long_list(sentences, word_index):
    """Joins all sentences into one list."""
    return [index for sequence in to_sequences(sentences, word_index) for index in sequence]


@misconception(to_sequences, hint="How many rows must X have when one of the sentences has no known word?")
def drops_empty_sentences(sentences, word_index):
    """Leaves out sentences without a known word."""
    return [sequence for sequence in to_sequences(sentences, word_index) if sequence]


@misconception(bag_of_words, hint="A word occurs twice in a sentence. Which number should stand in its column?")
def presence(sequences, vocab_size):
    """Writes 1 for a word that occurs, however often."""
    return (bag_of_words(sequences, vocab_size) > 0).astype(int)


@misconception(bag_of_words, hint="In which column is the word with index 1 counted, and what is column 0 for?")
def without_column_zero(sequences, vocab_size):
    """Has no column for index 0."""
    return bag_of_words(sequences, vocab_size)[:, 1:]


@misconception(bag_of_words, hint="Should a row say how often a word occurs, or which share of the sentence it is?")
def shares(sequences, vocab_size):
    """Divides by the length of the sentence."""
    counts = bag_of_words(sequences, vocab_size)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@misconception(bag_of_words, hint="Which of the two axes has one entry per sentence?")
def words_before_sentences(sequences, vocab_size):
    """Puts the words before the sentences."""
    return bag_of_words(sequences, vocab_size).T


# Question 2: pad and truncate


@misconception(pad, hint="With padding='pre', where do the last words of a short sentence stand?")
def always_fills_behind(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Fills behind the sequence whatever padding says."""
    return pad(sequences, maxlen, "post", truncating, value)


@misconception(pad, hint="With padding='post', which column holds the first word of a short sentence?")
def always_fills_in_front(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Fills in front of the sequence whatever padding says."""
    return pad(sequences, maxlen, "pre", truncating, value)


@misconception(pad, hint="Does padding='pre' say where the filling goes, or where the words go?")
def swaps_padding(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Fills at the other end."""
    return pad(sequences, maxlen, "post" if padding == "pre" else "pre", truncating, value)


@misconception(pad, hint="Which argument says what the filling is?")
def fills_with_zero(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Fills with 0 whatever value says."""
    return pad(sequences, maxlen, padding, truncating)


@misconception(pad, hint="Which sequence decides how long the rows must be when maxlen is not given?")
def as_long_as_the_first(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Makes the rows as long as the first sequence when maxlen is not given."""
    return pad(sequences, len(sequences[0]) if maxlen is None else maxlen, padding, truncating, value)


@misconception(
    pad, hint="A list of 5 numbers and maxlen 8: what is the number by which you cut, and what does Python cut?"
)
def cuts_short_ones_too(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Cuts sequences that are shorter than maxlen."""
    if maxlen is None:
        maxlen = max(len(sequence) for sequence in sequences)
    if truncating == "pre":
        sequences = [sequence[len(sequence) - maxlen :] for sequence in sequences]
    return pad(sequences, maxlen, padding, truncating, value)


@misconception(pad, hint="Is where to cut decided by padding, or has it an argument of its own?")
def cuts_where_it_fills(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Cuts at the end that padding names."""
    return pad(sequences, maxlen, padding, padding, value)


@misconception(pad, hint="With truncating='pre', which words of a long review are left, the first or the last?")
def always_keeps_the_start(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Keeps the first maxlen numbers whatever truncating says."""
    return pad(sequences, maxlen, padding, "post", value)


@misconception(pad, hint="With truncating='post', which words of a long review are left, the first or the last?")
def always_keeps_the_end(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Keeps the last maxlen numbers whatever truncating says."""
    return pad(sequences, maxlen, padding, "pre", value)


@misconception(pad, hint="Does truncating='pre' name the part that goes, or the part that stays?")
def swaps_truncating(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Keeps the end that truncating names."""
    return pad(sequences, maxlen, padding, "post" if truncating == "pre" else "pre", value)


@misconception(pad, hint="y has one target for every sequence. Does your array still have one row for each?")
def leaves_out_empty_ones(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Leaves out empty sequences."""
    return pad([sequence for sequence in sequences if len(sequence)], maxlen, padding, truncating, value)


@misconception(pad, hint="For an empty sequence, which part of the row is row[-0:]?")
def assigns_from_minus_zero(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Writes into out[i, -len(sequence):] with padding 'pre', also when the length is 0."""
    out = np.array(pad(sequences, maxlen, padding, truncating, value))
    for i, sequence in enumerate(sequences):
        if padding == "pre":
            kept = list(sequence)[-out.shape[1] :] if truncating == "pre" else list(sequence)[: out.shape[1]]
            out[i, -len(kept) :] = kept
    return out


@misconception(pad, hint="Which dtype does your array have, and what becomes of 0.7 in it?")
def whole_numbers(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Cuts every number to a whole one."""
    return pad(sequences, maxlen, padding, truncating, value).astype("int32")


@misconception(pad, hint="Is 1 the same measurement as 0.7?")
def rounded_numbers(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Rounds every number to a whole one."""
    return np.round(pad(sequences, maxlen, padding, truncating, value))


# Question 3: from indices to vectors


@misconception(input_dim, hint="The words have the indices 1 to vocab_size. Which row is left for index 0?")
def no_row_for_padding(word_index):
    """Counts a row for each word and none for the padding."""
    return len(word_index)


@misconception(input_dim, hint="Unknown words were dropped. Which index would use the last row?")
def a_row_for_unknown_words(word_index):
    """Counts a further row for unknown words."""
    return len(word_index) + 2


@misconception(embed, hint="Which row of the table belongs to index 0, and which to index 1?")
def one_row_early(x, table):
    """Takes row i - 1 for index i."""
    return np.asarray(table)[np.asarray(x) - 1]


@misconception(embed, hint="Is row 0 of the table filled with zeros, or with weights like the others?")
def zeros_for_padding(x, table):
    """Gives the padding a vector of zeros."""
    return embed(x, table) * (np.asarray(x) != 0)[:, :, np.newaxis]


@misconception(embed, hint="How many axes has the input of a recurrent layer, and which one have you summed over?")
def sums_the_sentence(x, table):
    """Adds up the vectors of a sentence."""
    return embed(x, table).sum(axis=1)


@misconception(embed, hint="Which axis of X comes last: the observations, or the features?")
def features_before_words(x, table):
    """Puts the features before the observations."""
    return embed(x, table).transpose(0, 2, 1)


@misconception(
    build_embedding, hint="Which is the highest index that can come in, and does the table have a row for it?"
)
def table_without_padding(word_index, n_features):
    """Builds a table with a row for each word and none for the padding."""
    import keras
    from keras.layers import Embedding

    return keras.Sequential([keras.Input((None,)), Embedding(len(word_index), n_features)])


@misconception(build_embedding, hint="Embedding takes input_dim first. Which of your two numbers counts the rows?")
def swaps_the_dimensions(word_index, n_features):
    """Gives the Embedding its two sizes in the wrong order."""
    import keras
    from keras.layers import Embedding

    return keras.Sequential([keras.Input((None,)), Embedding(n_features, len(word_index) + 1)])


@misconception(build_embedding, hint="What does a Dense layer do with index 8: look it up, or multiply by it?")
def dense_on_indices(word_index, n_features):
    """Multiplies the index by weights, as if it were a measurement."""
    import keras
    from keras.layers import Dense, Reshape

    return keras.Sequential([keras.Input((None,)), Reshape((-1, 1)), Dense(n_features)])


# Question 4: masks


@misconception(padding_mask, hint="Should True mean 'read this step' or 'skip this step'?")
def marks_the_padding(x):
    """Marks the padding."""
    return np.asarray(x) == 0


@misconception(padding_mask, hint="The sentence has 5 words. Are they the first 5 entries when the zeros come first?")
def counts_from_the_left(x):
    """Marks as many steps from the left as there are words."""
    x = np.asarray(x)
    return np.arange(x.shape[1]) < (x != 0).sum(axis=1, keepdims=True)


@misconception(padding_mask, hint="With pre-padding, how many words stand before the first 0?")
def up_to_the_first_zero(x):
    """Marks the steps up to the first 0."""
    return np.cumprod(np.asarray(x) != 0, axis=1).astype(bool)


@misconception(padding_mask, hint="Which word has index 1?")
def index_one_is_padding(x):
    """Takes index 1 for padding too."""
    return np.asarray(x) > 1


@misconception(masked_mean, hint="Through how many steps do you divide, and how many of them are words?")
def divides_by_all_steps(states, mask):
    """Divides by the number of all steps."""
    return (states * mask[:, :, np.newaxis]).mean(axis=1)


@misconception(masked_mean, hint="Which steps enter your mean that the mask leaves out?")
def averages_all_steps(states, mask):
    """Takes the mean over all steps."""
    return states.mean(axis=1)


@misconception(masked_mean, hint="Does your answer grow when the sentence gets longer? Should a mean?")
def sums_real_steps(states, mask):
    """Adds the real steps up."""
    return (states * mask[:, :, np.newaxis]).sum(axis=1)


@misconception(masked_mean, hint="What is 0 divided by 0 in numpy, and which row leads to it?")
def not_a_number(states, mask):
    """Divides 0 by 0 in a row without words."""
    with np.errstate(invalid="ignore"):
        return (states * mask[:, :, np.newaxis]).sum(axis=1) / mask.sum(axis=1, keepdims=True)


@misconception(last_real_state, hint="With post-padding, what did the layer read at the last step?")
def last_step(states, mask):
    """Takes the last step, padding or not."""
    return states[:, -1]


@misconception(last_real_state, hint="The sentence has 5 words. Is its last one in column 4 when the zeros come first?")
def step_of_the_count(states, mask):
    """Takes the step whose number is the count of words, as if the words came first."""
    count = mask.sum(axis=1)
    return states[np.arange(len(states)), count - 1] * (count > 0)[:, np.newaxis]


@misconception(last_real_state, hint="argmax finds the first True. Which one do you need?")
def first_real_step(states, mask):
    """Takes the first real step."""
    return states[np.arange(len(states)), mask.argmax(axis=1)] * mask.any(axis=1)[:, np.newaxis]


@misconception(last_real_state, hint="What is left of the sentence when its last column is padding?")
def zeros_for_a_padded_end(states, mask):
    """Gives zeros to every row that ends in padding."""
    return states[:, -1] * mask[:, -1:]


@misconception(
    last_real_state, hint="Which step do you take in a row without any True, and what does the stub ask for there?"
)
def empty_row_like_any_other(states, mask):
    """Takes the last step in a row without words."""
    from_the_end = mask[:, ::-1].argmax(axis=1)
    return states[np.arange(len(states)), mask.shape[1] - 1 - from_the_end]


# Question 5: what padding does to the last state


@misconception(rnn_last_state, hint="What does mask_zero=True change in your function?")
def never_masks(x, table, w_x, w_h, b, mask_zero=False):
    """Reads the padding with and without a mask."""
    return rnn_last_state(x, table, w_x, w_h, b)


@misconception(rnn_last_state, hint="Without a mask, which row of the table does Keras read at index 0?")
def always_masks(x, table, w_x, w_h, b, mask_zero=False):
    """Skips the padding with and without a mask."""
    return rnn_last_state(x, table, w_x, w_h, b, mask_zero=True)


@misconception(rnn_last_state, hint="At a masked step, does the network forget what it has read, or wait?")
def resets_the_state(x, table, w_x, w_h, b, mask_zero=False):
    """Sets the state to zero at a masked step."""
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        state = np.tanh(table[index] @ w_x + state @ w_h + b)
        if mask_zero:
            state = state * (index != 0)[:, np.newaxis]
    return state


@misconception(rnn_last_state, hint="With a word vector of zeros, is tanh(0 + y W_h + b) still the old state y?")
def masks_the_word_vector(x, table, w_x, w_h, b, mask_zero=False):
    """Feeds zeros at a masked step, and updates the state all the same."""
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        vector = table[index] * (index != 0)[:, np.newaxis] if mask_zero else table[index]
        state = np.tanh(vector @ w_x + state @ w_h + b)
    return state


@misconception(rnn_last_state, hint="The update has three parts: the input, the old state, and what else?")
def forgets_the_bias(x, table, w_x, w_h, b, mask_zero=False):
    """Leaves the bias out."""
    return rnn_last_state(x, table, w_x, w_h, np.zeros(len(b)), mask_zero)


@misconception(rnn_last_state, hint="Where does y(t-1) enter in the computation of y(t)?")
def forgets_the_old_state(x, table, w_x, w_h, b, mask_zero=False):
    """Computes the state from one word alone."""
    return rnn_last_state(x, table, w_x, np.zeros((len(b), len(b))), b, mask_zero)


@misconception(rnn_last_state, hint="For one row y of the batch, does Keras multiply y by W_h, or W_h by y?")
def turns_the_recurrent_kernel(x, table, w_x, w_h, b, mask_zero=False):
    """Multiplies by the recurrent kernel the other way round."""
    return rnn_last_state(x, table, w_x, np.asarray(w_h).T, b, mask_zero)


@misconception(rnn_last_state, hint="Which activation does SimpleRNN have when none is named?")
def forgets_tanh(x, table, w_x, w_h, b, mask_zero=False):
    """Computes the state without tanh."""
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        update = table[index] @ w_x + state @ w_h + b
        state = np.where((index == 0)[:, np.newaxis], state, update) if mask_zero else update
    return state


@misconception(padding_error, hint="One unit went from 0.5 to -0.5. Is that no change, or a large one?")
def signed_difference(states, x):
    """Takes the largest difference with its sign."""
    lengths = (x != 0).sum(axis=1)
    return (states[:, -1] - states[np.arange(len(x)), lengths - 1]).max(axis=1)


@misconception(padding_error, hint="Which step comes right after the last word: column length, or column length - 1?")
def one_step_late(states, x):
    """Compares with the state after the first zero."""
    lengths = np.minimum((x != 0).sum(axis=1), x.shape[1] - 1)
    return np.abs(states[:, -1] - states[np.arange(len(x)), lengths]).max(axis=1)


@misconception(padding_error, hint="Does the stub ask for the largest difference among the units, or for the mean?")
def mean_difference(states, x):
    """Takes the mean over the units."""
    lengths = (x != 0).sum(axis=1)
    return np.abs(states[:, -1] - states[np.arange(len(x)), lengths - 1]).mean(axis=1)


@misconception(padding_error, hint="Should the answer be one number for all sentences, or one for each?")
def one_number_for_all(states, x):
    """Takes the largest difference over all sentences."""
    return padding_error(states, x).max()


@misconception(padding_error, hint="After which word has the layer read the whole sentence: the first or the last?")
def compares_with_the_first_word(states, x):
    """Compares with the state after the first word."""
    return np.abs(states[:, -1] - states[:, 0]).max(axis=1)


@misconception(build_masked, hint="Which argument of Embedding tells the next layer that 0 is padding?")
def builds_without_mask(vocab_size, n_features, units):
    """Builds the model without a mask."""
    import keras
    from keras.layers import LSTM, Embedding

    return keras.Sequential([keras.Input((None,)), Embedding(vocab_size + 1, n_features), LSTM(units)])


@misconception(
    build_masked, hint="Your model gives 'good, not bad' and 'bad, not good' the same output. What has it lost?"
)
def builds_a_mean(vocab_size, n_features, units):
    """Averages the word vectors in place of reading them in order."""
    import keras
    from keras.layers import Dense, Embedding, GlobalAveragePooling1D

    embedding = Embedding(vocab_size + 1, n_features, mask_zero=True)
    return keras.Sequential([keras.Input((None,)), embedding, GlobalAveragePooling1D(), Dense(units)])


@misconception(
    build_masked, hint="Your model gives a state for every word. Which argument of the layer makes it do so?"
)
def builds_every_state(vocab_size, n_features, units):
    """Returns the state at every step."""
    import keras
    from keras.layers import LSTM, Embedding

    embedding = Embedding(vocab_size + 1, n_features, mask_zero=True)
    return keras.Sequential([keras.Input((None,)), embedding, LSTM(units, return_sequences=True)])


@misconception(build_masked, hint="What does a recurrent layer learn from index 8 that it could not learn from a name?")
def builds_without_embedding(vocab_size, n_features, units):
    """Feeds the indices to the recurrent layer as if they were measurements."""
    import keras
    from keras.layers import LSTM, Masking, Reshape

    return keras.Sequential([keras.Input((None,)), Reshape((-1, 1)), Masking(), LSTM(units)])
