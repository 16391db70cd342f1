"""What can go wrong in training that its user can do something about."""

from __future__ import annotations

from archspec.diagnostics import Refusal, Span


class TrainingError(Refusal):
    """A network cannot be trained as its spec says.

    Attributes:
        place: The keys, from the top of the spec, of the line that is at fault, such as
            `("train", "data", "npz")` or `("inputs", "image")`, or where it stands; empty if
            none is.
    """

    def __init__(
        self,
        message: str,
        help: str = "",  # noqa: A002
        *,
        place: tuple[str, ...] | Span = (),
    ) -> None:
        super().__init__(message, help)
        self.place = place


class UnreadableError(TrainingError):
    """A file of data is not there, or holds none."""


class OutputError(TrainingError):
    """The run directory that was asked for is taken."""


class DeviceError(TrainingError):
    """The device that was asked for is not there, or not large enough."""


class InterruptedRunError(TrainingError):
    """Training was interrupted; the message says what is left of it."""
