"""`archspec export`, as a user calls it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from execution import difference, random_inputs, run_onnx, run_torch
from runs import trained
from safetensors.numpy import save_file

from archspec.backends.weights import initial_weights, load_weights
from archspec.cli import main
from archspec.frontend import compile_spec, compile_text

SPEC = """\
name: tiny
params: {units: 4}
inputs: {image: [1, H, 6]}
layers:
  - conv2d: {out_channels: 2, kernel_size: 3}
  - relu
  - global_avg_pool2d
  - auxiliary: {name: early, layers: [linear: 3]}
  - linear: {name: fc, out_features: =units}
outputs: {scores: fc}
variants:
  wide: {units: 8}
"""


@pytest.fixture(autouse=True)
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The spec in a directory of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return path


def _output(file: str) -> np.ndarray:
    graph = compile_text(SPEC, "tiny.yaml").graph
    (output,) = run_onnx(Path(file), random_inputs(graph, {"batch": 2, "H": 5})).values()
    return output


def test_it_says_what_it_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "tiny.yaml", "--onnx"]) == 0
    said = capsys.readouterr()
    size = Path("tiny.onnx").stat().st_size / 1e3
    assert said.out.splitlines() == [
        f"tiny.onnx: {size:.1f} kB, opset 20",
        "  input  image: [batch, 1, H, 6]",
        "  output scores: [batch, 4]",
        "  32 parameters",
        said.out.splitlines()[-1],
    ]
    assert "  verified against PyTorch: batch 1 and 3, H " in said.out
    assert said.err == "note: without --weights the weights are random (seed 0)\n"


def test_random_weights_are_those_of_the_seed() -> None:
    graph = compile_text(SPEC, "tiny.yaml").graph
    inputs = random_inputs(graph, {"batch": 2, "H": 5})
    made = {}
    for seed in (0, 1):
        file = f"{seed}.onnx"
        assert main(["export", "tiny.yaml", "--onnx", "--seed", str(seed), "-o", file]) == 0
        (expected,) = run_torch(graph, initial_weights(graph, seed), inputs).values()
        made[seed] = _output(file)
        assert difference(expected, made[seed]) <= 1e-5
    assert difference(made[0], made[1]) > 1e-2


def test_given_weights_are_used(capsys: pytest.CaptureFixture[str]) -> None:
    weights = initial_weights(compile_text(SPEC, "tiny.yaml").graph, 7)
    torch.save({name: torch.from_numpy(w) for name, w in weights.items()}, "net.pt")
    assert main(["export", "tiny.yaml", "--onnx", "--weights", "net.pt", "-o", "a.onnx"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["export", "tiny.yaml", "--onnx", "--seed", "7", "-o", "b.onnx"]) == 0
    assert Path("a.onnx").read_bytes() == Path("b.onnx").read_bytes()


def test_a_run_has_weights_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    run = trained("iris", Path("run"), epochs=1)
    capsys.readouterr()
    for command in ("export", "verify"):
        flags = ["--onnx"] if command == "export" else []
        assert main([command, "run", *flags]) == 0
        assert "random" not in capsys.readouterr().err
    model = onnx.load("iris.onnx").graph
    written = {i.name: onnx.numpy_helper.to_array(i) for i in model.initializer}
    for name, weight in load_weights(run.directory).items():
        np.testing.assert_array_equal(written[name], weight.numpy())


def test_the_file_carries_the_spec(spec: Path) -> None:
    assert main(["export", "tiny.yaml", "--variant", "wide", "--onnx"]) == 0
    metadata = {p.key: p.value for p in onnx.load("tiny-wide.onnx").metadata_props}
    text = metadata.pop("archspec.spec")
    assert metadata == {
        "archspec.name": "tiny",
        "archspec.variant": "wide",
        "archspec.version": version("archspec-nn"),
        "archspec.versions": json.dumps({"onnx": onnx.__version__}),
        "archspec.spec_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    expected = compile_spec(str(spec), variant="wide").graph
    again = compile_text(text, "resolved.yaml").graph
    assert again.outputs == expected.outputs
    assert [node.path for node in again.nodes] == [node.path for node in expected.nodes]


@pytest.mark.parametrize(
    ("arguments", "code", "message", "remedy"),
    [
        ([], 2, "export is not told the format", "add --onnx"),
        (["--onnx", "--opset", "9"], 2, "opset 9 cannot be written", "use one from 20 to 26"),
        (["--onnx", "-o", "none/x.onnx"], 3, "cannot write none/x.onnx: No such file", ""),
        (["--onnx", "-o", "."], 3, "cannot write .: ", ""),
        (["--onnx", "--weights", "none.pt"], 3, "cannot read none.pt: No such file", ""),
        (["--onnx", "--weights", "tiny.yaml"], 3, "tiny.yaml does not hold weights", ".ckpt"),
        (["--onnx", "--weights", "other.pt"], 1, "3 missing (conv2d.bias, fc.weight", "use wei"),
    ],
)
def test_trouble_is_said_in_one_line(
    arguments: list[str],
    code: int,
    message: str,
    remedy: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.save({"conv2d.weight": torch.zeros(2, 1, 3, 3)}, "other.pt")
    before = sorted(Path().iterdir())
    assert main(["export", "tiny.yaml", *arguments]) == code
    said = capsys.readouterr()
    assert said.out == ""
    error, *help_ = [line for line in said.err.splitlines() if not line.startswith("note: ")]
    assert error.startswith("error: ")
    assert message in error
    assert remedy in "".join(help_)
    assert sorted(Path().iterdir()) == before


def test_too_little_memory_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    # A head is not exported, but made with the other weights.
    Path("large.yaml").write_text(
        "name: large\ninputs: {x: [4]}\nlayers:\n- linear: 3\n"
        "- auxiliary: {name: a, layers: [linear: 50000, linear: 2000000000]}\n- linear: 3\n"
    )
    assert main(["export", "large.yaml", "--onnx"]) == 3
    assert capsys.readouterr().err.splitlines()[-1] == "error: not enough memory"


def test_weights_of_another_network_s_run_say_whose_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("run/checkpoints").mkdir(parents=True)
    torch.save({"state_dict": {"network.a": torch.zeros(2)}}, "run/checkpoints/last.ckpt")
    resolved = compile_text(SPEC, "tiny.yaml", variant="wide").resolved
    for text, added in ((resolved, "; run was made from tiny-wide\n"), (SPEC, "settings\n")):
        Path("run/spec.yaml").write_text(text)
        assert main(["export", "tiny.yaml", "--onnx", "--weights", "run"]) == 1
        assert capsys.readouterr().err.endswith(added)


@pytest.mark.parametrize("arguments", [["--seed", "x"], ["--seed", "-1"], ["--seed", str(2**64)]])
def test_a_seed_is_a_natural_number(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "tiny.yaml", "--onnx", *arguments])
    assert "argument --seed" in capsys.readouterr().err


def test_weights_and_seed_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["export", "tiny.yaml", "--onnx", "--seed", "1", "--weights", "net.pt"])
    assert "not allowed with" in capsys.readouterr().err


@pytest.mark.parametrize("library", ["torch", "onnx"])
def test_a_missing_library_is_named_with_the_remedy(library: str) -> None:
    # An entry of None makes Python's own import fail as if nothing were installed.
    program = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from archspec.cli import main\n"
        "sys.exit(main(['export', 'tiny.yaml', '--onnx']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert f"error: {library} is not installed" in done.stderr
    assert f"pip install 'archspec-nn[{library}]'" in done.stderr
    assert not Path("tiny.onnx").exists()


def test_without_a_proof_and_with_safetensors_pytorch_is_not_needed() -> None:
    weights = initial_weights(compile_text(SPEC, "tiny.yaml").graph, 7)
    save_file(weights, "net.safetensors")
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from archspec.cli import main\n"
        "arguments = ['tiny.yaml', '--weights', 'net.safetensors', '--no-verify']\n"
        "halved = main(['export', '--onnx', *arguments, '--fp16', '-o', 'half.onnx'])\n"
        "sys.exit(halved or main(['export', '--onnx', *arguments]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "verified" not in done.stdout
    assert main(["export", "tiny.yaml", "--onnx", "--seed", "7", "-o", "b.onnx"]) == 0
    assert Path("tiny.onnx").read_bytes() == Path("b.onnx").read_bytes()


def test_passes_can_be_listed_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["export", "--list-passes"])
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert "fold_batch_norm" in listed
    for name in listed:
        assert main(["export", "tiny.yaml", "--onnx", "--without", name]) == 0
    heads = {output.name for output in onnx.load("tiny.onnx").graph.output}
    assert heads == {"scores"}
    assert main(["export", "tiny.yaml", "--onnx", "--without", "remove_heads"]) == 0
    assert {output.name for output in onnx.load("tiny.onnx").graph.output} == {"scores", "early"}
    assert main(["export", "tiny.yaml", "--onnx", "--without", "fold"]) == 2
    assert "there is no pass fold" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--int8"], 2, "no `train` section, so there are no examples to calibrate with"),
        (["--calibration", "x.npz"], 2, "--calibration is for --int8"),
        (["--int8", "--calibration", "none.npz"], 3, "cannot read none.npz"),
        (["--embed-preprocessing", "--triton", "tiny.yaml/x"], 3, "cannot write tiny.yaml/x"),
    ],
)
def test_what_cannot_be_reworked_is_told(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "tiny.yaml", "--onnx", *arguments]) == code
    assert message in capsys.readouterr().err


def test_a_model_that_is_not_proved_does_not_replace_an_older_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("tiny.onnx").write_bytes(b"older")
    zeros = {k: v * 0 for k, v in initial_weights(compile_text(SPEC, "a.yaml").graph, 0).items()}
    save_file(zeros | {"fc.bias": np.full(4, np.nan, np.float32)}, "bad.safetensors")
    assert main(["export", "tiny.yaml", "--onnx", "--weights", "bad.safetensors"]) == 1
    said = capsys.readouterr().err
    assert "--no-verify writes the file all the same" in said
    assert ".tiny.onnx." not in said
    assert Path("tiny.onnx").read_bytes() == b"older"
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".")) == []


def test_what_half_precision_cannot_hold_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    weights = initial_weights(compile_text(SPEC, "tiny.yaml").graph, 0)
    save_file(weights | {"fc.bias": np.full(4, 1e5, np.float32)}, "large.safetensors")
    export = ["export", "tiny.yaml", "--onnx", "--weights", "large.safetensors"]
    assert main([*export, "--no-verify", "--fp16"]) == 1
    assert "half precision holds no number above 65,504" in capsys.readouterr().err
    assert not [*Path().glob("tiny*.onnx")]


def test_a_repository_that_cannot_be_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for place in ("tiny.yaml", "tiny.yaml/models"):
        assert main(["export", "tiny.yaml", "--onnx", "--triton", place]) == 3
        (error,) = capsys.readouterr().err.splitlines()  # without the note on random weights
        assert error == f"error: cannot write {place}: Not a directory"
    assert not Path("tiny.onnx").exists()


class Terminal(io.StringIO):
    """Where a person looks."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["export", "tiny.yaml", "--onnx", "--fp16"]) == 0
    shown = terminal.getvalue().replace("\r", "\n").splitlines()
    done = [line.partition(" (")[0] for line in shown]
    told = [what for what in dict.fromkeys(done) if "runs" in what]
    assert told[:2] == [
        "PyTorch runs tiny.fp16, batch 1, H 32",
        "ONNX Runtime runs tiny.fp16, batch 1, H 32",
    ]
    assert "ONNX Runtime runs twin, batch 3, H 33" in told
    assert told[-1] == "ONNX Runtime runs the file"
    assert not shown[-1].strip()  # the line is wiped


SLOW = f"""\
name: slow
inputs: {{image: [1, 700, 700]}}
layers: [{", ".join(["conv2d: {out_channels: 16, kernel_size: 5}"] * 8)}]
"""


def _begun(folder: Path) -> subprocess.Popen[str]:
    """Returns an export that has begun to write."""
    command = "import sys; from archspec.cli import main; sys.exit(main())"
    running = subprocess.Popen(
        [sys.executable, "-c", command, "export", "slow.yaml", "--onnx"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list(folder.glob(f".slow.onnx.*.{running.pid}.*/slow.onnx")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    return running


def test_an_export_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(SLOW)
    (tmp_path / "slow.onnx").write_bytes(b"older")
    killed = _begun(tmp_path)
    killed.kill()
    killed.communicate()
    (left,) = tmp_path.glob(".slow.onnx.*")
    ended = _begun(tmp_path)
    assert not left.exists()
    ended.terminate()
    _, said = ended.communicate()
    assert (ended.returncode, said.splitlines()[-1]) == (130, "interrupted")
    assert (tmp_path / "slow.onnx").read_bytes() == b"older"
    assert not list(tmp_path.glob(".*"))
