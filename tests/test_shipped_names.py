"""The names that shipped specs and their variants are found by."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from test_cli import ROOT, archspec

from archspec.cli import main
from archspec.frontend.catalogue import catalogue
from archspec.frontend.shipped import shipped_specs, shipped_variants

NETWORK = (
    "name: NAME\ninputs: {x: [4]}\nlayers: [linear: 2]\nvariants: {large: {}, large_NAME: {}}\n"
)


def test_no_two_specs_have_a_variant_of_the_same_name() -> None:
    shared = {name: specs for name, specs in shipped_variants().items() if len(specs) > 1}
    assert shared == {}


def test_no_variant_is_called_like_a_spec() -> None:
    assert shipped_variants().keys() & shipped_specs().keys() == set()


def test_a_spec_is_called_like_its_file() -> None:
    for name, path in shipped_specs().items():
        assert f"\nname: {name}\n" in path.read_text(encoding="utf-8")


def test_the_catalogue_tells_of_networks_that_there_are_and_of_each_once() -> None:
    entries = catalogue()
    for entry in entries:
        assert entry.spec in shipped_specs()
        assert entry.variant is None or entry.spec in shipped_variants()[entry.variant]
    assert max(Counter(entry.name for entry in entries).values()) == 1
    assert max(Counter(entry.title for entry in entries).values()) == 1


def test_a_variant_s_name_is_enough_for_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check", "mobilenet_v2_keras"]) == 0
    assert main(["draw", "mobilenet_v2_keras"]) == 0
    assert main(["export", "mobilenet_v2_keras", "--onnx"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "mobilenet_v2_keras.svg",
        "mobilenet_v2_keras.onnx",
    }
    assert main(["train", "mobilenet_v2_keras"]) == 2
    assert "mobilenet_v2 has no `train` section" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "draw"])
def test_a_folder_of_the_same_name_hides_no_spec(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("iris").mkdir()
    assert main([command, "iris"]) == 0


def test_a_variant_of_a_variant_is_refused() -> None:
    done = archspec("check", "resnet50", "--variant", "resnet18")
    assert done.returncode == 3
    assert "`resnet50` is not a spec but a variant of resnet" in done.stderr
    assert "write `resnet --variant resnet18`" in done.stderr


def test_a_variant_of_two_specs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archspec").symlink_to(ROOT / "archspec")
    (tmp_path / "specs").mkdir()
    for name in ("deep", "wide"):
        spec = tmp_path / "specs" / f"{name}.yaml"
        spec.write_text(NETWORK.replace("NAME", name), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "archspec", "check", "large", "large_deep", "wide"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "`large` is not a spec but a variant of deep and of wide" in done.stderr
    assert "write `deep --variant large`" in done.stderr
    assert "specs/deep.yaml (large_deep): fine" in done.stdout
    assert "specs/wide.yaml: fine" in done.stdout


def test_a_name_that_is_like_no_other_is_told_where_the_names_are() -> None:
    done = archspec("check", "qqqq")
    assert done.returncode == 3
    assert "`archspec list` shows those that ship with archspec" in done.stderr
