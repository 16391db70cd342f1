"""Symbolic sizes: integers, names, and expressions over names.

A `Size` is a plain `int` wherever it is known and a `Dim` where it is not, so concrete
networks never pay for the algebra. A `Dim` is a polynomial with integer coefficients
over atoms; an atom is a name or a floor division. Two sizes that are equal for the reasons
shape rules produce (`(H - 1) // 2 + 1` and `(H + 1) // 2`) compare equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias, Union

Atom: TypeAlias = Union[str, "FloorDiv"]
Monomial: TypeAlias = tuple[Atom, ...]
Size: TypeAlias = Union[int, "Dim"]


class FloorDiv:
    """The floor division of one size by another, an atom of a `Dim`."""

    __slots__ = ("divisor", "numerator")

    def __init__(self, numerator: Dim, divisor: Size) -> None:
        self.numerator = numerator
        self.divisor = divisor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FloorDiv) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        # By form, not by value: comparing values would expand every level anew.
        return (_terms(self.numerator), _terms(self.divisor))

    def __str__(self) -> str:
        return f"{_operand(self.numerator)} // {_operand(self.divisor)}"


class Dim:
    """A size that depends on names, such as `2*H + 1` or `(H + 1) // 2`.

    Build one with `Dim.of(name)` and arithmetic; the result is an `int` again as soon as
    no name is left.
    """

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms

    @classmethod
    def of(cls, name: str) -> Dim:
        """Returns the size called `name`."""
        return cls((((name,), 1),))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dim):
            return False
        return self.terms == other.terms or _expanded(self) == _expanded(other)

    def __hash__(self) -> int:
        return hash(frozenset(_expanded(self).items()))

    def __add__(self, other: Size) -> Size:
        terms = dict(self.terms)
        for monomial, coefficient in _terms(other):
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return _size(terms)

    def __mul__(self, other: Size) -> Size:
        terms: dict[Monomial, int] = {}
        for left, a in self.terms:
            for right, b in _terms(other):
                monomial = tuple(sorted(left + right, key=str))
                terms[monomial] = terms.get(monomial, 0) + a * b
        return _size(terms)

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return 0 if self == other else self + -other

    def __rsub__(self, other: int) -> Size:
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def __floordiv__(self, other: Size) -> Size:
        return _floor_divide(self, other)

    def __rfloordiv__(self, other: int) -> Size:
        if other == 0:
            return 0
        return _size({(FloorDiv(_as_dim(other), self),): 1})

    def __mod__(self, other: Size) -> Size:
        return self - other * (self // other)

    def __rmod__(self, other: int) -> Size:
        return other - self * (other // self)

    def __bool__(self) -> bool:
        raise TypeError(f"whether {self} is zero is not known until its names have values")

    def __str__(self) -> str:
        text = ""
        for monomial, coefficient in self.terms:
            sign = "-" if coefficient < 0 else "+"
            text += f" {sign} " if text else "-" * (coefficient < 0)
            text += _term_text(
                monomial, abs(coefficient), alone=len(self.terms) == 1 and coefficient > 0
            )
        return text

    def __repr__(self) -> str:
        return f"Dim({self})"

    def constant(self) -> int:
        """Returns the term that depends on no name."""
        return sum(coefficient for monomial, coefficient in self.terms if not monomial)

    def names(self) -> frozenset[str]:
        """Returns every name that the size depends on."""
        found: set[str] = set()
        for monomial, _ in self.terms:
            for atom in monomial:
                if isinstance(atom, str):
                    found.add(atom)
                else:
                    found |= names_of(atom.numerator) | names_of(atom.divisor)
        return frozenset(found)

    def substitute(self, values: Mapping[str, Size]) -> Size:
        """Returns the size with the named values filled in; other names stay."""
        total: Size = 0
        for monomial, coefficient in self.terms:
            product: Size = coefficient
            for atom in monomial:
                product = product * _atom_value(atom, values)
            total = total + product
        return total


def names_of(size: Size) -> frozenset[str]:
    """Returns the names a size depends on; none for an `int`."""
    return size.names() if isinstance(size, Dim) else frozenset()


def substitute(size: Size, values: Mapping[str, Size]) -> Size:
    """Returns `size` with the named values filled in; an `int` is returned as it is."""
    return size.substitute(values) if isinstance(size, Dim) else size


def total(sizes: Iterable[Size]) -> Size:
    """Returns the sum of the sizes, in time that grows with their number only."""
    terms: dict[Monomial, int] = {}
    for size in sizes:
        for monomial, coefficient in _terms(size):
            terms[monomial] = terms.get(monomial, 0) + coefficient
    return _size(terms)


def product(sizes: tuple[Size, ...]) -> Size:
    """Returns the product of the sizes; 1 for none."""
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def _terms(size: Size) -> tuple[tuple[Monomial, int], ...]:
    return size.terms if isinstance(size, Dim) else (((), size),)


def _as_dim(size: Size) -> Dim:
    return size if isinstance(size, Dim) else Dim((((), size),))


def _size(terms: Mapping[Monomial, int]) -> Size:
    """Returns the sum of terms, in the form that reads best."""
    summed: dict[Monomial, int] = {}
    for monomial, coefficient in terms.items():
        kept, constant = _without_offset(monomial)
        summed[kept] = summed.get(kept, 0) + coefficient
        summed[()] = summed.get((), 0) + coefficient * constant
    left = [(monomial, c) for monomial, c in summed.items() if c]
    if not left:
        return 0
    if len(left) == 1 and left[0][0] == ():
        return left[0][1]
    # Highest degree first and the constant last, as people write polynomials.
    left.sort(key=lambda term: (-len(term[0]), [str(atom) for atom in term[0]]))
    return Dim(_folded(left))


def _without_offset(monomial: Monomial) -> tuple[Monomial, int]:
    """Returns a lone floor division with its constant below the divisor, and what is left.

    `(H - 1) // 2` is `(H + 1) // 2` and -1: so equal terms of a sum meet.
    """
    match monomial:
        case (FloorDiv(divisor=int() as divisor) as atom,):
            offset = atom.numerator.constant() // divisor
            numerator = _as_dim(atom.numerator + -offset * divisor)
            return (FloorDiv(numerator, divisor),), offset
    return monomial, 0


def _folded(terms: list[tuple[Monomial, int]]) -> tuple[tuple[Monomial, int], ...]:
    """Returns the terms with `k*(n // d) + k*c` as `k*((n + c*d) // d)`."""
    match terms:
        case [((FloorDiv(divisor=int() as divisor) as atom,), k), ((), c)] if c % k == 0:
            numerator = _as_dim(atom.numerator + c // k * divisor)
            return (((FloorDiv(numerator, divisor),), k),)
    return tuple(terms)


def _expanded(size: Dim) -> dict[Monomial, int]:
    """Returns the canonical form: all products multiplied out, all offsets taken out."""
    total: dict[Monomial, int] = {}
    for monomial, coefficient in size.terms:
        made: dict[Monomial, int] = {(): coefficient}
        for atom in monomial:
            kept, offset = _without_offset((atom,))
            longer = {tuple(sorted(m + kept, key=str)): c for m, c in made.items()}
            for m, c in made.items() if offset else ():
                longer[m] = longer.get(m, 0) + c * offset
            made = longer
        for m, c in made.items():
            total[m] = total.get(m, 0) + c
    return {monomial: c for monomial, c in total.items() if c}


def _floor_divide(numerator: Dim, divisor: Size) -> Size:
    if isinstance(divisor, Dim):
        return 1 if numerator == divisor else _size({(FloorDiv(numerator, divisor),): 1})
    if divisor == 0:
        raise ZeroDivisionError(f"{numerator} is divided by zero")
    if divisor < 0:
        numerator, divisor = _as_dim(-numerator), -divisor
    # floor((q*d + r) / d) = q + floor(r / d): take out what divides exactly.
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in numerator.terms:
        whole[monomial], rest[monomial] = divmod(coefficient, divisor)
    remainder = _size(rest)
    quotient = _size(whole)
    if isinstance(remainder, int):
        return quotient + remainder // divisor
    return quotient + _proper_fraction(remainder, divisor)


def _proper_fraction(numerator: Dim, divisor: int) -> Size:
    # floor((floor(a / m) + c) / n) = floor((a + c*m) / (m*n)), for every integer a.
    match numerator.terms:
        case [((FloorDiv() as inner,), 1), *constant] if isinstance(inner.divisor, int):
            if all(monomial == () for monomial, _ in constant):
                offset = sum(c for _, c in constant)
                return (inner.numerator + offset * inner.divisor) // (inner.divisor * divisor)
    return _size({(FloorDiv(numerator, divisor),): 1})


def _atom_value(atom: Atom, values: Mapping[str, Size]) -> Size:
    if isinstance(atom, str):
        return values.get(atom, Dim.of(atom))
    return substitute(atom.numerator, values) // substitute(atom.divisor, values)


def _operand(size: Size) -> str:
    text = str(size)
    simple = text.isidentifier() or text.isdigit()
    return text if simple else f"({text})"


def _term_text(monomial: Monomial, coefficient: int, *, alone: bool) -> str:
    factors = [str(atom) if isinstance(atom, str) else f"({atom})" for atom in monomial]
    if coefficient != 1 or not factors:
        factors.insert(0, str(coefficient))
    if len(factors) == 1 and alone:
        return factors[0].removeprefix("(").removesuffix(")") if monomial else factors[0]
    return "*".join(factors)
