OK_FORMAT = False

from otter.test_files import test_case

name = "q7"
points = 4


@test_case()
def test_q7(env, fits, input_shape_for, np):
    _missing = [name for name in ["fits", "input_shape_for", "np"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    assert fits((None, 4, 3), (3, 4, 3)), (
        "3 cities with 4 days and 3 features do not fit. What may None on the first axis stand for?"
    )
    assert fits((None, 4, 3), (200, 4, 3)), "3 cities fit, 200 do not. What may None on the first axis stand for?"
    assert fits((None, 4, 3), (1, 4, 3)), (
        "a single sequence does not fit. None stands for any number of sequences, and one is a number."
    )
    assert not fits((None, 4, 3), (3, 5, 3)), "5 days fit where 4 are declared. A number stands for exactly this size."
    assert not fits((None, 4, 3), (3, 4, 2)), "2 features fit where 3 are declared. A number stands for exactly this size."
    assert not fits((None, 4, 3), (3, 3, 4)), (
        "3 days with 4 features fit where 4 days with 3 features are declared. Does the order count?"
    )
    assert np.asarray(fits((None, 4, 3), (3, 4, 3))).dtype == bool, "fits should return True or False."

    shape = input_shape_for([(3, 4, 3), (200, 4, 3)])
    assert isinstance(shape, (tuple, list, np.ndarray)), (
        f"input_shape_for gives a {type(shape).__name__}. Give a tuple with an entry for each axis."
    )
    assert len(shape) == 3, f"input_shape_for gives {shape}. It needs an entry for each axis, the batch axis included."
    assert tuple(shape) == (None, 4, 3), f"for 3 and for 200 sequences of 4 observations with 3 features it gives {shape}."
    shape = input_shape_for([(3, 4, 3), (3, 9, 3), (8, 6, 3)])
    assert tuple(shape) == (None, None, 3), f"for sequences of 4, 9 and 6 observations with 3 features it gives {shape}."
    print("sequences of 4, 9 and 6 days:", tuple(shape))
