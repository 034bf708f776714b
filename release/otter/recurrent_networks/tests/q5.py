OK_FORMAT = False

from otter.test_files import test_case

name = "q5"
points = 4


@test_case()
def test_q5(env, bias_1, bias_2, collapse, flat_X, kernel_1, kernel_2, np, two_dense_layers):
    _missing = [name for name in ["bias_1", "bias_2", "collapse", "flat_X", "kernel_1", "kernel_2", "np", "two_dense_layers"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    linear = np.asarray(two_dense_layers(flat_X, kernel_1, bias_1, kernel_2, bias_2, relu=False))
    bent = np.asarray(two_dense_layers(flat_X, kernel_1, bias_1, kernel_2, bias_2, relu=True))
    assert linear.shape == bent.shape == (3, 1), (
        f"3 inputs and 1 output make (3, 1); yours are {linear.shape} and {bent.shape}."
    )
    # the first input by hand: the hidden layer is 2.6, -0.2, 1.3, -2.6
    assert np.allclose(linear[0], 2.6 + 0.4 + 0.65 - 7.8 + 10), (
        f"without relu the first output is 5.85, and not {linear[0]}."
    )
    assert np.allclose(bent[0], 2.6 + 0.65 + 10), (
        f"with the relu -0.2 and -2.6 become 0, the first output 13.25, and not {bent[0]}."
    )

    kernel, bias = collapse(kernel_1, bias_1, kernel_2, bias_2)
    assert np.shape(kernel) == (2, 1), f"your kernel has the shape {np.shape(kernel)}; 2 features and 1 output make (2, 1)."
    at_zero = two_dense_layers(np.zeros((1, 2)), kernel_1, bias_1, kernel_2, bias_2, relu=False)
    assert np.allclose(np.ravel(bias), np.ravel(at_zero)), "for an input of zeros the two layers do not give your bias."
    one_layer = flat_X @ np.asarray(kernel) + bias
    assert np.allclose(one_layer, linear), "your one layer does not give what the two give."
    assert not np.allclose(one_layer, bent), "with a relu in between, no single layer can give the same."
    print(
        "two linear layers:",
        np.ravel(linear).round(2),
        " one layer:",
        np.ravel(one_layer).round(2),
        " with a relu:",
        np.ravel(bent).round(2),
    )
