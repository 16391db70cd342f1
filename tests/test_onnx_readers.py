"""Exported models in other readers' hands: ONNX's own evaluator, OpenVINO, Netron."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from execution import Arrays, balanced_weights, difference, random_inputs, run_torch
from onnx.reference import ReferenceEvaluator
from shipped import checked
from test_spec_execution import SMALL

from archspec.backends.onnx import export, model_of
from archspec.backends.onnx.half import half
from archspec.backends.onnx.quantize import quantized
from archspec.ir.graph import Graph

# Left to OpenVINO: LRN, where ONNX's evaluator normalises no more channels than there are examples,
# padding below zero, which it refuses, and what takes it long.
READ = (
    "cifar_net",
    "densenet",
    "iris_branches",
    "lenet5_1998",
    "lstm",
    "mnist_cnn",
    "mobilenet_v2",
    "residual_block",
    "resnet",
    "small_cnn",
    "unet",
)
SIZES = {"batch": 2, "H": 188, "W": 191, "T": 7}


def _network(name: str) -> tuple[Graph, Arrays, Arrays]:
    graph = checked(name, settings=SMALL.get(name))[0].graph
    return graph, balanced_weights(graph), random_inputs(graph, SIZES)


def _reference(model: onnx.ModelProto, inputs: Arrays) -> list[np.ndarray]:
    return list(ReferenceEvaluator(model).run(None, dict(inputs)))


def _openvino(model: onnx.ModelProto, inputs: Arrays) -> list[np.ndarray]:
    openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed")
    content = openvino.Core().read_model(model.SerializeToString())
    # Some processors would multiply in half precision.
    compiled = openvino.compile_model(content, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return list(compiled(dict(inputs)).values())


@pytest.mark.parametrize("run", [_reference, _openvino])
@pytest.mark.parametrize("name", READ)
def test_it_computes_the_same(
    name: str, run: Callable[[onnx.ModelProto, Arrays], list[np.ndarray]]
) -> None:
    graph, weights, inputs = _network(name)
    made = run(model_of(graph, weights, metadata={}), inputs)
    expected = run_torch(graph, weights, inputs)
    for array, given in zip(expected.values(), made, strict=True):
        assert difference(array, given) <= 1e-5


@pytest.mark.parametrize("name", ["alexnet", "nasnet", "googlenet"])
def test_openvino_computes_what_onnx_s_own_evaluator_cannot(name: str) -> None:
    test_it_computes_the_same(name, _openvino)


@pytest.mark.parametrize("run", [_reference, _openvino])
def test_others_run_what_was_made_smaller(
    run: Callable[[onnx.ModelProto, Arrays], list[np.ndarray]],
) -> None:
    graph, weights, inputs = _network("lenet5")
    model = model_of(graph, weights, metadata={})
    (expected,) = run_torch(graph, weights, inputs).values()
    for smaller, limit in ((half(model), 5e-3), (quantized(model, [inputs]), 5e-2)):
        (given,) = run(smaller, inputs)
        assert given.dtype == np.float32
        assert 0 < difference(expected, given) <= limit


@pytest.fixture(scope="module")
def netron(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Netron's modules, in a folder that says which kind of module they are."""
    found = importlib.util.find_spec("netron")
    if found is None or found.origin is None:
        pytest.skip("Netron is not installed")
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    source, folder = Path(found.origin).parent, tmp_path_factory.mktemp("netron")
    for path in (*source.glob("*.js"), source / "onnx-metadata.json"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


def _in_netron(netron: Path, file: Path) -> dict[str, Any]:
    program = Path(__file__).with_name("read_in_netron.mjs")
    done = subprocess.run(
        ["node", program, netron, file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _text(dtype: str, shape: Iterable[object]) -> str:
    return f"{dtype}[{','.join(map(str, shape))}]"


def test_netron_draws_names_and_shapes(netron: Path, tmp_path: Path) -> None:
    graph, weights, _ = _network("lstm")
    export(graph, weights, tmp_path / "lstm.onnx", metadata={})
    seen = _in_netron(netron, tmp_path / "lstm.onnx")
    assert seen["format"] == "ONNX v10"
    for side, values in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        assert [(value["name"], value["type"]) for value in seen[side]] == [
            (name, _text(value.type.dtype, value.type.shape)) for name, value in values.items()
        ]


def test_netron_draws_every_node_and_the_weights_within(netron: Path, tmp_path: Path) -> None:
    graph, weights, _ = _network("resnet")
    export(graph, weights, tmp_path / "net.onnx", metadata={}, passes=())
    nodes = _in_netron(netron, tmp_path / "net.onnx")["nodes"]
    written = onnx.load(tmp_path / "net.onnx").graph
    assert [(n["name"], n["type"]) for n in nodes] == [(n.name, n.op_type) for n in written.node]
    drawn = {v["name"]: v for n in nodes for v in (*n["inputs"], *n["outputs"]) if "type" in v}
    values = {node.output.name: node.output.type.shape for node in graph.inference_nodes()}
    assert len(values.keys() & drawn.keys()) > 20
    for name, shape in values.items():
        assert name not in drawn or drawn[name]["type"] == _text("float32", shape)
    arrays = {n: a for n, a in weights.items() if not n.endswith("num_batches_tracked")}
    assert arrays
    for name, array in arrays.items():
        assert drawn[name]["held"]
        assert drawn[name]["type"] == _text("float32", array.shape)
