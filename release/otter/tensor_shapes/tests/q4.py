OK_FORMAT = False

from otter.test_files import test_case

name = "q4"
points = 4


@test_case()
def test_q4(env, cut_next_day, np, short_recordings):
    _missing = [name for name in ["cut_next_day", "np", "short_recordings"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    pair = cut_next_day(short_recordings, 3)
    assert isinstance(pair, (tuple, list)) and len(pair) == 2, "cut_next_day must return two arrays: X, y"
    X, y = np.array(pair[0]), np.array(pair[1])
    assert X.ndim == 3, f"X has {X.ndim} axes. It needs three: the windows of all recordings, the days, the features."
    assert X.shape[1:] == (3, 2), (
        f"one window has the shape {X.shape[1:]}; 3 days with 2 features make (3, 2). In which order are your axes?"
    )
    assert len(X) != 9, "X has 9 windows. Does one of them run from one recording into the next?"
    assert len(X) != 8, "X has 8 windows. Is there a day after each of them?"
    assert len(X) == 6, f"X has {len(X)} windows. 2 recordings of 6 days give 3 each: see the drawing."
    assert X[0, :, 0].tolist() == [111, 121, 131], (
        f"in the first window feature 1 is {X[0, :, 0].tolist()}, not that of days 1, 2, 3."
    )
    assert X[1, :, 0].tolist() == [121, 131, 141], (
        f"in the second window feature 1 is {X[1, :, 0].tolist()}, not that of days 2, 3, 4."
    )
    assert X[3, :, 0].tolist() == [211, 221, 231], "window 3 should be the first of the second recording."

    assert y.ndim == 3, f"y has {y.ndim} axes. It needs three: windows, one day, features."
    assert y.shape == (6, 1, 2), f"y has the shape {y.shape}; for 6 windows, 1 day with 2 features makes (6, 1, 2)."
    assert y[0, 0].tolist() != [131, 132], "y is the last day of the window. The network already sees it in X."
    assert y[0, 0].tolist() == [141, 142], (
        f"the first target is {y[0, 0].tolist()}. The first window ends on day 3: which day is next?"
    )
    assert y[:, 0, 0].tolist() == [141, 151, 161, 241, 251, 261], f"feature 1 in y is {y[:, 0, 0].tolist()}."
    print("X has the shape", X.shape, "and y", y.shape)
