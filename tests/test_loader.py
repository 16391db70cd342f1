"""The YAML dialect: what a value means, and that no text breaks the reader."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.diagnostics import Diagnostic, Span, lines_of
from archspec.frontend import loader
from archspec.frontend.resolve import dump
from archspec.frontend.tree import Entry, Items, Scalar, Table, Tree, plain


def read(text: str) -> object:
    report: list[Diagnostic] = []
    tree = loader.parse(text, "a.yaml", report)
    assert report == []
    return plain(tree)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("y", "y"), ("Off", "Off"),
        ("true", True), ("False", False), ("null", None), ("~", None),
        ("1e-3", 1e-3), ("1E5", 100_000), ("-.5", -0.5), ("1.", 1), (".inf", math.inf),
        ("25_557_032", 25_557_032), ("+7", 7), ("-7", -7), ("007", 7), ("0x1F", 31),
        ("1:30", "1:30"), ("2024-01-01", "2024-01-01"), ("1_", "1_"), ("_1", "_1"),
        ("1__0", "1__0"),
        ("0o17", "0o17"), ("0b11", "0b11"), (".", "."), ("-", [None]), ("+", "+"), ("e5", "e5"),
        ("'1'", "1"), ('"no"', "no"), ("=", "="), ("=a + 1", "=a + 1"), ("<", "<"),
        ("3x3", "3x3"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    made = read(text)
    assert made == value
    assert type(made) is type(value)


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    assert read("a: 1\r\nb: [2,\r\n 3]\r\n") == {"a": 1, "b": [2, 3]}


def test_spans_point_at_the_value_and_its_parts() -> None:
    tree = loader.parse('a:\n  - "=x + yy"\n', "f.yaml", [])
    assert isinstance(tree, Table)
    items = tree.entries["a"].value
    assert isinstance(items, Items)
    (scalar,) = items.items
    assert isinstance(scalar, Scalar)
    assert scalar.span == Span("f.yaml", 2, 5, 9)
    assert scalar.part(5, 2) == Span("f.yaml", 2, 11, 2)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    lines = lines_of(text)
    try:
        report: list[Diagnostic] = []
        loader.parse(text, "a.yaml", report)
    except loader.Fault as fault:
        report.append(fault.diagnostic)
    for diagnostic in report:
        assert 1 <= diagnostic.span.line <= len(lines) + 1
        assert diagnostic.span.column >= 1
        assert diagnostic.help


@given(st.text(alphabet="-:{}[],&*!|>'\"%@`=#? \nab1", max_size=120))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    try:
        loader.parse(text, "a.yaml", [])
    except loader.Fault as fault:
        assert fault.diagnostic.message


SPAN = Span("a.yaml")
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)
    | st.sampled_from(["no", "1e-3", "1_000", "null", "0x1F", "=a[0]", "~", "", "<<", "007"])
)  # fmt: skip


def trees() -> st.SearchStrategy[Tree]:
    leaves: st.SearchStrategy[Tree] = SCALARS.map(lambda value: Scalar(value, SPAN))
    keys = st.text("abcxyz_019", min_size=1, max_size=8).filter(
        lambda key: isinstance(loader.resolve_plain(key), str)
    )

    def grow(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        lists: st.SearchStrategy[Tree] = st.lists(inner, max_size=4).map(
            lambda items: Items(tuple(items), SPAN)
        )
        tables: st.SearchStrategy[Tree] = st.dictionaries(keys, inner, max_size=4).map(
            lambda d: Table({k: Entry(Scalar(k, SPAN), v) for k, v in d.items()}, SPAN)
        )
        return lists | tables

    return st.recursive(leaves, grow, max_leaves=12)


@given(st.dictionaries(st.sampled_from(["params", "inputs", "layers"]), trees(), min_size=1))
def test_what_is_dumped_reads_back_as_it_was(parts: dict[str, Tree]) -> None:
    table = Table({key: Entry(Scalar(key, SPAN), tree) for key, tree in parts.items()}, SPAN)
    assert read(dump(table)) == plain(table)
