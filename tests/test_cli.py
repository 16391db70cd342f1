"""The command line as a user meets it: a real process, its output, its exit code."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from archspec.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "onnx", "onnxruntime", "numpy", "lightning", "sklearn", "matplotlib", "graphviz")


def archspec(
    *arguments: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "archspec", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def test_an_interrupt_while_the_process_ends_is_no_traceback() -> None:
    code = (
        "import atexit, os, signal, sys\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        "sys.argv = ['archspec', 'list', 'lenet5']\n"
        "from archspec.cli import main\nsys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


@pytest.mark.parametrize("spec", ["specs/googlenet.yaml", "specs/lenet5.yaml", "specs/iris.yaml"])
def test_check_leaves_heavy_libraries_out(spec: str) -> None:
    code = (
        "import sys\nfrom archspec.cli import main\n"
        f"assert main(['check', {spec!r}]) == 0\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_check_prints_the_table_and_totals_of_googlenet() -> None:
    done = archspec("check", "specs/googlenet.yaml")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["i4a.b3.conv_2.conv2d", "conv2d", "208×14×14", "179,920", "35,223,552"] in lines
    assert "13,378,280 (6,998,552 without the training-only heads)" in done.stdout
    assert "1,582,671,872 (1,591,044,096 with the training-only heads)" in done.stdout


def test_a_shipped_spec_is_found_by_name_from_anywhere(tmp_path: Path) -> None:
    done = archspec("check", "resnet", "--variant", "resnet18", cwd=tmp_path)
    assert done.returncode == 0
    assert "11,689,512" in done.stdout


def test_json_is_the_documented_object() -> None:
    done = archspec("check", "resnet", "--variant", "resnet18", "--format", "json")
    made = json.loads(done.stdout)
    assert (made["name"], made["variant"], made["ok"]) == ("resnet", "resnet18", True)
    assert made["inputs"] == {"image": [3, 224, 224]}
    assert made["outputs"] == {"logits": [1000]}
    assert made["params"] == {
        "total": 11_689_512,
        "trainable": 11_689_512,
        "frozen": 0,
        "statistics": 9_600,
        "total_with_statistics": 11_699_112,
        "auxiliary": 0,
    }
    first = made["layers"][0]
    assert first["name"] == "stem.conv2d"
    assert first["tensors"] == {"weight": [64, 3, 7, 7]}
    assert first["input_shapes"] == [[3, 224, 224]]
    assert first["output_shapes"] == [[64, 112, 112]]
    assert made["diagnostics"] == []


def test_json_of_several_specs_is_a_list_with_diagnostics() -> None:
    done = archspec("check", "lenet5", "tests/invalid/merge.yaml", "--format", "json")
    assert done.returncode == 1
    fine, faulty = json.loads(done.stdout)
    assert fine["ok"]
    assert not faulty["ok"]
    (fault,) = faulty["diagnostics"]
    assert fault["code"] == "E202"
    assert (fault["line"], fault["column"], fault["length"]) == (8, 9, 6)
    assert done.stderr == ""


def test_symbolic_sizes_stay_names_and_their_conditions_are_said(tmp_path: Path) -> None:
    spec = tmp_path / "s.yaml"
    spec.write_text(
        "name: s\ninputs: {image: [3, H, W]}\nlayers:\n"
        "  - conv2d: {name: c, out_channels: 8, kernel_size: 3, stride: 2}\n"
        "  - concat: {a: [], b: [conv2d: {out_channels: 1, kernel_size: 3, padding: 1}]}\n"
        "  - flatten\n",
        encoding="utf-8",
    )
    done = archspec("check", str(spec))
    assert done.returncode == 0
    assert "9×((H - 1) // 2)×((W - 1) // 2)" in done.stdout
    assert "288*((H - 1) // 2)*((W - 1) // 2)" in done.stdout
    made = json.loads(archspec("check", str(spec), "--format", "json").stdout)
    assert made["layers"][0]["output_shapes"] == [[8, "(H - 1) // 2", "(W - 1) // 2"]]
    assert isinstance(made["macs"], str)


UNREADABLE = [
    ("missing.yaml", None, 3, "E001"),
    ("folder", "", 3, "E001"),
    ("empty.yaml", b"", 1, "E003"),
    ("comment.yaml", b"# only a comment\n", 1, "E003"),
    ("binary.yaml", bytes(range(256)), 1, "E002"),
    ("nul.yaml", b"name: \x00", 1, "E002"),
    ("latin.yaml", "name: caf\xe9".encode("latin-1"), 1, "E002"),
    ("broken.yaml", b"layers: [relu\nname: x", 1, "E004"),
    ("tab.yaml", b"name: x\nlayers:\n\t- relu\n", 1, "E004"),
    ("deep.yaml", b"a: " + b"[" * 30_000 + b"]" * 30_000, 1, "E008"),
    ("list.yaml", b"- relu\n", 1, "E104"),
    ("two.yaml", b"name: a\ninputs: {x: [1]}\nlayers: [relu]\n---\nname: b\n", 1, "E006"),
]


@pytest.mark.parametrize(("name", "content", "exit_code", "code"), UNREADABLE)
def test_files_that_are_no_specs(
    tmp_path: Path, name: str, content: bytes | str | None, exit_code: int, code: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    done = archspec("check", str(path))
    assert done.returncode == exit_code
    assert f"error[{code}]: " in done.stderr
    assert f"--> {path}:" in done.stderr
    assert "= help: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage: archspec"),
        (["chekc", "lenet5"], "invalid choice"),
        (["check"], "required: SPEC"),
        (["check", "resnet", "--variant", "resnet19"], "did you mean `resnet18`?"),
        (["check", "resnet", "--set", "clases=10"], "did you mean `classes`?"),
        (["check", "resnet", "--set", "classes"], "NAME=VALUE"),
        (["check", "resnet", "--input", "picture=3x8x8"], "known inputs: image"),
        (["check", "resnet", "--set", "classes=[1"], "this is not YAML"),
        (["check", "resnet", "--max-nodes", "-1"], "takes a whole number from 1 to"),
        (["check", "resnet", "--max-nodes", "0"], "takes a whole number from 1 to"),
        (["explain", "E999"], "nothing is known"),
        (["explain", "conv2f"], "did you mean `conv2d`?"),
        (["explain", "qqqq"], "`archspec explain` lists"),
        (["explain", "resnet"], "archspec check resnet"),
    ],
)
def test_wrong_usage_is_exit_2(arguments: Sequence[str], message: str) -> None:
    done = archspec(*arguments)
    assert done.returncode == 2
    assert message in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_changes_the_network_and_skips_its_expectations() -> None:
    done = archspec("check", "resnet", "--variant", "resnet18", "--set", "classes=10")
    assert done.returncode == 0
    assert f"{11_689_512 - 990 * 513:,}" in done.stdout
    assert "`expect`" in done.stderr


def test_an_input_can_have_another_size() -> None:
    done = archspec("check", "resnet", "--variant", "resnet18", "--input", "image=3x64x64")
    assert done.returncode == 0
    assert "image 3×64×64" in done.stdout
    assert "11,689,512" in done.stdout
    assert "512×2×2" in done.stdout
    symbolic = archspec("check", "resnet", "--variant", "resnet18", "--input", "image=3xHxW")
    assert "((H + 31) // 32)" in symbolic.stdout


def test_the_table_stops_above_the_first_layer_that_fails() -> None:
    done = archspec("check", "tests/invalid/merge.yaml")
    assert done.returncode == 1
    assert "branch.b3.conv2d" in done.stdout
    assert "branch_2" not in done.stdout
    assert "in this branch" in done.stderr


def test_colour_only_on_a_terminal_that_has_it_and_as_the_environment_wants() -> None:
    script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    plain = {"NO_COLOR": "", "FORCE_COLOR": "", "TERM": "xterm"}

    def on_terminal(*arguments: str, **env: str) -> str:
        command = [sys.executable, "-m", "archspec", "check", *arguments]
        done = subprocess.run(
            [sys.executable, "-c", script, *command],
            cwd=ROOT,
            env={**os.environ, **plain, **env},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.stdout.decode()

    spec = "tests/invalid/merge.yaml"
    assert "\x1b[1;31m" in on_terminal(spec)
    assert "\x1b[1;31m" in on_terminal(spec, "--format", "text")
    assert "\x1b" not in on_terminal(spec, "--format", "github")
    assert "\x1b" not in on_terminal(spec, NO_COLOR="1")
    assert "\x1b" not in on_terminal(spec, TERM="dumb")
    assert "\x1b" not in archspec("check", spec, env=plain).stderr
    assert "\x1b[1;31m" in archspec("check", spec, env={**plain, "FORCE_COLOR": "1"}).stderr
    both = {**plain, "FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert "\x1b" not in archspec("check", spec, env=both).stderr


def test_a_closed_pipe_is_not_an_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m archspec check specs/googlenet.yaml | head -1",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert COMMANDS[command] in capsys.readouterr().out


def test_one_unreadable_spec_does_not_hide_the_others() -> None:
    done = archspec("check", "lenet5", "nosuch.yaml", "iris")
    assert done.returncode == 3
    assert "61,706" in done.stdout
    assert "1,873" in done.stdout
    assert "cannot read nosuch.yaml" in done.stderr


def test_a_variant_of_a_shipped_spec_is_a_spec_too() -> None:
    assert "11,689,512" in archspec("check", "resnet18").stdout
    done = archspec("check", "resnet19")
    assert done.returncode == 3
    assert "did you mean `resnet18`?" in done.stderr


def test_explain_covers_codes_operators_and_the_language() -> None:
    everything = archspec("explain").stdout
    for subject in ("max_pool2d", "train", "E202"):
        assert f" {subject}" in everything
    assert "paths of unequal sizes" in archspec("explain", "E202").stdout
    assert "kernel_size: a whole number" in archspec("explain", "conv2d").stdout
    assert "repeat: the same layer several times" in archspec("explain", "repeat").stdout


def test_version() -> None:
    assert archspec("--version").stdout.startswith("archspec ")


def test_an_internal_error_is_one_line_and_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("archspec.cli.explain.CODES", None)
    assert main(["explain", "E202"]) == 70
    (line,) = capsys.readouterr().err.splitlines()
    (log,) = tmp_path.glob("archspec-*.log")
    assert line.startswith("error[E900]: internal error: TypeError: ")
    assert str(log) in line
    assert "Traceback" in log.read_text(encoding="utf-8")
