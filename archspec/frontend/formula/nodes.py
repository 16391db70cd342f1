"""The syntax tree of a formula; every node knows its value and its place.

A node's place includes parentheses around it.
Operators of one precedence in a row are one node, so a long sum is a flat one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from archspec.frontend.formula.arithmetic import calculate, compare, negate
from archspec.frontend.formula.attributes import attribute, item
from archspec.frontend.formula.errors import FormulaError, Place, quoted
from archspec.frontend.formula.functions import FUNCTIONS
from archspec.frontend.formula.values import Operand, boolean, bounded, require_extent
from archspec.frontend.limits import Work

Lookup: TypeAlias = Callable[[str], object]
"""Returns the value of a name; raises `KeyError` if there is none."""


class Context(NamedTuple):
    """What a formula is evaluated with.

    Attributes:
        lookup: Gives the values of names.
        work: What the formula may do.
    """

    lookup: Lookup
    work: Work


class Step(NamedTuple):
    """An operator and what stands behind it, one link of a chain.

    Attributes:
        symbol: The operator.
        sign: Where it stands.
        operand: What stands behind it.
    """

    symbol: str
    sign: Place
    operand: Node


class Constant(NamedTuple):
    """A number, a string, true or false."""

    value: float | str
    place: Place

    def evaluate(self, _context: Context) -> object:
        """Returns the constant."""
        return self.value


class Name(NamedTuple):
    """A name: a parameter, a layer, or `in`."""

    name: str
    name_place: Place
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns what the name stands for."""
        try:
            return context.lookup(self.name)
        except KeyError as error:
            function = FUNCTIONS.get(self.name)
            known = str(error.args[1]) if len(error.args) > 1 else ""
            raise FormulaError(
                f"unknown name {quoted(self.name)}",
                self.name_place,
                help=f"the function is called as {function.usage}" if function else known,
            ) from None


class List(NamedTuple):
    """A list such as `[1, n]`."""

    items: tuple[Node, ...]
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the list's values."""
        values = tuple([node.evaluate(context) for node in self.items])
        require_extent(values, self.place, context.work)
        return values


class Attribute(NamedTuple):
    """A key of a mapping or a size of a tensor, such as `in.channels`."""

    owner: Node
    name: str
    name_place: Place
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the attribute's value."""
        return attribute(self.owner.evaluate(context), self.name, self.name_place)


class Item(NamedTuple):
    """An item of a list, such as `widths[0]`."""

    owner: Node
    position: Node
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the item."""
        return item(_operand(self.owner, context), _operand(self.position, context))


class Call(NamedTuple):
    """A call of a built-in function."""

    function: str
    arguments: tuple[Node, ...]
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the function's result."""
        operands = [_operand(node, context) for node in self.arguments]
        return bounded(FUNCTIONS[self.function].apply(operands), self.place, context.work)


class Negation(NamedTuple):
    """A number with its sign changed, `-x`."""

    operand: Node
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the negated number."""
        return negate(_operand(self.operand, context))


class Not(NamedTuple):
    """The opposite of a condition, `not x`."""

    operand: Node
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the opposite."""
        return not boolean(_operand(self.operand, context), wanted_by="`not`")


class Arithmetic(NamedTuple):
    """A sum or a product: `+ -` or `* / // %` in a row, from left to right."""

    first: Node
    steps: tuple[Step, ...]
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the result."""
        left = _operand(self.first, context)
        for step in self.steps:
            right = _operand(step.operand, context)
            value = calculate(step.symbol, left, right, step.sign)
            left = Operand(value, Place(left.place.start, right.place.end), context.work)
        return left.value


class Comparison(NamedTuple):
    """A comparison; `a < b < c` means `a < b and b < c`, as in mathematics."""

    first: Node
    steps: tuple[Step, ...]
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns whether it holds."""
        left = _operand(self.first, context)
        for step in self.steps:
            right = _operand(step.operand, context)
            if not compare(step.symbol, left, right):
                return False
            left = right
        return True


class Logic(NamedTuple):
    """Conditions joined by `and`, or by `or`; those behind the deciding one are not asked."""

    first: Node
    steps: tuple[Step, ...]
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns whether all conditions hold, or any."""
        symbol = self.steps[0].symbol
        decisive = symbol == "or"
        for node in (self.first, *(step.operand for step in self.steps)):
            if boolean(_operand(node, context), wanted_by=f"`{symbol}`") is decisive:
                return decisive
        return not decisive


class Choice(NamedTuple):
    """One value or another, `value if condition else otherwise`."""

    value: Node
    condition: Node
    otherwise: Node
    place: Place

    def evaluate(self, context: Context) -> object:
        """Returns the chosen value; the other one is not computed."""
        holds = boolean(_operand(self.condition, context), wanted_by="`if`")
        return (self.value if holds else self.otherwise).evaluate(context)


Node: TypeAlias = (
    Constant
    | Name
    | List
    | Attribute
    | Item
    | Call
    | Negation
    | Not
    | Arithmetic
    | Comparison
    | Logic
    | Choice
)


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Yields every node in the order of the text, with its depth below `root`."""
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((part, depth + 1) for part in reversed([*_parts(node)]))


def _parts(fields: tuple[object, ...]) -> Iterator[Node]:
    for field in fields:
        if isinstance(field, Node):
            yield field
        elif isinstance(field, tuple):
            yield from _parts(field)


def _operand(node: Node, context: Context) -> Operand:
    return Operand(node.evaluate(context), node.place, context.work)
