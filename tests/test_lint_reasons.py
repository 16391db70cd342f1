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
ON_THE_WAY = [
    "max_pool2d: 2, batch_norm",
    "min_pool2d: {kernel_size: 3, padding: 1, stride: 1}, batch_norm",
    "median_pool2d: {kernel_size: 3, padding: 1, stride: 1}, batch_norm",
    "avg_pool2d: {kernel_size: 2, stride: 2, ceil_mode: true}, batch_norm",
    "avg_pool2d: {kernel_size: 3, stride: 1, padding: same}, batch_norm",
    "avg_pool2d: {kernel_size: 3, stride: 1, padding: 1}, batch_norm",
    "avg_pool2d: {kernel_size: 3, stride: 1, padding: 1, count_include_pad: false}, batch_norm",
    "adaptive_avg_pool2d: 4, instance_norm",
    "global_max_pool2d, batch_norm",
    "flatten, batch_norm",
    "flatten: {start_dim: 2}, instance_norm",
    "flatten: {end_dim: 2}, instance_norm",
    "identity, batch_norm",
    "concat: {a: [], b: {from: x}}, batch_norm",
    "concat: {a: [], b: {from: x}, dim: -3}, batch_norm",
    "concat: {a: [], b: {from: x}, dim: 2}, batch_norm",
    "add: {a: [], b: {from: x}}, batch_norm",
    "subtract: {other: {from: x}}, batch_norm",
    "average: {b: [global_avg_pool2d: true], c: {from: x}}, batch_norm",
    "maximum: {a: [], b: {from: x}}, batch_norm",
    "residual: [batch_norm, relu], residual: [batch_norm, tanh], batch_norm",
    "multiply: {a: [], b: {from: x}}, batch_norm",
    "upsample: {scale_factor: 2}, relu, batch_norm",
    "zero_pad2d: 1, batch_norm",
    "batch_norm: {freeze: true}",
    "instance_norm: {freeze: true}",
    "instance_norm: {freeze: true, track_running_stats: true}",
]
MISSING = {
    "max_pool2d: {kernel_size: 2}": (5, 7),
    "avg_pool2d: {kernel_size: 3}": (5, 7),
    "median_pool2d: {kernel_size: 3}": (7, 8),
    "max_pool2d: {kernel_size: 3, stride: 2}": (8, 10),
    "conv2d: {kernel_size: 3, stride: 2, out_channels: 2}": (6, 8),
    "conv2d: {kernel_size: 5, stride: 4, out_channels: 2}": (6, 7, 8),
    "conv2d: {kernel_size: 3, stride: 3, out_channels: 2, dilation: 2}": (6, 7),
}


def network(layers: str, *sizes: int) -> Graph:
    """Returns the graph of a network."""
    text = f"name: a\ninputs: {{x: {[*sizes]}}}\nlayers: [{layers}]\n"
    return compile_text(text, "a.yaml").graph


def bias_is_lost(graph: Graph, *sizes: int) -> bool:
    """Returns whether PyTorch, while training, makes the same of an input whatever the bias."""
    torch.manual_seed(0)
    module, given = build(graph), torch.randn(5, *sizes)
    bias = module.get_parameter("a.bias")
    with torch.no_grad():
        before = module(given)
        bias.copy_(7 * torch.randn(bias.shape))
        return torch.allclose(before, module(given), atol=1e-4)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("layer", "sizes"), BIASED.items())
def test_a_bias_is_warned_of_where_it_changes_nothing(
    layer: str, sizes: tuple[int, ...], norm: str
) -> None:
    graph = network(f"{layer}, {norm}", *sizes)
    codes = {finding.code for finding in find(graph)}
    assert codes == ({"W204"} if bias_is_lost(graph, *sizes) else set())


@pytest.mark.parametrize("layers", ON_THE_WAY)
def test_a_bias_is_warned_of_where_it_is_lost_further_on(layers: str) -> None:
    graph = network(f"conv2d: {{name: a, out_channels: 3, kernel_size: 1}}, {layers}", 3, 8, 8)
    codes = {finding.code for finding in find(graph)}
    assert codes == ({"W204"} if bias_is_lost(graph, 3, 8, 8) else set())


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


def test_a_dilated_window_s_holes_are_no_end() -> None:
    layer = "conv1d: {kernel_size: 3, stride: 3, out_channels: 2, dilation: 2}"
    (finding,) = find(network(layer, 2, 6))
    assert finding.help == "`padding: 2` or an input to this layer of 5 or 8 reads to the end"
    padded = layer.replace("1d", "3d").replace("dilation", "padding: 1, dilation")
    (finding,) = find(network(padded, 2, 6, 6, 6))
    assert "the last slice and the last row and the last column" in finding.message


def test_where_no_size_near_is_read_to_the_end_a_larger_one_is_proposed() -> None:
    fields = "kernel_size: [2, 99], stride: [2, 99], dilation: [3, 1], padding: [1, 0]"
    (finding,) = find(network(f"conv2d: {{out_channels: 2, {fields}}}", 2, 2, 130))
    assert finding.help.endswith("a larger input reads to the end")


def test_how_much_is_left_out_is_said() -> None:
    (finding,) = find(network("max_pool2d: 4", 2, 7, 9))
    assert finding.message == (
        "`max_pool2d` never reads the last 3 rows and the last column of its input, 2×7×9"
    )
    assert (
        finding.help
        == "`ceil_mode: true` or an input to this layer of 4×8 or 8×12 reads to the end"
    )
