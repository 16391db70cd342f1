"""Diagnostics as people see them, against text written by hand."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.diagnostics import Diagnostic, Label, Severity, Span
from archspec.diagnostics.render import render


def drawn(
    text: str,
    *places: tuple[str, str],
    help_: str = "",
    other: str = "",
    severity: Severity = Severity.ERROR,
) -> str:
    """Returns the drawing of a fault at the first word given, with labels at the others."""
    spans = [_span(text, word) for word, _ in places]
    labels = [Label(span, said) for span, (_, said) in zip(spans, places, strict=True)][1:]
    if other:
        labels.append(Label(_span(other, other.split()[-1], "other.yaml"), "used here"))
    fault = Diagnostic("E999", "wrong", spans[0], help_, tuple(labels), severity)
    return render([fault], {"a.yaml": text, "other.yaml": other})


def _span(text: str, word: str, file: str = "a.yaml") -> Span:
    start = text.index(word)
    line = text.count("\n", 0, start)
    return Span(file, line + 1, start - (text.rfind("\n", 0, start) + 1) + 1, len(word))


def test_the_place_the_labels_and_the_help() -> None:
    text = "first: 1\nsecond: 2\nthird: 3\nfourth: 4\n"
    assert drawn(text, ("third", ""), ("first", "see here"), help_="mend it") == (
        "error[E999]: wrong\n"
        "  --> a.yaml:3:1\n"
        "  |\n"
        "1 | first: 1\n"
        "  | ----- see here\n"
        "...\n"
        "3 | third: 3\n"
        "  | ^^^^^\n"
        "   = help: mend it"
    )


def test_a_warning_says_so() -> None:
    assert drawn("a: 1\n", ("a", ""), severity=Severity.WARNING).startswith("warning[E999]: wrong")


def test_marks_of_one_line_share_a_row_until_one_of_them_has_a_text() -> None:
    text = "- concat: [aa, bb, cc, dd]\n"
    shown = drawn(text, ("concat", ""), ("aa", ""), ("bb", "is 8×4"), ("cc", ""), ("dd", "is 4×4"))
    assert shown.splitlines()[2:] == [
        "  |",
        "1 | - concat: [aa, bb, cc, dd]",
        "  |   ^^^^^^   --  -- is 8×4",
        "  |                    --  -- is 4×4",
    ]


def test_marks_in_one_another_get_rows_of_their_own() -> None:
    shown = drawn("- conv2d: {a: 1}\n", ("conv2d: {a: 1}", ""), ("{a: 1}", ""), ("a", "this"))
    assert shown.splitlines()[3:] == [
        "1 | - conv2d: {a: 1}",
        "  |   ^^^^^^^^^^^^^^",
        "  |           ------",
        "  |            - this",
    ]


@pytest.mark.parametrize(
    ("line", "word", "before", "under"),
    [
        ('title: "합성곱 신경망" # x', "x", 25, 1),  # six letters of two columns, and a space
        ("이름: 값", "값", 6, 2),
        ("名前: 値", "名前", 0, 4),
        ("字段: {核大小: 3}", "核大小", 7, 6),
        ("ﾊﾝｶｸ: x", "x", 6, 1),  # half-width katakana
        ("Ｗｉｄｅ: x", "x", 10, 1),  # full-width Latin
        ("cafe\u0301: x", "x", 6, 1),  # a combining accent
        ("\u1112\u1161\u11ab: x", "x", 4, 1),  # 한, written as its three parts
        ("a\u200bb: x", "x", 4, 1),  # a space of no width
        ("\U0001f469\u200d\U0001f467: x", "x", 4, 1),  # a family, joined
        ("\u2764\ufe0f: x", "x", 4, 1),  # a heart, as an emoji
        ("\U0001f9e0: x", "\U0001f9e0", 0, 2),
        ("3×4: x", "x", 5, 1),
        ("\tkey: x", "x", 6, 1),  # a tab is drawn as one space
        ("a\x1b[31mb: x", "x", 9, 1),  # a code that would colour the terminal is shown instead
    ],
)
def test_carets_stand_under_what_they_mean(line: str, word: str, before: int, under: int) -> None:
    last = drawn(f"{line}\n", (word, "")).splitlines()[-1]
    assert last == "  | " + " " * before + "^" * under


def test_a_long_line_is_drawn_around_the_caret() -> None:
    line = "a" * 1000 + "WRONG" + "b" * 1000
    shown = drawn(f"{line}\n", ("WRONG", "")).splitlines()
    assert shown[3] == "1 | …" + "a" * 33 + "WRONG" + "b" * 62 + "…"
    assert shown[4] == "  |  " + " " * 33 + "^^^^^"


def test_places_that_are_far_apart_on_a_long_line_are_drawn_apart() -> None:
    line = "START" + "a" * 1000 + "MIDDLE" + "b" * 10 + "NEAR" + "c" * 1000 + "END"
    places = (("MIDDLE", ""), ("NEAR", "near it"), ("START", "first"), ("END", "last"))
    assert drawn(line, *places).splitlines()[3:] == [
        "1 | START" + "a" * 95 + "…",
        "  | ----- first",
        "1 | …" + "a" * 33 + "MIDDLE" + "b" * 10 + "NEAR" + "c" * 47 + "…",
        "  |  " + " " * 33 + "^^^^^^" + " " * 10 + "---- near it",
        "1 | …" + "c" * 97 + "END",
        "  |  " + " " * 97 + "--- last",
    ]


def test_a_mark_that_is_longer_than_the_window_ends_with_it() -> None:
    shown = drawn("x" * 5000, ("x" * 5000, "")).splitlines()
    assert shown[3:] == ["1 | " + "x" * 100 + "…", "  | " + "^" * 100]


@pytest.mark.parametrize(
    ("text", "span", "rows"),
    [
        ("a: [\n", Span("a.yaml", 2, 1), ["2 |", "  | ^"]),
        ("a: [", Span("a.yaml", 1, 5), ["1 | a: [", "  |     ^"]),
        ("a: [", Span("a.yaml", 1, 5, 3), ["1 | a: [", "  |     ^"]),
    ],
)
def test_the_end_of_a_file_has_a_caret(text: str, span: Span, rows: list[str]) -> None:
    shown = render([Diagnostic("E999", "wrong", span)], {"a.yaml": text}).splitlines()
    assert shown[3:] == rows


@pytest.mark.parametrize("text", ["", "\n\n", "one line\n"])
def test_a_place_that_is_not_in_the_text_is_named_only(text: str) -> None:
    fault = Diagnostic("E999", "wrong", Span("a.yaml", 9, 1), labels=(Label(Span("b"), "see"),))
    assert render([fault], {"a.yaml": text}) == (
        "error[E999]: wrong\n  --> a.yaml:9:1\n   = note: see: b:1:1"
    )


def test_a_label_in_another_file_is_drawn_too() -> None:
    text = "blocks:\n  head: {layers: [linear: -1]}\n"
    assert drawn(text, ("-1", ""), other="layers:\n  - head\n", help_="mend it") == (
        "error[E999]: wrong\n"
        "  --> a.yaml:2:27\n"
        "  |\n"
        "2 |   head: {layers: [linear: -1]}\n"
        "  |                           ^^\n"
        "  ::: other.yaml:2:5\n"
        "  |\n"
        "2 |   - head\n"
        "  |     ---- used here\n"
        "   = help: mend it"
    )


def test_only_the_first_fifty_are_drawn() -> None:
    faults = [Diagnostic("E999", f"fault {n}", Span("a")) for n in range(1053)]
    shown = render(faults, {})
    assert shown.count("error[E999]") == 50
    assert shown.endswith("\n\nand 1,003 more")


def test_nothing_that_is_said_can_command_the_terminal() -> None:
    evil = "\x1b]0;title\x07\x9b31m\u202e\r\n"
    fault = Diagnostic("E999", evil, Span(evil, 1, 1, 3), evil, (Label(Span(evil), evil),))
    shown = render([fault], {evil: evil})
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "␛]0;title␇" in shown


@given(st.text(max_size=400), st.integers(1, 400), st.integers(0, 400))
def test_any_place_of_any_text_is_drawn(text: str, column: int, length: int) -> None:
    line = "x" + text.replace("\n", " ")
    fault = Diagnostic("E999", "wrong", Span("a", 1, column, length))
    *_, source, marked = render([fault], {"a": line}).split("\n")
    assert source.startswith("1 | ")
    # Most of a line is in its window, and no character takes more than two columns.
    assert re.fullmatch(r"  \| {0,483}\^{1,482}", marked)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", source)
