"""No name that Keras exports is called or built outside the tables, wherever it stands in a config.

The builder is tried where it would do the most harm, without its jail: in a process that notes what is made, opened and changed.
"""

from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from autograder.sandbox.parent import INSIDE
from autograder.tests.helpers import SOAK
from autograder.tests.helpers.hostile_configs import DENSE, LAST, Node, called, edge, graph, node, stack

pytestmark = pytest.mark.slow
STEP = 1 if SOAK else 40  # every name takes minutes

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
texts = json.load(open({file!r}))
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
print(len(names), "names at", len(places), "places", flush=True)
"""
AT_RANDOM = """
made.clear()
count = sum(map(tried, texts))
assert not made - ALLOWED, made - ALLOWED
assert not opened, opened[:20]
assert state() == before
print(count)
"""
ANY: Node = {
    "class_name": "%NAME%",
    "module": "%MODULE%",
    "config": {"name": "x", "units": 2, "filepath": "/etc/passwd", "fn": "os.system", "value": "float16"},
    "registered_name": "%REGISTERED%",
}
BARE = ANY | {"config": {}}


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


def forms() -> list[Node]:
    """An honest config of each form that the places above have."""
    both = node("Bidirectional", layer=node("LSTM", units=2), backward_layer=node("LSTM", units=2, go_backwards=True))
    return [stack(DENSE), graph(LAST), stack(node("RNN", cell=node("GRUCell", units=2))), stack(both)]


def at_random(number: int) -> list[str]:
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

    return [json.dumps(changed(dice.choice(honest))) for _ in range(number)]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines that a process prints in which the builder is watched: of every name, and of configs put together at random."""
    file = tmp_path_factory.mktemp("configs") / "configs.json"
    file.write_text(json.dumps(at_random(3_000 if SOAK else 1_000)))
    values = {"places": json.dumps(places()), "honest": json.dumps(forms()), "step": str(STEP), "file": str(file)}
    program = textwrap.dedent(WATCHED + EVERYWHERE + AT_RANDOM).format(inside=str(INSIDE), **values)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=1200, check=False)
    return [*done.stdout.splitlines(), *([done.stderr[-3000:]] if done.returncode else [])]


def test_no_name_that_keras_exports_is_called_or_built_outside_the_tables(said: list[str]) -> None:
    found = re.fullmatch(r"(\d+) names at (\d+) places", said[0])
    assert found, said[0]
    assert int(found[1]) > 1_000 / STEP and int(found[2]) == len(places())


def test_configs_put_together_at_random_build_nothing_outside_the_tables(said: list[str]) -> None:
    assert len(said) == 2 and said[1].isdecimal(), said
    assert int(said[1]) > 50, "too few are built to show anything"
