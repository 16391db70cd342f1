"""The operators on numbers, known and symbolic: arithmetic and comparison."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from archspec.frontend.formula.errors import FormulaError, Place
from archspec.frontend.formula.values import (
    Number,
    Operand,
    bounded,
    describe,
    is_number,
    number,
    too_long,
    undecided,
)
from archspec.ir.dim import Dim, Size

MAX_PRODUCT_TERMS = 10_000
"""The most terms of a product of two sizes before they are gathered; it cannot be raised either."""

_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def calculate(symbol: str, left: Operand, right: Operand, sign: Place) -> Number:
    """Returns the result of `+ - * / // %`.

    Args:
        symbol: The operator.
        left: What stands before it.
        right: What stands behind it.
        sign: Where the operator stands.

    Raises:
        FormulaError: An operand is no number, a division by zero, a result out of bounds,
            or an operation that symbolic sizes do not have.
    """
    a = number(left, wanted_by=f"`{symbol}`")
    b = number(right, wanted_by=f"`{symbol}`")
    if symbol in ("/", "//", "%") and not isinstance(b, Dim) and b == 0:
        raise FormulaError("division by zero", right.place)
    whole = Place(left.place.start, right.place.end)
    if not isinstance(a, Dim) and not isinstance(b, Dim):
        value = _divide(a, b) if symbol == "/" else _OPERATORS[symbol](a, b)
        return bounded(value, whole, left.work)
    if symbol == "/":
        size = a if isinstance(a, Dim) else b
        raise FormulaError(
            f"`/` cannot divide with the size {size}, which is not known",
            sign,
            help="use `//`, the division that rounds down",
        )
    value = _on_sizes(symbol, _size(a, left.place), _size(b, right.place), whole)
    return bounded(value, whole, left.work)


def negate(operand: Operand) -> Number:
    """Returns the operand with its sign changed.

    Raises:
        FormulaError: It is no number.
    """
    return -number(operand, wanted_by="`-`")


def compare(symbol: str, left: Operand, right: Operand) -> bool:
    """Returns the result of `== != < <= > >=`.

    Raises:
        FormulaError: The operands are not alike or have no order, or the answer depends on
            sizes that are not known.
    """
    a, b = left.value, right.value
    if is_number(a) and is_number(b):
        return bool(_OPERATORS[symbol](*comparable(left, right, what="the comparison")))
    if symbol not in ("==", "!="):
        for operand in (left, right):  # at least one of them is no number
            number(operand, wanted_by=f"`{symbol}`")
    alike = (isinstance(a, bool) and isinstance(b, bool)) or (
        isinstance(a, str) and isinstance(b, str)
    )
    if alike:
        return bool(_OPERATORS[symbol](a, b))
    first_is_plain = is_number(a) or isinstance(a, bool | str)
    raise FormulaError(
        f"{describe(a)} cannot be compared with {describe(b)}",
        (right if first_is_plain else left).place,
        help="numbers, booleans and strings compare with their own kind",
    )


def comparable(left: Operand, right: Operand, *, what: str) -> tuple[int | float, int | float]:
    """Returns two known numbers that are ordered as the operands are.

    Args:
        left: One operand.
        right: The other.
        what: What needs the order, for the message.

    Raises:
        FormulaError: An operand is no number, or the order depends on sizes that are not
            known.
    """
    a, b = number(left, wanted_by=what), number(right, wanted_by=what)
    if not isinstance(a, Dim) and not isinstance(b, Dim):
        return a, b
    place = Place(min(left.place.start, right.place.start), max(left.place.end, right.place.end))
    known = b if isinstance(a, Dim) else a
    if isinstance(known, float) and not known.is_integer():
        raise undecided(what, a if isinstance(a, Dim) else _size(b, place), place)
    difference = _size(a, left.place) - _size(b, right.place)
    if isinstance(difference, Dim):
        raise undecided(what, difference, place)
    return difference, 0


def _divide(a: float, b: float) -> float:
    exact = isinstance(a, int) and isinstance(b, int) and a % b == 0
    return a // b if exact else a / b


def _size(value: Number, place: Place) -> Size:
    if not isinstance(value, float):
        return value
    if value.is_integer():
        return int(value)
    raise FormulaError(
        f"{value} cannot be combined with a size that is not known: sizes are whole numbers",
        place,
        help="scale with whole numbers, as in `size * 3 // 2`",
    )


def _on_sizes(symbol: str, a: Size, b: Size, whole: Place) -> Size:
    if symbol == "%":
        return a - b * (a // b)
    if symbol == "*" and _terms(a) * _terms(b) > MAX_PRODUCT_TERMS:
        raise too_long(whole)
    result: Size = _OPERATORS[symbol](a, b)
    return result


def _terms(size: Size) -> int:
    return len(size.terms) if isinstance(size, Dim) else 1
