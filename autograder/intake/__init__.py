"""Find what was handed in, by whom and for which assignment, and open each notebook."""
