OK_FORMAT = False

from otter.test_files import test_case

name = "q3"
points = 4


@test_case()
def test_q3(env, build_rnn, np):
    _missing = [name for name in ["build_rnn", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    model = build_rnn(2, 4, 3)
    X = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 4, 3))
    predictions = model.predict(X, verbose=0)
    assert np.ndim(predictions) != 3, (
        f"the predictions have the shape {predictions.shape}, one for each day. With y (3, 1, 1) Keras would train "
        "this without complaint. What does return_sequences do on the last recurrent layer?"
    )
    assert predictions.shape == (20, 1), (
        f"20 sequences give predictions of shape {predictions.shape}. Which layer makes one number of a state?"
    )
    assert np.ptp(predictions) > 1e-6, "every prediction is the same number. The softmax of one number is always 1."
    assert predictions.min() < 0, "no prediction is negative. Has your last layer an activation?"
    model.set_weights([100 * weight for weight in model.get_weights()])
    assert np.abs(model.predict(X, verbose=0)).max() > 1, (
        "with weights a hundred times as large the predictions lie between -1 and 1. Has your last layer an activation?"
    )
    weights = sum(np.size(weight) for weight in model.trainable_weights)
    assert weights == 15, f"your model has {weights} trainable weights. With 2 units and 3 features it should have 12 + 3."
    model.summary()
