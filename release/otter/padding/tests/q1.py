OK_FORMAT = False

from otter.test_files import test_case

name = "q1"
points = 5


@test_case()
def test_q1(env, bag_of_words, fit_vocabulary, mock_sentences, mock_vocabulary, np, pair_sentences, pair_vocabulary, to_sequences):
    _missing = [name for name in ["bag_of_words", "fit_vocabulary", "mock_sentences", "mock_vocabulary", "np", "pair_sentences", "pair_vocabulary", "to_sequences"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    found = fit_vocabulary(mock_sentences)
    assert isinstance(found, dict), f"fit_vocabulary returns a dict from word to index; yours is a {type(found).__name__}"
    assert "The" not in found, "'The' and 'the' are one word: turn everything to lower case first"
    assert "morning." not in found and "clean," not in found, "punctuation still hangs on some words"
    assert len(found) == 14, f"the mock sentences have 14 different words; you found {len(found)}"
    assert 0 not in found.values(), "no word has index 0: it is kept for the padding"
    assert found["the"] == 1, "'the' is the most frequent word, so it has index 1"
    assert found["air"] < found["in"], "'air' occurs twice and 'in' once: the more frequent word has the smaller index"
    assert found == mock_vocabulary, f"words that occur equally often keep the order of first appearance; yours are {found}"
    assert set(fit_vocabulary(["Don't! A well-known (half/half) don't."])) == {"don't", "a", "well", "known", "half"}, (
        "the apostrophe stays in its word; every character in PUNCTUATION becomes a space"
    )

    assert fit_vocabulary(["wind", "wind", "air air air"]) == {"air": 1, "wind": 2}, (
        "'air' occurs three times, 'wind' twice"
    )

    sequences = list(to_sequences(mock_sentences, mock_vocabulary))
    assert len(sequences) == 3, f"three sentences give three lists; you give {len(sequences)}"
    sequences = [[int(index) for index in sequence] for sequence in sequences]
    assert [len(sequence) for sequence in sequences] == [8, 5, 6], (
        f"the mock sentences have 8, 5 and 6 words; yours have {[len(sequence) for sequence in sequences]}"
    )
    assert sequences[1] == [9, 1, 10, 11, 12], f"'Tomorrow the wind will turn.' became {sequences[1]}"
    [wind] = to_sequences(["Will the wind turn?"], mock_vocabulary)
    assert list(wind) == [11, 1, 10, 12], f"the indices are those of word_index, also for a new sentence; yours are {wind}"

    pairs = [[int(index) for index in sequence] for sequence in to_sequences(pair_sentences, pair_vocabulary)]
    assert pairs[:2] == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 6, 5, 4]], f"the first pair became {pairs[:2]}"
    assert pairs[2:] == [[7, 1, 8, 9, 10], [1, 8, 9, 7, 10]], f"the second pair became {pairs[2:]}"
    bags = np.asarray(bag_of_words(pairs, 10))
    assert bags.shape == (4, 11), f"4 sentences and the indices 0 to 10 make an array (4, 11); yours is {bags.shape}"
    assert bags[0].tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], (
        f"does column i count index i? Your first bag is {bags[0]}"
    )
    assert bag_of_words([[2, 1, 2]], 3)[0][2] == 2, "a word that occurs twice counts twice"
    assert (bags[0] == bags[1]).all() and (bags[2] == bags[3]).all(), (
        f"both sentences of a pair hold the same words, so their bags are equal; yours are\n{bags}"
    )
    print("Equal bags, different sentences:")
    for sentence, sequence, bag in zip(pair_sentences, pairs, bags):
        print(f"  {sentence:28} order {str(sequence):20} bag {bag[1:].astype(int)}")
