"""Parameter counting, question 3: LSTM and GRU (5 points). Source: lecture, LSTM; Keras' documentation of GRU."""

from keras.layers import GRU, LSTM

from autograder.checks import agree, check
from solutions.parameter_counting import gru_params, lstm_params


def keras_count(layer, features):
    """Weights that Keras makes for a layer that reads so many features; the number of time steps stays open."""
    layer.build((None, None, features))
    return layer.count_params()


@check("q3", points=2, visible=True)
def test_counts_all_four_gates(submission, draw):
    """lstm_params(units, features) equals what Keras counts for LSTM(units), for any sizes"""
    for units, features in draw.distinct_pairs(2, 40, n=5):  # never equal: swapped arguments cannot hide
        expected = keras_count(LSTM(units), features)
        agree(submission.lstm_params, units, features, expected=expected, reference=lstm_params, squeeze=True)


@check("q3", points=2, visible=True)
def test_counts_both_biases_of_a_gru(submission, draw):
    """gru_params(units, features) equals what Keras counts for GRU(units), for any sizes"""
    for units, features in draw.distinct_pairs(2, 40, n=5):
        expected = keras_count(GRU(units), features)
        agree(submission.gru_params, units, features, expected=expected, reference=gru_params, squeeze=True)


@check("q3", points=1, visible=True)
def test_reset_after_decides_the_biases(submission, draw):
    """gru_params(units, features, reset_after) follows Keras for True and for False"""
    for units, features in draw.distinct_pairs(2, 40, n=3):
        for reset_after in (True, False):
            expected = keras_count(GRU(units, reset_after=reset_after), features)
            agree(
                submission.gru_params,
                units,
                features,
                reset_after,
                expected=expected,
                reference=gru_params,
                squeeze=True,
            )
