"""Start, limit and end the processes that handle students' work, in a jail."""
