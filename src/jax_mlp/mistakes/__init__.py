"""The catalogue: mistakes people make in each component, correct variants, which law catches which mistake, and how."""

import functools
import importlib
import inspect
import json
from pathlib import Path
from typing import Any, NamedTuple

import jax_mlp
from jax_mlp.components import COMPONENTS

CAUGHT = Path(__file__).with_name("caught.json")
COUNTEREXAMPLES = Path(__file__).with_name("counterexamples.json")


class Entry(NamedTuple):
    """A mistake in a component, or a correct variant of it: its functions, and a sentence about them."""

    kind: str
    component: str
    name: str
    sentence: str
    functions: dict[str, Any]


def mistakes(component: str) -> list[Entry]:
    """The mistakes in a component."""
    return [*_entries("mistakes", component)]


def variants(component: str) -> list[Entry]:
    """The correct variants of a component."""
    return [*_entries("mistakes.correct", component)]


@functools.cache
def caught_by() -> dict[str, list[str]]:
    """For each mistake, named component/name, the laws of its component that catch it."""
    return json.loads(CAUGHT.read_text(encoding="utf-8"))


def counterexamples() -> dict[str, dict[str, str]]:
    """For each mistake, as component/name, the smallest call that shows it: law, call, got and expected."""
    return json.loads(COUNTEREXAMPLES.read_text(encoding="utf-8"))


@functools.cache  # so that each entry always has the same functions, which are compiled once
def _entries(kind: str, component: str) -> tuple[Entry, ...]:
    module = importlib.import_module(f"jax_mlp.{kind}.{component}")
    entries = []
    for name, function in vars(module).items():
        if name.startswith("_") or not callable(function) or _written(function).__module__ != module.__name__:
            continue
        sentence = " ".join((inspect.getdoc(_written(function)) or "").split())
        entries.append(Entry(kind, component, name, sentence, _functions(component, function)))
    return tuple(entries)


def _written(function):
    """The function that stands in the file, without the decorators and partials around it."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        else:
            return function


def _functions(component: str, function) -> dict[str, Any]:
    if component != "init":
        return {COMPONENTS[component][0]: function}
    if "layer_sizes" in inspect.signature(function).parameters:
        return {"init_weights_biases": jax_mlp.init_weights_biases, "init_mlp": function}
    return {"init_weights_biases": function, "init_mlp": _network_of(function)}


def _network_of(layer):
    import jax

    default = inspect.signature(layer).parameters["scale"].default

    def init_mlp(layer_sizes, key, scale=default):
        keys = jax.random.split(key, len(layer_sizes) - 1)
        return [layer(i, o, k, scale) for i, o, k in zip(layer_sizes[:-1], layer_sizes[1:], keys, strict=True)]

    return init_mlp
