from autograder.nbgrader_config import configure; configure(c, __file__)  # noqa: E702, F821  loads grader_config.py
