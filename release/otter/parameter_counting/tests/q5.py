OK_FORMAT = False

from otter.test_files import test_case

name = "q5"
points = 5


@test_case()
def test_q5(env, air_pollution_model, deep_model, np, sentence_model, stack_params):
    _missing = [name for name in ["air_pollution_model", "deep_model", "np", "sentence_model", "stack_params"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    column = np.ravel(stack_params(list(air_pollution_model), (4, 3))).tolist()
    assert len(column) == 2, f"The air pollution model has 2 layers; stack_params gives {len(column)} numbers."
    assert column != [48, 3], "SimpleRNN(2): 48 is 12 for each of the 4 days. Does the layer learn anew every day?"
    assert column != [12, 4], "Dense(1): 4 would be right on the 3 features of X. What does the Dense layer read?"
    assert column == [12, 3], f"The air pollution model has 12 and 3 weights; stack_params gives {column}."

    column = np.ravel(stack_params(list(deep_model), (4, 3))).tolist()
    assert len(column) == 3, f"The deep model has 3 layers; stack_params gives {len(column)} numbers."
    assert column[1] != 32, "SimpleRNN(4) above LSTM(5): 32 would be right on the 3 features of X. What does it read?"
    assert column == [180, 40, 10], f"The deep model has 180, 40 and 10 weights; stack_params gives {column}."
    open_length = np.ravel(stack_params(list(deep_model), (None, 3))).tolist()
    assert open_length == column, "With an open length (None) the deep model should have the same weights."

    column = np.ravel(stack_params(list(sentence_model), (8,))).tolist()
    assert len(column) == 5, f"The sentence model has 5 layers; stack_params gives {len(column)} numbers. Dropout counts 0."
    assert column[0] == 75, f"Embedding(15, 5) is a table of 15 rows and 5 columns; your function gives {column[0]}."
    assert column[1] != 160, "Bidirectional(LSTM(4)): 160 is one direction."
    assert column[1] != 640, "Bidirectional(LSTM(4)): 640 reads 15 features. What comes out of an Embedding for one word?"
    assert column[1] == 320, f"Bidirectional(LSTM(4)) on 5 features holds two layers of 160; you have {column[1]}."
    assert column[3] != 81, "GRU(3): 81 would be right on 4 features. What does a Bidirectional layer hand on?"
    assert column[2:] == [0, 117, 4], f"Dropout, GRU(3) and Dense(1) have 0, 117 and 4 weights; you have {column[2:]}."
