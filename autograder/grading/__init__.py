"""Grade many submissions in parallel, and keep their results."""
