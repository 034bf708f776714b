"""Measure what this machine has and what processes use: cores, memory, time, users, and leftovers of killed commands."""
