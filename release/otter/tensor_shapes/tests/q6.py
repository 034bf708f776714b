OK_FORMAT = False

from otter.test_files import test_case

name = "q6"
points = 3


@test_case()
def test_q6(env, cut_with_classes, example_classes, example_recordings, np):
    _missing = [name for name in ["cut_with_classes", "example_classes", "example_recordings", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    pair = cut_with_classes(example_recordings, example_classes, 4)
    assert isinstance(pair, (tuple, list)) and len(pair) == 2, "cut_with_classes must return two arrays: X, y"
    X, y = np.array(pair[0]), np.array(pair[1])
    assert X.ndim == 3, f"X has {X.ndim} axes. It needs three: the windows of all recordings, the days, the features."
    assert len(X) != 4, "X has 4 windows. Does the last window of each recording end on day 6?"
    assert X.shape == (6, 4, 2), f"X has the shape {X.shape}; 6 windows of 4 days with 2 features make (6, 4, 2)."
    assert X[2, :, 0].tolist() == [131, 141, 151, 161], (
        f"in window 2 feature 1 is {X[2, :, 0].tolist()}, not that of days 3 to 6."
    )
    assert X[3, :, 0].tolist() == [211, 221, 231, 241], "window 3 should be the first of the second recording."

    assert y.ndim == 3, f"y has {y.ndim} axes. It needs three: windows, one output, one feature."
    assert y.shape != (6, 4, 1), "y has a class for each day. The network names a class once, after the last day."
    assert y.shape != (2, 1, 1), "y has a class for each recording. To the network each window is a sequence of its own."
    assert y.shape == (6, 1, 1), f"y has the shape {y.shape}; 6 windows with 1 class each make (6, 1, 1)."
    assert y.ravel().tolist() == [7, 7, 7, 4, 4, 4], (
        f"the classes are {y.ravel().tolist()}. From which recording is window 1?"
    )
    print("X has the shape", X.shape, "and y", y.shape)
