OK_FORMAT = False

from otter.test_files import test_case

name = "q2"
points = 3


@test_case()
def test_q2(env, np, simple_rnn_params, simple_rnn_parts):
    _missing = [name for name in ["np", "simple_rnn_params", "simple_rnn_parts"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    count = simple_rnn_params(2, 3)
    assert count != 8, "SimpleRNN(2) on 3 features: 8 is a Dense layer. What does a recurrent layer read besides x(t)?"
    assert count != 10, "SimpleRNN(2) on 3 features: 10 lacks the biases, or lets each unit read only its own state."
    assert count != 18, "SimpleRNN(2) on 3 features: 18 would be SimpleRNN(3) on 2. Which argument is units?"
    assert count == 12, f"SimpleRNN(2) on 3 features: the picture has 12 weights; your function returned {count}."
    count = simple_rnn_params(4, 1)
    assert count == 24, f"SimpleRNN(4) on 1 feature: draw it. One unit gets 1 + 4 arrows and a bias; you returned {count}."

    parts = np.ravel(simple_rnn_parts(2, 3)).tolist()
    assert len(parts) == 3, f"simple_rnn_parts gives {len(parts)} numbers: kernel, recurrent kernel and bias make three."
    assert parts != [4, 6, 2], "The kernel belongs to x(t), the recurrent kernel to y(t-1). Are yours exchanged?"
    assert parts == [6, 4, 2], f"simple_rnn_parts(2, 3) gives {parts}. Compare the arrows of each colour in the picture."
