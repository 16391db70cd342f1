"""The ONNX model of a graph, beyond the laws of single operators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from execution import difference, random_inputs, random_weights, run_onnx, run_torch
from networks import Builder, branching

from archspec.backends.fit import MisfitError
from archspec.backends.onnx import (
    NEWEST_OPSET,
    PASSES_BY_DEFAULT,
    ExportError,
    OpsetError,
    export,
)
from archspec.ir.dim import Dim
from archspec.ir.graph import Graph
from archspec.ir.lowering import Input, OnnxNode
from archspec.ir.op import Operator
from archspec.ir.types import TensorType
from archspec.ops.add import Add
from archspec.ops.center_crop import CenterCrop
from archspec.ops.dropout import Dropout
from archspec.ops.linear import Linear
from archspec.ops.max_pool2d import MaxPool2d
from archspec.ops.relu import ReLU
from archspec.ops.zero_pad2d import ZeroPad2d

H, W = Dim.of("H"), Dim.of("W")


WEIGHTED = ("stem.conv", "mix.narrow", "mix.wide.conv", "blocks.0.conv", "blocks.0.conv_2", "fc")
"""The nodes of `branching` with weights that no pass takes out."""


def _export(graph: Graph, file: Path, passes: Sequence[str] = PASSES_BY_DEFAULT) -> onnx.ModelProto:
    export(graph, random_weights(graph), file, metadata={}, passes=passes)
    return onnx.load(file)


def _dims(info: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(12, 10), (9, 23)])
def test_a_branching_network_agrees_with_torch(
    batch: int, height: int, width: int, tmp_path: Path
) -> None:
    graph, file = branching(H, W), tmp_path / "net.onnx"
    weights = random_weights(graph)
    export(graph, weights, file, metadata={})
    inputs = random_inputs(graph, {"batch": batch, "H": height, "W": width})
    expected, given = run_torch(graph, weights, inputs), run_onnx(file, inputs)
    assert list(given) == ["logits"]
    assert difference(expected["logits"], given["logits"]) <= 1e-5


def test_swapped_weights_of_equal_shape_change_the_output(tmp_path: Path) -> None:
    graph, file = branching(), tmp_path / "net.onnx"
    weights = random_weights(graph)
    inputs = random_inputs(graph, {"batch": 2})
    original = run_torch(graph, weights, inputs)["logits"]
    first, second = "blocks.0.conv.weight", "blocks.0.conv_2.weight"
    swapped = weights | {first: weights[second], second: weights[first]}
    export(graph, swapped, file, metadata={})
    given = run_onnx(file, inputs)["logits"]
    assert difference(original, given) > 1e-2
    assert difference(run_torch(graph, swapped, inputs)["logits"], given) <= 1e-5


def test_names_are_paths_and_heads_are_gone(tmp_path: Path) -> None:
    proto = _export(branching(), tmp_path / "net.onnx").graph
    assert [node.name for node in proto.node] == [
        "stem.conv",
        "mix.narrow",
        "mix.wide.conv",
        "mix.wide.act",
        "mix.pool",
        "mix.concat",
        "blocks.0.conv",
        "blocks.0.conv_2",
        "blocks.0.add",
        "pool",
        "fc",
    ]
    assert {init.name for init in proto.initializer} == {
        *(f"{path}.{name}" for path in WEIGHTED for name in ("weight", "bias")),
        "pool.axes",
    }
    assert not [init.name for init in proto.initializer if init.name.startswith("early")]
    made = {name for node in proto.node for name in node.output}
    assert {"stem.norm", "mix.concat", "logits"} <= made


def test_several_nodes_of_a_kind_in_one_operator_have_names_of_their_own(tmp_path: Path) -> None:
    net = Builder("three axes")
    net.graph.outputs = {"y": net.add("head.fc", Linear(out_features=2), net.input("x", 5, 3))}
    proto = _export(net.graph, tmp_path / "net.onnx", ["remove_identities"]).graph
    assert [n.name for n in proto.node] == ["head.fc.Transpose", "head.fc.MatMul", "head.fc.Add"]
    assert {init.name for init in proto.initializer} == {"head.fc.weight", "head.fc.bias"}


def test_batch_and_symbolic_sizes_are_free_and_keep_their_names(tmp_path: Path) -> None:
    proto = _export(branching(H, 11), tmp_path / "net.onnx").graph
    assert [_dims(info) for info in proto.input] == [["batch", 3, "H", 11]]
    assert [_dims(info) for info in proto.output] == [["batch", 5]]
    inner = {info.name: _dims(info) for info in proto.value_info}
    assert inner["stem.norm"] == ["batch", 8, str((H - 1) // 2), 5]


def test_the_file_is_of_opset_20_and_carries_metadata(tmp_path: Path) -> None:
    graph, file = branching(), tmp_path / "net.onnx"
    export(graph, random_weights(graph), file, metadata={"archspec.name": "branching"})
    model = onnx.load(file)
    assert (model.ir_version, [o.version for o in model.opset_import]) == (10, [20])
    assert {p.key: p.value for p in model.metadata_props} == {"archspec.name": "branching"}


def test_an_unknown_opset_is_refused(tmp_path: Path) -> None:
    graph = branching()
    for opset in (9, 19, NEWEST_OPSET + 1, 1000):
        with pytest.raises(OpsetError) as error:
            export(graph, random_weights(graph), tmp_path / "x", metadata={}, opset=opset)
        assert str(opset) in error.value.message
        assert "from 20 to 26," in error.value.help
    assert not list(tmp_path.iterdir())


def test_outputs_have_the_spec_s_names_whatever_they_stand_for(tmp_path: Path) -> None:
    net = Builder("aliases")
    x = net.input("x", 4)
    fc = net.add("fc", Linear(out_features=4), x)
    dropped = net.add("dropout", Dropout(), fc)
    again = net.add("dropout_2", Dropout(), dropped)
    total = net.add("total", Add(), again, x)
    net.graph.outputs = {
        "total": fc,  # named like another node
        "after_dropout": again,  # the same tensor once more
        "input_again": x,
        "dropped_input": net.add("dropout_3", Dropout(), x),
        "rectified": net.add("relu", ReLU(), total),
    }
    file = tmp_path / "net.onnx"
    weights = random_weights(net.graph)
    export(net.graph, weights, file, metadata={})
    inputs = random_inputs(net.graph, {"batch": 2})
    expected, given = run_torch(net.graph, weights, inputs), run_onnx(file, inputs)
    assert list(given) == list(net.graph.outputs)
    for name, array in expected.items():
        assert difference(array, given[name]) <= 1e-6
    assert np.array_equal(given["input_again"], inputs["x"])
    assert np.array_equal(given["after_dropout"], given["total"])


def test_a_network_that_ends_in_dropout_has_no_needless_node(tmp_path: Path) -> None:
    with_dropout = _export(branching(), tmp_path / "a.onnx").graph
    without = _export(branching(dropout=False), tmp_path / "b.onnx").graph
    assert [n.name for n in with_dropout.node] == [n.name for n in without.node]
    assert with_dropout.output[0].name == "logits"


def test_an_output_called_as_an_input_is_refused(tmp_path: Path) -> None:
    net = Builder("autoencoder")
    net.graph.outputs = {"image": net.add("relu", ReLU(), net.input("image", 4))}
    with pytest.raises(ExportError, match="an input and an output are both called image"):
        export(net.graph, {}, tmp_path / "net.onnx", metadata={})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fc.bias": None}, r"1 missing \(fc.bias\)"),
        ({"fc.scale": np.zeros(5)}, r"1 unexpected \(fc.scale\)"),
        (
            {"fc.bias": np.zeros(4)},
            r"1 of another shape \(fc.bias is \[4\] instead of \[5\]\)",
        ),
        (
            {"a": np.zeros(1), "b": np.zeros(1), "c": np.zeros(1), "d": np.zeros(1)},
            r"4 unexpected \(a, b, c, …\)",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named(
    change: dict[str, np.ndarray | None], message: str, tmp_path: Path
) -> None:
    graph = branching()
    changed = {**random_weights(graph), **change}
    weights = {name: array for name, array in changed.items() if array is not None}
    with pytest.raises(MisfitError, match=f"the weights are not those of branching: {message}"):
        export(graph, weights, tmp_path / "net.onnx", metadata={})
    assert not list(tmp_path.iterdir())


def test_weights_of_heads_are_not_needed(tmp_path: Path) -> None:
    graph = branching()
    weights = random_weights(graph)
    inference = {name: w for name, w in weights.items() if not name.startswith("early.")}
    export(graph, inference, tmp_path / "a.onnx", metadata={})
    export(graph, weights, tmp_path / "b.onnx", metadata={})
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


class Mistaken(Operator):
    """An operator whose shape rule and ONNX lowering disagree."""

    sizes: tuple[str | int, ...]

    def output(self, *inputs: TensorType) -> TensorType:
        return inputs[0].with_example(*(Dim.of(s) if isinstance(s, str) else s for s in self.sizes))

    def onnx(self, *inputs: TensorType) -> Sequence[OnnxNode]:
        return [OnnxNode("Relu", [Input(0)])]


@pytest.mark.parametrize("sizes", [(3, 5), (4,), ("H",), ("H", 1)])
def test_a_shape_that_onnx_infers_otherwise_is_an_internal_error(
    sizes: tuple[str | int, ...], tmp_path: Path
) -> None:
    net = Builder("mistaken")
    wrong = net.add("wrong", Mistaken(sizes=sizes), net.input("x", 3))
    net.graph.outputs = {"y": net.add("relu", ReLU(), wrong)}
    with pytest.raises(RuntimeError, match="but ONNX infers"):
        export(net.graph, {}, tmp_path / "net.onnx", metadata={})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("amount", [1, 3])
def test_zeros_before_a_pooling_stay_zeros(amount: int, tmp_path: Path) -> None:
    # ONNX Runtime would fold them into the pooling's own padding, which is minus infinity.
    net = Builder("padded")
    padded = net.add("pad", ZeroPad2d(padding=amount), net.input("x", 2, 5, 5))
    net.graph.outputs = {"y": net.add("pool", MaxPool2d(kernel_size=2), padded)}
    file = tmp_path / "net.onnx"
    export(net.graph, {}, file, metadata={})
    inputs = {"x": -np.ones((1, 2, 5, 5), np.float32)}
    expected = run_torch(net.graph, {}, inputs)["y"]
    assert expected.max() == 0
    assert np.array_equal(run_onnx(file, inputs)["y"], expected)


def test_an_output_and_a_node_of_its_layer_have_names_of_their_own(tmp_path: Path) -> None:
    net = Builder("cropped")
    cropped = net.add("crop", CenterCrop(size=3), net.input("x", 2, 5, 5))
    net.graph.outputs = {"crop": cropped}
    model = _export(net.graph, tmp_path / "net.onnx", passes=())
    names = [node.name for node in model.graph.node]
    assert len({*names}) == len(names)
    inputs = random_inputs(net.graph, {"batch": 1})
    expected, made = run_torch(net.graph, {}, inputs), run_onnx(tmp_path / "net.onnx", inputs)
    assert np.array_equal(expected["crop"], made["crop"])
