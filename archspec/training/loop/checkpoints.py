"""Checkpoints of a run: the best epoch's and the last one's, each whole at every moment."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from archspec.backends.whole_file import staged
from archspec.training.errors import UnreadableError
from archspec.training.loop.selection import direction
from archspec.training.record.run_directory import CHECKPOINTS

BEST, LAST = "best.ckpt", "last.ckpt"

PHASES = "phases"
"""Where a checkpoint keeps how far a run with phases has come."""


class WholeFiles(TorchCheckpointIO):
    """Writes checkpoints beside their place and renames them.

    Lightning's own way is a copy from another disk, which a killed process leaves half done.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any | None = None,  # noqa: ANN401, ARG002 - Lightning's signature
    ) -> None:
        """Writes a checkpoint.

        Raises:
            OSError: It cannot be written; an older one is untouched.
        """
        content = io.BytesIO()  # a full disk is an OSError so, and not one of torch's
        torch.save(checkpoint, content)
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        with staged(place) as part:
            part.write_bytes(content.getbuffer())


class Kept(ModelCheckpoint):
    """Keeps one checkpoint after the epochs, and goes on so in a run directory that was moved."""

    def __init__(self, directory: Path, file: str, monitor: str | None = None) -> None:
        super().__init__(
            directory / CHECKPOINTS,
            Path(file).stem,
            monitor=monitor,
            mode=direction(monitor) if monitor else "min",
            enable_version_counter=False,
            save_on_train_epoch_end=True,
        )
        self._name = f"{type(self).__name__}.{Path(file).stem}"

    @property
    def state_key(self) -> str:
        """What a checkpoint calls it; Lightning asks for it some six times in each step."""
        return self._name

    def on_train_batch_end(self, *_: object) -> None:
        """Does nothing: checkpoints are of whole epochs."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with what a checkpoint has kept."""
        old = state_dict["dirpath"]
        super().load_state_dict(_moved(state_dict, str(old), str(self.dirpath)))


def checkpoints(directory: Path, best: str | None) -> list[Kept]:
    """Returns what writes the checkpoints.

    Two of them, because Lightning's own `save_last` keeps the last one that was best.

    Args:
        directory: The run directory.
        best: The metric by which the best epoch is chosen, if one is.
    """
    return [*([Kept(directory, BEST, best)] if best else []), Kept(directory, LAST)]


class Reached(NamedTuple):
    """How far a run has come.

    Attributes:
        epochs: How many epochs it has been trained for.
        begins: After how many of them each of its phases has begun.
        stopped: Whether the last of these phases has ended before its time.
    """

    epochs: int
    begins: tuple[int, ...] = ()
    stopped: bool = False


def reached(checkpoint: Path) -> Reached:
    """Returns how far a run had come when a checkpoint was written.

    Raises:
        UnreadableError: It is no checkpoint.
        OSError: It cannot be read.
    """
    try:
        content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        epochs, phases = int(content["epoch"]) + 1, content.get(PHASES, {})
        begins = tuple(int(epoch) for epoch in phases.get("begins", ()))
        return Reached(epochs, begins, bool(phases.get("stopped", False)))
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # what a file holds can make the unpickler fail in any way
        raise UnreadableError(f"{checkpoint} is no checkpoint of a run") from error


def epoch_of(checkpoint: Path) -> int:
    """Returns the number of the epoch that a checkpoint was written after, from 1.

    Raises:
        UnreadableError: It is no checkpoint.
        OSError: It cannot be read.
    """
    return reached(checkpoint).epochs


def _moved(value: Any, old: str, new: str) -> Any:  # noqa: ANN401 - whatever a state consists of
    if isinstance(value, str) and value.startswith(old):
        return new + value[len(old) :]
    if isinstance(value, dict):
        return {_moved(key, old, new): _moved(each, old, new) for key, each in value.items()}
    return value
