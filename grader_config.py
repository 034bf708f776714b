"""The one file an instructor edits. Every key is checked: a misspelt one stops with a line that names it."""

c = get_config()

c.CourseDirectory.course_id = "nlp-rnn"
c.Autograder.teaching_order = [
    "tensor_shapes",
    "parameter_counting",
    "recurrent_networks",
    "padding",
    "imdb_sentiment",
]
c.Limits.seconds_per_cell = 30
