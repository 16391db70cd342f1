"""Recurrent layers of ONNX models: their gates and biases become PyTorch's, or they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from execution import Arrays, difference, run_onnx, run_torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from archspec.backends.fit import MisfitError
from archspec.backends.weights_import import import_weights
from archspec.cli import main
from archspec.frontend import compile_text
from archspec.ir.graph import Graph

FEATURES, HIDDEN, STEPS = 3, 4, 5
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def graph_of(kind: str, fields: str = "") -> Graph:
    text = f"name: net\ninputs: {{x: [{STEPS}, {FEATURES}]}}\nlayers: [{kind}: {{hidden_size: 4"
    return compile_text(f"{text}{fields}}}]\n", "net.yaml").graph


def sequences() -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.normal(size=(2, STEPS, FEATURES)).astype(np.float32)


def write_model(
    path: Path,
    kind: str,
    attributes: Mapping[str, Any] | None = None,
    *,
    directions: int = 1,
    bias: bool = True,
) -> None:
    """Writes a model of one recurrent node after ONNX's own description, with random weights."""
    rows, generator = GATES[kind] * HIDDEN, np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]]
    shapes = {"W": (directions, rows, FEATURES), "R": (directions, rows, HIDDEN)}
    shapes |= {"B": (directions, 2 * rows)} if bias else {}
    weights = [
        numpy_helper.from_array(generator.normal(size=shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    weights.append(numpy_helper.from_array(np.array([0, 0, -1]), "shape"))
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps"], perm=[1, 0, 2]),
        helper.make_node(
            kind, ["steps", *shapes], ["states"], hidden_size=HIDDEN, **(attributes or {})
        ),
        helper.make_node("Transpose", ["states"], ["turned"], perm=[2, 0, 1, 3]),
        helper.make_node("Reshape", ["turned", "shape"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, STEPS, FEATURES])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, STEPS, directions * HIDDEN])
    graph = helper.make_graph(nodes, "net", [x], [y], weights)
    opset = [helper.make_opsetid("", 20)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)


def outputs(graph: Graph, weights: Arrays) -> np.ndarray:
    (made,) = run_torch(graph, weights, {"x": sequences()}).values()
    return made


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize(
    ("kind", "attributes", "fields"),
    [
        ("LSTM", {}, ""),
        ("GRU", {"linear_before_reset": 1}, ""),
        ("GRU", {}, ", reset_after: false"),
        ("RNN", {}, ""),
        ("RNN", {"activations": ["Relu"]}, ", nonlinearity: relu"),
    ],
    ids=["lstm", "gru", "gru of the paper", "rnn", "rnn with relu"],
)
def test_a_recurrent_node_gives_the_same(
    tmp_path: Path, kind: str, attributes: dict[str, Any], fields: str, directions: int, bias: bool
) -> None:
    path = tmp_path / "net.onnx"
    attributes = {name: value * directions if isinstance(value, list) else value
                  for name, value in attributes.items()}  # fmt: skip
    attributes["direction"] = {1: "forward", 2: "bidirectional"}[directions]
    write_model(path, kind, attributes, directions=directions, bias=bias)
    fields += ", bidirectional: true" * (directions == 2) + ", bias: false" * (not bias)
    graph = graph_of(kind.lower(), fields)
    (expected,) = run_onnx(path, {"x": sequences()}).values()
    weights = import_weights(graph, path).weights
    assert difference(expected, outputs(graph, weights)) <= 1e-6
    name = f"{kind.lower()}.weight_hh_l0"
    wrong = weights | {name: np.roll(weights[name], 1, axis=0)}
    assert difference(expected, outputs(graph, wrong)) > 1e-2


class States(nn.Module):
    """A recurrent layer that returns its states only."""

    def __init__(self, cell: nn.RNNBase) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: torch.Tensor) -> Any:  # noqa: ANN401 - torch's modules return anything
        return self.cell(x)[0]


@pytest.mark.filterwarnings("ignore")  # what the exporter says of itself
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_what_pytorch_exports_comes_back(
    tmp_path: Path, kind: type[nn.LSTM] | type[nn.GRU], bidirectional: bool
) -> None:
    torch.manual_seed(0)
    theirs = kind(FEATURES, HIDDEN, batch_first=True, bidirectional=bidirectional)
    path, name = tmp_path / "net.onnx", kind.__name__.lower()
    torch.onnx.export(States(theirs), (torch.from_numpy(sequences()),), path, dynamo=False)
    graph = graph_of(name, f", bidirectional: {str(bidirectional).lower()}")
    given = import_weights(graph, path).weights
    expected = {f"{name}.{key}": tensor.numpy() for key, tensor in theirs.state_dict().items()}
    assert given.keys() == expected.keys()
    assert all(np.array_equal(given[key], array) for key, array in expected.items())


def test_the_biases_of_an_lstm_are_added(tmp_path: Path) -> None:
    path, graph = tmp_path / "net.onnx", graph_of("lstm", ", num_biases: 1")
    write_model(path, "LSTM")
    made = import_weights(graph, path)
    (expected,) = run_onnx(path, {"x": sequences()}).values()
    assert difference(expected, outputs(graph, made.weights)) <= 1e-6
    assert {row.remark for row in made.rows} == {"biases added"}


def test_another_kind_of_gru_is_refused(tmp_path: Path) -> None:
    write_model(tmp_path / "net.onnx", "GRU")
    with pytest.raises(MisfitError, match=r"reset_after is false in .*, but true in the spec"):
        import_weights(graph_of("gru"), tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("LSTM", {"direction": "reverse"}),
        ("GRU", {"direction": "reverse", "linear_before_reset": 1}),
        ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Tanh"]}),
        ("RNN", {"activations": ["Sigmoid"]}),
        ("LSTM", {"input_forget": 1}),
        ("GRU", {"clip": 1.0, "linear_before_reset": 1}),
    ],
)
def test_what_no_layer_of_ours_computes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    kind: str, attributes: dict[str, Any],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    write_model(Path("net.onnx"), kind, attributes)
    layer = f"{kind.lower()}: {{hidden_size: {HIDDEN}}}"
    Path("net.yaml").write_text(f"name: net\ninputs: {{x: [5, 3]}}\nlayers: [{layer}]\n")
    assert main(["weights", "import", "net.onnx", "--to", "net.yaml"]) == 1
    assert "net.onnx does not hold the weights of net" in capsys.readouterr().err
    assert not Path("net.safetensors").exists()
