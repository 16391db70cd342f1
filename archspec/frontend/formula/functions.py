"""The functions that formulas may call."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from archspec.frontend.formula.arithmetic import calculate, comparable
from archspec.frontend.formula.errors import FormulaError
from archspec.frontend.formula.values import (
    Number,
    Operand,
    describe,
    is_list,
    number,
    undecided,
)
from archspec.ir.dim import Dim


class Function(NamedTuple):
    """A built-in function.

    Attributes:
        usage: How it is called, for messages.
        least: The fewest arguments.
        most: The most arguments.
        apply: The function itself; its result need not be within bounds.
    """

    usage: str
    least: int
    most: float
    apply: Callable[[Sequence[Operand]], Number]


def divisible(value: float, divisor: int) -> int:
    """Returns the multiple of `divisor` nearest to `value`, and at least 90 % of it.

    This is `_make_divisible` of TensorFlow's and torchvision's MobileNets.

    Args:
        value: Any number; channels times a width multiplier.
        divisor: A positive number; also the least result.
    """
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest


def _divisible(arguments: Sequence[Operand]) -> Number:
    value, divisor = map(_known, arguments)
    if divisor != int(divisor) or divisor < 1:
        raise FormulaError(
            f"`divisible` needs a divisor of 1, 2, 3, …, and this is {divisor}",
            arguments[1].place,
        )
    return divisible(value, int(divisor))


def _known(argument: Operand) -> int | float:
    value = number(argument, wanted_by="`divisible`")
    if isinstance(value, Dim):
        raise undecided("`divisible`", value, argument.place)
    return value


def _rounded(name: str, convert: Callable[[float], int]) -> Function:
    def apply(arguments: Sequence[Operand]) -> Number:
        value = number(arguments[0], wanted_by=f"`{name}`")
        # A size is a whole number, whichever it turns out to be.
        return value if isinstance(value, Dim) else convert(value)

    return Function(f"{name}(x)", 1, 1, apply)


def _extreme(name: str, better: Callable[[float, float], bool]) -> Function:
    def apply(arguments: Sequence[Operand]) -> Number:
        values = list(_elements(name, arguments) if len(arguments) == 1 else arguments)
        if not values:
            raise FormulaError(f"`{name}` of an empty list", arguments[0].place)
        best = values[0]
        for other in values:
            if better(*comparable(other, best, what=f"`{name}`")):
                best = other
        return number(best, wanted_by=f"`{name}`")

    return Function(f"{name}(a, b, …) or {name}(list)", 1, math.inf, apply)


def _sum(arguments: Sequence[Operand]) -> Number:
    place = arguments[0].place
    total: Number = 0
    for value in _elements("sum", arguments):
        total = calculate("+", Operand(total, place, value.work), value, place)
    return total


def _len(arguments: Sequence[Operand]) -> Number:
    return len(_list("len", arguments[0]))


def _elements(name: str, arguments: Sequence[Operand]) -> Iterator[Operand]:
    place = arguments[0].place
    for value in _list(name, arguments[0]):
        element = Operand(value, place, arguments[0].work)
        number(element, wanted_by=f"`{name}`", subject="the list holds")
        yield element


def _list(name: str, argument: Operand) -> tuple[object, ...]:
    if is_list(argument.value):
        argument.work.spend(2 * len(argument.value))
        return argument.value
    raise FormulaError(
        f"`{name}` needs a list, and this is {describe(argument.value)}",
        argument.place,
        help=f"use {FUNCTIONS[name].usage}",
    )


FUNCTIONS: Mapping[str, Function] = {
    "min": _extreme("min", lambda other, best: other < best),
    "max": _extreme("max", lambda other, best: other > best),
    "round": _rounded("round", round),
    "ceil": _rounded("ceil", math.ceil),
    "floor": _rounded("floor", math.floor),
    "int": _rounded("int", int),
    "len": Function("len(list)", 1, 1, _len),
    "sum": Function("sum(list)", 1, 1, _sum),
    "divisible": Function("divisible(x, 8)", 2, 2, _divisible),
}
