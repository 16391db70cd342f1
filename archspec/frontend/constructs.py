"""Expands the layers that belong to the language: residuals, groups, heads, reuse, use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from archspec.diagnostics import Label, Span
from archspec.frontend.arguments import Unknown
from archspec.frontend.calls import Calls, leaf_of
from archspec.frontend.scope import Flow, Result, Scope
from archspec.frontend.syntax import Layer
from archspec.frontend.tree import Scalar
from archspec.ir.graph import Head, Value
from archspec.ir.op import Operator

if TYPE_CHECKING:
    from archspec.frontend.builder import Builder


class Constructs:
    """Expands the constructs of one spec."""

    def __init__(self, builder: Builder, calls: Calls) -> None:
        self._builder = builder
        self._calls = calls

    def construct(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a construct at `path` below the scope.

        Raises:
            Unknown: A fault, which has been reported, leaves its result unknown.
        """
        if layer.kind == "reuse":
            return self._reuse(layer, scope, inflow, path)
        if layer.kind == "use":
            from archspec.frontend.uses import Uses  # few specs use another

            return Uses(self._builder).expand(layer, scope, inflow, path)
        if not layer.paths:
            raise Unknown
        expand = {"residual": self._residual, "group": self._group, "auxiliary": self._auxiliary}
        return expand[layer.kind](layer, scope, inflow, path, extra)

    def _residual(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a residual: the body's output plus the shortcut's."""
        body, *shortcuts = layer.paths
        around = self._calls.around(layer, scope, path, extra)
        made = self._builder.layers(body.layers, around, inflow)[0]
        if shortcuts and not self._calls.path_taken(shortcuts[0], around, inflow):
            return {"output": made}
        taken = self._calls.path(shortcuts[0], around, inflow) if shortcuts else inflow[0]
        if made is None or taken is None:
            raise Unknown
        places = {0: body.span, 1: shortcuts[0].span if shortcuts else layer.head.span}
        self._refuse_stretching(layer, scope, [made, taken], places)
        leaf = leaf_of(layer, path, "add")
        return self._builder.placement.node(layer, _addition(), scope, leaf, [made, taken], places)

    def _refuse_stretching(
        self, layer: Layer, scope: Scope, values: Sequence[Value], places: Mapping[int, Span]
    ) -> None:
        """Refuses to add a size of 1 to another, which `add` would stretch.

        Raises:
            Unknown: There is one; the fault has been reported.
        """
        made, taken = (value.type.example for value in values)
        if not any(1 in pair and pair[0] != pair[1] for pair in zip(made, taken, strict=False)):
            return
        labels = [Label(places[i], f"this path is {v.type}") for i, v in enumerate(values)]
        message = "residual needs equal shapes, and would stretch a size of 1"
        help_ = "give the shortcut a layer that makes the shape of the body, or use `add`"
        scope.unit.reader.fault("E202", message, layer.head.span, help_, labels)
        raise Unknown

    def _group(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a list of layers that is treated as one."""
        around = self._calls.around(layer, scope, path, extra)
        flow = self._builder.layers(layer.paths[0].layers, around, inflow)
        names = ["output", *(f"output_{index}" for index in range(1, len(flow)))]
        return dict(zip(names, flow, strict=True))

    def _auxiliary(
        self,
        layer: Layer,
        scope: Scope,
        inflow: Flow,
        path: tuple[str, ...],
        extra: Mapping[str, object],
    ) -> Result:
        """Expands a training-only head; the flow passes it by."""
        (body,) = layer.paths
        place = scope.place.below(*path)
        name = ".".join(place.path)
        inner = scope.inner(body.names, place._replace(head=place.head or name), extra)
        weight = scope.unit.reader.weight(layer, scope, inflow)
        (value, *_) = self._builder.layers(body.layers, inner, inflow)
        if value is None:
            raise Unknown
        self._builder.graph.heads[name] = Head(value, weight)
        return {"output": value}

    def _reuse(self, layer: Layer, scope: Scope, inflow: Flow, path: tuple[str, ...]) -> Result:
        """Expands a layer above once more, with the same weights."""
        reader = scope.unit.reader
        name = layer.arguments["layer"].value if layer.arguments else None
        if name is None:
            raise Unknown
        reader.reference(name, scope)
        text = str(name.value) if isinstance(name, Scalar) else ""
        found = scope.layer(text)
        if found is None or found[0].kind == "auxiliary":
            message = f"`{text}` is not a layer, so it has no weights to share"
            reader.fault("E106", message, name.span, "name a layer, block or group above")
            raise Unknown
        target, home = found
        transparent = bool(target.paths) and not target.opens_scope
        there = home.place.path if transparent else (*home.place.path, target.component)
        place = scope.place.below(*path)
        owner = home.place.owner(there)
        shared = (place.path, tuple(owner.split(".")) if owner else there)
        *above, component = path
        again = target._replace(component=component, opens_scope=True)
        below = scope.place.below(*above)._replace(shared=shared)
        return self._builder.guarded(again, home.at(below), inflow)


@cache
def _addition() -> Operator:
    """Returns what joins a residual; imported when there is one."""
    from archspec.ops.add import Add

    return Add()
