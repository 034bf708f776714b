"""Hostile Keras configs: whatever Keras exports is neither called nor built outside the tables, and nothing large is begun.

The builder is tried where it would do the most harm, without its jail: in a process that notes what is made, opened and changed.
"""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.course.config import Limits
from autograder.judge.failures import CheckFailed
from autograder.judge.models import Model
from autograder.judge.submission import StudentNotebook
from autograder.sandbox import warm
from autograder.sandbox.parent import INSIDE
from autograder.sandbox.run import NotebookRun
from autograder.sandbox.surroundings import Surroundings
from autograder.tests.conftest import SOAK

pytestmark = pytest.mark.slow
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


# ---- every name that Keras exports, at every place

WATCHED = """
import builtins, json, os, sys, types

sys.path.insert(0, {inside!r})
import builder.rebuilt, keras, numpy as np, tensorflow as tf
from builder import tables
from keras.src.ops.operation import Operation
from keras.src.saving import serialization_lib

made, opened = set(), []
ALLOWED = {{*tables.LAYERS, *tables.CELLS, *tables.OPERATIONS, "Bidirectional", "TimeDistributed", "RNN", "StackedRNNCells", "InputLayer",
    "Sequential", "Functional", "EinsumDense"}}
plain = Operation.__new__

def noting(cls, *args, **kwargs):
    made.add(cls.__name__)
    return plain(cls, *args, **kwargs)

Operation.__new__ = staticmethod(noting)

original = serialization_lib.deserialize_keras_object

def guarded(asked, *args, **kwargs):
    if asked["class_name"].lower().replace("_", "") in ("ones", "zeros", "glorotuniform") and not asked["config"]:  # constants of Keras' own layers
        return original(asked, *args, **kwargs)
    raise SystemExit(f"Keras' own deserialiser was asked for {{asked!r:.200}}")

serialization_lib.deserialize_keras_object = guarded

def state():
    return (keras.config.floatx(), keras.config.dtype_policy().name, keras.config.image_data_format(), keras.config.epsilon(),
        keras.config.backend(), str(np.random.get_state()), sorted(os.environ.items()), os.getcwd())

def tried(text):
    try:
        model = builder.rebuilt.Rebuilt(text, [])
    except (builder.rebuilt.Refused, ValueError, TypeError, IndexError, AttributeError, NotImplementedError, tf.errors.OpError):
        return False
    return model.keras is not None

def noted(event, args):
    if event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so")):
        opened.append(args[0])
    if event.split(".")[0] in ("subprocess", "socket", "ctypes", "shutil", "tempfile") or event in ("os.system", "os.remove", "os.mkdir"):
        opened.append(event)

def public(module, seen):
    for name in dir(module):
        value = None if name.startswith("_") else getattr(module, name, None)
        if isinstance(value, types.ModuleType) and value.__name__.startswith("keras") and value.__name__ not in seen:
            seen.add(value.__name__)
            yield from public(value, seen)
        elif callable(value):
            yield module.__name__.replace("keras._tf_keras.keras", "keras"), name
"""

EVERYWHERE = """
places = json.loads({places!r})
honest = json.loads({honest!r})
for text in honest:
    assert tried(json.dumps(text)), "an honest config of this form is not built, so refusing others shows nothing"
before = state()
sys.addaudithook(noted)
names = sorted(set(public(keras, set())))[::{step}]
built = []
for place, (template, may_build) in places.items():
    for module, name in names:
        for registered in (None, name, "custom>" + name) if place == "layer" else (None,):
            text = template.replace("%MODULE%", module).replace("%NAME%", name).replace('"%REGISTERED%"', json.dumps(registered))
            table = tables.INITIALIZERS if place == "initialiser" else ALLOWED
            if tried(text) and not may_build and name not in table:
                built.append((place, module, name))
assert not built, built[:20]
assert not made - ALLOWED, made - ALLOWED
assert not opened, opened[:20]
assert state() == before
print(len(names), "names at", len(places), "places")
"""

ANY: Node = {
    "class_name": "%NAME%",
    "module": "%MODULE%",
    "config": {"name": "x", "units": 2, "filepath": "/etc/passwd", "fn": "os.system", "value": "float16"},
    "registered_name": "%REGISTERED%",
}
BARE = ANY | {"config": {}}
DENSE = node("Dense", units=2)
LAST = called(DENSE, "last", [edge("given")])


def places() -> dict[str, tuple[str, bool]]:
    """Where an object may stand in a config -> (the config, whether what stands there is never looked at)."""
    lstm = node("LSTM", units=2)
    ignored = dict.fromkeys(
        ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint"), ANY
    )
    found: dict[str, tuple[Node, bool]] = {
        "model": (ANY, False),
        "layer": (stack(ANY), False),
        "layer without arguments": (stack(BARE), False),
        "nested layer": (stack(node("Sequential", "keras", name="inner", layers=[BARE])), False),
        "layer of a wrapper": (stack(node("TimeDistributed", layer=BARE)), False),
        "forward layer": (stack(node("Bidirectional", layer=BARE, backward_layer=lstm)), False),
        "backward layer": (stack(node("Bidirectional", layer=lstm, backward_layer=BARE)), False),
        "cell": (stack(node("RNN", cell=BARE)), False),
        "cell among several": (stack(node("RNN", cell=node("StackedRNNCells", cells=[BARE]))), False),
        "activation": (stack(node("Dense", units=2, activation=BARE)), False),
        "activation by name": (stack(node("Dense", units=2, activation="%MODULE%.%NAME%")), False),
        "initialiser": (stack(node("Dense", units=2, kernel_initializer=BARE)), False),
        "number": (stack(node("Dense", units=ANY)), False),
        "dtype": (stack(node("Dense", units=2, dtype=ANY)), False),
        "dtype by name": (stack(node("Dense", units=2, dtype="%NAME%")), False),
        "argument that no table has": (stack(node("Dense", units=2, function=ANY)), False),
        "function": (stack(node("function", "%MODULE%") | {"config": "%NAME%"}), False),
        "operation": (graph(called(BARE, "last", [edge("given")])), False),
        "operation on a list": (graph(called(BARE, "last", [[edge("given"), edge("given")]])), False),
        "dotted name": (graph(called(node("%MODULE%.%NAME%", "keras.src.ops.numpy"), "last", [edge("given")])), False),
        "argument of a call": (graph(called(DENSE, "last", [edge("given"), ANY])), False),
        "argument in a list": (graph(called(node("Add"), "last", [[edge("given"), ANY]])), False),
        "named argument of a call": (graph(called(DENSE, "last", ([edge("given")], {"mask": ANY}))), False),
        "input layer": (graph(LAST, called(BARE, "other")), False),
        "never looked at": (
            stack(node("Dense", units=2, **ignored) | {"build_config": ANY, "compile_config": ANY})
            | {"build_config": ANY, "compile_config": {"optimizer": ANY, "loss": ANY, "metrics": [ANY]}},
            True,
        ),
    }
    return {place: (json.dumps(config), ignoring) for place, (config, ignoring) in found.items()}


def in_a_child(code: str, **values: str) -> str:
    """What a process prints in which the builder is watched."""
    program = textwrap.dedent(WATCHED + code).format(inside=str(INSIDE), **values)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_no_name_that_keras_exports_is_called_or_built_outside_the_tables() -> None:
    every = [stack(DENSE), graph(LAST), stack(node("RNN", cell=node("GRUCell", units=2)))]
    every += [
        stack(
            node("Bidirectional", layer=node("LSTM", units=2), backward_layer=node("LSTM", units=2, go_backwards=True))
        )
    ]
    step = 1 if SOAK else 10  # every name takes minutes
    said = in_a_child(EVERYWHERE, places=json.dumps(places()), honest=json.dumps(every), step=str(step))
    number, _, _, at, _ = said.splitlines()[-1].split()
    assert int(number) > 1_000 / step and int(at) == len(places())


MIXED = """
texts = json.load(open({file!r}))
before = state()
sys.addaudithook(noted)
count = sum(map(tried, texts))
assert not made - ALLOWED, made - ALLOWED
assert not opened, opened[:20]
assert state() == before
print(count)
"""


def test_configs_put_together_at_random_build_nothing_outside_the_tables(tmp_path: Path) -> None:
    """Honest configs in which parts are exchanged for others of any kind, seeded."""
    dice = random.Random(7)
    honest = [
        graph(LAST),
        stack(
            node("Bidirectional", layer=node("LSTM", units=2), backward_layer=node("GRU", units=2, go_backwards=True))
        ),
        stack(node("RNN", cell=node("StackedRNNCells", cells=[node("LSTMCell", units=2)])), DENSE),
        stack(node("TimeDistributed", layer=stack(DENSE, shape=(3,))), node("Flatten")),
        graph(
            called(node("Mean", "keras.src.ops.numpy", axis=1), "m", [edge("given")]),
            called(DENSE, "last", [edge("m")]),
        ),
    ]
    bits: list[Any] = [
        None,
        True,
        -1,
        0,
        1e9,
        3_000_000_000,
        float("nan"),
        float("inf"),
        "function",
        "keras.ops.map",
        [],
        [[[]]],
        {},
    ]
    bits += [
        ANY,
        node("Lambda", function="os.system"),
        node("function", "builtins"),
        node("TFSMLayer", filepath="/etc"),
        edge("given"),
    ]
    bits += [
        edge("last"),
        node("Map", "keras.src.ops.core"),
        node("LSTM", units=2),
        stack(DENSE),
        "float16",
        {"class_name": "__slice__"},
    ]

    def changed(value: Any) -> Any:
        if dice.random() < 0.04:
            return copy.deepcopy(dice.choice(bits))
        if isinstance(value, dict):
            return {key: changed(part) for key, part in value.items() if dice.random() > 0.01}
        return [changed(part) for part in value] if isinstance(value, list) else value

    file = tmp_path / "configs.json"
    file.write_text(json.dumps([json.dumps(changed(dice.choice(honest))) for _ in range(3_000)]))
    assert int(in_a_child(MIXED, file=str(file))) > 100, "too few are built to show anything"


# ---- single attacks

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


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_config_is_refused_before_anything_is_begun(builder: Any, attack: str) -> None:
    import psutil

    memory, started = psutil.Process().memory_info().rss, time.process_time()
    weights = [np.ones((3, 2), "float32"), np.zeros(2, "float32")]
    for those in (weights, []):
        with pytest.raises((builder.Refused, ValueError, TypeError)):
            builder.Rebuilt(json.dumps(ATTACKS[attack]), those)
    assert time.process_time() - started < 5
    assert psutil.Process().memory_info().rss - memory < 200 << 20


def test_a_config_that_is_no_text_of_one_is_refused(builder: Any) -> None:
    for text in ("", "[", "null", "[" * 1_000_000, "9" * 5_000, "x" * 3_000_000, json.dumps([stack(DENSE)])):
        with pytest.raises((builder.Refused, ValueError)):
            builder.Rebuilt(text, [])


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


# ---- what each layer and operation takes, against what TensorFlow makes of it

X, PICTURE, INDEX = (8, 3), (6, 6, 4), (40,)
SEQUENCE, BACKWARDS = (node("LSTM", units=40, return_sequences=True, go_backwards=back) for back in (False, True))
#: class of the builder's tables -> its arguments, and the shapes of its inputs, without rows; others have none, and (8, 3).
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
    for graph in functions:
        for operation in graph.get_operations():
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


# ---- through the jail, and what a neighbour sees of it

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
NEIGHBOUR = """\
import keras

def model(): return keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4), keras.layers.Dense(1)])

def predicted(model, x): return model.predict(x, verbose=0)
"""


@pytest.fixture(scope="module")
def keras_beforehand() -> Iterator[None]:
    warm.settle(Surroundings(preload=("keras", "numpy", "tensorflow")))
    yield
    warm.settle(Surroundings())


def test_hostile_models_cost_a_neighbour_nothing(keras_beforehand: None) -> None:
    """Each is sent by a submission that is graded in the same judge, and none of them crosses."""
    import keras

    x = np.random.default_rng(3).normal(size=(6, 5, 3)).astype("float32")
    state = keras.config.floatx(), keras.config.dtype_policy().name, keras.config.image_data_format()
    with NotebookRun([FORGING], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as hostile:
        hostile.run_cells()
        for number, (name, config) in enumerate(ATTACKS.items()):
            try:
                model = StudentNotebook(hostile).forged(json.dumps(config))
            except CheckFailed as failure:
                assert "cannot be read" not in failure.rationale, name
                continue
            assert isinstance(model, Model) and not model.crossed, name
            if number % 12:
                continue
            with NotebookRun([NEIGHBOUR], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as neighbour:
                neighbour.run_cells()
                theirs = StudentNotebook(neighbour).model()
                assert theirs.crossed and theirs.predict(x).dtype == np.float32
                np.testing.assert_allclose(
                    theirs.predict(x), StudentNotebook(neighbour).predicted(theirs, x), rtol=1e-5, atol=1e-6
                )
        assert hostile.models.starts <= 1, "a hostile config ended the model process"
    assert (keras.config.floatx(), keras.config.dtype_policy().name, keras.config.image_data_format()) == state


def test_the_judge_itself_never_reads_a_config(keras_beforehand: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    from keras.src.saving import serialization_lib

    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the judge's own Keras was given a config")

    monkeypatch.setattr(serialization_lib, "deserialize_keras_object", never)
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", never)
    with NotebookRun([NEIGHBOUR], [], Limits(seconds_per_cell=120.0, seconds_per_call=60.0)) as run:
        run.run_cells()
        model = StudentNotebook(run).model()
        assert model.crossed and model.predict(np.zeros((2, 5, 3), "float32")).shape == (2, 1)
