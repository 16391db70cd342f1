"""Expands a whole spec that is used as a layer, up to the layer where it is cut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from archspec.frontend.arguments import Unknown, as_text
from archspec.frontend.names import Names
from archspec.frontend.resolve import UsageError, resolve
from archspec.frontend.scope import Flow, Result, Scope
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.syntax import Layer
from archspec.frontend.tree import Entry, Items, Table, Tree
from archspec.frontend.unit import Unit

if TYPE_CHECKING:
    from archspec.frontend.builder import Builder


class _Settings(NamedTuple):
    """What a `use` says besides the spec."""

    variant: str | None = None
    params: Mapping[str, object] = {}
    until: str | None = None


class Uses:
    """Expands the specs that one spec uses."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def expand(self, layer: Layer, scope: Scope, inflow: Flow, path: tuple[str, ...]) -> Result:
        """Expands a used spec at `path` below the scope, without its auxiliary heads.

        Raises:
            Unknown: A fault, which has been reported, leaves its result unknown.
        """
        reader = scope.unit.reader
        settings = self._settings(layer, scope, inflow)
        tree = self._resolved(layer, scope, settings)
        unit = Unit(tree, reader.evaluator, self._builder.report, reader.calls, settings.params)
        names = Names()
        for name, entry in _entries(tree, "inputs").items():
            names.given[name] = entry.key.span
        inner = Scope(scope.place.below(*path)._replace(used=True), unit.env, names, unit)
        flow = self._fill(layer, scope, inner, inflow)
        reader.calls.append((layer.component, layer.head.span))
        try:
            layers = unit.parser.layers(tree.get("layers") or Items((), tree.span), names)
            if settings.until is None:
                flow = self._builder.layers(layers, inner, flow)
                return unit.reader.outputs(tree.get("outputs"), inner, flow)
            return self._cut(layer, layers, inner, flow, settings.until)
        finally:
            reader.calls.pop()

    def _settings(self, layer: Layer, scope: Scope, inflow: Flow) -> _Settings:
        reader = scope.unit.reader
        lookup = reader.lookup(scope, inflow)
        kinds = {
            "variant": (str, "a name"),
            "params": (Mapping, "a mapping"),
            "until": (str, "a name"),
        }
        given = {}
        for key, (kind, what) in kinds.items():
            if key in layer.arguments:
                tree = layer.arguments[key].value
                given[key] = reader.evaluator.value(tree, lookup)
                if not isinstance(given[key], kind):
                    message = f"`{key}` must be {what}, not `{as_text(given[key])}`"
                    reader.fault("E103", message, tree.span)
                    raise Unknown
        return _Settings(**given)  # type: ignore[arg-type]

    def _resolved(self, layer: Layer, scope: Scope, settings: _Settings) -> Table:
        """Returns the spec with its variant applied."""
        reader = scope.unit.reader
        tree = layer.arguments["spec"].value if "spec" in layer.arguments else None
        if not isinstance(tree, Table):
            raise Unknown  # the file could not be read, which has been reported
        try:
            resolved = resolve(tree, settings.variant, {}, tree.span.file).tree
        except UsageError as error:
            reader.fault("E110", error.message, layer.arguments["variant"].value.span, error.help)
            raise Unknown from None
        known = _entries(resolved, "params")
        unknown = settings.params.keys() - known
        for name in sorted(unknown):
            message = f"{layer.component} has no parameter `{name}`"
            help_ = did_you_mean(name, known, what="parameter")
            reader.fault("E107", message, layer.arguments["params"].value.span, help_)
        if unknown:
            raise Unknown
        return resolved

    def _fill(self, layer: Layer, outer: Scope, inner: Scope, inflow: Flow) -> Flow:
        """Makes what flows in the spec's inputs, in order, and returns it."""
        inputs = _entries(inner.unit.tree, "inputs")
        source = layer.reserved.get("from")
        span = source.value.span if source else layer.head.span
        if len(inflow) < len(inputs):
            message = f"{layer.component} needs {len(inputs)} inputs, and {len(inflow)} arrive"
            outer.unit.reader.fault("E201", message, span, f"from: [{', '.join(inputs)}]")
            raise Unknown
        flow = inflow[: len(inputs)]
        for (name, entry), value in zip(inputs.items(), flow, strict=True):
            shape = entry.value.get("shape") if isinstance(entry.value, Table) else entry.value
            axes = len(shape.items) if isinstance(shape, Items) else 0
            if value is not None and len(value.type.example) != axes:
                message = f"{layer.component} takes {name} with {axes} axes, not {value.type}"
                outer.unit.reader.fault("E201", message, span)
                raise Unknown
            inner.define(name, {name: value})
        return flow

    def _cut(
        self, layer: Layer, layers: tuple[Layer, ...], inner: Scope, flow: Flow, until: str
    ) -> Result:
        """Expands the layers up to the one called `until`, whose result it is."""
        components = [inside.component for inside in layers]
        if until not in components:
            span = layer.arguments["until"].value.span
            message = f"{layer.component} has no layer `{until}` to be cut at"
            help_ = did_you_mean(until, components, what="layer")
            inner.unit.reader.fault("E106", message, span, help_)
            raise Unknown
        self._builder.layers(layers[: components.index(until) + 1], inner, flow)
        return inner.find(until) or {"output": None}


def _entries(tree: Table, key: str) -> Mapping[str, Entry]:
    table: Tree | None = tree.get(key)
    return table.entries if isinstance(table, Table) else {}
