"""Operators from a user's own file: run where they are named, and nowhere else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from test_cli import HEAVY, archspec

WOBBLE = Path(__file__).parent / "wobble.py"
SPEC = "name: waves\ninputs: {x: [4]}\nlayers: [linear: 3, wobble: 2]\n"

GATE = """from archspec.operator import *

class Gate(Operator):
    def output(self, *inputs):
        return inputs[0]
    def torch(self, *inputs):
        return TorchFunction("torch.relu", (Input(0),))
    def onnx(self, *inputs):
        return [OnnxNode("Relu", [Input(0)])]
"""
UNDEFINED = GATE.replace("def output", "field: 'Foo' = 1\n    def output", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(WOBBLE, tmp_path / "wobble.py")
    (tmp_path / "waves.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def test_an_operator_of_ones_own_is_checked_explained_and_exported(folder: Path) -> None:
    own = ("--operators", "wobble.py")
    checked = archspec("check", "waves.yaml", *own, cwd=folder)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "parameters     16" in checked.stdout
    assert "at a learnt frequency" in archspec("explain", "wobble", *own, cwd=folder).stdout
    assert archspec("export", "waves.yaml", "--onnx", *own, cwd=folder).returncode == 0
    session = onnxruntime.InferenceSession(folder / "waves.onnx")
    (made,) = session.run(None, {"x": np.ones((2, 4), np.float32)})
    assert np.abs(made).max() <= 1


def test_the_project_s_pyproject_can_name_it(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.archspec]\noperators = ["wobble.py"]\n')
    below = folder / "below"
    below.mkdir()
    assert archspec("check", "../waves.yaml", cwd=below).returncode == 0


def test_opening_a_spec_runs_nothing(folder: Path) -> None:
    mark = folder / "was_run"
    (folder / "wobble.py").write_text(f"open({str(mark)!r}, 'w')\n")
    done = archspec("check", str(folder / "waves.yaml"))
    assert done.returncode == 1
    assert "there is no operator or block `wobble`" in done.stderr
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "text", "said", "code"),
    [
        ("missing.py", None, "there is no operator file", 3),
        ("not-a-name.py", "", "the file's name is the operator's name", 1),
        ("residual.py", "", "the file's name is the operator's name", 1),
        ("empty.py", "", "defines 0 operators", 1),
        ("broken.py", "\n1 / 0\n", "broken.py, line 2: ZeroDivisionError: division by zero\n", 1),
        ("unreadable.py", "def\n", "SyntaxError", 1),
        ("undefined.py", UNDEFINED, "undefined.py: PydanticUndefinedAnnotation: name 'Foo'", 1),
        ("relu.py", WOBBLE.read_text(), "archspec has an operator called relu", 1),
    ],
)
def test_a_file_that_is_no_operator_is_refused(
    folder: Path, name: str, text: str | None, said: str, code: int
) -> None:
    if text is not None:
        (folder / name).write_text(text)
    done = archspec("check", "waves.yaml", "--operators", name, cwd=folder)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def use_of_gate(folder: Path, text: str, *command: str) -> subprocess.CompletedProcess[str]:
    (folder / "gate.py").write_text(text)
    (folder / "spec.yaml").write_text("name: s\ninputs: {x: [4]}\nlayers: [gate]\n")
    return archspec(*(command or ("check",)), "spec.yaml", "--operators", "gate.py", cwd=folder)


def test_the_line_of_an_operator_that_fails_is_named(folder: Path) -> None:
    done = use_of_gate(folder, GATE.replace("return inputs[0]", "return inputs[0].examples"))
    assert done.returncode == 1
    said = "gate.py, line 5: AttributeError: 'TensorType' object has no attribute 'examples'"
    assert done.stderr.startswith(f"error: {said}")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("None", "gate: output must return a TensorType whose sizes are integers or symbols, "),
        ("4", "gate: output must return a TensorType"),
        ("inputs[0].with_example(2.5)", "gate: output must return a TensorType"),
        ("inputs[0]._replace(dtype='half')", "gate: output must return a TensorType"),
        ("inputs[0]\n    def output_names(self): return ('a', 'b')", "gate: outputs must return "),
        ("inputs[0]\n    def outputs(self, x): return None", "gate: outputs must return "),
        ("inputs[0]\n    def macs(self, x): return None", "gate: macs must return an integer"),
        ("inputs[0]\n    def parameters(self, x): return {'w': (3,)}", "gate: parameters must "),
        ("inputs[0]\n    def equalities(self, x): return [1]", "gate: equalities must return "),
        ("inputs[0]\n    def doubt(self, x): return 'no'", "gate: doubt must return a Doubt"),
        ("super().output(*inputs)", "gate: it does not define output"),
    ],
)
def test_what_an_operator_must_not_return_is_said(folder: Path, made: str, said: str) -> None:
    done = use_of_gate(folder, GATE.replace("return inputs[0]", f"return {made}"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {said}")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("torch.relu", "torch.mull", "gate: torch.mull does not exist in PyTorch"),
        ('"Relu"', '"Mull"', "gate: ONNX has no operator Mull"),
        ('"Relu", [Input(0)]', '"Relu", [Input(0), Input(0)]', "gate: ONNX refuses it: "),
        ('"Relu", [Input(0)]', '"Relu", [Weight("w")]', "gate: its ONNX nodes cannot be written: "),
        ('"Relu", [Input(0)]', '"ReduceMean", [Input(0)]', "but ONNX infers"),
        ('Function("torch.relu", (Input(0),))', 'Module("torch.nn.Linear", {"a": 1})',
         "gate: torch.nn.Linear cannot be made: "),
        ('Function("torch.relu", (Input(0),))', 'Module("torch.nn.PReLU")',
         "gate: its parameters are {}, but torch.nn.PReLU has {'weight': (1,)}"),
        ('Function("torch.relu", (Input(0),))', 'Module("torch.relu_", {"input": 1})',
         "gate: torch.relu_ cannot be made: "),
        ('TorchFunction("torch.relu", (Input(0),))', "None", "gate: torch must return a Torch"),
        ('[OnnxNode("Relu", [Input(0)])]', "None", "gate: onnx must return a sequence of Onnx"),
    ],
)  # fmt: skip
def test_a_lowering_that_does_not_work_is_said(
    folder: Path, right: str, wrong: str, said: str
) -> None:
    done = use_of_gate(folder, GATE.replace(right, wrong), "export", "--onnx")
    assert done.returncode == 1
    assert "error: gate: " in done.stderr
    assert said in done.stderr


LISTS = """
    alt: list[int] = Field(default=[], description="o")
    wide: int | list[int] | None = Field(default=None, description="w")
    deep: list[tuple[int, int]] = Field(default=[], description="d")
    pair: tuple[int, ...] = Field(default=(), description="p")
    rows: dict[str, list[float]] = Field(default={"list": [1.0]}, description="r")
    some: set[int] = Field(default=set(), description="s")
    def output(self, *inputs):
        given = self.alt, self.wide, self.deep, self.pair, self.rows, self.some
        wanted = [1, 2], [3], [(1, 2), (3, 4)], (5,), {"a": [1.0, 2.5]}, {6}
        assert given == wanted, given
"""


def test_fields_may_be_lists(folder: Path) -> None:
    gate = GATE.replace("    def output(self, *inputs):\n", LISTS[1:], 1)
    (folder / "gate.py").write_text(f"from pydantic import Field\n{gate}")
    fields = "alt: [1, 2], deep: [[1, 2], [3, 4]], pair: [5], rows: {a: [1.0, 2.5]}, some: [6]"
    head = "name: s\nparams: {n: 3}\ninputs: {x: [4]}\n"
    (folder / "spec.yaml").write_text(f"{head}layers: [gate: {{{fields}, wide: [=n]}}]\n")
    for command in (("check",), ("export", "--onnx")):
        done = archspec(*command, "spec.yaml", "--operators", "gate.py", cwd=folder)
        assert done.returncode == 0, done.stderr
    page = archspec("explain", "gate", "--operators", "gate.py", cwd=folder).stdout
    assert "alt: a list of whole numbers; default []" in page
    for wrong, message in [
        ("alt: 3", "`alt` must be a list, not `3`"),
        ("alt: [1.5]", "`alt` must be an integer, not `1.5`"),
        ("wide: x", "`wide` must be an integer or a list, not `x`"),
        ("deep: [1]", "`deep` must be a list, not `1`"),
    ]:
        (folder / "spec.yaml").write_text(f"{head}layers: [gate: {{{wrong}}}]\n")
        done = archspec("check", "spec.yaml", "--operators", "gate.py", cwd=folder)
        assert done.returncode == 1
        assert done.stderr.startswith(f"error[E103]: {message}\n")


def test_two_files_of_one_name_are_refused(folder: Path) -> None:
    (folder / "other").mkdir()
    shutil.copy(WOBBLE, folder / "other" / "wobble.py")
    files = ("--operators", "wobble.py", "--operators", "other/wobble.py")
    done = archspec("check", "waves.yaml", *files, cwd=folder)
    assert done.returncode == 1
    assert "wobble.py and other/wobble.py would both hold the operator wobble" in done.stderr
    again = ("--operators", "wobble.py", "--operators", "./other/../wobble.py")
    assert archspec("check", "waves.yaml", *again, cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("line", "what"),
    [("name: str = 'a'", "field `name`"), ("input_names = ('from',)", "input `from`")],
)
def test_a_field_or_input_called_like_a_key_of_layers_is_refused(
    folder: Path, line: str, what: str
) -> None:
    done = use_of_gate(folder, GATE.replace("def output", f"{line}\n    def output", 1))
    assert done.returncode == 1
    assert f"an operator cannot have {what}, a key of every layer" in done.stderr


@pytest.mark.parametrize(
    "text",
    [
        b"[tool.archspec]\noperators = 3\n",
        b"[tool.archspec]\n= 3\n",
        b"[tool]\narchspec = 3\n",
        b"[tool]\narchspec = {operators = 3}\n",
        b"[tool.archspec]\n# \xff\n",
    ],
)
def test_a_faulty_pyproject_is_named(folder: Path, text: bytes) -> None:
    (folder / "pyproject.toml").write_bytes(text)
    done = archspec("check", "waves.yaml", cwd=folder)
    assert done.returncode == 1
    assert "pyproject.toml" in done.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("# [tool.archspec]\n", 1),
        ("archspec = 3\n", 1),
        ("tool = 3\narchspec = 3\n", 1),
        ('[tool]\narchspec = {operators = ["wobble.py"]}\n', 0),
        ("[tool.archspec]\n", 1),
    ],
)
def test_a_pyproject_is_read_as_toml(folder: Path, text: str, code: int) -> None:
    (folder / "pyproject.toml").write_text(text)
    assert archspec("check", "waves.yaml", cwd=folder).returncode == code


def test_they_go_together_with_every_operator_of_archspec_in_one_process(folder: Path) -> None:
    code = (
        "from archspec import ops; from archspec.cli import main; import sys\n"
        "for name in ops.names(): ops.find(name)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["check", "waves.yaml", "--operators", "wobble.py"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_check_stays_free_of_heavy_libraries(folder: Path) -> None:
    code = "import sys; from archspec.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    arguments = ["check", "waves.yaml", "--operators", "wobble.py"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert not {*HEAVY} & {*done.stdout.split()}
