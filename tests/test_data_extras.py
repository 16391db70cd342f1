"""Sources whose libraries are extras say so where these are not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NETWORK = "name: n\ninputs: {x: [4]}\nlayers: [linear: 3]\ntrain: {data: {DATA}, epochs: 1}\n"
HIDING = "import sys; sys.modules[{!r}] = None; from archspec.cli import main; sys.exit(main({}))"


@pytest.mark.parametrize(
    ("library", "extra", "data"),
    [
        ("pyarrow", "tables", "table: {file: a.csv, target: kind}"),
        ("datasets", "huggingface", "huggingface: {path: ./a}"),
    ],
)
def test_a_missing_library_is_told_with_its_extra(
    library: str, extra: str, data: str, tmp_path: Path
) -> None:
    spec = tmp_path / "n.yaml"
    spec.write_text(NETWORK.replace("{DATA}", f"{{{data}}}"))
    program = HIDING.format(library, ["data", str(spec)])
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 3
    assert f"needs the library {library}, which is not installed" in run.stderr
    assert f"pip install 'archspec-nn[{extra}]'" in run.stderr
    assert "Traceback" not in run.stderr
