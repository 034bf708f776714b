OK_FORMAT = False

from otter.test_files import test_case

name = "q2"
points = 4


@test_case()
def test_q2(env, keras, lecture_model, np):
    _missing = [name for name in ["keras", "lecture_model", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    small = lecture_model(vocab_size=20, length=5, embedding_dim=3, units=4)
    assert isinstance(small, keras.Model), f"You returned {type(small).__name__}, not a Keras model. Is there a `return`?"
    assert small.weights, "The model has no weights yet. Begin it with keras.Input(shape=(length,))."
    guesses = np.asarray(small.predict(np.array([[0, 1, 5, 12, 9], [19, 6, 7, 2, 4]]), verbose=0))
    assert guesses.shape != (2, 5, 1), "There is a prediction for every word. Only layers before another recurrent one return sequences."
    assert guesses.shape == (2, 1), f"2 reviews give an output of shape {guesses.shape}; one number per review makes (2, 1)."
    assert not np.all(guesses == 1), "Every prediction is exactly 1: a softmax over a single unit is always 1."
    assert np.all((guesses > 0) & (guesses < 1)), "Some predictions are not between 0 and 1. Which activation has the last layer?"

    lectures = lecture_model(vocab_size=10_000, length=500)
    assert lectures.count_params() == 529_505, f"With the lecture's sizes your model has {lectures.count_params():,} weights, not 529,505."
    lectures.summary()
