"""The formula language against Python's own arithmetic, and against arbitrary text.

The expressions carry few parentheses, so that Python's parser checks the precedences too.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archspec.frontend.formula import FormulaError, parse
from archspec.ir.dim import Dim, Size, substitute
from archspec.ir.types import TensorType

NUMBERS: Mapping[str, object] = {"n": 3, "m": -7, "x": 0.5, "widths": (4, 9)}


def _join(parts: list[str], operators: list[str]) -> str:
    words = [word for pair in zip(parts, operators, strict=False) for word in pair]
    return " ".join([*words, parts[len(operators)]])


def _chained(operands: st.SearchStrategy[str], operators: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(operators), min_size=1, max_size=3).flatmap(
        lambda chosen: st.lists(operands, min_size=len(chosen) + 1, max_size=len(chosen) + 1).map(
            lambda parts: _join(parts, chosen)
        )
    )


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    comparison = _chained(inner, ["<", "<=", ">", ">=", "==", "!="])
    condition = comparison | comparison.map("not {}".format) | st.sampled_from(["true", "false"])
    logic = _chained(condition, ["and", "or"]) | condition
    two = st.tuples(inner, inner)
    return st.one_of(
        _chained(inner, ["+", "-", "*", "/", "//", "%"]),
        inner.map("({})".format),
        inner.map("-{}".format),
        st.tuples(inner, logic, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(st.sampled_from(["round", "ceil", "floor", "int"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), *[inner] * 2).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
        two.map(lambda t: f"sum([{t[0]}, {t[1]}])"),
        two.map(lambda t: f"[{t[0]}, {t[1]}][len(widths) - 1]"),
    )


NUMBER_TEXTS = st.recursive(
    st.integers(0, 20).map(str)
    | st.sampled_from(["n", "m", "x", "widths[1]", "2.5", "1e-1", "1_0"]),
    _larger,
    max_leaves=12,
)


class TooLargeError(ArithmeticError):
    """A result that formulas refuse."""


def _checked(function: Callable[[Any, Any], Any]) -> Callable[[float, float], float]:
    def apply(left: float, right: float) -> float:
        result: float = function(left, right)
        if isinstance(result, int) and abs(result) > 10**18:
            raise TooLargeError
        return result

    return apply


def _divide(left: float, right: float) -> float:
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        return left // right
    return left / right


ORACLE: Mapping[str, object] = {
    **NUMBERS,
    "true": True,
    "false": False,
    "ceil": math.ceil,
    "floor": math.floor,
    "Add": _checked(operator.add),
    "Sub": _checked(operator.sub),
    "Mult": _checked(operator.mul),
    "Div": _divide,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
}


class _Calls(ast.NodeTransformer):
    """Makes `a / b` a call `Div(a, b)`: the rules for results differ from Python's."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        function = ast.Name(type(node.op).__name__, ast.Load())
        call = ast.Call(function, [self.visit(node.left), self.visit(node.right)], [])
        return ast.copy_location(call, node)


def python_value(text: str) -> object:
    tree = ast.fix_missing_locations(_Calls().visit(ast.parse(text, mode="eval")))
    return eval(compile(tree, "formula", "eval"), dict(ORACLE))


@settings(max_examples=400, deadline=None)
@given(NUMBER_TEXTS)
def test_agrees_with_python(text: str) -> None:
    try:
        expected = python_value(text)
    except ZeroDivisionError:
        expected = "division by zero"
    except TooLargeError:
        expected = "number too large"
    try:
        result = parse(text).evaluate(NUMBERS.__getitem__)
    except FormulaError as error:
        result = error.message
    assert result == expected
    assert type(result) is type(expected)


SIZE_TEXTS = st.recursive(
    st.sampled_from(["H", "W", "1", "2", "3", "7"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({' '.join(t)})"),
        st.tuples(inner, st.sampled_from(["//", "%"]), st.sampled_from(["W", "2", "3", "-4"])).map(
            lambda t: f"({' '.join(t)})"
        ),
        inner.map("-{}".format),
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(SIZE_TEXTS, st.integers(1, 50), st.integers(1, 50))
def test_symbolic_sizes_agree_with_numbers(text: str, height: int, width: int) -> None:
    formula = parse(text)
    symbols: dict[str, Size] = {"H": Dim.of("H"), "W": Dim.of("W")}
    numbers: dict[str, Size] = {"H": height, "W": width}
    try:
        symbolic = formula.evaluate(symbols.__getitem__)
    except FormulaError as error:
        assume("too long" not in error.message)
        raise
    assert isinstance(symbolic, int | Dim)
    assert substitute(symbolic, numbers) == formula.evaluate(numbers.__getitem__)


ANYTHING: Mapping[str, object] = {
    **NUMBERS,
    "a": {"b": {"c": 1}, "d": (True, "x")},
    "yes": True,
    "s": "text",
    "H": Dim.of("H"),
    "W": Dim.of("W"),
    "huge": 10**18,
    "nan": math.nan,
    "inf": -math.inf,
    "in": TensorType.of_example((64, Dim.of("H"), 28)),
    "v": TensorType.of_example((10,)),
}
WORDS = [
    *ANYTHING,
    *"+-*/%<>()[],.=!&|^'\"_$ é\n\t",
    *["//", "**", "==", "!=", "<=", ">=", "and", "or", "not", "if", "else", "true", "False"],
    *["min", "max", "round", "ceil", "floor", "int", "len", "sum", "divisible", ".channels"],
    *["0", "1", "7", "2.5", "1e300", "1e-3", "0.1", "99999999999", ".b", ".length", "[0]", "(x)"],
]


@settings(max_examples=1000, deadline=None)
@given(
    st.text(max_size=20)
    | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=12).map("".join)
)
def test_only_formula_errors(text: str) -> None:
    try:
        formula = parse(text)
        for use in formula.names():
            assert text[use.offset :][: use.length] == use.name
        formula.evaluate(ANYTHING.__getitem__)
    except FormulaError as error:
        assert 0 <= error.offset <= error.offset + error.length <= len(text)
        assert error.length or not text
        assert "\n" not in error.message


@settings(max_examples=600, deadline=None)
@given(
    st.recursive(
        st.sampled_from([*ANYTHING, "0", "1", "-2", "2.5", "'s'", "true", "1e300", "[]", "a.d"]),
        lambda inner: st.one_of(
            _chained(inner, ["+", "-", "*", "/", "//", "%", "<", "==", "!=", "and", "or"]),
            inner.map("({})".format),
            inner.map("[{}]".format),
            inner.map("not {}".format),
            st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
            st.tuples(inner, inner, inner).map(lambda t: f"{t[0]} if {t[1]} else {t[2]}"),
            st.tuples(
                st.sampled_from(["min", "max", "round", "ceil", "floor", "int", "len", "sum"]),
                inner,
            ).map(lambda t: f"{t[0]}({t[1]})"),
            st.tuples(st.sampled_from(["min", "max", "divisible"]), inner, inner).map(
                lambda t: f"{t[0]}({t[1]}, {t[2]})"
            ),
            inner.map("({}).channels".format),
        ),
        max_leaves=8,
    )
)
def test_any_types_give_a_value_or_an_error(text: str) -> None:
    try:
        value = parse(text).evaluate(ANYTHING.__getitem__)
    except FormulaError as error:
        assert error.length > 0
        marked = text[error.offset : error.offset + error.length]
        assert marked.count("(") == marked.count(")") or len(marked) == 1
    else:
        assert isinstance(value, int | float | str | tuple | Mapping | Dim)
