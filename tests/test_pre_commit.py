"""The hook that other repositories run: `.pre-commit-hooks.yaml`."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from archspec.cli import main

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
(HOOK,) = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("command", "file"),
    [("validate-manifest", MANIFEST), ("validate-config", ROOT / ".pre-commit-config.yaml")],
)
def test_pre_commit_accepts_the_file(command: str, file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", command, str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_hook_passes_sound_specs_and_stops_faulty_ones(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    _, *arguments = shlex.split(HOOK["entry"])
    assert main([*arguments, "specs/lenet5.yaml", "specs/iris.yaml"]) == 0
    capsys.readouterr()
    assert main([*arguments, "specs/lenet5.yaml", "tests/invalid/merge.yaml"]) == 1
    assert "error[E202]" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "is_judged"),
    [
        ("specs/a.yaml", True),
        ("models/specs/deep/a.yml", True),
        (".pre-commit-config.yaml", False),
        (".github/workflows/ci.yaml", False),
        ("my_specs/a.yaml", False),
    ],
)
def test_without_further_configuration_only_folders_called_specs_are_judged(
    file: str, is_judged: bool
) -> None:
    assert bool(re.search(HOOK["files"], file)) is is_judged


def test_this_repository_runs_the_hook_that_it_offers() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (own,) = [h for repo in config["repos"] for h in repo["hooks"] if h["id"] == "specs"]
    assert own["entry"] == f".venv/bin/{HOOK['entry']}"
    assert own["types"] == HOOK["types"]
