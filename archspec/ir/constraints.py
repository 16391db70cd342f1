"""Whether sizes that must be equal can be.

Where symbolic sizes merge, equality cannot be decided: it is recorded, and is an error
only when no choice of sizes satisfies it.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from archspec.ir.dim import Dim, FloorDiv, Size

MAX_PERIOD = 4096
"""The longest period of floor divisions that is searched; beyond, equality is assumed possible."""


class Equality(NamedTuple):
    """Two sizes that must be equal.

    Attributes:
        left: One size.
        right: The other.
        what: What the sizes are, such as `height`.
        operands: The indices of the operator's inputs that they belong to.
        node: The path of the node that asked for it, once it is part of a graph.
    """

    left: Size
    right: Size
    what: str
    operands: tuple[int, int]
    node: str = ""

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


def satisfiable(equalities: Iterable[Equality]) -> bool:
    """Returns whether sizes of at least 1 exist for which all the equalities hold.

    The answer is exact for integers and for systems in one name that are linear but for
    floor divisions by integers. Elsewhere `False` is certain and `True` means that no
    contradiction was found.
    """
    by_name: dict[str, list[Dim]] = {}
    for equality in equalities:
        difference = equality.left - equality.right
        if isinstance(difference, int):
            if difference:
                return False
            continue
        if not _possible(difference):
            return False
        name, *others = difference.names()
        if not others:
            by_name.setdefault(name, []).append(difference)
    return all(_solvable(name, differences) for name, differences in by_name.items())


def _possible(difference: Dim) -> bool:
    coefficients = [c for monomial, c in difference.terms if monomial]
    constant = sum(c for monomial, c in difference.terms if not monomial)
    if constant % math.gcd(*coefficients):
        return False
    one_sided = all(c > 0 for c in coefficients) or all(c < 0 for c in coefficients)
    if not one_sided:
        return True
    # Names are at least 1 and floor divisions of sizes at least 0.
    least = sum(abs(c) for m, c in difference.terms if m and all(isinstance(a, str) for a in m))
    return least <= -constant * (1 if coefficients[0] > 0 else -1)


def _solvable(name: str, differences: list[Dim]) -> bool:
    periods = [_period(difference) for difference in differences]
    period = math.lcm(*(p for p in periods if p is not None))
    if None in periods or period > MAX_PERIOD:
        return True
    return any(_solvable_in_class(name, differences, r, period) for r in range(1, period + 1))


def _solvable_in_class(name: str, differences: list[Dim], residue: int, period: int) -> bool:
    # Within one residue class each difference is linear: value(residue) + k * slope, k >= 0.
    solution: int | None = None
    for difference in differences:
        start = _value(difference, name, residue)
        slope = _value(difference, name, residue + period) - start
        if slope == 0:
            if start:
                return False
            continue
        k, remainder = divmod(-start, slope)
        if remainder or k < 0 or solution not in (None, k):
            return False
        solution = k
    return True


def _value(difference: Dim, name: str, value: int) -> int:
    result = difference.substitute({name: value})
    if isinstance(result, Dim):
        raise TypeError(f"{difference} depends on more than {name}")
    return result


def _period(size: Size) -> int | None:
    """Returns P such that size(n + P) - size(n) is constant in each class mod P, if any."""
    if isinstance(size, int):
        return 1
    period = 1
    for monomial, _ in size.terms:
        if len(monomial) > 1:
            return None
        for atom in monomial:
            if isinstance(atom, FloorDiv):
                inner = _period(atom.numerator)
                if inner is None or isinstance(atom.divisor, Dim):
                    return None
                period = math.lcm(period, inner * atom.divisor)
    return period
