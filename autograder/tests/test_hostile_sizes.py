"""Nothing large is begun: the size of all that a model would make is known before a prediction."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from autograder.tests.helpers.hostile_configs import (
    DENSE,
    Node,
    called,
    doubling,
    edge,
    given,
    graph,
    node,
    sized,
    stack,
)

pytestmark = pytest.mark.slow

#: config, a batch that costs too much, and one that does not
EXPENSIVE: dict[str, tuple[Node, tuple[int, ...], tuple[int, ...]]] = {
    "many repetitions": (stack(node("RepeatVector", n=1 << 20), shape=(3,)), (256, 3), (1, 3)),
    "doubled for some time": (doubling(20), (64, 4, 3), (1, 4, 3)),
    "attention over a long time": (
        graph(called(node("Attention"), "last", [[edge("given"), edge("given")]]), shape=(None, 3)),
        (8, 40_000, 3),
        (2, 5, 3),
    ),
    "a product of all with all": (
        graph(
            called(node("Transpose", "keras.src.ops.numpy", axes=[0, 2, 1]), "turned", [edge("given")]),
            called(node("Matmul", "keras.src.ops.numpy"), "last", [edge("given"), edge("turned")]),
            shape=(None, 3),
        ),
        (32, 30_000, 3),
        (2, 5, 3),
    ),
    "indices written out": (
        stack(node("CategoryEncoding", num_tokens=1 << 14, output_mode="multi_hot"), shape=(None,)),
        (32, 1_000),
        (2, 5),
    ),
    "stretched by a layer at every time": (
        stack(
            node("TimeDistributed", layer=node("CategoryEncoding", num_tokens=1 << 14, output_mode="multi_hot")),
            shape=(None, 3),
        ),
        (32, 1_000, 3),
        (1, 4, 3),
    ),
    "many times": (stack(node("TimeDistributed", layer=node("ReLU")), shape=(None, 1)), (1, 20_000, 1), (1, 2, 1)),
    "stretched at every time": (
        stack(
            node("TimeDistributed", layer=stack(node("RepeatVector", n=1 << 16), node("Flatten"), DENSE, shape=(3,))),
            shape=(None, 3),
        ),
        (32, 2_000, 3),
        (1, 1, 3),
    ),
}


@pytest.mark.parametrize("name", EXPENSIVE)
def test_a_prediction_that_would_cost_too_much_is_not_begun(builder: Any, name: str) -> None:
    config, expensive, cheap = EXPENSIVE[name]
    model = builder.Rebuilt(json.dumps(config), [])
    started = time.process_time()
    with pytest.raises(builder.Refused, match="too much time or memory"):
        model.predict([np.zeros(expensive, "float32")], False)
    assert time.process_time() - started < 5
    assert len(model.predict([np.zeros(cheap, "float32")], False)) == len(np.zeros(cheap))


#: class of the builder's tables -> its arguments, and the shapes of its inputs, without rows; others have none, and (8, 3).
X, PICTURE, INDEX = (8, 3), (6, 6, 4), (40,)
TRIED: dict[str, tuple[dict[str, Any], tuple[tuple[int, ...], ...]]] = {
    "Activation": ({"activation": "tanh"}, (X,)),
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"), ({}, ((8, 1), (1, 300)))),
    "AdditiveAttention": ({}, ((30, 16), (40, 16))),
    "Attention": ({"score_mode": "concat", "use_scale": True}, ((30, 16), (40, 16))),
    **dict.fromkeys(("AveragePooling1D", "MaxPooling1D"), ({"pool_size": 3, "strides": 1, "padding": "same"}, (X,))),
    **dict.fromkeys(
        ("AveragePooling2D", "MaxPooling2D"), ({"pool_size": 3, "strides": 1, "padding": "same"}, (PICTURE,))
    ),
    "CategoryEncoding": ({"num_tokens": 500, "output_mode": "multi_hot"}, (INDEX,)),
    "Concatenate": ({"axis": 1}, (X, X)),
    "Conv1D": ({"filters": 5, "kernel_size": 4, "padding": "causal"}, (X,)),
    "Conv1DTranspose": ({"filters": 5, "kernel_size": 4, "strides": 4}, (X,)),
    "Conv2D": ({"filters": 5, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}, (PICTURE,)),
    "Cropping1D": ({"cropping": [1, 2]}, (X,)),
    "Cropping2D": ({"cropping": 1}, (PICTURE,)),
    "Dense": ({"units": 70}, (X,)),
    "DepthwiseConv1D": ({"kernel_size": 2, "depth_multiplier": 30, "padding": "same"}, (X,)),
    "DepthwiseConv2D": ({"kernel_size": 2, "depth_multiplier": 30, "padding": "same"}, (PICTURE,)),
    "Dot": ({"axes": 2}, ((30, 4), (50, 4))),
    "Embedding": ({"input_dim": 9, "output_dim": 200, "mask_zero": True}, (INDEX,)),
    "GRU": ({"units": 40, "return_sequences": True, "reset_after": True, "recurrent_activation": "sigmoid"}, (X,)),
    **dict.fromkeys(("GlobalAveragePooling2D", "GlobalMaxPooling2D", "SpatialDropout2D"), ({}, (PICTURE,))),
    "GroupNormalization": ({"groups": 2}, (PICTURE,)),
    "LSTM": ({"units": 40, "return_sequences": True, "recurrent_activation": "sigmoid"}, (X,)),
    "MultiHeadAttention": ({"num_heads": 8, "key_dim": 9}, ((30, 16), (40, 16))),
    "Normalization": ({"mean": [1.0, 2.0, 3.0], "variance": [1.0, 2.0, 3.0]}, (X,)),
    "Permute": ({"dims": [2, 1]}, (X,)),
    "RepeatVector": ({"n": 900}, ((3,),)),
    "Rescaling": ({"scale": [1.0, 2.0, 3.0], "offset": [1.0, 2.0, 3.0]}, (X,)),
    "Reshape": ({"target_shape": [2, -1]}, (X,)),
    "SeparableConv1D": ({"filters": 5, "kernel_size": 2, "depth_multiplier": 30, "padding": "same"}, (X,)),
    "SeparableConv2D": ({"filters": 5, "kernel_size": 2, "depth_multiplier": 30, "padding": "same"}, (PICTURE,)),
    "SimpleRNN": ({"units": 40, "return_sequences": True}, (X,)),
    "UpSampling1D": ({"size": 90}, (X,)),
    "UpSampling2D": ({"size": [9, 20], "interpolation": "bilinear"}, (PICTURE,)),
    "ZeroPadding1D": ({"padding": [200, 300]}, (X,)),
    "ZeroPadding2D": ({"padding": 30}, (PICTURE,)),
    "RNN": (
        {
            "cell": node(
                "StackedRNNCells",
                cells=[
                    node("LSTMCell", units=40, recurrent_activation="sigmoid"),
                    node("GRUCell", units=60, recurrent_activation="sigmoid"),
                ],
            )
        },
        (X,),
    ),
    "Bidirectional": (
        {
            "layer": node("LSTM", units=40, return_sequences=True),
            "backward_layer": node("LSTM", units=40, return_sequences=True, go_backwards=True),
        },
        (X,),
    ),
    "TimeDistributed": ({"layer": node("RepeatVector", n=900)}, (X,)),
    # operations
    **dict.fromkeys(("Matmul", "Dot:"), ({}, ((30, 4), (4, 50)))),
    "OneHot": ({"num_classes": 300, "axis": -1, "dtype": "float32"}, (INDEX,)),
    "Repeat": ({"repeats": 90, "axis": 1}, (X,)),
    "Tile": ({"repeats": [1, 20, 30]}, (X,)),
    **dict.fromkeys(("Concatenate:", "Stack"), ({"axis": 1}, (X, X))),
    "Reshape:": ({"newshape": [-1, 24]}, (X,)),
    "Transpose": ({"axes": [0, 2, 1]}, (X,)),
    "Swapaxes": ({"axis1": 1, "axis2": 2}, (X,)),
    "ExpandDims": ({"axis": 1}, (X,)),
    "Squeeze": ({"axis": 1}, ((1, 5),)),
    "Clip": ({"x_min": 0.0, "x_max": 1.0}, (X,)),
    "Cast": ({"dtype": "float64"}, (X,)),
    "Roll": ({"shift": 2, "axis": 1}, (X,)),
    "Glu": ({"axis": 1}, (X,)),
    "Where": ({}, ((8, 1), (1, 300), (8, 300))),
    "Take": ({"axis": 1}, (X, (200,))),
}
MERGED = ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract")
LISTED = {*MERGED, "Concatenate", "Dot", "AdditiveAttention", "Attention", "Concatenate:", "Stack"}


def tried_as(tables: Any, name: str) -> Node:
    """A model of one layer or operation (a colon follows its name where a layer has the same)."""
    plain = name.rstrip(":")
    is_operation = name.endswith(":") or plain not in {*tables.LAYERS, "RNN", "Bidirectional", "TimeDistributed"}
    binary = is_operation and plain in {each.title().replace("_", "") for each in tables.BINARY.split()}
    config, shapes = TRIED.get(name, ({}, ((8, 1), (1, 300)) if binary else (X,)))
    names = [f"given{number}" for number in range(len(shapes))]
    parts = [given(*shape, name=each) for shape, each in zip(shapes, names, strict=True)]
    edges = [edge(each) for each in names]
    part = node(plain, "keras.src.ops.numpy" if is_operation else "keras.layers", **config)
    calls: list[Any] = [edges] if name in LISTED else edges
    if plain == "GetItem":
        calls = [
            *edges,
            [
                None,
                {"class_name": "__ellipsis__"},
                {"class_name": "__slice__", "config": {"start": 0, "stop": None, "step": 2}},
            ],
        ]
    if name == "Take":
        parts[1]["config"]["dtype"] = "int32"
    layers = [*parts, called(part, "last", calls)]
    inputs = [[each, 0, 0] for each in names]
    ends = {"input_layers": inputs if len(inputs) > 1 else inputs[0], "output_layers": ["last", 0, 0]}
    return node("Functional", "keras.src.models.functional", name="forged", trainable=True, layers=layers, **ends)


def everything(tables: Any) -> list[str]:
    layers = [*tables.LAYERS, "RNN", "Bidirectional", "TimeDistributed"]
    return [*layers, *(f"{name}:" if name in layers else name for name in tables.OPERATIONS)]


def largest_in(function: Any) -> int:
    """Bytes of the largest tensor that a traced function makes, also in its loops."""
    functions = [function.graph, *(f.graph for f in function.graph._functions.values() if hasattr(f, "graph"))]
    found = [0]
    for traced in functions:
        for operation in traced.get_operations():
            for output in operation.outputs:
                if output.shape.is_fully_defined() and output.dtype.size:
                    found.append(int(np.prod(output.shape.as_list(), dtype=float)) * 4)
    return max(found)


def test_no_layer_or_operation_makes_more_than_was_estimated(builder: Any, tables: Any) -> None:
    """Every class of the tables is tried; the estimate covers the largest tensor that TensorFlow makes for it, and knows its result's shape."""
    import keras
    import tensorflow as tf

    wrong: dict[str, Any] = {}
    for name in everything(tables):
        model = builder.Rebuilt(json.dumps(tried_as(tables, name)), [])
        inputs = [((2, *each.shape[1:]), each.dtype) for each in model.keras.inputs]
        [estimated], _, size = model.graph.estimate([keras.KerasTensor(shape, dtype) for shape, dtype in inputs])
        traced = tf.function(lambda *those, m=model: m.keras(those if len(those) > 1 else those[0], training=False))
        made = largest_in(traced.get_concrete_function(*(tf.TensorSpec(shape, dtype) for shape, dtype in inputs)))
        weights = 4 * sum(weight.size for weight in model.keras.get_weights())
        real = model.predict([np.ones(shape, dtype) for shape, dtype in inputs], len(inputs) > 1)
        if np.shape(real) != tuple(estimated.shape) or made > max(size, weights):
            wrong[name] = np.shape(real), estimated.shape, made, size
    assert not wrong


ROWS = "keras.src.ops.numpy"


#: config that makes more than its shapes say -> what says so
LARGER: dict[str, Node] = {
    "a scale for many features": stack(node("Rescaling", scale=[1.0] * 1_000), shape=(4, 1)),
    "an offset for many features": stack(node("Rescaling", scale=1.0, offset=[1.0] * 1_000), shape=(4, 1)),
    "a scale for features nobody knows": stack(node("Rescaling", scale=[1.0] * 1_000), shape=(4, None)),
    "a scale of several axes": sized("Rescaling", scale=[[[1.0]] * 1_000] * 3),
    "an array for a scale": sized("Rescaling", scale=node("__numpy__", None, value=[[[1.0]] * 9] * 3, dtype="float32")),
    "a mean of several axes": sized("Normalization", mean=[[1.0]] * 1_000, variance=1.0),
    "a variance of several axes": sized("Normalization", mean=1.0, variance=[[1.0]] * 1_000),
    "numbers to add": graph(called(node("Add", ROWS), "last", [edge("given"), [[1.0]] * 60])),
    "numbers in a list": graph(called(node("Add"), "last", [[edge("given"), [1.0] * 60]])),
    "numbers to choose from": graph(called(node("Where", ROWS), "last", [edge("given"), [1.0] * 60, 0.0])),
    "a state of three axes": graph(
        called(node("LSTM", units=3), "last", ([edge("given")], {"initial_state": [edge("given"), edge("given")]}))
    ),
    "a state in a list": graph(called(node("SimpleRNN", units=3), "last", [[edge("given"), edge("given")]])),
    "a state that is named first": graph(
        called(node("SimpleRNN", units=3), "last", ([], {"initial_state": edge("given"), "sequences": edge("given")}))
    ),
    "a mask of another shape": graph(
        called(node("Reshape", target_shape=[3, 4]), "turned", [edge("given")]),
        called(node("Softmax"), "last", ([edge("given")], {"mask": edge("turned")})),
    ),
}


@pytest.mark.parametrize("name", LARGER)
def test_what_makes_more_than_its_shapes_say_is_refused(builder: Any, name: str) -> None:
    with pytest.raises(builder.Refused):
        builder.Rebuilt(json.dumps(LARGER[name]), [])


def test_inputs_of_another_rank_are_estimated_as_keras_sees_them(builder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras adds a last axis of one to them, or takes it away; others it refuses, and nothing is computed for them."""
    model = builder.Rebuilt(json.dumps(stack(node("UpSampling1D", size=1 << 12), shape=(None, 1))), [])
    assert model.predict([np.zeros((2, 3), "float32")], False).shape == (2, 3 << 12, 1)
    with pytest.raises(builder.Refused, match="too much time or memory"):
        model.predict([np.zeros((256, 40_000), "float32")], False)
    flat = builder.Rebuilt(json.dumps(stack(node("RepeatVector", n=1 << 12), shape=(3,))), [])
    assert flat.predict([np.zeros((2, 3, 1), "float32")], False).shape == (2, 1 << 12, 3)
    monkeypatch.setattr(type(model.keras), "__call__", lambda *_, **__: pytest.fail("it was run"))
    with pytest.raises(ValueError, match=r"of shape \(None, None, 1\), but received one of shape \(2, 3, 4, 5\)"):
        model.predict([np.zeros((2, 3, 4, 5), "float32")], False)
    with pytest.raises(ValueError, match="Expected 1 input"):
        model.predict([np.zeros((2, 3, 1), "float32")] * 2, True)
