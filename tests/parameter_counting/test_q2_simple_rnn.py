"""Parameter counting, question 2: SimpleRNN (3 points). Source: lecture, the simple RNN, 2 units on 3 features."""

from keras.layers import SimpleRNN

from autograder.checks import agree, check
from solutions.parameter_counting import simple_rnn_params, simple_rnn_parts


def built(units, features):
    """A Keras layer with its weights made; the number of time steps stays open."""
    layer = SimpleRNN(units)
    layer.build((None, None, features))
    return layer


@check("q2", points=1, visible=True)
def test_three_arrays(submission, draw):
    """simple_rnn_parts(units, features) gives the sizes of Keras' kernel, recurrent kernel and bias, in this order"""
    for units, features in draw.distinct_pairs(2, 30, n=5):
        expected = [weight.numpy().size for weight in built(units, features).weights]
        agree(submission.simple_rnn_parts, units, features, expected=expected, reference=simple_rnn_parts, squeeze=True)


@check("q2", points=2, visible=True)
def test_counts_a_simple_rnn(submission, draw):
    """simple_rnn_params(units, features) equals what Keras counts for SimpleRNN(units), for any sizes"""
    for units, features in draw.distinct_pairs(2, 40, n=5):  # never equal: swapped arguments cannot hide
        expected = built(units, features).count_params()
        agree(
            submission.simple_rnn_params, units, features, expected=expected, reference=simple_rnn_params, squeeze=True
        )
