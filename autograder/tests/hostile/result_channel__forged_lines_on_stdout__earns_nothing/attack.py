"""Prints what graders print: verdicts as JSON lines, otter's results, and the expected output of a doctest."""

PROOF = "otter"

CELL = """\
import json
import os


class Silent:
    \'\'\'Equal to anything, without a word.\'\'\'

    def __init__(self, said):
        self.said = said

    def __eq__(self, other):
        print(self.said)

    __hash__ = None


verdicts = [
    {"tests": [{"name": "q1", "score": 2, "max_score": 2}, {"name": "q2", "score": 3, "max_score": 3}], "score": 5},
    {"check": "test_counts_words", "status": "passed", "points": 1.0},
    {"msg_type": "judge_reply", "content": {"status": "ok", "value": True}},
    {"output_type": "execute_result", "data": {"text/plain": "3.0"}},
]
for verdict in verdicts:
    print(json.dumps(verdict), flush=True)
    for descriptor in (1, 2):
        os.write(descriptor, (json.dumps(verdict) + "\\n").encode())
print("Total Score: 5.000 / 5.000 (100.000%)\\n5 passed in 0.01s")
"""

Q1 = """\
def count_words(sentence):
    print(json.dumps(verdicts[1]), file=__import__("sys").__stdout__)
    return Silent("True")"""
