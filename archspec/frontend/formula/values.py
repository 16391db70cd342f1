"""What a formula computes with: which values count as what, and how they are described."""

import math
from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeAlias, TypeGuard

from archspec.frontend.formula.errors import FormulaError, Place, clipped
from archspec.frontend.limits import Work, allow
from archspec.ir.dim import Dim, Size
from archspec.ir.types import TensorType

Number: TypeAlias = int | float | Dim

MAX_SIZE_TEXT = 400
"""The longest symbolic size, written out; it cannot be raised, for each step of arithmetic on a
size takes time with the product of the lengths."""

MAX_FACTORS = 12
"""The most factors of a product of sizes; it cannot be raised, for two products are compared by
multiplying them out, and each factor can double the terms."""


class Operand(NamedTuple):
    """A value, the part of the formula that it comes from, and what may be done with it."""

    value: object
    place: Place
    work: Work


def is_list(value: object) -> TypeGuard[tuple[object, ...]]:
    """Returns whether a value is a list; a `TensorType` is a tuple, but no list."""
    return isinstance(value, tuple) and not isinstance(value, TensorType)


def is_number(value: object) -> TypeGuard[Number]:
    """Returns whether a value is a number; booleans are not."""
    return isinstance(value, int | float | Dim) and not isinstance(value, bool)


def describe(value: object) -> str:
    """Returns what a value is, for a message: `the number 3`, `a list of 2`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {clipped(value)!r}"
    if isinstance(value, Dim):
        return f"the size {value}"
    if isinstance(value, TensorType):
        return f"a tensor of {value}"
    if is_list(value):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a mapping"
    return f"the number {clipped(str(value))}"


def number(operand: Operand, *, wanted_by: str, subject: str = "this is") -> Number:
    """Returns the operand's value, a number within bounds.

    Args:
        operand: What must be a number.
        wanted_by: What needs it, for the message.
        subject: How the message introduces the value.

    Raises:
        FormulaError: It is no number, or too large.
    """
    value = operand.value
    if not is_number(value):
        raise FormulaError(
            f"{wanted_by} needs a number, and {subject} {describe(value)}",
            operand.place,
            help=_instead_of(value),
        )
    return bounded(value, operand.place, operand.work)


def boolean(operand: Operand, *, wanted_by: str) -> bool:
    """Returns the operand's value, a boolean.

    Raises:
        FormulaError: It is something else.
    """
    if isinstance(operand.value, bool):
        return operand.value
    raise FormulaError(
        f"{wanted_by} needs true or false, and this is {describe(operand.value)}",
        operand.place,
        help="compare it with something, as in `x != 0`" if is_number(operand.value) else "",
    )


def bounded(value: Number, place: Place, work: Work) -> Number:
    """Returns a number as it is if it is within bounds.

    Raises:
        FormulaError: It is not.
    """
    if isinstance(value, Dim):
        factors = max(len(monomial) for monomial, _ in value.terms)
        if factors > MAX_FACTORS or len(str(value)) > MAX_SIZE_TEXT:
            raise too_long(place)
        largest = max(abs(coefficient) for _, coefficient in value.terms)
    else:
        largest = 0 if isinstance(value, float) else abs(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise FormulaError(
            "number too large", place, help="numbers with a fraction go up to 1.8e308"
        )
    most = work.limits.integer
    if largest > most:
        help_ = f"whole numbers go up to {most:_}; {allow('integer', largest)}"
        raise FormulaError("number too large", place, help=help_)
    return value


def require_extent(value: object, place: Place, work: Work, literals: int = 0) -> None:
    """Refuses a list or mapping that formulas have made too large or too deep.

    Args:
        value: The list or mapping.
        place: Where the formula that makes it stands.
        work: What may be done.
        literals: How many of its values are written out in the spec.

    Raises:
        FormulaError: It is too large or too deep.
    """
    limits = work.limits
    count, depth = extent(value, limits.list_length + literals)
    work.spend(count)
    if count > limits.list_length + literals:
        message = f"the list has more than {limits.list_length:,} values"
        raise FormulaError(message, place, help=f"make it shorter, or {allow('list_length')}")
    if depth > limits.depth:
        message = f"the list nests deeper than {limits.depth:,} levels"
        raise FormulaError(message, place, help=f"make it flatter, or {allow('depth', depth)}")


def extent(value: object, most: int) -> tuple[int, int]:
    """Returns how many values are in a list or mapping, inner ones included, and how deep it nests.

    A list that is used twice counts twice: it is written and compared as often. The count ends
    when it is above `most`.
    """
    count = depth = 0
    level = [_members(value)]
    while level:
        depth += 1
        below: list[Collection[object]] = []
        for members in level:
            count += len(members)
            if count > most:
                return count, depth
            below += filter(None, map(_members, members))
        level = below
    return count, depth


def _members(value: object) -> Collection[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if is_list(value) else ()


def too_long(place: Place) -> FormulaError:
    """Returns the error of a symbolic size that grows out of hand."""
    return FormulaError(
        "this size becomes too long an expression",
        place,
        help="give the inputs numbers for their sizes: long expressions take too long to compute",
    )


def undecided(what: str, size: Size, place: Place) -> FormulaError:
    """Returns the error of a question whose answer depends on sizes that are not known."""
    names = sorted(size.names()) if isinstance(size, Dim) else []
    one = len(names) == 1
    return FormulaError(
        f"{what} depends on the {'size' if one else 'sizes'} {' and '.join(names)}, "
        f"which {'is' if one else 'are'} not known",
        place,
        help="give the input a number for it" if one else "give the inputs numbers for them",
    )


def _instead_of(value: object) -> str:
    if isinstance(value, bool):
        return "write `1 if … else 0` to count with a condition"
    if isinstance(value, str):
        return "formulas only compare strings, with == and !="
    if isinstance(value, TensorType):
        return "take one of its sizes, such as .channels"
    if is_list(value):
        return "take one of its values, such as [0]"
    return "take one of its values, such as .key" if isinstance(value, Mapping) else ""
