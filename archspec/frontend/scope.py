"""What is visible at a place of the network while it is expanded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from archspec.frontend.names import Names
from archspec.frontend.treatments import Freeze
from archspec.ir.graph import Value

if TYPE_CHECKING:
    from archspec.frontend.arguments import Argument
    from archspec.frontend.layer import Layer
    from archspec.frontend.reader import Lookup, Reader
    from archspec.frontend.unit import Unit

Flow: TypeAlias = tuple[Value | None, ...]
"""What flows into a layer, the main value first; `None` is a value that a fault left unknown."""

Result: TypeAlias = Mapping[str, Value | None]
"""What a layer made, by output name, the main one first."""


class Place(NamedTuple):
    """A place in the network: what nodes made there have in common.

    Attributes:
        path: The components of the name path above them.
        head: The auxiliary head that they belong to.
        shared: Where they stand and where the layers stand whose weights they share.
        freezes: The `freeze` keys around them, the outermost first.
        treated: What the layers around them say of their weights.
        used: Whether they belong to a spec that is used as a layer; its heads are left out.
    """

    path: tuple[str, ...] = ()
    head: str | None = None
    shared: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    freezes: tuple[Freeze, ...] = ()
    treated: Mapping[str, object] = {}
    used: bool = False

    def below(self, *components: str) -> Place:
        """Returns the place below this one."""
        return Place((*self.path, *components), *self[1:]) if components else self

    def beside(self, component: str, input_: str, *below: str) -> Place:
        """Returns the place of layers that fill an input of the operator `component` in place."""
        shared = self.shared
        if shared and shared[0] == (*self.path, component):
            *there, owner = shared[1]
            shared = ((*self.path, beside(component, input_)), (*there, beside(owner, input_)))
        return self._replace(shared=shared).below(beside(component, input_), *below)

    def owner(self) -> tuple[str, ...]:
        """Returns the path of the weights that belong here: this one, unless they are shared."""
        if self.shared is None:
            return self.path
        here, there = self.shared
        return (*there, *self.path[len(here) :])


class Scope:
    """A list of layers at its place in the network.

    Attributes:
        place: The place.
        env: The parameters that formulas see.
        unit: The file that the layers are written in.
    """

    def __init__(
        self,
        place: Place,
        env: Mapping[str, object],
        names: Names,
        unit: Unit,
        *,
        outer: Scope | None = None,
    ) -> None:
        self.place = place
        self.env = env
        self.unit = unit
        self._names = names
        self._outer = outer
        self._results: dict[str, Result] = {}
        self._layers: dict[str, Layer] = {}

    def inner(self, names: Names, place: Place, env: Mapping[str, object] | None = None) -> Scope:
        """Returns a scope inside this one, which sees all that this one sees."""
        visible = {**self.env, **env} if env else self.env
        return Scope(place, visible, names, self.unit, outer=self)

    def at(self, place: Place) -> Scope:
        """Returns the same list of layers at a place that treats them otherwise."""
        same = Scope(place, self.env, self._names, self.unit, outer=self._outer)
        same._results, same._layers = self._results, self._layers
        return same

    def again(self, place: Place) -> Scope:
        """Returns a scope for layers of this one once more, at another place."""
        return self.inner(self._names, place)

    def define(self, name: str, result: Result, layer: Layer | None = None) -> None:
        """Makes a result known by a name, with the layer that made it."""
        self._results[name] = result
        if layer is not None:
            self._layers[name] = layer

    def find(self, name: str) -> Result | None:
        """Returns the result of that name here or further out."""
        if name in self._results:
            return self._results[name]
        return self._outer.find(name) if self._outer else None

    def layer(self, name: str) -> tuple[Layer, Scope] | None:
        """Returns the layer of that name here or further out, and the scope it stands in."""
        if name in self._layers:
            return self._layers[name], self
        return self._outer.layer(name) if self._outer else None

    def ambiguous(self, name: str) -> bool:
        """Returns whether `name` is the default name of several layers."""
        if name in self._results:
            return self._names.ambiguous(name)
        return self._outer is not None and self._outer.ambiguous(name)

    def alike(self, name: str) -> Iterator[Layer]:
        """Yields the layers so far that `name` could mean by default."""
        if name in self._results:
            names = self._names.alike(name)
            yield from (self._layers[other] for other in names if other in self._layers)
        elif self._outer:
            yield from self._outer.alike(name)

    def visible(self) -> Iterator[str]:
        """Yields the names that can be referred to."""
        yield from self._results
        if self._outer:
            yield from self._outer.visible()


class Turn(NamedTuple):
    """One expansion of a layer; a repeated layer has several.

    Attributes:
        layer: The layer.
        scope: Where it stands.
        inflow: What flows into it.
        path: Its components of the name path, below the scope.
        given: Arguments that a `repeat` adds.
        extra: Values that formulas see besides the scope's.
    """

    layer: Layer
    scope: Scope
    inflow: Flow
    path: tuple[str, ...]
    given: Mapping[str, Argument] = {}
    extra: Mapping[str, object] = {}

    @property
    def reader(self) -> Reader:
        """What reads the layer's file."""
        return self.scope.unit.reader

    @property
    def place(self) -> Place:
        """The place below the layer."""
        return self.scope.place.below(*self.path)

    def lookup(self) -> Lookup:
        """Returns what the names of a formula mean in the layer."""
        return self.reader.lookup(self.scope, self.inflow, self.extra)


def beside(component: str, input_: str) -> str:
    """Returns the name of the layers that fill an operator's input in place."""
    return f"{component}_{input_}"
