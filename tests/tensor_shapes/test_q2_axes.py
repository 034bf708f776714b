"""Tensor shapes, question 2: the names of the axes (4 points). Source: lecture, section 1."""

from autograder.checks import agree, check
from solutions.tensor_shapes import describe_axes

OBSERVATIONS = (
    {},
    {"features": 4},
    {"features": 1},
    {"height": 5, "width": 6},
    {"height": 5, "width": 6, "channels": 3},
)


def compare(submission, draw, axes, as_lists=False):
    """An array with these axes; the answer must name them."""
    x = draw.random(tuple(axes.values()))
    agree(submission.describe_axes, x.tolist() if as_lists else x, expected=axes, reference=describe_axes)


@check("q2", points=1, visible=True)
def test_numbers_and_vectors(submission, draw):
    """describe_axes names the axes when an observation is a number or a vector"""
    for as_lists in (False, True):
        sequences, days, features = draw.distinct(2, 7, n=3)  # no two axes equal: a swap cannot hide
        axes = {"sequences": sequences, "observations": days}
        compare(submission, draw, axes, as_lists)
        compare(submission, draw, axes | {"features": features}, as_lists)
        compare(submission, draw, {"sequences": 1, "observations": days, "features": 1}, as_lists)


@check("q2", points=1, visible=True)
def test_images_and_videos(submission, draw):
    """describe_axes names the axes of grey and of coloured videos: height, then width, then channels"""
    for width, channels in ((3, 1), (4, 3)):  # an image 3 pixels wide is not coloured; a single channel is an axis
        sequences, frames, height = draw.distinct(5, 8, n=3)
        axes = {"sequences": sequences, "observations": frames, "height": height, "width": width}
        compare(submission, draw, axes)
        compare(submission, draw, axes | {"channels": channels})


@check("q2", points=2)
def test_ragged_sequences(submission, draw):
    """describe_axes gives None for the number of observations where the sequences differ in length, and only there"""
    cases = []
    for observation in OBSERVATIONS:
        for odd_one in (0, 1, -1):  # wherever it stands: whoever compares two sequences only misses it once
            length, other = draw.distinct(1, 6, n=2)
            lengths = [length] * int(draw.integers(3, 5))
            lengths[odd_one] = other
            x = [draw.random((n, *observation.values())).tolist() for n in lengths]
            expected = {"sequences": len(x), "observations": None} | observation
            cases.append((x, expected))
        even = [sequence[: min(lengths)] for sequence in x]  # the same lists, cut to one length
        cases.append((even, expected | {"observations": min(lengths)}))
    for i in draw.permutation(len(cases)):  # or else whoever counts the calls would know which is even
        x, expected = cases[i]
        agree(submission.describe_axes, x, expected=expected, reference=describe_axes)
