OK_FORMAT = False

from otter.test_files import test_case

name = "q7"
points = 5


@test_case()
def test_q7(env, optimizer_params, printed_total, weights_from_total):
    _missing = [name for name in ["optimizer_params", "printed_total", "weights_from_total"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    count = optimizer_params(15, 0, "adam")
    assert count != 30, "Adam on 15 weights: 30 are its two means per weight. Which two single numbers are missing?"
    assert count == 32, f"Adam keeps 32 numbers for 15 weights; your function returned {count}."
    count = optimizer_params(15, 0, "rmsprop")
    assert count == 17, f"RMSprop keeps 17 numbers for 15 weights; your function returned {count}."
    count = optimizer_params(15, 0, "sgd")
    assert count != 0, "SGD notes nothing about a weight. What do all three optimizers keep?"
    assert count == 2, f"SGD keeps 2 numbers for 15 weights; your function returned {count}."

    count = optimizer_params(3, 12, "adam")  # the recurrent layer is frozen, the Dense layer is trained
    assert count != 32, "Adam, 3 weights trained and 12 frozen: 32 has means for the frozen ones, which get no gradient."
    assert count == 8, f"Adam keeps 8 numbers when 3 weights are trained and 12 frozen; your function returned {count}."

    count = printed_total(15, 0, "adam", False)
    assert count != 47, "The model is only compiled: has the optimizer any notes yet?"
    assert count == 15, f"Before the fit Keras prints 15; your function returned {count}."
    count = printed_total(15, 0, "adam", True)
    assert count != 15, "After the fit Keras counts the optimizer's numbers, too."
    assert count != 32, "32 are the optimizer's numbers alone. The total counts the weights, too."
    assert count == 47, f"After the fit with Adam Keras prints 47; your function returned {count}."
    count = printed_total(3, 12, "adam", True)
    assert count != 11, "Frozen weights are not trained, but they still belong to the model."
    assert count == 23, f"With 3 weights trained and 12 frozen Keras prints 23 after the fit; your function returned {count}."

    for total, name in ((47, "adam"), (32, "rmsprop"), (17, "sgd")):
        count = weights_from_total(total, name)
        assert count != total, f"{total} is what {name} makes of it. How many of these numbers does the network learn?"
        assert count == 15, f"The model has 15 weights, and with {name} Keras prints {total}; you returned {count}."
