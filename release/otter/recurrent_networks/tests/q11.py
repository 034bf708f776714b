OK_FORMAT = False

from otter.test_files import test_case

name = "q11"
points = 4


@test_case()
def test_q11(env, mean_slope, np, saturated_share, smallest_gap, states_as_it_is, states_scaled):
    _missing = [name for name in ["mean_slope", "np", "saturated_share", "smallest_gap", "states_as_it_is", "states_scaled"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    a_few = np.array([[[0.0, 0.999]], [[-0.995, 0.5]]])
    share = saturated_share(a_few)
    assert not np.isclose(share, 0.25), "-0.995 is saturated too: tanh has two ends."
    assert not np.isclose(share, 2), "2 is how many there are. Which share of the 4 numbers is it?"
    assert np.isclose(share, 0.5), f"2 of the 4 numbers are further than 0.99 from zero, and your share is {share}."
    assert np.isclose(saturated_share(a_few, 0.4), 0.75), "with the limit 0.4, 3 of the 4 numbers count."
    assert np.isclose(saturated_share(a_few, 0.5), 0.5), "0.5 is not further than 0.5 from zero."

    slope = mean_slope(np.tanh(np.array([0.0, 1.0])))  # the slopes of tanh at 0 and at 1 are 1 and 0.42
    assert np.isclose(slope, 0.71, atol=0.001), f"the slopes 1 and 0.42 have the mean 0.71, and yours is {slope}."

    three_cities = np.array([[0.9, 0.1], [-0.5, 0.3], [0.8, -0.1]])
    gap = smallest_gap(three_cities)
    assert not np.isclose(gap, 0), "a city is always like itself. Compare different ones only."
    assert not np.isclose(gap, 0.1), (
        "the first and the last city differ by 0.2 in one unit. Which unit counts, the better or the worse?"
    )
    assert np.isclose(gap, 0.2), (
        f"the most similar cities are the first and the last, 0.2 apart, and yours are {gap} apart."
    )
    two_alike = np.array([[0.9, 0.1], [-0.5, 0.3], [-0.5, 0.3]])
    assert np.isclose(smallest_gap(two_alike), 0), "two different cities with the same state are a pair too, and 0 apart."

    for name, states in (("X as it is", states_as_it_is), ("X scaled  ", states_scaled)):
        numbers = saturated_share(states), mean_slope(states), smallest_gap(states[:, -1])
        share, slope, gap = (float(np.squeeze(number)) for number in numbers)
        print(f"{name}: {share:4.0%} saturated, mean slope {slope:.4f}, smallest gap {gap:.4f}")
