OK_FORMAT = False

from otter.test_files import test_case

name = "q3"
points = 5


@test_case()
def test_q3(env, gru_params, lstm_params):
    _missing = [name for name in ["gru_params", "lstm_params"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    count = lstm_params(2, 3)
    assert count != 12, "LSTM(2) on 3 features: 12 is one update. How many does an LSTM cell make in one step?"
    assert count != 36, "LSTM(2) on 3 features: 36 are the three gates. What is it that they let in?"
    assert count != 40, "LSTM(2) on 3 features: 40 lacks the biases."
    assert count == 48, f"LSTM(2) on 3 features, with Dense(1) above, has 51 weights; you returned {count} for the LSTM."

    count = gru_params(2, 3)
    assert count != 36, "GRU(2) on 3 features: 36 has one bias per update. How many does Keras keep by default?"
    assert count != 56, "GRU(2) on 3 features: 56 are four updates. Count those of a GRU in the table."
    assert count == 42, f"GRU(2) on 3 features, with Dense(1) above, has 45 weights; you returned {count} for the GRU."
    count = gru_params(2, 3, reset_after=False)
    assert count != 42, "With reset_after=False a GRU has one bias in each update, not two."
    assert count == 36, f"GRU(2, reset_after=False) on 3 features: your function returned {count}."
