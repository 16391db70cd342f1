"""Random layers that a value can go through.

Every layer is read by `spec_reading` as it is written, and one that is refused is left out: so
what is written is valid by that reading.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from hypothesis import strategies as st
from random_keys import Keys
from random_operators import (
    Keep,
    Option,
    accepted,
    any_type,
    as_yaml,
    is_small,
    same_but_channels,
    same_type,
)
from random_values import Parameters
from spec_form import Refused, Written, referable
from spec_scope import Flow, Scope

from archspec import ops

Called: TypeAlias = tuple[str, Written] | None
"""What a layer calls, and its keys; or nothing that suits the place."""

CONVOLUTIONS = {2: "conv1d", 3: "conv2d", 4: "conv3d"}


class Spot(NamedTuple):
    """A place for a layer.

    Attributes:
        scope: The scope.
        flow: What flows in.
        depth: How deep lists of layers may be nested inside.
        keep: What may flow out.
    """

    scope: Scope
    flow: Flow
    depth: int
    keep: Keep = any_type

    def inner(self, keep: Keep) -> Spot:
        """Returns a place inside a layer that stands here."""
        return Spot(self.scope.inner(), self.flow, self.depth - 1, keep)


class Writer(Keys):
    """Writes the layers of one spec."""

    def __init__(self, draw: st.DrawFn, inputs: Mapping[str, Written]) -> None:
        super().__init__(draw, inputs)
        self._arguments: dict[str, dict[str, Written]] = {}

    def layers(self, spot: Spot, most: int = 4) -> tuple[list[Written], Flow]:
        """Returns a few layers in a row, which are run, and what flows out."""
        written: list[Written] = []
        for _ in range(self.draw(st.integers(1, most))):
            layer = self._layer(spot)
            made = self._tried(layer, spot) if layer is not None else None
            if made:
                written.append(layer)
                spot = spot._replace(flow=made)
        if not written:
            written.append("identity")
            spot = spot._replace(flow=self.run("identity", spot))
        return written, spot.flow

    def run(self, layer: Written, spot: Spot) -> Flow:
        """Runs a layer and returns what flows out."""
        read = self.reading.form.layer(layer, spot.scope.counts)
        return self.reading.run(read, spot.scope, spot.flow)

    def references(self, scope: Scope) -> list[str]:
        """Returns the names that a layer can refer to."""
        names: dict[str, list[str]] = {}
        for around in scope.chain():
            for name, result in around.results.items():
                layer, _ = around.layers.get(name, (None, 0))
                # `identity` is written where nothing else fits, so it must stay nameless.
                hidden = layer and (
                    layer.kind in ("auxiliary", "identity") or not referable(layer, around.counts)
                )
                several = [f"{name}.{output}" for output in result if len(result) > 1]
                names.setdefault(name, [] if hidden else [name, *several])
        return sorted(itertools.chain(*names.values()))

    def _tried(self, layer: Written, spot: Spot) -> Flow | None:
        """Runs a layer, if it is allowed, and returns what flows out."""
        scope, start = spot.scope, len(self.reading.graph.nodes)
        before = scope.counts.copy(), dict(scope.results), dict(scope.layers)

        def make() -> Flow:
            made = self.run(layer, spot)
            if not spot.keep(spot.flow[0].type, made[0].type):
                raise Refused("not what is wanted here")
            if not is_small(self.reading.graph, start):
                raise Refused("too large to be run")
            return made

        made = self.reading.attempt(make)
        if made is None:
            scope.counts, scope.results, scope.layers = before
        return made

    def _inside(self, spot: Spot, keep: Keep) -> tuple[list[Written], Flow]:
        """Returns layers for inside a layer, which will be run as a part of it."""
        with self.reading.trial():
            return self.layers(spot.inner(keep))

    def _layer(self, spot: Spot) -> Written | None:
        """Returns a layer that may suit the place, or nothing."""
        simple = [self._operator] * 3 + [self._two_inputs, self._again, self._by_formula]
        nested = [self._merge, self._residual, self._group, self._block, self._auxiliary]
        call = self.pick([*simple, *nested] if spot.depth > 0 else simple)
        source, known = None, self.references(spot.scope)
        if spot.keep is any_type and known and self.chance(15):
            source = self.pick(known)
            spot = spot._replace(flow=spot.scope.source(source))
        called = call(spot)
        if called is None:
            return None
        kind, table = called
        if isinstance(table, list):
            return {kind: table}
        if source:
            table["from"] = source
        self.decorate(kind, table, spot.flow)
        return self._shortened(kind, table)

    def _shortened(self, kind: str, table: dict[str, Written]) -> Written:
        """Returns a layer in its shortest form, most of the time."""
        if not table:
            return kind
        primary = ops.find(kind).primary if kind in ops.names() else None
        main = {"group": "layers", "residual": "body", "reuse": "layer"}.get(kind, primary)
        if [*table] == [main] and not isinstance(table[str(main)], dict) and self.chance(80):
            return {kind: table[str(main)]}
        return {kind: table}

    def _options(self, spot: Spot, *others: str) -> list[Option]:
        """Returns the operators that take the flow and the values called `others`."""
        types = [spot.scope.source(name)[0].type for name in others]
        before = spot.flow[0].type
        return [option for option in accepted(before, *types) if spot.keep(before, option.made)]

    # What a layer calls, and its keys

    def _operator(self, spot: Spot) -> Called:
        options = self._options(spot)
        if not options:
            return None
        name = self.pick(dict.fromkeys(option.name for option in options))
        option = self.pick([option for option in options if option.name == name])
        return name, self.fields(option.fields, spot.flow)

    def _two_inputs(self, spot: Spot) -> Called:
        refs = self.references(spot.scope)
        options = [(ref, option) for ref in refs for option in self._options(spot, ref)]
        if not options:
            return None
        ref, option = self.pick(options)
        table = self.fields(option.fields, spot.flow)
        second = ops.find(option.name).input_names[1]
        other = spot.scope.source(ref)[0].type
        is_made = spot.depth > 0 and other == spot.flow[0].type and self.chance(40)
        table[second] = self._inside(spot, same_but_channels)[0] if is_made else ref
        return option.name, table

    def _by_formula(self, spot: Spot) -> Called:
        options = self._options(spot)
        if not options:
            return None
        option = self.pick(options)
        fields = as_yaml(option.fields)
        return f"={self.declared('act', {option.name: fields} if fields else option.name)}", {}

    def _merge(self, spot: Spot) -> Called:
        kind = self.pick(name for name in ops.names() if ops.find(name).variadic)
        refs = self.references(spot.scope)
        if refs and self.chance(15):
            return kind, [self.pick(refs), self.pick(refs)]
        wanted = same_but_channels if kind == "concat" and spot.keep is any_type else same_type
        if self.chance(20):
            return kind, {"name": self.name("n"), **self._copies(spot, wanted)}
        named = self.chance(40)
        table: dict[str, Written] = {"name": self.name("n")} if named else {}
        names = ["left", "right", "third"] if named else [self.name("p") for _ in range(3)]
        for name in names[: self.draw(st.integers(2, 3))]:
            table[name] = self._path(spot, refs, wanted)
        return kind, table

    def _path(self, spot: Spot, refs: list[str], wanted: Keep) -> Written:
        form = self.pick(["layers", "empty", "reference", "table"])
        if form == "reference" and refs:
            return self.pick(refs)
        layers = [] if form == "empty" else self._inside(spot, wanted)[0]
        if form != "table":
            return layers
        path: dict[str, Written] = {"layers": layers}
        if self.chance(50):
            path["when"] = self.condition(spot.flow)
        if refs and self.chance(30):
            path["from"] = self.pick(refs)
        return path

    def _copies(self, spot: Spot, wanted: Keep) -> dict[str, Written]:
        """Returns a path that is repeated side by side, and may compute with its row."""
        name, column = self.name("r"), [1, 2, self.draw(st.integers(1, 3))]
        each = self.pick([{name: column}, [{name: number} for number in column], 2])
        layers = self._inside(spot, wanted)[0]
        kind = CONVOLUTIONS.get(len(spot.flow[0].type.example))
        if kind and spot.flow[0].type.dtype == "float32" and self.chance(60):
            size = "=index + 1" if each == 2 else f"={name}"
            layers.append({kind: {"out_channels": size, "kernel_size": 1}})
        return {"each": each, "path": layers}

    def _residual(self, spot: Spot) -> Called:
        body, after = self._inside(spot, self.pick([same_type, same_type, same_but_channels]))
        table: dict[str, Written] = {"body": body}
        if after[0].type != spot.flow[0].type or self.chance(30):
            table["name"] = self.name("n")
            table["shortcut"] = self._adapter(spot.flow, after) or body
            if self.chance(40):
                table["shortcut"] = {
                    "layers": table["shortcut"],
                    "when": self.condition(spot.flow),
                }
        return "residual", table

    def _adapter(self, flow: Flow, wanted: Flow) -> list[Written]:
        """Returns a layer that makes other channels."""
        sizes = flow[0].type.example
        if not sizes or not isinstance(channels := wanted[0].type.example[0], int):
            return []
        if len(sizes) == 1:
            return [{"linear": channels}]
        layer: dict[str, Written] = {"out_channels": channels, "kernel_size": 1}
        if isinstance(sizes[0], int) and self.chance(50):
            layer["when"] = f"=in.channels != {channels}"
        return [{CONVOLUTIONS[len(sizes)]: layer}] if len(sizes) in CONVOLUTIONS else []

    def _group(self, spot: Spot) -> Called:
        return "group", {"layers": self._inside(spot, spot.keep)[0]}

    def _auxiliary(self, spot: Spot) -> Called:
        if spot.scope.head:
            return None
        scope = spot.scope.inner()
        scope.head = "head"
        layers = self._inside(spot._replace(scope=scope), any_type)[0]
        table = {"name": self.name("aux"), "layers": layers}
        return "auxiliary", table | ({"weight": 0.3} if self.chance(50) else {})

    def _again(self, spot: Spot) -> Called:
        names = [name for name in self.references(spot.scope) if name in spot.scope.layers]
        return ("reuse", {"layer": self.pick(names)}) if names else None

    def _block(self, spot: Spot) -> Called:
        known = [] if self.parameters.of_block else [*self._arguments]
        if known and self.chance(50):
            name = self.pick(known)
            table = {key: self.changed(v) if self.chance(30) else v
                     for key, v in self._arguments[name].items()}  # fmt: skip
        else:
            name = self._new_block(spot)
            table = dict(self._arguments[name])
        refs = [ref for ref in self.references(spot.scope) if "." not in ref]
        for input_ in self.spec["blocks"][name].get("inputs", [])[1:]:
            if self.chance(30):
                table[input_] = self._inside(spot, same_but_channels)[0]
            elif refs:
                table[input_] = self.pick(refs)
        return name, table

    def _new_block(self, spot: Spot) -> str:
        """Writes a block that can be called here and returns its name."""
        name, inputs = self.name("block"), self.pick([[], ["x1"], ["x1", "prev"]])
        scope = Scope(head=spot.scope.head, params=dict(self.reading.root.params))
        flow = (spot.flow * 2)[: max(1, len(inputs))]
        scope.results = {n: {n: v} for n, v in zip(inputs or ["input"], flow, strict=True)}
        outer, self.parameters = self.parameters, Parameters(scope, {}, of_block=True)
        with self.reading.trial():
            layers, _ = self.layers(Spot(scope, flow, spot.depth - 1, spot.keep))
        block = {"params": self.parameters.declared, "inputs": inputs, "layers": layers}
        if self.chance(40) and spot.keep is any_type:
            main, second = self.pick(self.references(scope)), (inputs or ["input"])[0]
            block["outputs"] = self.pick([main, {"out": main}, {"out": main, "prev": second}])
        self.spec["blocks"][name] = {key: said for key, said in block.items() if said}
        given, self.parameters = self.parameters.given, outer
        if given and self.chance(20):
            key = self.pick(given)
            self.spec["defaults"][name] = {key: given.pop(key)}
        self._arguments[name] = given
        return name
