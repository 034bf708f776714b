OK_FORMAT = False

from otter.test_files import test_case

name = "q1"
points = 3


@test_case()
def test_q1(env, cities, make_x, make_y, np, pollution_on_day_5):
    _missing = [name for name in ["cities", "make_x", "make_y", "np", "pollution_on_day_5"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    X, y = make_x(cities), make_y(pollution_on_day_5)
    assert np.ndim(X) == 3, f"X has {np.ndim(X)} axes. It needs three: sequences, observations, features."
    assert np.shape(X) == (3, 4, 3), f"X has the shape {np.shape(X)}; 3 cities, 4 days and 3 features make (3, 4, 3)."
    assert X[1][3][0] == 22, f"X[1, 3, 0] is {X[1][3][0]}. It should be the temperature of Berlin on its fourth day."

    two_days = make_x([[[1, 2, 3], [4, 5, 6]]])  # one city, two days, three features: no two sizes are equal
    assert np.shape(two_days) == (1, 2, 3), (
        f"1 city, 2 days and 3 features give {np.shape(two_days)}. In which order are your axes?"
    )

    assert np.ndim(y) == 3, (
        f"y has {np.ndim(y)} axes. It needs three, as X does: sequences, days to predict, features to predict."
    )
    assert np.shape(y) == (3, 1, 1), (
        f"y has the shape {np.shape(y)}; for each of 3 cities, 1 day with 1 feature makes (3, 1, 1)."
    )
    assert np.ravel(y).tolist() == pollution_on_day_5, f"y holds {np.ravel(y).tolist()}, not the pollution on day 5."

    for name, tensor in (("X", X), ("y", y)):
        assert hasattr(tensor, "dtype"), f"{name} is a {type(tensor).__name__}, not an array."
        assert tensor.dtype == np.float32, f"{name} holds {tensor.dtype}. Networks compute with float32."
    print("X has the shape", np.shape(X), "and y", np.shape(y))
