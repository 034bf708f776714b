OK_FORMAT = False

from otter.test_files import test_case

name = "q10"
points = 5


@test_case()
def test_q10(env, Model, build_model, example_X_scale, example_y_scale, forecast, keras, np, train, unscaled_X, unscaled_y):
    _missing = [name for name in ["Model", "build_model", "example_X_scale", "example_y_scale", "forecast", "keras", "np", "train", "unscaled_X", "unscaled_y"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    errors = {}
    for seed in (1, 2, 3, 4, 5):
        keras.utils.set_random_seed(seed)
        model = build_model(4, 3)
        assert model.weights, "the model has no weights yet. Does it begin with Input((days, features))?"
        trained = train(model, unscaled_X, unscaled_y, example_X_scale, example_y_scale)
        assert isinstance(trained, Model), f"train returned {type(trained).__name__}, and not the model."
        predicted = np.asarray(forecast(trained, unscaled_X, example_X_scale, example_y_scale))
        assert predicted.size == 3, f"3 cities give forecasts of shape {predicted.shape}, and not (3, 1)."
        assert np.abs(predicted).max() > 5, f"the forecasts are {predicted.ravel()}. Are they scaled back?"
        alone = np.ravel(forecast(trained, unscaled_X[:1], example_X_scale, example_y_scale))
        assert np.allclose(alone, predicted.ravel()[:1], atol=0.01), (
            "a city alone gets another forecast. With which mean is it scaled?"
        )
        errors[seed] = float(np.abs(predicted.reshape(3, 1) - unscaled_y).max())
        print(f"seed {seed}: forecasts {predicted.ravel().round(1)}, largest error {errors[seed]:.2f}")
        if errors[seed] < 2:
            break
    try:  # what the grader does with a trained model: it rebuilds the layers of Keras that call goes through
        taken = keras.Input((4, 3))
        keras.Model.from_config(keras.Model(taken, trained.call(taken)).get_config())
    except Exception as error:
        print(f"The grader may be unable to rebuild this model from Keras' own layers ({type(error).__name__}). Then its points await a person.")
        print("To have it graded by a program, return a keras.Sequential or a functional model, keras.Model(inputs, outputs).")
    best = min(errors.values())
    assert best < 7, f"the best run is off by {best:.1f}. Are both X and y scaled? Are there enough steps?"
    assert best < 2, f"the cities are told apart, but one is still {best:.1f} away. More steps, or another learning rate?"
