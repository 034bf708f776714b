"""Hidden checks whose answers have few values ask so often, in a drawn order, that neither luck nor a count of calls passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.draw import Draw
from autograder.judge.misconceptions import load_by_path
from autograder.tests.helpers import ROOT

DRAWS = (
    40  # as many draws without a repetition: the likeliest row of answers comes about once in a thousand times or less
)


def axes_left_open(shape: Any) -> Any:
    return tuple(axis is None for axis in shape)


#: File, check, and what would have to be guessed of an expected answer, the arguments being known.
FEW_VALUES: list[tuple[str, str, Callable[..., Any]]] = [
    ("imdb_sentiment/test_q1_prepare.py", "test_share_cut", lambda share, reviews, _: round(share * len(reviews))),
    ("imdb_sentiment/test_q3_fit.py", "test_epoch_to_keep", lambda epoch, _: epoch),
    ("imdb_sentiment/test_q4_evaluate.py", "test_accuracy", lambda share, _, labels: round((1 - share) * len(labels))),
    ("tensor_shapes/test_q2_axes.py", "test_ragged_sequences", lambda axes, _: axes["observations"] is None),
    ("tensor_shapes/test_q7_none.py", "test_any_number_of_sequences", lambda fits, *_: fits),
    ("tensor_shapes/test_q7_none.py", "test_other_axes_and_ranks", lambda fits, *_: fits),
    ("tensor_shapes/test_q7_none.py", "test_open_where_the_arrays_differ", lambda shape, _: axes_left_open(shape)),
    ("tensor_shapes/test_q7_none.py", "test_batch_always_open", lambda shape, _: axes_left_open(shape)),
]


class AnySubmission:
    def __getattr__(self, name: str) -> str:
        return name


@pytest.mark.parametrize(("file", "check", "guess"), FEW_VALUES, ids=[check for _, check, _ in FEW_VALUES])
def test_no_row_of_answers_comes_twice(
    file: str, check: str, guess: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    module = load_by_path(ROOT / "tests" / file, f"guesses_{Path(file).stem}")
    rows = []
    for text in range(DRAWS):
        row: list[Any] = []

        def collect(_: str, *args: Any, expected: Any, row: list[Any] = row, **__: Any) -> None:
            row.append(guess(expected, *args))

        monkeypatch.setattr(module, "agree", collect)
        getattr(module, check)(AnySubmission(), Draw.keyed(b"key", str(text), check))
        rows.append(tuple(row))
    assert len(set(rows)) == DRAWS
