"""Judge one submission with the hidden checks: call its functions, compare the answers, and give the result."""
