OK_FORMAT = False

from otter.test_files import test_case

name = "q7"
points = 3


@test_case()
def test_q7(env, build_lstm, np):
    _missing = [name for name in ["build_lstm", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    model = build_lstm(2, 4, 3)
    X = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 4, 3))
    predictions = model.predict(X, verbose=0)
    assert predictions.shape == (20, 1), f"20 sequences give predictions of shape {predictions.shape}, and not (20, 1)."
    assert predictions.min() < 0, "no prediction is negative. Has your last layer an activation?"
    weights = sum(np.size(weight) for weight in model.trainable_weights)
    assert weights != 15, "15 weights: that is the SimpleRNN."
    assert weights == 51, (
        f"your model has {weights} trainable weights. LSTM(2) on 3 features and Dense(1) have 48 + 3 (a GRU has 42 + 3)."
    )
    print("48 + 3 =", weights, "trainable weights")
