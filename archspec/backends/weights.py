"""Where weights come from: torch's initialisation, a run, a checkpoint, a file of tensors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from archspec.backends.fit import MisfitError, WeightsError, check_fits
from archspec.backends.tensor_file import is_tensor_file, read_tensors
from archspec.backends.torch import build
from archspec.ir.graph import Graph

__all__ = [
    "MisfitError",
    "WeightsError",
    "check_fits",
    "initial_weights",
    "load_weights",
    "to_numpy",
    "weights_file",
]

CHECKPOINTS = ("checkpoints/best.ckpt", "checkpoints/last.ckpt")
"""Where a run directory keeps its weights, the preferred ones first."""

FIRST_FOLD = "fold-1"
"""Where a cross-validation keeps the run of its first fold."""

PREFIX = "network."
"""What a training checkpoint puts before the name of a weight."""

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

REMEDY = (
    "give a run directory, its .ckpt file, a .safetensors file, or what "
    "torch.save(network.state_dict(), FILE) wrote"
)


def initial_weights(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Returns the initial weights of the graph's network, by `path.name`: the spec's, or torch's.

    The same seed gives the same weights; the global random state is left as it is.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)
        return to_numpy(build(graph).state_dict())


def load_weights(source: Path) -> dict[str, torch.Tensor]:
    """Returns the weights of a run directory, a training checkpoint or a file of tensors.

    Such a file was written by `torch.save(network.state_dict(), ...)` or by safetensors.

    Raises:
        WeightsError: There is no such file, or it does not hold weights, or one that is not
            a dense tensor of floating-point numbers (batch norm's counter is a whole one).
    """
    path = weights_file(source)
    if is_tensor_file(path):
        return {name: torch.from_numpy(array) for name, array in read_tensors(path).items()}
    try:
        file = path.open("rb")
    except OSError as error:
        raise WeightsError(f"cannot read {source}: {error.strerror}") from error
    with file:
        content = _content(file, path)
    nested = isinstance(content, dict) and "state_dict" in content
    weights = content["state_dict"] if nested else content
    if not isinstance(weights, dict) or not _are_tensors(weights):
        raise WeightsError(f"{path} does not hold weights", REMEDY)
    trained = {k.removeprefix(PREFIX): v for k, v in weights.items() if k.startswith(PREFIX)}
    made = trained if nested and trained else weights
    for name, tensor in made.items():
        if not _is_plain(tensor):
            raise WeightsError(
                f"{path}: {name} is {_described(tensor)}, which no weight can be",
                "save dense tensors of floating-point numbers",
            )
    return made


def weights_file(source: Path) -> Path:
    """Returns the file that holds the weights: of a run directory, that of its best checkpoint.

    Raises:
        WeightsError: There is no checkpoint, or the directory cannot be read.
    """
    try:
        return _checkpoint_in(source) if source.is_dir() else source
    except OSError as error:
        raise WeightsError(f"cannot read {source}: {error.strerror}") from error


def to_numpy(weights: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Returns the weights as arrays, floating-point ones in single precision."""
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).numpy(force=True)
        for name, tensor in weights.items()
    }


def _checkpoint_in(run: Path) -> Path:
    for name in CHECKPOINTS:
        if (run / name).exists():
            return run / name
    fold = run / FIRST_FOLD
    if fold.is_dir():
        raise WeightsError(
            f"{run} is a cross-validation, whose folds have weights of their own",
            f"give that of a fold: {fold}",
        )
    raise WeightsError(f"{run} has no {' or '.join(CHECKPOINTS)}", "train the network first")


def _content(file: BinaryIO, path: Path) -> Any:  # noqa: ANN401
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of kinds of tensors that are refused anyway
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # what a file holds can make the unpickler fail in any way
        raise WeightsError(f"{path} does not hold weights", REMEDY) from error


def _are_tensors(weights: dict[object, object]) -> bool:
    return all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in weights.items())


def _is_plain(tensor: torch.Tensor) -> bool:
    if tensor.is_nested or tensor.layout != torch.strided or tensor.device.type != "cpu":
        return False
    return tensor.dtype in FLOATS or (tensor.dtype == torch.int64 and tensor.ndim == 0)


def _described(tensor: torch.Tensor) -> str:
    kind = str(tensor.dtype).removeprefix("torch.")
    layout = "nested" if tensor.is_nested else str(tensor.layout).removeprefix("torch.")
    words = [layout] if layout != "strided" else []
    words += ["without values"] if tensor.device.type != "cpu" else []
    return f"a tensor of {kind}" + (f" ({', '.join(words)})" if words else "")
