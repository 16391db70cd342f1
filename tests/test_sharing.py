"""Groups, copies side by side, weights that are shared, and how weights are treated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from execution import random_inputs, random_weights, run_onnx, run_torch
from test_language import codes, graph, shapes, wires

from archspec.backends.onnx import export
from archspec.backends.torch import build
from archspec.frontend.treatments import FILLS
from archspec.ir.graph import Graph, Node
from archspec.ir.totals import totals
from archspec.ir.treatment import Initializer, Penalty


def by_path(graph: Graph) -> dict[str, Node]:
    return {node.path: node for node in graph.nodes}


def frozen(graph: Graph) -> set[str]:
    return {node.path for node in graph.nodes if node.treatment.frozen}


TOWER = (
    "  - group:\n"
    "      name: tower\n"
    "      from: left\n"
    "      layers: [conv2d: {out_channels: 6, kernel_size: 3}, batch_norm, relu, dropout]\n"
    "  - reuse: {name: other, layer: tower, from: right}\n"
    "  - add: [tower, other]\n"
)
TWO = "{left: [3, 8, 8], right: [3, 8, 8]}"


def test_an_unnamed_group_is_transparent_and_a_named_one_a_scope() -> None:
    made = graph("  - group: [relu, tanh]\n  - group: {name: g, layers: [relu]}\n  - relu\n")
    assert wires(made) == {
        "relu": ["x"],
        "tanh": ["relu"],
        "g.relu": ["tanh"],
        "relu_2": ["g.relu"],
    }


def test_a_group_is_repeated_skipped_and_fed_as_one() -> None:
    layers = (
        "  - group: {name: g, repeat: 2, layers: [linear: 3, relu]}\n"
        "  - group: {when: false, layers: [linear: 9]}\n"
        "  - group: {from: x, layers: [linear: 5]}\n"
    )
    made = wires(graph(layers, "{x: [4]}"))
    assert list(made) == ["g.0.linear", "g.0.relu", "g.1.linear", "g.1.relu", "linear_2"]
    assert made["g.1.linear"] == ["g.0.relu"]
    assert made["linear_2"] == ["x"]


def test_each_makes_a_path_for_every_row() -> None:
    path = "path: [select: =maps, conv2d: {out_channels: 1, kernel_size: 3}]"
    merge = f"{{name: c3, each: {{maps: [[0, 1], [1, 2, 3]]}}, {path}, rest: [crop2d: 1]}}"
    made = graph(f"  - concat: {merge}\n")
    assert [*by_path(made)] == [
        "c3.path.0.select", "c3.path.0.conv2d", "c3.path.1.select", "c3.path.1.conv2d",
        "c3.rest.crop2d", "c3.concat",
    ]  # fmt: skip
    assert shapes(made)["c3.concat"] == "6×6×6"
    assert by_path(made)["c3.path.1.conv2d"].tensors()["weight"].shape == (1, 3, 3, 3)


def test_each_sees_index_and_count_and_takes_a_number_and_rows() -> None:
    made = graph(
        "  - add: {each: 3, path: [linear: =4 * (index + 1) // (index + 1)]}\n", "{x: [4]}"
    )
    assert [*by_path(made)] == ["path.0.linear", "path.1.linear", "path.2.linear", "add"]
    rows = "  - concat: {each: [{n: 2}, {n: =count}], path: [linear: =n]}\n"
    assert codes(f"inputs: {{x: [4]}}\nlayers:\n{rows}") == ["E112"]
    rows = rows.replace("=count", "7")
    assert shapes(graph(rows, "{x: [4]}"))["concat"] == "9"


def test_each_without_path_is_refused() -> None:
    assert codes("inputs: {x: [4]}\nlayers: [add: {each: 2, pth: [relu]}]\n") == ["E102"]


def test_shared_weights_are_stored_once_and_counted_once() -> None:
    made = graph(TOWER, TWO)
    single = graph(
        "  - conv2d: {out_channels: 6, kernel_size: 3}\n  - batch_norm\n", "{x: [3, 8, 8]}"
    )
    assert totals(made).params == totals(single).params
    assert totals(made).statistics == totals(single).statistics
    assert totals(made).macs == 2 * totals(single).macs
    nodes = by_path(made)
    assert nodes["other.conv2d"].shares == "tower.conv2d"
    assert nodes["other.relu"].shares is None
    assert {name.partition(".")[0] for name in build(made).state_dict()} == {"tower"}


def test_shared_weights_compute_the_same_in_torch_and_onnx(tmp_path: Path) -> None:

    made = graph(TOWER, TWO)
    weights = random_weights(made)
    inputs = random_inputs(made, {"batch": 3})
    expected = run_torch(made, weights, inputs)["output"]
    swapped = run_torch(made, weights, {"left": inputs["right"], "right": inputs["left"]})["output"]
    assert np.allclose(expected, swapped, atol=1e-5)
    file = tmp_path / "shared.onnx"
    export(made, weights, file, metadata={})
    assert np.allclose(run_onnx(file, inputs)["output"], expected, atol=1e-4)


def test_gradients_of_shared_weights_add_up() -> None:
    net = build(graph("  - linear: {name: a, out_features: 1, bias: false, from: x}\n"
                      "  - reuse: {layer: a, from: y}\n  - add: [a, reuse]\n",
                      "{x: [2], y: [2]}"))  # fmt: skip
    x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[10.0, 20.0]])
    net(x, y).sum().backward()
    (weight,) = net.parameters()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[11.0, 22.0]]


def test_a_block_call_a_residual_and_a_reuse_can_be_reused() -> None:
    blocks = "blocks: {b: {params: {n: int}, layers: [linear: =n, relu]}}\n"
    layers = (
        "  - b: {name: first, n: 4}\n"
        "  - reuse: {name: second, layer: first}\n"
        "  - reuse: {name: third, layer: second}\n"
        "  - residual: [linear: 4]\n"
        "  - reuse: add\n"
    )
    made = by_path(graph(layers, "{x: [4]}", blocks))
    assert {path: node.shares for path, node in made.items() if node.shares} == {
        "second.linear": "first.linear",
        "third.linear": "first.linear",
        "reuse.linear": "linear",
    }
    assert "reuse.add" in made


@pytest.mark.parametrize(
    ("reuse", "code"),
    [
        ("{layer: a, from: wide}", "E201"),  # another number of features
        ("{layer: x}", "E106"),  # an input is no layer
        ("{layer: nothing}", "E106"),
        ("{form: a}", "E101"),
        ("{from: a}", "E102"),
    ],
)
def test_what_cannot_be_reused_is_refused(reuse: str, code: str) -> None:
    layers = f"layers:\n  - linear: {{name: a, out_features: 4}}\n  - reuse: {reuse}\n"
    assert code in codes(f"inputs: {{x: [4], wide: [5]}}\n{layers}")


def test_freeze_takes_all_or_patterns_and_the_innermost_decides() -> None:
    blocks = "blocks: {b: {layers: [linear: {name: fc, out_features: 4}, relu]}}\n"
    layers = (
        "  - b: {name: one, freeze: true}\n"
        '  - b: {name: two, repeat: 2, freeze: ["1", "0.re*"]}\n'
        "  - group: {freeze: true, layers: [b: {name: three, freeze: false}, linear: 2]}\n"
    )
    made = graph(layers, "{x: [4]}", blocks)
    assert frozen(made) == {"one.fc", "one.relu", "two.0.relu", "two.1.fc", "two.1.relu", "linear"}
    sums = totals(made)
    assert (sums.params, sums.frozen) == (4 * 20 + 10, 2 * 20 + 10)


def test_a_pattern_that_freezes_nothing_is_a_fault() -> None:
    assert codes(
        "inputs: {x: [4]}\nlayers: [group: {name: g, freeze: [lin], layers: [linear: 2]}]\n"
    ) == ["E106"]
    assert codes("inputs: {x: [4]}\nlayers: [linear: {out_features: 2, freeze: 3}]\n") == ["E103"]


def test_weights_are_treated_as_the_nearest_word_says() -> None:
    more = (
        "defaults: {linear: {weight_init: he_normal, bias_init: {constant: 0.5}}}\n"
        "blocks:\n  b:\n    layers:\n      - linear: 4\n"
        "      - linear: {out_features: 4, weight_init: zeros}\n      - batch_norm\n"
    )
    layers = (
        "  - linear: 4\n  - b: {weight_init: {normal: {std: 0.1}}, weight_l2: 1e-4, max_norm: 3}\n"
    )
    made = by_path(graph(layers, "{x: [4]}", more))
    plain, first, second, norm = (node.treatment for node in made.values())
    assert plain.weight_init == Initializer(
        "torch.nn.init.kaiming_normal_", {"nonlinearity": "relu"}
    )
    assert plain.bias_init == Initializer("torch.nn.init.constant_", {"val": 0.5})
    assert first.weight_init == Initializer("torch.nn.init.normal_", {"mean": 0.0, "std": 0.1})
    assert second.weight_init == Initializer("torch.nn.init.zeros_")
    assert first.weight_penalty == second.weight_penalty == Penalty(0.0, 1e-4)
    assert first.max_norm == 3.0
    # What is said of a block is meant for its kernels, not for the scale of a normalisation.
    assert norm.weight_init is None
    assert norm.weight_penalty == Penalty()


def test_an_output_penalty_is_of_what_leaves_the_layer() -> None:
    blocks = "blocks: {b: {layers: [linear: {out_features: 4, output_l1: 0.1}, relu]}}\n"
    made = by_path(graph("  - b: {output_l2: 0.01}\n", "{x: [4]}", blocks))
    assert made["b.linear"].treatment.output_penalty == Penalty(0.1, 0.0)
    assert made["b.relu"].treatment.output_penalty == Penalty(0.0, 0.01)
    more = "defaults: {relu: {output_l1: 0.3, output_l2: 0.4}}\n"
    made = by_path(graph("  - relu\n  - relu: {output_l1: 0.2}\n", "{x: [4]}", more))
    assert made["relu"].treatment.output_penalty == Penalty(0.3, 0.4)
    assert made["relu_2"].treatment.output_penalty == Penalty(0.2, 0.4)


@pytest.mark.parametrize("fill", FILLS)
def test_every_initialiser_fills_a_kernel(fill: str) -> None:
    made = graph(
        f"  - linear: {{out_features: 50, weight_init: {fill}, bias_init: zeros}}\n", "{x: [40]}"
    )
    before = torch.nn.Linear(40, 50).weight
    weight, bias = build(made).parameters()
    assert not torch.equal(weight, before)
    assert bias.abs().max() == 0


@pytest.mark.parametrize(
    ("layer", "code"),
    [
        ("linear: {out_features: 2, weight_init: hee_normal}", "E103"),
        ("lstm: {hidden_size: 2, weight_init: zeros}", "E201"),
        ("linear: {out_features: 2, weight_init: {normal: {sd: 1}}}", "E103"),
        ("linear: {out_features: 2, weight_init: {zeros: 1}}", "E103"),
        ("linear: {out_features: 2, bias_init: he_normal}", "E103"),
        ("linear: {out_features: 2, weight_l2: -1}", "E103"),
        ("linear: {out_features: 2, max_norm: big}", "E103"),
        ("batch_norm: {weight_init: he_normal}", "E103"),
        ("relu: {weight_init: zeros}", "E103"),
        ("group: {output_l1: 1, layers: []}", "E103"),
    ],
)
def test_treatments_that_do_not_fit_are_refused(layer: str, code: str) -> None:
    assert codes(f"inputs: {{x: [4]}}\nlayers: [{{{layer}}}]\n") == [code]


def test_patterns_below_a_transparent_layer_are_relative_to_the_scope_around_it() -> None:
    layers = (
        "  - group:\n      freeze: [linear]\n"
        "      layers: [linear: 4, group: {name: b, layers: [linear: 4]}]\n"
        "  - residual: {freeze: [tanh, linear_2], body: [linear: 4, tanh]}\n"
    )
    assert frozen(graph(layers, "{x: [4]}")) == {"linear", "linear_2", "tanh"}


def test_patterns_see_the_parts_of_composites() -> None:
    layer = "{name: s, out_channels: 4, kernel_size: 3, freeze: depthwise}"
    assert frozen(graph(f"  - separable_conv2d: {layer}\n")) == {"s.depthwise"}


def test_what_a_reuse_says_of_weights_is_refused() -> None:
    for key in ("freeze: true", "weight_l2: 3", "weight_init: zeros"):
        layers = f"layers: [linear: {{name: a, out_features: 4}}, reuse: {{layer: a, {key}}}]\n"
        assert codes(f"inputs: {{x: [4]}}\n{layers}") == ["E103"]


def test_a_reuse_is_given_what_it_says_and_no_more() -> None:
    layers = "layers: [linear: {name: a, out_features: 4}, reuse: {layer: a, from: [x, y]}]\n"
    assert codes(f"inputs: {{x: [4], y: [4]}}\n{layers}") == ["E201"]


def test_an_operator_with_layers_in_place_of_an_input_is_reused_with_them() -> None:
    layers = "  - cross_attention: {name: ca, num_heads: 2, memory: [linear: 4]}\n  - reuse: ca\n"
    made = by_path(graph(layers, "{x: [T, 4]}"))
    assert made["reuse_memory.linear"].shares == "ca_memory.linear"
    assert made["reuse"].shares == "ca"


def test_defaults_treat_blocks_and_whole_files() -> None:
    more = (
        "defaults: {weight_l2: 0.5, conv2d: {weight_l2: 0.25}, b: {weight_l2: 0.125}}\n"
        "blocks: {b: {layers: [linear: 4, batch_norm]}}\n"
    )
    layers = "  - flatten\n  - linear: 4\n  - b\n  - b: {weight_l2: 2}\n"
    made = by_path(graph(layers, more=more))
    penalties = {path: node.treatment.weight_penalty.l2 for path, node in made.items()}
    assert penalties == {
        "flatten": 0.0, "linear": 0.5, "b.linear": 0.125, "b.batch_norm": 0.0,
        "b_2.linear": 2.0, "b_2.batch_norm": 0.0,
    }  # fmt: skip
    made = by_path(graph("  - conv2d: {out_channels: 2, kernel_size: 1}\n", more=more))
    assert made["conv2d"].treatment.weight_penalty.l2 == 0.25


def test_of_several_output_penalties_the_nearest_holds() -> None:
    more = (
        "defaults: {linear: {output_l1: 0.5}}\n"
        "blocks: {b: {layers: [linear: {out_features: 4, output_l1: 0.25}]}}\n"
    )
    layers = "  - linear: {out_features: 4, output_l1: 0}\n  - b: {output_l1: 2, output_l2: 3}\n"
    first, second = graph(layers, "{x: [4]}", more).nodes
    assert first.treatment.output_penalty == Penalty()
    assert second.treatment.output_penalty == Penalty(0.25, 3.0)


def test_an_output_penalty_is_of_a_layer_s_own_output() -> None:
    layers = "layers: [linear: 4, group: {layers: [], output_l1: 0.7}]\n"
    assert codes(f"inputs: {{x: [4]}}\n{layers}") == ["E103"]


def test_each_decides_about_single_copies() -> None:
    path = "path: {when: =rate > 1, layers: [linear: =rate]}"
    made = graph(f"  - concat: {{each: {{rate: [1, 2, 3]}}, {path}}}\n", "{x: [4]}")
    assert [*by_path(made)] == ["path.1.linear", "path.2.linear", "concat"]
    assert codes("inputs: {x: [4]}\nlayers: [add: {each: {in: [1, 2]}, path: [relu]}]\n") == [
        "E108"
    ]


def test_a_treated_group_hides_no_names() -> None:
    made = graph(
        "  - group: {freeze: true, layers: [relu: {name: a}, tanh]}\n  - tanh: {from: a}\n"
    )
    assert wires(made)["tanh_2"] == ["a"]


def test_a_layer_that_reuses_itself_is_refused() -> None:
    layers = "  - group: {name: n, layers: [relu, {reuse: {layer: n, when: =in.features == 5}}]}\n"
    text = f"inputs: {{x: [4], y: [5]}}\nlayers:\n{layers}  - reuse: {{layer: n, from: y}}\n"
    assert codes(text) == ["E111"]
