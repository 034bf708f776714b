"""The example model of the notebook, made here, so that a misconception can be given the same one as the student's function."""

import keras
from keras.layers import Dense, Embedding, Flatten

from autograder.checks import Model


def example_model(vocab_size: int, length: int, seed: int) -> Model:
    """A small untrained model without a recurrent layer, as the notebook's ``example_model``."""
    words = keras.Input((length,))
    vectors = Embedding(vocab_size, 4, embeddings_initializer=keras.initializers.RandomUniform(seed=seed))(words)
    first_kernel = keras.initializers.GlorotUniform(seed=seed + 1)
    return Model.own(
        keras.Model(words, Dense(1, activation="sigmoid", kernel_initializer=first_kernel)(Flatten()(vectors)))
    )
