"""The two ways in which something is wrong without being a bug of ours."""


class UsageError(Exception):
    """The course, its configuration or the command line is wrong. The text is one clear line: what, where, what to do."""


class Ungradable(Exception):
    """This one submission cannot be graded; the rest of the class can. The text says why and what to do."""
