"""What is visible at a place of the network while it is expanded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from archspec.frontend.names import Names
from archspec.ir.graph import Value

Flow: TypeAlias = tuple[Value | None, ...]
"""What flows into a layer, the main value first; `None` is a value that a fault left unknown."""

Result: TypeAlias = Mapping[str, Value | None]
"""What a layer made, by output name, the main one first."""


class Scope:
    """A list of layers at its place in the network.

    Attributes:
        path: The components of the name path above the layers.
        env: The parameters that formulas see.
        head: The auxiliary head that the layers belong to.
    """

    def __init__(
        self,
        path: tuple[str, ...],
        env: Mapping[str, object],
        names: Names,
        *,
        outer: Scope | None = None,
        head: str | None = None,
    ) -> None:
        self.path = path
        self.env = env
        self.head = head
        self._names = names
        self._outer = outer
        self._results: dict[str, Result] = {}

    def inner(
        self,
        names: Names,
        *components: str,
        head: str | None = None,
        env: Mapping[str, object] | None = None,
    ) -> Scope:
        """Returns a scope inside this one, which sees all that this one sees."""
        return Scope(
            (*self.path, *components),
            {**self.env, **(env or {})},
            names,
            outer=self,
            head=head or self.head,
        )

    def define(self, name: str, result: Result) -> None:
        """Makes a result known by a name."""
        self._results[name] = result

    def find(self, name: str) -> Result | None:
        """Returns the result of that name here or further out."""
        if name in self._results:
            return self._results[name]
        return self._outer.find(name) if self._outer else None

    def ambiguous(self, name: str) -> bool:
        """Returns whether `name` is the default name of several layers."""
        if name in self._results:
            return self._names.ambiguous(name)
        return self._outer is not None and self._outer.ambiguous(name)

    def visible(self) -> Iterator[str]:
        """Yields the names that can be referred to."""
        yield from self._results
        if self._outer:
            yield from self._outer.visible()
