"""Lightning as this project uses it: quiet, repeatable, on the device that was asked for."""

from __future__ import annotations

import logging
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from archspec.training.errors import DeviceError

HARMLESS = (
    ".*does not have many workers",  # batches are slices of tensors in memory
    "You defined a `validation_step` but have no",  # a spec may do without validation
    "Experiment logs directory .* exists and is not empty",  # the run directory, just made
    "Found .* in eval mode at the start of training",  # frozen layers, which stay so
    ".*LeafSpec.* is deprecated",  # Lightning's own call of torch
)
"""The warnings of Lightning that say nothing about a run of ours; all others are shown."""

_THERE: dict[str, Callable[[], bool]] = {
    "cuda": torch.cuda.is_available,
    "mps": torch.backends.mps.is_available,
}


def require_device(device: str) -> None:
    """Checks that a device is there; `auto` and `cpu` always are.

    Raises:
        DeviceError: It is not.
    """
    if device in _THERE and not _THERE[device]():
        raise DeviceError(f"there is no {device} device here", "use --device cpu or --device auto")


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
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        signal.signal(signal.SIGINT, handler)
