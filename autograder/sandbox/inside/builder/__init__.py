"""Rebuilds students' models and lets them predict, in a process in the jail that runs no student code.

A config is a text written by a stranger. It is read here by tables of layers, activations, initialisers and operations, each with
the plain arguments that it may have. Keras' own deserialiser, for which a config is a small language, is never called. A model with
anything that is not in the tables is refused and does not cross. Weights, tensors and the cost of a prediction are bounded before
anything is allocated or computed.

The process imports this folder as the package ``builder``, and nothing else of ours but `wire.py` beside it.
"""
