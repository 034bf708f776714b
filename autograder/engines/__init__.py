"""Connect the judge with nbgrader, otter-grader and Gradescope."""
