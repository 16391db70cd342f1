"""A fault inside a block names the calls that it is in, with the values of the parameters there."""

from pathlib import Path

import pytest

from archspec.diagnostics import Diagnostic
from archspec.frontend.compiler import analyse_spec, analyse_text

SPEC = """name: a
inputs: {image: [3, 8, 8]}
blocks:
  inner:
    params: {out: int, kernel: 1}
    layers:
      - conv2d: {out_channels: =%s, kernel_size: =kernel}
  outer:
    params: {n: int}
    layers:
      - inner: {out: =n + 1, kernel: 3}
layers:
"""


def faults(text: str) -> tuple[Diagnostic, ...]:
    return analyse_text(text, "a.yaml").diagnostics


def calls(fault: Diagnostic) -> list[tuple[int, str]]:
    return [(label.span.line, label.text) for label in fault.labels]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("out - 5", "E103"),  # the operator refuses the value
        ("out / 0", "E112"),  # it cannot be computed
        ("x.channels", "E112"),  # it has no such name
    ],
)
def test_every_kind_of_fault_names_the_calls_innermost_first(value: str, code: str) -> None:
    (fault,) = faults(SPEC % value + "  - outer: 4\n")
    assert (fault.code, fault.span.line) == (code, 7)
    assert calls(fault) == [
        (11, "in this inner (out: 5, kernel: 3)"),
        (13, "in this outer (n: 4)"),
    ]


def test_what_an_operator_cannot_take_names_the_call_too() -> None:
    text = SPEC % "out" + "  - flatten\n  - inner: 4\n"
    (fault,) = faults(text)
    assert fault.code == "E201"
    assert calls(fault) == [(14, "in this inner (out: 4, kernel: 1)")]


def test_a_turn_of_a_repeat_is_numbered_as_in_formulas() -> None:
    text = SPEC % "2 - index * out" + "  - inner: {repeat: 3, out: 1}\n"
    # The parameter `index` is not one of the block's, so the block cannot ask for it.
    (fault,) = faults(text)
    assert calls(fault)[0] == (13, "in this inner, index 0 (out: 1, kernel: 1)")
    rows = "  - inner: {repeat: [{out: 2}, {out: 1}, {out: 0}]}\n"
    (fault,) = faults(SPEC % "out" + rows)
    assert calls(fault) == [(13, "in this inner, index 2 (out: 0, kernel: 1)")]


def test_the_same_fault_of_several_calls_is_one_with_all_the_calls() -> None:
    text = SPEC % "0" + "  - inner: 1\n  - inner: {out: 2, from: image}\n"
    (fault,) = faults(text)
    assert calls(fault) == [
        (13, "in this inner (out: 1, kernel: 1)"),
        (14, "in this inner (out: 2, kernel: 1)"),
    ]


def test_of_very_many_calls_only_some_are_named() -> None:
    lines = "".join(f"  - inner: {{out: {n}, from: image, name: l{n}}}\n" for n in range(1, 50))
    (fault,) = faults(SPEC % "0" + lines)
    assert 2 <= len(fault.labels) <= 4


def test_different_faults_of_one_place_are_all_told() -> None:
    text = SPEC % "out - 5" + "  - inner: 1\n  - inner: {out: 2, from: image}\n"
    assert [fault.message for fault in faults(text)] == [
        "`out_channels` must be greater than 0, not `-4`",
        "`out_channels` must be greater than 0, not `-3`",
    ]


def test_many_long_values_are_cut() -> None:
    text = SPEC % "out - 5" + f"  - inner: {{out: 1, kernel: {list(range(1, 90))}}}\n"
    (fault, *_) = faults(text)
    assert len(calls(fault)[0][1]) < 140
    assert calls(fault)[0][1].endswith("…)")


def test_a_spec_used_as_a_layer_is_a_call_with_its_parameters(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(
        "name: part\nparams: {out: 3}\ninputs: {x: [3, 4, 4]}\n"
        "layers: [conv2d: {out_channels: =out - 5, kernel_size: 1}]\n"
    )
    spec = tmp_path / "a.yaml"
    spec.write_text(
        "name: a\ninputs: {x: [3, 4, 4]}\nlayers:\n  - use: {spec: part.yaml, params: {out: 4}}\n"
    )
    (fault,) = analyse_spec(str(spec)).diagnostics
    assert Path(fault.span.file).name == "part.yaml"
    assert calls(fault) == [(4, "in this part (out: 4)")]


def test_a_fault_outside_of_blocks_names_no_call() -> None:
    for fault in faults(SPEC % "out" + "  - inner: 4\n  - conv2d: {out_channels: 0}\n"):
        assert not fault.labels
