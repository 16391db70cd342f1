"""The directory of a run: where it is, and the files that are not Lightning's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from archspec.backends.whole_file import write_whole
from archspec.training.errors import OutputError, UnreadableError
from archspec.training.record.environment import environment

RUNS = Path("runs")
"""Where runs go that are not told where."""

SPEC = "spec.yaml"
METRICS = "metrics.json"
ENVIRONMENT = "environment.json"
CHECKPOINTS = "checkpoints"


def create(
    output: Path | None,
    name: str,
    spec: str,
    source: Path | None = None,
    weights: Mapping[str, str] | None = None,
) -> Path:
    """Makes the directory of a run, and puts its spec there and what it depends on besides.

    Args:
        output: The directory, or `None` for `runs/NAME/TIME`.
        name: The name of the network, or of its variant.
        spec: The resolved spec, as YAML text.
        source: The directory of the spec's file, whose commit is noted.
        weights: What is to be noted of the weights that it starts from, if any are given.

    Raises:
        OutputError: There is something at `output` already.
        OSError: The directory cannot be made.
    """
    directory = _fresh(name) if output is None else output
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise _taken(directory)
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / SPEC
    try:
        file.touch(exist_ok=False)  # of two runs that both found it empty, one gets it
    except FileExistsError:
        raise _taken(directory) from None
    write_whole(file, spec.encode())
    origin = {} if weights is None else {"weights": weights}
    _write_json(directory / ENVIRONMENT, environment(source) | origin)
    return directory


def write_metrics(directory: Path, metrics: Mapping[str, object]) -> None:
    """Writes the final metrics of a run.

    Raises:
        OSError: They cannot be written.
    """
    _write_json(directory / METRICS, metrics)


def read_json(file: Path) -> dict[str, Any] | None:
    """Returns the content of a JSON file of a run; `None` if there is no such file.

    Raises:
        UnreadableError: The file holds no object.
        OSError: It cannot be read.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise UnreadableError(f"{file} holds no JSON object", "train the network again")
    return content


def _write_json(file: Path, content: Mapping[str, object]) -> None:
    write_whole(file, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())


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
