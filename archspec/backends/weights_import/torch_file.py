"""Files that `torch.save` wrote: tensors by name, and never code."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch

from archspec.backends.fit import WeightsError
from archspec.backends.torch import memory_errors

PICKLES = (b"\x80", b"PK")
"""How what torch wrote begins: a pickle, or an archive with one."""

REMEDY = "torch.save(network.state_dict(), FILE) writes the file that is needed"


def read_torch(path: Path, key: str | None = None) -> dict[str, np.ndarray]:
    """Returns the tensors in a file by name, in their order, each of them once.

    Args:
        path: The file.
        key: Which of several dictionaries of tensors is wanted.

    Raises:
        WeightsError: The file cannot be read, or holds other things than tensors.
        OSError: There is no such file.
        MemoryError: There is too little memory.
    """
    with path.open("rb") as file:
        is_pickle = file.read(2).startswith(PICKLES)
        file.seek(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of kinds of tensors that are refused anyway
                content = torch.load(file, map_location="cpu", weights_only=True)
        except MemoryError:
            raise
        except Exception as error:  # what a file holds can make the unpickler fail in any way
            raise _fault(path, error, is_pickle=is_pickle) from error
    tensors = _tensors(path, content, key)
    known: dict[tuple[object, ...], str] = {}
    made = {}
    for name, tensor in tensors.items():
        array = _array(path, name, tensor)
        place = (tensor.data_ptr(), tensor.shape, tensor.stride()) if tensor.numel() else name
        if known.setdefault((place,), name) == name:
            made[name] = array
    return made


def _fault(path: Path, error: Exception, *, is_pickle: bool) -> WeightsError:
    said = str(error)
    if "TorchScript" in said:
        return WeightsError(f"{path} is a TorchScript program, which is code", REMEDY)
    if (
        is_pickle
        and isinstance(error, pickle.UnpicklingError)
        and "Weights only load failed" in said
    ):
        message = f"{path} holds Python objects, such as a whole network, which run code"
        return WeightsError(message, REMEDY)
    return WeightsError(f"{path} is damaged, or no file of torch's", REMEDY)


def _tensors(path: Path, content: Any, key: str | None) -> Mapping[str, torch.Tensor]:  # noqa: ANN401
    if isinstance(content, dict) and key is None and _are_tensors(content):
        return content
    inner = content.items() if isinstance(content, dict) else ()
    found = {str(name): value for name, value in inner if _are_tensors(value)}
    if key is not None:
        if key in found:
            return found[key]
        raise WeightsError(f"{path} has no tensors under `{key}`", _choice(found))
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise WeightsError(f"{path} holds {len(found)} sets of tensors", _choice(found))
    raise WeightsError(f"{path} does not hold weights", REMEDY)


def _choice(found: Mapping[str, object]) -> str:
    return f"choose one with --key: {', '.join(found)}" if found else REMEDY


def _are_tensors(value: Any) -> TypeGuard[dict[str, torch.Tensor]]:  # noqa: ANN401
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in value.items())
    )


def _array(path: Path, name: str, tensor: torch.Tensor) -> np.ndarray:
    if tensor.is_nested or tensor.layout != torch.strided or tensor.is_quantized:
        raise WeightsError(f"{path}: {name} is not a dense tensor of plain numbers", REMEDY)
    if tensor.device.type != "cpu" or tensor.is_complex():
        raise WeightsError(f"{path}: {name} has no values that a weight can have", REMEDY)
    with memory_errors():  # a few bytes can stand for a huge tensor
        plain = tensor.float() if tensor.is_floating_point() else tensor
    return plain.numpy(force=True)
