"""Reads the objects of a config, the arguments that every layer may have, and initialisers; refuses all others."""

from __future__ import annotations

from typing import Any

from .tables import INITIALIZERS
from .values import IGNORED, IGNORED_ENDS, MAX_DEPTH, OFF, Refused, flag, precision

OBJECT = {
    "module",
    "class_name",
    "config",
    "registered_name",
    "build_config",
    "compile_config",
    "name",
    "inbound_nodes",
}


def open_object(node: Any, depth: int) -> tuple[str, str, dict[str, Any]]:
    """Return class name, module and config of an object in a config."""
    if depth > MAX_DEPTH or not isinstance(node, dict) or not set(node) <= OBJECT:
        raise Refused("no object, or too deep")
    name, module, config = node.get("class_name"), node.get("module"), node.get("config")
    if not isinstance(name, str) or not isinstance(module, str) or not isinstance(config, dict):
        raise Refused("no object")
    if node.get("registered_name") not in (None, name):
        raise Refused("a class that somebody registered")
    return name, module, config


def take(config: dict[str, Any], name: str) -> Any:
    """Return an entry that a config must have."""
    if name not in config:
        raise Refused(f"no {name}")
    return config[name]


def read_common(config: dict[str, Any], handled: set[str]) -> dict[str, Any]:
    """Read the arguments that every layer may have."""
    refuse_others(config, {*handled, "trainable", "dtype"})
    kinds = {"trainable": flag, "dtype": precision}
    return {name: kind(config[name]) for name, kind in kinds.items() if config.get(name) is not None}


def refuse_others(config: dict[str, Any], known: set[str]) -> None:
    """Refuse a config with arguments other than the ``known`` ones, those to ignore and those that are off."""
    for name, value in config.items():
        if name in known or name in IGNORED or name.endswith(IGNORED_ENDS):
            continue
        if name not in OFF or not (value is None or value is False):
            raise Refused("an argument that is in no table")


def build_initializer(given: Any) -> Any:
    """Build an initialiser of the table from its name or its config."""
    if isinstance(given, str):
        given = {"class_name": given.title().replace("_", ""), "config": {}}
    if not isinstance(given, dict) or given.get("module", "keras.initializers") != "keras.initializers":
        raise Refused("not an initialiser of Keras' own")
    name, config = given.get("class_name"), given.get("config")
    if not isinstance(name, str) or name not in INITIALIZERS or not isinstance(config, dict):
        raise Refused("not an initialiser of the table")
    make, kinds = INITIALIZERS[name]
    if not set(config) <= {*kinds, "seed", "input_axes", "output_axes"}:
        raise Refused("an argument that is in no table")
    return make(**{argument: kind(config[argument]) for argument, kind in kinds.items() if argument in config})
