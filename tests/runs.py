"""Short training runs, for tests of training and of what comes after it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from archspec.frontend import Compiled, compile_spec
from archspec.training.run import Run, train

ROOT = Path(__file__).parent.parent
SPECS = ROOT / "specs"


def compiled(name: str, **settings: object) -> Compiled:
    """Returns a shipped spec with training values replaced; `__` stands for a dot."""
    values = {f"train.{key.replace('__', '.')}": str(value) for key, value in settings.items()}
    return compile_spec(str(SPECS / f"{name}.yaml"), settings=values)


def trained(name: str, output: Path, *, report: object = False, **settings: object) -> Run:
    """Returns a finished run of a shipped spec on one core, without a report unless one is wanted.

    These networks are too small to gain from more, and on a busy machine threads that wait
    for each other take many times as long.
    """
    result = compiled(name, **settings)
    assert result.train is not None
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train(
            result.graph,
            result.train,
            result.resolved,
            output=output,
            device="cpu",
            report=bool(report),
        )
    finally:
        torch.set_num_threads(threads)


def command(*arguments: str) -> Sequence[str]:
    """Returns the command line of a process of its own."""
    return [sys.executable, "-m", "archspec", *arguments]


def archspec(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
