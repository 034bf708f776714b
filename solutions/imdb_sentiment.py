"""Sentiment of IMDB reviews: prepare, build, fit, evaluate, predict. The only copy of each answer.

Source: lecture "Natural Language Processing with Recurrent Neural Networks", section on sentiment analysis.
Conventions of ``keras.datasets.imdb``: 0 = padding, 1 = start of a review, 2 = unknown word, id = rank + 3.
"""

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras.layers import LSTM, Dense, Embedding

START, UNKNOWN, OFFSET = 1, 2, 3
NO_WORD = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'  # what separates words; the apostrophe belongs to a word


def prepare(reviews: Sequence[Sequence[int]], vocab_size: int, length: int) -> np.ndarray:
    """Reviews as one array of word ids, rare words replaced, padded and cut in front.

    Args:
        reviews: n lists of word ids, of any lengths.
        vocab_size: ids run from 0 to vocab_size - 1; every id from vocab_size on becomes 2.
        length: columns of the result.
    Returns:
        (n, length), int.

    >>> prepare([[1, 9, 4], [1, 4, 4, 6, 5, 8]], vocab_size=9, length=4).tolist()
    [[0, 1, 2, 4], [4, 6, 5, 8]]
    """
    known = [[word if word < vocab_size else UNKNOWN for word in review] for review in reviews]
    return keras.utils.pad_sequences(known, maxlen=length, padding="pre", truncating="pre")


def share_cut(reviews: Sequence[Sequence[int]], length: int) -> float:
    """Share of the reviews, 0 to 1, that have more than ``length`` words and so lose some.

    >>> share_cut([[1, 4], [1, 4, 5], [1, 4, 5, 6], [1]], length=2)
    0.5
    """
    return float(np.mean([len(review) > length for review in reviews]))


def lecture_model(vocab_size: int, length: int, embedding_dim: int = 50, units: int = 64) -> keras.Model:
    """The lecture's model: Embedding, LSTM, Dense; (n, length) word ids in, (n, 1) probabilities of "positive" out.

    >>> model = lecture_model(vocab_size=30, length=8, embedding_dim=5, units=6)
    >>> model.output_shape, model.count_params()
    ((None, 1), 445)
    """
    return keras.Sequential(
        [
            keras.Input(shape=(length,)),
            Embedding(vocab_size, embedding_dim),
            LSTM(units),
            Dense(1, activation="sigmoid"),
        ]
    )


def fit_and_validate(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    epochs: int = 3,
    batch_size: int = 128,
    validation_share: float = 0.2,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Compile with Adam, binary cross-entropy and accuracy; fit on the first reviews, validate on the last ones.

    Args:
        x, y: (n, length) word ids and (n,) labels.
        validation_share: share of the reviews, from the end, that is never trained on.
    Returns:
        The trained model, and the curves loss, accuracy, val_loss, val_accuracy with one number per epoch.

    >>> x, y = np.ones((10, 3)), np.arange(10) % 2
    >>> model, history = fit_and_validate(lecture_model(9, 3, embedding_dim=2, units=2), x, y, epochs=2)
    >>> {name: len(curve) for name, curve in history.items()}
    {'accuracy': 2, 'loss': 2, 'val_accuracy': 2, 'val_loss': 2}
    """
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=validation_share, verbose=0)
    return model, history.history


def epoch_to_keep(history: Mapping[str, Sequence[float]]) -> int:
    """The epoch, counted from 1, after which the validation loss was lowest (the first of several).

    >>> epoch_to_keep({"val_loss": [0.5, 0.4, 0.3, 0.35]})
    3
    """
    return int(np.argmin(history["val_loss"])) + 1


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Share of right predictions, 0 to 1; a probability above 0.5 says "positive".

    Args:
        probabilities: (n, 1), as ``model.predict`` returns them.
        labels: (n,), 0 or 1. The two shapes differ, and compared directly would make (n, n).

    >>> accuracy(np.array([[0.8], [0.3], [0.6]]), np.array([1, 0, 0]))
    0.6666666666666666
    """
    says_positive = np.ravel(probabilities) > 0.5
    return float(np.mean(says_positive == (np.ravel(labels) == 1)))


def progress_bar(correct: np.ndarray, batch_size: int = 32) -> tuple[float, float]:
    """What the lecture's progress bar showed at its last step, and the accuracy that ``evaluate`` returned.

    Args:
        correct: (n,), 1 where the prediction is right, in the order of evaluation.
        batch_size: reviews per step; the last step has the rest.
    Returns:
        The mean, over the steps, of the accuracy on all reviews seen until then; the accuracy on all n reviews.

    >>> progress_bar([0, 1, 1], batch_size=2)
    (0.5833333333333333, 0.6666666666666666)
    """
    seen = np.append(np.arange(batch_size, len(correct), batch_size), len(correct))
    running = np.cumsum(correct)[seen - 1] / seen
    return float(np.mean(running)), float(running[-1])


def encode(sentence: str, word_index: Mapping[str, int], vocab_size: int) -> list[int]:
    """A sentence as Keras' IMDB encodes a review: start marker, then one id per word.

    Args:
        word_index: word -> rank, counted from 1; the id of a word is its rank + 3.
        vocab_size: words that are not in word_index, and ids from vocab_size on, become 2.

    >>> encode("Dull? Not at all!", {"not": 1, "dull": 5, "all": 20}, vocab_size=20)
    [1, 8, 4, 2, 2]
    """
    words = sentence.lower().translate(str.maketrans(NO_WORD, " " * len(NO_WORD))).split()
    ids = [word_index[word] + OFFSET if word in word_index else UNKNOWN for word in words]
    return [START] + [number if number < vocab_size else UNKNOWN for number in ids]


def probability(model: keras.Model, review: Sequence[int], length: int) -> float:
    """Probability that one encoded review is positive; the model sees a batch of one, (1, length), padded in front.

    >>> model = lecture_model(9, 4, embedding_dim=2, units=2)
    >>> 0 < probability(model, [1, 5], length=4) < 1
    True
    """
    batch = keras.utils.pad_sequences([review], maxlen=length, padding="pre", truncating="pre")
    return float(model.predict(batch, verbose=0)[0, 0])


def build_model(vocab_size: int, length: int) -> keras.Model:
    """A model for ``train``: here the lecture's own, Embedding 50, LSTM 64, Dense 1.

    >>> build_model(50, 7).output_shape
    (None, 1)
    """
    return keras.Sequential(
        [
            keras.Input(shape=(length,)),
            Embedding(vocab_size, 50),
            LSTM(64),
            Dense(1, activation="sigmoid"),
        ]
    )


def train(model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int) -> keras.Model:
    """The model, trained on (n, length) word ids and (n,) labels; every review is seen ``epochs`` times.

    >>> model = build_model(50, 7)
    >>> train(model, np.ones((4, 7)), np.array([0, 1, 0, 1]), epochs=1) is model
    True
    """
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=128, epochs=epochs, verbose=0)
    return model
