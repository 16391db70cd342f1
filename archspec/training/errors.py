"""What can go wrong in training that its user can do something about."""

from __future__ import annotations


class TrainingError(Exception):
    """A network cannot be trained as its spec says.

    Attributes:
        message: What is wrong.
        help: What to do about it, or an empty string.
    """

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.help = help


class OutputError(TrainingError):
    """The run directory that was asked for is taken."""


class DeviceError(TrainingError):
    """The device that was asked for is not there, or not large enough."""


class InterruptedRunError(TrainingError):
    """Training was interrupted; the message says what is left of it."""
