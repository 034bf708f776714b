OK_FORMAT = False

from otter.test_files import test_case

name = "q1"
points = 5


@test_case()
def test_q1(env, SimpleRNN, all_states, last_state, np, small_X, small_bias, small_kernel, small_recurrent_kernel):
    _missing = [name for name in ["SimpleRNN", "all_states", "last_state", "np", "small_X", "small_bias", "small_kernel", "small_recurrent_kernel"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    layer = SimpleRNN(5, return_sequences=True)
    layer.build(small_X.shape)
    layer.set_weights([small_kernel, small_recurrent_kernel, small_bias])
    keras_states = np.asarray(layer(small_X.astype("float32")))

    one_unit = [[[1.0], [0.0], [-1.0]]], [[0.5]], [[0.8]], [0.1]  # the table above
    table = np.ravel(last_state(*(np.array(part) for part in one_unit)))
    assert table.shape == (1,), f"one city and one unit give {table.shape} numbers. Does last_state return y(T) alone?"
    assert abs(table[0] + 0.012) < 1e-3, f"the table ends with -0.012, your function with {table[0]}. Compare day by day."

    last = np.asarray(last_state(small_X, small_kernel, small_recurrent_kernel, small_bias))
    assert last.shape == (2, 5), f"last_state gives the shape {last.shape}; 2 cities and 5 units make (2, 5)."
    assert np.allclose(last[0], keras_states[0, -1], atol=1e-4), "the state of the first city is not what Keras computes."
    assert np.allclose(last[1], keras_states[1, -1], atol=1e-4), "the second city is wrong. Does it start from zeros?"

    states = np.asarray(all_states(small_X, small_kernel, small_recurrent_kernel, small_bias))
    assert states.shape == (2, 4, 5), f"all_states gives the shape {states.shape}; cities, days, units make (2, 4, 5)."
    assert np.allclose(states[:, 0], keras_states[:, 0], atol=1e-4), (
        "the state after day 1 is wrong. Is yours the one before day 1?"
    )
    assert np.allclose(states, keras_states, atol=1e-4), (
        "some states are not what Keras computes. Which day is the first wrong one?"
    )
    print("the last states, as Keras computes them:")
    print(last.round(3))
