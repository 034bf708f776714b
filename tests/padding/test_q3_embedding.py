"""Padding, question 3: from indices to vectors (3 points). Source: lecture, section on the Embedding layer."""

import numpy as np
from keras import Input, Sequential
from keras.layers import Embedding

from autograder.checks import CheckFailed, agree, check, fail
from solutions.padding import build_embedding, embed, input_dim


def fresh_vocabulary(draw, size):
    """word -> index for words that mean nothing, the indices 1 to ``size`` in a drawn order."""
    return {f"word{index}": int(index) for index in draw.permutation(size) + 1}


def keras_vectors(x, table):
    """What Keras' own Embedding looks up."""
    model = Sequential([Input((None,)), Embedding(*table.shape)])
    model.set_weights([table])
    return np.asarray(model(x))


@check("q3", points=1, visible=True)
def test_counts_the_rows(submission, draw):
    """input_dim is the number of rows that an Embedding needs for every word of a vocabulary and the padding"""
    for size in draw.distinct(5, 60, n=4):
        agree(submission.input_dim, fresh_vocabulary(draw, size), expected=size + 1, reference=input_dim)


@check("q3", points=1, visible=True)
def test_looks_up_vectors(submission, draw):
    """embed gives for every index what an Embedding with this table gives, for the padding too"""
    for _ in range(3):
        n_sequences, n_observations, n_features, rows = draw.distinct(3, 9, n=4)  # all different: swapped axes show
        table = draw.normal(size=(rows, n_features))
        x = draw.integers(0, rows, size=(n_sequences, n_observations))
        x[0, :3] = 0, rows - 1, 1
        agree(submission.embed, x, table, expected=keras_vectors(x, table), reference=embed)


def facts_about(model):
    """What the model does, as a list.

    Shapes of two outputs; number of weights; whether its input has any length; whether each index has its own vector.
    """
    if not hasattr(model, "predict"):
        return model
    open_length = model.output_shape[1:2] in ((), (None,))  # before its first use: that fixes a model without Input
    # None of these indices is near the end of any table here: a table one row short must show in the count of weights,
    # because an index beyond the table fails on some devices only.
    try:
        short, long = model.predict(np.array([[2, 0, 2], [1, 2, 0]])), model.predict(np.array([[0, 1, 2, 1, 0]]))
    except CheckFailed:
        raise
    except Exception as error:  # an answer that Keras refuses is the answer's fault
        fail(f"your model cannot read word indices of shape (2, 3) and then (1, 5): {type(error).__name__}")
    shapes = [list(short.shape), list(long.shape)]
    if short.ndim != 3:
        return [*shapes, model.trainable_params, open_length, False]
    same = np.allclose(short[0, 0], short[0, 2]) and np.allclose(short[0, 0], short[1, 1])
    different = not np.allclose(short[1, 0], short[0, 0]) and not np.allclose(short[1, 0], short[0, 1])
    return [*shapes, model.trainable_params, open_length, bool(same and different)]


@check("q3", points=1)
def test_builds_the_table(submission, draw):
    """build_embedding gives a model with one vector of n_features for each index, and no row too few or too many"""
    for size, n_features in draw.distinct_pairs(6, 20, n=3):
        expected = [[2, 3, n_features], [1, 5, n_features], (size + 1) * n_features, True, True]
        agree(
            submission.build_embedding,
            fresh_vocabulary(draw, size),
            n_features,
            expected=expected,
            reference=build_embedding,
            view=facts_about,
            what="your model's output shapes for inputs (2, 3) and (1, 5), its number of weights, "
            "whether its input has any length, and whether each index has its own vector:",
        )
