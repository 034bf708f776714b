"""Tensor shapes, question 2: the names of the axes (4 points). Source: lecture, section 1."""

from autograder.checks import agree, check
from solutions.tensor_shapes import describe_axes


@check("q2", points=1, visible=True)
def test_numbers_and_vectors(submission, draw):
    """describe_axes names the axes when an observation is a number or a vector"""
    for as_lists in (False, True):
        sequences, days, features = draw.distinct(2, 7, n=3)  # no two axes equal: a swap cannot hide
        numbers = draw.random((sequences, days))
        vectors = draw.random((sequences, days, features))
        expected = {"sequences": sequences, "observations": days}
        for x, more in ((numbers, {}), (vectors, {"features": features})):
            x = x.tolist() if as_lists else x
            agree(submission.describe_axes, x, expected=expected | more, reference=describe_axes)


@check("q2", points=1, visible=True)
def test_images_and_videos(submission, draw):
    """describe_axes names the axes of grey and of coloured videos: height, then width, then channels"""
    for _ in range(2):
        sequences, frames, height, width, channels = draw.distinct(2, 7, n=5)
        grey = draw.random((sequences, frames, height, width))
        coloured = draw.random((sequences, frames, height, width, channels))
        expected = {"sequences": sequences, "observations": frames, "height": height, "width": width}
        agree(submission.describe_axes, grey, expected=expected, reference=describe_axes)
        agree(submission.describe_axes, coloured, expected=expected | {"channels": channels}, reference=describe_axes)


@check("q2", points=2)
def test_ragged_sequences(submission, draw):
    """describe_axes gives None for the number of observations where the sequences differ in length, and only there"""
    kinds = {(): [], (4,): ["features"], (5, 6): ["height", "width"], (5, 6, 3): ["height", "width", "channels"]}
    for observation, names in kinds.items():
        # the longest neither first nor last, and 4 sequences of which two are equally long
        long, middle, short = sorted(draw.distinct(2, 9, n=3), reverse=True)
        x = [draw.random((length, *observation)).tolist() for length in (middle, long, short, middle)]
        axes = dict(zip(names, observation, strict=True))
        expected = {"sequences": 4, "observations": None} | axes
        agree(submission.describe_axes, x, expected=expected, reference=describe_axes)
        even = [sequence[:short] for sequence in x]  # the same lists, cut to one length
        agree(submission.describe_axes, even, expected=expected | {"observations": short}, reference=describe_axes)
