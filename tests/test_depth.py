"""The depth of networks against the figures that their papers and names have."""

from __future__ import annotations

import re

import pytest
from shipped import VARIANTS, checked

from archspec.diagnostics import SpecError
from archspec.frontend import compile_text
from archspec.ir.totals import totals

FAMILIES = r"(?:resnet|se_resnet|resnext|vgg|densenet|senet)(\d+)(?:_|$)"
NAMED: dict[tuple[str, str | None], int] = {
    (spec, variant): int(found[1])
    for spec, variant in VARIANTS
    if variant and (found := re.match(FAMILIES, variant)) and "transfer" not in spec
}

PAPERS: dict[tuple[str, str | None], int] = {
    ("alexnet", None): 8,  # "eight learned layers"
    ("googlenet", None): 22,  # "22 layers deep when counting only layers with parameters"
    ("googlenet", "googlenet_torchvision"): 22,
    ("mobilenet_v1", None): 28,  # "counting depthwise and pointwise convolutions as separate"
    ("unet", None): 23,  # "in total the network has 23 convolutional layers"
    # The depths of MathWorks' table of pretrained networks, which counts separable convolutions as
    # two layers, as here; the papers have 36 convolutional layers for Xception.
    ("inception_v3", None): 48,
    ("mobilenet_v2", None): 53,
    ("xception", None): 71,
    # The stem, then figure 15 of the paper: three kinds of blocks with reductions between.
    # MathWorks' table has 164, of which we do not know how it is counted.
    ("inception_resnet_v2", None): 5 + 3 + 10 * 4 + 3 + 20 * 4 + 3 + 10 * 4 + 1 + 1,
}


@pytest.mark.parametrize("key", NAMED | PAPERS)
def test_it_is_the_depth_of_the_name_or_the_paper(key: tuple[str, str | None]) -> None:
    assert checked(*key)[1]["depth"] == (NAMED | PAPERS)[key]


def test_many_names_say_a_depth() -> None:
    assert {11, 13, 16, 18, 19, 34, 50, 101, 121, 152, 154, 169, 201} <= set(NAMED.values())


def depth_of(layers: str, rest: str = "", inputs: str = "{x: [16, 8, 8]}") -> int:
    text = f"name: net\ninputs: {inputs}\n{rest}layers:\n{layers}"
    return totals(compile_text(text, "net.yaml").graph).depth


def test_the_deepest_path_counts_and_what_has_no_weights_does_not() -> None:
    conv = "conv2d: {out_channels: 16, kernel_size: 1, bias: false}"
    assert depth_of(f"  - {conv}\n  - batch_norm\n  - relu\n") == 1
    assert depth_of(f"  - residual: {{body: [{conv}, relu, {conv}], shortcut: [{conv}]}}\n") == 2
    assert depth_of("  - batch_norm\n  - flatten\n") == 0


def test_gates_and_heads_do_not_count() -> None:
    conv = "conv2d: {out_channels: 16, kernel_size: 1}"
    assert depth_of(f"  - {conv}\n  - squeeze_excitation: 4\n  - {conv}\n") == 2
    deep = f"auxiliary: {{name: aux, weight: 0.3, layers: [{conv}, relu, {conv}, flatten]}}"
    assert depth_of(f"  - {conv}\n  - {deep}\n  - {conv}\n") == 2


def test_factors_of_one_size_count_like_other_paths() -> None:
    deep = "deep: [linear: 8, relu, linear: 8], gate: [linear: 8, sigmoid]"
    assert depth_of(f"  - flatten\n  - multiply: {{{deep}}}\n  - linear: 2\n") == 3
    scale = "  - linear: {name: g, out_features: 8}\n  - multiply: [g, other]\n"
    assert depth_of(scale, "", "{x: [4], other: [8]}") == 1


def test_stacked_recurrent_layers_count_each() -> None:
    lstm = "  - lstm: {hidden_size: 4, num_layers: 3}\n  - linear: 2\n"
    assert depth_of(lstm, "", "{x: [T, 4]}") == 4


def test_what_never_reaches_an_output_does_not_count() -> None:
    conv = "conv2d: {out_channels: 16, kernel_size: 1"
    layers = f"  - {conv}, name: a}}\n  - {conv}}}\n  - flatten: {{from: a}}\n"
    assert depth_of(layers, "outputs: {y: flatten}\n") == 1


def test_it_can_be_asserted() -> None:
    text = "name: net\ninputs: {x: [4]}\nlayers: [linear: 3, relu, linear: 2]\nexpect: {depth: 2}\n"
    assert not compile_text(text, "net.yaml").diagnostics
    with pytest.raises(SpecError, match="depth is 2, not 3 as expected"):
        compile_text(text.replace("depth: 2", "depth: 3"), "net.yaml")
