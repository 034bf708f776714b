"""IMDB sentiment, question 5: your own sentence (6 points). Source: lecture, section on sentiment analysis."""

from pathlib import Path

import numpy as np

from autograder.checks import agree, check, load_by_path
from solutions.imdb_sentiment import NO_WORD, encode, prepare, probability

example_model = load_by_path(Path(__file__).with_name("example.py"), "imdb_sentiment_example").example_model
WORDS = ["film", "story", "plot", "music", "cast", "scene", "actor", "ending"]
WORDS += ["joke", "don't", "it's", "hero", "voice", "camera", "city", "night"]
STRANGERS = ["zorblax", "quimble", "fnord"]


def drawn_index(draw):
    """Every word of WORDS with a rank of its own from 1 to 40."""
    return dict(zip(WORDS, draw.distinct(1, 40, n=len(WORDS)), strict=True))


def some_words(draw, n):
    return [str(word) for word in draw.choice(WORDS, size=n)]


@check("q5", points=2, visible=True)
def test_encodes_words(submission, draw):
    """encode(sentence, word_index, vocab_size) begins with the start marker and gives every known word its rank + 3"""
    for n in draw.distinct(2, 7, n=3):
        word_index, words = drawn_index(draw), some_words(draw, n)
        words.append(words[0])  # a word may come twice
        expected = np.array([1] + [word_index[word] + 3 for word in words])
        agree(submission.encode, " ".join(words), word_index, 50, expected=expected, reference=encode)


@check("q5", points=1)
def test_capitals_and_punctuation(submission, draw):
    """encode knows a word with capital letters and beside punctuation, and keeps its apostrophe"""
    for n in draw.distinct(4, 7, n=3):
        word_index, words = drawn_index(draw), ["don't", *some_words(draw, n), "it's", *some_words(draw, n)]
        usual = [". ", ", ", "! ", "-", "... ", " (", "? ", "/"]
        marks = [str(mark) for mark in draw.permutation([*usual, *NO_WORD, *usual])][: len(words)]
        marks[1:3] = "-", "/"  # without a space beside them
        written = [word.capitalize() if i % 2 else word for i, word in enumerate(words)]
        sentence = "".join(word + mark for word, mark in zip(written, marks, strict=True))
        expected = np.array([1] + [word_index[word] + 3 for word in words])
        agree(submission.encode, sentence, word_index, 50, expected=expected, reference=encode)


@check("q5", points=1)
def test_unknown_and_rare_words(submission, draw):
    """encode gives 2 for a word that is not in the index, and for a word whose id is not below vocab_size"""
    for vocab_size in draw.distinct(12, 24, n=3):
        ranks = [vocab_size + step for step in (-5, -4, -3, -2, -1, 0, 1, 9)]  # ids around the limit, one step apart
        words = [str(word) for word in draw.permutation(WORDS)[: len(ranks)]]
        word_index = dict(zip(words, ranks, strict=True))
        words.insert(int(draw.integers(1, 6)), str(draw.choice(STRANGERS)))
        ids = [word_index.get(word, 0) + 3 for word in words]
        known = [word in word_index and number < vocab_size for word, number in zip(words, ids, strict=True)]
        expected = np.array([1] + [number if ok else 2 for number, ok in zip(ids, known, strict=True)])
        agree(submission.encode, " ".join(words), word_index, vocab_size, expected=expected, reference=encode)


@check("q5", points=2)
def test_probability(submission, draw):
    """probability(model, review, length) is what the model predicts for one review, shorter or longer than length"""
    length = int(draw.integers(5, 9))
    model = example_model(30, length, seed=int(draw.integers(1, 1000)))
    for words in (2, 3, length + 2, length + 5):  # beside the start marker: two shorter reviews and two longer ones
        review = [1, *(int(word) for word in draw.integers(4, 30, size=words))]
        expected = float(model.predict(prepare([review], 30, length))[0, 0])
        agree(
            submission.probability,
            model,
            review,
            length,
            expected=expected,
            reference=probability,
            squeeze=True,
            atol=1e-6,
        )
