"""Padding: from sentences to an array of word indices, and what its zeros do to a recurrent network.

Index 0 is the padding throughout; words are numbered from 1.
Source: lecture, sections on tokenizing, padding and embedding.
"""

from collections import Counter
from collections.abc import Sequence

import keras
import numpy as np
from keras.layers import LSTM, Embedding

SEPARATORS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # Keras' own list: no apostrophe in it


def split_words(sentence: str) -> list[str]:
    """Words of a sentence in lower case, cut at every separator and space."""
    return sentence.lower().translate(str.maketrans(SEPARATORS, " " * len(SEPARATORS))).split()


def fit_vocabulary(sentences: Sequence[str]) -> dict[str, int]:
    """Index of every word, the most frequent one first, from 1.

    Args:
        sentences: the text to count, all sentences together.
    Returns:
        word -> index; words that are equally frequent stand in the order of their first appearance.

    >>> fit_vocabulary(["So warm, so dry!", "Dry and so cold."])
    {'so': 1, 'dry': 2, 'warm': 3, 'and': 4, 'cold': 5}
    """
    counts = Counter(word for sentence in sentences for word in split_words(sentence))
    return {word: index for index, (word, _) in enumerate(counts.most_common(), start=1)}


def to_sequences(sentences: Sequence[str], word_index: dict[str, int]) -> list[list[int]]:
    """Sentences as lists of word indices; a word that is not in ``word_index`` is dropped.

    Args:
        sentences: the text to encode, not necessarily the one that was counted.
        word_index: word -> index, as from ``fit_vocabulary``.

    >>> to_sequences(["Warm and dry.", "Cold"], {"so": 1, "dry": 2, "warm": 3})
    [[3, 2], []]
    """
    return [[word_index[word] for word in split_words(sentence) if word in word_index] for sentence in sentences]


def bag_of_words(sequences: Sequence[Sequence[int]], vocab_size: int) -> np.ndarray:
    """How often each index occurs in each sequence, (n_SEQUENCES, vocab_size + 1).

    Args:
        sequences: lists of indices from 1 to ``vocab_size``, of any length, not padded.
        vocab_size: number of words. Column 0, the padding's, holds zeros.

    >>> bag_of_words([[3, 1, 3], []], vocab_size=3).tolist()
    [[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0]]
    """
    counts = np.zeros((len(sequences), vocab_size + 1))
    for row, sequence in zip(counts, sequences, strict=True):
        for index in sequence:
            row[index] += 1
    return counts


def pad(
    sequences: Sequence[Sequence[float]],
    maxlen: int | None = None,
    padding: str = "pre",
    truncating: str = "pre",
    value: float = 0,
) -> np.ndarray:
    """Lists of any length as one array (n_SEQUENCES, maxlen), as ``pad_sequences`` makes it, except that 0.7 stays 0.7.

    Args:
        sequences: lists of numbers, some may be empty.
        maxlen: length of every row, at least 1; None takes the longest sequence.
        padding: where ``value`` is filled in, "pre" before the sequence or "post" after it.
        truncating: where a longer sequence loses numbers, "pre" at its start or "post" at its end.
        value: the number that fills.

    >>> pad([[7, 8, 9], [4]], 2, padding="post").tolist()
    [[8, 9], [4, 0]]
    """
    if maxlen is None:
        maxlen = max(len(sequence) for sequence in sequences)
    rows = []
    for sequence in sequences:
        kept = list(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen])
        fill = [value] * (maxlen - len(kept))
        rows.append(fill + kept if padding == "pre" else kept + fill)
    return np.array(rows)


def input_dim(word_index: dict[str, int]) -> int:
    """Rows that an Embedding needs: one per word, and row 0 for the padding.

    Args:
        word_index: word -> index, the indices 1 to vocab_size.

    >>> input_dim({"warm": 1, "dry": 2, "cold": 3})
    4
    """
    return len(word_index) + 1


def embed(x: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Row ``i`` of the table for every index ``i``, (n_SEQUENCES, n_OBSERVATIONS, n_FEATURES).

    Args:
        x: (n_SEQUENCES, n_OBSERVATIONS), whole numbers from 0 to vocab_size.
        table: (vocab_size + 1, n_FEATURES), the weights of an Embedding.

    >>> table = np.array([[0, 0], [10, 11], [20, 21]])
    >>> embed([[0, 2]], table).tolist()
    [[[0, 0], [20, 21]]]
    """
    return np.asarray(table)[np.asarray(x)]


def build_embedding(word_index: dict[str, int], n_features: int) -> keras.Model:
    """A model of one Embedding layer, (n, t) indices to (n, t, n_features), with no row more than the indices need.

    Args:
        word_index: word -> index, the indices 1 to vocab_size.
        n_features: numbers in one word vector.

    >>> model = build_embedding({"warm": 1, "dry": 2}, n_features=5)
    >>> model.output_shape, model.count_params()
    ((None, None, 5), 15)
    """
    return keras.Sequential([keras.Input((None,)), Embedding(len(word_index) + 1, n_features)])


def padding_mask(x: np.ndarray) -> np.ndarray:
    """True where a word stands and False on padding, (n_SEQUENCES, n_OBSERVATIONS).

    Args:
        x: (n_SEQUENCES, n_OBSERVATIONS), word indices with 0 for padding, before the words, after them, or both.

    >>> padding_mask([[0, 3, 1], [2, 0, 0]]).tolist()
    [[False, True, True], [True, False, False]]
    """
    return np.asarray(x) != 0


def masked_mean(states: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean over the real time steps, (n_SEQUENCES, n_FEATURES); zeros for a row without any.

    Args:
        states: (n_SEQUENCES, n_OBSERVATIONS, n_FEATURES).
        mask: (n_SEQUENCES, n_OBSERVATIONS), True on real steps.

    >>> states = [[[9, 9], [1, 2], [3, 6]]]
    >>> masked_mean(states, [[False, True, True]]).tolist()
    [[2.0, 4.0]]
    """
    real = np.asarray(mask)[:, :, np.newaxis]
    return (np.asarray(states) * real).sum(axis=1) / np.maximum(real.sum(axis=1), 1)


def last_real_state(states: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The state at the last real time step, (n_SEQUENCES, n_FEATURES); zeros for a row without any.

    Args:
        states: (n_SEQUENCES, n_OBSERVATIONS, n_FEATURES).
        mask: (n_SEQUENCES, n_OBSERVATIONS), True on real steps, which stand together.

    >>> states = [[[1, 2], [3, 4], [9, 9]]]
    >>> last_real_state(states, [[True, True, False]]).tolist()
    [[3.0, 4.0]]
    """
    states = np.asarray(states)
    last = np.zeros((states.shape[0], states.shape[2]))
    for i, row in enumerate(np.asarray(mask)):
        if row.any():
            last[i] = states[i, np.flatnonzero(row)[-1]]
    return last


def rnn_last_state(
    x: np.ndarray,
    table: np.ndarray,
    w_x: np.ndarray,
    w_h: np.ndarray,
    b: np.ndarray,
    mask_zero: bool = False,
) -> np.ndarray:
    """Last state of Embedding -> SimpleRNN, (n_SEQUENCES, n_UNITS), from y(0) = 0 on.

    Args:
        x: (n_SEQUENCES, n_OBSERVATIONS), word indices with 0 for padding.
        table: (vocab_size + 1, n_FEATURES), weights of the Embedding.
        w_x: (n_FEATURES, n_UNITS), kernel.
        w_h: (n_UNITS, n_UNITS), recurrent kernel.
        b: (n_UNITS,), bias.
        mask_zero: True leaves the state as it is at a step whose index is 0; False reads row 0 of the table there.

    >>> weights = np.array([[5.0], [1.0]]), np.array([[0.5]]), np.array([[0.8]]), np.array([0.1])  # one feature, one unit
    >>> x = np.array([[1, 0]])  # a word, then padding
    >>> rnn_last_state(x, *weights).round(3).tolist()
    [[0.995]]
    >>> rnn_last_state(x, *weights, mask_zero=True).round(3).tolist()
    [[0.537]]
    """
    x = np.asarray(x)
    state = np.zeros((len(x), len(b)))
    for index in x.T:
        update = np.tanh(table[index] @ w_x + state @ w_h + b)
        state = np.where((index == 0)[:, np.newaxis], state, update) if mask_zero else update
    return state


def padding_error(states: np.ndarray, x: np.ndarray) -> np.ndarray:
    """How far the zeros behind a sentence carried the state away from it, (n_SEQUENCES,): the largest |difference|.

    Args:
        states: (n_SEQUENCES, n_OBSERVATIONS, n_UNITS), every y(t) of a layer that read ``x`` without a mask.
        x: (n_SEQUENCES, n_OBSERVATIONS), post-padded word indices, at least one word in each row.

    >>> states = np.array([[[0.5], [0.7], [0.1]]])
    >>> padding_error(states, np.array([[4, 2, 0]])).round(3).tolist()
    [0.6]
    """
    states = np.asarray(states)
    lengths = (np.asarray(x) != 0).sum(axis=1)
    after_last_word = states[np.arange(len(states)), lengths - 1]
    return np.abs(states[:, -1] - after_last_word).max(axis=1)


def build_masked(vocab_size: int, n_features: int, units: int) -> keras.Model:
    """A model from word indices (n, t) to the last state (n, units), whatever zeros stand before or after the words.

    Args:
        vocab_size: number of words; indices go from 0 to ``vocab_size``.
        n_features: numbers in one word vector.
        units: size of the state.

    >>> model = build_masked(vocab_size=9, n_features=4, units=3)
    >>> model.predict(np.array([[2, 7, 5]]), verbose=0).shape
    (1, 3)
    """
    return keras.Sequential(
        [keras.Input((None,)), Embedding(vocab_size + 1, n_features, mask_zero=True), LSTM(units)],
    )
