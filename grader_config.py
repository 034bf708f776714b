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
c.Autograder.leak_exceptions = [
    # tensor_shapes, question 8: the function that students are given to mend
    "return np.mean(np.abs(y - prediction))",
    # recurrent_networks, question 10: the repeated dataset and the lecture's own run, both given
    "return tf.data.Dataset.from_tensors((X, y)).repeat(times)",
    "model.compile(optimizer=Adam(learning_rate=0.05), loss='mse', steps_per_execution=100)",
]
c.Limits.seconds_per_cell = 30
