"""The form of a spec's layers, for the second reading of the language in `spec_reading`.

A spec is plain data here, as YAML has it. This knows which keys hold lists of layers and what
layers are called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from archspec import ops
from archspec.frontend.layer import CONSTRUCTS, RESERVED

Written: TypeAlias = Any
"""A piece of a spec as YAML has it."""


class Refused(Exception):  # noqa: N818 - a verdict
    """The language does not allow this."""


class Path(NamedTuple):
    """A list of layers inside a layer, or a value's name.

    Attributes:
        name: Its key; empty for a list that belongs to the layer itself.
        layers: The layers.
        counts: How many unnamed layers of each kind there are.
        source: What it starts from, if not from the flow.
        when: Its condition.
    """

    name: str
    layers: tuple[Layer, ...]
    counts: Counter[str]
    source: Written = None
    when: Written = None


class Layer(NamedTuple):
    """A layer.

    Attributes:
        kind: What is called, or the formula that says it.
        leaf: What it is called by default, without a number.
        component: Its component of the name path.
        is_scope: Whether what is inside is below it.
        keys: What every layer understands.
        fields: The other keys, but for `paths`.
        primary: The value of the short form.
        paths: The lists of layers inside it, and the names of values.
    """

    kind: str
    leaf: str
    component: str
    is_scope: bool
    keys: Mapping[str, Written]
    fields: Mapping[str, Written]
    primary: Written
    paths: tuple[Path, ...]


class Form:
    """Tells layers from fields in one spec."""

    def __init__(self, spec: Mapping[str, Written]) -> None:
        self._spec = spec

    def layers(self, written: Sequence[Written], counts: Counter[str]) -> tuple[Layer, ...]:
        """Returns a list of layers with their names."""
        return tuple(self.layer(layer, counts) for layer in written)

    def layer(self, written: Written, counts: Counter[str]) -> Layer:
        """Returns a layer with its name; unnamed ones are counted by kind."""
        kind, body = next(iter(written.items())) if isinstance(written, dict) else (written, None)
        table = body if isinstance(body, dict) else {}
        keys = {key: value for key, value in table.items() if key in RESERVED}
        rest = {key: value for key, value in table.items() if key not in RESERVED}
        leaf = "add" if kind == "residual" else kind.removeprefix("=").strip()
        component = keys.get("name") or _default(leaf, counts)
        is_scope = "name" in keys or "repeat" in keys
        merges = kind == "residual" or is_merge(kind)
        if is_scope and (merges or kind == "group"):
            counts = Counter([leaf] if merges else [])
        if kind in CONSTRUCTS:
            rest = rest if isinstance(body, dict) else {CONSTRUCTS[kind][0]: body}
            paths = self._inside(kind, rest, Counter() if kind == "auxiliary" else counts)
            return Layer(kind, leaf, component, is_scope, keys, rest, None, paths)
        fields, paths = self._arguments(kind, rest, body)
        primary = None if isinstance(body, dict) or merges else body
        return Layer(kind, leaf, component, is_scope, keys, fields, primary, paths)

    def _inside(
        self, kind: str, rest: Mapping[str, Written], counts: Counter[str]
    ) -> tuple[Path, ...]:
        if kind == "reuse":
            return ()
        main = Path("", self.layers(rest[CONSTRUCTS[kind][0]], counts), counts)
        return (main, self._path("shortcut", rest["shortcut"])) if "shortcut" in rest else (main,)

    def _arguments(
        self, kind: str, rest: Mapping[str, Written], body: Written
    ) -> tuple[dict[str, Written], tuple[Path, ...]]:
        """Returns the fields of a call, and the lists of layers that fill its inputs."""
        if is_merge(kind) and isinstance(body, list):
            return {}, tuple(Path(str(i), (), Counter(), source) for i, source in enumerate(body))
        if is_merge(kind):
            inner = [key for key in rest if key not in {*ops.find(kind).model_fields, "each"}]
        else:
            inner = [key for key in rest if key in self._inputs(kind)]
        fields = {key: value for key, value in rest.items() if key not in inner}
        return fields, tuple(self._path(key, rest[key]) for key in inner)

    def _inputs(self, kind: str) -> Sequence[str]:
        if kind not in ops.names():
            inputs: list[str] = self._spec.get("blocks", {}).get(kind, {}).get("inputs", ["input"])
            return inputs
        operator = ops.find(kind)
        return [name for name in operator.input_names if name not in operator.model_fields]

    def _path(self, name: str, written: Written) -> Path:
        if isinstance(written, str):
            return Path(name, (), Counter(), written)
        if isinstance(written, list):
            written = {"layers": written}
        counts: Counter[str] = Counter()
        layers = self.layers(written.get("layers", []), counts)
        return Path(name, layers, counts, written.get("from"), written.get("when"))


def is_merge(kind: str) -> bool:
    """Returns whether an operator of this name merges paths."""
    return kind in ops.names() and ops.find(kind).variadic


def referable(layer: Layer, counts: Counter[str]) -> bool:
    """Returns whether a layer has a name, or is so far the only one of its kind."""
    return "name" in layer.keys or counts[layer.leaf] == 1


def refer(layer: Layer, counts: Counter[str]) -> None:
    """Takes note that a layer is referred to, so that it must stay the only one of its kind.

    Raises:
        Refused: It is not.
    """
    if not referable(layer, counts):
        raise Refused(f"several layers are called {layer.leaf}")
    if "name" not in layer.keys:
        counts[f"only {layer.leaf}"] = 1


def _default(leaf: str, counts: Counter[str]) -> str:
    if counts[f"only {leaf}"]:
        raise Refused(f"{leaf} is referred to as the only one")
    counts[leaf] += 1
    return leaf if counts[leaf] == 1 else f"{leaf}_{counts[leaf]}"
