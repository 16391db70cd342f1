"""What is visible at a place of a spec, and what is written there means, for `spec_reading`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from spec_form import Layer, Refused, Written, refer

from archspec.frontend.formula import parse
from archspec.ir.graph import Value

Flow: TypeAlias = tuple[Value, ...]
Result: TypeAlias = dict[str, Value]
LookUp: TypeAlias = Callable[[str], object]


@dataclass
class Scope:
    """What is visible at a place of the network.

    Attributes:
        path: The components of the name path above.
        params: What formulas see.
        results: What the layers made, by their names.
        layers: The layers, and how many nodes there were before each.
        counts: How many unnamed layers of each kind there are.
        head: The auxiliary head around.
        outer: The scope around.
    """

    path: tuple[str, ...] = ()
    params: dict[str, object] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    layers: dict[str, tuple[Layer, int]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    head: str | None = None
    outer: Scope | None = None

    def inner(self, *path: str, **params: object) -> Scope:
        """Returns a scope inside this one, below `path`."""
        return Scope((*self.path, *path), params, head=self.head, outer=self)

    def chain(self) -> Iterator[Scope]:
        """Yields this scope and those around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.outer

    def find(self, name: str) -> Result:
        """Returns the result of that name."""
        for scope in self.chain():
            if name in scope.results:
                if name in scope.layers:
                    refer(scope.layers[name][0], scope.counts)
                return scope.results[name]
        raise Refused(f"there is no {name}")

    def source(self, written: Written) -> Flow:
        """Returns the values that a `from` names."""
        if isinstance(written, list):
            return tuple(self.source(name)[0] for name in written)
        name, _, output = written.partition(".")
        result = self.find(name)
        if output and output not in result:
            raise Refused(f"there is no {written}")
        return (result[output],) if output else tuple(result.values())

    def look_up(self, name: str) -> object:
        """Returns what a formula means by a name."""
        for scope in self.chain():
            if name in scope.params:
                return scope.params[name]
        try:
            return next(iter(self.find(name).values())).type
        except Refused:
            raise KeyError(name) from None


class Turn(NamedTuple):
    """One expansion of a layer.

    Attributes:
        layer: The layer.
        scope: The scope it stands in.
        inflow: What flows in.
        path: Its components of the name path.
        given: Arguments of a `repeat`.
        extra: What formulas see besides the scope.
    """

    layer: Layer
    scope: Scope
    inflow: Flow
    path: tuple[str, ...]
    given: Mapping[str, object] = {}
    extra: Mapping[str, object] = {}

    def look_up(self, name: str) -> object:
        """Returns what a formula means by a name."""
        return knowing(self.scope.look_up, {"in": self.inflow[0].type, **self.extra})(name)

    def inside(self) -> Scope:
        """Returns the scope of what is inside, below the layer if it is a scope."""
        scope = self.scope.inner(*(self.path if self.layer.is_scope else ()), **self.extra)
        scope.counts = self.layer.paths[0].counts if self.layer.paths else scope.counts
        return scope


def value(written: Written, look_up: LookUp) -> object:
    """Returns the value of an argument, formulas computed."""
    if isinstance(written, (list, tuple)):
        return tuple(value(item, look_up) for item in written)
    if isinstance(written, dict):
        return {key: value(item, look_up) for key, item in written.items()}
    if isinstance(written, str) and written.startswith("="):
        written = parse(written[1:]).evaluate(look_up)
    return int(written) if isinstance(written, float) and written.is_integer() else written


def knowing(look_up: LookUp, *known: Mapping[str, object]) -> LookUp:
    """Returns a look-up that knows more names."""

    def find(name: str) -> object:
        for names in known:
            if name in names:
                return names[name]
        return look_up(name)

    return find


def rows(turns: object) -> list[dict[str, object]]:
    """Returns the arguments of each turn of a `repeat` or `each`."""
    if isinstance(turns, int) and turns >= 0:
        return [{}] * turns
    if isinstance(turns, tuple):
        return [dict(row) for row in turns]
    if isinstance(turns, Mapping):
        return [dict(zip(turns, row, strict=True)) for row in zip(*turns.values(), strict=True)]
    raise Refused("a count is wanted")


def filled(names: Sequence[str], inflow: Flow, by_name: Mapping[str, Value | None]) -> list[Value]:
    """Returns a value for each input: by name, or the flow's in order."""
    free = iter(inflow)
    values = []
    for name in names:
        found = by_name[name] if name in by_name else next(free, None)
        if found is None:
            raise Refused(f"nothing fills {name}")
        values.append(found)
    return values
