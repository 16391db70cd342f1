"""The README against the program: what it names exists, what it shows is true."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_cli import archspec

from archspec.analysis.summary import footing, table
from archspec.cli import COMMANDS, main
from archspec.cli.check import FORMATS
from archspec.frontend import compile_spec, compile_text
from archspec.frontend.compiler import analyse_text
from archspec.frontend.shipped import shipped_specs

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCES = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SPEC, LANGUAGE, FILES, HOOKS, TRAIN, TRANSFER, PHOTOGRAPHS = (
    text for kind, text in FENCES if kind == "yaml"
)
OPERATOR, _ = (text for kind, text in FENCES if kind == "python")


def test_every_command_is_in_the_table_and_no_other() -> None:
    assert re.findall(r"^\| `archspec (\w+)", README, re.MULTILINE) == list(COMMANDS)


def test_every_script_it_names_exists() -> None:
    for script in set(re.findall(r"\btools/\w+\.\w+|\.ci/\w+", README)):
        assert (ROOT / script).is_file()


def test_the_set_up_commands_are_the_first_and_only_ones_on_the_first_screen() -> None:
    kind, commands = FENCES[0]
    assert kind == "sh"
    lines = [line.partition("#")[0].strip() for line in commands.strip().splitlines()]
    assert lines == ["bash tools/demo.sh", "bash tools/test.sh"]
    assert README[: README.index(commands)].count("\n") < 20


def test_ci_runs_the_test_command() -> None:
    assert "bash tools/test.sh" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_spec_shown_is_the_shipped_one_and_its_table_is_true() -> None:
    shipped = shipped_specs()["lenet5"].read_text(encoding="utf-8")
    for line in SPEC.splitlines()[2:]:
        assert line in shipped or line.startswith("expect:")
    graph = compile_text(SPEC, "lenet5.yaml").graph
    shown = next(text for _, text in FENCES if text.startswith("$ archspec check lenet5"))
    true_lines = [*table(graph.nodes).splitlines(), *footing(graph).splitlines()]
    for line in shown.splitlines()[3:]:
        assert line in ("", "…") or line in true_lines


def test_the_network_for_photographs_is_the_one_whose_weights_are_imported(tmp_path: Path) -> None:
    (tmp_path / "imagenet.txt").write_text("cat\ndog\n")
    (tmp_path / "imagenet.yaml").write_text(PHOTOGRAPHS)
    shown = compile_spec(str(tmp_path / "imagenet.yaml"))
    assert shown.train is not None
    resnet50 = compile_spec(str(ROOT / "specs/resnet.yaml"), variant="resnet50").graph
    assert [node.op for node in shown.graph.nodes] == [node.op for node in resnet50.nodes]


def test_the_training_shown_is_the_shipped_one() -> None:
    shipped = compile_spec(str(shipped_specs()["fashion_resnet"]))
    shown = compile_text(f"{SPEC}{TRAIN}", "fashion_resnet.yaml").train
    assert shown == shipped.train


def test_the_phases_shown_are_those_of_the_spec() -> None:
    spec = yaml.safe_load((ROOT / "specs/mobilenet_v2_fashion.yaml").read_text(encoding="utf-8"))
    shown = yaml.safe_load(TRANSFER)
    assert shown.pop("train").items() <= spec.pop("train").items()
    assert shown.items() <= spec.items()


def test_the_language_example_compiles() -> None:
    blocks = (ROOT / "specs" / "resnet.yaml").read_text(encoding="utf-8")
    basic = blocks[blocks.index("  basic:") : blocks.index("layers:\n  - conv_bn: {name: stem")]
    text = LANGUAGE.replace("\nlayers:\n", f"\n{basic}layers:\n", 1)
    of_blocks = "v1: false, squeeze: false, cardinality: 1, base_width: 64"
    text = text.replace("depths: [3, 4, 6, 3]}", f"depths: [3, 4, 6, 3], {of_blocks}}}", 1)
    for variant in (None, "resnet18"):
        compiled = analyse_text(text, "README.yaml", variant=variant)
        assert [d.message for d in compiled.diagnostics] == []


def test_the_hook_shown_is_one_that_is_offered(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(HOOKS, encoding="utf-8")
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(config)]
    assert subprocess.run(command, check=False).returncode == 0
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (shown,) = yaml.safe_load(HOOKS)["repos"][0]["hooks"]
    assert shown["id"] in [hook["id"] for hook in offered]


def test_the_options_of_check_that_it_names_exist(capsys: pytest.CaptureFixture[str]) -> None:
    (section,) = re.findall(r"^## Hooks and CI\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    usage = capsys.readouterr().out
    for option in re.findall(r"`(--[a-z-]+)", section):
        assert f"{option} " in usage
    named = re.search(r"`--format` is (.*?), which", section, re.DOTALL)
    assert named is not None
    assert re.findall(r"`(\w+)`", named[1]) == list(FORMATS)


HEAD = """
blocks:
  head: {params: {units: int, classes: int}, layers: [linear: =units, relu, linear: =classes]}
"""


def test_the_example_of_several_files_compiles(tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "head.yaml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "glaucoma.yaml").write_text(FILES, encoding="utf-8")
    graph = compile_spec(str(tmp_path / "glaucoma.yaml")).graph
    assert str(graph.outputs["output"].type) == "3"
    assert graph.nodes[0].treatment.frozen


def test_the_operator_shown_works(tmp_path: Path) -> None:
    (tmp_path / "gate.py").write_text(OPERATOR, encoding="utf-8")
    text = "name: net\ninputs: {x: [4]}\nlayers: [gate: 0.5]\n"
    (tmp_path / "net.yaml").write_text(text, encoding="utf-8")
    done = archspec("export", "net.yaml", "--onnx", "--operators", "gate.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "line", [line for kind, text in FENCES if kind == "console" for line in text.splitlines()]
)
def test_every_command_shown_is_one(line: str) -> None:
    if line.startswith("$ "):
        assert shlex.split(line)[1] == "archspec"
        assert shlex.split(line)[2] in COMMANDS


def test_the_tables_of_networks_are_current() -> None:
    command = [sys.executable, "tools/architectures.py"]
    done = subprocess.run([*command, "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, f"run {' '.join(command)}"


def test_the_predictions_shown_can_be_made(tmp_path: Path) -> None:
    (block,) = (text for kind, text in FENCES if kind == "sh" and "archspec predict lenet5" in text)
    assert archspec("export", "lenet5", "--onnx", "--no-verify", cwd=tmp_path).returncode == 0
    here = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", block], cwd=tmp_path, env=os.environ | here, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    made = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*.png"))]
    assert made == ["digits.png", "edges/china.png", "edges/flower.png"]
