"""Lightning as this project uses it: quiet, repeatable, on the device that was asked for."""

from __future__ import annotations

import logging
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from archspec.frontend.train_schema import TrainSpec
from archspec.training.errors import DeviceError, TrainingError

HARMLESS = (
    ".*does not have many workers",  # batches are slices of tensors in memory
    "You defined a `validation_step` but have no",  # a spec may do without validation
    "Experiment logs directory .* exists and is not empty",  # the run directory, just made
    "Checkpoint directory .* exists and is not empty",  # that of a run which is resumed
    "GPU available but not used",  # by `--device cpu`
    "TensorFloat32 tensor cores .* available but not enabled",  # `precision` is the way to it
    "RNN module weights are not part of single contiguous chunk",  # those with one bias
    "Found .* in eval mode at the start of training",  # frozen layers, which stay so
    ".*LeafSpec.* is deprecated",  # Lightning's own call of torch
    "It is recommended to use .*sync_dist=True",  # what is logged is of all processes already
)
"""The warnings of Lightning that say nothing about a run of ours; all others are shown."""

_THERE: dict[str, Callable[[], bool]] = {
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
}


def require_device(device: str, devices: int = 1, precision: str = "fp32") -> torch.device:
    """Returns the device of a name, if as many are there and can do what is asked of them.

    Args:
        device: `auto` and `cpu` are always there.
        devices: How many.
        precision: The precision of computation.

    Raises:
        DeviceError: They are not, or cannot.
    """
    if device in _THERE and not _THERE[device]():
        raise DeviceError(f"there is no {device} device here", "use --device cpu or --device auto")
    used = next((name for name, there in _THERE.items() if there()), "cpu")
    used = used if device == "auto" else device
    there = {"cuda": torch.cuda.device_count(), "mps": 1}.get(used, devices)
    if devices > there:
        raise DeviceError(
            f"there {'is 1' if there == 1 else f'are {there}'} {used} device{'s' * (there != 1)} "
            f"here, not {devices}",
            f"use --devices {there}",
        )
    if precision == "fp16" and used == "cpu":
        raise DeviceError(
            "half precision (fp16) is for GPUs: a CPU takes many times as long",
            "use `precision: bf16`, or fp32",
            place=("train", "precision"),
        )
    return torch.device(used)


@contextmanager
def compiler_errors(spec: TrainSpec) -> Iterator[None]:
    """Makes the errors of torch's compiler one of training.

    Raises:
        TrainingError: The network cannot be compiled here.
    """
    try:
        yield
    except Exception as error:  # they have no base class of their own
        parts = type(error).__module__.split(".")
        if not spec.compile or not {"_dynamo", "_inductor"} & {*parts}:
            raise
        raise TrainingError(
            f"torch.compile fails here: {str(error).strip().splitlines()[0]}",
            "install a C++ compiler, or use `compile: false`",
            place=("train", "compile"),
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps Lightning's tips and notices from the user, and shows its warnings as one line."""
    loggers = [logging.getLogger(f"lightning.{part}") for part in ("pytorch", "fabric")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        for message in HARMLESS:
            warnings.filterwarnings("ignore", message)
        warnings.showwarning = lambda message, *_, **__: print(
            f"warning: {message}", file=sys.stderr
        )
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextmanager
def restored() -> Iterator[None]:
    """Undoes what Lightning's deterministic mode and its handling of Ctrl-C leave behind."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    handler = signal.getsignal(signal.SIGINT)
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    # Deterministic mode fills tensors that are written before they are read; it only costs time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    try:
        yield
    finally:
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        signal.signal(signal.SIGINT, handler)
