OK_FORMAT = False

from otter.test_files import test_case

name = "q5"
points = 4


@test_case()
def test_q5(env, b_small, build_masked, keras, np, padding_error, rnn_last_state, states_run, table_small, w_h_small, w_x_small, x_pair, x_post, x_pre, x_run):
    _missing = [name for name in ["b_small", "build_masked", "keras", "np", "padding_error", "rnn_last_state", "states_run", "table_small", "w_h_small", "w_x_small", "x_pair", "x_post", "x_pre", "x_run"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    plain = np.asarray(rnn_last_state(x_post, table_small, w_x_small, w_h_small, b_small))
    assert plain.shape == (2, 3), f"one state of 3 units for each of 2 sentences makes (2, 3); yours is {plain.shape}"
    assert np.allclose(plain[0], [0.6509, -0.5999, -0.4303], atol=1e-3), (
        f"the first sentence has no padding, so masks do not matter yet; your state is {plain[0]}. Is the bias in it?"
    )
    assert np.allclose(plain[1], [-0.5486, 0.6481, 0.8662], atol=1e-3), (
        f"without a mask the three zeros are read too, as row 0 of the table; your state is {plain[1]}"
    )
    masked_post = np.asarray(rnn_last_state(x_post, table_small, w_x_small, w_h_small, b_small, mask_zero=True))
    masked_pre = np.asarray(rnn_last_state(x_pre, table_small, w_x_small, w_h_small, b_small, mask_zero=True))
    assert not np.allclose(masked_post[1], 0), "a masked step leaves the state as it is; yours sets it to zero"
    assert np.allclose(masked_post, masked_pre, atol=1e-4), "with a mask it must not matter where the zeros stand"
    assert np.allclose(masked_post[1], [0.4396, 0.9398, -0.7630], atol=1e-3), (
        f"with a mask the state waits while zeros pass; yours is {masked_post[1]}"
    )

    errors = np.asarray(padding_error(states_run, x_run)).reshape(-1)
    assert errors.shape == (2,), f"one error for each of the 2 sentences; you give {errors.size}"
    assert np.isclose(errors[1], 0), f"the second sentence has no padding, so its error is 0; yours is {errors[1]}"
    assert np.isclose(errors[0], 0.6), (
        f"after 2 words the first state was (0.5, 0.4), at the end (0.3, -0.2): the largest |difference| is not {errors[0]}"
    )

    assert isinstance(build_masked(6, 4, 3), keras.Model), "build_masked returns a Keras model, not a layer"
    assert build_masked(6, 4, 3).predict(x_post, verbose=0).shape == (2, 3), (
        "build_masked gives one state of 3 units per sentence, (2, 3), not one for every word: check return_sequences"
    )

    print("largest difference between the last states of 'good, not bad' and 'bad, not good'")
    print("zeros behind   no mask     mask_zero=True")
    for n_zeros in (0, 1, 2, 5, 10, 20, 50):
        x_long = np.pad(x_pair, ((0, 0), (0, n_zeros)))
        weights_small = table_small, w_x_small, w_h_small, b_small
        good, bad = np.asarray(rnn_last_state(x_long, *weights_small))
        good_masked, bad_masked = np.asarray(rnn_last_state(x_long, *weights_small, mask_zero=True))
        print(f"{n_zeros:12}   {abs(good - bad).max():.7f}   {abs(good_masked - bad_masked).max():.7f}")
