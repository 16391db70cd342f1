"""Operators from a user's own file: run where they are named, and nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from test_cli import HEAVY, archspec

WOBBLE = Path(__file__).parent / "wobble.py"
SPEC = "name: waves\ninputs: {x: [4]}\nlayers: [linear: 3, wobble: 2]\n"


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
        ("broken.py", "\n1 / 0\n", "ZeroDivisionError: division by zero (line 2)", 1),
        ("unreadable.py", "def\n", "SyntaxError", 1),
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


@pytest.mark.parametrize("text", ["[tool.archspec]\noperators = 3\n", "[tool.archspec]\n= 3\n"])
def test_a_faulty_pyproject_is_named(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    done = archspec("check", "waves.yaml", cwd=folder)
    assert done.returncode == 1
    assert "pyproject.toml" in done.stderr


def test_check_stays_free_of_heavy_libraries(folder: Path) -> None:
    code = "import sys; from archspec.cli import main; main(sys.argv[1:]); print(*sys.modules)"
    import subprocess
    import sys

    arguments = ["check", "waves.yaml", "--operators", "wobble.py"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert not {*HEAVY} & {*done.stdout.split()}
