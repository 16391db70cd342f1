"""Symbolic sizes against plain integers, and satisfiability against brute force."""

import functools
import operator
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.ir.constraints import Equality, satisfiable
from archspec.ir.dim import Dim, Size, substitute, total

Expression: TypeAlias = Callable[[Size, Size], Size]

H, W = Dim.of("H"), Dim.of("W")
SMALL = st.integers(-6, 6)


def expressions(names: int = 2) -> st.SearchStrategy[Expression]:
    leaves: list[st.SearchStrategy[Expression]] = [
        SMALL.map(lambda n: lambda _h, _w: n),
        st.just(lambda h, _w: h),
    ]
    if names == 2:
        leaves.append(st.just(lambda _h, w: w))

    def grow(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        pairs = st.tuples(inner, inner)
        sums: st.SearchStrategy[Expression] = pairs.map(
            lambda p: lambda h, w: p[0](h, w) + p[1](h, w)
        )
        differences: st.SearchStrategy[Expression] = pairs.map(
            lambda p: lambda h, w: p[0](h, w) - p[1](h, w)
        )
        scaled: st.SearchStrategy[Expression] = st.tuples(inner, SMALL).map(
            lambda p: lambda h, w: p[0](h, w) * p[1]
        )
        divided: st.SearchStrategy[Expression] = st.tuples(inner, st.integers(1, 4)).map(
            lambda p: lambda h, w: p[0](h, w) // p[1]
        )
        return sums | differences | scaled | divided

    return st.recursive(st.one_of(leaves), grow, max_leaves=6)


@given(expressions(), st.integers(1, 60), st.integers(1, 60))
def test_substituting_a_symbolic_result_equals_computing_with_integers(
    expression: Expression, h: int, w: int
) -> None:
    symbolic = expression(H, W)
    assert substitute(symbolic, {"H": h, "W": w}) == expression(h, w)


@given(st.lists(expressions(), max_size=6))
def test_a_total_is_what_adding_one_after_the_other_makes(parts: list[Expression]) -> None:
    sizes = [part(H, W) for part in parts]
    assert total(sizes) == functools.reduce(operator.add, sizes, 0)
    assert str(total(sizes)) == str(functools.reduce(operator.add, sizes, 0))


@given(expressions(), st.integers(1, 60))
def test_substituting_one_name_at_a_time_is_the_same(expression: Expression, h: int) -> None:
    symbolic = expression(H, W)
    stepwise = substitute(substitute(symbolic, {"H": h}), {"W": 7})
    assert stepwise == substitute(symbolic, {"H": h, "W": 7})


@given(expressions(names=1), expressions(names=1))
def test_one_name_is_decided_exactly(left: Expression, right: Expression) -> None:
    # Divisors are products of at most six numbers up to 4, and steps at most as large, so
    # equal sizes, where there are any, occur well below this bound.
    reachable = any(left(h, 0) == right(h, 0) for h in range(1, 20_000))
    equality = Equality(left(H, 0), right(H, 0), "size", (0, 1))
    assert satisfiable([equality]) == reachable


@given(expressions(), expressions())
def test_what_can_be_equal_is_never_called_impossible(left: Expression, right: Expression) -> None:
    sizes = [(h, w) for h in range(1, 12) for w in range(1, 12)]
    if any(left(h, w) == right(h, w) for h, w in sizes):
        assert satisfiable([Equality(left(H, W), right(H, W), "size", (0, 1))])


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((H - 1) // 2 + 1, "(H + 1) // 2"),
        (((H - 1) // 2 + 1) // 2, "(H + 1) // 4"),
        (2 * H + 1, "2*H + 1"),
        (H * W, "H*W"),
        (3 - H, "-H + 3"),
        (-((H + 1) // 2), "-((H + 1) // 2)"),
        ((H + 1) // 2 + 3, "(H + 7) // 2"),
        ((H - 3) // 2 + 1, "(H - 1) // 2"),
        (8 * ((H - 1) // 2), "8*((H - 1) // 2)"),
        (((H - 1) // 2) * ((W - 1) // 2) * 9, "9*((H - 1) // 2)*((W - 1) // 2)"),
        ((H + 1) // 2 + H, "((H + 1) // 2) + H"),
        (H - H, "0"),
        (0 // H, "0"),
    ],
)
def test_text(size: Size, text: str) -> None:
    assert str(size) == text


@given(expressions(), expressions(), st.integers(1, 40), st.integers(1, 40))
def test_equal_sizes_have_equal_values_and_hashes(
    left: Expression, right: Expression, h: int, w: int
) -> None:
    a, b = left(H, W), right(H, W)
    if a == b:
        assert left(h, w) == right(h, w)
        assert hash(a) == hash(b)
    assert a - a == 0


def test_products_of_equal_sizes_are_equal() -> None:
    assert ((H - 1) // 2) * ((W - 1) // 2) == ((H + 1) // 2 - 1) * ((W + 1) // 2 - 1)
    assert (H + 1) * (H - 1) == H * H - 1
    assert (H - 1) // 2 != (H + 1) // 2


def test_systems_are_decided_together() -> None:
    halves = Equality(H // 2, 7, "size", (0, 1))
    thirds = Equality(H // 3, 6, "size", (0, 1))
    assert satisfiable([halves])
    assert satisfiable([thirds])
    assert not satisfiable([halves, thirds])


def test_a_symbolic_size_has_no_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(H)
