OK_FORMAT = False

from otter.test_files import test_case

name = "q3"
points = 3


@test_case()
def test_q3(env, cities, make_y_sequence, np, pollution_on_day_5):
    _missing = [name for name in ["cities", "make_y_sequence", "np", "pollution_on_day_5"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    # pollution is feature 2; cities and pollution_on_day_5 stand above question 1
    y = np.array(make_y_sequence(cities, pollution_on_day_5, feature=2))
    assert y.ndim == 3, f"y has {y.ndim} axes. It needs three: sequences, days, and the one feature that is predicted."
    assert y.shape != (3, 1, 4), "y has 1 day with 4 features. Are these four days of one feature?"
    assert y.shape != (3, 3, 1), "y has 3 days. The last day of X has a next day, too: where is its value?"
    assert y.shape == (3, 4, 1), f"y has the shape {y.shape}; for 3 cities, 4 days of 1 feature make (3, 4, 1)."
    paris_y = y[0, :, 0].tolist()
    assert paris_y != [50, 70, 90, 95], "y is the pollution of the same day. The network already sees it in X."
    assert paris_y == [70, 90, 95, 110], f"for Paris y is {paris_y}. Compare it with the table."
    assert y[:, -1, 0].tolist() == pollution_on_day_5, (
        "on the last day, y should be the pollution on day 5 in all three cities."
    )
    print("Paris:", paris_y)
