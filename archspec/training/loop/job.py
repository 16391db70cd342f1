"""A run that is to be made: what is trained, on what, where to, and on which devices."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from archspec.frontend.train_schema import TrainSpec
from archspec.ir.graph import Graph
from archspec.training.data.dataset import Dataset
from archspec.training.loop.checkpoints import LAST
from archspec.training.loop.starting import Start
from archspec.training.record.run_directory import CHECKPOINTS


class Fitting(NamedTuple):
    """One run to be made, or to be continued.

    Attributes:
        graph: The network.
        spec: The spec's `train` section.
        data: The data.
        directory: The run directory.
        device: `auto`, `cpu`, `cuda` or `mps`.
        devices: How many of them.
        label: What progress is told with.
        report: Whether figures and a report are drawn of it.
        start: The weights that it starts from; all others are their initialisers'.
    """

    graph: Graph
    spec: TrainSpec
    data: Dataset
    directory: Path
    device: str = "auto"
    devices: int = 1
    label: str = ""
    report: bool = True
    start: Start | None = None

    @property
    def last(self) -> Path:
        """The checkpoint of the last epoch, with which the run can be continued."""
        return self.directory / CHECKPOINTS / LAST
