"""Right answers for padding in plain loops and lists, without library help where there is a choice."""

import math

import numpy as np
from keras import Input, Model
from keras.layers import Embedding, SimpleRNN

MARKS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def words_in(sentence):
    """Words of a sentence, letter by letter."""
    words, word = [], ""
    for letter in sentence + " ":
        if letter in MARKS or letter == " ":
            if word:
                words.append(word)
            word = ""
        else:
            word += letter.lower()
    return words


def fit_vocabulary(sentences):
    counts = {}
    for sentence in sentences:
        for word in words_in(sentence):
            counts[word] = counts.get(word, 0) + 1
    vocabulary = {}
    for count in sorted(set(counts.values()), reverse=True):
        for word in counts:
            if counts[word] == count:
                vocabulary[word] = len(vocabulary) + 1
    return vocabulary


def to_sequences(sentences, word_index):
    sequences = []
    for sentence in sentences:
        sequence = []
        for word in words_in(sentence):
            if word in word_index:
                sequence.append(word_index[word])
        sequences.append(sequence)
    return sequences


def bag_of_words(sequences, vocab_size):
    return np.array([[list(sequence).count(index) for index in range(vocab_size + 1)] for sequence in sequences])


def pad(sequences, maxlen=None, padding="pre", truncating="pre", value=0):
    if maxlen is None:
        maxlen = 0
        for sequence in sequences:
            maxlen = max(maxlen, len(sequence))
    out = np.full((len(sequences), maxlen), value, dtype="float32")
    for i, sequence in enumerate(sequences):
        too_many = max(0, len(sequence) - maxlen)
        first = too_many if truncating == "pre" else 0
        length = len(sequence) - too_many
        start = maxlen - length if padding == "pre" else 0
        for j in range(length):
            out[i, start + j] = sequence[first + j]
    return out


def input_dim(word_index):
    return max(word_index.values()) + 1


def embed(x, table):
    return np.array([[list(table[index]) for index in row] for row in x])


def build_embedding(word_index, n_features):
    indices = Input(shape=(None,), dtype="int32")
    vectors = Embedding(input_dim=input_dim(word_index), output_dim=n_features, mask_zero=True)(indices)
    return Model(indices, vectors)


def padding_mask(x):
    return [[int(index) > 0 for index in row] for row in x]


def masked_mean(states, mask):
    means = []
    for sequence, real in zip(states, mask, strict=True):
        total, count = np.zeros(sequence.shape[1]), 0
        for state, is_real in zip(sequence, real, strict=True):
            if is_real:
                total = total + state
                count += 1
        means.append(total / count if count else total)
    return np.array(means)


def last_real_state(states, mask):
    last = []
    for sequence, real in zip(states, mask, strict=True):
        state = [0.0] * sequence.shape[1]
        for t in range(len(sequence)):
            if real[t]:
                state = list(sequence[t])
        last.append(state)
    return last


def rnn_last_state(x, table, w_x, w_h, b, mask_zero=False):
    n_features, units = w_x.shape
    answer = []
    for row in x:
        state = [0.0] * units
        for index in row:
            if index == 0 and mask_zero:
                continue
            update = []
            for j in range(units):
                total = b[j]
                for k in range(n_features):
                    total += table[index][k] * w_x[k][j]
                for k in range(units):
                    total += state[k] * w_h[k][j]
                update.append(math.tanh(total))
            state = update
        answer.append(state)
    return answer


def padding_error(states, x):
    errors = []
    for sequence, row in zip(states, x, strict=True):
        t = max(i for i, index in enumerate(row) if index != 0)
        errors.append(max(abs(a - b) for a, b in zip(sequence[-1], sequence[t], strict=True)))
    return errors


def build_masked(vocab_size, n_features, units):
    indices = Input(shape=(None,), dtype="int32")
    vectors = Embedding(vocab_size + 1, n_features, mask_zero=True)(indices)
    return Model(indices, SimpleRNN(units)(vectors))
