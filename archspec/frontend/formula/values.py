"""What a formula computes with: which values count as what, and how they are described."""

import math
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias, TypeGuard

from archspec.frontend.formula.errors import FormulaError, Place, clipped
from archspec.ir.dim import Dim, Size
from archspec.ir.types import TensorType

Number: TypeAlias = int | float | Dim

MAX_INTEGER = 10**18
MAX_LIST = 10_000
MAX_SIZE_TEXT = 400
"""The longest symbolic size, written out; one step of arithmetic on such sizes stays cheap."""


class Operand(NamedTuple):
    """A value and the part of the formula that it comes from."""

    value: object
    place: Place


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
    return bounded(value, operand.place)


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


def bounded(value: Number, place: Place) -> Number:
    """Returns a number as it is if it is within bounds.

    Raises:
        FormulaError: It is not.
    """
    if isinstance(value, Dim):
        if len(str(value)) > MAX_SIZE_TEXT:
            raise too_long(place)
        largest = max(abs(coefficient) for _, coefficient in value.terms)
    else:
        largest = 0 if isinstance(value, float) else abs(value)
    if largest > MAX_INTEGER or (isinstance(value, float) and not math.isfinite(value)):
        raise FormulaError(
            "number too large", place, help=f"whole numbers go up to {MAX_INTEGER:_}"
        )
    return value


def too_long(place: Place) -> FormulaError:
    """Returns the error of a symbolic size that grows out of hand."""
    return FormulaError("this size becomes too long an expression", place)


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
