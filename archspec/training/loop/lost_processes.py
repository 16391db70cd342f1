"""A process of several that train together which is lost, and with it the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import distributed

from archspec.training.errors import DeviceError

SIGNS = ("gloo", "nccl", "connection closed by peer", "connection reset by peer")
"""What libraries say that can no longer reach another process."""


@contextmanager
def lost_processes() -> Iterator[None]:
    """Makes what is said of a process that no longer answers an error of the environment.

    Raises:
        DeviceError: One of the processes has ended.
    """
    try:
        yield
    except RuntimeError as error:
        said = str(error).lower()
        if not isinstance(error, distributed.DistError) and not any(s in said for s in SIGNS):
            raise
        raise DeviceError(
            "one of the processes that train together has ended",
            "the system may have had too little memory for it; archspec train --resume RUN goes "
            "on after the last epoch",
        ) from error
