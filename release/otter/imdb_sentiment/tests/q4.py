OK_FORMAT = False

from otter.test_files import test_case

name = "q4"
points = 4


@test_case()
def test_q4(env, accuracy, example_correct, example_labels, example_probabilities, np, progress_bar):
    _missing = [name for name in ["accuracy", "example_correct", "example_labels", "example_probabilities", "np", "progress_bar"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    found = accuracy(example_probabilities, example_labels)
    compared = np.shape(example_probabilities == example_labels)
    assert np.size(found) == 1, f"One number is asked for; yours has the shape {np.shape(found)}."
    assert abs(float(found) - 20 / 36) > 1e-6, f"(6, 1) compared with (6,) gives {compared}: 36 comparisons for 6 reviews."
    assert abs(float(found) - 4 / 6) > 1e-6, "You seem to say 'negative' to every review. argmax over one column is always 0."
    assert abs(float(found) - 5 / 6) < 1e-6, f"5 of the 6 predictions are right; you found {found}."

    shown, returned = progress_bar(example_correct, batch_size=4)
    assert abs(float(returned) - 0.7) < 1e-6, f"7 of 10 are right, so evaluate returns 0.7; you found {returned}."
    assert abs(float(shown) - 0.65) < 1e-6, f"The table above arrives at 0.650; you found {shown}. Are there three steps in your sum?"
    print("the bar shows", round(float(shown), 3), "and", round(float(returned), 3), "is returned")
