"""What preprocessing has learnt, in the directory of the run in which it did."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from archspec.backends.fitted_step import FittedStep, from_json, to_json, unlearnt
from archspec.backends.whole_file import write_whole
from archspec.frontend.train_schema import Step
from archspec.training.errors import UnreadableError

PREPROCESS_FILE = "preprocess.json"


def write_preprocess(directory: Path, steps: Sequence[FittedStep]) -> None:
    """Writes the steps of a run.

    Raises:
        OSError: They cannot be written.
    """
    lines = ",\n".join(f" {json.dumps(step)}" for step in to_json(steps))
    write_whole(directory / PREPROCESS_FILE, f"[\n{lines}\n]\n".encode())


def learnt_with(steps: Sequence[Step], weights: Path | None) -> tuple[FittedStep, ...]:
    """Returns a spec's steps with what they learnt when its weights did.

    That is in the directory of the weights, or in the one above. Where there is none, or it is
    of other steps, they have learnt nothing.

    Args:
        steps: The spec's steps.
        weights: The weights, such as `RUN/checkpoints/best.ckpt`, or the run.

    Raises:
        UnreadableError: There is a file, but it is damaged.
    """
    places = (weights, *weights.absolute().parents[:2]) if weights else ()
    for file in (place / PREPROCESS_FILE for place in places):
        if file.is_file():
            known = _read(file)
            if [fitted.step for fitted in known] == [*steps]:
                return known
    return unlearnt(steps)


def _read(file: Path) -> tuple[FittedStep, ...]:
    try:
        return from_json(json.loads(file.read_bytes()))
    except OSError as error:
        raise UnreadableError(f"cannot read {file}: {error.strerror or error}") from error
    except ValueError as error:  # of json and of pydantic, too
        raise UnreadableError(
            f"{file} is damaged: it does not hold what preprocessing has learnt",
            "train the network again, or give weights of another run",
        ) from error
