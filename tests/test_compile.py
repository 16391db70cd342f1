"""Training with `compile: true`: torch's compiler really runs, and its faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch._inductor.config
from test_fitting import IRIS, fitted

from archspec.cli import main

# torch's compiler calls what torch has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


def test_a_compiled_network_learns_the_same(tmp_path: Path) -> None:
    plain = fitted(tmp_path / "plain", IRIS)
    made = fitted(tmp_path / "compiled", f"{IRIS}, compile: true")
    for row, expected in zip(made.rows, plain.rows, strict=True):
        assert row == pytest.approx(expected, rel=1e-4)


def test_a_machine_without_a_compiler_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "name: net\ninputs: {x: [4]}\nlayers: [linear: 5, tanh, linear: 3]\n"
        "train:\n  data: {dataset: iris}\n  epochs: 1\n  compile: true\n"
    )
    # Without its caches, as what was once compiled needs no compiler any more.
    without = {"cpp.cxx": ("no-such-compiler",), "force_disable_caches": True}
    with torch._inductor.config.patch(without):
        assert main(["train", str(spec), "-o", str(tmp_path / "run"), "--device", "cpu"]) == 1
    first, *_, last = capsys.readouterr().err.splitlines()[-2:]
    assert first.startswith(f"error: {spec}:7:3: torch.compile fails here: ")
    assert last.strip() == "= help: install a C++ compiler, or use `compile: false`"
