OK_FORMAT = False

from otter.test_files import test_case

name = "q8"
points = 5


@test_case()
def test_q8(env, build_sequence_model, np):
    _missing = [name for name in ["build_sequence_model", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    model = build_sequence_model(2, 3)
    X = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 4, 3)).astype("float32")
    predictions = np.asarray(model(X))  # model.predict would hold a TimeDistributed layer to the first length it sees
    assert predictions.shape != (20, 1), (
        "there is one prediction for each city, and not for each day. What does return_sequences do?"
    )
    assert predictions.shape == (20, 4, 1), f"20 cities with 4 days give the shape {predictions.shape}, and not (20, 4, 1)."
    assert predictions.min() < 0, "no prediction is negative. Has your last layer an activation?"
    another_wednesday = X.copy()
    another_wednesday[:, 2] += 1
    changed = np.abs(np.asarray(model(another_wednesday)) - predictions).max(axis=(0, 2)) > 1e-6
    assert not changed[:2].any(), (
        "a change on Wednesday changes the predictions of Monday or Tuesday: your model is not causal."
    )
    assert changed[2:].all(), (
        "a change on Wednesday does not change the predictions of Wednesday and Thursday. Where is the memory?"
    )
    try:
        longer = np.asarray(model(np.concatenate([X, X], axis=1)))
    except ValueError as error:
        raise AssertionError(f"the model takes no sequences of 8 days: {error}") from None
    assert np.allclose(longer[:, :4], predictions, atol=1e-4), (
        "with 8 days the first 4 predictions should stay as they are."
    )
    print("4 days:", predictions.shape, " 8 days:", longer.shape)
