OK_FORMAT = False

from otter.test_files import test_case

name = "q6"
points = 4


@test_case()
def test_q6(env, flattened_params, shared_params, unshared_params):
    _missing = [name for name in ["flattened_params", "shared_params", "unshared_params"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    short, long = shared_params(2, 3, 4), shared_params(2, 3, 400)
    assert short != 48, "shared_params(2, 3, 4): 48 is 12 for each of 4 days. Are these not the same 12, used four times?"
    assert short == 12, f"SimpleRNN(2) on 3 features has 12 weights; shared_params(2, 3, 4) gives {short}."
    assert long == short, f"With 400 days in place of 4 shared_params gives {long}. Which array grows with the days?"

    count = unshared_params(2, 3, 4)
    assert count != 42, "unshared_params(2, 3, 4): 42 has one bias for all days. Every day has its own."
    assert count != 36, "unshared_params(2, 3, 4): 36 has one recurrent kernel for all days. Every day has its own."
    assert count != 44, "unshared_params(2, 3, 4): 44 leaves out a recurrent kernel. The first day has one, too."
    assert count == 48, f"Four days with 12 weights each; unshared_params(2, 3, 4) gives {count}."

    count = flattened_params(2, 3, 4)
    assert count != 8, "flattened_params(2, 3, 4): 8 reads one day. After Flatten all the days stand in one row."
    assert count != 32, "flattened_params(2, 3, 4): 32 has a bias per day. After Flatten there are no days any more."
    assert count == 26, f"Two units that read 12 numbers each; flattened_params(2, 3, 4) gives {count}."
