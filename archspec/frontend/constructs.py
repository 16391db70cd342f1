"""Expands the layers that belong to the language: residuals, groups, heads, reuse, use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from archspec.diagnostics import Label, Span
from archspec.frontend.arguments import Unknown
from archspec.frontend.calls import Calls, leaf_of
from archspec.frontend.layer import Layer
from archspec.frontend.report import Call
from archspec.frontend.scope import Result, Turn
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
        self._reused: list[Layer] = []

    def construct(self, turn: Turn) -> Result:
        """Expands a construct.

        Raises:
            Unknown: A fault, which has been reported, leaves its result unknown.
        """
        kind = turn.layer.kind
        if kind == "reuse":
            return self._reuse(turn)
        if kind == "use":
            from archspec.frontend.uses import expand_use  # few specs use another

            return expand_use(turn, self._builder)
        if not turn.layer.paths:
            raise Unknown
        expand = {"residual": self._residual, "group": self._group, "auxiliary": self._auxiliary}
        return expand[kind](turn)

    def _residual(self, turn: Turn) -> Result:
        """Expands a residual: the body's output plus the shortcut's."""
        body, *shortcuts = turn.layer.paths
        around = self._calls.around(turn)
        made = self._builder.layers(body.layers, around, turn.inflow)[0]
        if shortcuts and not self._calls.path_taken(shortcuts[0], around, turn.inflow):
            return {"output": made}
        taken = turn.inflow[0]
        if shortcuts:
            taken = self._calls.path(shortcuts[0], around, turn.inflow)
        if made is None or taken is None:
            raise Unknown
        places = {0: body.span, 1: shortcuts[0].span if shortcuts else turn.layer.head.span}
        _refuse_stretching(turn, [made, taken], places)
        turn = turn._replace(path=leaf_of(turn, "add"))
        return self._builder.placement.node(turn, _addition(), [made, taken], places)

    def _group(self, turn: Turn) -> Result:
        """Expands a list of layers that is treated as one."""
        around = self._calls.around(turn)
        flow = self._builder.layers(turn.layer.paths[0].layers, around, turn.inflow)
        names = ["output", *(f"output_{index}" for index in range(1, len(flow)))]
        return dict(zip(names, flow, strict=True))

    def _auxiliary(self, turn: Turn) -> Result:
        """Expands a training-only head; the flow passes it by."""
        (body,) = turn.layer.paths
        place = turn.place
        name = ".".join(place.path)
        inner = turn.scope.inner(body.names, place._replace(head=place.head or name), turn.extra)
        weight = turn.reader.weight(turn)
        (value, *_) = self._builder.layers(body.layers, inner, turn.inflow)
        if value is None:
            raise Unknown
        self._builder.graph.heads[name] = Head(value, weight)
        return {"output": value}

    def _reuse(self, turn: Turn) -> Result:
        """Expands a layer above once more, with the same weights."""
        if not turn.layer.arguments:
            raise Unknown
        name = turn.layer.arguments["layer"].value
        turn.reader.reference(name, turn.scope)
        text = str(name.value) if isinstance(name, Scalar) else ""
        found = turn.scope.layer(text)
        if found is None or found[0].kind == "auxiliary":
            message = f"`{text}` is not a layer, so it has no weights to share"
            turn.reader.fault("E106", message, name.span, "name a layer, block or group above")
            raise Unknown
        target, home = found
        there = home.place if target.transparent else home.place.below(target.component)
        *above, component = turn.path
        below = turn.scope.place.below(*above)._replace(shared=(turn.place.path, there.owner()))
        reserved = {key: entry for key, entry in target.reserved.items() if key != "from"}
        own = {key: entry for key, entry in turn.layer.reserved.items() if key == "from"}
        again = target._replace(component=component, opens_scope=True, reserved=reserved | own)
        if any(target is other for other in self._reused):
            message = f"`{text}` is reused inside itself"
            turn.reader.fault("E111", message, name.span, "use `repeat`; networks are finite")
            raise Unknown
        self._builder.spend(turn.layer.head.span)
        self._builder.report.calls.append(Call("reuse", turn.layer.head.span))
        self._reused.append(target)
        try:
            return self._builder.guarded(again, home.again(below), turn.inflow)
        finally:
            self._reused.pop()
            self._builder.report.calls.pop()


def _refuse_stretching(turn: Turn, values: Sequence[Value], places: Mapping[int, Span]) -> None:
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
    turn.reader.fault("E202", message, turn.layer.head.span, help_, labels)
    raise Unknown


@cache
def _addition() -> Operator:
    """Returns what joins a residual; imported when there is one."""
    from archspec.ops.add import Add

    return Add()
