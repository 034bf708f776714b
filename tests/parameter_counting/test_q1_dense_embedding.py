"""Parameter counting, question 1: Dense and Embedding (3 points). Source: lecture, Dense layer and embeddings."""

from keras.layers import Dense, Embedding

from autograder.checks import agree, check
from solutions.parameter_counting import dense_params, embedding_params


def keras_count(layer, features):
    """Weights that Keras makes for a layer that reads so many features."""
    layer.build((None, features))
    return layer.count_params()


@check("q1", points=2, visible=True)
def test_dense_has_a_bias_per_unit(submission, draw):
    """dense_params(units, features) equals what Keras counts for Dense(units), for any sizes"""
    for units, features in draw.distinct_pairs(2, 40, n=5):  # never equal: swapped arguments cannot hide
        expected = keras_count(Dense(units), features)
        agree(submission.dense_params, units, features, expected=expected, reference=dense_params, squeeze=True)


@check("q1", points=1, visible=True)
def test_embedding_is_a_table(submission, draw):
    """embedding_params(input_dim, output_dim) equals what Keras counts for Embedding(input_dim, output_dim)"""
    for input_dim, output_dim in draw.distinct_pairs(3, 60, n=5):
        expected = keras_count(Embedding(input_dim, output_dim), 1)
        agree(
            submission.embedding_params,
            input_dim,
            output_dim,
            expected=expected,
            reference=embedding_params,
            squeeze=True,
        )
