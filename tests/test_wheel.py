"""The wheel, installed away from the checkout."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_specs_and_the_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shipped = {Path(name).name for name in names if name.startswith("archspec/specs/")}
    assert shipped == {path.name for path in (ROOT / "specs").iterdir()}
    assert "archspec.schema.json" in shipped
    assert any(name.endswith("LICENSE") for name in names)
    assert "archspec/py.typed" in names
    assert not [name for name in names if name.startswith("tests/")]


def test_check_works_from_the_wheel_with_its_required_dependencies_alone(
    wheel: Path, tmp_path: Path
) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)],
        check=True,
        capture_output=True,
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    def archspec(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python.with_name("archspec"), *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    done = archspec("check", "googlenet")
    assert done.returncode == 0, done.stderr
    assert "13,378,280" in done.stdout
    assert "25,557,032" in archspec("list", "resnet50").stdout
    assert archspec("draw", "lenet5", "-o", "lenet5.svg").returncode == 0
    assert (tmp_path / "lenet5.svg").read_text(encoding="utf-8").startswith("<?xml")
    missing = archspec("train", "iris")
    assert missing.returncode == 3
    assert "pip install 'archspec-nn[train]'" in missing.stderr
