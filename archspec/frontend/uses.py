"""Expands a whole spec that is used as a layer, up to the layer where it is cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from archspec.frontend.arguments import Unknown, as_text
from archspec.frontend.layer import Layer
from archspec.frontend.names import Names
from archspec.frontend.reader import UNKNOWN
from archspec.frontend.report import Call
from archspec.frontend.resolve import UsageError, resolve
from archspec.frontend.scope import Flow, Result, Scope, Turn
from archspec.frontend.suggest import did_you_mean
from archspec.frontend.tree import Entry, Items, Table, Tree
from archspec.frontend.unit import Unit

if TYPE_CHECKING:
    from archspec.frontend.builder import Builder


class _Settings(NamedTuple):
    """What a `use` says besides the spec."""

    variant: str | None = None
    params: Mapping[str, object] = {}
    until: str | None = None


def expand_use(turn: Turn, builder: Builder) -> Result:
    """Expands a used spec, without its auxiliary heads.

    Raises:
        Unknown: A fault, which has been reported, leaves its result unknown.
    """
    reader, layer = turn.reader, turn.layer
    settings = _settings(turn)
    tree = _resolved(turn, settings)
    unit = Unit(tree, reader.evaluator, builder.report, settings.params)
    names = Names()
    for name, entry in _entries(tree, "inputs").items():
        names.given[name] = entry.key.span
    inner = Scope(turn.place._replace(used=True), unit.env, names, unit)
    flow = _filled(turn, inner)
    values = {name: value for name, value in unit.env.items() if value is not UNKNOWN}
    call = Call(layer.component, layer.head.span, values, turn.extra.get("index"))
    builder.report.calls.append(call)
    try:
        layers = unit.parser.layers(tree.get("layers") or Items((), tree.span), names)
        if settings.until is None:
            flow = builder.layers(layers, inner, flow)
            return unit.reader.outputs(tree.get("outputs"), inner, flow)
        builder.layers(layers[: _end(turn, settings.until, layers, names)], inner, flow)
        return inner.find(settings.until) or {"output": None}
    finally:
        builder.report.calls.pop()


def _end(turn: Turn, until: str, layers: Sequence[Layer], names: Names) -> int:
    """Returns how many layers there are up to the one called `until`.

    Raises:
        Unknown: There is not one such layer; the fault has been reported.
    """
    components = {layer.component: end for end, layer in enumerate(layers, 1)
                  if layer.kind != "auxiliary"}  # fmt: skip
    component, span = turn.layer.component, turn.layer.arguments["until"].value.span
    if until not in components:
        message = f"{component} has no layer `{until}` to be cut at"
        help_ = did_you_mean(until, components, what="layer")
        turn.reader.fault("E106", message, span, help_)
        raise Unknown
    if names.ambiguous(until):
        message = f"several layers of {component} are called `{until}` by default"
        turn.reader.fault("E109", message, span, "give the one that is meant a `name:`")
        raise Unknown
    return components[until]


def _settings(turn: Turn) -> _Settings:
    name, mapping = (str, "a name", "resnet50"), (Mapping, "a mapping", "{classes: 10}")
    kinds = {"variant": name, "params": mapping, "until": (str, "a name", "stage4")}
    given = {}
    for key, (kind, what, example) in kinds.items():
        if key in turn.layer.arguments:
            tree = turn.layer.arguments[key].value
            given[key] = turn.reader.evaluator.value(tree, turn.lookup())
            if not isinstance(given[key], kind):
                message = f"`{key}` must be {what}, not `{as_text(given[key])}`"
                turn.reader.fault("E103", message, tree.span, f"for example `{key}: {example}`")
                raise Unknown
    return _Settings(**given)  # type: ignore[arg-type]


def _resolved(turn: Turn, settings: _Settings) -> Table:
    """Returns the spec with its variant applied."""
    reader, arguments = turn.reader, turn.layer.arguments
    tree = arguments["spec"].value if "spec" in arguments else None
    if not isinstance(tree, Table):
        raise Unknown  # the file could not be read, which has been reported
    try:
        resolved = resolve(tree, settings.variant, {}, tree.span.file).tree
    except UsageError as error:
        reader.fault("E110", error.message, arguments["variant"].value.span, error.help)
        raise Unknown from None
    known = _entries(resolved, "params")
    unknown = settings.params.keys() - known
    for name in sorted(unknown):
        message = f"{turn.layer.component} has no parameter `{name}`"
        help_ = did_you_mean(name, known, what="parameter")
        reader.fault("E107", message, arguments["params"].value.span, help_)
    if unknown:
        raise Unknown
    return resolved


def _filled(turn: Turn, inner: Scope) -> Flow:
    """Makes what flows in the spec's inputs, in order, and returns it."""
    inputs = _entries(inner.unit.tree, "inputs")
    component, inflow = turn.layer.component, turn.inflow
    source = turn.layer.reserved.get("from")
    span = source.value.span if source else turn.layer.head.span
    if len(inflow) < len(inputs):
        message = f"{component} needs {len(inputs)} inputs, and {len(inflow)} arrive"
        turn.reader.fault("E201", message, span, f"from: [{', '.join(inputs)}]")
        raise Unknown
    if source and isinstance(source.value, Items) and len(inflow) > len(inputs):
        message = f"{component} takes {len(inputs)} of the {len(inflow)} values"
        turn.reader.fault("E201", message, span, "name only what it takes")
        raise Unknown
    flow = inflow[: len(inputs)]
    for (name, entry), value in zip(inputs.items(), flow, strict=True):
        shape = entry.value.get("shape") if isinstance(entry.value, Table) else entry.value
        axes = len(shape.items) if isinstance(shape, Items) else 0
        if value is not None and len(value.type.example) != axes:
            message = f"{component} takes {name} with {axes} axes, not {value.type}"
            help_ = "the spec that is used says under `inputs` what it takes"
            turn.reader.fault("E201", message, span, help_)
            raise Unknown
        inner.define(name, {name: value})
    return flow


def _entries(tree: Table, key: str) -> Mapping[str, Entry]:
    table: Tree | None = tree.get(key)
    return table.entries if isinstance(table, Table) else {}
