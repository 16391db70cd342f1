"""A network that shrinks to nothing names the least input that works."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archspec.diagnostics import Diagnostic, Severity
from archspec.frontend.compiler import analyse_text

LEAST = re.compile(r"(?:the least|an) input that works is `(.*?)`; or use")


def spec(inputs: str, *layers: str) -> str:
    return f"name: a\ninputs: {{{inputs}}}\nlayers:\n" + "".join(f"  - {line}\n" for line in layers)


def faults(text: str) -> tuple[Diagnostic, ...]:
    found = analyse_text(text, "a.yaml").diagnostics
    return tuple(fault for fault in found if fault.severity is Severity.ERROR)


def least(text: str) -> str | None:
    (fault,) = faults(text)
    assert fault.code == "E203"
    found = LEAST.match(fault.help)
    return found[1] if found else None


def sliding(kernel: int, stride: int, padding: int, *, pool: bool) -> str:
    if pool:
        return f"max_pool2d: {{kernel_size: {kernel}, stride: {stride}}}"
    fields = f"kernel_size: {kernel}, stride: {stride}, padding: {padding}"
    return f"conv2d: {{out_channels: 2, {fields}}}"


LAYER = st.builds(
    sliding, st.integers(1, 7), st.integers(1, 3), st.integers(0, 2), pool=st.booleans()
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LAYER, min_size=1, max_size=6), st.integers(1, 12), st.integers(1, 12))
def test_the_least_input_works_and_one_less_does_not(
    layers: list[str], height: int, width: int
) -> None:
    text = spec(f"image: [3, {height}, {width}]", *layers)
    if not faults(text):
        return
    found = least(text)
    assert found is not None
    assert not faults(spec(found, *layers))
    if faults(text)[0].help.startswith("an input"):
        return  # there was no time to try all smaller ones
    channels, *sizes = map(int, re.findall(r"\d+", found))
    assert channels == 3
    for axis, given_ in enumerate((height, width)):
        if sizes[axis] > given_:
            smaller = [s - (i == axis or height == width) for i, s in enumerate(sizes)]
            image = f"image: [3, {smaller[0]}, {smaller[1]}]"
            assert "E203" in {fault.code for fault in faults(spec(image, *layers))}


@pytest.mark.parametrize(
    ("inputs", "layers", "wanted"),
    [
        ("image: [3, 8, 8]", ["max_pool2d: 9"], "image: [3, 9, 9]"),
        ("image: [3, 8, 100]", ["max_pool2d: 9"], "image: [3, 9, 100]"),
        ("sound: [1, 100]", ["max_pool1d: {kernel_size: 10, repeat: 3}"], "sound: [1, 1000]"),
        ("image: [3, H, 8]", ["max_pool2d: 9"], "image: [3, H, 9]"),
        # What formulas ask of a size holds for the size that is tried.
        ("image: [3, 8, 8]", ["max_pool2d: =in.height // 2 + 5"], "image: [3, 9, 9]"),
        # The whole network counts, not only the layer that failed first.
        ("image: [3, 4, 4]", ["max_pool2d: 5", "max_pool2d: 5"], "image: [3, 25, 25]"),
        # An expectation of the layer's shape is another matter.
        ("image: [3, 4, 4]", ["max_pool2d: {kernel_size: 5, expect: [3, 9, 9]}"],
         "image: [3, 5, 5]"),
        ("a: [1, 4, 4], b: [1, 6, 6]", ["max_pool2d: {kernel_size: 5, from: b}",
                                        "max_pool2d: {kernel_size: 3, from: a}",
                                        "max_pool2d: 2"], "a: [1, 6, 6], b: [1, 6, 6]"),
    ],
)  # fmt: skip
def test_the_least_input_of(inputs: str, layers: list[str], wanted: str) -> None:
    assert least(spec(inputs, *layers)) == wanted


UNET = (
    "conv2d: {name: e, out_channels: 4, kernel_size: 3, padding: 1}",
    "max_pool2d: {kernel_size: 2, repeat: 4}",
    "upsample: 16",
    "concat: {u: [], s: e}",
)
TOWERS = (
    "conv2d: {name: t, out_channels: 2, kernel_size: 9}",
    "reuse: {layer: t, from: y, name: s}",
    "add: [t, s]",
)


@pytest.mark.parametrize("size", [3, 7, 10, 13])
def test_where_paths_meet_only_some_sizes_work(size: int) -> None:
    assert least(spec(f"x: [3, {size}, {size}]", *UNET)) == "x: [3, 16, 16]"


def test_inputs_that_must_be_equal_grow_together() -> None:
    of_both = faults(spec("x: [3, 8, 8], y: [3, 8, 8]", *TOWERS))
    found = {LEAST.findall(fault.help)[0] for fault in of_both}
    assert found == {"x: [3, 9, 9], y: [3, 9, 9]"}


def test_no_input_is_named_where_none_works() -> None:
    text = spec("image: [3, 8, 8]", "max_pool2d: =in.height + 1")
    assert least(text) is None
    assert "use a larger input" in faults(text)[0].help


def test_other_faults_of_the_spec_do_not_hide_the_least_input() -> None:
    text = spec("image: [3, 4, 4]", "relu: {form: 1}", "max_pool2d: {kernel_size: 5, from: image}")
    of_size = [fault for fault in faults(text) if fault.code == "E203"]
    assert [LEAST.match(fault.help) is not None for fault in of_size] == [True]


def test_a_repeated_network_of_many_layers_is_tried_within_bounds() -> None:
    text = spec(
        "image: [1, 6001, 6001]",
        "conv2d: {out_channels: 1, kernel_size: 3, repeat: 3001}",
    )
    (fault,) = faults(text)
    assert fault.code == "E203"


@pytest.mark.parametrize(
    ("inputs", "layer", "wanted"),
    [
        # Keras's MNIST and CIFAR images.
        ("image: [28, 28, 1]", "conv2d: {out_channels: 8, kernel_size: 3}", "image: [1, 28, 28]"),
        ("image: [32, 32, 3]", "max_pool2d: 4", "image: [3, 32, 32]"),
        ("image: [H, W, 3]", "conv2d: {out_channels: 8, kernel_size: 3}", "image: [3, H, W]"),
        ("image: [28, 28, 3], x: [4]", "max_pool2d: 4", "image: [3, 28, 28], x: [4]"),
    ],
)
def test_channels_that_are_last_are_put_first(inputs: str, layer: str, wanted: str) -> None:
    text = spec(inputs, layer)
    assert faults(text)[0].help == f"channels come first: `{wanted}` works"
    assert not faults(spec(wanted, layer))


def test_channels_are_put_first_and_the_image_enlarged_where_both_are_wanted() -> None:
    text = spec("image: [28, 28, 1]", "conv2d: {out_channels: 8, kernel_size: 30}")
    assert least(text) == "image: [1, 30, 30]"
