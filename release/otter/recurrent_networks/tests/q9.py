OK_FORMAT = False

from otter.test_files import test_case

name = "q9"
points = 4


@test_case()
def test_q9(env, X_cities, mean_and_std, np, scale, unscale, y_cities):
    _missing = [name for name in ["X_cities", "mean_and_std", "np", "scale", "unscale", "y_cities"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    mean, std = mean_and_std(X_cities)
    assert np.size(mean) == np.size(std) == 3, (
        f"3 features have 3 means; yours have the shape {np.shape(mean)}. Over which axes?"
    )
    assert np.allclose(mean, [20.92, 13.5, 70.42], atol=0.01), f"the means are {mean}. The mean temperature is 20.92."
    assert not np.allclose(np.ravel(std)[0], 9.95, atol=0.01), "you divide by n - 1. Which of the two is asked for?"
    assert np.allclose(std, [9.53, 8.03, 20.96], atol=0.01), (
        f"the standard deviations are {std}. That of the temperature is 9.53."
    )
    one, one_std = mean_and_std(y_cities)
    assert np.allclose(one, 103.33, atol=0.01), f"the mean of the targets is 103.33, and not {one}."
    flat_mean, flat_std = mean_and_std(np.array([[1.0, 40.0], [2.0, 50.0], [3.0, 90.0]]))  # two features, without days
    assert np.allclose(flat_mean, [2, 60]), f"1, 2, 3 and 40, 50, 90 have the means 2 and 60, and not {flat_mean}."
    assert np.allclose(flat_std, [0.816, 21.602], atol=0.001), (
        f"the standard deviation of 1, 2, 3 is 0.816, that of 40, 50, 90 is 21.602, and yours are {flat_std}."
    )
    assert np.allclose(mean_and_std(np.ones((3, 4, 2)))[1], 1), (
        "a feature that never changes should get the standard deviation 1."
    )

    scaled = np.asarray(scale(np.array([[50.0], [73.0], [95.0]]), np.array([73.0]), np.array([22.0])))
    assert np.allclose(np.ravel(scaled), [-1.045, 0, 1], atol=0.01), (
        f"50, 73 and 95 are scaled to {np.ravel(scaled)}; see the table."
    )
    back = np.ravel(unscale(np.array([[0.0], [1.0]]), np.array([73.0]), np.array([22.0])))
    assert np.allclose(back, [73, 95]), f"0 and 1 standard deviations from a mean of 73 are 73 and 95, and not {back}."
    print("means:", np.round(mean, 2), " standard deviations:", np.round(std, 2))
