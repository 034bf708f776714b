"""Padding, question 1: tokenize (5 points). Source: lecture, section on tokenizing. The law is Keras' own Tokenizer."""

from tensorflow.keras.preprocessing.text import Tokenizer

from autograder.checks import agree, check
from solutions.padding import SEPARATORS, bag_of_words, fit_vocabulary, to_sequences

# Not in the order of the alphabet, so that sorting shows.
WORDS = ["storm", "rain", "wind", "air", "sun", "cloud", "morning", "cold", "warm"]
WORDS += ["late", "city", "snow", "river", "hill", "north", "fog", "dry", "long"]


def keras_tokenizer(sentences):
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(sentences)
    return tokenizer


def messy_sentences(draw):
    """Text in which every step of cleaning shows: capitals, every mark, a hyphen, an apostrophe, an empty sentence."""
    a, b, c, d, e, f, g, *others = (str(word) for word in draw.permutation(WORDS))
    marks = [str(mark) for mark in draw.permutation(list(SEPARATORS))]
    sentences = [
        f"{a.capitalize()} and {b}, {c}-{d}; {a.upper()}!",
        f"Don't {e} {b}: {a}?",
        f'"{f}/{g}" isn\'t {d.capitalize()}... ({a} {c}_{e})',
        f"{e}\t{b}",
        "".join(mark + str(draw.choice([a, c, e])) for mark in marks),
        " ".join(others),
        "",
    ]
    return [sentences[i] for i in draw.permutation(len(sentences))]


def counted_sentences(draw):
    """Plain words and spaces, so that only the counting can go wrong, in which no two ways of ordering words agree.

    One word stands four times in one sentence, one once in three sentences, two stand twice. The four that stand once
    appear in an order that is neither the alphabet's nor the alphabet's turned round.
    """
    *once, often, widely, twice, again = (str(word) for word in draw.permutation(WORDS)[:8])
    first, second, third, fourth = sorted(once)
    crowded = [str(word) for word in draw.permutation([often] * 4 + [again])]
    sentences = [second, widely, fourth, twice], crowded, [first, widely, again], [twice, widely, third]
    return [" ".join(words) for words in sentences]


def words_of(answer):
    """The words of a vocabulary, whatever their numbers."""
    return set(answer) if isinstance(answer, dict) else answer


@check("q1", points=1, visible=True)
def test_finds_the_words(submission, draw):
    """fit_vocabulary finds the same words as Keras' Tokenizer: lower case, without punctuation, each word once"""
    for _ in range(3):
        sentences = messy_sentences(draw)
        expected = set(keras_tokenizer(sentences).word_index)
        what = "the words of your vocabulary are"
        agree(
            submission.fit_vocabulary, sentences, expected=expected, reference=fit_vocabulary, view=words_of, what=what
        )


@check("q1", points=1, visible=True)
def test_numbers_the_words(submission, draw):
    """fit_vocabulary numbers words from 1, the most frequent first, equally frequent ones as they first appear"""
    for _ in range(3):
        sentences = counted_sentences(draw)
        expected = dict(keras_tokenizer(sentences).word_index)
        agree(submission.fit_vocabulary, sentences, expected=expected, reference=fit_vocabulary)


@check("q1", points=1, visible=True)
def test_writes_indices_for_words(submission, draw):
    """to_sequences gives the index of every word of every sentence, in the sentence's order"""
    for _ in range(3):
        sentences = [sentence for sentence in messy_sentences(draw) if sentence]
        tokenizer = keras_tokenizer(["and sun river " + " ".join(reversed(sentences))])
        expected = tokenizer.texts_to_sequences(sentences)
        vocabulary = dict(tokenizer.word_index)
        agree(submission.to_sequences, sentences, vocabulary, expected=expected, reference=to_sequences)


@check("q1", points=1)
def test_drops_unknown_words(submission, draw):
    """to_sequences drops a word that is not in the vocabulary; a sentence of unknown words becomes an empty list"""
    for _ in range(3):
        words = [str(word) for word in draw.permutation(WORDS)]
        tokenizer = keras_tokenizer([" ".join(words[:9])])
        mixed = [words[8], words[12], words[4], words[0], words[13], words[1], words[15], words[7], words[5], words[17]]
        cut = int(draw.integers(2, 8))
        sentences = [" ".join(part) for part in (mixed[:cut], mixed[cut:], words[9:11], words[2:5])]
        expected = tokenizer.texts_to_sequences(sentences)
        vocabulary = dict(tokenizer.word_index)
        agree(submission.to_sequences, sentences, vocabulary, expected=expected, reference=to_sequences)


@check("q1", points=1, visible=True)
def test_counts_words_in_a_bag(submission, draw):
    """bag_of_words counts how often each index occurs in each sentence, in an array (n_SEQUENCES, vocab_size + 1)"""
    for vocab_size in (6, 11, *draw.distinct(7, 10, n=2)):
        sequences = draw.ragged(4, 1, vocab_size, 9)
        sequences.append([2, vocab_size, 2, 1, 2])  # a word three times, the first and the last index
        if vocab_size % 2:  # the last word of a vocabulary need not occur
            sequences = [[index for index in sequence if index < vocab_size] for sequence in sequences]
        tokenizer = Tokenizer(num_words=vocab_size + 1)
        expected = tokenizer.sequences_to_matrix(sequences, mode="count")
        agree(submission.bag_of_words, sequences, vocab_size, expected=expected, reference=bag_of_words)
