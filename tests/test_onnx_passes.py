"""The passes over ONNX models: alone, together and switched off."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from execution import (
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
from optimized import TOLERANCE, apart, arrays, kinds, model
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
    passes,
    passes_without,
)
from archspec.diagnostics import SpecError

SUBSETS = st.sets(st.sampled_from(PASSES_BY_DEFAULT))


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
