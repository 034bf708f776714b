"""Wrong solutions that people really write for padding, each with a question that moves them on."""

import numpy as np

from autograder.checks import misconceptions_of
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

wrong = misconceptions_of(fit_vocabulary)
wrong.formula(
    "{word: index - 1 for word, index in fit_vocabulary(sentences).items()}",
    name="Gives the first word index 0",
    hint="Which index will stand for the padding, and may a word have the same one?",
)


@wrong(hint="Which word should have index 1: the first one you meet, or the most frequent one?")
def in_order_of_appearance(sentences):
    """Numbers the words as they appear, whatever their frequency."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    return {word: index for index, word in enumerate(dict.fromkeys(words), start=1)}


@wrong(hint="Two words occur once each. Which of them does the stub put first?")
def ties_by_alphabet(sentences):
    """Puts equally frequent words in the order of the alphabet."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    ordered = sorted(set(words), key=lambda word: (-words.count(word), word))
    return {word: index for index, word in enumerate(ordered, start=1)}


@wrong(hint="You turned an ascending order round. What did that do to words of equal frequency?")
def ties_turned_round(sentences):
    """Puts equally frequent words in the opposite of the order in which they appear."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    ordered = sorted(dict.fromkeys(words), key=words.count)[::-1]
    return {word: index for index, word in enumerate(ordered, start=1)}


wrong.formula(
    'fit_vocabulary([" ".join(dict.fromkeys(split_words(sentence))) for sentence in sentences])',
    name="Counts the sentences in which a word occurs, not how often it occurs",
    hint="A word stands three times in one sentence. By how much should its count grow?",
)


@wrong(hint="Should the rarest word get index 1, or the most frequent one?")
def rarest_first(sentences):
    """Numbers the rarest words first."""
    words = [word for sentence in sentences for word in split_words(sentence)]
    ordered = sorted(dict.fromkeys(words), key=words.count)
    return {word: index for index, word in enumerate(ordered, start=1)}


@wrong(hint="Are 'The' and 'the' one word or two?")
def keeps_capitals(sentences):
    """Keeps capital letters."""
    from collections import Counter

    table = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
    words = [word for sentence in sentences for word in sentence.translate(table).split()]
    return {word: index for index, (word, _) in enumerate(Counter(words).most_common(), start=1)}


@wrong(hint="After splitting at spaces, are 'clean' and 'clean,' the same word?")
def keeps_punctuation(sentences):
    """Leaves punctuation at the words."""
    from collections import Counter

    words = [word for sentence in sentences for word in sentence.lower().split()]
    return {word: index for index, (word, _) in enumerate(Counter(words).most_common(), start=1)}


@wrong(hint="What becomes of 'well-known': two words, or one that nobody wrote?")
def deletes_punctuation(sentences):
    """Deletes punctuation without leaving a space."""
    table = str.maketrans("", "", SEPARATORS.replace("\t", "").replace("\n", ""))
    return fit_vocabulary([sentence.translate(table) for sentence in sentences])


wrong.formula(
    'fit_vocabulary([sentence.replace("\'", " ") for sentence in sentences])',
    name="Treats the apostrophe as punctuation",
    hint='Is the apostrophe among the characters in PUNCTUATION? What becomes of "don\'t"?',
)

wrong = misconceptions_of(to_sequences)
wrong.formula(
    "[[word_index.get(word, 0) for word in split_words(sentence)] for sentence in sentences]",
    name="Writes 0 for an unknown word",
    hint="What does index 0 stand for, and is an unknown word the same thing?",
)


@wrong(hint="How many rows would an Embedding need if unknown words had an index of their own?")
def unknown_is_one_more(sentences, word_index):
    """Gives unknown words an index of their own."""
    unknown = len(word_index) + 1
    return [[word_index.get(word, unknown) for word in split_words(sentence)] for sentence in sentences]


wrong.formula(
    "[[word_index[word] for word in sentence.split() if word in word_index] for sentence in sentences]",
    name="Looks words up without cleaning them first",
    hint="The words of the vocabulary were cleaned. Are the words that you look up cleaned too?",
)
wrong.formula(
    "to_sequences(sentences, fit_vocabulary(sentences))",
    name="Numbers the words of the new sentences again",
    hint="Whose indices does a trained network know: those of the vocabulary, or new ones?",
)
wrong.formula(
    "[sorted(set(sequence)) for sequence in to_sequences(sentences, word_index)]",
    name="Writes each word of a sentence once, in the order of the indices",
    hint="What is left of the order of the words, and of a word that occurs twice?",
)
wrong.formula(
    "[index for sequence in to_sequences(sentences, word_index) for index in sequence]",
    name="Joins all sentences into one list",
    hint="Can you still see where one sentence ends and the next one begins?",
)
wrong.formula(
    "[sequence for sequence in to_sequences(sentences, word_index) if sequence]",
    name="Leaves out sentences without a known word",
    hint="How many rows must X have when one of the sentences has no known word?",
)

wrong = misconceptions_of(bag_of_words)
wrong.formula(
    "(bag_of_words(sequences, vocab_size) > 0).astype(int)",
    name="Writes 1 for a word that occurs, however often",
    hint="A word occurs twice in a sentence. Which number should stand in its column?",
)
wrong.formula(
    "bag_of_words(sequences, vocab_size)[:, 1:]",
    name="Has no column for index 0",
    hint="In which column is the word with index 1 counted, and what is column 0 for?",
)


@wrong(hint="Should a row say how often a word occurs, or which share of the sentence it is?")
def shares(sequences, vocab_size):
    """Divides by the length of the sentence."""
    counts = bag_of_words(sequences, vocab_size)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


wrong.formula(
    "bag_of_words(sequences, vocab_size).T",
    name="Puts the words before the sentences",
    hint="Which of the two axes has one entry per sentence?",
)

# Question 2: pad and truncate

wrong = misconceptions_of(pad)
wrong.formula(
    'pad(sequences, maxlen, "post", truncating, value)',
    name="Fills behind the sequence whatever padding says",
    hint="With padding='pre', where do the last words of a short sentence stand?",
)
wrong.formula(
    'pad(sequences, maxlen, "pre", truncating, value)',
    name="Fills in front of the sequence whatever padding says",
    hint="With padding='post', which column holds the first word of a short sentence?",
)
wrong.formula(
    'pad(sequences, maxlen, "post" if padding == "pre" else "pre", truncating, value)',
    name="Fills at the other end",
    hint="Does padding='pre' say where the filling goes, or where the words go?",
)
wrong.formula(
    "pad(sequences, maxlen, padding, truncating)",
    name="Fills with 0 whatever value says",
    hint="Which argument says what the filling is?",
)
wrong.formula(
    "pad(sequences, len(sequences[0]) if maxlen is None else maxlen, padding, truncating, value)",
    name="Makes the rows as long as the first sequence when maxlen is not given",
    hint="Which sequence decides how long the rows must be when maxlen is not given?",
)


@wrong(hint="A list of 5 numbers and maxlen 8: what is the number by which you cut, and what does Python cut?")
def cuts_short_ones_too(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Cuts sequences that are shorter than maxlen."""
    if maxlen is None:
        maxlen = max(len(sequence) for sequence in sequences)
    if truncating == "pre":
        sequences = [sequence[len(sequence) - maxlen :] for sequence in sequences]
    return pad(sequences, maxlen, padding, truncating, value)


wrong.formula(
    "pad(sequences, maxlen, padding, padding, value)",
    name="Cuts at the end that padding names",
    hint="Is where to cut decided by padding, or has it an argument of its own?",
)
wrong.formula(
    'pad(sequences, maxlen, padding, "post", value)',
    name="Keeps the first maxlen numbers whatever truncating says",
    hint="With truncating='pre', which words of a long review are left, the first or the last?",
)
wrong.formula(
    'pad(sequences, maxlen, padding, "pre", value)',
    name="Keeps the last maxlen numbers whatever truncating says",
    hint="With truncating='post', which words of a long review are left, the first or the last?",
)
wrong.formula(
    'pad(sequences, maxlen, padding, "post" if truncating == "pre" else "pre", value)',
    name="Keeps the end that truncating names",
    hint="Does truncating='pre' name the part that goes, or the part that stays?",
)
wrong.formula(
    "pad([sequence for sequence in sequences if len(sequence)], maxlen, padding, truncating, value)",
    name="Leaves out empty sequences",
    hint="y has one target for every sequence. Does your array still have one row for each?",
)


@wrong(hint="For an empty sequence, which part of the row is row[-0:]?")
def assigns_from_minus_zero(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    """Writes into out[i, -len(sequence):] with padding 'pre', also when the length is 0."""
    out = np.array(pad(sequences, maxlen, padding, truncating, value))
    for i, sequence in enumerate(sequences):
        if padding == "pre":
            kept = list(sequence)[-out.shape[1] :] if truncating == "pre" else list(sequence)[: out.shape[1]]
            out[i, -len(kept) :] = kept
    return out


wrong.formula(
    'pad(sequences, maxlen, padding, truncating, value).astype("int32")',
    name="Cuts every number to a whole one",
    hint="Which dtype does your array have, and what becomes of 0.7 in it?",
)
wrong.formula(
    "np.round(pad(sequences, maxlen, padding, truncating, value))",
    name="Rounds every number to a whole one",
    hint="Is 1 the same measurement as 0.7?",
)

# Question 3: from indices to vectors

wrong = misconceptions_of(input_dim)
wrong.formula(
    "len(word_index)",
    name="Counts a row for each word and none for the padding",
    hint="The words have the indices 1 to vocab_size. Which row is left for index 0?",
)
wrong.formula(
    "len(word_index) + 2",
    name="Counts a further row for unknown words",
    hint="Unknown words were dropped. Which index would use the last row?",
)

wrong = misconceptions_of(embed)
wrong.formula(
    "np.asarray(table)[np.asarray(x) - 1]",
    name="Takes row i - 1 for index i",
    hint="Which row of the table belongs to index 0, and which to index 1?",
)
wrong.formula(
    "embed(x, table) * (np.asarray(x) != 0)[:, :, np.newaxis]",
    name="Gives the padding a vector of zeros",
    hint="Is row 0 of the table filled with zeros, or with weights like the others?",
)
wrong.formula(
    "embed(x, table).sum(axis=1)",
    name="Adds up the vectors of a sentence",
    hint="How many axes has the input of a recurrent layer, and which one have you summed over?",
)
wrong.formula(
    "embed(x, table).transpose(0, 2, 1)",
    name="Puts the features before the observations",
    hint="Which axis of X comes last: the observations, or the features?",
)

wrong = misconceptions_of(build_embedding)
wrong.formula(
    "keras.Sequential([keras.Input((None,)), Embedding(len(word_index), n_features)])",
    name="Builds a table with a row for each word and none for the padding",
    hint="Which is the highest index that can come in, and does the table have a row for it?",
)
wrong.formula(
    "keras.Sequential([keras.Input((None,)), Embedding(n_features, len(word_index) + 1)])",
    name="Gives the Embedding its two sizes in the wrong order",
    hint="Embedding takes input_dim first. Which of your two numbers counts the rows?",
)


@wrong(hint="What does a Dense layer do with index 8: look it up, or multiply by it?")
def dense_on_indices(word_index, n_features):
    """Multiplies the index by weights, as if it were a measurement."""
    import keras
    from keras.layers import Dense, Reshape

    return keras.Sequential([keras.Input((None,)), Reshape((-1, 1)), Dense(n_features)])


# Question 4: masks

wrong = misconceptions_of(padding_mask)
wrong.formula(
    "np.asarray(x) == 0",
    name="Marks the padding",
    hint="Should True mean 'read this step' or 'skip this step'?",
)


@wrong(hint="The sentence has 5 words. Are they the first 5 entries when the zeros come first?")
def counts_from_the_left(x):
    """Marks as many steps from the left as there are words."""
    x = np.asarray(x)
    return np.arange(x.shape[1]) < (x != 0).sum(axis=1, keepdims=True)


wrong.formula(
    "np.cumprod(np.asarray(x) != 0, axis=1).astype(bool)",
    name="Marks the steps up to the first 0",
    hint="With pre-padding, how many words stand before the first 0?",
)
wrong.formula(
    "np.asarray(x) > 1",
    name="Takes index 1 for padding too",
    hint="Which word has index 1?",
)

wrong = misconceptions_of(masked_mean)
wrong.formula(
    "(states * mask[:, :, np.newaxis]).mean(axis=1)",
    name="Divides by the number of all steps",
    hint="Through how many steps do you divide, and how many of them are words?",
)
wrong.formula(
    "states.mean(axis=1)",
    name="Takes the mean over all steps",
    hint="Which steps enter your mean that the mask leaves out?",
)
wrong.formula(
    "(states * mask[:, :, np.newaxis]).sum(axis=1)",
    name="Adds the real steps up",
    hint="Does your answer grow when the sentence gets longer? Should a mean?",
)


@wrong(hint="What is 0 divided by 0 in numpy, and which row leads to it?")
def not_a_number(states, mask):
    """Divides 0 by 0 in a row without words."""
    with np.errstate(invalid="ignore"):
        return (states * mask[:, :, np.newaxis]).sum(axis=1) / mask.sum(axis=1, keepdims=True)


wrong = misconceptions_of(last_real_state)
wrong.formula(
    "states[:, -1]",
    name="Takes the last step, padding or not",
    hint="With post-padding, what did the layer read at the last step?",
)


@wrong(hint="The sentence has 5 words. Is its last one in column 4 when the zeros come first?")
def step_of_the_count(states, mask):
    """Takes the step whose number is the count of words, as if the words came first."""
    count = mask.sum(axis=1)
    return states[np.arange(len(states)), count - 1] * (count > 0)[:, np.newaxis]


wrong.formula(
    "states[np.arange(len(states)), mask.argmax(axis=1)] * mask.any(axis=1)[:, np.newaxis]",
    name="Takes the first real step",
    hint="argmax finds the first True. Which one do you need?",
)
wrong.formula(
    "states[:, -1] * mask[:, -1:]",
    name="Gives zeros to every row that ends in padding",
    hint="What is left of the sentence when its last column is padding?",
)


@wrong(hint="Which step do you take in a row without any True, and what does the stub ask for there?")
def empty_row_like_any_other(states, mask):
    """Takes the last step in a row without words."""
    from_the_end = mask[:, ::-1].argmax(axis=1)
    return states[np.arange(len(states)), mask.shape[1] - 1 - from_the_end]


# Question 5: what padding does to the last state

wrong = misconceptions_of(rnn_last_state)
wrong.formula(
    "rnn_last_state(x, table, w_x, w_h, b)",
    name="Reads the padding with and without a mask",
    hint="What does mask_zero=True change in your function?",
)
wrong.formula(
    "rnn_last_state(x, table, w_x, w_h, b, mask_zero=True)",
    name="Skips the padding with and without a mask",
    hint="Without a mask, which row of the table does Keras read at index 0?",
)


@wrong(hint="At a masked step, does the network forget what it has read, or wait?")
def resets_the_state(x, table, w_x, w_h, b, mask_zero=False):
    """Sets the state to zero at a masked step."""
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        state = np.tanh(table[index] @ w_x + state @ w_h + b)
        if mask_zero:
            state = state * (index != 0)[:, np.newaxis]
    return state


@wrong(hint="With a word vector of zeros, is tanh(0 + y W_h + b) still the old state y?")
def masks_the_word_vector(x, table, w_x, w_h, b, mask_zero=False):
    """Feeds zeros at a masked step, and updates the state all the same."""
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        vector = table[index] * (index != 0)[:, np.newaxis] if mask_zero else table[index]
        state = np.tanh(vector @ w_x + state @ w_h + b)
    return state


wrong.formula(
    "rnn_last_state(x, table, w_x, w_h, np.zeros(len(b)), mask_zero)",
    name="Leaves the bias out",
    hint="The update has three parts: the input, the old state, and what else?",
)
wrong.formula(
    "rnn_last_state(x, table, w_x, np.zeros((len(b), len(b))), b, mask_zero)",
    name="Computes the state from one word alone",
    hint="Where does y(t-1) enter in the computation of y(t)?",
)
wrong.formula(
    "rnn_last_state(x, table, w_x, np.asarray(w_h).T, b, mask_zero)",
    name="Multiplies by the recurrent kernel the other way round",
    hint="For one row y of the batch, does Keras multiply y by W_h, or W_h by y?",
)


@wrong(hint="Which activation does SimpleRNN have when none is named?")
def forgets_tanh(x, table, w_x, w_h, b, mask_zero=False):
    """Computes the state without tanh."""
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        update = table[index] @ w_x + state @ w_h + b
        state = np.where((index == 0)[:, np.newaxis], state, update) if mask_zero else update
    return state


wrong = misconceptions_of(padding_error)


@wrong(hint="One unit went from 0.5 to -0.5. Is that no change, or a large one?")
def signed_difference(states, x):
    """Takes the largest difference with its sign."""
    lengths = (x != 0).sum(axis=1)
    return (states[:, -1] - states[np.arange(len(x)), lengths - 1]).max(axis=1)


@wrong(hint="Which step comes right after the last word: column length, or column length - 1?")
def one_step_late(states, x):
    """Compares with the state after the first zero."""
    lengths = np.minimum((x != 0).sum(axis=1), x.shape[1] - 1)
    return np.abs(states[:, -1] - states[np.arange(len(x)), lengths]).max(axis=1)


@wrong(hint="Does the stub ask for the largest difference among the units, or for the mean?")
def mean_difference(states, x):
    """Takes the mean over the units."""
    lengths = (x != 0).sum(axis=1)
    return np.abs(states[:, -1] - states[np.arange(len(x)), lengths - 1]).mean(axis=1)


wrong.formula(
    "padding_error(states, x).max()",
    name="Takes the largest difference over all sentences",
    hint="Should the answer be one number for all sentences, or one for each?",
)
wrong.formula(
    "np.abs(states[:, -1] - states[:, 0]).max(axis=1)",
    name="Compares with the state after the first word",
    hint="After which word has the layer read the whole sentence: the first or the last?",
)

wrong = misconceptions_of(build_masked)
wrong.formula(
    "keras.Sequential([keras.Input((None,)), Embedding(vocab_size + 1, n_features), LSTM(units)])",
    name="Builds the model without a mask",
    hint="Which argument of Embedding tells the next layer that 0 is padding?",
)


@wrong(hint="Your model gives 'good, not bad' and 'bad, not good' the same output. What has it lost?")
def builds_a_mean(vocab_size, n_features, units):
    """Averages the word vectors in place of reading them in order."""
    import keras
    from keras.layers import Dense, Embedding, GlobalAveragePooling1D

    embedding = Embedding(vocab_size + 1, n_features, mask_zero=True)
    return keras.Sequential([keras.Input((None,)), embedding, GlobalAveragePooling1D(), Dense(units)])


@wrong(hint="Your model gives a state for every word. Which argument of the layer makes it do so?")
def builds_every_state(vocab_size, n_features, units):
    """Returns the state at every step."""
    import keras
    from keras.layers import LSTM, Embedding

    embedding = Embedding(vocab_size + 1, n_features, mask_zero=True)
    return keras.Sequential([keras.Input((None,)), embedding, LSTM(units, return_sequences=True)])


@wrong(hint="What does a recurrent layer learn from index 8 that it could not learn from a name?")
def builds_without_embedding(vocab_size, n_features, units):
    """Feeds the indices to the recurrent layer as if they were measurements."""
    import keras
    from keras.layers import LSTM, Masking, Reshape

    return keras.Sequential([keras.Input((None,)), Reshape((-1, 1)), Masking(), LSTM(units)])
