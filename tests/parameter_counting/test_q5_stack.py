"""Parameter counting, question 5: a stack of layers (5 points). Source: lecture, stacked recurrent layers."""

from keras import Input, Sequential, layers

from autograder.checks import agree, check
from solutions.parameter_counting import stack_params

RECURRENT = ("SimpleRNN", "LSTM", "GRU")


def keras_layer(kind, *sizes):
    """The Keras layer that one tuple of a stack stands for."""
    if kind == "Bidirectional":
        return layers.Bidirectional(keras_layer(*sizes))
    if kind in RECURRENT:
        return getattr(layers, kind)(*sizes, return_sequences=True)
    return getattr(layers, kind)(*sizes)


def keras_column(stack, input_shape):
    """The column Param # of Keras' summary."""
    model = Sequential([Input(input_shape), *(keras_layer(*layer) for layer in stack)])
    return [layer.count_params() for layer in model.layers]


def kinds(draw, n):
    """So many recurrent kinds, no two of them equal."""
    return [str(kind) for kind in draw.permutation(RECURRENT)[:n]]


def follow(submission, stack, input_shape):
    """Compare one stack with Keras."""
    expected = keras_column(stack, input_shape)
    agree(submission.stack_params, stack, input_shape, expected=expected, reference=stack_params, squeeze=True)


@check("q5", points=2, visible=True)
def test_each_layer_reads_the_one_below(submission, draw):
    """stack_params gives the Param # of every layer of a stack of recurrent and Dense layers, as Keras prints it"""
    for open_length in (False, True):
        first, second, third = kinds(draw, 3)
        length, features, *units = draw.distinct(2, 14, n=7)  # all different: no layer can borrow another one's size
        input_shape = (None if open_length else length, features)
        stack = [(first, units[0]), (second, units[1]), ("Dense", units[2]), (third, units[3]), ("Dense", units[4])]
        follow(submission, stack, input_shape)
        follow(submission, stack[-1:] + stack[:-1], input_shape)  # a Dense layer first, a recurrent one last
        follow(submission, stack[:1], input_shape)  # a single layer


@check("q5", points=1, needs=(test_each_layer_reads_the_one_below,), visible=True)
def test_both_directions_reach_the_next_layer(submission, draw):
    """stack_params follows Keras through Bidirectional layers, with other layers above and below them"""
    first, second, third = kinds(draw, 3)
    for _ in range(3):
        length, features, *units = draw.distinct(2, 14, n=6)
        below, above = ("Bidirectional", first, units[0]), ("Bidirectional", third, units[2])
        follow(submission, [below, (second, units[1]), above, ("Dense", units[3])], (length, features))
        follow(submission, [("Dense", units[3]), above, below], (length, features))
        first, second, third = second, third, first  # every kind in every place


@check("q5", points=1, needs=(test_each_layer_reads_the_one_below,), visible=True)
def test_embedding_and_dropout(submission, draw):
    """stack_params follows Keras through an Embedding at the start and Dropout between the layers"""
    for open_length in (False, True):
        first, second = kinds(draw, 2)
        length, output_dim, *units = (2 * half for half in draw.distinct(2, 10, n=5))  # even: half of them is whole
        table, dropout = ("Embedding", int(draw.integers(31, 60)), output_dim), ("Dropout", 0.5)
        stack = [dropout, (first, units[0]), dropout, (second, units[1]), ("Dense", units[2])]
        follow(submission, [table, *stack], (None if open_length else length,))
        follow(submission, [table, ("Dense", units[0])], (None if open_length else length,))
        follow(submission, [*stack, dropout], (length, output_dim))  # Dropout first and last


@check(
    "q5",
    points=1,
    needs=(
        test_each_layer_reads_the_one_below,
        test_both_directions_reach_the_next_layer,
        test_embedding_and_dropout,
    ),
)
def test_random_stacks(submission, draw):
    """stack_params follows Keras through stacks of all these layers in any order and number"""
    for embedded in (False, True, False, True):
        first, second, third = kinds(draw, 3)
        length, features, *units = draw.distinct(2, 14, n=7)
        pool = [
            ("Bidirectional", first, units[0]),
            ("Bidirectional", second, units[1]),
            (third, units[2]),
            ("Dense", units[3]),
            ("Dropout", 0.25),
        ]
        stack = [pool[i] for i in draw.permutation(len(pool))[: draw.integers(2, 6)]]
        # A Dropout between a Bidirectional layer and its reader: who looks only one layer down misses the width.
        stack += [("Bidirectional", second, units[4]), ("Dropout", 0.5), ("Dense", 1)]
        if embedded:
            follow(submission, [("Embedding", int(draw.integers(31, 60)), features), *stack], (length,))
        else:
            follow(submission, stack, (length, features))
