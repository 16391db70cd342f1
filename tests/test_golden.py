"""What people see, held in `tests/golden`.

These files guard the form; whether the numbers are true is tested against the reference.
After a wanted change: `UPDATE_GOLDEN=1 tools/test.sh -k golden`, and look at the diff.
"""

import os
from pathlib import Path

import pytest

from archspec.cli import main

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"

COMMANDS = {
    "googlenet": ["check", "specs/googlenet.yaml"],
    "lenet5": ["check", "specs/lenet5.yaml"],
    "iris": ["check", "specs/iris.yaml"],
    "resnet18": ["check", "specs/resnet.yaml", "--variant", "resnet18"],
    "resnet50_json": ["check", "specs/resnet.yaml", "--variant", "resnet50", "--format", "json"],
    "list": ["list"],
    "explain_code": ["explain", "E202"],
    "explain_operator": ["explain", "max_pool2d"],
    **{
        f"invalid_{path.stem}": ["check", f"tests/invalid/{path.name}"]
        for path in sorted((Path(__file__).parent / "invalid").glob("*.yaml"))
    },
}


@pytest.mark.parametrize("name", COMMANDS)
def test_output_is_the_golden_file(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    code = main(COMMANDS[name])
    shown = capsys.readouterr()
    made = f"{shown.out}{shown.err}exit code: {code}\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_there_is_no_golden_file_without_a_command() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(COMMANDS)
