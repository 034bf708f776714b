"""Keras configs put together by hand, as no honest notebook would: parts, and attacks made of them."""

from __future__ import annotations

from typing import Any

Node = dict[str, Any]


def node(class_name: Any, module: Any = "keras.layers", /, **config: Any) -> Node:
    return {"class_name": class_name, "module": module, "config": config, "registered_name": None}


def given(*shape: Any, name: str = "given") -> Node:
    return node("InputLayer", batch_shape=[None, *shape], dtype="float32", name=name) | {
        "name": name,
        "inbound_nodes": [],
    }


def stack(*layers: Node, shape: tuple[Any, ...] = (4, 3)) -> Node:
    return node("Sequential", "keras", name="forged", layers=[given(*shape), *layers])


def edge(name: str, call: Any = 0, output: Any = 0) -> Node:
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 3], "dtype": "float32", "keras_history": [name, call, output]},
    }


def called(part: Node, name: str, *calls: Any) -> Node:
    """A part of a graph: the args of each of its calls, or (args, kwargs)."""
    inbound = [{"args": c[0], "kwargs": c[1]} if isinstance(c, tuple) else {"args": c, "kwargs": {}} for c in calls]
    return part | {"name": name, "inbound_nodes": inbound}


def graph(*parts: Node, ends: str = "last", shape: tuple[Any, ...] = (4, 3)) -> Node:
    config = {"layers": [given(*shape), *parts], "input_layers": ["given", 0, 0], "output_layers": [ends, 0, 0]}
    return node("Functional", "keras.src.models.functional", name="forged", trainable=True, **config)


DENSE = node("Dense", units=2)
LAST = called(DENSE, "last", [edge("given")])

MANY = 3_000_000_000
OPS = "keras.src.ops.core"


def sevenfold(layer: Node) -> Node:
    for _ in range(30):
        layer = node("Sequential", "keras", layers=[layer])
    return stack(layer)


def doubling(times: int) -> Node:
    """x = concatenate([x, x]), again and again."""
    parts, last = [], "given"
    for number in range(times):
        name = "last" if number == times - 1 else f"c{number}"
        parts.append(called(node("Concatenate", axis=-1), name, [[edge(last), edge(last)]]))
        last = name
    return graph(*parts)


def nested_calls(depth: int) -> Node:
    """A model that calls a model eight times that calls a model eight times ..."""
    inner = DENSE
    for _ in range(depth):
        calls = [[edge("given")], *([edge("last", number)] for number in range(7))]
        inner = graph(called(node("Dense", units=3) if inner is DENSE else inner, "last", *calls), shape=(3,))
        inner["config"]["output_layers"] = ["last", 7, 0]
    return inner


def sized(class_name: str, **config: Any) -> Node:
    return stack(node(class_name, **config))


ATTACKS: dict[str, Node] = {
    "a function": stack(
        {"class_name": "function", "module": "builtins", "config": "load_model", "registered_name": "function"}
    ),
    "a function for a layer": graph(called(node("function", "keras.utils"), "last", [edge("given")])),
    "a dotted name": stack(node("keras.config.set_floatx", "keras")),
    "a dotted name in a layer's place": stack(node("layers.Dense", "keras", units=2)),
    "a function as an argument": graph(
        called(DENSE, "last", [edge("given"), node("get_file", "keras.utils", origin="file:///etc")])
    ),
    "floatx changed in an argument": graph(
        called(DENSE, "last", ([edge("given")], {"training": node("set_floatx", "keras.config", value="float16")}))
    ),
    "map": graph(called(node("Map", OPS), "last", [node("function", "builtins"), edge("given")])),
    "vectorized map": graph(called(node("VectorizedMap", OPS, function="keras.ops.abs"), "last", [edge("given")])),
    "scan": graph(called(node("Scan", OPS, length=9), "last", [node("function", "builtins"), edge("given")])),
    "for loop": graph(called(node("ForiLoop", OPS, lower=0, upper=10**9, body_fun="abs"), "last", [edge("given")])),
    "while loop": graph(called(node("WhileLoop", OPS, cond="abs", body="abs"), "last", [edge("given")])),
    "a saved model": sized("TFSMLayer", filepath="/tmp/model", call_endpoint="serve"),
    "a file of words": sized("TextVectorization", vocabulary="/etc/passwd"),
    "code": sized("Lambda", function=node("__lambda__", "builtins", code="4wEAAAA=")),
    "a policy of its own": stack(node("Dense", units=2, dtype=node("Custom", "student", name="float32"))),
    "a registered class": stack(node("Dense", units=2) | {"registered_name": "Custom>Dense"}),
    "another module": stack(node("Dense", "os", units=2)),
    "no module": stack({"class_name": "Dense", "config": {"units": 2}}),
    "units": sized("Dense", units=MANY),
    "units within the table": stack(*[node("Dense", units=1 << 20)] * 2),
    "a wide LSTM": sized("LSTM", units=1 << 20),
    "an embedding": sized("Embedding", input_dim=1 << 24, output_dim=1 << 20),
    "a kernel": sized("Conv1D", filters=1 << 20, kernel_size=1 << 12, padding="same"),
    "heads": graph(
        called(node("MultiHeadAttention", num_heads=256, key_dim=1 << 20), "last", [edge("given"), edge("given")])
    ),
    "repetitions": stack(node("Flatten"), node("RepeatVector", n=MANY)),
    "repetitions within the table": stack(*[node("Flatten"), node("RepeatVector", n=1 << 20)] * 2),
    "a shape": sized("Reshape", target_shape=[1 << 20, 1 << 20, 1 << 30]),
    "stretched": stack(*[node("UpSampling1D", size=1 << 12)] * 5),
    "padded": stack(*[node("ZeroPadding1D", padding=1 << 16)] * 60, node("UpSampling1D", size=1 << 12)),
    "tiled": graph(called(node("Tile", "keras.src.ops.numpy", repeats=[1, 1 << 20, 1 << 20]), "last", [edge("given")])),
    "one hot": stack(node("Flatten"), node("CategoryEncoding", num_tokens=MANY, output_mode="multi_hot")),
    "a million calls": graph(called(node("ReLU"), "last", *[[edge("given")]] * 100_000)),
    "a thousand layers": stack(*[DENSE] * 1_000),
    "deep": sevenfold(DENSE),
    "numbers alone": graph(called(node("Tile", "keras.src.ops.numpy", repeats=[1 << 20, 1 << 10]), "last", [1.0])),
    "a circle": graph(called(node("ReLU"), "one", [edge("last")]), called(node("ReLU"), "last", [edge("one")])),
    "an edge from nowhere": graph(called(node("ReLU"), "last", [edge("nobody")])),
    "calls of calls": nested_calls(7),
    "doubled": doubling(40),
    "an array for a number": sized("Dense", units=[[2]]),
    "stateful": sized("LSTM", units=2, stateful=True),
    "two of a name": graph(LAST, LAST),
    "trained": graph(called(node("Dropout", rate=0.5), "last", ([edge("given")], {"training": True}))),
    **{
        f"{size!r} units": sized("Dense", units=size)
        for size in (float("nan"), float("inf"), -1, 0, True, "3", 2.0, None, 10**400)
    },
}

FORGING = """\
import json
import keras
import numpy as np

def honest(): return keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(2)])

def forged(text):
    import agent
    agent.Agent._model = lambda self, model, keras, out: {"kept": 0, "config": text, "weights": []}
    return honest()
"""
