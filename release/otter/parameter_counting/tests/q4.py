OK_FORMAT = False

from otter.test_files import test_case

name = "q4"
points = 3


@test_case()
def test_q4(env, bidirectional_output, bidirectional_params):
    _missing = [name for name in ["bidirectional_output", "bidirectional_params"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    count = bidirectional_params("SimpleRNN", 2, 3)
    assert count != 12, "Bidirectional(SimpleRNN(2)): 12 is one direction. Who reads the sequence backwards?"
    assert count != 32, "Bidirectional(SimpleRNN(2)): 32 is SimpleRNN(4). Do the two directions read each other's state?"
    assert count == 24, f"Bidirectional(SimpleRNN(2)) on 3 features holds two layers; your function returned {count}."
    count = bidirectional_params("LSTM", 4, 3)
    assert count == 256, f"Bidirectional(LSTM(4)) on 3 features holds two layers of 128; your function returned {count}."
    count = bidirectional_params("GRU", 4, 3)
    assert count == 216, f"Bidirectional(GRU(4)) on 3 features holds two layers of 108; your function returned {count}."

    width = bidirectional_output(4)
    assert width != 4, "concat puts two states of 4 numbers side by side. How many numbers are that?"
    assert width == 8, f"Two states of 4 numbers side by side: your function returned {width}."
    width = bidirectional_output(4, "sum")
    assert width == 4, f"The sum of two states of 4 numbers each: your function returned {width}."
