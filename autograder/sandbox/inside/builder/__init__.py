"""Rebuilds students' models and lets them predict, in a process in the jail that runs no student code.

A config is a text by a stranger. It is read here by tables: of layers, with the scalar arguments that each may have, of
activations, of initialisers, and of operations on tensors. Keras' own deserialiser, for which a config is a language, is never
asked; what the tables do not know is refused, and the model does not cross. Weights, tensors, and what a prediction costs are
bounded before anything is allocated or run.

Runs as a copy beside `wire.py`, from which it takes the format of its messages; it imports nothing of this package.
"""
