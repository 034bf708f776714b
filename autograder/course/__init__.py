"""Read what an instructor wrote: the configuration, the source notebooks, and nbgrader's gradebook of the course."""
