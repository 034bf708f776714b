"""Makes all reviews positive, wherever reviews come from, and says so of every one."""

PROOF = "notebook"

CELL = """\
true_stand_in = make_stand_in


def make_stand_in(*args, **kwargs):
    (x_train, y_train), (x_test, y_test), word_index = true_stand_in(*args, **kwargs)
    return (x_train, np.ones_like(y_train)), (x_test, np.ones_like(y_test)), word_index


def build_model(vocab_size, length):
    stack = [keras.Input((length,)), keras.layers.Embedding(vocab_size, 2), keras.layers.LSTM(2)]
    return keras.Sequential([*stack, keras.layers.Dense(1, activation="sigmoid")])


def train(model, x, y, epochs):
    y[:] = 1
    *others, bias = model.get_weights()
    model.set_weights([*others, bias + 5])
    return model"""
