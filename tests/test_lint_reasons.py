"""Why the warnings are right: PyTorch does what they say, and their remedies help."""

from __future__ import annotations

import re

import pytest
import torch

from archspec.backends.torch import build
from archspec.frontend import compile_text
from archspec.ir.graph import Graph
from archspec.lint import find

NORMS = ("batch_norm", "instance_norm", "group_norm: 2", "layer_norm: {dims: 3}", "identity")
BIASED = {
    "conv2d: {name: a, out_channels: 4, kernel_size: 3}": (3, 8, 8),
    "conv_transpose2d: {name: a, out_channels: 4, kernel_size: 3}": (3, 8, 8),
    "depthwise_conv2d: {name: a, kernel_size: 3}": (4, 8, 8),
    "linear: {name: a, out_features: 6}": (4, 5, 5),
}
MISSING = {
    "max_pool2d: {kernel_size: 2}": (5, 7),
    "avg_pool2d: {kernel_size: 3}": (5, 7),
    "median_pool2d: {kernel_size: 3}": (7, 8),
    "max_pool2d: {kernel_size: 3, stride: 2}": (8, 10),
    "conv2d: {kernel_size: 3, stride: 2, out_channels: 2}": (6, 8),
    "conv2d: {kernel_size: 5, stride: 4, out_channels: 2}": (6, 7, 8),
}


def network(layers: str, *sizes: int) -> Graph:
    """Returns the graph of a network."""
    text = f"name: a\ninputs: {{x: {[*sizes]}}}\nlayers: [{layers}]\n"
    return compile_text(text, "a.yaml").graph


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("layer", "sizes"), BIASED.items())
def test_a_bias_is_warned_of_where_it_changes_nothing(
    layer: str, sizes: tuple[int, ...], norm: str
) -> None:
    graph = network(f"{layer}, {norm}", *sizes)
    torch.manual_seed(0)
    module, given = build(graph), torch.randn(5, *sizes)
    bias = module.get_parameter("a.bias")
    with torch.no_grad():
        before = module(given)
        bias.copy_(7 * torch.randn(bias.shape))
        lost = torch.allclose(before, module(given), atol=1e-4)
    codes = {finding.code for finding in find(graph)}
    assert codes == ({"W204"} if lost else set())


@pytest.mark.parametrize(
    ("layer", "size"), [(layer, size) for layer in MISSING for size in MISSING[layer]]
)
def test_each_remedy_for_rows_that_are_left_out_helps(layer: str, size: int) -> None:
    (finding,) = find(network(layer, 2, size, size))
    assert finding.code == "W205"
    fields, inputs = re.findall("`(.*?)`", finding.help), re.findall("([0-9]+)×", finding.help)
    assert inputs
    for field in fields:
        changed = layer.removesuffix("}") + f", {field}}}"
        assert find(network(changed, 2, size, size)) == []
    for other in map(int, inputs):
        assert find(network(layer, 2, other, other)) == []


def test_how_much_is_left_out_is_said() -> None:
    (finding,) = find(network("max_pool2d: 4", 2, 7, 9))
    assert finding.message == (
        "`max_pool2d` never reads the last 3 rows and the last column of its input, 2×7×9"
    )
    assert (
        finding.help
        == "`ceil_mode: true` or an input to this layer of 4×8 or 8×12 leaves nothing out"
    )
