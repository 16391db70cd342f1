"""The formula language: values, errors with their places, and bounds."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping

import pytest

from archspec.frontend.formula import FormulaError, NameUse, parse
from archspec.ir.dim import Dim
from archspec.ir.types import TensorType

H, W, T = Dim.of("H"), Dim.of("W"), Dim.of("T")

VALUES: Mapping[str, object] = {
    "n": 3,
    "x": 2.5,
    "yes": True,
    "no": False,
    "act": "relu",
    "widths": (16, 24, 32),
    "empty": (),
    "rows": ((1, 2), (3, 4)),
    "stage": {"out": 64, "in": 32, "inner": {"k": 7}},
    "H": H,
    "W": W,
    "in": TensorType.of_example((64, 28, 14)),
    "symbolic": TensorType.of_example((3, H, W)),
    "vector": TensorType.of_example((10,)),
    "steps": TensorType.of_example((T, 1)),
    "scalar": TensorType.of_example(()),
    "volume": TensorType.of_example((1, 2, 3, 4)),
    "len": 9,
    "big": 10**17,
    "inf": float("inf"),
}


def evaluate(text: str) -> object:
    return parse(text).evaluate(VALUES.__getitem__)


def fault(text: str) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        evaluate(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", 1000),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("'a b'", "a b"),
        ('"it\'s"', "it's"),
        ("true", True),
        ("False", False),
        (" n\n+ 1 ", 4),
        ("2 + 3 * 4 - 5", 9),
        ("10 - 4 - 3", 3),
        ("(2 + 3) * 4", 20),
        ("-7 // 2", -4),
        ("-n % 5", 2),
        ("--n", 3),
        ("2 * -n", -6),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("6.0 / 2", 3.0),
        ("7.5 // 2", 3.0),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("3 > 1 / 0 if no else 4", 4),
        ("not n == 4", True),
        ("yes or no and no", True),
        ("no and 1 / 0 > 1", False),
        ("yes or 1", True),
        ("yes != no", True),
        ("act == 'relu'", True),
        ("act != 'relu'", False),
        ("2 == 2.0", True),
        ("1 if no else 2 if no else 3", 3),
        ("[1, x, 'a', yes,]", (1, 2.5, "a", True)),
        ("[]", ()),
        ("widths[0] + widths[-1]", 48),
        ("widths[2 / 1]", 32),
        ("rows[1][0]", 3),
        ("[5, 6][1]", 6),
        ("stage.out", 64),
        ("stage.in", 32),
        ("stage.inner.k", 7),
        ("in.channels", 64),
        ("in.height", 28),
        ("in.width", 14),
        ("in.features", 14),
        ("vector.channels + vector.features", 20),
        ("steps.length", T),
        ("steps.features", 1),
        ("volume.channels * volume.features", 4),
        ("min(3, n, 2)", 2),
        ("min(2, 2.0)", 2),
        ("max(widths)", 32),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("ceil(2.1)", 3),
        ("floor(-2.1)", -3),
        ("int(-2.9)", -2),
        ("len(widths)", 3),
        ("len + 1", 10),
        ("sum(widths)", 72),
        ("sum([])", 0),
        ("10 * big", 10**18),
        ("symbolic.height // 2", H // 2),
        ("(H - 1) // 2 + 1", (H + 1) // 2),
        ("3 - H", 3 - H),
        ("7 // H", 7 // H),
        ("7 % H", 7 - H * (7 // H)),
        ("H % W", H % W),
        ("H * 2.0", 2 * H),
        ("sum([H, 1, W])", H + W + 1),
        ("H - H", 0),
        ("H == symbolic.height", True),
        ("2 * H != 2 * H + 1", True),
        ("H < H + 1", True),
        ("H >= H + 1", False),
        ("max(H - 1, H, H - 2)", H),
        ("round(H) + int(H)", 2 * H),
    ],
)
def test_value(text: str, value: object) -> None:
    result = evaluate(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("value", "divisor", "result"),
    # torchvision's _make_divisible; 33.6 and 11.2 are MobileNetV2 at widths 1.4 and 0.35.
    [
        (33.6, 8, 32),
        (11.2, 8, 16),
        (32, 8, 32),
        (12, 8, 16),
        (3, 8, 8),
        (35, 8, 32),
        (9.5, 8, 16),
        (-9, 8, 8),
    ],
)
def test_divisible(value: float, divisor: int, result: int) -> None:
    assert evaluate(f"divisible({value}, {divisor})") == result


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        # not formulas
        ("", "empty", ""),
        ("  ", "empty", "  "),
        ("n ** 2", "powers", "**"),
        ("n ^ 2", "powers", "^"),
        ("yes && no", "`&&` is not an operator", "&&"),
        ("yes || no", "`||` is not an operator", "||"),
        ("!yes", "`!` is not an operator", "!"),
        ("n = 3", "`=` is not an operator", "="),
        ("= 3", "`=` is not an operator", "="),
        ("2 × n", "`×` is not an operator", "×"),
        ("n @ 2", "no character '@'", "@"),
        ("n + \x07", r"no character '\x07'", "\x07"),
        ("'abc", "never closed", "'abc"),
        ("(1 + 2", "`(` is never closed", "("),
        ("1 + [2, 3", "`[` is never closed", "["),
        ("1 + 2)", "`)` closes nothing", ")"),
        ("[1)", "`)` does not close `[`", ")"),
        ("1 +", "a value is missing, behind `+`", "+"),
        ("stage.", "a name is missing, behind `.`", "."),
        ("stage.3", "a name is missing before `3`", "3"),
        ("1 + * 2", "a value is missing before `*`", "*"),
        ("+1", "a value is missing before `+`", "+"),
        ("n n", "an operator is missing before `n`", "n"),
        ("n 'a\nb'", """is missing before `"'a\\nb'"`""", "'a\nb'"),
        ("n in widths", "an operator is missing before `in`", "in"),
        ("(1, 2)", "`,` does not belong here", ","),
        ("1 else 2", "`else` does not belong here", "else"),
        ("1 if yes", "`if` without `else`", "if"),
        ("1 + not yes", "`not` binds less", "not"),
        ("2n", "`2n` is not a number", "2n"),
        ("1__0 + 1", "`1__0` is not a number", "1__0"),
        ("1 + 0x1F", "`0x1F` is not a number", "0x1F"),
        ("1 + rond(2)", "no function `rond`", "rond"),
        ("stage.out(2)", "only functions are called", "("),
        ("1 + min()", "`min` cannot be called with no arguments", "min()"),
        ("round(x, 2)", "`round` cannot be called with 2 arguments", "round(x, 2)"),
        ("divisible(8)", "`divisible` cannot be called with 1 argument", "divisible(8)"),
        # no value
        ("n + colour", "unknown name `colour`", "colour"),
        ("1 + stage.outt", "no `outt`", "outt"),
        ("in.chanels * 2", "a tensor has no `chanels`", "chanels"),
        ("n" * 50, "unknown name `" + "n" * 39 + "…`", "n" * 50),
        ("n.out", "the number 3 has no `out`", "out"),
        ("vector.height", "this is a vector of 10: it has no height", "height"),
        ("steps.height", "this is a sequence of T×1: it has no height", "height"),
        ("in.length", "this is an image of 64×28×14: it has no length", "length"),
        ("volume.length", "this is a volume of 1×2×3×4: it has no length", "length"),
        ("scalar.channels", "this is a scalar: it has no channels", "channels"),
        ("1 + yes", "`+` needs a number, and this is true", "yes"),
        ("(act) * 2", "`*` needs a number, and this is the text 'relu'", "(act)"),
        ("n - in", "this is a tensor of 64×28×14", "in"),
        ("n + stage", "this is a mapping", "stage"),
        ("1 + 2 + widths", "this is a list of 3", "widths"),
        ("-act", "`-` needs a number", "act"),
        ("n and yes", "`and` needs true or false, and this is the number 3", "n"),
        ("no or act", "`or` needs true or false", "act"),
        ("not n", "`not` needs true or false", "n"),
        ("1 if n else 2", "`if` needs true or false", "n"),
        ("n == act", "the number 3 cannot be compared with the text 'relu'", "act"),
        ("yes == 1", "true cannot be compared with the number 1", "1"),
        ("widths == widths", "a list of 3 cannot be compared", "widths"),
        ("1 < act", "`<` needs a number", "act"),
        ("yes < n", "`<` needs a number", "yes"),
        ("1 + 1 / (2 - 2)", "division by zero", "(2 - 2)"),
        ("n % 0", "division by zero", "0"),
        ("H // 0.0", "division by zero", "0.0"),
        ("widths[3]", "a list of 3 has no item 3", "3"),
        ("widths[-4]", "a list of 3 has no item -4", "-4"),
        ("empty[0]", "a list of 0 has no item 0", "0"),
        ("widths[x]", "must be a whole number, and this is 2.5", "x"),
        ("widths[H]", "the index depends on the size H", "H"),
        ("1 + n[0]", "the number 3 has no items", "n"),
        ("len(n)", "`len` needs a list", "n"),
        ("len(in)", "`len` needs a list, and this is a tensor", "in"),
        ("max(3)", "`max` needs a list", "3"),
        ("min(empty)", "`min` of an empty list", "empty"),
        ("sum([1, yes])", "`sum` needs a number, and the list holds true", "[1, yes]"),
        ("round(act)", "`round` needs a number", "act"),
        ("divisible(9, 0)", "divisor of 1, 2, 3, …, and this is 0", "0"),
        ("divisible(H, 8)", "`divisible` depends on the size H", "H"),
        ("1 + 100 * big", "number too large", "100 * big"),
        ("(100) * (big) + 1", "number too large", "(100) * (big)"),
        ("1000000000000000001", "number too large", "1000000000000000001"),
        ("9" * 5000, "number too large", "9" * 5000),
        ("1e999", "number too large", "1e999"),
        ("1e308 * 10", "number too large", "1e308 * 10"),
        ("int(1e300)", "number too large", "int(1e300)"),
        ("ceil(inf)", "number too large", "inf"),
        ("2 - 100 * (big * H)", "number too large", "100 * (big * H)"),
        ("n + (colour)", "unknown name `colour`", "colour"),
        ("1 + H / 2", "`/` cannot divide with the size H", "/"),
        ("H * 0.5", "0.5 cannot be combined with a size", "0.5"),
        ("1 if 2 * H > W else 2", "depends on the sizes H and W, which are not known", "2 * H > W"),
        ("H == 3", "the comparison depends on the size H, which is not known", "H == 3"),
        ("H == 0.5", "depends on the size H", "H == 0.5"),
        ("min(1, W, H)", "`min` depends on the size W", "1, W"),
    ],
)
def test_error(text: str, message: str, marked: str) -> None:
    error = fault(text)
    assert message in error.message
    assert text[error.offset : error.offset + error.length] == marked


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("yes && no", "write `and`"),
        ("yes || no", "write `or`"),
        ("!yes", "write `not`"),
        ("n = 3", "write `==`"),
        ("n ** 2", "write the product, such as x * x"),
        ("rond(2)", "did you mean `round`?"),
        ("stage.outt", "did you mean `out`?"),
        ("in.chanels", "did you mean `channels`?"),
        ("vector.height", "it has channels, features"),
        ("min + 1", "the function is called as min(a, b, …) or min(list)"),
        ("H / 2", "use `//`, the division that rounds down"),
        ("n[0", ""),
    ],
)
def test_help(text: str, help_: str) -> None:
    assert fault(text).help == help_


def test_a_part_of_a_sum_in_parentheses_is_marked_without_them() -> None:
    text = "((1.5 + 2 + H))"
    error = fault(text)
    assert text[error.offset : error.offset + error.length] == "1.5 + 2"


def test_names() -> None:
    formula = parse("in.channels * (a) + max(b[c], a.d.e)")
    assert formula.names() == (
        NameUse("in", 0, 2, "channels"),
        NameUse("a", 15, 1),
        NameUse("b", 24, 1),
        NameUse("c", 26, 1),
        NameUse("a", 30, 1, "d"),
    )


FRAMES = 450
"""What a formula may use of Python's 1,000 frames; its callers need the rest."""


@pytest.mark.parametrize(
    ("before", "core", "after"),
    [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("-", "1", ""),
        ("not ", "true", ""),
        ("max(1, ", "1", ")"),
        ("[0][", "0", "]"),
        ("", "nested", "[0]"),
        ("", "nested", ".x"),
        ("1 if false else ", "1", ""),
        ("1 - (1 * -(", "1", "))"),
        ("(", "1", ") * 1 + 1 < 1 and true or false"),
        ("[[0][", "0", "]]"),
    ],
)
def test_nesting_is_limited(before: str, core: str, after: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + FRAMES)
    try:
        for depth in [*range(100), 10_000]:
            try:
                parse(before * depth + core + after * depth).evaluate(VALUES.__getitem__)
            except FormulaError as error:
                message = error.message
    finally:
        sys.setrecursionlimit(limit)
    assert message == "the formula nests more than 50 levels deep"


def test_long_is_not_deep() -> None:
    assert evaluate("1" + " + 1" * 20_000) == 20_001
    assert evaluate("yes" + " and 1 < 2" * 20_000) is True


@pytest.mark.parametrize("step", ["* H", "* (H + W)", "// W", "* 3 // 5", "* (W + 1) // H"])
def test_sizes_do_not_grow_without_bound(step: str) -> None:
    assert "too long an expression" in fault("H" + step * 1000).message


def test_lists_do_not_grow_without_bound() -> None:
    values: dict[str, object] = {"a0": (1, 2)}
    with pytest.raises(FormulaError, match="more than 10,000 values"):
        for i in range(50):
            values[f"a{i + 1}"] = parse(f"[a{i}, a{i}]").evaluate(values.__getitem__)
    assert len(values) < 20
