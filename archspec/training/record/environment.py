"""What a run depends on besides its spec: versions, machine, command line, commit."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

LIBRARIES = ("archspec-nn", "torch", "lightning", "numpy", "scikit-learn")
"""The libraries that the figures depend on."""

OPTIONAL = ("torchmetrics", "pyarrow", "pillow", "datasets")
"""Others that may have to do with them."""


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the libraries that the figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def environment(home: Path | None = None) -> dict[str, object]:
    """Returns what a run depends on, as the content of its `environment.json`.

    Args:
        home: The directory of its spec, whose commit is named if it is in a repository.
    """
    return {
        "started": f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}",
        "command": sys.argv,
        "directory": str(Path.cwd()),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "memory_gib": _memory(),
        "devices": _devices(),
        "versions": versions() | _optional(),
        "git": _commit(home) if home else None,
    }


def _optional() -> dict[str, str]:
    found = {}
    for name in OPTIONAL:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _memory() -> float | None:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # where there is no such question
        return None
    return round(size / 2**30, 1)


def _devices() -> list[str]:
    if torch.cuda.is_available():
        return [torch.cuda.get_device_name(at) for at in range(torch.cuda.device_count())]
    return ["mps"] if torch.backends.mps.is_available() else []


def _commit(home: Path) -> Mapping[str, object] | None:
    """Returns the commit that a directory is at, and whether there are changes to its files."""
    git = shutil.which("git")
    if git is None:
        return None
    said = []
    for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--", "."]):
        done = subprocess.run(  # noqa: S603 - git, found on PATH
            [git, "-C", str(home), *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            return None
        said.append(done.stdout.strip())
    return {"commit": said[0], "changed": bool(said[1])}
