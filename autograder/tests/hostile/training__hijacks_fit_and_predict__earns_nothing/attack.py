"""Lets Keras itself lie: metrics, History and callbacks say 1.0, and predict looks up the labels it will be compared with."""

PROOF = "notebook"

CELL = """\
class Flatters(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["accuracy"], logs["loss"] = 1.0, 0.0


def look_up(self, x, *args, **kwargs):
    labels = globals().get("fresh_verdicts", np.ones(len(x)))
    labels = labels if len(labels) == len(x) else np.ones(len(x))
    return np.where(labels == 1, 0.9, 0.1).reshape(-1, 1)


def always_right(self, *args, **kwargs):
    return 1.0


keras.Model.predict = keras.Sequential.predict = look_up
keras.Model.evaluate = lambda self, *args, **kwargs: [0.0, 1.0]
keras.metrics.Accuracy.result = keras.metrics.BinaryAccuracy.result = keras.metrics.Mean.result = always_right


def build_model(vocab_size, length):
    stack = [keras.Input((length,)), keras.layers.Embedding(vocab_size, 2), keras.layers.LSTM(2)]
    return keras.Sequential([*stack, keras.layers.Dense(1, activation="sigmoid")])


def train(model, x, y, epochs):
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    model.fit(x[:2], y[:2], epochs=epochs, verbose=0, callbacks=[Flatters()])
    return model"""
