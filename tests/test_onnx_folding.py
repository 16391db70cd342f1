"""What single passes over ONNX models fold, and what they leave as it is."""

from __future__ import annotations

import numpy as np
import pytest
from execution import random_weights
from optimized import TOLERANCE, apart, arrays, kinds, model
from test_language import graph as small_graph

from archspec.backends.onnx import NEWEST_OPSET, OPSET, PASSES


def test_a_bias_is_called_after_its_weight_whatever_the_layer_reads() -> None:
    graph = small_graph(
        "  - concat:\n"
        "      a: [conv2d: {out_channels: 2, kernel_size: 1, bias: false}, batch_norm]\n"
        "      b: [conv2d: {out_channels: 2, kernel_size: 1, bias: false}, batch_norm]\n"
    )
    paths = ("a.conv2d", "b.conv2d")
    made = model(graph, PASSES)
    convolutions = [node for node in made.graph.node if node.op_type == "Conv"]
    assert [[*node.input] for node in convolutions] == [
        ["x", f"{path}.weight", f"{path}.bias"] for path in paths
    ]
    assert [[*node.output] for node in convolutions] == [
        ["a.batch_norm"],
        ["b.batch_norm"],
    ]
    assert arrays(made) == {f"{path}.{name}" for path in paths for name in ("weight", "bias")}
    assert apart(graph, PASSES) <= TOLERANCE


TOWER = (
    "  - group:\n"
    "      name: tower\n"
    "      from: left\n"
    "      layers: [conv2d: {out_channels: 6, kernel_size: 3}]\n"
    "  - {first}\n"
    "  - reuse: {name: other, layer: tower, from: right}\n"
    "  - {second}\n"
    "  - add: [one, two]\n"
)
TWO = "{left: [3, 8, 8], right: [3, 8, 8]}"


@pytest.mark.parametrize(
    ("first", "second", "weights"),
    [
        ("batch_norm", "batch_norm", {"tower.conv2d.weight", "other.conv2d.weight"}),
        ("relu", "batch_norm", {"tower.conv2d.weight", "other.conv2d.weight"}),
        ("batch_norm", "relu", {"tower.conv2d.weight", "tower.conv2d.weight.folded"}),
        ("relu", "relu", {"tower.conv2d.weight"}),
    ],
)
def test_layers_that_share_weights_get_their_own_where_something_is_folded_in(
    first: str, second: str, weights: set[str]
) -> None:
    text = TOWER.replace("{first}", f"{first}: {{name: one, from: tower}}")
    graph = small_graph(text.replace("{second}", f"{second}: {{name: two, from: other}}"), TWO)
    made = model(graph, PASSES)
    assert {name for name in arrays(made) if "weight" in name} == weights
    assert apart(graph, PASSES) <= TOLERANCE


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        ("  - conv2d: {name: a, out_channels: 4, kernel_size: 1}\n  - residual: [batch_norm]\n",
         {"BatchNormalization": 1}),
        ("  - relu\n  - batch_norm\n", {"BatchNormalization": 1}),
        ("  - linear: 8\n  - batch_norm\n", {"BatchNormalization": 1}),
        ("  - linear: 8\n  - rescaling: 2.0\n", {}),
        ("  - flatten\n  - linear: 8\n  - batch_norm\n", {}),
        ("  - conv_transpose2d: {out_channels: 6, kernel_size: 2, groups: 2}\n  - batch_norm\n",
         {}),
        ("  - conv2d: {out_channels: 4, kernel_size: 1}\n  - relu\n  - rescaling: 2.0\n",
         {"Mul": 1}),
    ],
)  # fmt: skip
def test_only_what_follows_a_layer_alone_is_folded(layers: str, left: dict[str, int]) -> None:
    graph = small_graph(layers)
    made = kinds(graph, PASSES)
    assert {kind: made[kind] for kind in ("BatchNormalization", "Mul") if made[kind]} == left
    assert apart(graph, PASSES) <= TOLERANCE


def test_an_output_keeps_what_it_is_before_something_is_folded() -> None:
    layers = "  - conv2d: {name: a, out_channels: 4, kernel_size: 1}\n  - batch_norm: {name: b}\n"
    graph = small_graph(layers, more="outputs: [a, b]\n")
    assert kinds(graph, PASSES) == {"Conv": 1, "BatchNormalization": 1}
    assert apart(graph, PASSES) <= TOLERANCE


def test_a_weight_that_would_be_too_large_is_not_made() -> None:
    graph = small_graph("  - conv2d: {out_channels: 4, kernel_size: 1}\n  - batch_norm\n")
    weights = random_weights(graph)
    weights["conv2d.weight"] *= np.float32(1e-20)
    weights["conv2d.weight"][0] = 1e30
    weights["batch_norm.weight"][:] = 1e30
    assert kinds(graph, PASSES, weights)["BatchNormalization"] == 1


@pytest.mark.parametrize(
    ("pad", "layer", "fused"),
    [
        ("zero_pad2d: 1", "conv2d: {out_channels: 2, kernel_size: 3}", True),
        ("zero_pad2d: [[0, 1], [3, 0]]", "conv2d: {out_channels: 2, kernel_size: 3}", True),
        ("zero_pad2d: 2", "conv2d: {out_channels: 2, kernel_size: 3, padding: [1, 0]}", True),
        ("zero_pad2d: [[0, 1], [-1, 0]]", "conv2d: {out_channels: 2, kernel_size: 3}", False),
        ("constant_pad2d: {padding: 1, value: 0.0}", "conv2d: {out_channels: 2, kernel_size: 3}",
         True),
        ("constant_pad2d: {padding: 1, value: 0.5}", "conv2d: {out_channels: 2, kernel_size: 3}",
         False),
        ("reflection_pad2d: 1", "conv2d: {out_channels: 2, kernel_size: 3}", False),
        ("zero_pad2d: 1", "avg_pool2d: {kernel_size: 3, stride: 2}", True),
        ("zero_pad2d: [[0, 2], [1, 0]]", "avg_pool2d: {kernel_size: 3, stride: 1}", True),
        ("zero_pad2d: 1", "avg_pool2d: {kernel_size: 3, stride: 1, padding: 1}", True),
        ("zero_pad2d: 1",
         "avg_pool2d: {kernel_size: 3, stride: 1, count_include_pad: false}", True),
        ("zero_pad2d: 3", "avg_pool2d: {kernel_size: 3, stride: 1}", False),
        ("zero_pad2d: 1",
         "avg_pool2d: {kernel_size: 3, stride: 1, padding: 1, count_include_pad: false}", False),
        ("zero_pad2d: 1", "avg_pool2d: {kernel_size: 3, stride: 2, ceil_mode: true}", False),
        ("zero_pad2d: 1", "max_pool2d: {kernel_size: 3, stride: 1}", False),
    ],
)  # fmt: skip
def test_zeros_are_padded_by_the_next_layer_only_where_it_is_the_same(
    pad: str, layer: str, *, fused: bool
) -> None:
    graph = small_graph(f"  - {pad}\n  - {layer}\n", "{x: [3, 7, 8]}")
    assert kinds(graph, ["fuse_pads"])["Pad"] == (not fused)
    assert apart(graph, ["fuse_pads"]) <= TOLERANCE


def test_zeros_that_another_layer_reads_stay() -> None:
    graph = small_graph(
        "  - zero_pad2d: {name: p, padding: 1}\n"
        "  - conv2d: {name: c, out_channels: 4, kernel_size: 1}\n  - add: [p, c]\n"
    )
    assert kinds(graph, PASSES)["Pad"] == 1


def test_sizes_that_are_known_are_constants() -> None:
    layers = "  - flatten: {end_dim: 2}\n"
    assert kinds(small_graph(layers, "{x: [3, H, 5]}"), PASSES) == {"Reshape": 1}
    graph = small_graph("  - flatten: {end_dim: 2}\n", "{x: [3, 5, W]}")
    assert kinds(graph, PASSES) == {"Shape": 1, "Concat": 1, "Reshape": 1}
    assert apart(graph, PASSES, {"W": 4}) <= TOLERANCE


def test_a_weight_that_is_computed_once_is_shared_as_before() -> None:
    text = (
        "  - linear: {name: one, out_features: 8, from: left}\n"
        "  - reuse: {name: two, layer: one, from: right}\n  - add: [one, two]\n"
    )
    graph = small_graph(text, TWO)
    assert arrays(model(graph, PASSES)) == {"one.matrix", "one.bias"}
    assert apart(graph, PASSES) <= TOLERANCE


# Positions in the thousands are left out: now and then torch's first sine in a process, on more
# than one thread, is off by 1e-4 there.
@pytest.mark.parametrize(("features", "made"), [(128, {"Add": 1}), (2048, {"Add": 1, "Mul": 1})])
def test_what_is_large_but_computed_from_little_is_computed_when_it_runs(
    features: int, made: dict[str, int]
) -> None:
    graph = small_graph("  - sinusoidal_position_embedding\n", f"{{x: [250, {features}]}}")
    found = kinds(graph, PASSES)
    assert {kind: found[kind] for kind in ("Add", "Mul") if found[kind]} == made
    assert apart(graph, PASSES) <= TOLERANCE


def test_a_pooling_that_is_read_twice_is_not_merged() -> None:
    graph = small_graph(
        "  - global_avg_pool2d: {name: p, keepdim: true}\n  - flatten: {name: f}\n"
        "  - flatten: {name: g, from: p}\n  - relu: {name: r, from: p}\n",
        more="outputs: [f, g, r]\n",
    )
    assert kinds(graph, PASSES) == {"GlobalAveragePool": 1, "Flatten": 2, "Relu": 1}
    assert apart(graph, PASSES) <= TOLERANCE


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("size: 5, alpha: 0.3, k: 2.0", "Sqrt"),
        ("size: 9, alpha: 2.0, beta: 0.6, k: 0.1", "Pow"),
        ("size: 1, alpha: 0.5", "Sqrt"),
    ],
)
def test_the_energy_of_neighbours_is_the_same_as_a_convolution(fields: str, kind: str) -> None:
    net = small_graph(f"- local_response_norm: {{{fields}}}\n", "{image: [7, H, 6]}")
    assert kinds(net, ["expand_lrn"])[kind]
    assert "LRN" not in kinds(net, ["expand_lrn"])
    for opset in (OPSET, NEWEST_OPSET):
        assert apart(net, ["expand_lrn"], {"H": 5}, opset=opset) <= TOLERANCE


def test_of_very_many_channels_not_all_are_multiplied_with_all() -> None:
    net = small_graph("- local_response_norm: 5\n", "{image: [513, 2, 2]}")
    assert kinds(net, PASSES)["LRN"] == 1
