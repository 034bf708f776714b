OK_FORMAT = False

from otter.test_files import test_case

name = "q8"
points = 5


@test_case()
def test_q8(env, imdb_batch_size, imdb_params, imdb_reviews, last_batch, left_out, steps_per_epoch):
    _missing = [name for name in ["imdb_batch_size", "imdb_params", "imdb_reviews", "last_batch", "left_out", "steps_per_epoch"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    count = imdb_params(10_000, 500, 50, 64)
    assert count != 529_440, "529,440 lacks the 65 weights of the last layer."
    assert count != 507_425, "507,425 counts the LSTM as a SimpleRNN."
    assert count == 529_505, f"The IMDB model has 529,505 weights; your function returned {count}."

    steps = steps_per_epoch(imdb_reviews, imdb_batch_size)
    assert steps != 195, "195 batches are full. Where are the other reviews?"
    assert steps == 196, f"The progress bar counts to 196; your function returned {steps}."
    steps = steps_per_epoch(25_000, 32)
    assert steps == 782, f"On the test reviews, in batches of 32, it counts to 782; your function returned {steps}."
    steps = steps_per_epoch(256, 128)
    assert steps != 3, "256 reviews fill two batches of 128. What would be in the third one?"
    assert steps == 2, f"256 reviews fill two batches of 128; your function returned {steps}."

    rows = last_batch(imdb_reviews, imdb_batch_size)
    assert rows != 128, "Then there would be 196 * 128 = 25,088 reviews."
    assert rows != 88, "88 places of the last batch are empty. How many reviews are in it?"
    assert rows == 40, f"After 195 full batches 40 reviews are left; your function returned {rows}."
    rows = last_batch(256, 128)
    assert rows != 0, "256 reviews fill two batches of 128. Would Keras make a batch with nothing in it?"
    assert rows == 128, f"The second batch of 256 reviews is as full as the first; your function returned {rows}."

    rest = left_out(imdb_reviews, imdb_batch_size)
    assert rest == 40, f"40 reviews fill no batch; you returned {rest}."
    assert left_out(256, 128) == 0, f"256 reviews fill two batches of 128; you left out {left_out(256, 128)}."
