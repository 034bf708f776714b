"""Release, judge and grade notebooks of an NLP course in nbgrader, otter-grader and Gradescope."""
