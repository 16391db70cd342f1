"""Values of the wrong form: the help line says how the right one is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from archspec.frontend.compiler import analyse_spec, analyse_text

TRAIN = "train:\n  data: {dataset: iris, preprocess: [rescale: %s]}\n  epochs: 3\n"


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("inputs: {x: (3, 8, 8)}\nlayers: [relu]\n", "`x: [3, 8, 8]`"),
        ("inputs:\n  x: (3, 8, 8)\nlayers: [relu]\n", "in brackets: [3, 8, 8]"),
        ("inputs: [3, 8, 8]\nlayers: [relu]\n", "`inputs: {image: [3, 8, 8]}`"),
        ("inputs: {x: [4]}\nlayers:\n  linear: 3\n  relu:\n", "a hyphen and a space: `- linear`"),
        ("inputs: {x: [4]}\nlayers:\n  relu\n  tanh\n", "a hyphen and a space: `- relu`"),
        ('inputs: {x: [4]}\nlayers: ["linear:10"]\n', "after the colon: `- linear: 10`"),
        (f"inputs: {{x: [4]}}\nlayers: [linear: 3]\n{TRAIN % '=1/16'}", "here; write `0.0625`"),
        (f"inputs: {{x: [4]}}\nlayers: [linear: 3]\n{TRAIN % '=x'}", "write the value itself"),
        ("inputs: {x: [4]}\nlayers: [linear: n]\n", "if `n` is a parameter, write `=n`"),
        ("inputs: {x: [4]}\nlayers: [linear: 2 * n]\n", "begins with `=`: `=2 * n`"),
    ],
)
def test_the_help_line_writes_what_was_meant(text: str, help_: str) -> None:
    (fault,) = analyse_text(f"name: a\n{text}", "a.yaml").diagnostics
    assert help_ in fault.help


@pytest.mark.parametrize(
    ("treatment", "message"),
    [
        ("weight_init: {constant: 1e999}", "`val` must be a number, not `inf`"),
        ("weight_init: {constant: .nan}", "`val` must be a number, not `nan`"),
        ("weight_init: {normal: {std: -1}}", "`std` must be a number of at least 0, not `-1`"),
        ("weight_init: {uniform: {a: 2}}", "`a` must not be greater than `b`"),
        ("weight_l2: 1e999", "`weight_l2` must be a number of at least 0"),
    ],
)
def test_numbers_of_treatments_are_those_that_torch_takes(treatment: str, message: str) -> None:
    text = f"name: a\ninputs: {{x: [4]}}\nlayers: [linear: {{out_features: 3, {treatment}}}]\n"
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert fault.code == "E103"
    assert fault.message.startswith(message)


@pytest.mark.parametrize("section", ["include: [missing.yaml]\n", "extends: missing.yaml\n"])
def test_what_a_missing_file_may_define_is_not_missed(section: str, tmp_path: Path) -> None:
    text = f"name: a\n{section}inputs: {{x: [4]}}\nlayers: [conv_bn: 3, linear: {{uits: 3}}]\n"
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    found = analyse_spec(str(tmp_path / "a.yaml")).diagnostics
    assert [d.code for d in found] == ["E001", "E101"]


def test_long_texts_are_not_repeated_in_full() -> None:
    name = "conv2d" * 1000
    text = f"name: a\ninputs: {{x: [4]}}\nlayers: [{name}]\n"
    faults = analyse_text(text, "a.yaml").diagnostics
    assert name[:100] in faults[0].message
    assert all(len(fault.message) <= 400 for fault in faults)


@pytest.mark.parametrize(
    ("inputs", "code", "column"),
    [("[x, x]", "E109", 17), ("[from]", "E108", 14)],
)
def test_a_faulty_name_of_an_input_is_shown_where_it_stands(
    inputs: str, code: str, column: int
) -> None:
    block = f"blocks:\n  b:\n    inputs: {inputs}\n    layers: [relu]\n"
    text = f"name: a\ninputs: {{x: [4]}}\n{block}layers: [relu]\n"
    (fault,) = (d for d in analyse_text(text, "a.yaml").diagnostics if d.code.startswith("E"))
    assert (fault.code, fault.span.line, fault.span.column) == (code, 5, column)


def test_what_is_no_name_is_shown_by_its_key() -> None:
    text = "name: a\ninputs: {x: [4]}\nlayers:\n  - relu:\n      name:\n        - b\n"
    (fault,) = analyse_text(text, "a.yaml").diagnostics
    assert (fault.code, fault.span.line, fault.span.column) == ("E108", 5, 7)


def test_a_word_where_a_number_or_another_word_belongs_is_told() -> None:
    text = 'name: net\ninputs: {x: [4]}\nlayers: [prelu: {num_parameters: "*"}]\n'
    (fault,) = analyse_text(text, "net.yaml").diagnostics
    assert fault.code == "E103"
    assert "`num_parameters` must be" in fault.message
