"""Turns a model of the student's own class into the functional model of the Keras layers that it calls."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from typing import Any


def is_of_keras(layer: Any) -> bool:
    """Whether a layer's class is Keras' own."""
    return type(layer).__module__.startswith("keras.")


def trace_functional_model(model: Any, keras: Any) -> Any | None:
    """Return a functional model of Keras' own layers that computes what ``model.call`` does; None where there is none.

    Axes stay open where the layers allow it: a model that reads any number of days still does.
    """
    import random

    state = random.getstate()  # Keras draws from it for each new layer
    try:
        with warnings.catch_warnings(action="ignore"):
            return _trace_first(model, keras)
    except (Exception, SystemExit):  # it was never called, or it computes more than its layers do
        return None
    finally:
        random.setstate(state)


def _trace_first(model: Any, keras: Any) -> Any | None:
    inputs = getattr(model, "inputs", None)
    shapes = _list_shapes(inputs) if inputs else next(iter(model._build_shapes_dict.values()))
    for opened in (_open_all, _open_batch):
        for dtype in ("float32", "int32"):
            with contextlib.suppress(Exception):  # the layers may refuse such inputs
                return _trace(model, keras, shapes, opened, dtype)
    return None


def _trace(model: Any, keras: Any, shapes: Any, opened: Any, dtype: str) -> Any:
    """Return the functional model for inputs of one kind.

    Raises:
        Exception: there is none, its config cannot be read back, or its weights or predictions differ from those of ``model``.
    """
    import numpy

    inputs = _map_shapes(shapes, lambda shape: keras.Input(opened(shape), dtype=dtype))
    with _open_layers(keras):
        found = keras.Model(inputs, model.call(inputs))
    shapes_of_weights = [sorted(weight.shape for weight in each.get_weights()) for each in (found, model)]
    if shapes_of_weights[0] != shapes_of_weights[1]:
        raise ValueError("a layer of the student's own has weights")
    copy = keras.saving.deserialize_keras_object(_remove_built_shapes(keras.saving.serialize_keras_object(found)))
    copy.set_weights(found.get_weights())
    bits = numpy.random.RandomState(0)  # ids that are in every vocabulary; 0 is padding
    batch = _map_shapes(shapes, lambda shape: bits.randint(2, size=(2, *(n or 3 for n in shape[1:]))).astype(dtype))
    one, other = (keras.tree.flatten(each(batch, training=False)) for each in (copy, model))
    for mine, theirs in zip(one, other, strict=True):
        numpy.testing.assert_allclose(numpy.asarray(mine), numpy.asarray(theirs), rtol=1e-4, atol=1e-5)
    return found


@contextlib.contextmanager
def _open_layers(keras: Any) -> Any:
    """Let the student's own layers, for a while, expose the layers inside them when called on symbolic inputs."""
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


def _remove_built_shapes(config: Any) -> Any:
    """Return a config without the shapes that its layers were built with; the shapes of its inputs must suffice."""
    if isinstance(config, dict):
        return {name: _remove_built_shapes(value) for name, value in config.items() if name != "build_config"}
    return [_remove_built_shapes(value) for value in config] if isinstance(config, list) else config


def _list_shapes(inputs: Any) -> Any:
    return [tuple(one.shape) for one in inputs] if len(inputs) > 1 else tuple(inputs[0].shape)


def _map_shapes(shapes: Any, make: Any) -> Any:
    """Return the structure of ``shapes`` with ``make(shape)`` in place of each shape."""
    if isinstance(shapes, dict):
        return {name: _map_shapes(shape, make) for name, shape in shapes.items()}
    if all(axis is None or isinstance(axis, int) for axis in shapes):
        return make(tuple(shapes))
    return [_map_shapes(shape, make) for shape in shapes]


def _open_all(shape: Any) -> Any:
    """Open all axes but that of the features; a single axis counts words."""
    return (*(None for _ in shape[1:-1]), *shape[-1:]) if len(shape) > 2 else (None,) * len(shape[1:])


def _open_batch(shape: Any) -> Any:
    """Open the axis of the batch alone."""
    return shape[1:]
