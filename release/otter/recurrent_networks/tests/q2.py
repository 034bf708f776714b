OK_FORMAT = False

from otter.test_files import test_case

name = "q2"
points = 3


@test_case()
def test_q2(env, np, predict_every_day, predict_last_day, some_bias, some_kernel, some_states):
    _missing = [name for name in ["np", "predict_every_day", "predict_last_day", "some_bias", "some_kernel", "some_states"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    last_day = np.asarray(predict_last_day(some_states, some_kernel, some_bias))
    assert last_day.shape != (2, 4), "your prediction has 4 numbers for each city: that is the state y(T)."
    assert last_day.shape == (2, 1), f"your predictions have the shape {last_day.shape}; 2 cities and 1 number make (2, 1)."
    assert np.abs(last_day).max() > 1, "your predictions lie between -1 and 1. The Dense layer has no activation."
    # the first city by hand: 0.3 * 10 - 0.9 * 20 - 0.1 * 30 - 0.4 * 5 + 100
    assert np.allclose(last_day[0], 80), f"the first city should get 80 (see the line above), and gets {last_day[0]}."
    assert np.allclose(last_day[1], 126.5), f"the second city should get 126.5, and gets {last_day[1]}."

    every_day = np.asarray(predict_every_day(some_states, some_kernel, some_bias))
    assert every_day.shape == (2, 3, 1), (
        f"for every day the shape is {every_day.shape}; cities, days, outputs make (2, 3, 1)."
    )
    assert np.allclose(every_day[:, -1], last_day), "on the last day both functions should predict the same."
    assert np.allclose(np.ravel(every_day[0]), [116, 88, 80]), (
        f"the first city gets {np.ravel(every_day[0])}, and not 116, 88, 80."
    )
    print("predictions of the last day:", np.ravel(last_day))
