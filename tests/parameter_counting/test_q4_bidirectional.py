"""Parameter counting, question 4: Bidirectional (3 points). Source: Keras' documentation of Bidirectional."""

from keras import layers

from autograder.checks import agree, check
from solutions.parameter_counting import bidirectional_output, bidirectional_params


@check("q4", points=2, visible=True)
def test_two_layers_in_one(submission, draw):
    """bidirectional_params(kind, units, features) equals what Keras counts for the wrapped layer, of every kind"""
    for kind in ("SimpleRNN", "LSTM", "GRU"):
        for units, features in draw.distinct_pairs(3, 20, n=2):
            layer = layers.Bidirectional(getattr(layers, kind)(units))
            layer.build((None, None, features))
            agree(
                submission.bidirectional_params,
                kind,
                units,
                features,
                expected=layer.count_params(),
                reference=bidirectional_params,
                squeeze=True,
            )


@check("q4", points=1, visible=True)
def test_width_for_the_next_layer(submission, draw):
    """bidirectional_output(units, merge_mode) equals the features that Keras' layer returns, "concat" when not given"""
    for units in draw.distinct(3, 40, n=3):
        for mode in ((), ("concat",), ("sum",), ("mul",), ("ave",)):  # () leaves merge_mode to its default
            layer = layers.Bidirectional(layers.SimpleRNN(units), *mode)
            expected = layer.compute_output_shape((None, 4, 3))[-1]
            agree(
                submission.bidirectional_output,
                units,
                *mode,
                expected=expected,
                reference=bidirectional_output,
                squeeze=True,
            )
