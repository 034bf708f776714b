OK_FORMAT = False

from otter.test_files import test_case

name = "q4"
points = 4


@test_case()
def test_q4(env, build_deeper_head, np):
    _missing = [name for name in ["build_deeper_head", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    model = build_deeper_head(2, 20, 4, 3)
    X = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 4, 3))
    predictions, of_minus_X = model.predict(X, verbose=0), model.predict(-X, verbose=0)
    assert predictions.shape == (20, 1), f"20 sequences give predictions of shape {predictions.shape}, and not (20, 1)."
    both = np.concatenate([predictions, of_minus_X])
    assert both.min() < 0 or not (both == 0).any(), "negative predictions have become 0. Which of your layers has the relu?"
    assert not np.allclose(predictions, -of_minus_X, atol=1e-5), (
        "turning the sign of every input only turns the sign of every prediction, as in a model without a relu."
    )
    weights = sum(np.size(weight) for weight in model.trainable_weights)
    assert weights == 93, (
        f"your model has {weights} trainable weights. With 2 units, 20 hidden and 3 features it has 12 + 60 + 21."
    )
    print("12 + 60 + 21 =", weights, "trainable weights")
