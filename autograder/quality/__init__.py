"""Test the hidden tests, and measure the thresholds of graded trainings."""
