"""A model of a class of the student's own, as the functional model of the Keras layers that it calls."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from typing import Any


def is_of_keras(layer: Any) -> bool:
    return type(layer).__module__.startswith("keras.")


def functional_model_of(model: Any, keras: Any) -> Any | None:
    """A functional model of Keras' own layers that computes what ``model.call`` does; None where there is none.

    Axes are left open where the layers allow it, so that what reads any number of days does so there too.
    """
    import random

    state = random.getstate()  # Keras draws from it for every layer that is made
    try:
        with warnings.catch_warnings(action="ignore"):
            return _first_traced(model, keras)
    except (Exception, SystemExit):  # it was never called, or its code is its own
        return None
    finally:
        random.setstate(state)


def _first_traced(model: Any, keras: Any) -> Any | None:
    inputs = getattr(model, "inputs", None)
    shapes = _shapes_of(inputs) if inputs else next(iter(model._build_shapes_dict.values()))
    for opened in (_all_open, _batch_open):
        for dtype in ("float32", "int32"):
            with contextlib.suppress(Exception):  # whatever the layers say to such inputs
                return _traced(model, keras, shapes, opened, dtype)
    return None


def _traced(model: Any, keras: Any, shapes: Any, opened: Any, dtype: str) -> Any:
    """The functional model for inputs of one kind.

    Raises:
        Exception: there is none, it cannot be made from its config, or it has other weights or predictions than ``model``.
    """
    import numpy

    inputs = _mapped(shapes, lambda shape: keras.Input(opened(shape), dtype=dtype))
    with _opened_layers(keras):
        found = keras.Model(inputs, model.call(inputs))
    shapes_of_weights = [sorted(weight.shape for weight in each.get_weights()) for each in (found, model)]
    if shapes_of_weights[0] != shapes_of_weights[1]:
        raise ValueError("a layer of the student's own has weights")
    copy = keras.saving.deserialize_keras_object(_unbuilt(keras.saving.serialize_keras_object(found)))
    copy.set_weights(found.get_weights())
    bits = numpy.random.RandomState(0)  # ids that every vocabulary has, one of them padding
    batch = _mapped(shapes, lambda shape: bits.randint(2, size=(2, *(n or 3 for n in shape[1:]))).astype(dtype))
    one, other = (keras.tree.flatten(each(batch, training=False)) for each in (copy, model))
    for mine, theirs in zip(one, other, strict=True):
        numpy.testing.assert_allclose(numpy.asarray(mine), numpy.asarray(theirs), rtol=1e-4, atol=1e-5)
    return found


@contextlib.contextmanager
def _opened_layers(keras: Any) -> Any:
    """While it lasts, a layer of the student's own that is given a symbolic input shows the layers inside it."""
    original = keras.layers.Layer.__call__

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        given = keras.tree.flatten([args, kwargs])
        if is_of_keras(layer) or not any(isinstance(value, keras.KerasTensor) for value in given):
            return original(layer, *args, **kwargs)
        if "mask" in inspect.signature(layer.call).parameters:
            kwargs.setdefault("mask", getattr(given[0], "_keras_mask", None))
        return layer.call(*args, **kwargs)

    keras.layers.Layer.__call__ = call
    try:
        yield
    finally:
        keras.layers.Layer.__call__ = original


def _unbuilt(config: Any) -> Any:
    """A config without the shapes that its layers were built with: those of its inputs must do."""
    if isinstance(config, dict):
        return {name: _unbuilt(value) for name, value in config.items() if name != "build_config"}
    return [_unbuilt(value) for value in config] if isinstance(config, list) else config


def _shapes_of(inputs: Any) -> Any:
    return [tuple(one.shape) for one in inputs] if len(inputs) > 1 else tuple(inputs[0].shape)


def _mapped(shapes: Any, make: Any) -> Any:
    """The structure of ``shapes`` with what is made of each shape in its place."""
    if isinstance(shapes, dict):
        return {name: _mapped(shape, make) for name, shape in shapes.items()}
    if all(axis is None or isinstance(axis, int) for axis in shapes):
        return make(tuple(shapes))
    return [_mapped(shape, make) for shape in shapes]


def _all_open(shape: Any) -> Any:
    """All axes but that of the features; one alone counts words."""
    return (*(None for _ in shape[1:-1]), *shape[-1:]) if len(shape) > 2 else (None,) * len(shape[1:])


def _batch_open(shape: Any) -> Any:
    return shape[1:]
