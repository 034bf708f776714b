"""IMDB sentiment, question 4: evaluate by hand (4 points). Source: lecture, section on sentiment analysis."""

import numpy as np

from autograder.checks import agree, check
from solutions.imdb_sentiment import accuracy, progress_bar


@check("q4", points=2, visible=True)
def test_accuracy(submission, draw):
    """accuracy of probabilities (n, 1) and labels (n,) is the share of right predictions, for any n"""
    for n in draw.distinct(16, 40, n=5):
        labels = (np.arange(n) < n // 3).astype(np.int64)  # not balanced: always answering "negative" is not one half
        shares = [wrong for wrong in range(2, n // 2) if wrong != n // 3]  # the share of neither label
        right = draw.permutation(n) >= draw.choice(shares)
        sure = draw.uniform(0.55, 0.95, size=n)
        sure[(labels == 0) & right] = np.where(np.arange(n) % 4, sure, 0.5)[
            (labels == 0) & right
        ]  # 0.5 is not above 0.5
        says_positive = np.where(right, labels, 1 - labels) == 1
        probabilities = np.where(says_positive, sure, 1 - sure).astype(np.float32).reshape(n, 1)
        order = draw.permutation(n)
        agree(
            submission.accuracy,
            probabilities[order],
            labels[order],
            expected=float(right.sum() / n),
            reference=accuracy,
        )


@check("q4", points=2)
def test_progress_bar(submission, draw):
    """progress_bar gives the mean of the running accuracies and the final one, also when the last batch is smaller"""
    for case, batch_size in enumerate([*draw.distinct(4, 9, n=3), 32]):
        n = 4 * batch_size + (0 if case < 2 else int(draw.integers(1, batch_size - 1)))  # at first only full batches
        correct = (draw.random(n) < np.linspace(0.4, 1, n)).astype(
            np.int64
        )  # later reviews go better: the two numbers differ
        correct[:2], correct[-1] = 0, 1
        running, right = [], 0
        for i, one in enumerate(correct, start=1):
            right += int(one)
            if i % batch_size == 0 or i == n:
                running.append(right / i)
        expected = (sum(running) / len(running), right / n)
        given = (correct,) if batch_size == 32 else (correct, batch_size)
        agree(submission.progress_bar, *given, expected=expected, reference=progress_bar)
