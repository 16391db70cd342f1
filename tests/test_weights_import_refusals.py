"""Files of weights and mappings that are wrong, odd or malicious, and what is left of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from execution import random_weights
from safetensors.numpy import load_file, save_file
from test_weights_import import TWINS, graph_of

from archspec.cli import main

NETWORK = """
name: net
inputs: {image: [1, 8, 8]}
layers:
  - conv2d: {name: stem, out_channels: 4, kernel_size: 3}
  - flatten
  - linear: {name: mid, out_features: 8}
  - linear: {name: top, out_features: 3}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NETWORK)
    (tmp_path / "twins.yaml").write_text(TWINS)


def saved(tensors: Mapping[str, np.ndarray], path: str = "net.pth") -> str:
    torch.save({name: torch.from_numpy(array) for name, array in tensors.items()}, path)
    return path


def below(scope: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{scope}.{name}": array for name, array in tensors.items()}


def imported(*arguments: str, spec: str = "net.yaml") -> int:
    return main(["weights", "import", *arguments, "--to", spec, "-o", "made.safetensors"])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("kind", ["torch", "safetensors"])
def test_values_that_are_no_finite_numbers_are_refused(
    value: float, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = {k: a.astype(np.float64) for k, a in random_weights(graph_of(NETWORK)).items()}
    tensors["mid.weight"][0, 0] = value
    if kind == "torch":
        file = saved(tensors)
    else:
        save_file(tensors, file := "net.safetensors")
    assert imported(file) == 3
    assert f"{file}: mid holds values that are no finite numbers (mid.weight)" in (
        capsys.readouterr().err
    )
    assert not Path("made.safetensors").exists()


def test_a_tensor_that_stands_for_more_than_the_memory_is_no_internal_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    huge = torch.zeros(1, dtype=torch.float16).expand(10**13)
    torch.save({"top.weight": huge}, "net.pth")
    assert imported("net.pth") == 3
    assert "not enough memory" in capsys.readouterr().err


DAMAGES: Mapping[str, tuple[bytes, int, bytes]] = {
    "another magic number": (b"PK\x01\x02", 0, b"PK\x01\x00"),
    "a name that is no text": (b"PK\x01\x02", 46, b"\xd2\xff"),
    "several disks": (b"PK\x06\x07", 16, b"\x02"),
}
"""What is overwritten in a zip archive: after which mark, how far behind its beginning, by what."""


@pytest.mark.parametrize(("mark", "offset", "put"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_archive_is_told(
    mark: bytes, offset: int, put: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(saved(random_weights(graph_of(NETWORK))))
    content = bytearray(file.read_bytes())
    at = content.index(mark) + offset
    content[at : at + len(put)] = put
    if mark == DAMAGES["a name that is no text"][0] and offset:
        content[at - 46 + 9] |= 0x08  # which says that names are UTF-8
    file.write_bytes(content)
    assert imported(str(file)) == 3
    assert "net.pth is damaged, or no file of torch's" in capsys.readouterr().err


NODES: Mapping[str, onnx.NodeProto] = {
    "no input": onnx.helper.make_node("Transpose", [], ["y"]),
    "a window of another kind": onnx.helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=2.0),
    "weights of another rank": onnx.helper.make_node("GRU", ["x", "w", "w"], ["y"], hidden_size=2),
}


@pytest.mark.parametrize("node", NODES.values(), ids=NODES)
def test_a_model_that_none_can_be_is_told(
    node: onnx.NodeProto, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 4]) for name in "xy"
    ]
    weight = onnx.numpy_helper.from_array(np.ones(3, np.float32), "w")
    model = onnx.helper.make_graph([node], "net", ends[:1], ends[1:], [weight])
    onnx.save(onnx.helper.make_model(model), "net.onnx")
    assert imported("net.onnx") == 3
    assert "net.onnx is damaged, or no ONNX model" in capsys.readouterr().err


@pytest.mark.parametrize("pattern", ["module.model.aux*", "aux"])
def test_layers_are_left_out_by_their_whole_names_or_by_those_without_wrappers(
    pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = random_weights(graph_of(NETWORK)) | {"aux.weight": np.ones(3, np.float32)}
    assert imported(saved(below("module.model", tensors)), "--ignore", pattern) == 0
    assert "left out: 1 layer (module.model.aux)" in capsys.readouterr().out


def test_what_stands_before_all_names_but_those_left_out_is_no_part_of_them() -> None:
    ours = random_weights(graph_of(TWINS))
    averages = {name: array + 1 for name, array in ours.items()}
    file = saved(below("model", ours) | below("model_ema.module", averages))
    assert imported(file, "--ignore", "model_ema.*", spec="twins.yaml") == 0
    made = load_file("made.safetensors")
    assert all(np.array_equal(made[name], array) for name, array in ours.items())


def test_what_stands_before_all_of_our_names_is_a_part_of_them() -> None:
    head, _, layers = TWINS.partition("layers:\n")
    inner = "".join(f"    {line}\n" for line in layers.splitlines())
    block = f"{head}layers:\n  - group:\n      name: model\n      layers:\n{inner}"
    Path("block.yaml").write_text(block)
    ours = random_weights(graph_of(block))
    assert all(name.startswith("model.") for name in ours)
    assert imported(saved(ours), spec="block.yaml") == 0
    assert imported(saved(below("model", ours)), spec="block.yaml") == 0
    made = load_file("made.safetensors")
    assert all(np.array_equal(made[name], array) for name, array in ours.items())


def test_a_wrapped_layer_alone_is_found_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    text = "name: one\ninputs: {x: [4]}\nlayers: [linear: {name: fc, out_features: 2}]\n"
    Path("one.yaml").write_text(text)
    file = saved({"module.weight": np.ones((2, 4), np.float32), "module.bias": np.ones(2, "f")})
    assert imported(file, "--verbose", spec="one.yaml") == 0
    assert "module" not in capsys.readouterr().out


MAPPINGS: Mapping[str, tuple[str, str, str]] = {
    "another shape": (
        "mid: 아래\nstem: 위\n",
        "map.yaml:2:1: nothing in 위 has the shapes of stem",
        "leave the line out",
    ),
    "twice": (
        "mid: 아래\ntop: 아래\n",
        "map.yaml:2:1: 아래 cannot be both mid and top",
        "each layer of the file is one of the spec's",
    ),
    "empty": ("# stem: 위\n", "the file is empty", "a line OURS: THEIRS"),
}


@pytest.mark.parametrize(("text", "said", "help_"), MAPPINGS.values(), ids=MAPPINGS)
def test_faults_of_mappings_are_told_at_their_lines(
    text: str, said: str, help_: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = random_weights(graph_of(NETWORK))
    names = {"stem": "처음", "mid": "아래", "top": "위"}
    file = saved({f"{names[k.split('.')[0]]}.{k.split('.')[1]}": a for k, a in tensors.items()})
    Path("map.yaml").write_text(text)
    assert imported(file, "--map", "map.yaml") == 1
    error = capsys.readouterr().err
    assert said in error
    assert help_ in error
    assert imported(file, "--map", "none.yaml") == 3
    assert "a line OURS: THEIRS" in capsys.readouterr().err


def test_korean_names_can_be_read_in_tables_and_mappings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tensors = random_weights(graph_of(NETWORK))
    file = saved({k.replace("stem", "줄기").replace("mid", "중간"): a for k, a in tensors.items()})
    assert imported(file, "--verbose") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "stem.weight  4×1×3×3  줄기  shape" in lines
    assert "top.weight   3×8      top   shape" in lines
    assert main(["weights", "map", file, "--to", "net.yaml", "-o", "map.yaml"]) == 0
    assert 'stem: "줄기"' in Path("map.yaml").read_text().splitlines()
    assert imported(file, "--map", "map.yaml") == 0


def test_names_in_a_file_neither_steer_the_terminal_nor_add_lines_to_a_mapping(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "a\nstem: evil #\x1b[31m"
    ours = random_weights(graph_of(TWINS))
    file = saved({name.replace("one", evil): array for name, array in ours.items()})
    assert main(["weights", "map", file, "--to", "twins.yaml"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[2:]] == ["one.conv", "two.conv"]
    assert not any("\x1b" in line for line in told)
    Path("map.yaml").write_text("two.conv: two.conv\n")
    assert imported(file, "--map", "map.yaml", "--verbose", spec="twins.yaml") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_no_file_is_written_in_place_of_the_one_that_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    save_file(random_weights(graph_of(NETWORK)), "net.safetensors")
    before = Path("net.safetensors").read_bytes()
    command = ["weights", "import", "net.safetensors", "--to", "net.yaml"]
    assert main(command) == 2  # which would be called like the spec
    assert "in place of the weights that are read from it" in capsys.readouterr().err
    assert main([*command, "-o", "./net.safetensors"]) == 2
    assert main(["weights", "map", *command[2:], "-o", "net.safetensors"]) == 2
    assert Path("net.safetensors").read_bytes() == before


def test_what_is_written_is_called_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(random_weights(graph_of(NETWORK)))
    assert main(["weights", "import", file, "--to", "net.yaml", "-o", "made.pt"]) == 2
    assert "-o net.safetensors" in capsys.readouterr().err
    assert not Path("made.pt").exists()
