"""Mistakes in the YAML itself: each is shown on the line that has it, with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.diagnostics import Diagnostic
from archspec.frontend.compiler import analyse_spec, analyse_text


def fault(text: str) -> Diagnostic:
    (found,) = analyse_text(text, "a.yaml").diagnostics
    return found


@pytest.mark.parametrize(
    ("text", "line", "labels", "words"),
    [
        ("name: a\nlayers\n  - relu\n", 2, [3], "write `key: value`"),
        ("name: a\ntitle\ninputs: {x: [3]}\n", 2, [3], "write `key: value`"),
        ("name: a\nlayers:\n  -, - relu\n  - tanh: 3\n", 3, [4], "write `key: value`"),
        ("name: a\nlayers:\n  - relu\n    name: b\n", 3, [4], "write `key: value`"),
        ("a:\n   b: 1\n   c: 2\n  d: 3\n", 4, [1, 2, 3], "begin in the same column"),
        ("a:\n  b: 1\n    c: 2\n", 3, [2], "check the indentation"),
        ("layers:\n   - relu\n  - tanh\n", 3, [1, 2], "begin in the same column"),
        ("layers:\n  - relu\n   - linear: 3\n", 3, [2], "like the layer above"),
        ("layers:\n  - linear: 3\n   - relu\n", 3, [2], "like the layer above"),
        ("layers:\n  - relu\n  -linear: 3\n", 3, [2], "hyphen: `- linear: 3`"),
        ("name: a\nlayers：\n  - relu\nname: 3\n", 2, [4], "write `:`"),
        ("a: {b: =n > 2 ? 3 : 4}\n", 1, [1], "`=3 if n > 2 else 4`"),
        ("a: =n > 2 ? 3 : 4\n", 1, [], "`=3 if n > 2 else 4`"),
        ("a:\n  - b: {c: 1\n  - d\n", 3, [2], "close the bracket"),
        (" name: a\ninputs: {}\n", 2, [1], "begin in the first column"),
        ("a:\n  b: 'c\n  d: e\n", 2, [], "close the quote"),
        ("a:\n\tb: 1\n", 2, [], "indent with spaces"),
        ("a: {b: =c[0]}\n", 1, [1], "needs quotes"),
        ("a: [1, 2", 1, [1], "close the bracket"),
        ("layers:\n  – relu\n  – linear: 3\n", 2, [3], "not with a dash"),
    ],
)
def test_the_place_is_that_of_the_mistake(
    text: str, line: int, labels: list[int], words: str
) -> None:
    found = fault(text)
    assert found.code == "E004"
    assert found.span.line == line
    assert [label.span.line for label in found.labels] == labels
    assert words in found.help


def test_a_file_that_ends_too_early_is_shown_at_its_last_character() -> None:
    found = fault("name: a\nlayers: [relu,\n")
    assert found.span[1:] == (2, 14, 1)


def test_a_character_that_is_not_allowed_is_shown_where_it_is() -> None:
    assert fault("name: a\r\ntitle: 층\x01\n").span[1:] == (2, 9, 1)


HEAD = "name: a\ninputs: {x: [3, 8, 8]}\n"


@pytest.mark.parametrize(
    ("layers", "helps"),
    [
        (
            "  - conv2d: {out_channels: =max(1, min(2, 3)), kernel_size: 3}\n",
            ['a formula with `,` or brackets needs quotes: `out_channels: "=max(1, min(2, 3))"`'],
        ),
        (
            "  - conv2d: {out_channels: 8, kernel_size: (3, 3, 3)}\n",
            ["a list is written in brackets: `kernel_size: [3, 3, 3]`"],
        ),
        (
            "  - conv2d: {out_channels: =max(1, 2), bias, kernel_size: 3}\n",
            [
                'a formula with `,` or brackets needs quotes: `out_channels: "=max(1, 2)"`',
                "write `bias: value`, or `bias: null`",
            ],
        ),
        (
            "  - conv2d: {out_channels: 8, kernel_size: =2 + 1, bias}\n",
            ["write `bias: value`, or `bias: null`"],
        ),
        (
            "  - linear: {out_features=10}\n",
            ["a value follows a colon and a space: `out_features: 10`"],
        ),
        ("  - linear: {out_features:10}\n", ["put a space after the colon: `out_features: 10`"]),
    ],
)
def test_a_value_that_a_comma_cuts_up_is_one_mistake(layers: str, helps: list[str]) -> None:
    compiled = analyse_text(f"{HEAD}layers:\n{layers}", "a.yaml")
    assert [(d.code, d.help) for d in compiled.diagnostics] == [("E007", help_) for help_ in helps]


def test_a_parameter_without_a_type_is_one_mistake() -> None:
    block = "blocks:\n  b: {params: {out, k: 3}, layers: [linear: =out]}\n"
    found = fault(f"{HEAD}{block}layers: [b: 3, b: {{out: 3}}, b: {{k: 3}}]\n")
    assert found.code == "E007"
    assert found.help == "write `out: int` or another type, or a default such as `out: 3`"


@pytest.mark.parametrize(
    ("text", "written", "column"),
    [
        ('layers: ["\\ud800"]', r"\ud800", 11),
        ('title: "\\UFFFFFFFF"', r"\UFFFFFFFF", 9),
        ('title: "\\xZZ"', r"\xZZ", 9),
        ('title: "a\\u12"', r"\u12", 10),
        (r'title: "C:\\x\data"', r"\d", 14),
    ],
)
def test_an_escape_that_means_nothing_is_shown_itself(text: str, written: str, column: int) -> None:
    found = fault(f"name: a\n{text}\n")
    assert found.message == f"this is not YAML: `{written}` stands for no character"
    assert found.span[1:] == (2, column, len(written))
    assert r"for a backslash write `\\`" in found.help


@pytest.mark.parametrize("end", ["", "---\n", "...\n"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quote_that_is_not_closed_is_no_matter_of_escapes(quote: str, end: str) -> None:
    found = fault(f"name: a\ntitle: {quote}b \\\\ c\n{end}")
    assert found.message == "this is not YAML: the quote that opens here is not closed"
    assert found.span[1:] == (2, 8, 1)


def test_a_byte_order_mark_moves_no_caret(tmp_path: Path) -> None:
    for text in ("nme: a\n", "{name: [}\n"):
        places = [
            [d.span for d in analyse_text(mark + text, "a.yaml").diagnostics]
            for mark in ("", "\ufeff")
        ]
        assert places[0] == places[1] != []
    file = tmp_path / "a.yaml"
    file.write_bytes("\ufeffname: 가\n".encode() + b"title: b\xff\n")
    (found,) = analyse_spec(str(file)).diagnostics
    assert found.message == "this is not UTF-8 text (byte 0xff)"
    assert found.span[1:] == (2, 9, 1)
    file.write_bytes("\ufeffname: 가".encode() + b"\xff\n")
    (found,) = analyse_spec(str(file)).diagnostics
    assert found.span[1:] == (1, 8, 1)
