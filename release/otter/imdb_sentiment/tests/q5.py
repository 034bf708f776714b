OK_FORMAT = False

from otter.test_files import test_case

name = "q5"
points = 6


@test_case()
def test_q5(env, encode, example_encoded, example_index, example_model, example_sentence, np, probability):
    _missing = [name for name in ["encode", "example_encoded", "example_index", "example_model", "example_sentence", "np", "probability"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    ids = [int(number) for number in encode("the film was good", example_index, 50)]
    assert ids[0] == 1, f"Every review begins with the start marker 1; yours begins with {ids[0]}."
    assert ids[1:] != [1, 2, 3, 5], "These are ranks. The ids in the reviews are moved up by 3."
    assert ids == [1, 4, 5, 6, 8], f"'the film was good' is [1, 4, 5, 6, 8]; yours is {ids}."
    ids = [int(number) for number in encode(example_sentence, example_index, 50)]
    assert len(ids) == 8, f"The sentence has 7 words; with the start marker that makes 8 ids, not {len(ids)}. Unknown words count too."
    assert ids == example_encoded, f"'{example_sentence}' is\n{example_encoded}\nwhen 'it' is unknown; yours is\n{ids}"
    assert int(list(encode("superb", example_index, 33))[-1]) == 2, "'superb' has the id 33; a vocabulary of 33 ends at 32."

    any_model = example_model(20, 5)
    for any_review in ([1, 7, 9], [1, 7, 9, 11, 13, 15, 17]):
        one = np.ravel(probability(any_model, any_review, 5))
        assert one.size == 1, f"One number is asked for; yours are {one.size}. How many reviews are in your batch?"
        by_hand = any_model.predict(np.array([([0] * 5 + any_review)[-5:]]), verbose=0)[0, 0]
        assert abs(one[0] - by_hand) < 1e-5, f"For {any_review} the model says {by_hand:.5f}, you say {one[0]:.5f}. Padded and cut in front?"
    print("both functions work on the example")
