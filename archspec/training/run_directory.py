"""The directory of a run: where it is, and the files that are not Lightning's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from pathlib import Path

from archspec.backends.whole_file import write_whole
from archspec.training.errors import OutputError

RUNS = Path("runs")
"""Where runs go that are not told where."""

CHECKPOINTS = "checkpoints"


def create(output: Path | None, name: str, spec: str) -> Path:
    """Makes the directory of a run and puts its spec there.

    Args:
        output: The directory, or `None` for `runs/NAME/TIME`.
        name: The name of the network, or of its variant.
        spec: The resolved spec, as YAML text.

    Raises:
        OutputError: There is something at `output` already.
        OSError: The directory cannot be made.
    """
    directory = _fresh(name) if output is None else output
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise _taken(directory)
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "spec.yaml"
    try:
        file.touch(exist_ok=False)  # of two runs that both found it empty, one gets it
    except FileExistsError:
        raise _taken(directory) from None
    write_whole(file, spec.encode())
    return directory


def write_metrics(directory: Path, metrics: Mapping[str, object]) -> None:
    """Writes the final metrics of a run.

    Raises:
        OSError: They cannot be written.
    """
    text = json.dumps(metrics, indent=1, ensure_ascii=False) + "\n"
    write_whole(directory / "metrics.json", text.encode())


def _fresh(name: str) -> Path:
    """Makes a directory that nobody else has; two runs may begin in the same second."""
    stem = RUNS / name / f"{datetime.now():%Y%m%d-%H%M%S}"
    stem.parent.mkdir(parents=True, exist_ok=True)
    candidates = (stem if n == 1 else stem.with_name(f"{stem.name}-{n}") for n in count(1))
    return next(path for path in candidates if _made(path))


def _made(path: Path) -> bool:
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def _taken(directory: Path) -> OutputError:
    what = "is not empty" if directory.is_dir() else "is a file"
    return OutputError(f"{directory} {what}", "give a new directory, or none, for runs/NAME/TIME")
