from autograder.nbgrader_config import configure; configure(c, __file__)  # loads grader_config.py
