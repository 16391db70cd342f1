"""What the help of a merge of unequal paths proposes makes them equal."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archspec.diagnostics import Diagnostic, Severity
from archspec.frontend.compiler import analyse_text

QUOTED = re.compile(r"`(.*?)`")


def faults(text: str) -> tuple[Diagnostic, ...]:
    head = "name: a\ninputs: {image: [3, 32, 32]}\nlayers:\n"
    found = analyse_text(head + text, "a.yaml").diagnostics
    return tuple(fault for fault in found if fault.severity is Severity.ERROR)


def proposed(text: str) -> str:
    """Returns what the help of the only fault has in backticks."""
    (fault,) = faults(text)
    assert fault.code == "E202"
    (found,) = QUOTED.findall(fault.help)
    return str(found)


@given(st.integers(1, 4).map(lambda n: 2 * n - 1), st.integers(1, 3), st.integers(0, 4))
def test_a_path_that_shrinks_is_kept_by_what_is_proposed(
    kernel: int, stride: int, padding: int
) -> None:
    def text(fields: Mapping[str, object]) -> str:
        written = ", ".join(f"{name}: {value}" for name, value in fields.items())
        return f"  - concat:\n      a: [tanh]\n      b: [conv2d: {{{written}}}, relu]\n"

    fields: dict[str, object] = {
        "out_channels": 2,
        "kernel_size": kernel,
        "stride": stride,
        "padding": padding,
    }
    if not faults(text(fields)) or padding > kernel // 2:
        return
    changes = dict(pair.split(": ") for pair in proposed(text(fields)).split(", "))
    assert not faults(text(fields | changes))


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [3, 8])
def test_the_shortcut_that_is_proposed_fits_the_body(stride: int, channels: int) -> None:
    body = f"[conv2d: {{out_channels: {channels}, kernel_size: 3, stride: {stride}, padding: 1}}]"
    if (stride, channels) == (1, 3):
        assert not faults(f"  - residual: {body}\n")
        return
    residual = proposed(f"  - residual: {body}\n")
    assert not faults(f"  - {residual.replace('[...]', body)}\n")


@pytest.mark.parametrize(
    ("before", "a", "b"),
    [
        ("", "conv2d: {out_channels: 8, kernel_size: 1}", "relu"),
        ("flatten", "linear: 7", "linear: 9"),
        ("flatten", "linear: 7", "relu"),
    ],
)
def test_the_layer_that_is_proposed_makes_the_channels_equal(before: str, a: str, b: str) -> None:
    first = f"  - {before}\n" if before else ""
    text = first + "  - add:\n      a: [{}]\n      b: [{}]\n"
    assert not faults(text.format(a, f"{b}, {proposed(text.format(a, b))}"))


def test_the_layer_that_shrinks_a_path_is_pointed_at() -> None:
    text = "  - add:\n      a: [relu, max_pool2d: 2, tanh]\n      b: []\n"
    (fault,) = faults(text)
    assert fault.help == "`stride: 1, padding: same` in a.max_pool2d would keep 32×32"
    assert [label.text for label in fault.labels] == [
        "this path is 3×16×16",
        "this path is 3×32×32",
        "makes 3×16×16 of 3×32×32",
    ]


def test_of_many_paths_the_odd_one_out_is_at_fault() -> None:
    same = "[max_pool2d: 2]"
    (fault,) = faults(f"  - concat: {{a: {same}, b: {same}, c: [relu]}}\n")
    assert "a stride or a pool makes a path smaller" in fault.help
    (fault,) = faults(f"  - concat: {{a: [relu], b: {same}, c: [relu]}}\n")
    assert "b.max_pool2d" in fault.help


def test_in_a_block_the_shortcut_is_written_with_its_parameters() -> None:
    layers = "[conv2d: {out_channels: =out, kernel_size: 3, stride: =stride, padding: 1}]"
    calls = "layers:\n  - basic: {out: 16, stride: 1}\n  - basic: {out: 32, stride: 2}\n"
    text = (
        "name: a\ninputs: {image: [3, 32, 32]}\nblocks:\n  basic:\n"
        f"    params: {{out: int, stride: int}}\n    layers:\n      - residual: {layers}\n"
    )
    (fault,) = analyse_text(
        text + calls.replace("16, stride: 1", "3, stride: 1"), "a.yaml"
    ).diagnostics
    (found,) = QUOTED.findall(fault.help)
    assert "{out_channels: =out, kernel_size: 1, stride: =stride}" in found
    mended = text.replace(f"residual: {layers}", found.replace("[...]", layers)) + calls
    assert not analyse_text(mended, "a.yaml").diagnostics


def test_a_path_that_was_pooled_and_enlarged_is_cropped() -> None:
    text = "  - relu: {name: skip}\n  - max_pool2d: 3\n  - upsample: {scale_factor: 3}\n"
    (fault,) = faults(text + "  - concat: [skip, upsample]\n")
    assert "`crop_like`" in fault.help
    assert not faults(
        text + "  - crop_like: {from: [skip, upsample], name: cut}\n  - concat: [cut, upsample]\n"
    )


def test_all_that_shrinks_a_path_is_named() -> None:
    path = "{name: %s, out_channels: 3, kernel_size: %d%s}"
    text = "  - concat: {a: [relu], b: [conv2d: %s, relu, conv2d: %s]}\n"
    (fault,) = faults(text % (path % ("c", 3, ""), path % ("d", 5, "")))
    assert fault.help == "`padding: 1` in b.c and `padding: 2` in b.d would keep 32×32"
    assert not faults(text % (path % ("c", 3, ", padding: 1"), path % ("d", 5, ", padding: 2")))
