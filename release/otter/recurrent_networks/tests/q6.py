OK_FORMAT = False

from otter.test_files import test_case

name = "q6"
points = 4


@test_case()
def test_q6(env, build_stack, np):
    _missing = [name for name in ["build_stack", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    try:
        model = build_stack([5, 2], 4, 3)
    except ValueError as error:
        raise AssertionError(
            f"Keras says: {error} A layer below another recurrent one needs return_sequences=True."
        ) from None
    X = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 4, 3))
    predictions = model.predict(X, verbose=0)
    assert np.ndim(predictions) != 3, "there is a prediction for each day. Which layer needs no return_sequences=True?"
    assert predictions.shape == (20, 1), f"20 sequences give predictions of shape {predictions.shape}, and not (20, 1)."
    assert predictions.min() < 0, "no prediction is negative. Has your last layer an activation?"
    weights = sum(np.size(weight) for weight in model.trainable_weights)
    assert weights == 64, (
        f"your model has {weights} trainable weights. SimpleRNN(5) on 3 features, SimpleRNN(2) on 5, Dense(1): 45 + 16 + 3."
    )
    print("45 + 16 + 3 =", weights, "trainable weights")
