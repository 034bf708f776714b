OK_FORMAT = False

from otter.test_files import test_case

name = "q3"
points = 3


@test_case()
def test_q3(env, build_embedding, embed, input_dim, keras, np, table_mock, word_index_mock, x_mock):
    _missing = [name for name in ["build_embedding", "embed", "input_dim", "keras", "np", "table_mock", "word_index_mock", "x_mock"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    rows = input_dim(word_index_mock)
    assert rows != 14, "14 rows have the numbers 0 to 13: which row would index 14 take?"
    assert rows == 15, f"14 words have the indices 1 to 14, the padding has 0; you count {rows} rows"
    rows = input_dim({"good": 1, "bad": 2})
    assert rows == 3, f"2 words and the padding need 3 rows; you count {rows}"

    vectors = np.asarray(embed(x_mock, table_mock))
    assert vectors.shape == (3, 8, 4), f"3 sentences, 8 indices, 4 numbers for each: (3, 8, 4); yours is {vectors.shape}"
    assert np.allclose(vectors[0, 0], [0.5, 0.6, 0.7, 0.8]), f"index 1 takes row 1 of the table; yours is {vectors[0, 0]}"
    assert np.allclose(vectors[1, 0], [0.1, 0.2, 0.3, 0.4]), (
        f"the padding takes row 0, which is not zero; yours is {vectors[1, 0]}"
    )

    assert isinstance(build_embedding(word_index_mock, 6), keras.Model), (
        "build_embedding returns a Keras model, not a layer"
    )
