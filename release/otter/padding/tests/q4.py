OK_FORMAT = False

from otter.test_files import test_case

name = "q4"
points = 3


@test_case()
def test_q4(env, last_real_state, mask_mixed, masked_mean, np, padding_mask, states_mixed, x_mixed):
    _missing = [name for name in ["last_real_state", "mask_mixed", "masked_mean", "np", "padding_mask", "states_mixed", "x_mixed"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    seen = np.asarray(padding_mask(x_mixed))
    assert seen.shape == (4, 5), f"the mask has one entry for every index, (4, 5); yours is {seen.shape}"
    assert not (seen == ~mask_mixed).all(), "your mask is the wrong way round: True is for words"
    assert (seen == mask_mixed).all(), f"the mask is True exactly where the index is not 0; yours is\n{seen}"

    means = np.asarray(masked_mean(states_mixed, mask_mixed))
    assert means.shape == (4, 2), f"one mean per sentence and feature makes (4, 2); yours is {means.shape}"
    assert not np.isnan(means).any(), "a row of padding gives zeros; yours gives nan, which is 0 / 0"
    assert np.allclose(means[0], [2.5, 2.75]), f"the first row has its words in columns 2, 3, 4; your mean is {means[0]}"
    assert np.allclose(means[1], [3.75, 4.0]), f"the second row has its words in columns 0, 1; your mean is {means[1]}"
    assert np.allclose(means[3], 0), f"a row of padding gives zeros; yours gives {means[3]}"

    last = np.asarray(last_real_state(states_mixed, mask_mixed))
    assert last.shape == (4, 2), f"one state per sentence, with 2 features, makes (4, 2); yours is {last.shape}"
