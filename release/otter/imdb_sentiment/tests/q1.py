OK_FORMAT = False

from otter.test_files import test_case

name = "q1"
points = 4


@test_case()
def test_q1(env, example_length, example_padded, example_reviews, example_vocab_size, np, prepare, share_cut, x_train):
    _missing = [name for name in ["example_length", "example_padded", "example_reviews", "example_vocab_size", "np", "prepare", "share_cut", "x_train"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    padded = np.asarray(prepare(example_reviews, example_vocab_size, example_length))
    assert padded.shape == (3, 5), f"3 reviews of length 5 make (3, 5); yours is {padded.shape}."
    assert padded[0, -1] != 0, "The first review ends in a padding zero. Pad in front, so that the LSTM reads the words last."
    assert padded[1, -1] == 4, "The second review has lost its end. Of a long review the last words are kept: see `truncating`."
    assert padded[2, -1] != 30, "Id 30 is still there; an Embedding of 20 rows has no row 30. What stands for a word too rare to count?"
    assert 20 not in padded, "Id 20 is still there. With a vocabulary of 20 the ids run from 0 to 19."
    assert padded.tolist() == example_padded, f"Your array is\n{padded}\nand should be\n{np.array(example_padded)}"

    cut = share_cut(example_reviews, 4)
    assert 0 <= cut <= 1, f"A share is a number from 0 to 1; yours is {cut}."
    assert abs(cut - 1 / 3) < 1e-6, f"One of the three reviews has more than 4 words; your share is {cut}."
    print(f"With length 100, {float(share_cut(x_train, 100)):.0%} of the reviews lose words, with length 500 {float(share_cut(x_train, 500)):.0%}.")
