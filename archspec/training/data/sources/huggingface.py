"""A data set of Hugging Face as a source: of the hub, or saved to a directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from archspec.frontend.suggest import did_you_mean
from archspec.frontend.train_schema import Data
from archspec.frontend.train_schema.data import HuggingFace
from archspec.ir.types import TensorType
from archspec.training.data.source import Inputs, Source, as_tensor
from archspec.training.data.sources.pictures import PictureInputs, channels_for
from archspec.training.data.targets import Targets, targets_of
from archspec.training.errors import TrainingError, UnreadableError
from archspec.training.prediction.picture_files import PictureFile

PLACE = ("train", "data", "huggingface")


class HeldPicture(NamedTuple):
    """A picture in a row of a data set.

    Attributes:
        rows: The data set, whose pictures are not decoded.
        column: The column of the pictures.
        at: The row.
        part: The split that the data set calls it.
    """

    rows: Any
    column: str
    at: int
    part: str

    @property
    def called(self) -> str:
        """What a message calls it."""
        return f"row {self.at:,} of {self.part}"

    def file(self) -> PictureFile:
        """Returns it to be read.

        Raises:
            UnreadableError: There is none.
        """
        held = self.rows[self.at][self.column] or {}
        source = held.get("bytes") or (Path(held["path"]) if held.get("path") else None)
        if source is None:
            raise UnreadableError(f"{self.called} has no {self.column}", place=PLACE)
        return PictureFile(self.called, source, "", Path(self.part))


class RowInputs(NamedTuple):
    """Numbers in the rows of data sets, one after the other.

    Attributes:
        name: What a message calls them together.
        parts: The data sets, whose rows come as arrays.
        column: The column of the examples.
        dtype: The element type that the network takes.
    """

    name: str
    parts: tuple[Any, ...]
    column: str
    dtype: str
    alike: bool = True
    held: bool = False

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(map(len, self.parts))

    def read(self, at: np.ndarray) -> torch.Tensor:
        """Returns the examples at some places.

        Raises:
            TrainingError: They are not what the network takes.
        """
        rows = self._rows(at)
        if rows.dtype.kind not in "biuf":
            raise TrainingError(
                f"{self.column} in {self.name} does not hold as many numbers in each row",
                place=(*PLACE, "features"),
            )
        return as_tensor(self.name, rows, self.dtype, at)

    def called(self, at: int) -> str:
        """Returns what a message calls the example at a place."""
        return f"row {at:,} of {self.name}"

    def _rows(self, at: np.ndarray) -> np.ndarray:
        """Returns rows, which may be of several parts; each part is asked once."""
        ends = np.cumsum([0, *map(len, self.parts)])
        made: list[Any] = [None] * len(at)
        for part, start, end in zip(self.parts, ends[:-1], ends[1:], strict=True):
            here = np.flatnonzero((at >= start) & (at < end))
            if here.size:
                rows = part[(at[here] - start).tolist()][self.column]
                for place, row in zip(here, rows, strict=True):
                    made[place] = row
        shapes = {np.shape(row) for row in made}
        return np.stack(made) if len(shapes) == 1 else np.array([str(row) for row in made])


def read(spec: Data, taken: TensorType) -> Source:
    """Returns the data set that a spec names.

    Raises:
        UnreadableError: It is not there, or cannot be got.
        TrainingError: A column is not there, or does not hold what it is to.
    """
    named = spec.huggingface
    assert named is not None  # noqa: S101 - the source that was chosen
    parts = _parts(named, offline=not spec.download)
    for part in parts.values():
        for field in ("features", "target"):
            _require(named, part, field)
    name = Path(named.path).name
    made = _targets(named, parts, spec)
    ends = np.cumsum([0, *map(len, parts.values())])
    own = {
        split: np.arange(start, end)
        for split, start, end in zip(parts, ends[:-1], ends[1:], strict=True)
        if split != "train"
    }
    return Source(name, made.classes, _inputs(named, parts, spec, taken), made.values, own)


def class_names(spec: Data) -> tuple[str, ...]:
    """Returns the names of the classes in a data set that was saved to a directory.

    Raises:
        UnreadableError: It is not there.
        TrainingError: There is no such column, or it holds no classes.
    """
    named = spec.huggingface
    if named is None or not Path(named.path).is_dir():
        return ()
    parts = _parts(named, offline=not spec.download)
    for part in parts.values():
        _require(named, part, "target")
    return _targets(named, parts, spec).classes


def _parts(named: HuggingFace, *, offline: bool) -> Mapping[str, Any]:
    """Returns the data set's splits by what archspec calls them."""
    if offline:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the library reads it once, when imported
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise UnreadableError(
            "`huggingface` needs the library datasets, which is not installed",
            "pip install 'archspec-nn[huggingface]'",
            place=PLACE,
        ) from error
    try:
        if Path(named.path).is_dir():
            found = datasets.load_from_disk(named.path)
        else:
            found = datasets.load_dataset(
                named.path,
                named.name,
                revision=named.revision,
                download_config=datasets.DownloadConfig(local_files_only=offline),
            )
    except MemoryError:
        raise
    except Exception as error:  # the hub's client fails in as many ways as there are networks
        told = (str(error) or type(error).__name__).splitlines()[0]
        raise UnreadableError(
            f"cannot get {named.path}: {told}",
            "give the name of a data set of https://huggingface.co/datasets, or a directory of "
            "`save_to_disk` that begins with ./",
            place=(*PLACE, "path"),
        ) from error
    if not isinstance(found, Mapping):
        return {"train": found}
    known = {"train": "train", "validation": "validation", "valid": "validation", "test": "test"}
    parts = {known[name]: part for name, part in found.items() if name in known}
    if "train" not in parts:
        raise TrainingError(
            f"{named.path} has no split train; it has {', '.join(map(str, found))}",
            place=(*PLACE, "path"),
        )
    return parts


def _require(named: HuggingFace, part: Any, field: str) -> None:  # noqa: ANN401
    name = getattr(named, field)
    if name not in part.column_names:
        raise TrainingError(
            f"{named.path} has no column {name}",
            did_you_mean(name, part.column_names, what="column"),
            place=(*PLACE, field),
        )


def _targets(named: HuggingFace, parts: Mapping[str, Any], spec: Data) -> Targets:
    first = next(iter(parts.values()))
    names = getattr(first.features[named.target], "names", None) or ()
    given = np.concatenate(
        [np.asarray(part.with_format(None)[named.target][:]) for part in parts.values()]
    )
    return targets_of(f"{named.target} in {named.path}", given, spec, names)


def _inputs(named: HuggingFace, parts: Mapping[str, Any], spec: Data, taken: TensorType) -> Inputs:
    import datasets

    first = next(iter(parts.values()))
    if isinstance(first.features[named.features], datasets.Image):
        channels = channels_for(spec, taken)
        plain = {
            name: part.cast_column(named.features, datasets.Image(decode=False))
            for name, part in parts.items()
        }
        pictures = [
            HeldPicture(rows, named.features, at, name)
            for name, rows in plain.items()
            for at in range(len(rows))
        ]
        return PictureInputs(pictures, channels)
    name = Path(named.path).name
    rows = tuple(part.with_format("numpy") for part in parts.values())
    return RowInputs(name, rows, named.features, taken.dtype)
