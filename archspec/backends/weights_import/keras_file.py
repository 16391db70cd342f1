"""Keras's files: `.keras`, `.weights.h5`, and the older `.h5`; never code."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from archspec.backends.fit import WeightsError
from archspec.backends.weights_import.keras_config import KerasModel, natural, read_config
from archspec.backends.weights_import.keras_layers import Variable, layers_of
from archspec.backends.weights_import.layer import Source

REMEDY = "save it again with model.save('FILE.keras') or model.save_weights('FILE.weights.h5')"

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
"""What a `.keras` archive holds."""


def read_keras(path: Path) -> Source:
    """Returns the layers in a file of Keras's.

    Raises:
        WeightsError: The file is damaged, or none of Keras's.
        OSError: There is no such file.
    """
    with path.open("rb"):
        pass
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                config = json.loads(archive.read(CONFIG))
                with h5py.File(BytesIO(archive.read(WEIGHTS)), "r") as file:
                    return _source([*_numbered(file)], read_config(config))
        with h5py.File(path, "r") as file:
            return _of_h5(file)
    except MemoryError:
        raise
    except Exception as error:  # what a file holds can make zipfile and h5py fail in any way
        raise WeightsError(f"{path} is damaged, or no file of Keras's weights", REMEDY) from error


def _of_h5(file: h5py.File) -> Source:
    group = file.get("model_weights", file)
    if "layer_names" not in group.attrs:
        return _source([*_numbered(file)], None)
    config = file.attrs.get("model_config")
    model = read_config(json.loads(config)) if config is not None else None
    return _source([*_named(group)], model)


def _source(variables: Sequence[Variable], model: KerasModel | None) -> Source:
    layers = layers_of(variables, model)
    flow = None
    if model is not None:
        flow = model.flow({layer.name: index for index, layer in enumerate(layers)})
    return Source(layers, is_keras=True, flow=flow)


class _Place(NamedTuple):
    """A group of the file on the way to a variable.

    Attributes:
        group: What the file calls it, by class: `conv2d_1`.
        name: What Keras calls it.
    """

    group: str
    name: str


def _numbered(file: h5py.File) -> Iterator[Variable]:
    """Yields the variables of a file of Keras 3, which are numbered within their layers."""
    yield from _below(file, ())


def _below(group: h5py.Group, path: tuple[_Place, ...]) -> Iterator[Variable]:
    for key in sorted(group, key=natural):
        item = group[key]
        if not isinstance(item, h5py.Group) or (not path and key in ("optimizer", "metrics")):
            continue
        if key == "vars":
            for number in sorted(item, key=natural):
                array = np.asarray(item[number])
                yield Variable(
                    tuple(place.name for place in path),
                    tuple(place.group for place in path),
                    number,
                    array,
                )
        elif key in ("layers", "_layer_checkpoint_dependencies"):
            yield from _below(item, path)
        else:
            named = item["vars"].attrs.get("name", key) if "vars" in item else key
            yield from _below(item, (*path, _Place(key, _text(named))))


def _named(group: h5py.Group) -> Iterator[Variable]:
    """Yields the variables of an older file, which have names."""
    for layer in map(_text, group.attrs["layer_names"]):
        for whole in map(_text, group[layer].attrs["weight_names"]):
            *parts, name = whole.partition(":")[0].split("/")
            # Names begin with those of the blocks that the layer was made in.
            inner = parts[len(parts) - parts[::-1].index(layer) :] if layer in parts else parts
            yield Variable((layer, *inner), (), name, np.asarray(group[layer][whole]))


def _text(value: Any) -> str:  # noqa: ANN401 - h5py's
    return value.decode() if isinstance(value, bytes) else str(value)
