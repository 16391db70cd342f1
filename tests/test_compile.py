"""Training with `compile: true`: torch's compiler really runs, and its faults are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch._inductor.config
from test_fitting import IRIS, compiled, fitted
from torch import nn
from torch._dynamo.utils import counters

from archspec.cli import main
from archspec.training.loop.module import TrainingModule
from archspec.training.loop.task import Task

# torch's compiler calls what torch has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")


def test_a_compiled_network_learns_the_same(tmp_path: Path) -> None:
    # Each further size of a batch would be compiled too.
    section = "data: {dataset: iris, split: {test: 30}}, epochs: 4, batch_size: 60"
    plain = fitted(tmp_path / "plain", section)
    made = fitted(tmp_path / "compiled", f"{section}, compile: true")
    assert made.test == pytest.approx(plain.test, rel=1e-4)
    for row, expected in zip(made.rows, plain.rows, strict=True):
        assert row == pytest.approx(expected, rel=1e-4)


class Breaking(nn.Module):
    """A layer that torch's compiler cannot look into."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch._dynamo.graph_break()
        return x.tanh()


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_a_layer_that_breaks_the_graph_costs_speed_only() -> None:
    result = compiled(f"{IRIS}, compile: true")
    assert result.train is not None
    torch._dynamo.reset()
    counters.clear()
    torch.compiler.set_default_backend("eager")
    try:
        module = TrainingModule(result.graph, result.train, Task("multiclass", 3, "softmax"))
        module.network.tanh = Breaking()
        batch = (torch.randn(8, 4), torch.arange(8) % 3)
        loss, *_ = module.judge(batch)
    finally:
        torch.compiler.set_default_backend(None)
    assert counters["graph_break"]
    layers = map(module.network.get_submodule, ("linear", "tanh", "linear_2"))
    expected = nn.functional.cross_entropy(nn.Sequential(*layers)(batch[0]), batch[1])
    torch.testing.assert_close(loss, expected)


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false"])
def test_a_machine_without_a_compiler_that_works_is_told_so(
    compiler: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "name: net\ninputs: {x: [4]}\nlayers: [linear: 5, tanh, linear: 3]\n"
        "train:\n  data: {dataset: iris}\n  epochs: 1\n  compile: true\n"
    )
    # Without its caches, as what was once compiled needs no compiler any more.
    without = {"cpp.cxx": (compiler,), "force_disable_caches": True}
    with torch._inductor.config.patch(without):
        assert main(["train", str(spec), "-o", str(tmp_path / "run"), "--device", "cpu"]) == 1
    first, *_, last = capsys.readouterr().err.splitlines()[-2:]
    assert first.startswith(f"error: {spec}:7:3: torch.compile fails here: ")
    assert last.strip() == "= help: install a C++ compiler, or use `compile: false`"
