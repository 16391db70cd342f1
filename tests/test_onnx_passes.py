"""The passes over ONNX models: alone, together and switched off."""

from __future__ import annotations

import pkgutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import pytest
from execution import (
    Arrays,
    balanced_weights,
    difference,
    random_inputs,
    random_weights,
    run_onnx,
    run_torch,
    strong_inputs,
    watched,
)
from hypothesis import HealthCheck, given, note, reject, settings
from hypothesis import strategies as st
from networks import branching
from shipped import checked
from test_language import graph as small_graph
from test_spec_execution import SMALL

from archspec.backends.onnx import (
    NEWEST_OPSET,
    OPSET,
    PASSES,
    PASSES_BY_DEFAULT,
    PassError,
    export,
    model_of,
    passes,
    passes_without,
)
from archspec.diagnostics import SpecError
from archspec.ir.graph import Graph

TOLERANCE = 1e-5
SUBSETS = st.sets(st.sampled_from(PASSES_BY_DEFAULT))


def model(graph: Graph, names: Iterable[str], weights: Arrays | None = None) -> onnx.ModelProto:
    return model_of(graph, weights or random_weights(graph), metadata={}, passes=names)


def kinds(graph: Graph, names: Iterable[str], weights: Arrays | None = None) -> Counter[str]:
    return Counter(node.op_type for node in model(graph, names, weights).graph.node)


def arrays(made: onnx.ModelProto) -> set[str]:
    return {array.name for array in made.graph.initializer}


def apart(
    graph: Graph,
    names: Iterable[str],
    sizes: dict[str, int] | None = None,
    *,
    weights: Arrays | None = None,
    opset: int = OPSET,
) -> float:
    """Returns how far ONNX Runtime is from torch at most, after some passes."""
    weights = weights or balanced_weights(graph)
    inputs = random_inputs(graph, {"batch": 2} | (sizes or {}))
    with TemporaryDirectory() as folder:
        file = Path(folder) / "net.onnx"
        export(graph, weights, file, metadata={}, passes=names, opset=opset)
        made = run_onnx(file, inputs)
    expected = run_torch(graph, weights, inputs)
    # Where a last ReLU leaves nothing, zeros must be zeros.
    return max(
        float(np.abs(array - made[name]).max() / (np.abs(array).max() or 1))
        for name, array in expected.items()
    )


def test_every_pass_is_a_file_and_says_what_it_does() -> None:
    files = {module.name for module in pkgutil.iter_modules(passes.__path__)}
    assert {*PASSES} == files
    assert all(said.endswith(".") and said[0].isupper() for said in PASSES.values())


def test_passes_are_switched_off_by_name() -> None:
    assert passes_without([]) == PASSES_BY_DEFAULT
    left = passes_without(["fold_scales", "remove_heads"])
    assert left == tuple(n for n in PASSES if n not in ("fold_scales", "remove_heads"))
    for names in (["fold"], ["fuse_pads", "fold"]):
        with pytest.raises(PassError, match="there is no pass fold") as error:
            passes_without(names)
        assert "fuse_pads" in error.value.help
        with pytest.raises(PassError, match="there is no pass fold"):
            model(branching(), names)


EFFECTS: list[tuple[str, str, str | None, dict[str, int]]] = [
    ("remove_identities", "alexnet", None, {"Identity": -3}),
    ("remove_identities", "dogs_vs_cats", None, {"Identity": -5, "Add": -1}),
    ("fold_constants", "lstm", None, {"Reshape": -6, "Gather": -3, "Concat": -4}),
    ("merge_pooling", "densenet", None,
     {"GlobalAveragePool": -1, "Flatten": -1, "ReduceMean": 1}),
    ("fold_batch_norm", "resnet", None, {"BatchNormalization": -16}),
    ("fold_batch_norm", "resnet", "resnext50_32x4d", {"BatchNormalization": -16}),
    ("fold_batch_norm", "mobilenet_v2", None, {"BatchNormalization": -52}),
    ("fold_batch_norm", "densenet", None, {"BatchNormalization": -6}),
    ("fold_scales", "inception_resnet_v2", None, {"Mul": -5, "Add": -5}),
    ("fuse_pads", "nasnet", None, {"Pad": -4}),
    ("expand_lrn", "alexnet", None, {"LRN": -2, "Mul": 4, "Conv": 2, "Sqrt": 4, "Div": 2}),
]  # fmt: skip
"""What single passes do to the nodes of shipped specs."""


@pytest.mark.parametrize(("name", "spec", "variant", "effect"), EFFECTS)
def test_a_pass_alone_takes_out_what_it_should(
    name: str, spec: str, variant: str | None, effect: dict[str, int], tmp_path: Path
) -> None:
    graph = watched(checked(spec, variant, SMALL.get(spec))[0].graph)
    weights = balanced_weights(graph)
    before, after = kinds(graph, [], weights), kinds(graph, [name], weights)
    changed = {kind: after[kind] - before[kind] for kind in before | after}
    assert {kind: count for kind, count in changed.items() if count} == effect
    file = tmp_path / "net.onnx"
    export(graph, weights, file, metadata={}, passes=[name])
    inputs = strong_inputs(graph, {"batch": 2, "T": 7})
    made = run_onnx(file, inputs)
    for output, array in run_torch(graph, weights, inputs).items():
        assert difference(array, made[output]) <= 1e-4


NODES = {"googlenet": 150, "resnet50": 121, "resnet152": 359, "densenet201": 607,
         "mobilenet_v2": 99, "inception_v3": 218}  # fmt: skip
"""Nodes of whole networks; torch's own exporter (dynamo) needs as many, and 156 for GoogLeNet."""


@pytest.mark.parametrize(
    ("spec", "variant"), [("googlenet", None), ("resnet", "resnet50"), ("mobilenet_v2", None)]
)
def test_a_whole_network_has_no_more_nodes_than_torch_s_exporter_needs(
    spec: str, variant: str | None
) -> None:
    graph = checked(spec, variant)[0].graph
    zeros = {
        f"{node.path}.{name}": np.broadcast_to(np.float32(0), param.shape)
        for node in graph.nodes
        for name, param in node.parameters().items()
    }
    assert sum(kinds(graph, PASSES, zeros).values()) == NODES[graph.stem]


def test_without_passes_every_layer_is_there() -> None:
    graph = branching()
    made = model(graph, [])
    assert {node.path for node in graph.nodes} <= {
        node.name.removesuffix(f".{node.op_type}") for node in made.graph.node
    }
    tensors = {f"{node.path}.{name}" for node in graph.nodes for name in node.parameters()}
    assert tensors - arrays(made) == {"stem.norm.num_batches_tracked"}


def test_heads_are_outputs_where_they_are_kept(tmp_path: Path) -> None:
    graph, file = branching(), tmp_path / "net.onnx"
    shown = replace(
        graph,
        nodes=[node._replace(head=None) for node in graph.nodes],
        outputs=graph.outputs | {name: head.value for name, head in graph.heads.items()},
        heads={},
    )
    weights = random_weights(graph)
    export(graph, weights, file, metadata={}, passes=passes_without(["remove_heads"]))
    inputs = random_inputs(graph, {"batch": 2})
    expected, made = run_torch(shown, weights, inputs), run_onnx(file, inputs)
    assert list(made) == ["logits", "early"]
    for name, array in expected.items():
        assert difference(array, made[name]) <= TOLERANCE


@pytest.mark.parametrize("opset", range(OPSET, NEWEST_OPSET + 1))
def test_all_passes_agree_in_every_opset(opset: int) -> None:
    assert apart(branching(), PASSES, opset=opset) <= TOLERANCE


LAYERS: list[str] = [
    "batch_norm", "rescaling: 0.17", "rescaling: {scale: 3.0, offset: -1.5}", "dropout",
    "identity", "relu", "conv2d: {out_channels: 6, kernel_size: 3, padding: 1}",
    "conv2d: {out_channels: 4, kernel_size: 1, bias: false, groups: 2}",
    "depthwise_conv2d: {kernel_size: 3, padding: same}",
    "conv_transpose2d: {out_channels: 6, kernel_size: 2, stride: 2, groups: 2}",
    "conv_transpose2d: {out_channels: 4, kernel_size: 3, bias: false}",
    "zero_pad2d: 1", "zero_pad2d: [[0, 1], [2, 0]]", "constant_pad2d: {padding: 1, value: 0.5}",
    "avg_pool2d: {kernel_size: 3, stride: 1}",
    "avg_pool2d: {kernel_size: 3, stride: 2, padding: 1}",
    "avg_pool2d: {kernel_size: 3, stride: 2, padding: 1, count_include_pad: false}",
    "avg_pool2d: {kernel_size: 3, stride: 2, ceil_mode: true}",
    "max_pool2d: {kernel_size: 3, stride: 1}", "linear: 8",
    "normalization: {mean: 0.5, std: 0.25}", "residual: [batch_norm, rescaling: 0.5]",
    "residual: [conv2d: {out_channels: 4, kernel_size: 1}, batch_norm]",
    "concat: {a: [conv2d: {out_channels: 2, kernel_size: 1}, batch_norm], b: [rescaling: 2.0]}",
]  # fmt: skip
"""Layers that passes act on, and some that stand between them."""

ENDS = ["global_avg_pool2d", "flatten", "linear: 3", "batch_norm", "rescaling: 0.1", "relu"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(LAYERS), min_size=2, max_size=7),
    st.lists(st.sampled_from(ENDS), max_size=4),
    SUBSETS,
)
def test_any_passes_keep_what_any_layers_compute(
    layers: list[str], ends: list[str], names: set[str]
) -> None:
    start = "conv2d: {name: stem, out_channels: 4, kernel_size: 3, padding: 1}"
    body = "".join(f"  - {layer}\n" for layer in [start, *_fitting(layers), *_ending(ends)])
    note(f"{body}{names}")
    try:
        graph = small_graph(body, "{x: [3, 14, 13]}")
    except SpecError:  # nothing is left after so many poolings
        reject()
    weights = balanced_weights(graph)
    assert apart(graph, names, weights=weights) <= TOLERANCE
    plain, made = model(graph, [], weights), model(graph, names, weights)
    assert [info.name for info in made.graph.output] == [info.name for info in plain.graph.output]
    nodes = {node.name for node in plain.graph.node}
    merged = {name.rpartition(".")[0] for name in nodes if name.endswith("Pool")}
    assert {node.name for node in made.graph.node} <= nodes | merged
    assert len(made.graph.node) <= len(plain.graph.node)


@pytest.mark.parametrize("name", PASSES_BY_DEFAULT)
def test_a_pass_alone_meets_layers_that_nothing_reads(name: str) -> None:
    unread = """
  - conv2d: {name: stem, out_channels: 4, kernel_size: 3}
  - zero_pad2d: {name: pad, from: stem, padding: 1}
  - global_avg_pool2d: {name: pool, from: stem}
  - batch_norm: {name: norm, from: stem}
  - relu: {from: stem}
"""
    graph = small_graph(unread.lstrip("\n"), "{x: [3, 14, 13]}")
    assert {"pad", "pool", "norm"} <= {node.path for node in graph.nodes}
    assert apart(graph, [name]) <= TOLERANCE
    assert not any(node.name.startswith("pad") for node in model(graph, [name]).graph.node)


def _fitting(layers: list[str]) -> list[str]:
    """Returns layers in which each block gets the four channels that it takes."""
    to_four = "conv2d: {out_channels: 4, kernel_size: 1}"
    needy = ("residual: [conv2d", "conv_transpose2d", "conv2d: {out_channels: 4")
    return [
        one for layer in layers for one in ([to_four] if layer.startswith(needy) else []) + [layer]
    ]


def _ending(ends: list[str]) -> list[str]:
    return ["global_avg_pool2d", *(e for e in ends if e not in ENDS[:2])] if ends else []


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
