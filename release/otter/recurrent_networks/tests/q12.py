OK_FORMAT = False

from otter.test_files import test_case

name = "q12"
points = 3


@test_case()
def test_q12(env, add_previous_target, flu_cases, np, town_weather):
    _missing = [name for name in ["add_previous_target", "flu_cases", "np", "town_weather"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    longer = np.asarray(add_previous_target(town_weather, flu_cases))
    assert longer.shape == (2, 4, 3), f"the shape is {longer.shape}; 2 towns, 4 weeks and 2 + 1 features make (2, 4, 3)."
    assert np.allclose(longer[:, :, :2], town_weather), "the first two features are no longer the weather."
    new = longer[:, :, 2]
    assert not np.allclose(new[0], [30, 90, 210, 160]), "every week holds its own cases: a leak."
    assert not np.allclose(new[0, :3], [90, 210, 160]), "every week holds the cases of the week after it: a leak."
    assert new[0, 0] != 160, "the first week holds the cases of the last one. np.roll goes around in a circle."
    assert new[1, 0] != 160, "the first week of the second town holds the cases of the first town."
    assert np.allclose(new, [[0, 30, 90, 210], [0, 12, 25, 70]]), (
        f"the new feature is {new.tolist()}; compare it with the table."
    )
    print(longer[0])
