OK_FORMAT = False

from otter.test_files import test_case

name = "q2"
points = 5


@test_case()
def test_q2(env, mock_sequences, np, pad):
    _missing = [name for name in ["mock_sequences", "np", "pad"] if name not in env]
    assert not _missing, f"{', '.join(_missing)} not defined yet: run the cells above, then check again."
    def mock(first=0, last=3):
        """Fresh copies of the mock sequences: nothing that pad does to one of them changes the next check."""
        return [list(sequence) for sequence in mock_sequences[first:last]]


    padded = np.asarray(pad(mock()))
    assert padded.shape == (3, 8), f"three sequences, the longest of 8 words, make an array (3, 8); yours is {padded.shape}"
    assert padded[1].tolist() == [0, 0, 0, 9, 1, 10, 11, 12], f"padding='pre' puts the zeros first; yours is {padded[1]}"
    assert padded[0].tolist() == mock_sequences[0], f"the longest sequence needs no padding; yours is {padded[0]}"
    padded = np.asarray(pad(mock(), padding="post", value=-1))
    assert padded[2].tolist() == [3, 1, 2, 4, 13, 14, -1, -1], (
        f"padding='post' puts the filling last, and value=-1 makes it -1; yours is {padded[2]}"
    )
    padded = np.asarray(pad(mock(first=1)))
    assert padded.shape == (2, 6), f"without maxlen the longest sequence decides, here the second; yours is {padded.shape}"
    padded = np.asarray(pad(mock(1, 2), 7))
    assert padded.tolist() == [[0, 0, 9, 1, 10, 11, 12]], (
        f"5 words and maxlen 7: two zeros, and no word is lost; yours is {padded}"
    )

    for padding in ("pre", "post"):
        start = np.asarray(pad(mock(last=1), 3, padding=padding, truncating="post"))
        assert start.tolist() == [[1, 2, 5]], (
            f"truncating='post' cuts the end and keeps 1, 2, 5, also with padding={padding!r}; yours is {start}"
        )
        end = np.asarray(pad(mock(last=1), 3, padding=padding))
        assert end.tolist() == [[4, 7, 8]], (
            f"truncating='pre' cuts the start and keeps 4, 7, 8, also with padding={padding!r}; yours is {end}"
        )

        try:
            rows = np.asarray(pad([[5, 7], []], 2, padding=padding))
        except ValueError as error:
            raise AssertionError(f"an empty sequence breaks pad. Is there an out[i, -0:] in it? ({error})") from None
        assert rows.shape == (2, 2), f"every sequence has its row, the empty one too; your shape is {rows.shape}"
        assert rows.tolist() == [[5, 7], [0, 0]], f"an empty sequence is a row of padding; yours are {rows.tolist()}"
