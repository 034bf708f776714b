OK_FORMAT = False

from otter.test_files import test_case

name = "q1"
points = 3


@test_case()
def test_q1(env, dense_params, embedding_params):
    _missing = [name for name in ["dense_params", "embedding_params"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    count = dense_params(1, 2)
    assert count != 2, "Dense(1) on 2 features: you have its 2 weights. What does the unit add to their sum?"
    assert count == 3, f"Dense(1) on 2 features has 2 weights and 1 bias; your function returned {count}."
    count = dense_params(4, 2)
    assert count != 9, "Dense(4) on 2 features: 9 has a single bias. Do four units share one?"
    assert count != 10, "Dense(4) on 2 features: 10 has a bias per feature. Which of the two arguments is units?"
    assert count == 12, f"Dense(4) on 2 features has four units with 2 weights and 1 bias each; you returned {count}."

    count = embedding_params(15, 5)
    assert count != 80, "Embedding(15, 5): 80 is 5 too many. It has no bias, and the padding's row is one of the 15."
    assert count == 75, f"Embedding(15, 5) is a table of 15 rows and 5 columns; your function returned {count}."
