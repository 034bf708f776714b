"""Parameter counting, question 6: why the length does not enter (4 points). Source: lecture, the unrolled network."""

from keras import Input, Sequential, layers

from autograder.checks import agree, check
from solutions.parameter_counting import flattened_params, shared_params, unshared_params


@check("q6", points=1, visible=True)
def test_one_set_for_all_steps(submission, draw):
    """shared_params(units, features, length) equals what Keras counts for SimpleRNN(units) on any length"""
    for units, features in draw.distinct_pairs(2, 20, n=3):
        for length in draw.distinct(2, 60, n=2):  # the same layer twice, on two lengths
            expected = Sequential([Input((length, features)), layers.SimpleRNN(units)]).count_params()
            agree(
                submission.shared_params,
                units,
                features,
                length,
                expected=expected,
                reference=shared_params,
                squeeze=True,
            )


@check("q6", points=2, visible=True)
def test_a_set_for_every_step(submission, draw):
    """unshared_params(units, features, length) equals what Keras counts for a chain of as many cells as steps"""
    for _ in range(5):
        units, features, length = draw.distinct(2, 12, n=3)
        cells = [layers.SimpleRNNCell(units) for _ in range(length)]
        for cell in cells:
            cell.build((None, features))
        expected = sum(cell.count_params() for cell in cells)
        agree(
            submission.unshared_params,
            units,
            features,
            length,
            expected=expected,
            reference=unshared_params,
            squeeze=True,
        )


@check("q6", points=1, visible=True)
def test_flattened_days(submission, draw):
    """flattened_params(units, features, length) equals what Keras counts for Flatten() and Dense(units)"""
    for _ in range(5):
        units, features, length = draw.distinct(2, 12, n=3)
        expected = Sequential([Input((length, features)), layers.Flatten(), layers.Dense(units)]).count_params()
        agree(
            submission.flattened_params,
            units,
            features,
            length,
            expected=expected,
            reference=flattened_params,
            squeeze=True,
        )
