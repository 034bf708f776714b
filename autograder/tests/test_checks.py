"""A check fails for a wrong answer and says what was seen, never what was expected; a misconception is named only when it explains everything."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.judge.checks import agree
from autograder.judge.compare import Tolerance, describe, find_difference
from autograder.judge.failures import CheckFailed
from autograder.judge.misconceptions import Misconception, load_by_path, load_misconceptions, misconception
from autograder.judge.recording import current_recording, start_recording


def area(width: float, height: float) -> float:
    """What a rectangle encloses.

    >>> area(2, 3)
    6
    """
    return width * height


@misconception(area, hint="Which of the two is asked for: the edge or what it encloses?")
def perimeter(width: float, height: float) -> float:
    """Adds up the edges."""
    return 2 * (width + height)


@misconception(area, hint="How many edges has a rectangle?")
def half_perimeter(width: float, height: float) -> float:
    """Adds the two edges."""
    return width + height


@misconception(area, hint="Are the edges equal?")
def square(width: float, height: float) -> float:
    """Squares the width."""
    return width**2


BANK: list[Misconception] = [f.misconception for f in (perimeter, half_perimeter, square)]  # type: ignore[attr-defined]


def verdict(
    answer: Any, inputs: Sequence[tuple[float, float]], bank: Sequence[Misconception] = BANK
) -> CheckFailed | None:
    with start_recording(bank) as record:
        for width, height in inputs:
            agree(answer, width, height, expected=width * height, reference=area)
        return record.verdict()


def test_right_answers_pass() -> None:
    assert verdict(lambda w, h: np.float32(h * w), [(2, 3), (4, 7)]) is None


def test_a_wrong_answer_is_shown_with_its_input_and_without_the_right_one() -> None:
    failure = verdict(lambda w, h: 0, [(3, 71), (5, 7)])
    assert failure is not None
    assert failure.rationale == "for width=3, height=71 your function returned 0"
    assert failure.misconception is None
    assert "213" not in failure.rationale


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (1, 2, "wrong-value"),
        ([1, 2], [1, 3], "wrong-value"),
        ([1], [1, 3], "wrong-shape"),
        (np.ones(3), np.ones((3, 1)), "wrong-shape"),
        ("one", 1, "wrong-type"),
        ([[1], [2, 3]], np.ones(2), "wrong-type"),
        ({"a": [1]}, {"a": [1, 2]}, "wrong-shape"),
    ],
)
def test_a_failure_says_in_a_code_what_differs(answer: Any, expected: Any, code: str) -> None:
    with start_recording(()) as record:
        agree(lambda: answer, expected=expected)
        failure = record.verdict()
    assert failure is not None and failure.code == code


def test_too_small_or_too_large_is_said_where_the_course_wants_it() -> None:
    """Otherwise whoever may try without limit finds every number by halving."""
    said = {}
    for shown in (False, True):
        with start_recording(BANK, show_direction=shown) as record:
            agree(lambda w, h: [w * h, w * h + 1], 3, 71, expected=[213, 213], reference=area)
            agree(lambda w, h: 0.5, 3, 71, expected=213.0, reference=area)
        said[shown] = [
            case.sentence.removeprefix("for width=3, height=71 your function returned ") for case in record.cases
        ]
    assert said[False] == ["[213, 214]; part [1] is 214", "0.5"]
    assert said[True] == ["[213, 214]; part [1] is 214, too large", "0.5, too small"]


def test_a_misconception_that_explains_every_answer_is_named_with_its_hint() -> None:
    failure = verdict(lambda w, h: 2.0 * w + 2.0 * h, [(3, 71), (5, 7)])
    assert failure is not None
    assert (failure.misconception, failure.hint) == ("Adds up the edges", BANK[0].hint)


def test_one_wrong_answer_is_no_evidence_for_a_misconception() -> None:
    failure = verdict(perimeter, [(3, 71)])
    assert failure is not None
    assert failure.misconception is None


def test_no_misconception_is_named_when_it_misses_one_answer() -> None:
    failure = verdict(lambda w, h: 2 * (w + h) if w < 5 else 0, [(3, 71), (4, 9), (5, 7)])
    assert failure is not None
    assert failure.misconception is None


def test_no_misconception_is_named_when_two_say_the_same() -> None:
    @misconception(area, hint="?")
    def twin(width: float, height: float) -> float:
        """Walks around it."""
        return 2 * width + 2 * height

    failure = verdict(perimeter, [(3, 71), (5, 7)], [*BANK, twin.misconception])  # type: ignore[attr-defined]
    assert failure is not None
    assert failure.misconception is None


def test_a_wrong_answer_gets_the_small_case_that_the_reference_works_out() -> None:
    failure = verdict(perimeter, [(3, 71), (5, 7)])
    assert failure is not None
    assert failure.worked == ">>> area(2, 3)\n6"


def test_raising_is_seen_and_the_other_inputs_still_tried() -> None:
    tried = []

    def breaks(width: float, height: float) -> float:
        tried.append(width)
        raise CheckFailed("raised ValueError: no", raised="ValueError: no")

    failure = verdict(breaks, [(3, 71), (5, 7)])
    assert failure is not None
    assert "raised ValueError: no" in failure.rationale
    assert tried == [3, 5]


def test_an_exception_of_the_same_kind_is_no_evidence_for_a_misconception() -> None:
    @misconception(area, hint="?")
    def breaks(width: float, height: float) -> float:
        """Divides by nothing."""
        raise ValueError("of one thing")

    def breaks_otherwise(width: float, height: float) -> float:
        raise CheckFailed("raised ValueError: of another", raised="ValueError: of another")

    failure = verdict(breaks_otherwise, [(3, 71), (5, 7)], [breaks.misconception])  # type: ignore[attr-defined]
    assert failure is not None
    assert failure.misconception is None


def test_what_could_only_repeat_itself_stops_at_once() -> None:
    def hangs(width: float, height: float) -> float:
        raise CheckFailed("ran longer than 5 s", final=True)

    with start_recording([]), pytest.raises(CheckFailed, match="longer"):
        agree(hangs, 1, 2, expected=2, reference=area)


def test_an_answer_that_the_view_cannot_read_is_wrong_where_it_reads_a_right_one() -> None:
    def sides(width: float, height: float) -> dict[str, float]:
        return {"long": max(width, height)}

    def long_side(answer: Any) -> Any:
        return answer["long"]

    with start_recording([]) as record:
        for answer in (7, {"short": 2}):
            agree(lambda *_, answer=answer: answer, 2, 7, expected=7, reference=sides, view=long_side)
        failure = record.verdict()
    assert failure is not None
    assert (
        failure.rationale
        == "for width=2, height=7 your function returned 7, which cannot be read as an answer (TypeError)"
    )
    with start_recording([]), pytest.raises(KeyError):  # the check's own fault
        agree(lambda *_: {}, 2, 7, expected=7, reference=sides, view=lambda answer: answer["no such side"])
    with start_recording([]), pytest.raises(TypeError):  # nothing says whose
        agree(lambda *_: 7, 2, 7, expected=7, view=long_side)


def test_a_view_is_what_is_compared() -> None:
    with start_recording([]) as record:
        agree(lambda: [3, 1, 2], expected=[1, 2, 3], view=sorted)
        assert record.verdict() is None
        assert current_recording() is record


@pytest.mark.parametrize(("dtype", "tiny"), [("float64", 1e-12), ("float32", 1e-8), ("float16", 1e-4)])
def test_without_an_absolute_tolerance_almost_zero_is_not_zero_in_any_precision(dtype: str, tiny: float) -> None:
    none = Tolerance(rtol=1e-3, atol=0.0)
    almost, exact = np.array([2 / 3, tiny], dtype), np.array([2 / 3, 0.0])
    assert find_difference(almost, exact, none) is not None
    assert find_difference(almost, np.array([2 / 3, float(almost[1])]), none) is None
    assert find_difference(exact.astype(dtype), exact, none) is None


@pytest.mark.parametrize(
    ("dtype", "off", "equal"), [("float64", 5e-7, False), ("float32", 5e-7, False), ("float16", 5e-3, True)]
)
@pytest.mark.parametrize("expected", [0.0, 1.0])
def test_only_half_precision_widens_what_a_check_allows(dtype: str, off: float, equal: bool, expected: float) -> None:
    answer = np.array([expected + off], dtype)
    assert (find_difference(answer, np.array([expected]), Tolerance(rtol=1e-7, atol=1e-7)) is None) is equal


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (77.0, 77),
        (np.int64(77), 77),
        (np.array(77), 77),
        (np.bool_(True), True),
        ([[1, 2], [3, 4]], np.array([[1.0, 2], [3, 4]])),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        ((1, None), [1, None]),
        (np.array(["a", "b"]), ["a", "b"]),
        ({"a": np.float32(1)}, {"a": 1.0}),
        (float("nan"), float("nan")),
        ([[1], [2, 3], []], [[1], [2, 3], []]),
        (10**30, 10**30),
        (1e30, 10**30),
        (Fraction(6, 2), 3),
        (Fraction(1, 3), 1 / 3),
        (Decimal("0.1"), 0.1),
        (0.5, Fraction(1, 2)),
        (Fraction(1, 2), Decimal("0.5")),
        ([Fraction(1, 4), Decimal(2)], [0.25, 2]),
        (5 + 0j, 5),
        (np.array([5 + 0j]), np.array([5])),
        (5 + 3j, 5 + 3j),
        (np.float32(100_000), 100_000),
        (0.1 * 3 * 10, 3),
        (np.array([0.1 * 3 * 10, 2.0]), np.array([3, 2])),
        (np.arange(3, dtype="float16"), np.arange(3)),
        (np.array([1 / 3, 2 / 3], "float16"), np.array([1 / 3, 2 / 3])),
        (np.float16(0.1), 0.1),
        (np.array([1, 0]), np.array([True, False])),
        (np.array([2**63], dtype="uint64"), np.array([2**63], dtype="uint64")),
    ],
)
def test_equal_in_value_is_equal(answer: Any, expected: Any) -> None:
    assert find_difference(answer, expected, Tolerance()) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (77, "77"),
        ("77", 77),
        (True, "True"),
        (1, True),
        (None, 0),
        (0, None),
        (77.4, 77),
        ([1, 2], np.array([[1, 2]])),
        ([1, 2, 3], [1, 2]),
        ([[1], [2]], [[1], [2, 3]]),
        ({"a": 1}, {"a": 1, "b": 2}),
        (np.array([1.0, np.nan]), np.array([1.0, 2.0])),
        (np.array(["1", "2"]), np.array([1, 2])),
        ({1, 2}, {1, 3}),
        ({1, 2}, [1, 2]),
        (float("inf"), 3.0),
        (object(), 3),
        (100_001, 100_000),
        (100_001.0, 100_000),
        (np.array([100_001]), np.array([100_000])),
        (np.array([100_001.0]), np.array([100_000])),
        (np.array([100_001], dtype="float32"), np.array([100_000])),
        ([100_001.0], [100_000]),
        (np.array([2**53 + 1]), np.array([2**53])),
        (np.array([1.00001]), np.array([True])),
        (5 + 3j, 5),
        (5 + 3j, 5.0),
        (np.array([5 + 3j]), np.array([5])),
        (5, 5 + 3j),
        (10**30 + 1, 10**30),
        (10**400, 3),
        (1e308, 10**400),
        ([1e308], [10**400]),
        (Fraction(1, 3), 0),
        (Decimal("NaN"), 3),
        (float("nan"), 3),
        (np.array([np.nan]), np.array([3])),
    ],
)
def test_different_is_different(answer: Any, expected: Any) -> None:
    assert find_difference(answer, expected, Tolerance(direction=True)) is not None


def test_axes_of_length_one_count_unless_they_are_told_not_to() -> None:
    column, flat = np.ones((3, 1)), np.ones(3)
    assert find_difference(column, flat, Tolerance()) is not None
    assert find_difference(column, flat, Tolerance(squeeze=True)) is None


def test_the_dtype_counts_only_where_it_is_asked_for() -> None:
    assert find_difference(np.ones(3), np.ones(3, "float32"), Tolerance()) is None
    found = find_difference(np.ones(3), np.ones(3, "float32"), Tolerance(dtype="float32"))
    assert found is not None
    assert "float32" in found.text


def test_a_wrong_array_is_located_and_pictured() -> None:
    answer = np.arange(6.0).reshape(2, 3)
    expected = answer.copy()
    expected[1, 2] = 99
    found = find_difference(answer, expected, Tolerance())
    assert found is not None
    assert "[1, 2]" in found.text
    assert "99" not in found.text
    assert found.picture is not None
    assert found.picture.data["wrong"] == [1, 2]


def test_a_long_value_is_described_in_a_line() -> None:
    assert len(describe(["x" * 1000] * 1000)) < 200
    assert describe(np.zeros((50, 60))) == "an array of shape (50, 60), dtype float64"


def test_a_misconception_can_use_what_its_reference_has(tmp_path: Path) -> None:
    """So it is named where it is graded: in the notebook it stands in the reference's place."""
    (tmp_path / "right.py").write_text("import numpy as np\n\n\ndef rows(n, m):\n    return np.ones((n, m))\n")
    load_by_path(tmp_path / "right.py", "right_of_this_test")
    (tmp_path / "wrong.py").write_text(
        "from autograder.misconceptions import misconception\nfrom right_of_this_test import rows\n\n\n"
        '@misconception(rows, hint="Which axis comes first?")\ndef columns(n, m):\n    """Swaps them."""\n    return np.ones((m, n))\n'
    )
    [known] = load_misconceptions(tmp_path / "wrong.py")
    assert known.function(2, 3).shape == (3, 2)
