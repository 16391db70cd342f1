"""Weights of other implementations: what is which is found out, told, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from execution import random_weights
from safetensors.numpy import load_file, save_file
from torch import nn

from archspec.backends.onnx import export
from archspec.backends.weights_import import UndecidedError, import_weights
from archspec.cli import main
from archspec.frontend import compile_spec, compile_text
from archspec.frontend.shipped import shipped_specs
from archspec.ir.graph import Graph

RESIDUAL = """
name: net
inputs: {image: [3, 8, 8]}
defaults: {conv2d: {bias: false}}
blocks:
  block:
    params: {out: int, stride: 1}
    layers:
      - residual:
          body:
            - conv2d: {out_channels: =out, kernel_size: 1, stride: =stride}
            - batch_norm
            - conv2d: {out_channels: =2 * out, kernel_size: 1}
            - batch_norm
          shortcut: [conv2d: {out_channels: =2 * out, kernel_size: 1, stride: =stride}, batch_norm]
layers:
  - conv2d: {name: stem, out_channels: 4, kernel_size: 3, padding: 1}
  - block: {name: first, out: 4}
  - block: {name: second, out: 6, stride: 2}
  - global_avg_pool2d
  - linear: {name: fc, out_features: 5}
"""
"""The second block tells by shapes what is its shortcut; the first one by names only."""

THEIRS = {
    "stem": "conv1",
    "first.conv2d": "blocks.0.conv1",
    "first.batch_norm": "blocks.0.bn1",
    "first.conv2d_2": "blocks.0.conv2",
    "first.batch_norm_2": "blocks.0.bn2",
    "first.shortcut.conv2d": "blocks.0.downsample.0",
    "first.shortcut.batch_norm": "blocks.0.downsample.1",
    "second.conv2d": "blocks.1.conv1",
    "second.batch_norm": "blocks.1.bn1",
    "second.conv2d_2": "blocks.1.conv2",
    "second.batch_norm_2": "blocks.1.bn2",
    "second.shortcut.conv2d": "blocks.1.downsample.0",
    "second.shortcut.batch_norm": "blocks.1.downsample.1",
    "fc": "classifier",
}
"""What an implementation calls the layers, in the order in which it defines them."""

TWINS = """
name: net
inputs: {image: [3, 8, 8]}
layers:
  - concat:
      one: [conv2d: {name: conv, out_channels: 4, kernel_size: 1}, relu]
      two: [max_pool2d: {kernel_size: 1}, conv2d: {name: conv, out_channels: 4, kernel_size: 1}]
"""
"""Two layers that neither shape nor order tells apart."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def graph_of(text: str) -> Graph:
    return compile_text(text, "net.yaml").graph


def renamed(weights: Mapping[str, np.ndarray], names: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Returns weights by other names, in the order of these."""
    return {
        f"{theirs}.{name.rpartition('.')[2]}": array
        for ours, theirs in names.items()
        for name, array in weights.items()
        if name.rpartition(".")[0] == ours
    }


def write_torch(weights: Mapping[str, np.ndarray], path: str = "net.pth") -> Path:
    """Writes weights as `torch.save` does."""
    torch.save({name: torch.from_numpy(array) for name, array in weights.items()}, path)
    return Path(path)


def check_same(given: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Checks that weights are the same; counters are not taken."""
    wanted = {k: v for k, v in expected.items() if not k.endswith("num_batches_tracked")}
    assert given.keys() == wanted.keys()
    assert all(np.array_equal(given[name], array) for name, array in wanted.items())


def test_names_of_a_block_are_understood_by_those_of_another() -> None:
    graph = graph_of(RESIDUAL)
    weights = random_weights(graph)
    made = import_weights(graph, write_torch(renamed(weights, THEIRS)))
    check_same(made.weights, weights)
    found = {row.name: row.reason for row in made.rows}
    assert found["stem.weight"] == "shape"
    assert found["second.batch_norm_2.weight"] == "order"
    assert found["first.conv2d_2.weight"] == "scope"


def test_it_does_not_matter_where_a_shortcut_is_defined() -> None:
    graph = graph_of(RESIDUAL)
    weights = random_weights(graph)
    order = sorted(THEIRS, key=lambda name: (name.split(".")[0], "shortcut" not in name))
    names = {name: THEIRS[name] for name in ["stem", *(n for n in order if "." in n), "fc"]}
    made = import_weights(graph, write_torch(renamed(weights, names)))
    check_same(made.weights, weights)


def test_equal_names_need_no_order() -> None:
    graph = graph_of(TWINS)
    weights = random_weights(graph)
    save_file(weights, "net.safetensors")
    made = import_weights(graph, Path("net.safetensors"))
    check_same(made.weights, weights)
    assert {row.reason for row in made.rows} == {"name"}


def test_what_stands_before_all_names_is_left_out() -> None:
    graph = graph_of(TWINS)
    weights = random_weights(graph)
    made = import_weights(graph, write_torch({f"module.{k}": v for k, v in weights.items()}))
    check_same(made.weights, weights)


def test_twins_are_refused_whatever_their_order() -> None:
    graph = graph_of(TWINS)
    weights = random_weights(graph)
    names = {"one.conv": "a", "two.conv": "b"}
    for ours in (names, dict(reversed(names.items()))):
        with pytest.raises(UndecidedError, match=r"one\.conv may be . or ., and 1 more"):
            import_weights(graph, write_torch(renamed(weights, ours)))


def test_a_mapping_decides(capsys: pytest.CaptureFixture[str]) -> None:
    weights = random_weights(graph_of(TWINS))
    Path("net.yaml").write_text(TWINS)
    write_torch(renamed(weights, {"one.conv": "b", "two.conv": "0"}))
    assert main(["weights", "import", "net.pth", "--to", "net.yaml"]) == 1
    assert "weights map net.pth --to SPEC" in capsys.readouterr().err
    assert main(["weights", "map", "net.pth", "--to", "net.yaml", "-o", "map.yaml"]) == 0
    assert capsys.readouterr().out == "map.yaml: 2 layers to fill in\n"
    text = Path("map.yaml").read_text()
    assert 'one.conv:  # b, "0"\n' in text
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--map", "map.yaml"]) == 1
    Path("map.yaml").write_text(text.replace("two.conv:", 'two.conv: "0"'))
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--map", "map.yaml"]) == 0
    check_same(load_file("net.safetensors"), weights)


def test_a_mapping_may_name_scopes() -> None:
    graph = graph_of(RESIDUAL)
    weights = random_weights(graph)
    opaque = {name: f"s{'ab'['second' in name]}.l{i}" for i, name in enumerate(THEIRS)}
    opaque |= {"stem": "x", "fc": "y"}
    path = write_torch(renamed(weights, opaque))
    with pytest.raises(UndecidedError):
        import_weights(graph, path)
    mapping = {"second": "sb", "first.shortcut.conv2d": opaque["first.shortcut.conv2d"]}
    check_same(import_weights(graph, path, mapping=mapping).weights, weights)


def test_a_written_mapping_that_is_complete_gives_the_same() -> None:
    weights = random_weights(graph_of(RESIDUAL))
    Path("net.yaml").write_text(RESIDUAL)
    write_torch(renamed(weights, THEIRS))
    assert main(["weights", "map", "net.pth", "--to", "net.yaml", "-o", "map.yaml"]) == 0
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--map", "map.yaml"]) == 0
    check_same(load_file("net.safetensors"), weights)


def test_every_tensor_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(RESIDUAL)
    weights = random_weights(graph_of(RESIDUAL))
    write_torch(renamed(weights, THEIRS))
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    pairs = {row["name"].rpartition(".")[0]: row["layer"] for row in told["tensors"]}
    assert pairs == THEIRS
    assert {row["name"] for row in told["tensors"]} == load_file("net.safetensors").keys()
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--verbose"]) == 0
    *table, last = capsys.readouterr().out.splitlines()
    assert any(line.startswith("first.shortcut.conv2d.weight ") for line in table)
    assert any("blocks.0.downsample.0  scope" in line for line in table)
    assert f"{len(told['tensors'])} tensors of 14 layers (" in last
    assert main(["weights", "import", "net.pth", "--to", "net.yaml"]) == 0
    assert capsys.readouterr().out == f"{last}\n"


def test_shared_weights_are_stored_once() -> None:
    graph = graph_of("""
name: net
inputs: {left: [4], right: [4]}
layers:
  - linear: {name: tower, out_features: 3, from: left}
  - reuse: {layer: tower, name: again, from: right}
  - concat: [tower, again]
  - linear: {name: fc, out_features: 2}
""")
    weights = random_weights(graph)
    twice = renamed(weights, {"tower": "left", "fc": "head"})
    tensors = {name: torch.from_numpy(array) for name, array in twice.items()}
    torch.save({**tensors, "right.weight": tensors["left.weight"],
                "right.bias": tensors["left.bias"]}, "net.pth")  # fmt: skip
    check_same(import_weights(graph, Path("net.pth")).weights, weights)


def test_layers_of_the_file_are_left_out_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(RESIDUAL)
    weights = random_weights(graph_of(RESIDUAL))
    more = {"aux.fc.weight": np.ones((3, 2), np.float32)}
    write_torch(renamed(weights, THEIRS) | more)
    assert main(["weights", "import", "net.pth", "--to", "net.yaml"]) == 1
    said = capsys.readouterr().err
    assert "15 layers with weights in the file, 14 in the spec" in said
    assert "nothing takes aux.fc (weight 3×2)" in said
    assert "--ignore" in said
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--ignore", "aux*"]) == 0
    assert "left out: 1 layer (aux.fc)" in capsys.readouterr().out
    check_same(load_file("net.safetensors"), weights)


def test_heads_may_be_missing() -> None:
    path = str(shipped_specs()["googlenet"])
    settings = {"inputs.image": "[3, 64, 64]", "classes": "7"}
    graph = compile_spec(path, variant="googlenet_torchvision", settings=settings).graph
    heads = {f"{node.path}." for node in graph.nodes if node.head is not None}
    weights = {name: array for name, array in random_weights(graph).items()
               if not name.startswith(tuple(heads))}  # fmt: skip
    made = import_weights(graph, write_torch({f"net.{k}": v for k, v in weights.items()}))
    check_same(made.weights, weights)


def test_a_linear_layer_is_a_convolution_of_one_pixel() -> None:
    graph = graph_of("""
name: net
inputs: {image: [4, 1, 1]}
layers: [conv2d: {out_channels: 3, kernel_size: 1}, flatten, linear: 2]
""")
    weights = random_weights(graph)
    theirs = {
        "a.weight": weights["conv2d.weight"].reshape(3, 4),
        "a.bias": weights["conv2d.bias"],
        "b.weight": weights["linear.weight"].reshape(2, 3, 1, 1),
        "b.bias": weights["linear.bias"],
    }
    check_same(import_weights(graph, write_torch(theirs)).weights, weights)


def test_lstm_biases_are_added_and_a_gru_s_are_not() -> None:
    text = "name: net\ninputs: {x: [T, 3]}\nlayers: [%s: {hidden_size: 2, num_biases: 1}]\n"
    theirs = nn.LSTM(3, 2)
    torch.save({f"cell.{k}": v for k, v in theirs.state_dict().items()}, "lstm.pth")
    given = import_weights(graph_of(text % "lstm"), Path("lstm.pth")).weights
    biases = (theirs.get_parameter("bias_ih_l0"), theirs.get_parameter("bias_hh_l0"))
    expected = sum(bias.detach().numpy() for bias in biases)
    assert np.array_equal(given["lstm.bias_ih_l0"], expected)
    torch.save({f"cell.{k}": v for k, v in nn.GRU(3, 2).state_dict().items()}, "gru.pth")
    Path("gru.yaml").write_text(text % "gru")
    assert main(["weights", "import", "gru.pth", "--to", "gru.yaml"]) == 1


def write_onnx(graph: Graph, weights: Mapping[str, np.ndarray], **options: object) -> Path:
    """Writes a model as another program might, which does not say that it is archspec's."""
    export(graph, weights, Path("net.onnx"), metadata={}, **options)  # type: ignore[arg-type]
    return Path("net.onnx")


def test_the_graph_of_a_model_tells_twins_apart() -> None:
    text = TWINS.replace("kernel_size: 1}, conv", "kernel_size: 3, stride: 1, padding: 1}, conv")
    graph = graph_of(text)
    weights = random_weights(graph)
    made = import_weights(graph, write_onnx(graph, weights, passes=()))
    check_same(made.weights, weights)


def test_a_model_that_archspec_wrote_is_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(RESIDUAL)
    weights = random_weights(graph_of(RESIDUAL))
    save_file(weights, "w.safetensors")
    command = ["export", "net.yaml", "--onnx", "--weights", "w.safetensors", "--no-verify"]
    assert main([*command, "--without", "fold_batch_norm"]) == 0
    assert main(["weights", "import", "net.onnx", "--to", "net.yaml"]) == 0
    check_same(load_file("net.safetensors"), weights)
    assert main(command) == 0
    assert main(["weights", "import", "net.onnx", "--to", "net.yaml"]) == 1
    assert "folded into convolutions" in capsys.readouterr().err


class Scripted(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def _torch(content: object) -> Callable[[Path], object]:
    return lambda path: torch.save(content, path)


def _cut(kind: str) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        graph = graph_of(RESIDUAL)
        weights = random_weights(graph)
        if kind == "onnx":
            export(graph, weights, path, metadata={})
        elif kind == "torch":
            write_torch(weights, str(path))
        else:
            save_file(weights, path)
        path.write_bytes(path.read_bytes()[:-700])

    return write


@pytest.mark.parametrize(
    ("name", "write", "code", "said"),
    [
        ("none.pth", lambda _: None, 3, "cannot read none.pth: No such file"),
        ("a.pth", lambda path: path.mkdir(), 3, "cannot read a.pth: Is a directory"),
        ("a.pth", lambda path: path.touch(), 3, "a.pth is empty"),
        ("a.txt", lambda path: path.write_text("x"), 3, "no file of weights that archspec knows"),
        ("a.pth", lambda path: path.write_text("name: x"), 3, "damaged, or no file of torch's"),
        ("a.h5", lambda path: path.write_text("name: x"), 3, "damaged, or no file of Keras's"),
        ("a.keras", lambda path: path.write_text("name: x"), 3, "no file of Keras's weights"),
        ("a.onnx", lambda path: path.write_text("name: x"), 3, "damaged, or no ONNX model"),
        ("a.safetensors", lambda path: path.write_text("name: x"), 3, "no safetensors file"),
        ("a.pth", _cut("torch"), 3, "damaged, or no file of torch's"),
        ("a.onnx", _cut("onnx"), 3, "damaged, or no ONNX model"),
        ("a.safetensors", _cut("safetensors"), 3, "a.safetensors is damaged"),
        ("a.pth", _torch(nn.Linear(2, 2)), 3, "holds Python objects, such as a whole network"),
        ("a.pth", _torch({"epoch": 3}), 3, "a.pth does not hold weights"),
        ("a.pth", _torch({"a.weight": torch.eye(2).to_sparse()}), 3, "not a dense tensor"),
        ("a.pth", _torch({"a.weight": torch.ones(2, dtype=torch.cfloat)}), 3, "has no values"),
        ("a.pth", _torch({"a": {"x.weight": torch.ones(1)}, "b": {"y.weight": torch.ones(1)}}), 3,
         "a.pth holds 2 sets of tensors"),
        ("a.pth", _torch({"a.weight": torch.ones(1)}), 1, "1 layers with weights in the file, 14"),
        ("a.pth", _torch({"n": torch.ones(1, dtype=torch.int64)}), 1, "0 layers with weights"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_weights_is_refused(
    name: str,
    write: Callable[[Path], object],
    code: int,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("net.yaml").write_text(RESIDUAL)
    write(Path(name))
    assert main(["weights", "import", name, "--to", "net.yaml"]) == code
    lines = capsys.readouterr().err.splitlines()
    assert said in lines[0]
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    assert not Path("net.safetensors").exists()


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_torchscript_program_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(RESIDUAL)
    torch.jit.save(torch.jit.script(Scripted()), "a.pt")
    assert main(["weights", "import", "a.pt", "--to", "net.yaml"]) == 3
    assert "is a TorchScript program, which is code" in capsys.readouterr().err


def test_one_of_several_sets_is_chosen() -> None:
    graph = graph_of(TWINS)
    weights = random_weights(graph)
    mine, other = ({k: torch.from_numpy(v * s) for k, v in weights.items()} for s in (1, 2))
    torch.save({"model": other, "ema": mine, "epoch": 3}, "net.pth")
    check_same(import_weights(graph, Path("net.pth"), key="ema").weights, weights)
    torch.save({"state_dict": mine, "epoch": 3}, "net.pth")
    check_same(import_weights(graph, Path("net.pth")).weights, weights)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("three: a", "map.yaml:1:1: the spec has no layer or scope three"),
        ("\none: c", "map.yaml:2:1: the file has no layer or scope c"),
        ("one: 0", "map.yaml:1:6: one takes the name of a layer"),
        ("- a", "map.yaml is no mapping"),
        ("one: a\none: b", "map.yaml:2:1"),
        ("concat: [", "map.yaml:1"),
    ],
)
def test_faults_of_mappings_have_a_place(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("net.yaml").write_text(TWINS)
    weights = random_weights(graph_of(TWINS))
    write_torch(renamed(weights, {"one.conv": "a", "two.conv": "b"}))
    Path("map.yaml").write_text(text)
    assert main(["weights", "import", "net.pth", "--to", "net.yaml", "--map", "map.yaml"]) == 1
    assert said in capsys.readouterr().err


def test_an_unwritable_place_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("net.yaml").write_text(TWINS)
    write_torch(random_weights(graph_of(TWINS)))
    arguments = ["weights", "import", "net.pth", "--to", "net.yaml", "-o", "none/a.safetensors"]
    assert main(arguments) == 3
    assert "cannot write none/a.safetensors" in capsys.readouterr().err
