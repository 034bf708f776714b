OK_FORMAT = False

from otter.test_files import test_case

name = "q6"
points = 6


@test_case()
def test_q6(env, build_model, keras, make_stand_in, np, train):
    _missing = [name for name in ["build_model", "keras", "make_stand_in", "np", "train"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    import time

    keras.utils.set_random_seed(1)
    (texts, verdicts), (fresh_texts, fresh_verdicts), _ = make_stand_in(n_train=4000, n_test=1000, seed=5)


    def as_rows(reviews):
        """Ids from 1000 on as 2, 60 words per row, padded and cut in front."""
        rows = np.zeros((len(reviews), 60), dtype="int32")
        for row, text in zip(rows, reviews):
            text = text[-60:]
            row[len(row) - len(text):] = [number if number < 1000 else 2 for number in text]
        return rows


    began = time.time()
    mine = build_model(1000, 60)
    assert isinstance(mine, keras.Model), f"build_model returned {type(mine).__name__}, not a Keras model."
    mine = train(mine, as_rows(texts), verdicts, 3)
    assert isinstance(mine, keras.Model), f"train returned {type(mine).__name__}. Return the model; fit returns its history."
    seconds = time.time() - began
    try:  # what the grader does with a trained model: it rebuilds the layers of Keras that call goes through
        taken = keras.Input((60,))
        keras.Model.from_config(keras.Model(taken, mine.call(taken)).get_config())
    except Exception as error:
        print(f"The grader may be unable to rebuild this model from Keras' own layers ({type(error).__name__}). Then its points await a person.")
        print("To have it graded by a program, return a keras.Sequential or a functional model, keras.Model(inputs, outputs).")
    says = np.asarray(mine.predict(as_rows(fresh_texts), verbose=0))
    assert says.shape == (1000, 1), f"1000 reviews give predictions of shape {says.shape}; one number per review makes (1000, 1)."
    assert says.min() >= 0 and says.max() <= 1, "Some outputs are not probabilities between 0 and 1. Which activation has the last layer?"
    assert np.ptp(says) > 0, "Every review gets the same probability. A softmax over a single unit is always 1."
    reached = float(np.mean((says[:, 0] > 0.5) == (fresh_verdicts == 1)))
    print(f"accuracy on fresh reviews {reached:.3f}, {seconds:.0f} s")
    if seconds > 30:
        print("This took longer than 30 seconds. If the machine was not busy, a smaller model will do too.")
    assert reached >= 0.63, f"{reached:.3f} is no better than guessing. Does the accuracy rise from epoch to epoch? Does train fit?"
    assert reached >= 0.82, f"{reached:.3f} is clear learning, but the threshold of the stand-in is 0.82."
