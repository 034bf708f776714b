OK_FORMAT = False

from otter.test_files import test_case

name = "q5"
points = 6


@test_case()
def test_q5(env, cut, long_recordings, np):
    _missing = [name for name in ["cut", "long_recordings", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    # the next 8 days of feature 3, from 4 days of features 0 to 3
    pair = cut(long_recordings, 4, offsets=[1, 2, 3, 4, 5, 6, 7, 8], inputs=[0, 1, 2, 3], outputs=[3])
    assert isinstance(pair, (tuple, list)) and len(pair) == 2, "cut must return two arrays: X, y"
    X, y = np.array(pair[0]), np.array(pair[1])
    assert X.ndim == 3 and y.ndim == 3, f"X has {X.ndim} axes and y {y.ndim}. Both need three: windows, days, features."
    assert len(X) == 6, f"X has {len(X)} windows. 4 of 14 days are read and 8 predicted: on which days can a window start?"
    assert X.shape == (6, 4, 4), f"X has the shape {X.shape}; 6 windows of 4 days with 4 features make (6, 4, 4)."
    assert y.shape != (6, 1, 8), "y has 1 day with 8 features. Are these eight days of one feature?"
    assert y.shape == (6, 8, 1), f"y has the shape {y.shape}; for 6 windows, 8 days of 1 feature make (6, 8, 1)."
    assert X[0, :, 0].tolist() == [1010, 1020, 1030, 1040], (
        f"in the first window feature 0 is {X[0, :, 0].tolist()}, not that of days 1 to 4."
    )
    assert y[0, 0, 0] != 1043, "the first target is day 4, the last day of the window. Offset 1 is the day after."
    assert y[0, 0, 0] != 1063, "the first target is day 6. The first window ends on day 4; offset 1 is the day after."
    assert y[0, :, 0].tolist() == [1053, 1063, 1073, 1083, 1093, 1103, 1113, 1123], (
        f"the first targets are {y[0, :, 0].tolist()}."
    )
    assert y[3, 0, 0] == 2053, (
        f"the first target of window 3 is {y[3, 0, 0]}. This window should be the first of the second recording."
    )

    # the next day
    X, y = cut(long_recordings, 4, offsets=[1], inputs=[0, 1, 2, 3], outputs=[3])
    assert np.shape(X) == (20, 4, 4) and np.shape(y) == (20, 1, 1), (
        f"for the next day X is {np.shape(X)} and y {np.shape(y)}."
    )
    print("the next 8 days and the next day are right; the other rows of the table are checked when you hand in")
